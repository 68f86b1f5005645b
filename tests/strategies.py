"""Models drawn by hypothesis, and random parameters and rows for any model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from made_np.distributions.distribution import Distribution
from made_np.distributions.levels import DiscretizedLogistic
from made_np.distributions.mixtures import MixtureOfGaussians, MixtureOfLogistics
from made_np.distributions.plain import Bernoulli, Categorical, Gaussian
from made_np.layers import ACTIVATIONS
from made_np.model.made import MADE

Array = NDArray[Any]

DISCRETE: tuple[Distribution, ...] = (
    Bernoulli(),
    Categorical(2),
    Categorical(3),
    DiscretizedLogistic(3),
    DiscretizedLogistic(4, 2),
)
OUTPUTS: tuple[Distribution, ...] = (
    *DISCRETE,
    Gaussian(),
    Gaussian(min_scale=0.1),
    MixtureOfGaussians(2),
    MixtureOfLogistics(1, min_scale=0.1),
    MixtureOfLogistics(2),
    MixtureOfGaussians(2, reserve=0.1),
)

EVERY = (*OUTPUTS, Gaussian(scale="exp"), Gaussian(0, scale="exp"))
"""Exponential scales are no part of random models: there one column's values are the next one's exponents."""

seeds = st.integers(0, 2**32 - 1)


@st.composite
def orders(draw: st.DrawFn, n_features: int) -> Any:
    """A name, or a permutation."""
    names = st.sampled_from(["natural", "reverse", "random"])
    return draw(names | st.permutations(range(n_features)))


@st.composite
def widths(draw: st.DrawFn, *, residual: bool, max_depth: int, max_width: int) -> tuple[int, ...]:
    """Widths of hidden layers; two that follow each other agree where there are residual blocks."""
    least = 2 if residual else 0
    hidden = draw(st.lists(st.integers(1, max_width), min_size=least, max_size=max(max_depth, least)))
    if residual:
        hidden[1] = hidden[0]
    return tuple(hidden)


@st.composite
def models(
    draw: st.DrawFn,
    *,
    outputs: Sequence[Distribution] = OUTPUTS,
    max_features: int = 5,
    max_depth: int = 3,
    max_width: int = 8,
    direct: Any = None,
    n_masks: Any = 1,
    dtype: str = "float64",
) -> MADE:
    """Any model of moderate size: each feature has an output of its own."""
    n_features = draw(st.integers(1, max_features))
    residual = max_depth >= 2 and draw(st.booleans())
    hidden = draw(widths(residual=residual, max_depth=max_depth, max_width=max_width))
    n_context = draw(st.integers(0, 3))
    return MADE(
        n_features,
        hidden,
        draw(st.lists(st.sampled_from(outputs), min_size=n_features, max_size=n_features)),
        activation=draw(st.sampled_from(tuple(ACTIVATIONS))),
        order="random" if n_masks != 1 else draw(orders(n_features)),
        degrees=draw(degrees(hidden, n_features, n_context, n_masks)),
        n_masks=n_masks,
        direct=draw(st.sampled_from([True, False, "auto"])) if direct is None else direct,
        residual=residual,
        mask_weights=draw(st.booleans()),
        n_context=n_context,
        direct_limit=draw(st.sampled_from([64, 2, 1, None])),
        gap_inputs=draw(st.booleans() | st.sets(st.integers(0, n_features - 1)).map(sorted)),
        seed=draw(seeds),
        dtype=dtype,
    )


@st.composite
def degrees(draw: st.DrawFn, hidden: Sequence[int], n_features: int, n_context: int, n_masks: Any = 1) -> Any:
    """A name, or any degrees of one's own, in any sequence: for all mask sets, or for each."""
    low = 0 if n_context else 1
    one = st.integers(low, max(n_features - 1, low))
    own = st.tuples(*(st.lists(one, min_size=width, max_size=width) for width in hidden))
    each = st.nothing() if n_masks is None else st.lists(own, min_size=n_masks, max_size=n_masks)
    return draw(st.sampled_from(["spread", "random"]) | own | each)


def random_theta(made: MADE, rng: np.random.Generator, scale: float = 0.7) -> Array:
    """Every entry drawn, those off the masks too."""
    return (scale * rng.standard_normal(made.n_params)).astype(made.dtype)


def random_rows(made: MADE, n: int, rng: np.random.Generator) -> Array:
    """Rows (n, D) within the support of every feature."""
    columns = [random_column(output, n, rng) for output in made.outputs.feature_outputs]
    return np.stack(columns, axis=1).astype(made.dtype)


def with_gaps(x: Array, rng: np.random.Generator, share: float = 0.3) -> Array:
    """The rows `x` with NaN at about that share of the entries; the first row, if there is one, is left whole."""
    gaps = rng.random(x.shape) < share
    gaps[:1] = False
    return np.where(gaps, np.nan, x).astype(x.dtype)


def random_column(output: Distribution, n: int, rng: np.random.Generator) -> Array:
    size = n_values(output)
    return rng.standard_normal(n) if size is None else rng.integers(size, size=n).astype(np.float64)


def n_values(output: Distribution) -> int | None:
    """How many values a feature can take; None for a real one."""
    if isinstance(output, Bernoulli):
        return 2
    if isinstance(output, Categorical):
        return output.n
    return output.levels if isinstance(output, DiscretizedLogistic) else None


def random_context(made: MADE, n: int, rng: np.random.Generator) -> Array | None:
    """Context (n, C), or None for a model without."""
    return rng.standard_normal((n, made.n_context)).astype(made.dtype) if made.n_context else None
