"""Ancestral sampling that computes every unit once: a whole sample for about the price of one forward pass.

Features are drawn one after the other, each given those before it. The obvious way runs the whole network D times, once
per feature. But a hidden unit of degree m sees the first m features only: it is complete as soon as they are known, and
nothing that is drawn later changes it. So walk through the features once, and after the m-th

1. finish the hidden units of degree m, layer by layer (each sees units of degree <= m below it, all finished by now);
2. compute the raw outputs of the next feature from the units of degree <= m (and, directly, from the m features);
3. let a uniform number decide the feature by its inverse CDF, unless it is given.

With units sorted by degree, "all that is finished" is a prefix and "degree m" a slice: every weight is used once, and
weights off the mask are not even looked at.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from made_np.distributions.distribution import Distribution
from made_np.masks.sets import MaskSet
from made_np.network.network import Network
from made_np.typing import Array, Ints

__all__ = ["Route", "ancestral", "propagate_means"]


def ancestral(
    route: Route, views: dict[str, Array], uniforms: Array, given: Array, context: Array | None = None
) -> Array:
    """Draw one row per row of `uniforms`, in the order of the route.

    Parameters
    ----------
    route : Route
    views : dict of str to ndarray
        The parameters of the network, by name.
    uniforms : ndarray, shape (n, D)
        ``uniforms[r, i]`` decides feature i of row r, through the inverse CDF of its conditional.
    given : ndarray, shape (n, D)
        Values put in as their feature is reached; NaN where one is to be drawn, inf where the network is not told one:
        NaN in the result.
    context : ndarray, shape (n, C), optional

    Returns
    -------
    ndarray, shape (n, D), the dtype of the parameters
    """

    def decide(feature: int, output: Distribution, raw: Array) -> Array:
        return output.inverse_cdf(raw, uniforms[:, feature])

    return _fill(route, views, given, context, decide)


def propagate_means(route: Route, views: dict[str, Array], given: Array, context: Array | None = None) -> Array:
    """Fill each gap with the centre of its conditional, fed back as if it had been observed.

    Arguments and result as in `ancestral`.
    """

    def decide(feature: int, output: Distribution, raw: Array) -> Array:
        return output.centre(raw)

    return _fill(route, views, given, context, decide)


def _fill(
    route: Route,
    views: dict[str, Array],
    given: Array,
    context: Array | None,
    decide: Callable[[int, Distribution, Array], Array],
) -> Array:
    """Walk through the features once and let `decide` fill those that are NaN in `given`.

    Where the network has overflowed, nothing is decided: a gap stays NaN, which no row of 0 and 1 would tell.
    """
    walk = _Walk(route, views, len(given), context)
    x = given.astype(walk.b_out.dtype)
    for place, feature in enumerate(route.order):
        walk.finish_hidden(place)
        output = route.network.outputs.feature_outputs[feature]
        missing = np.isnan(x[:, feature])
        if missing.any():
            raw = walk.raw(place, feature)
            value = np.where(np.isfinite(raw).all(axis=-1), decide(feature, output, raw), np.nan)
            x[:, feature] = np.where(missing, value, x[:, feature])
        x[np.isinf(given[:, feature]), feature] = np.nan
        walk.tell(place, route.network.outputs.encode_feature(feature, x[:, feature]))
    return x


class Route:
    """The way through the features of a network under a mask set, whatever its parameters are.

    Inputs stand with the context first, then feature by feature in `order`; hidden units stand sorted by degree. So
    what is known at place m is a prefix of each layer, of length ``seen[m]`` or ``done[layer][m]``.
    """

    def __init__(self, network: Network, mask_set: MaskSet) -> None:
        self.network = network
        self.order = mask_set.order.tolist()
        columns, self.seen = _inputs_in_order(network, mask_set)
        self.direct, self.direct_places, self.direct_seen = _direct_in_order(network, columns, self.seen)
        sorts = [np.argsort(degrees, kind="stable") for degrees in mask_set.degrees]
        places = np.arange(len(mask_set.order) + 1)
        self.done = [
            np.searchsorted(degrees[sort], places - 1, side="right").tolist()
            for degrees, sort in zip(mask_set.degrees, sorts, strict=True)
        ]
        self.units = [columns, *sorts]
        self.skips = [_sorted_skip(mask_set, sorts, k) for k in range(network.depth)]


class _Walk:
    """The state of one walk through the features: what has been seen so far, and every finished unit."""

    def __init__(self, route: Route, views: dict[str, Array], n: int, context: Array | None) -> None:
        network = route.network
        units = route.units
        self.network = network
        self.seen = route.seen
        self.done = route.done
        self.skips = route.skips
        self.W = [views[f"W{k}"][np.ix_(units[k + 1], units[k])] for k in range(network.depth)]
        self.b = [views[f"b{k}"][units[k + 1]] for k in range(network.depth)]
        self.W_out = views[f"W{network.depth}"][:, units[-1]] if network.depth else None
        self.b_out = views[network.output_bias]
        self.direct_places = route.direct_places
        self.direct_seen = route.direct_seen
        self.W_direct = views["W_direct"][:, route.direct] if network.direct else None
        self.inputs = np.zeros((n, len(units[0])), dtype=self.b_out.dtype)
        if context is not None:
            self.inputs[:, : network.n_context] = context
        self.hidden = [np.zeros((n, width), dtype=self.b_out.dtype) for width in network.hidden]

    def finish_hidden(self, place: int) -> None:
        """Compute the hidden units of degree `place`: the first `place` features are known."""
        below = self.inputs
        n_below = self.seen[place]
        for layer, h in enumerate(self.hidden):
            units = slice(self.done[layer][place], self.done[layer][place + 1])
            if units.start < units.stop:
                z = below[:, :n_below] @ self.W[layer][units, :n_below].T + self.b[layer][units]
                h[:, units] = self.network.act.forward(z)
                skip = self.skips[layer]
                if skip is not None:
                    h[:, units] += below[:, skip[0][units]] * skip[1][units]
            below = h
            n_below = units.stop

    def raw(self, place: int, feature: int) -> Array:
        """Return the raw outputs (n, K) of the feature at `place`."""
        rows = self.network.outputs.slices[feature]
        raw = np.tile(self.b_out[rows], (len(self.inputs), 1))
        if self.W_out is not None:
            known = self.done[-1][place + 1]
            raw += self.hidden[-1][:, :known] @ self.W_out[rows, :known].T
        if self.W_direct is not None:
            known = self.direct_seen[place]
            inputs = (
                self.inputs[:, :known] if self.direct_places is None else self.inputs[:, self.direct_places[:known]]
            )
            raw += inputs @ self.W_direct[rows, :known].T
        return raw

    def tell(self, place: int, encoded: Array) -> None:
        """Let the network see the input units (n, units) of the feature at `place`."""
        self.inputs[:, self.seen[place] : self.seen[place + 1]] = encoded


def _inputs_in_order(network: Network, mask_set: MaskSet) -> tuple[Ints, list[int]]:
    """Return the input units, context first, then in `order`, and how many of them the first m features fill."""
    blocks = [np.arange(network.outputs.n_inputs, network.n_inputs)]
    units = np.arange(network.outputs.n_inputs)
    blocks += [units[network.outputs.input_slices[feature]] for feature in mask_set.order]
    return np.concatenate(blocks), np.cumsum([len(block) for block in blocks]).tolist()


def _direct_in_order(network: Network, columns: Ints, seen: list[int]) -> tuple[Ints, Ints | None, list[int]]:
    """Return the columns of W_direct in the sequence of `columns`, where their units stand, and how many are seen.

    None stands for all places.
    """
    if network.direct_units is None:
        return columns, None, seen
    places = np.flatnonzero(np.isin(columns, network.direct_units))
    return np.searchsorted(network.direct_units, columns[places]), places, np.searchsorted(places, seen).tolist()


def _sorted_skip(mask_set: MaskSet, sorts: list[Ints], layer: int) -> tuple[Ints, Array] | None:
    """Return, for each sorted unit, where the unit of the same number stands below, and whether it may be added."""
    skip = mask_set.skips[layer]
    if skip is None:
        return None
    stands = np.empty_like(sorts[layer - 1])
    stands[sorts[layer - 1]] = np.arange(len(stands))
    return stands[sorts[layer]], skip[sorts[layer]]
