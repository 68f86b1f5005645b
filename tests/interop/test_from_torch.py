"""Modules of torch become a MADE that answers alike, with its gradient; what is none is refused in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="these are modules of torch")

from interop import modules  # noqa: E402 - it imports torch

from made_np import Bernoulli, Categorical, Gaussian, MixtureOfGaussians, interop  # noqa: E402

nn = torch.nn
POSITION = np.argsort([2, 0, 3, 1, 4])
NUMBERS = [POSITION, np.array([0, 1, 2, 3, 2, 1, 0, 3, 1, 2]), np.array([3, 1, 2, 0, 1, 3, 2])]
ATOL = {torch.float32: 1e-6, torch.float64: 1e-12}


@pytest.fixture(autouse=True)
def _same_weights() -> None:
    torch.manual_seed(0)


def bits(n: int = 20, d: int = 5) -> Any:
    return np.random.default_rng(0).integers(0, 2, (n, d)).astype(float)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    ("kind", "name"), [(nn.ReLU, "mask"), (nn.Tanh, "_mask"), (nn.ELU, "mask_"), (nn.SiLU, "weight_mask")]
)
def test_layers_with_activations_between(dtype: Any, kind: Any, name: str) -> None:
    model = modules.sequential(modules.masks_of(NUMBERS), kind, name).to(dtype)
    made, theta = interop.from_torch(model, "bernoulli", layout="blocked")
    x = bits()
    theirs = -nn.functional.binary_cross_entropy_with_logits(
        model(torch.tensor(x, dtype=dtype)), torch.tensor(x, dtype=dtype), reduction="none"
    )
    assert made.dtype == str(dtype).removeprefix("torch.")
    np.testing.assert_allclose(made.log_prob(theta, x), theirs.sum(1).detach().numpy(), atol=5 * ATOL[dtype])
    assert list(made.order) == [2, 0, 3, 1, 4]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gradients_are_those_of_torch(dtype: Any) -> None:
    numbers = [POSITION, np.sort(NUMBERS[1])]  # sorted: units stand where they stood
    model = modules.sequential(modules.masks_of(numbers), nn.ELU).to(dtype)
    made, theta = interop.from_torch(model, "bernoulli")
    x = bits()
    _, grad = made.loss_and_grad(theta, x)
    views = made.layout.views(grad)
    loss = nn.functional.binary_cross_entropy_with_logits(
        model(torch.tensor(x, dtype=dtype)), torch.tensor(x, dtype=dtype), reduction="sum"
    ) / len(x)
    loss.backward()
    for k, layer in enumerate((model[0], model[2])):
        np.testing.assert_allclose(views[f"W{k}"], layer.weight.grad.numpy(), atol=ATOL[dtype])
        np.testing.assert_allclose(views[f"b{k}"], layer.bias.grad.numpy(), atol=ATOL[dtype])


def test_nflows_mixture_two_layers_without_an_activation_between() -> None:
    masks = modules.masks_of(NUMBERS, repeats=6, interleaved=True)
    model = modules.FeedForward(masks).double()
    found = interop.from_torch(model, MixtureOfGaussians(2, min_scale=0.01), raw_order=[0, 3, 1, 4, 2, 5])
    x = np.random.default_rng(0).normal(size=(9, 5))
    raw = model(torch.tensor(x)).reshape(9, 5, 2, 3)
    parts = torch.distributions.Normal(raw[..., 1], nn.functional.softplus(raw[..., 2]) + 0.01)
    each = parts.log_prob(torch.tensor(x)[..., None]) + raw[..., 0].log_softmax(-1)
    theirs = each.logsumexp(-1).sum(-1).detach().numpy()
    np.testing.assert_allclose(found.made.log_prob(found.theta, x), theirs, atol=1e-12)
    assert "3 layers are 2 here" in str(found)
    assert found.made.activation == "relu"


def test_narus_columns_with_direct_wires() -> None:
    sizes = [3, 2, 4]
    features = np.repeat([0, 1, 2], sizes)
    masks = modules.masks_of([features, np.array([0, 1, 0, 1, 1, 0])])
    model = modules.Naru(masks, features[:, None] > features, sizes).double()
    made, theta = interop.from_torch(model, [Categorical(n) for n in sizes], forward=model.of_units)
    x = np.stack([np.random.default_rng(0).integers(0, n, 30) for n in sizes], axis=1)
    logits = model(torch.tensor(x)).split(sizes, 1)
    each = [own.log_softmax(1)[torch.arange(30), torch.tensor(x[:, d])] for d, own in enumerate(logits)]
    np.testing.assert_allclose(made.log_prob(theta, x), sum(each).detach().numpy(), atol=1e-12)
    assert made.direct


def test_gaussians_with_the_logarithm_of_their_scale() -> None:
    model = modules.sequential(modules.masks_of(NUMBERS, 2), nn.ReLU).double()
    made, theta = interop.from_torch(model, Gaussian(0, scale="exp"), layout="blocked")
    x = torch.tensor(np.random.default_rng(0).normal(size=(9, 5)))
    m, log_s = model(x).chunk(2, 1)
    theirs = torch.distributions.Normal(m, log_s.exp()).log_prob(x).sum(1).detach().numpy()
    np.testing.assert_allclose(made.log_prob(theta, x.numpy()), theirs, atol=1e-12)


def test_torchs_own_pruning() -> None:
    from torch.nn.utils import prune

    model = nn.Sequential(nn.Linear(5, 10), nn.Tanh(), nn.Linear(10, 5)).double()
    for layer, mask in zip((model[0], model[2]), modules.masks_of(NUMBERS[:2]), strict=True):
        prune.custom_from_mask(layer, "weight", torch.tensor(mask))
    made, theta = interop.from_torch(model, "bernoulli")
    np.testing.assert_allclose(made.raw_outputs(theta, bits()), model(torch.tensor(bits())).detach(), atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("is_bent", [True, False])
@pytest.mark.parametrize("n_blocks", [1, 2])
def test_residual_blocks_are_plain_layers(n_blocks: int, is_bent: bool, dtype: Any) -> None:
    """Those of nflows, with an activation in front of each block, and of zuko, without one."""
    inner = np.array([3, 0, 1, 2, 1, 3, 2, 0])
    within = np.array([0, 2, 3, 1, 2, 3])
    masks = modules.masks_of([POSITION, inner, *[within, inner] * n_blocks], 2)
    model = modules.Residual(masks, is_bent).to(dtype)
    found = interop.from_torch(model, Gaussian(0, scale="exp"), layout="blocked")
    x = torch.tensor(np.random.default_rng(0).normal(size=(9, 5)), dtype=dtype)
    m, log_s = model(x).chunk(2, 1)
    theirs = torch.distributions.Normal(m, log_s.exp()).log_prob(x).sum(1).detach().numpy()
    np.testing.assert_allclose(found.made.log_prob(found.theta, x.numpy()), theirs, atol=5 * ATOL[dtype])
    assert list(found.made.order) == [2, 0, 3, 1, 4]
    assert f"{n_blocks} residual blocks are plain layers of relu here" in str(found)


def test_residual_blocks_of_two_widths_have_a_linear_map_between_them() -> None:
    inner = [np.array([3, 0, 1, 2, 1, 3, 2, 0]), np.array([0, 1, 2, 3])]
    blocks = [(above[:, None] >= above) for above in inner for _ in range(2)]
    (first, _, last) = modules.masks_of([POSITION, *inner], 2)
    model = modules.Residual([first, *blocks, last], False, inner[1][:, None] >= inner[0]).double()
    made, theta = interop.from_torch(model, "gaussian", layout="blocked")
    x = np.random.default_rng(0).normal(size=(9, 5))
    theirs = model(torch.tensor(x)).detach().numpy().reshape(9, 2, 5).transpose(0, 2, 1).reshape(9, 10)
    np.testing.assert_allclose(made.raw_outputs(theta, x), theirs, atol=1e-12)


# ------------------------------------------------------------------------------------------ what is refused


def test_a_residual_block_without_relu_is_refused_by_what_it_answers() -> None:
    wide = [POSITION, *[np.array([0, 1, 2, 3])] * 3]
    model = modules.Residual(modules.masks_of(wide), is_bent=True, activation=torch.tanh)
    with pytest.raises(ValueError, match=r"model answers otherwise than its masked layers .* residual block without"):
        interop.from_torch(model, "bernoulli")


def test_masks_that_the_module_does_not_use_are_noticed() -> None:
    class Forgets(nn.Linear):
        pass

    model = modules.sequential(modules.masks_of(NUMBERS[:2]), nn.ReLU)
    plain = Forgets(5, 10)
    plain.register_buffer("mask", model[0].mask)
    model[0] = plain
    with pytest.raises(ValueError, match="model answers otherwise"):
        interop.from_torch(model, "bernoulli")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (lambda: nn.BatchNorm1d(5), "model holds 3.weight, a parameter of 3 .BatchNorm1d., which no MADE has"),
        (lambda: nn.PReLU(), "model holds 3.weight"),
        (lambda: nn.ELU(alpha=2.0), "model.3 is a ELU with alpha=2.0: ours has 1"),
        (lambda: nn.Tanh(), "model has activations .'relu', 'tanh'."),
        (lambda: nn.Dropout(0.5), "call model.eval.. first"),
        (lambda: nn.Linear(5, 5), "no order permits"),
    ],
)
def test_what_no_made_has_is_named(more: Any, message: str) -> None:
    model = modules.sequential(modules.masks_of(NUMBERS[:2]), nn.ReLU)
    model.append(more())
    with pytest.raises(ValueError, match=message):
        interop.from_torch(model, "bernoulli")


def test_a_parameter_that_nothing_depends_on_has_to_be_named() -> None:
    model = modules.sequential(modules.masks_of(NUMBERS[:2]), nn.ReLU)
    model.register_parameter("spare", nn.Parameter(torch.zeros(3)))
    with pytest.raises(ValueError, match="model holds spare"):
        interop.from_torch(model, "bernoulli")
    found = interop.from_torch(model, Bernoulli(), unused=["spare"])
    assert "spare: said to be unused" in found.account
    assert "agrees" in found.account[-1]


def test_a_parameter_of_a_layer_that_is_no_weight_has_to_be_named() -> None:
    model = modules.sequential(modules.masks_of(NUMBERS[:2]), nn.ReLU)
    model[0].register_parameter("cond_weight", nn.Parameter(torch.zeros(3)))
    with pytest.raises(ValueError, match=r"model holds 0.cond_weight, which is in no masked layer"):
        interop.from_torch(model, "bernoulli")


def test_a_module_that_cannot_be_asked_says_so() -> None:
    sizes = [3, 2]
    features = np.repeat([0, 1], sizes)
    model = modules.Naru(modules.masks_of([features, np.zeros(4, int)]), features[:, None] > features, sizes)
    found = interop.from_torch(model, [Categorical(n) for n in sizes])
    assert "not compared with the module" in found.account[-1]


def test_the_module_is_left_as_it_was() -> None:
    model = modules.sequential(modules.masks_of(NUMBERS), nn.ReLU)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    made, theta = interop.from_torch(model, "bernoulli")
    theta[:] = 0
    assert all((model.state_dict()[name] == value).all() for name, value in before.items())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert made.n_params == len(theta)
