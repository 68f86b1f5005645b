"""Cells put into arrays of NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from made_np.table.casting import Style, as_dtype, as_objects, as_unit, as_words, spread
from made_np.table.raw import RawColumn
from made_np.typing import Array

__all__ = ["array_of", "natural", "table_of"]


def array_of(raw: RawColumn, style: Style) -> Array:
    """Return cells in the dtype of a column, if that holds them; gaps as NaN, NaT or None, in a dtype that has one."""
    if style.dtype.startswith("object"):
        return as_objects(raw, style.dtype.removeprefix("object").strip("[]"))
    try:
        dtype = np.dtype(style.dtype)
    except TypeError:
        return natural(raw)
    made = None
    if dtype.kind in "buif":
        made = _numbers(raw, dtype)
    elif dtype.kind in "mM":
        made = as_unit(raw, dtype.str[1:3], np.datetime_data(dtype)[0])
    elif dtype.kind in "US" and not raw.gaps.any():
        made = _strings(raw, dtype)
    return natural(raw) if made is None else made


def _strings(raw: RawColumn, dtype: np.dtype[Any]) -> Array | None:
    """Return words as strings, or as bytes, of at least the length of the dtype; None if a cell is no word."""
    words = as_words(raw)
    if words is None:
        return None
    made = np.array([each.encode() for each in words] if dtype.kind == "S" else words.tolist(), dtype=dtype.kind)
    return made.astype(dtype) if made.dtype.itemsize <= dtype.itemsize else made


def natural(raw: RawColumn) -> Array:
    """Return cells as an array that holds them all, gaps as NaN, NaT or None."""
    known = raw.known()
    if known.dtype.kind in "buif":
        return known if not raw.gaps.any() else spread(raw, known.astype(np.float64), np.nan)
    if known.dtype.kind in "mM":
        return spread(raw, known, np.array("NaT", dtype=known.dtype))
    return as_objects(raw)


def _numbers(raw: RawColumn, dtype: np.dtype[Any]) -> Array | None:
    """Return cells in a dtype of real numbers, or in float64 where it has no gap."""
    values = as_dtype(raw, dtype if dtype.kind == "f" or not raw.gaps.any() else np.float64)
    if values is not None and raw.gaps.any():
        values = values.copy()
        values[raw.gaps] = np.nan
    return values


def table_of(columns: Sequence[RawColumn], styles: Sequence[Style]) -> Array:
    """Return columns as one array (n, D), of a dtype that holds them all."""
    arrays = [array_of(raw, style) for raw, style in zip(columns, styles, strict=True)]
    kinds = {array.dtype.kind for array in arrays}
    if len({array.dtype for array in arrays}) > 1 and not kinds <= set("buif") and not kinds <= set("U"):
        arrays = [
            array if array.dtype.kind == "O" else as_objects(raw) for array, raw in zip(arrays, columns, strict=True)
        ]
    return np.column_stack(arrays) if arrays[0].dtype.kind != "O" else np.array(arrays, dtype=object).T.copy()
