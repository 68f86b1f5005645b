"""Cells turned into the kind of values that a dtype holds, where it holds them exactly."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from made_np.table.raw import RawColumn
from made_np.typing import Array, Ints
from made_np.values import REALS

__all__ = ["Style", "as_codes", "as_decimals", "as_dtype", "as_objects", "as_unit", "as_words", "filled", "spread"]

DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Style:
    """What a column of a container looks like.

    Attributes
    ----------
    dtype : str
        In the words of its library.
    levels : tuple, optional
        Those that it declares, as strings and plain numbers.
    ordered : bool
        Whether their order means something.
    of : str
        The dtype of the levels.
    """

    dtype: str = ""
    levels: tuple[Any, ...] | None = None
    ordered: bool = False
    of: str = ""


def spread(raw: RawColumn, known: Array, gap: Any = 0) -> Array:
    """Return values (n,) that have those that are known at their places, and `gap` elsewhere."""
    if not raw.gaps.any():
        return known
    values = np.full(len(raw), gap, dtype=known.dtype)
    values[~raw.gaps] = known
    return values


def filled(raw: RawColumn, other: RawColumn) -> RawColumn:
    """Return some cells with those of `other` in their gaps; each stays exactly as it is.

    Examples
    --------
    >>> cells = RawColumn(np.array([2**60 + 1, 0]), np.array([False, True]), "Int64")
    >>> filled(cells, RawColumn(np.array([0.0, 3.0]), np.array([False, False]))).values.tolist()
    [1152921504606846977, 3]
    """
    gaps = raw.gaps & other.gaps
    if raw.levels is not None and raw.levels == other.levels:
        values = np.where(raw.gaps, other.values, raw.values)
        return RawColumn(values, gaps, raw.dtype, raw.levels, raw.ordered)
    needed = RawColumn(other.values, other.gaps | ~raw.gaps, other.dtype, other.levels)
    new = needed.known()
    old = raw.known()
    if old.dtype.kind in "buif" and new.dtype.kind in "buif":
        cast = as_dtype(needed, old.dtype if old.dtype.kind != "f" else np.float64)
        new = new if cast is None else cast[~needed.gaps]
    kinds = {old.dtype.kind, new.dtype.kind}
    if len(kinds) > 1 and not (kinds <= set("buif") and (len(old) == 0 or np.abs(old.astype(float)).max() < 2.0**53)):
        old = old.astype(object)
    values = np.zeros(len(raw), dtype=np.result_type(old, new))
    values[~raw.gaps] = old
    values[~needed.gaps] = new
    return RawColumn(values, gaps, raw.dtype, digits=raw.digits)


def as_dtype(raw: RawColumn, dtype: Any) -> Array | None:
    """Return cells in a dtype of real numbers, 0 in gaps; None if it does not hold them (floats: to rounding)."""
    dtype = np.dtype(dtype)
    known = raw.known()
    if known.dtype.kind not in "buif":
        numbers = [_as_number(value) for value in known]
        if any(number is None for number in numbers):
            return None
        if dtype.kind == "f":
            known = np.array([float(number) for number in numbers])
        else:
            low, high = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
            if not all(number == int(number) and low <= number <= high for number in numbers):
                return None
            known = np.array([int(number) for number in numbers], dtype=dtype)
    with np.errstate(all="ignore"):
        cast = known.astype(dtype)
        if dtype.kind == "f":
            held = bool(np.isfinite(cast).all())
        else:
            held = bool(((cast == known) & ((cast < 0) == (known < 0))).all()) and not np.isnan(known).any()
    return spread(raw, cast) if held else None


def _as_number(value: Any) -> Any:
    """Return an object as a number of Python, None if it is none."""
    if isinstance(value, np.timedelta64) or not isinstance(value, (*REALS, Decimal)):
        return None
    return value.item() if isinstance(value, np.generic) else value


def as_codes(raw: RawColumn, levels: tuple[Any, ...]) -> Ints | None:
    """Return cells as codes of these levels, -1 in gaps; None if one is no such level."""
    place = {(isinstance(level, bool), level): code for code, level in enumerate(levels)}
    place |= {(False, level): code for code, level in enumerate(levels) if not isinstance(level, str)}
    values, inverse = _distinct(raw)
    codes = np.array([place.get((isinstance(v, bool), v), place.get((False, v), -1)) for v in values], dtype=np.int64)
    known = codes[inverse] if len(values) else np.zeros(0, dtype=np.int64)
    return None if (known < 0).any() else spread(raw, known, -1)


def _distinct(raw: RawColumn) -> tuple[list[Any], Ints]:
    """Return the different cells that are known, as objects of Python, and which of them each is."""
    if raw.levels is not None:
        return list(raw.levels), raw.values[~raw.gaps].astype(np.int64)
    known = raw.known()
    if known.dtype.kind in "buif":
        values, inverse = np.unique(known, return_inverse=True)
        return values.tolist(), inverse.reshape(-1)
    place: dict[Any, int] = {}
    inverse = np.array([place.setdefault(value, len(place)) for value in known], dtype=np.int64)
    return [value.item() if isinstance(value, np.generic) else value for value in place], inverse


def as_unit(raw: RawColumn, kind: str, unit: str, *, exact: bool = True) -> Array | None:
    """Return moments (kind "M8") or spans ("m8") in a unit, NaT in gaps; None if they are none, or not exact in it."""
    known = raw.known()
    if known.dtype.kind != kind[0]:
        return None if len(known) else np.full(len(raw), "NaT", dtype=f"{kind}[{unit}]")
    cast = known.astype(f"{kind}[{unit}]")
    if exact and not (cast.astype(known.dtype) == known).all():
        return None
    return spread(raw, cast, np.array("NaT", dtype=cast.dtype))


def as_words(raw: RawColumn) -> Array | None:
    """Return cells as objects, strings, None in gaps; None if one is no string."""
    known = raw.known()
    if not all(isinstance(value, str) for value in known):
        return None
    return spread(raw, known.astype(object), None)


def as_decimals(raw: RawColumn, digits: int | None = None) -> list[Any] | None:
    """Return cells as decimals, of so many digits if that is given, None in gaps; None if one is no number."""
    numbers = [_as_number(value) for value in raw.known()]
    if any(number is None for number in numbers):
        return None
    decimals = [each if isinstance(each, Decimal) else Decimal(repr(each + 0)) for each in numbers]
    if digits is not None:
        decimals = [round(each, digits) for each in decimals]
    return list(spread(raw, _objects(decimals), None))


def as_objects(raw: RawColumn, kind: str = "") -> Array:
    """Return cells as objects of Python, None in gaps; of a `kind` such as "int" or "date", where they are some."""
    known = raw.known()
    make = KINDS.get(kind)
    made = None if make is None else make(raw)
    if made is None:
        made = known.tolist() if known.dtype.kind in "buif" else list(known)
        if known.dtype.kind in "mM":
            made = list(known.astype(f"{known.dtype.str[1:3]}[us]").astype(object))
    return spread(raw, _objects(made), None)


def _objects(cells: list[Any]) -> Array:
    """Return an array (n,) of objects, whatever they are."""
    array = np.empty(len(cells), dtype=object)
    array[:] = cells
    return array


def _plain(dtype: type) -> Callable[[RawColumn], list[Any] | None]:
    """Return what makes plain numbers of the cells that are known."""

    def make(raw: RawColumn) -> list[Any] | None:
        if raw.values.dtype == object and dtype is int:  # of any size
            known = raw.known()
            return [int(each) for each in known] if all(isinstance(each, (int, np.integer)) for each in known) else None
        values = as_dtype(raw, np.int64 if dtype is int else dtype)
        return None if values is None else values[~raw.gaps].tolist()

    return make


def _timed(kind: str, unit: str) -> Callable[[RawColumn], list[Any] | None]:
    """Return what makes dates, datetimes or timedeltas of the cells that are known."""

    def make(raw: RawColumn) -> list[Any] | None:
        values = as_unit(raw, kind, unit, exact=False)
        return None if values is None else list(values[~raw.gaps].astype(object))

    return make


def _in_utc(raw: RawColumn) -> list[Any] | None:
    """Return datetimes that know that they are in UTC."""
    moments = _timed("M8", "us")(raw)
    return None if moments is None else [each.replace(tzinfo=datetime.timezone.utc) for each in moments]


def _times(raw: RawColumn) -> list[Any] | None:
    """Return times of the day, which cells hold as spans since midnight."""
    spans = _timed("m8", "us")(raw)
    return None if spans is None else [(datetime.datetime.min + each % DAY).time() for each in spans]


def _decimals(raw: RawColumn) -> list[Any] | None:
    """Return the cells that are known as decimals."""
    made = as_decimals(raw, raw.digits)
    return None if made is None else [each for each, gap in zip(made, raw.gaps, strict=True) if not gap]


def _fractions(raw: RawColumn) -> list[Any] | None:
    """Return the cells that are known as fractions: the nearest one with a denominator up to a million."""
    numbers = [_as_number(each) for each in raw.known()]
    return None if None in numbers else [Fraction(each).limit_denominator() for each in numbers]


def _bytes(raw: RawColumn) -> list[Any] | None:
    """Return the words that are known as bytes."""
    words = as_words(raw)
    return None if words is None else [word.encode() for word in words[~raw.gaps]]


KINDS: dict[str, Callable[[RawColumn], list[Any] | None]] = {
    "bool": _plain(bool),
    "int": _plain(int),
    "float": _plain(float),
    "date": _timed("M8", "D"),
    "datetime": _timed("M8", "us"),
    "datetime, UTC": _in_utc,
    "timedelta": _timed("m8", "us"),
    "time": _times,
    "Decimal": _decimals,
    "Fraction": _fractions,
    "bytes": _bytes,
}
"""What makes objects of a kind."""
