"""The constructor arguments of a model: what each may be, and the one form it is kept in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from made_np.blocks import NAMES, Outputs
from made_np.masks import ORDERS, as_array, check_permutation
from made_np.outputs import Distribution
from made_np.values import as_choice, as_count

Output = Distribution | tuple[Distribution, ...]
Order = str | tuple[int, ...] | tuple[tuple[int, ...], ...]
Degrees = str | tuple[tuple[int, ...], ...]


def as_hidden(hidden: object) -> tuple[int, ...]:
    """Return the widths of the hidden layers as a tuple of positive integers."""
    if isinstance(hidden, (str, bytes)) or not isinstance(hidden, (Sequence, np.ndarray)):
        raise TypeError(f"hidden={hidden!r}: give a sequence of widths such as (500,), or () for none")
    return tuple(as_count(width, f"hidden[{k}]") for k, width in enumerate(hidden))


def as_dtype(dtype: Any) -> np.dtype[Any]:
    """Return the dtype, float32 or float64."""
    try:
        result = np.dtype(object if dtype is None else dtype)  # NumPy takes None for float64
    except TypeError:
        result = np.dtype(object)
    if result not in (np.dtype("float32"), np.dtype("float64")):
        raise ValueError(f"dtype={dtype!r}: use 'float32' or 'float64'")
    return result


def as_output(output: Any, n_features: int) -> Output:
    """Return one distribution for all features, or a tuple with one per feature if they differ."""
    each = Outputs.of(output, n_features).feature_outputs
    return each[0] if len(set(each)) == 1 else each


def as_order(order: Any, n_features: int, n_masks: int | None) -> Order:
    """Return an order as its name, one permutation, or one per mask set."""
    if isinstance(order, str):
        as_choice(order, "order", ORDERS)
        return order
    array = as_array(order, "order")
    if array.ndim != 2:
        return tuple(check_permutation(array, n_features).tolist())
    if len(array) != n_masks:
        raise ValueError(f"order holds {len(array)} permutations: set n_masks={len(array)} (it is {n_masks})")
    return tuple(tuple(check_permutation(each, n_features, f"order[{k}]").tolist()) for k, each in enumerate(array))


def output_config(output: Distribution) -> dict[str, Any]:
    """Return a distribution as JSON-able values: its name and its numbers."""
    (name,) = (name for name, kind in NAMES.items() if kind is type(output))
    return {"name": name, **asdict(output)}  # type: ignore[call-overload]


def outputs_from_config(config: list[dict[str, Any]]) -> Output:
    """Return what `Description.config` wrote for the argument `output`."""
    made = tuple(NAMES[each["name"]](**{k: v for k, v in each.items() if k != "name"}) for each in config)
    return made[0] if len(made) == 1 else made
