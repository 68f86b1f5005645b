"""Networks with rows and parameters to compute with, and what each backend makes of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from strategies import random_context, random_rows, random_theta

from made_np.backends.bound import Bound
from made_np.distributions.levels import DiscretizedLogistic
from made_np.distributions.mixtures import MixtureOfGaussians, MixtureOfLogistics
from made_np.distributions.plain import Categorical, Gaussian
from made_np.layers import dropout_mask
from made_np.masks.sets import MaskSet
from made_np.model.made import MADE
from made_np.optim import Optimizer

Array = NDArray[Any]
Results = dict[str, Array]

TOLERANCE = {"float64": 1e-10, "float32": 3e-4}
"""How far two backends may be apart, as a share of the largest number that they compare."""

TABLE = [
    *["bernoulli", "bernoulli", Categorical(3), "gaussian", DiscretizedLogistic(4, 2)],
    *[MixtureOfGaussians(2), "bernoulli", MixtureOfLogistics(2), MixtureOfLogistics(1), DiscretizedLogistic(3)],
    *[MixtureOfGaussians(3, reserve=0.1), MixtureOfLogistics(2, reserve=0.01)],
    Gaussian(0, scale="exp"),
]
"""All kinds of columns in one table."""


@dataclass(frozen=True, eq=False)
class Problem:
    """All that the functions of a backend are given; `theta` (P,) and `x` (B, D) are what tests vary."""

    made: MADE
    theta: Array
    x: Array
    context: Array | None
    keeps: list[Array | None] | None
    row_weights: Array | None
    uniforms: Array

    @property
    def one(self) -> MaskSet:
        return self.made.mask_sets[0]

    @property
    def live(self) -> Array:
        """(P,) booleans: biases, and weights that have a wire."""
        live = np.ones(self.made.n_params, dtype=bool)
        views = self.made.layout.views(live)
        for letter in "WU" if self.made.mask_weights else "W":
            for layer, mask in enumerate(self.one.masks):
                views[f"{letter}{layer}"][:] = mask
            if self.one.direct_wires is not None:
                views[f"{letter}_direct"][:] = self.one.direct_wires
        return live

    def bound(self, backend: str) -> Bound:
        """What computes by this backend, as the model asks for it."""
        return replace(self.made, backend=backend).bound[0]

    def with_theta(self, theta: Array) -> Problem:
        return replace(self, theta=theta)


def problem(
    made: MADE, n: int = 20, seed: int = 0, *, rate: float = 0.0, input_rate: float = 0.0, weighted: bool = False
) -> Problem:
    """Random parameters (off the masks too) and rows, with dropout and row weights if they are asked for.

    Every single input unit is dropped or kept by itself, those of the context as well: backends know of no blocks.
    """
    rng = np.random.default_rng(seed)
    keeps: list[Array | None] | None = None
    if rate:
        keeps = [dropout_mask(rng, (n, width), rate, made.dtype) for width in made.hidden]
    if input_rate:
        inputs = dropout_mask(rng, (n, made.network.n_inputs), input_rate, made.dtype)
        keeps = [inputs, *(keeps or [None] * len(made.hidden))]
    return Problem(
        made,
        random_theta(made, rng, 0.5),
        random_rows(made, n, rng),
        random_context(made, n, rng),
        keeps,
        rng.random(n).astype(made.dtype) if weighted else None,
        rng.random((n, made.n_features)),
    )


def table(hidden: tuple[int, ...] = (20, 20), repeat: int = 1, **arguments: Any) -> MADE:
    """Every kind of output, in an order that no other can be mistaken for."""
    outputs = TABLE * repeat
    order = tuple(np.random.default_rng(7).permutation(len(outputs)).tolist())
    return MADE(
        len(outputs), hidden, outputs, **{"order": order, "activation": "tanh", "dtype": "float64", **arguments}
    )


def scores(backend: str, p: Problem) -> Results:
    """What the functions say that score rows."""
    bound = p.bound(backend)
    given = p.theta, p.x, p.context, p.keeps
    return {"raw": bound.raw_outputs(*given), "nll": bound.nll(*given), "row_nll": bound.row_nll(*given)}


def gradient(backend: str, p: Problem) -> Results:
    """The loss of each row, and the gradient of their sum."""
    grad = np.full_like(p.theta, np.nan)
    loss = p.bound(backend).loss_and_grad(p.theta, p.x, p.context, grad, p.keeps, p.row_weights)
    return {"loss": loss, "grad": grad}


def steps(
    backend: str,
    p: Problem,
    optimizer: Optimizer,
    decay: Array | None = None,
    *,
    n: int = 3,
    rate: float = 1e-3,
    only_live: bool = False,
) -> Results:
    """Everything that n steps leave behind, each made on a part of the rows."""
    theta, grad, state = p.theta.copy(), np.full_like(p.theta, np.nan), optimizer.init(p.theta)
    step, losses = p.bound(backend).train_step, []
    for k in range(n):
        part = slice(k * len(p.x) // n, (k + 1) * len(p.x) // n)
        y = None if p.context is None else p.context[part]
        keeps = None if p.keeps is None else [None if keep is None else keep[part] for keep in p.keeps]
        weights = None if p.row_weights is None else p.row_weights[part]
        given = (theta, p.x[part], y, grad, optimizer, state)
        losses.append(step(*given, rate / (k + 1), decay, keeps, weights, only_live=only_live))
    return {"theta": theta, "loss": np.concatenate(losses), **state}


def sample(backend: str, p: Problem, given: Array | None = None) -> Array:
    """Rows drawn with the problem's uniforms."""
    return p.bound(backend).sample(p.theta, p.uniforms, given, p.context)


def everything(backend: str, p: Problem, optimizer: Optimizer) -> Results:
    """All of it, with gaps in every second value filled; of theta after its steps the live part."""
    given = np.where(np.indices(p.x.shape).sum(axis=0) % 2, p.x, np.nan)
    after = steps(backend, p, optimizer)
    after = {name: value[p.live] if value.shape == p.theta.shape else value for name, value in after.items()}
    rows = {"sample": sample(backend, p), "filled": sample(backend, p, given)}
    return scores(backend, p) | gradient(backend, p) | {f"step {name}": value for name, value in after.items()} | rows


def assert_close(got: Results, want: Results, dtype: Any) -> None:
    """Equal shapes and dtypes, and numbers that agree to rounding."""
    assert got.keys() == want.keys()
    for name, value in want.items():
        assert (got[name].shape, got[name].dtype) == (value.shape, value.dtype), name
        largest = np.abs(value).max(initial=1.0)
        tolerance = TOLERANCE[np.dtype(dtype).name]
        np.testing.assert_allclose(got[name], value, rtol=tolerance, atol=tolerance * largest, err_msg=name)


def assert_same(got: Results, want: Results) -> None:
    """Equal bits."""
    assert got.keys() == want.keys()
    for name, value in want.items():
        np.testing.assert_array_equal(got[name], value, err_msg=name, strict=True)
