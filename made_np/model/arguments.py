"""The constructor arguments of a model: what each may be, and the one form it is kept in."""

from __future__ import annotations

from typing import Any

import numpy as np

from made_np.distributions.distribution import Distribution
from made_np.distributions.registry import make_distribution
from made_np.distributions.together import Output, Outputs
from made_np.masks.masks import DEGREES, ORDERS
from made_np.validation import as_dense, as_permutation
from made_np.values import as_choice, as_sequence, show

Order = str | tuple[int, ...] | tuple[tuple[int, ...], ...]
Degrees = str | tuple[tuple[int, ...], ...]


def as_dtype(dtype: Any) -> np.dtype[Any]:
    """Return the dtype, float32 or float64."""
    is_one = isinstance(dtype, (str, type, np.dtype))  # NumPy would take None for float64, and ask objects for theirs
    try:
        result = np.dtype(dtype if is_one else object)
    except (TypeError, ValueError):
        result = np.dtype(object)
    if result not in (np.dtype("float32"), np.dtype("float64")):
        raise ValueError(f"dtype={show(dtype)}: use 'float32' or 'float64'")
    return result


def as_output(output: Any, n_features: int) -> Output:
    """Return one distribution for all features, or a tuple with one per feature if they differ."""
    if isinstance(output, (str, Distribution)):
        return make_distribution(output)
    each = Outputs.of(output, n_features).feature_outputs
    return each[0] if len(set(each)) == 1 else each


def as_order(order: Any, n_features: int, n_masks: int | None) -> Order:
    """Return an order as its name, one permutation, or one per mask set."""
    if isinstance(order, str):
        as_choice(order, "order", ORDERS)
        return order
    array = as_dense(order, "order")
    if array.ndim != 2:
        return tuple(as_permutation(array, n_features).tolist())
    if len(array) != n_masks:
        raise ValueError(f"order holds {len(array)} permutations: set n_masks={len(array)} (it is {n_masks})")
    return tuple(tuple(as_permutation(each, n_features, f"order[{k}]").tolist()) for k, each in enumerate(array))


def as_degrees(degrees: Any, hidden: tuple[int, ...], n_features: int, n_context: int) -> Degrees:
    """Return hidden degrees as their name, or as tuples, or raise an error that names layer, unit and value."""
    if isinstance(degrees, str):
        as_choice(degrees, "degrees", DEGREES)
        return degrees
    layers = as_sequence(degrees, "degrees", "'spread', 'random', or one integer array per hidden layer")
    if len(layers) != len(hidden):
        raise ValueError(f"degrees has {len(layers)} layers: hidden={hidden} needs {len(hidden)}")
    low = 0 if n_context else 1
    high = max(n_features - 1, low)
    result = []
    for layer, (given, width) in enumerate(zip(layers, hidden, strict=True)):
        array = as_dense(given, f"degrees[{layer}]")
        if array.shape != (width,) or array.dtype.kind not in "iu":
            raise ValueError(
                f"degrees[{layer}] is a {array.dtype} array of shape {array.shape}: "
                f"layer {layer} needs {width} integers"
            )
        bad = np.flatnonzero((array < low) | (array > high))
        if len(bad):
            hint = "" if n_context else " (degree 0 needs n_context > 0)"
            raise ValueError(f"degrees[{layer}][{bad[0]}] = {array[bad[0]]}: use degrees {low}..{high}{hint}")
        result.append(tuple(array.tolist()))
    return tuple(result)
