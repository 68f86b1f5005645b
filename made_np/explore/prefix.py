"""The first features of a model: a MADE of their own, small enough for a screen.

A feature is told of those before it, and of nothing else. So the first K features in the order, with the hidden units
of degree below K, which see no others, are exactly a MADE: its log-probabilities are those of the whole.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from made_np.layers import BUILT_IN
from made_np.masks.sets import MaskSet
from made_np.model.made import MADE
from made_np.network.mask_weights import fold
from made_np.typing import Array

__all__ = ["KINDS", "Prefix", "prefix_of"]

MOST_FEATURES = 10
"""2^10 rows are a table that can be added up while one looks on."""
MOST_UNITS = 16
MOST_LAYERS = 2
MOST_PARAMETERS = 900
"""So that the page stays below 150 kB."""
KINDS = ("bernoulli", "gaussian", "gaussian_exp")
"""The conditionals that the page computes, by the names of their formulas."""


class Prefix(NamedTuple):
    """A MADE of some features of another one."""

    made: MADE
    theta: Array
    """(P,), float64."""
    features: list[int]
    """Which features of the whole these are, rising."""


def prefix_of(made: MADE, theta: Array, mask_set: int = 0) -> Prefix:
    """Return the largest prefix of the order, at most ten features with 16 units in a layer, as a model of its own.

    Raises
    ------
    ValueError
        The page cannot show such a model: it has context, more than two hidden layers, or an activation that is not
        ours; or the first feature is neither a bit nor Gaussian.
    """
    _check(made)
    whole = made.mask_sets[mask_set]
    n = _largest(made, whole)
    features = sorted(whole.order[:n].tolist())
    kept = [_units(degrees, n) for degrees in whole.degrees]
    degrees = [_degrees(own[units], n) for own, units in zip(whole.degrees, kept, strict=True)]
    if made.residual and any(not np.array_equal(a, b) for a, b in pairwise(kept)):
        raise ValueError("residual=True with other degrees in each layer: explore shows such models without residual")
    small = MADE(
        n,
        tuple(len(own) for own in degrees),
        [made.outputs.feature_outputs[d] for d in features],
        activation=made.activation,
        order=[features.index(d) for d in whole.order[:n].tolist()],
        degrees=degrees,
        direct=made.direct,
        residual=made.residual,
        dtype="float64",
        backend="numpy",
    )
    parameters = fold(made.network, theta.astype(np.float64), whole)
    return Prefix(small, _cut(made, small, parameters, features, kept, whole), features)


def _check(made: MADE) -> None:
    """Raise unless the page can show some of it."""
    if made.n_context:
        raise ValueError(f"n_context={made.n_context}: explore shows models without context")
    if len(made.hidden) > MOST_LAYERS:
        raise ValueError(f"hidden has {len(made.hidden)} layers: explore shows at most {MOST_LAYERS}")
    if made.activation not in BUILT_IN:
        raise ValueError(f"activation={made.activation!r} is your own: explore knows {', '.join(sorted(BUILT_IN))}")


def _largest(made: MADE, whole: MaskSet) -> int:
    """Return how many features fit, or raise if it is none."""
    kinds = [made.outputs.feature_outputs[d].kernel for d in whole.order[:MOST_FEATURES].tolist()]
    known = next((place for place, kind in enumerate(kinds) if kind not in KINDS), len(kinds))
    if known == 0:
        first = int(whole.order[0])
        raise ValueError(
            f"feature {first}, the first in the order, is {made.outputs.feature_outputs[first]!r}: explore shows "
            "Bernoulli and Gaussian features"
        )
    return max((n for n in range(1, known + 1) if _fits(made, whole, n)), default=1)


def _fits(made: MADE, whole: MaskSet, n: int) -> bool:
    """Return whether the first n features make a model that is small enough."""
    units = [int((own < n).sum()) for own in whole.degrees]
    raw = sum(made.outputs.feature_outputs[d].n_raw for d in whole.order[:n].tolist())
    widths = [n, *units, raw]
    size = sum((below + 1) * above for below, above in pairwise(widths)) + made.direct * raw * n
    return max(units, default=0) <= MOST_UNITS and size <= MOST_PARAMETERS


def _units(degrees: Array, n: int) -> Array:
    """Return the hidden units that the first n features can hear of; where there is none, one stands in, unheard."""
    units = np.flatnonzero(degrees < n)
    return units if len(units) else np.array([-1])


def _degrees(own: Array, n: int) -> Array:
    return np.clip(own, 1, max(n - 1, 1))


def _cut(made: MADE, small: MADE, parameters: Array, features: list[int], kept: list[Array], whole: MaskSet) -> Array:
    """Return the parameters (P,) of the small model, taken out of those of the whole."""
    views = made.network.plain.layout.views(parameters)
    slices = made.output_slices
    inputs = np.array([made.input_slices[d].start for d in features])
    outputs = np.concatenate([np.arange(slices[d].start, slices[d].stop) for d in features])
    theta = np.zeros(small.n_params)
    own = small.layout.views(theta)
    layers = [inputs, *kept, outputs]
    for layer, (below, above) in enumerate(pairwise(layers)):
        real = np.ix_(above >= 0, below >= 0)
        if kept:
            own[f"W{layer}"][real] = views[f"W{layer}"][np.ix_(above[above >= 0], below[below >= 0])]
        own[f"b{layer}"][above >= 0] = views[f"b{layer}"][above[above >= 0]]
    if made.direct:
        units = whole.direct_units
        columns = inputs if units is None else np.searchsorted(units, inputs)
        own["W_direct"][:] = views["W_direct"][np.ix_(outputs, columns)]
    for name, mask in small.network.masks(small.mask_sets[0]).items():
        own[name][~mask & ~np.isfinite(own[name])] = 0  # which no wire carries, and JSON cannot hold
    return theta
