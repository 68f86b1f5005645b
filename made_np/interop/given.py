"""Layers that somebody gives: arrays of any library, looked at before anything is made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from made_np.distributions.distribution import Distribution
from made_np.distributions.registry import make_distribution
from made_np.distributions.together import Outputs
from made_np.typing import Array, Bools, Ints
from made_np.validation import as_bools, as_finite, as_numbers, as_permutation
from made_np.values import as_choice, as_sequence, show

LAYOUTS = ("interleaved", "blocked")

_TRIPLE = "give a triple (W, b, mask), with None for a b or a mask that there is not"


@dataclass(frozen=True)
class Layer:
    """One masked linear layer.

    Attributes
    ----------
    W : ndarray, shape (out, in)
    b : ndarray, shape (out,), optional
    masks : ndarray of bool, shape (K, out, in)
        One for each mask set.
    """

    W: Array
    b: Array | None
    masks: Bools

    def rows(self, places: Ints, factors: Array) -> Layer:
        """Return the layer whose units are those at `places`, each multiplied by its factor."""
        own = factors.astype(self.W.dtype)
        b = None if self.b is None else (self.b[places] * own).astype(self.W.dtype)
        return Layer(self.W[places] * own[:, None], b, self.masks[:, places])

    def expanded(self, n_sets: int) -> Layer:
        """Return the layer with a mask for each of so many mask sets."""
        return replace(self, masks=np.broadcast_to(self.masks, (n_sets, *self.W.shape)))


def as_layers(layers: Any, name: str = "layers") -> list[Layer]:
    """Return the layers from the input to the output, or raise an error that names the one that does not fit."""
    given = list(as_sequence(layers, name, "a list of triples (W, b, mask), from the input to the output"))
    if not given:
        raise ValueError(f"{name} is empty: give at least one triple (W, b, mask)")
    found = [as_layer(each, f"{name}[{k}]") for k, each in enumerate(given)]
    for k, (below, above) in enumerate(pairwise(found)):
        if above.W.shape[1] != len(below.W):
            raise ValueError(
                f"{name}[{k + 1}] has a W of shape {above.W.shape}: the layer below has {len(below.W)} units, and W is "
                "(out, in)"
            )
    return found


def as_layer(given: Any, name: str) -> Layer:
    """Return one layer. Without a mask the wires are those whose weight is not 0."""
    parts = list(as_sequence(given, name, _TRIPLE))
    if len(parts) != 3:
        raise ValueError(f"{name} has {len(parts)} parts: {_TRIPLE}")
    W = _floats(parts[0], f"{name}[0]", 2)
    b = None if parts[1] is None else _floats(parts[1], f"{name}[1]", 1)
    if b is not None and len(b) != len(W):
        raise ValueError(f"{name}[1] has shape {b.shape}: W has {len(W)} rows, one for each unit")
    if parts[2] is None:
        return Layer(W, b, (W != 0)[None])
    mask = as_numbers(parts[2], f"{name}[2]")
    mask = as_bools(mask, f"{name}[2]", 3 if mask.ndim == 3 else 2)
    masks = mask if mask.ndim == 3 else mask[None]
    if masks.shape[1:] != W.shape or not len(masks):
        raise ValueError(f"{name}[2] has shape {mask.shape}: W has {W.shape}, and a mask for each set (K, out, in)")
    return Layer(W, b, masks)


def _floats(value: Any, name: str, ndim: int) -> Array:
    array = as_numbers(value, name)
    if array.ndim != ndim or not array.size:
        raise ValueError(f"{name} has shape {array.shape}: give an array with {ndim} axes, none of them empty")
    wide = np.dtype(np.float64 if array.dtype == np.float64 else np.float32)
    return as_finite(array, wide, name)


def as_outputs(output: Any, n_inputs: int) -> tuple[Distribution, ...]:
    """Return the distribution of each feature of a network that has so many input units."""
    if not isinstance(output, (str, Distribution)):
        given = list(as_sequence(output, "output", "a distribution for all features, or a list of them"))
        found = Outputs.of(given, len(given)).feature_outputs if given else ()
        seen = sum(each.n_inputs for each in found)
        if seen != n_inputs:
            raise ValueError(
                f"output lists {len(found)} distributions, seen through {seen} input units: layers[0] has {n_inputs}"
            )
        return found
    one = make_distribution(output)
    if n_inputs % one.n_inputs:
        raise ValueError(
            f"output={show(output)} is seen through {one.n_inputs} input units: layers[0] has {n_inputs}, no multiple"
        )
    return (one,) * (n_inputs // one.n_inputs)


def rows_of_outputs(
    outputs: Sequence[Distribution], n_rows: int, layout: str, raw_order: Any, raw_factors: Any
) -> tuple[Ints, Array]:
    """Return where each of our raw outputs stands among theirs, and by what it is multiplied.

    Ours stand feature by feature, each as its distribution says; `raw_order` and `raw_factors` are those of a feature.
    """
    as_choice(layout, "layout", LAYOUTS)
    sizes = [output.n_raw for output in outputs]
    if sum(sizes) != n_rows:
        raise ValueError(f"output has {sum(sizes)} raw outputs in all: the last of layers has {n_rows} rows")
    is_even = len(set(sizes)) == 1
    if not is_even and (layout == "blocked" or raw_order is not None or raw_factors is not None):
        asked = "layout='blocked'" if layout == "blocked" else "raw_order" if raw_order is not None else "raw_factors"
        raise ValueError(f"{asked} needs features with one number of raw outputs: output has {sorted(set(sizes))}")
    if not is_even:
        return np.arange(n_rows), np.ones(n_rows)
    size = sizes[0]
    own = np.arange(size) if raw_order is None else as_permutation(raw_order, size, "raw_order")
    factors = np.ones(size) if raw_factors is None else _floats(raw_factors, "raw_factors", 1)
    if len(factors) != size:
        raise ValueError(f"raw_factors has shape {factors.shape}: a feature has {size} raw outputs")
    rows = np.arange(n_rows)
    places = rows.reshape(size, -1).T if layout == "blocked" else rows.reshape(-1, size)
    return places[:, own].ravel(), np.tile(factors, len(outputs))
