"""Cells that are Python objects, as arrays of NumPy where those hold them exactly."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from made_np.table.raw import RawColumn
from made_np.typing import Array, Bools
from made_np.values import REALS, show

__all__ = ["Entry", "cells_of_array", "cells_of_objects"]

Entry = Callable[[int], str]
"""How messages call the cell of a row."""

EXACT = 1 << 53
"""From here on, float64 does not hold every integer."""
TRUTHS = (bool, np.bool_)
WHOLE = (*TRUTHS, int, np.integer)
MOMENTS = (datetime.date, np.datetime64)
SPANS = (datetime.timedelta, np.timedelta64)
EXACT_NUMBERS = (Decimal, Fraction)
WORDS = (str, bytes)
MICROSECOND = datetime.timedelta(microseconds=1)


def cells_of_array(array: Array, entry: Entry, dtype: str = "") -> RawColumn:
    """Return the cells of an array (n,) of any dtype; a masked entry, NaN and NaT are gaps.

    Parameters
    ----------
    array : ndarray (n,)
    entry : callable
        How messages call the cell of a row.
    dtype : str
        What the dtype is called; by default, what NumPy calls it.

    Raises
    ------
    TypeError, ValueError
        A cell that no column of a table can hold: a complex number, a list, a dict.
    """
    dtype = dtype or str(array.dtype)
    kind = array.dtype.kind
    if isinstance(array, np.ma.MaskedArray):
        mask = np.ma.getmaskarray(array)
        held = np.array(array.data)
        if kind == "O":
            held[mask] = None
        raw = cells_of_array(held, entry, dtype)
        return RawColumn(raw.values, raw.gaps | mask, raw.dtype)
    if array.ndim > 1:  # each cell is an array, which is refused
        return cells_of_objects(_objects(list(array)), entry, dtype)
    if kind in "bui":
        return RawColumn(array, np.zeros(len(array), dtype=bool), dtype)
    if kind == "f":
        return RawColumn(array, np.isnan(array), dtype)
    if kind in "mM":
        return RawColumn(array, np.isnat(array), dtype)
    return cells_of_objects(array.astype(object), entry, dtype)


def cells_of_objects(values: Array, entry: Entry, dtype: str = "object") -> RawColumn:
    """Return cells that are any objects (n,): in an array of numbers or dates if they all are some.

    None, NaN, NaT and pandas.NA are gaps. Integers that no dtype holds, decimals and words stay objects; an object of
    another class is the word that it is printed as. A `dtype` "object" says which objects they are, where all are of
    one kind: "object[date]".
    """
    listed = list(values)
    gaps = np.fromiter(map(_is_gap, listed), dtype=bool, count=len(listed))
    known = [value for value, gap in zip(listed, gaps.tolist(), strict=True) if not gap] if gaps.any() else listed
    kinds = set(map(type, known))
    _check_zones(known, kinds, lambda place: entry(int(np.flatnonzero(~gaps)[place])))
    held, name = _narrowed(known, kinds)
    if held is None:
        held = _as_words(known, kinds, lambda place: entry(int(np.flatnonzero(~gaps)[place])))
    if dtype == "object" and name:
        dtype = f"object[{name}]"
    return RawColumn(held if len(known) == len(listed) else _spread(held, ~gaps), gaps, dtype)


def _spread(held: Array, known: Bools) -> Array:
    """Return an array with the values that are known at their places, and anything elsewhere."""
    spread = np.full(len(known), None) if held.dtype == object else np.zeros(len(known), dtype=held.dtype)
    spread[known] = held
    return spread


def _is_gap(value: Any) -> bool:
    """Whether an object stands for nothing known."""
    if value is None:
        return True
    kind = type(value)
    if kind is str or kind is int:
        return False
    if isinstance(value, (float, np.floating)):
        return bool(value != value)
    if isinstance(value, Decimal):
        return value.is_nan()
    if isinstance(value, (np.datetime64, np.timedelta64)):
        return bool(np.isnat(value))
    return kind.__name__ in ("NAType", "NaTType") and kind.__module__.startswith("pandas")


# ------------------------------------------------------------------------------------------ arrays of one kind


def _narrowed(known: list[Any], kinds: set[type]) -> tuple[Array | None, str]:
    """Return the cells as an array of one dtype, None if no dtype holds them; and what kind of objects they are."""
    if not kinds:
        return np.zeros(0), ""
    if _all(kinds, TRUTHS):
        return np.array(known, dtype=bool), "bool"
    if _all(kinds, WHOLE, but=np.timedelta64):
        return _whole(known), "int"
    if _all(kinds, (*REALS, Fraction), but=np.timedelta64):
        return _floats(known), "Fraction" if _all(kinds, Fraction) else "float"
    if _all(kinds, (*REALS, *EXACT_NUMBERS), but=np.timedelta64):
        return _objects(known), "Decimal" if _all(kinds, Decimal) else ""
    if _all(kinds, MOMENTS):
        is_day = not any(issubclass(kind, (datetime.datetime, np.datetime64)) for kind in kinds)
        if is_day:
            return np.array(known, dtype="M8[D]"), "date"
        return _moments(known), "datetime, UTC" if any(map(_is_aware, known)) else "datetime"
    if _all(kinds, SPANS):
        spans = [each.to_timedelta64() if hasattr(each, "to_timedelta64") else np.timedelta64(each) for each in known]
        return np.array(spans), "timedelta"
    if _all(kinds, datetime.time) and all(each.tzinfo is None for each in known):
        since = [datetime.datetime.combine(datetime.date.min, each) - datetime.datetime.min for each in known]
        return np.array([each // MICROSECOND for each in since], dtype="m8[us]"), "time"
    return None, "bytes" if _all(kinds, bytes) else ""


def _all(kinds: set[type], classes: type | tuple[type, ...], but: type | None = None) -> bool:
    """Whether all of some classes are subclasses of these."""
    return all(issubclass(kind, classes) and not (but and issubclass(kind, but)) for kind in kinds)


def _objects(known: list[Any]) -> Array:
    """Return an array of objects, whatever they are."""
    array = np.empty(len(known), dtype=object)
    array[:] = known
    return array


def _whole(known: list[Any]) -> Array:
    """Return integers in the dtype that holds them all, or as objects."""
    low = min(known)
    high = max(known)
    for dtype in (np.int64, np.uint64):
        if np.iinfo(dtype).min <= low and high <= np.iinfo(dtype).max:
            return np.array(known, dtype=dtype)
    return _objects([int(each) for each in known])


def _floats(known: list[Any]) -> Array:
    """Return real numbers in float64, or as objects if it does not hold one of the integers."""
    large = [each for each in known if isinstance(each, (int, np.integer)) and abs(int(each)) >= EXACT]
    return _objects(known) if large else np.array([float(each) for each in known])


def _moments(known: list[Any]) -> Array:
    """Return dates and times in the finest of their units, in UTC if they have a time zone."""
    if any(map(_is_aware, known)):
        known = [each.astimezone(datetime.timezone.utc).replace(tzinfo=None) for each in known]
    return np.array([each.to_datetime64() if hasattr(each, "to_datetime64") else np.datetime64(each) for each in known])


def _is_aware(moment: Any) -> bool:
    """Whether a moment has a time zone."""
    return getattr(moment, "tzinfo", None) is not None


def _check_zones(known: list[Any], kinds: set[type], entry: Entry) -> None:
    """Raise an error where some moments have a time zone: nobody knows when the others are."""
    if not kinds or not _all(kinds, MOMENTS):
        return
    aware = [_is_aware(each) for each in known]
    if any(aware) and not all(aware):
        has = aware.index(True)
        has_none = aware.index(False)
        raise ValueError(
            f"{entry(has)} = {show(known[has])} has a time zone, {entry(has_none)} = {show(known[has_none])} has none: "
            "give one to all of them, or to none"
        )


# ------------------------------------------------------------------------------------------ words, and what is none


def _as_words(known: list[Any], kinds: set[type], entry: Entry) -> Array:
    """Return cells as strings and plain numbers; raise for what is neither and has no word for itself."""
    if not _all(kinds, (*WORDS, *REALS)):
        for place, value in enumerate(known):
            _check(value, lambda place=place: entry(place))  # type: ignore[misc]
    return _objects(known if kinds == {str} else list(map(_word, known)))


def _check(value: Any, entry: Callable[[], str]) -> None:
    """Raise an error for a cell that is no word, no number, no date, and is not printed as one."""
    if isinstance(value, (complex, np.complexfloating)):
        raise ValueError(
            f"{entry()} = {show(value)}: Complex data not supported; pass the real and the imaginary parts side by side"
        )
    kind = type(value)
    has_words = any(name in vars(each) for each in kind.__mro__[:-1] for name in ("__str__", "__repr__"))
    if not getattr(kind, "__hash__", None) or isinstance(value, tuple) or not has_words or show(value).startswith("<"):
        raise TypeError(
            f"{entry()} = {show(value)} is a {kind.__name__}: every argument must be a string, a date or a real "
            "number; leave the column out, or make columns of what is in it"
        )


def _word(value: Any) -> Any:
    """Return a cell as a string, or as a number of Python's own."""
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    if isinstance(value, np.generic) and not isinstance(value, (np.datetime64, np.timedelta64, np.str_)):
        return value.item()
    return value if type(value) in (str, bool, int, float) else str(value)
