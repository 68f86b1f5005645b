"""Arguments that are arrays or lists: refused before any work, in words that say what to give.

`values` does the same for single values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set, Sized
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .values import as_count, show

Array: TypeAlias = NDArray[Any]

MOST_FEATURES = 2**16
"""More columns would need more memory for who depends on whom than a machine has."""

MOST_NUMBERS = 2**24
"""No list is longer, and no rows that a check draws hold more numbers."""

LARGEST = 1e100
"""Differences about a larger number may overflow."""

MODERATE = "[-1e100, 1e100]"
"""The interval of numbers that are not too large."""


def told(error: Exception) -> str:
    """Return how messages write an exception, whatever its class makes of itself.

    >>> told(ValueError("no rows"))
    'ValueError: no rows'
    """
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:
        return type(error).__name__


def attribute_of(value: Any, name: str) -> Any:
    """An attribute of somebody's object, or None where there is none to be had."""
    try:
        return getattr(value, name, None)
    except Exception:  # whatever it makes of the question
        return None


def as_array(value: Any, name: str) -> Array:
    """Return `value` as an array, without a copy where it is one, or raise a `ValueError`."""
    try:
        if isinstance(value, range) and len(value) > MOST_NUMBERS:
            raise ValueError(f"it has more than {MOST_NUMBERS} entries")
        return np.asarray(value)
    except Exception as error:  # ragged, or whatever an __array__ of anyone's says
        raise ValueError(f"{name}={show(value)} is no array ({told(error)}): give a NumPy array") from None


def as_numbers(value: Any, name: str) -> Array:
    """Return `value` as an array of real numbers, or raise."""
    array = as_array(value, name)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name}={show(value)} has dtype {array.dtype}: give real numbers")
    return array


def as_list(value: Any, name: str, way_out: str) -> list[Any]:
    """Return the entries of a list, a tuple, an array or another collection with an order, or raise.

    Examples
    --------
    >>> as_list((1, 2), "skips", "give a list of masks")
    [1, 2]
    """
    no_list = (str, bytes, Mapping, Set)
    if isinstance(value, no_list) or not (isinstance(value, Iterable) and isinstance(value, Sized)):
        raise TypeError(f"{name}={show(value)} is a {type(value).__name__}: {way_out}")
    try:
        if len(value) > MOST_NUMBERS:
            raise ValueError(f"{name}={show(value)} has more than {MOST_NUMBERS} entries: {way_out}")
        return list(value)
    except TypeError:  # an array of no dimension has no length
        raise TypeError(f"{name}={show(value)} is no list: {way_out}") from None


def as_flags(value: Any, like: Array, name: str, whose: str) -> NDArray[np.bool_]:
    """Return `value` as a boolean array with the shape of another array, or raise."""
    array = as_array(value, name)
    if array.dtype != np.bool_ or array.shape != like.shape:
        raise ValueError(f"{name} must be boolean {like.shape} as {whose} is, got {array.dtype} {array.shape}")
    return array


def as_point(x: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return a copy of a (P,) vector of finite float64 numbers, or raise."""
    point = np.array(as_numbers(x, name))
    if point.dtype in (np.float32, np.float16):
        raise ValueError(
            f"{name} is {point.dtype}: differences in it have no correct digits. Check the gradient in "
            "float64, then compare the float32 gradient with that one by check_close"
        )
    if point.dtype != np.float64 or point.ndim != 1:
        raise ValueError(
            f"{name} must be a float64 vector (P,), got {point.dtype} {point.shape}; use np.ravel({name}).astype(float)"
        )
    if not point.size:
        raise ValueError(f"{name} is empty: give at least one number")
    return _moderate(point, name)


def as_inputs(inputs: Any, names_of: Callable[[int], list[str]] | None = None) -> list[Array]:
    """Return copies of what a layer takes, or raise: float64 arrays to be differentiated, others to be handed on.

    ``names_of(n)`` are the names of n inputs, for messages.
    """
    way_out = "give a tuple of arrays, (x,) for a single one"
    if isinstance(inputs, np.ndarray):
        raise TypeError(f"inputs is {show(inputs)}: {way_out}")
    arrays = [np.array(as_array(value, f"inputs[{i}]")) for i, value in enumerate(as_list(inputs, "inputs", way_out))]
    for i, array in enumerate(arrays):
        if array.dtype.kind not in "biuf" or array.dtype in (np.float32, np.float16):
            raise ValueError(
                f"inputs[{i}] is {array.dtype}: differences need float64; compare a float32 layer "
                "with the float64 one by check_close"
            )
        if array.dtype.kind == "f":
            _moderate(array, f"inputs[{i}]")
    if not any(array.dtype.kind == "f" for array in arrays):
        whole = [i for i, array in enumerate(arrays) if array.dtype.kind in "iu"]
        if whole:
            name = f"inputs[{whole[0]}]" if names_of is None else names_of(len(arrays))[whole[0]]
            way_out = f"{name} is {arrays[whole[0]].dtype}, and only float64 arrays are differentiated: write 1.0 for 1"
        raise ValueError(f"inputs={show(inputs)} holds no float64 array to differentiate: {way_out}")
    return arrays


def as_frozen(frozen: Any, inputs: list[Array], labels: list[str]) -> list[NDArray[np.bool_]] | None:
    """Return a boolean array for each input of a layer, True for a cell that is frozen, or raise."""
    if frozen is None:
        return None
    given = as_list(frozen, "frozen", "give a list with a boolean array, or None, for each input")
    if len(given) != len(inputs):
        raise ValueError(f"frozen has {len(given)} entries for {len(inputs)} inputs")
    return [
        np.zeros(array.shape, dtype=bool) if flags is None else as_flags(flags, array, f"frozen for {label}", label)
        for flags, array, label in zip(given, inputs, labels, strict=True)
    ]


def as_features(n_features: Any) -> int:
    """Return D, or raise."""
    return as_count(n_features, "n_features", 1, MOST_FEATURES)


def as_n_rows(value: Any, name: str, width: int, least: int = 1) -> int:
    """Return a number of rows of that width, or raise: all of them must fit into memory."""
    return as_count(value, name, least, MOST_NUMBERS // width)


def _moderate(array: Array, name: str) -> Array:
    """Return `array` itself if differences about each of its numbers can be taken, or raise."""
    wrong = ~(np.abs(array) <= LARGEST)  # NaN is wrong, too
    if wrong.any():
        raise ValueError(f"{name} holds {array[wrong][0]}; every entry must be finite, and at most {LARGEST:g} in size")
    return array
