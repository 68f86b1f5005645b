"""Cells put into columns of pandas."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from made_np.table.casting import Style, as_codes, as_dtype, as_unit, as_words
from made_np.table.raw import RawColumn
from made_np.table.to_numpy import array_of, natural

__all__ = ["levels_of", "to_pandas"]

INTERVAL = re.compile(r"[\[(](.+), (.+)[\])]")
UNITS = "s", "ms", "us", "ns"


def to_pandas(raw: RawColumn, style: Style) -> Any:
    """Return cells as a Series of the dtype, if that holds them; where it has no gap, of its nullable brother."""
    import pandas

    made = _extension(raw, style)
    if made is None:
        made = array_of(raw, style)
        kind = made.dtype.kind
        are_numbers = raw.levels is None and raw.values.dtype.kind in "buif" and not raw.gaps.all()
        if kind == "O" and are_numbers and style.dtype == "object":
            made = natural(raw)
        elif kind in "US":
            made = made.astype(object)
        elif kind in "mM" and np.datetime_data(made.dtype)[0] not in UNITS:
            made = made.astype(f"{made.dtype.str[1:3]}[s]")
    is_object = isinstance(made, np.ndarray) and made.dtype.kind == "O"
    return pandas.Series(made, dtype=object if is_object else None)


def levels_of(levels: tuple[Any, ...], dtype: str) -> Any:
    """Return levels as an index of their dtype, which may be one of intervals or of dates."""
    import pandas

    if dtype.startswith("interval"):
        return pandas.Index(_intervals(list(levels), dtype))
    if dtype == "object":
        return pandas.Index(list(levels), dtype=object)
    return pandas.Index(list(levels)).astype(dtype)


def _extension(raw: RawColumn, style: Style) -> Any:
    """Return cells as an array of pandas' own, None if the dtype is one of NumPy or does not hold them."""
    name = style.dtype
    if style.levels is not None and not name.endswith("[pyarrow]"):
        return _categories(raw, style)
    if name.endswith("[pyarrow]") and not name.startswith("string["):
        return _arrow(raw, style)
    if name.startswith(("datetime64[", "timedelta64[")):
        return _moments(raw, name)
    if name.startswith("period["):
        return _periods(raw, name[7:-1])
    if name.startswith("interval["):
        words = as_words(raw)
        return None if words is None else _intervals(list(words), name)
    if name.startswith("Sparse["):
        return _sparse(raw, name)
    if name.startswith(("string", "str")):
        return _strings(raw, name)
    return _nullable(raw, name)


def _categories(raw: RawColumn, style: Style) -> Any:
    """Return cells as a categorical of the levels that were declared."""
    import pandas

    codes = as_codes(raw, style.levels or ())
    if codes is None:
        return None
    levels = levels_of(style.levels or (), style.of or "object")
    return pandas.Categorical.from_codes(codes, categories=levels, ordered=style.ordered)


def _arrow(raw: RawColumn, style: Style) -> Any:
    """Return cells as an array of pyarrow within pandas."""
    import pandas

    from made_np.table.to_arrow import to_arrow

    name = style.dtype.removesuffix("[pyarrow]")
    made = to_arrow(raw, Style(name, style.levels, style.ordered, style.of))
    return pandas.arrays.ArrowExtensionArray(made)


def _moments(raw: RawColumn, name: str) -> Any:
    """Return dates, with the time zone that they had, or spans."""
    import pandas

    unit, _, zone = name.partition("[")[2].rstrip("]").partition(", ")
    made = as_unit(raw, "M8" if name.startswith("d") else "m8", unit)
    if made is None or not zone:
        return made
    return pandas.Series(made).dt.tz_localize("UTC").dt.tz_convert(zone).array


def _periods(raw: RawColumn, freq: str) -> Any:
    """Return periods, each the one that a moment lies in."""
    import pandas

    known = raw.known()
    if known.dtype.kind != "M" and len(known):
        return None
    unit = np.datetime_data(known.dtype)[0] if len(known) else "s"
    moments = as_unit(raw, "M8", unit if unit in UNITS else "s")
    return None if moments is None else pandas.Series(moments).dt.to_period(freq).array


def _intervals(words: list[Any], name: str) -> Any:
    """Return intervals, None being none, of the words that they are printed as."""
    import pandas

    subtype, _, closed = name.removeprefix("interval[").rstrip("]").rpartition(", ")
    ends: list[list[Any]] = [[], []]
    for word in words:
        match = INTERVAL.fullmatch(word) if word is not None else None
        for side in range(2):
            ends[side].append(None if match is None else match.group(side + 1))
    dates = "date" in subtype or "time" in subtype
    to = "object" if dates else "float64"
    columns = [pandas.Series(side, dtype="object").astype(to) for side in ends]
    if not any(word is None for word in words) or dates:
        columns = [column.astype(subtype) for column in columns]
    return pandas.arrays.IntervalArray.from_arrays(*columns, closed=closed)


def _sparse(raw: RawColumn, name: str) -> Any:
    """Return cells as a sparse array."""
    import pandas

    dtype = pandas.SparseDtype.construct_from_string(name.partition(",")[0] + "]")
    fill = name.partition(", ")[2].rstrip("]")
    dense = array_of(raw, Style(str(dtype.subtype)))
    if dense.dtype != dtype.subtype:
        return dense
    value = {"nan": np.nan, "True": True, "False": False}.get(fill)
    return pandas.arrays.SparseArray(dense, fill_value=dtype.subtype.type(fill) if value is None else value)


def _strings(raw: RawColumn, name: str) -> Any:
    """Return words in an array of strings."""
    import pandas

    words = as_words(raw)
    if words is None:
        return None
    if isinstance(pandas.api.types.pandas_dtype(name), np.dtype):  # before pandas 3 it is Python's str: a gap is a word
        return np.array(words, dtype=object)
    try:
        return pandas.array(words, dtype=name)
    except ImportError:  # pyarrow kept them
        return pandas.array(words, dtype="string")


def _nullable(raw: RawColumn, name: str) -> Any:
    """Return cells in a dtype with a mask: the one that is named, or the brother of one that has no gaps."""
    import pandas

    if name in ("bool", "boolean"):
        inner = "bool"
    else:
        inner = name.lower()
    is_own = name == "boolean" or name[:1] in "IUF"
    if not re.fullmatch(r"bool|u?int\d+|float\d+", inner) or not (is_own or (raw.gaps.any() and inner[0] != "f")):
        return None
    values = as_dtype(raw, inner)
    if values is None:
        return None
    arrays = pandas.arrays
    kind = arrays.BooleanArray if inner == "bool" else arrays.FloatingArray if inner[0] == "f" else arrays.IntegerArray
    return kind(values.copy(), raw.gaps.copy())
