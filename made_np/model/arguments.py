"""The constructor arguments of a model, each looked at before it is kept in its one form."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from made_np.distributions.distribution import Distribution
from made_np.distributions.registry import make_distribution
from made_np.distributions.together import Output, Outputs
from made_np.masks.masks import DEGREES, ORDERS
from made_np.model.rows import Rows
from made_np.typing import Array
from made_np.validation import as_dense, as_numbers, as_permutation
from made_np.values import as_choice, as_count, as_sequence, show

Order = str | tuple[int, ...] | tuple[tuple[int, ...], ...]
Degrees = str | tuple[tuple[int, ...], ...] | tuple[tuple[tuple[int, ...], ...], ...]


REFUSE = "refuse"
"""What is done with NaN in rows unless somebody says otherwise."""

_DEGREES = "one integer array per hidden layer, or a list of such lists, one per mask set"


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
    """Return an order as its name, one permutation, or one per mask set; of an endless model, one per home."""
    if isinstance(order, str):
        as_choice(order, "order", ORDERS)
        return order
    array = as_dense(order, "order")
    if array.ndim != 2:
        return tuple(as_permutation(array, n_features).tolist())
    if n_masks is None and len(array) == 1:
        return tuple(as_permutation(array[0], n_features, "order[0]").tolist())
    if len(array) != n_masks and (n_masks is not None or not len(array)):
        raise ValueError(f"order holds {len(array)} permutations: set n_masks={len(array)} (it is {n_masks})")
    return tuple(tuple(as_permutation(each, n_features, f"order[{k}]").tolist()) for k, each in enumerate(array))


def as_degrees(
    degrees: Any, hidden: tuple[int, ...], n_features: int, n_context: int, n_masks: int | None = 1
) -> Degrees:
    """Return hidden degrees as their name, as one tuple per hidden layer, or as such tuples for each mask set."""
    if isinstance(degrees, str):
        as_choice(degrees, "degrees", DEGREES)
        return degrees
    given = as_sequence(degrees, "degrees", f"'spread', 'random', or {_DEGREES}")
    low = 0 if n_context else 1
    allowed = (low, max(n_features - 1, low))
    if not _is_per_set(given, hidden):
        return _layers_of_degrees(given, "degrees", hidden, allowed)
    if len(given) != n_masks:
        raise ValueError(f"degrees holds {len(given)} mask sets: set n_masks={len(given)} (it is {n_masks})")
    sets = tuple(_layers_of_degrees(one, f"degrees[{k}]", hidden, allowed) for k, one in enumerate(given))
    return sets if hidden else ()


def _is_per_set(degrees: Collection[Any], hidden: tuple[int, ...]) -> bool:
    """Return whether `degrees` lists mask sets, each a list of layers: its first entry's first entry is an array."""
    first: Any = next(iter(degrees), 0)
    if not _has_entries(first):
        return False
    return not hidden or _has_entries(next(iter(first), 0))


def _has_entries(value: Any) -> bool:
    return isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.ndim > 0)


def _layers_of_degrees(
    degrees: Any, name: str, hidden: tuple[int, ...], allowed: tuple[int, int]
) -> tuple[tuple[int, ...], ...]:
    """Return the degrees of one mask set, or raise an error that names layer, unit and value."""
    low, high = allowed
    layers = as_sequence(degrees, name, "one integer array per hidden layer")
    if len(layers) != len(hidden):
        raise ValueError(f"{name} has {len(layers)} layers: hidden={hidden} needs {len(hidden)}")
    result = []
    for layer, (given, width) in enumerate(zip(layers, hidden, strict=True)):
        array = as_dense(given, f"{name}[{layer}]")
        if array.shape != (width,) or array.dtype.kind not in "iu":
            raise ValueError(
                f"{name}[{layer}] is a {array.dtype} array of shape {array.shape}: layer {layer} needs {width} integers"
            )
        bad = np.flatnonzero((array < low) | (array > high))
        if len(bad):
            hint = "" if low == 0 else " (degree 0 needs n_context > 0)"
            raise ValueError(f"{name}[{layer}][{bad[0]}] = {array[bad[0]]}: use degrees {low}..{high}{hint}")
        result.append(tuple(array.tolist()))
    return tuple(result)


def as_gap_inputs(gap_inputs: Any, n_features: int) -> tuple[int, ...] | bool:
    """Return the features that own a gap input, in rising order; False for none."""
    if isinstance(gap_inputs, bool | np.bool_):
        return tuple(range(n_features)) if gap_inputs else False
    listed = as_sequence(gap_inputs, "gap_inputs", "True, False, or a list of features")
    each = [as_count(d, f"gap_inputs[{k}]", 0, n_features - 1) for k, d in enumerate(listed)]
    if len(set(each)) < len(each):
        raise ValueError(f"gap_inputs={show(gap_inputs)} names a feature twice: name each once")
    return tuple(sorted(each)) or False


def as_gaps(gaps: Any) -> bool:
    """Return whether rows may hold NaN: for "skip", not for "refuse"."""
    return bool(as_choice(gaps, "gaps", (REFUSE, "skip")) == "skip")


def as_weights(weights: Any, n: int, name: str = "weights") -> Array | None:
    """Return `weights` as (n,) float64 numbers of at least 0, None for None, or raise."""
    if weights is None:
        return None
    array = as_numbers(weights, name)
    if array.shape != (n,):
        raise ValueError(f"{name} has shape {array.shape}: give one number per row, ({n},)")
    array = array.astype(np.float64)
    wrong = ~(np.isfinite(array) & (array >= 0))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise ValueError(f"{name}[{row}] = {array[row]:g}: give finite numbers of at least 0; 0 leaves a row out")
    return array


def as_row_weights(weights: Any, n: int, name: str = "sample_weight") -> Array | None:
    """Return `weights` (n,) as `Rows` has them, scaled to the mean 1; None where all rows count the same.

    Examples
    --------
    >>> as_row_weights([1, 3, 0, 4], 4)
    array([0.5, 1.5, 0. , 2. ])
    """
    array = as_weights(weights, n, name)
    if array is None or ((array == array[0]).all() and array[0] > 0):
        return None
    shares = array / (array.max() or 1.0)  # in units of the largest, so that no sum overflows
    if not shares.any():
        raise ValueError(f"{name} is zero in every row: some row has to count")
    return np.asarray(shares * (n / shares.sum()))


def as_one_or_many(x: Any, n_columns: int, name: str = "x") -> tuple[Any, bool]:
    """Return `x` with an axis of rows, and whether it was one row (n_columns,) without it.

    This is the rule of all methods of `MADE`: what is asked about one row is answered for one row, without the axis.
    """
    if isinstance(x, Rows):
        return x, False
    array = as_dense(x, name)
    if array.shape == (n_columns,):
        return array[None], True
    if array.ndim == 1:
        shape = f"1-dimensional with shape {array.shape}"
        raise ValueError(f"{name} is {shape}: give rows (n, {n_columns}), or one row ({n_columns},)")
    return array, False
