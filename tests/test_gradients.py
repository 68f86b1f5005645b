"""The gradient of the whole loss, entry by entry, against differences and the complex step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import naive
import numpy as np
import pytest
from hypothesis import assume, given, settings
from installed import needs_numba
from numpy.typing import NDArray
from strategies import models, random_context, random_rows, random_theta, seeds, with_gaps

from made_np.distributions.levels import DiscretizedLogistic
from made_np.distributions.mixtures import MixtureOfGaussians, MixtureOfLogistics
from made_np.distributions.plain import Categorical
from made_np.layers import ACTIVATIONS, dropout_mask
from made_np.model.made import MADE
from made_np.testing import Report, check_close, check_gradient

Array = NDArray[Any]

MIXED = ["gaussian", Categorical(3), "bernoulli", DiscretizedLogistic(4, 2)]
MODELS: dict[str, dict[str, Any]] = {
    "bernoulli": {"output": "bernoulli"},
    "categorical": {"output": Categorical(3)},
    "gaussian": {"output": "gaussian"},
    "levels": {"output": DiscretizedLogistic(5)},
    "mixture of levels": {"output": DiscretizedLogistic(4, 3)},
    "mixture of Gaussians": {"output": MixtureOfGaussians(3, 0.1)},
    "mixture of logistics": {"output": MixtureOfLogistics(2, 0.1)},
    "mixed table": {"output": MIXED},
    **{name: {"activation": name, "output": MIXED} for name in ACTIVATIONS if name != "tanh"},
    "no hidden layer": {"hidden": (), "output": MIXED},
    "no hidden layer, biases alone": {"hidden": (), "direct": False, "output": MIXED},
    "two hidden layers": {"hidden": (6, 7)},
    "three hidden layers": {"hidden": (5, 6, 4)},
    "direct": {"direct": True, "output": MIXED},
    "narrow": {"hidden": (2,), "output": MIXED},
    "residual": {"hidden": (6, 6, 6), "residual": True},
    "residual, degrees that forbid some skips": {
        "hidden": (5, 5, 5),
        "residual": True,
        "degrees": [[1, 3, 2, 1, 3], [2, 1, 2, 3, 3], [1, 2, 3, 3, 1]],
    },
    "residual, widths that differ": {"hidden": (6, 6, 4, 4), "residual": True, "degrees": "random"},
    "context": {"n_context": 2, "output": MIXED},
    "context, direct": {"n_context": 2, "direct": True, "hidden": (5, 5)},
    "all at once": {
        "hidden": (7, 7),
        "residual": True,
        "direct": True,
        "n_context": 2,
        "order": "random",
        "degrees": "random",
        "activation": "softplus",
        "output": MIXED,
    },
    "mask weights": {"hidden": (6, 7), "mask_weights": True, "output": MIXED},
    "mask weights, direct": {"direct": True, "mask_weights": True},
    "mask weights, no hidden layer": {"hidden": (), "mask_weights": True, "output": MIXED},
    "mask weights, residual, context": {
        **{"hidden": (6, 6), "residual": True, "direct": True, "n_context": 2, "mask_weights": True},
        "output": Categorical(3),
    },
    "one feature": {"n_features": 1},
    "one feature, context": {"n_features": 1, "n_context": 2, "output": "gaussian"},
}
every_model = pytest.mark.parametrize("name", MODELS)
every_method = pytest.mark.parametrize(
    ("method", "backend"),
    [
        ("central", "numpy"),
        ("complex", "numpy"),  # the only one that computes with complex numbers
        pytest.param("central", "numba", marks=needs_numba),
    ],
)
# Each backend's gradient once: the complex step is the sharper of both on the reference.
every_backend = pytest.mark.parametrize(
    ("method", "backend"), [("complex", "numpy"), pytest.param("central", "numba", marks=needs_numba)]
)


def build(name: str, **changes: Any) -> MADE:
    defaults = {"n_features": 4, "hidden": (6,), "order": [2, 0, 3, 1], "activation": "tanh", "dtype": "float64"}
    arguments = {**defaults, **MODELS[name], **changes}
    if arguments["n_features"] == 1 and "order" not in MODELS[name]:
        arguments["order"] = "natural"
    return MADE(arguments.pop("n_features"), **arguments)


def complex_loss(
    made: MADE, x: Array, context: Array | None, sets: list[int], keeps: list[Array | None] | None, weights: Array
) -> Callable[[Array], Any]:
    """The loss as the reference backend has it, which takes complex theta where the public method does not."""

    def loss(theta: Array) -> Any:
        each = [-made.bound[k].row_nll(theta, x, context, keeps) for k in sets]
        top = np.max([one.real for one in each], axis=0)
        mean = sum(np.exp(one - top) for one in each) / len(sets)
        return -np.mean(weights * (top + np.log(mean)))

    return loss


def check(
    made: MADE,
    method: str,
    *,
    B: int = 4,
    mask_set: Any = 0,
    rate: float = 0.0,
    input_rate: float = 0.0,
    gaps: float = 0.0,
    weighted: bool = False,
    seed: int = 0,
    drawn: bool = False,
) -> Report:
    """Sweep every entry of theta; entries off the masks must be exactly 0, and the loss must not notice them.

    A model that was `drawn` by hypothesis is passed over where no row moves its loss.
    """
    rng = np.random.default_rng(seed)
    theta, x, context = random_theta(made, rng), random_rows(made, B, rng), random_context(made, B, rng)
    if gaps:
        x = with_gaps(x, rng, gaps)
    keeps: list[Array | None] | None = None
    if rate:
        keeps = [dropout_mask(rng, (B, width), rate, "float64") for width in made.hidden]
    if input_rate:
        inputs = dropout_mask(rng, (B, made.network.n_inputs), input_rate, "float64")
        keeps = [inputs, *(keeps or [None] * len(made.hidden))]
    sets = list(range(made.n_masks or 32)) if mask_set is None else [mask_set]
    frozen = ~np.any([naive.live(made, made.mask_sets[k]) for k in sets], axis=0)
    weights = rng.permutation(B) / 2 if weighted else None
    arguments = {"context": context, "mask_set": mask_set, "dropout": keeps, "gaps": "skip" if gaps else "refuse"}
    arguments["weights"] = weights
    if drawn:  # a mixture with a reserve, say, whose components all lie far from every row
        assume(np.abs(made.loss_and_grad(theta, x, **arguments)[1]).max() > 1e-4)
    loss = {
        "central": lambda theta: made.loss_and_grad(theta, x, **arguments)[0],
        "complex": complex_loss(made, x, context, sets, keeps, np.ones(B) if weights is None else weights),
    }
    return check_gradient(
        loss[method],
        lambda theta: made.loss_and_grad(theta, x, **arguments)[1],
        theta,
        names=made.layout.locate,
        frozen=frozen,
        method=method,
        rows=B,
    ).raise_if_failed()


def carrying(made: MADE) -> Any:
    """How many entries of theta can have a derivative: wires and biases that lead somewhere."""
    one = made.mask_sets[0]
    live = made.layout.views(naive.live(made, one))
    masks, _ = naive.masks(made, one)
    useful = np.ones(made.outputs.n_raw, dtype=bool)
    for layer in range(len(made.hidden), -1, -1):
        live[f"b{layer}"] &= useful
        if not made.hidden:
            break
        for letter in "WU" if made.mask_weights else "W":
            live[f"{letter}{layer}"] &= useful[:, None]
        if layer:
            skip = [
                layer < len(made.hidden) and naive.skip(made, one, layer, unit) and useful[unit]
                for unit in range(made.hidden[layer - 1] if layer == len(made.hidden) else made.hidden[layer])
            ]
            below = (masks[layer] & useful[:, None]).any(axis=0)
            useful = below | np.resize(skip, len(below)) if any(skip) else below
    return sum(int(view.sum()) for view in live.values())


@every_model
@every_method
def test_the_gradient_is_the_derivative_of_the_loss(name: str, method: str, backend: str) -> None:
    made = build(name, backend=backend)
    report = check(made, method, B=24)
    if made.activation == "relu":
        assert report.n_exercised > 0.5 * carrying(made)  # the rest belongs to units that no row switches on
    elif method == "complex":
        assert report.n_exercised == carrying(made)
    else:
        assert report.n_exercised > 0.95 * carrying(made)  # a few drown in the rounding of a difference
    assert report.n_kinks == 0


@every_backend
@pytest.mark.parametrize(
    "name", ["two hidden layers", "residual", "relu", "all at once", "mask weights, residual, context"]
)
def test_with_dropout_the_gradient_is_that_of_the_thinned_network(name: str, method: str, backend: str) -> None:
    made = build(name, backend=backend)
    for rates in ({"rate": 0.4}, {"input_rate": 0.3}, {"rate": 0.4, "input_rate": 0.3}):
        report = check(made, method, B=6, **rates)
        assert report.n_exercised > 0.5 * carrying(made)


@every_backend
@pytest.mark.parametrize(
    "name", ["mixed table", "residual", "context, direct", "mask weights", "mask weights, no hidden layer"]
)
def test_the_loss_of_the_mixture_has_the_gradient_of_the_mixture(name: str, method: str, backend: str) -> None:
    made = build(name, order="random", degrees="random", n_masks=2, backend=backend)
    report = check(made, method, mask_set=None)
    assert report.n_exercised > carrying(made)
    assert check(made, method, mask_set=None, rate=0.3).n_exercised > 0


@every_backend
@settings(max_examples=25)
@given(made=models(max_features=4, max_width=5), seed=seeds)
def test_the_gradient_of_any_model(method: str, backend: str, made: MADE, seed: int) -> None:
    check(replace(made, backend=backend), method, B=3, seed=seed, drawn=True)


@every_backend
@settings(max_examples=15)
@given(made=models(max_features=4, max_width=5), seed=seeds)
def test_the_gradient_of_any_model_on_rows_with_gaps(method: str, backend: str, made: MADE, seed: int) -> None:
    check(replace(made, backend=backend), method, B=4, seed=seed, drawn=True, gaps=0.4, input_rate=0.2 * (seed % 2))


@every_backend
@pytest.mark.parametrize("name", ["mixed table", "residual", "context, direct", "mask weights"])
def test_the_gradient_of_weighted_rows(name: str, method: str, backend: str) -> None:
    check(build(name, backend=backend), method, B=6, weighted=True, rate=0.3)
    made = build(name, order="random", degrees="random", n_masks=2, backend=backend)
    check(made, method, mask_set=None, weighted=True, gaps=0.2)


@every_backend
def test_the_loss_of_the_mixture_has_its_gradient_on_rows_with_gaps(method: str, backend: str) -> None:
    made = build("mixed table", order="random", degrees="random", n_masks=3, backend=backend)
    assert check(made, method, mask_set=None, gaps=0.4).n_exercised > carrying(made)


@pytest.mark.parametrize("n_masks", [2, None])
@pytest.mark.parametrize("mask_set", [1, [3, 1, 0, 2]])
def test_the_gradient_of_each_mask_set_and_of_an_order_of_ones_own(n_masks: int | None, mask_set: Any) -> None:
    made = build("mixed table", order="random", n_masks=n_masks)
    one = made.mask_sets[mask_set] if isinstance(mask_set, int) else made.mask_sets.for_order(np.array(mask_set))
    rng = np.random.default_rng(0)
    theta, x = random_theta(made, rng), random_rows(made, 4, rng)
    check_gradient(
        lambda theta: made.loss_and_grad(theta, x, mask_set=mask_set)[0],
        lambda theta: made.loss_and_grad(theta, x, mask_set=mask_set)[1],
        theta,
        names=made.layout.locate,
        frozen=~naive.live(made, one),
    ).raise_if_failed()


@every_model
def test_the_single_precision_gradient_is_the_double_precision_one(name: str) -> None:
    made, single = build(name), build(name, dtype="float32")
    rng = np.random.default_rng(0)
    theta, x, context = random_theta(single, rng), random_rows(single, 8, rng), random_context(single, 8, rng)
    loss, grad = single.loss_and_grad(theta, x, context=context)
    want_loss, want = made.loss_and_grad(theta.astype("float64"), x, context=context)
    assert grad.dtype == np.float32
    assert loss == pytest.approx(want_loss, rel=1e-5)
    check_close(grad, want, names=made.layout.locate, rtol=1e-3, atol=2e-5).raise_if_failed()
