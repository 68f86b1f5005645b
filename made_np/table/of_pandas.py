"""Columns of pandas, as cells."""

from __future__ import annotations

from typing import Any

import numpy as np

from made_np.table.objects import Entry, cells_of_array, cells_of_objects
from made_np.table.raw import RawColumn

__all__ = ["cells_of_pandas", "plain_levels"]

UNITS = {"Y": "Y", "A": "Y", "Q": "M", "M": "M", "W": "D", "D": "D", "B": "D"}
"""The units in which periods begin, by the first letter of their frequency; all others begin at nanoseconds."""


def cells_of_pandas(column: Any, entry: Entry) -> RawColumn:
    """Return the cells of a Series of any dtype.

    Moments with a time zone are in UTC, periods are when they begin, intervals are words.
    """
    dtype = column.dtype
    name = dtype_name(dtype)
    if isinstance(dtype, np.dtype):
        return cells_of_array(column.to_numpy(), entry, "" if dtype.kind == "O" else name)
    if hasattr(dtype, "categories"):
        codes = column.cat.codes.to_numpy()
        levels = plain_levels(dtype.categories.tolist())
        return RawColumn(np.maximum(codes, 0), codes < 0, name, levels, bool(dtype.ordered))
    if hasattr(dtype, "pyarrow_dtype"):
        from made_np.table.of_arrow import cells_of_arrow

        return cells_of_arrow(column.array.__arrow_array__(), entry, name)
    gaps = column.isna().to_numpy(dtype=bool)
    if hasattr(dtype, "tz"):
        return RawColumn(column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy(), gaps, name)
    if hasattr(dtype, "freq"):
        unit = UNITS.get(name.removeprefix("period[")[:1], "ns")
        return RawColumn(column.dt.to_timestamp().to_numpy().astype(f"M8[{unit}]"), gaps, name)
    if hasattr(dtype, "sp_index") or hasattr(dtype, "fill_value"):
        return cells_of_array(column.sparse.to_dense().to_numpy(), entry, name)
    if hasattr(dtype, "numpy_dtype") and dtype.numpy_dtype.kind in "buif":  # with a mask beside it
        return RawColumn(column.to_numpy(dtype=dtype.numpy_dtype, na_value=0), gaps, name)
    cells = np.array(column.astype(object).to_numpy())
    cells[gaps] = None
    return cells_of_objects(cells, entry, name)


def dtype_name(dtype: Any) -> str:
    """Return what pandas calls a dtype, with what a string dtype keeps its words in."""
    if type(dtype).__name__ == "StringDtype" and str(dtype) == "string":
        return f"string[{dtype.storage}]"
    name = str(dtype)
    return "utf8[pyarrow]" if name == "string[pyarrow]" else name  # the other one that pandas prints so


def plain_levels(levels: list[Any]) -> tuple[Any, ...]:
    """Return levels as strings and plain numbers, which a file can hold."""
    plain = (each.item() if isinstance(each, (np.bool_, np.number)) else each for each in levels)
    return tuple(each if type(each) in (str, bool, int, float) else str(each) for each in plain)
