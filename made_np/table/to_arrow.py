"""Cells put into columns of pyarrow."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from made_np.table.casting import Style, as_codes, as_decimals, as_dtype, as_unit, as_words
from made_np.table.raw import RawColumn
from made_np.table.to_numpy import natural

__all__ = ["to_arrow", "type_of"]

CALL = re.compile(r"(decimal\d+)\((\d+), (-?\d+)\)")
STAMP = re.compile(r"timestamp\[(\w+), tz=(.+)\]")
DICTIONARY = re.compile(r"dictionary<values=(.+), indices=(\w+), ordered=(\d)>")
FIXED = re.compile(r"fixed_size_binary\[(\d+)\]")

COARSE = {"Y": "D", "M": "D", "W": "D", "D": "D", "h": "s", "m": "s"}
"""Units that pyarrow does not have, with the next one that it has: days are those of dates alone."""


def to_arrow(raw: RawColumn, style: Style) -> Any:
    """Return cells as an array of the type, if that holds them, else of one that does."""
    import pyarrow

    made = _of_type(raw, style, type_of(style.dtype))
    if made is not None:
        return made
    are_numbers = raw.levels is None and raw.values.dtype.kind in "buif"
    values = raw.values if are_numbers else natural(raw)
    if values.dtype.kind in "mM":
        unit = COARSE.get(np.datetime_data(values.dtype)[0])
        unit = "s" if unit == "D" and values.dtype.kind == "m" else unit
        values = values if unit is None else values.astype(f"{values.dtype.str[1:3]}[{unit}]")
    return pyarrow.array(values, mask=raw.gaps)


def type_of(name: str) -> Any:
    """Return the type that pyarrow calls so; None where that is no type that a column of a table has."""
    import pyarrow

    call = CALL.fullmatch(name)
    if call is not None:
        return getattr(pyarrow, call.group(1))(int(call.group(2)), int(call.group(3)))
    stamp = STAMP.fullmatch(name)
    if stamp is not None:
        return pyarrow.timestamp(stamp.group(1), stamp.group(2))
    dictionary = DICTIONARY.fullmatch(name)
    if dictionary is not None:
        values, indices, ordered = dictionary.groups()
        return pyarrow.dictionary(type_of(indices), type_of(values), ordered=ordered == "1")
    fixed = FIXED.fullmatch(name)
    if fixed is not None:
        return pyarrow.binary(int(fixed.group(1)))
    try:
        return pyarrow.type_for_alias(name)
    except ValueError:
        return None


def _of_type(raw: RawColumn, style: Style, kind: Any) -> Any:
    """Return cells as an array of a type, None if it does not hold them."""
    import pyarrow

    if kind is None:
        return None
    kinds = pyarrow.types
    if kinds.is_null(kind):
        return pyarrow.nulls(len(raw)) if raw.gaps.all() else None
    if kinds.is_dictionary(kind):
        return _dictionary(raw, style, kind)
    if kinds.is_decimal(kind):
        decimals = as_decimals(raw, kind.scale)
        return None if decimals is None else pyarrow.array(decimals, kind)
    if kinds.is_boolean(kind) or kinds.is_integer(kind) or kinds.is_floating(kind):
        numbers = as_dtype(raw, kind.to_pandas_dtype())
        return None if numbers is None else pyarrow.array(numbers, kind, mask=raw.gaps)
    if kinds.is_temporal(kind):
        return _moments(raw, kind)
    words = as_words(raw)
    if words is None:
        return None
    if kinds.is_binary(kind) or kinds.is_large_binary(kind) or kinds.is_fixed_size_binary(kind):
        return pyarrow.array([word if word is None else word.encode() for word in words], kind)
    return pyarrow.array(list(words), kind)


def _dictionary(raw: RawColumn, style: Style, kind: Any) -> Any:
    """Return cells as codes into the levels that were declared."""
    import pyarrow

    codes = as_codes(raw, style.levels or ())
    if codes is None:
        return None
    indices = pyarrow.array(np.maximum(codes, 0), mask=raw.gaps).cast(kind.index_type)
    levels = pyarrow.array(list(style.levels or ())).cast(kind.value_type)
    return pyarrow.DictionaryArray.from_arrays(indices, levels, ordered=kind.ordered)


def _moments(raw: RawColumn, kind: Any) -> Any:
    """Return dates, times of the day or spans."""
    import pyarrow

    kinds = pyarrow.types
    unit = "D" if kinds.is_date32(kind) else "ms" if kinds.is_date64(kind) else kind.unit
    letters = "M8" if kinds.is_timestamp(kind) or kinds.is_date(kind) else "m8"
    values = as_unit(raw, letters, unit)
    if values is None:
        return None
    whole = pyarrow.int32() if kind.bit_width == 32 else pyarrow.int64()
    return pyarrow.array(np.where(raw.gaps, 0, values.astype(np.int64)), mask=raw.gaps).cast(whole).cast(kind)
