"""A model as a module of torch: the same scores, gradients, draws; trained there, its parameters come back."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="models become modules of torch")

from interop.models import MODELS, model, rows  # noqa: E402

from made_np import MADE, interop  # noqa: E402

ATOL = {"float32": 2e-5, "float64": 1e-12}


def tensors(*arrays: Any) -> list[Any]:
    return [None if array is None else torch.tensor(array) for array in arrays]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", MODELS)
def test_scores_and_gradients_are_ours(kind: str, dtype: str) -> None:
    made, theta = model(kind, dtype)
    x, context = rows(made)
    module = interop.to_torch(made, theta)
    theirs = module.log_prob(*tensors(x, context))
    ours = made.log_prob(theta, x, context=context)
    np.testing.assert_allclose(theirs.detach(), ours, rtol=ATOL[dtype], atol=ATOL[dtype])
    (-theirs.mean()).backward()
    _, grad = made.loss_and_grad(theta, x, context=context, mask_set=None)
    scale = max(1.0, float(np.abs(grad).max()))
    for name, own in made.layout.views(grad).items():
        own_grad = getattr(module, name).grad
        np.testing.assert_allclose(own_grad, own, atol=ATOL[dtype] * scale, err_msg=name)
        if name.startswith("W"):
            dead = ~getattr(module, f"{name}_mask").any(0)
            assert not own_grad[dead].any()


@pytest.mark.parametrize("kind", [kind for kind in MODELS if "n_masks" not in MODELS[kind]])
def test_draws_are_ours(kind: str) -> None:
    made, theta = model(kind, "float64")
    _, context = rows(made)
    u = np.random.default_rng(2).random((12, 4))
    ours = made.sample(theta, 12, uniforms=u, context=context)
    theirs = interop.to_torch(made, theta).sample(12, *tensors(context), uniforms=u)
    np.testing.assert_allclose(theirs, ours, rtol=1e-9, atol=1e-9)


def test_a_mixture_draws_each_row_from_one_of_its_sets() -> None:
    made, theta = model("several mask sets", "float64")
    u = np.random.default_rng(2).random((40, 4))
    each = [made.sample(theta, 40, uniforms=u, mask_set=k) for k in range(3)]
    theirs = interop.to_torch(made, theta).sample(40, uniforms=u, generator=torch.Generator().manual_seed(0)).numpy()
    is_from = np.stack([(own == theirs).all(1) for own in each])
    assert is_from.any(0).all()
    assert (is_from.sum(1) < 40).all()


def test_it_is_trained_there_and_comes_back() -> None:
    made, theta = model("bits", "float64")
    x, _ = rows(made, 60)
    module = interop.to_torch(made, theta)
    np.testing.assert_array_equal(module.theta(), theta)
    optimizer = torch.optim.Adam(module.parameters(), lr=0.01)
    for _ in range(20):
        optimizer.zero_grad()
        loss = -module.log_prob(torch.tensor(x)).mean()
        loss.backward()
        optimizer.step()
    trained = module.theta()
    assert made.log_prob(trained, x).mean() > made.log_prob(theta, x).mean()
    for name, mask in made.network.masks(made.mask_sets[0]).items():
        before, after = (made.layout.views(each)[name] for each in (theta, trained))
        np.testing.assert_array_equal(before[~mask], after[~mask])
        assert (before[mask] != after[mask]).all()


def test_theta_is_copied_and_modules_too() -> None:
    made, theta = model("bits", "float64")
    module = interop.to_torch(made, theta)
    kept = module.theta()
    theta[:] = 0
    x = torch.tensor(rows(made)[0])
    for other in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        np.testing.assert_array_equal(other.theta(), kept)
        np.testing.assert_array_equal(other.log_prob(x).detach(), module.log_prob(x).detach())


def test_what_goes_out_comes_in() -> None:
    made, theta = model("bits", "float64")
    module = interop.to_torch(made, theta)
    layers = [(module.W0, module.b0, module.W0_mask[0]), (module.W1, module.b1, module.W1_mask[0])]
    layers += [(module.W2, module.b2, module.W2_mask[0])]
    again, back = interop.from_layers(
        [[part.detach().numpy() for part in each] for each in layers], "bernoulli", activation="tanh"
    )
    x, _ = rows(made)
    np.testing.assert_allclose(again.log_prob(back, x), made.log_prob(theta, x), rtol=1e-12)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"n_masks": None}, r"give made.mixture\(1\)"),
    ],
)
def test_what_torch_is_not_told_is_refused(more: dict[str, Any], message: str) -> None:
    made = MADE(3, hidden=(4,), **more)
    with pytest.raises(ValueError, match=message):
        interop.to_torch(made, made.init())
