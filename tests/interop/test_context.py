"""Conditional modules of torch become a conditional MADE that answers alike; what cannot be held is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="these are modules of torch")

from interop import conditional, modules  # noqa: E402 - they import torch
from interop.nets import answer  # noqa: E402

from made_np import Categorical, Gaussian, interop  # noqa: E402

nn = torch.nn
C = 3
POSITION = np.argsort([2, 0, 3, 1, 4])
SEEN = np.concatenate([POSITION, np.full(C, -1)])  # context stands behind, below all positions
NUMBERS = [POSITION, np.array([0, 1, 2, 3, 2, 1, 0, 3, 1, 2]), np.array([3, 1, 2, 0, 1, 3, 2])]
WITH_NONE = [np.array([-1, 1, 2, 3, 2, 1, 0, 3, -1, 2]), np.array([3, 1, -1, 0, 1, 3, 2])]  # -1 sees context alone
INNER = np.array([3, 0, 1, 2, 1, 3, 2, 0])
WITHIN = np.array([0, 2, 3, 1, 2, 3])
SCALED = Gaussian(0, scale="exp")


@pytest.fixture(autouse=True)
def _same_weights() -> None:
    torch.manual_seed(0)


def wide_masks(is_first: bool) -> list[np.ndarray]:
    """Masks of a network that takes context as further inputs, blocked outputs of two numbers each."""
    seen = np.concatenate([SEEN[5:], POSITION]) if is_first else SEEN
    first = WITH_NONE[0][:, None] >= seen
    last = POSITION[:, None] > WITH_NONE[1]
    return [first, WITH_NONE[1][:, None] >= WITH_NONE[0], np.tile(last, (2, 1))]


def direct(is_first: bool) -> np.ndarray:
    seen = np.concatenate([SEEN[5:], POSITION]) if is_first else SEEN
    return np.tile(POSITION[:, None] > seen, (2, 1))


def blocks(n: int) -> list[np.ndarray]:
    return modules.masks_of([POSITION, INNER, *[WITHIN, INNER] * n], 2)


MODELS: dict[str, Any] = {
    "context first, as Pyro": lambda: conditional.Beside(wide_masks(True), True),
    "context last, as zuko": lambda: conditional.Beside(wide_masks(False), False),
    "context first, direct wires": lambda: conditional.Beside(wide_masks(True), True, direct(True)),
    "context last, direct wires": lambda: conditional.Beside(wide_masks(False), False, direct(False)),
    "labels joined": lambda: conditional.Joined(modules.masks_of(NUMBERS, 2), C),
    "labels weighted": lambda: conditional.Labelled(modules.masks_of(NUMBERS, 2), C),
    "in every layer": lambda: conditional.Everywhere(modules.masks_of(NUMBERS, 2), C),
    "nflows, plain": lambda: conditional.Contextual(modules.masks_of(NUMBERS, 2), C, is_residual=False),
    "nflows, no block": lambda: conditional.Contextual(blocks(0), C),
    "nflows, a block": lambda: conditional.Contextual(blocks(1), C),
    "nflows, two blocks": lambda: conditional.Contextual(blocks(2), C),
}


def rows(dtype: Any) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    return tuple(torch.tensor(rng.normal(size=(9, n)), dtype=dtype, requires_grad=True) for n in (5, C))


def score(raw: Any, x: Any) -> Any:
    m, log_s = raw.chunk(2, 1)
    return torch.distributions.Normal(m, log_s.exp()).log_prob(x).sum(1)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("kind", MODELS)
def test_scores_are_theirs(kind: str, dtype: Any) -> None:
    model = MODELS[kind]().to(dtype)
    made, theta = interop.from_torch(model, SCALED, layout="blocked", n_context=C)
    x, y = rows(dtype)
    theirs = score(model(x, y), x).detach().numpy()
    # of sums of five columns, relative to the largest row: scales are exponentials
    atol = {torch.float32: 1e-6, torch.float64: 1e-12}[dtype] * max(5.0, float(np.abs(theirs).max()))
    ours = made.log_prob(theta, x.detach().numpy(), context=y.detach().numpy())
    np.testing.assert_allclose(ours, theirs, atol=atol)
    assert (made.n_context, list(made.order)) == (C, [2, 0, 3, 1, 4])
    assert f"{made.dtype}" == str(dtype).removeprefix("torch.")


@pytest.mark.parametrize("kind", MODELS)
def test_the_network_depends_on_its_inputs_as_theirs(kind: str) -> None:
    """Gradients of raw outputs by x and by the context: difference quotients of ours, backward passes of theirs."""
    model = MODELS[kind]().double()
    made, theta = interop.from_torch(model, SCALED, layout="blocked", n_context=C)
    x, y = rows(torch.float64)
    model(x, y).sum().backward()
    given = [x.detach().numpy(), y.detach().numpy()]
    for k, theirs in enumerate((x.grad, y.grad)):
        for column in range(given[k].shape[1]):
            sums = []
            for step in (1e-6, -1e-6):
                moved = [array.copy() for array in given]
                moved[k][:, column] += step
                sums.append(made.raw_outputs(theta, moved[0], context=moved[1]).sum(axis=1))
            np.testing.assert_allclose((sums[0] - sums[1]) / 2e-6, theirs[:, column].numpy(), atol=1e-7)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gradients_are_those_of_torch(dtype: Any) -> None:
    numbers = [POSITION, np.sort(NUMBERS[1])]  # sorted: units stand where they stood
    model = conditional.Joined(modules.masks_of(numbers, 2), C).to(dtype)
    made, theta = interop.from_torch(model, SCALED, layout="blocked", n_context=C)
    x, y = rows(dtype)
    (-score(model(x, y), x).mean()).backward()
    _, grad = made.loss_and_grad(theta, x.detach().numpy(), context=y.detach().numpy())
    W = made.layout.views(grad)["W0"]
    atol = 1e-12 if dtype == torch.float64 else 1e-6
    np.testing.assert_allclose(W[:, :5], model.joiner.linear.weight.grad.numpy(), atol=atol, rtol=1e4 * atol)
    np.testing.assert_allclose(W[:, 5:], model.joiner.cond_linear.weight.grad.numpy(), atol=atol, rtol=1e4 * atol)


@pytest.mark.parametrize("sizes", [[3, 4, 2], [3, 3, 3]])
def test_codes_as_numbers_behind_a_dummy(sizes: list[int]) -> None:
    """sbi's: the dummy is left out, logits of -inf too, codes become one-hot; each distribution sums to 1."""
    numbers = [np.arange(4), *[np.array([0, 1, 2, 0, 1, 2])] * 3]
    masks = modules.masks_of(numbers, 4 if 4 in sizes else 3, interleaved=True)
    model = conditional.Codes(masks, C, sizes).double()
    found = interop.from_torch(model, [Categorical(n) for n in sizes], n_context=C)
    x = np.stack(np.meshgrid(*map(np.arange, sizes), indexing="ij"), -1).reshape(-1, 3)
    y = np.tile(np.random.default_rng(0).normal(size=C), (len(x), 1))
    logits = model(torch.tensor(x, dtype=torch.float64), torch.tensor(y)).reshape(len(x), 3, -1).log_softmax(-1)
    theirs = logits.gather(2, torch.tensor(x)[..., None]).sum((1, 2)).detach().numpy()
    np.testing.assert_allclose(found.made.log_prob(found.theta, x, context=y), theirs, atol=1e-12)
    assert np.exp(theirs).sum() == pytest.approx(1, abs=1e-12)
    assert "a leading input that is always 0 is left out, with its raw outputs" in found.account
    assert "3 codes that are inputs as numbers are one-hot here" in found.account
    assert found.made.mask_sets[0].context_reachability().all()


def test_codes_as_numbers_without_context() -> None:
    model = modules.sequential(modules.masks_of(NUMBERS[:2], 3, interleaved=True), nn.ReLU).double()
    made, theta = interop.from_torch(model, Categorical(3))
    x = np.random.default_rng(0).integers(0, 3, (9, 5))
    logits = model(torch.tensor(x, dtype=torch.float64)).reshape(9, 5, 3).log_softmax(-1)
    theirs = logits.gather(2, torch.tensor(x)[..., None]).sum((1, 2)).detach().numpy()
    np.testing.assert_allclose(made.log_prob(theta, x), theirs, atol=1e-12)


def test_a_first_feature_that_hears_no_context_hears_none_here() -> None:
    """That of nflows, without a dummy: our masks would let it hear, the weights of these wires are 0."""
    model = MODELS["nflows, a block"]().double()
    found = interop.from_torch(model, SCALED, layout="blocked", n_context=C)
    x, y = (given.detach().numpy() for given in rows(torch.float64))
    raw = [found.made.raw_outputs(found.theta, x, context=each)[:, 4:6] for each in (y, -y)]
    np.testing.assert_array_equal(*raw)
    assert "training may use them" in str(found)


# ------------------------------------------------------------------------------------------ layers


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_layers_with_context(activation: str) -> None:
    masks = wide_masks(False)
    rng = np.random.default_rng(0)
    triples = [(rng.normal(size=m.shape), rng.normal(size=len(m)), m) for m in masks]
    wires = direct(False)
    past = (rng.normal(size=wires.shape), None, wires)
    made, theta = interop.from_layers(
        triples, SCALED, layout="blocked", activation=activation, n_context=C, direct=past
    )
    x, y = (given.detach().numpy() for given in rows(torch.float64))
    theirs = answer(triples, np.hstack([x, y]), activation, past).reshape(9, 2, 5).transpose(0, 2, 1).reshape(9, 10)
    np.testing.assert_allclose(made.raw_outputs(theta, x, context=y), theirs, atol=1e-12)
    own = sorted((made.degrees[0].count(degree), degree) for degree in set(made.degrees[0]))
    assert own == [(1, 1), (2, 0), (2, 2), (2, 4), (3, 3)]  # theirs, counted from 1, and 0 for context alone


def test_more_context_than_inputs_is_refused() -> None:
    with pytest.raises(ValueError, match=r"n_context=5: layers\[0\] has 5 inputs, context included"):
        interop.from_layers([(np.zeros((5, 5)), None, None)], "bernoulli", n_context=5)


# ------------------------------------------------------------------------------------------ what is refused


def test_context_behind_another_activation_than_relu_is_refused() -> None:
    model = conditional.Contextual(modules.masks_of(NUMBERS, 2), C, is_residual=False, activation=torch.tanh)
    with pytest.raises(
        ValueError, match=r"model answers otherwise .* or context that enters behind an activation other"
    ):
        interop.from_torch(model, SCALED, layout="blocked", n_context=C)


def test_context_in_every_layer_behind_another_activation_is_refused() -> None:
    model = conditional.Everywhere(modules.masks_of(NUMBERS, 2), C, activation=torch.tanh)
    with pytest.raises(ValueError, match="or context that enters behind an activation other than relu"):
        interop.from_torch(model, SCALED, layout="blocked", n_context=C)


def test_a_gated_block_is_refused() -> None:
    class Gated(conditional.Block):
        def forward(self, h: Any, context: Any) -> Any:
            inner = self.linear_layers[1](torch.relu(self.linear_layers[0](torch.relu(h))))
            return h + inner * torch.sigmoid(self.context_layer(context)[:, :1])

    model = MODELS["nflows, a block"]()
    model.blocks[0].__class__ = Gated
    with pytest.raises(ValueError, match="model answers otherwise than its masked layers"):
        interop.from_torch(model, SCALED, layout="blocked", n_context=C)


def test_a_module_that_answers_nothing_is_refused() -> None:
    model = MODELS["labels joined"]()
    with torch.no_grad():
        model.trunk[-1].linear.bias.fill_(torch.nan)
    with pytest.raises(ValueError, match=r"not finite|nan"):
        interop.from_torch(model, SCALED, layout="blocked", n_context=C)
    nothing = lambda x, y: torch.full((len(x), 10), torch.nan)  # noqa: E731 - a module in one line
    with pytest.raises(ValueError, match="model answers otherwise"):
        interop.from_torch(MODELS["labels joined"](), SCALED, layout="blocked", n_context=C, forward=nothing)


def test_a_module_that_cannot_be_asked_has_to_be_given_with_forward() -> None:
    model = modules.sequential(wide_masks(False), nn.Tanh)
    with pytest.raises(ValueError, match="model raises TypeError at input units, with 3 of context: give forward="):
        interop.from_torch(model, SCALED, layout="blocked", n_context=C)
    found = interop.from_torch(
        model, SCALED, layout="blocked", n_context=C, forward=lambda x, y: model(torch.cat([x, y], 1))
    )
    assert found.made.n_context == C


def test_context_to_units_that_no_layer_has_is_named() -> None:
    model = MODELS["labels joined"]()
    model.more = nn.Linear(C, 4)
    with pytest.raises(ValueError, match="model holds more, from the context to 4 units: no masked layer has as many"):
        interop.from_torch(model, SCALED, layout="blocked", n_context=C)
    model.more = nn.Linear(C, 10)
    with pytest.raises(ValueError, match="model holds several layers from the context to the units that more leads to"):
        interop.from_torch(model, SCALED, layout="blocked", n_context=C)
