"""Columns of polars, as cells."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from made_np.table.objects import Entry, cells_of_objects
from made_np.table.raw import RawColumn

__all__ = ["cells_of_polars"]

LONG = "Int128", "UInt128"
SPANS = {"Datetime": "M8", "Duration": "m8"}
"""Of which kind their dtypes are in NumPy."""


def cells_of_polars(column: Any, entry: Entry) -> RawColumn:
    """Return the cells of a Series of any dtype; moments with a time zone are in UTC.

    The levels of an Enum are declared, those of a Categorical are not: it holds whatever words come.
    """
    polars: Any = import_module("polars")

    dtype = column.dtype
    name = str(dtype)
    base = name.partition("(")[0]
    gaps = column.is_null().to_numpy().astype(bool)
    if base == "Null":
        return RawColumn(np.zeros(len(column)), gaps, name)
    if dtype == polars.Boolean:
        return RawColumn(column.fill_null(False).to_numpy(), gaps, name)
    if dtype.is_float():
        values = column.fill_null(0.0).to_numpy()
        return RawColumn(values, gaps | np.isnan(values), name)
    if dtype.is_integer() and name not in LONG:
        return RawColumn(column.fill_null(0).to_numpy(), gaps, name)
    if base == "Enum":
        codes = column.to_physical().fill_null(0).to_numpy()
        return RawColumn(codes, gaps, base, tuple(dtype.categories.to_list()), ordered=False)
    if base == "Date":
        return RawColumn(column.to_physical().fill_null(0).to_numpy().astype("M8[D]"), gaps, name)
    if base in SPANS:
        letters = f"{SPANS[base]}[{dtype.time_unit}]"
        return RawColumn(column.to_physical().fill_null(0).to_numpy().view(letters), gaps, name)
    if base == "Time":
        return RawColumn(column.to_physical().fill_null(0).to_numpy().view("m8[ns]"), gaps, name)
    cells = np.empty(len(column), dtype=object)
    cells[:] = column.to_list()
    if base == "Decimal":
        return RawColumn(cells, gaps, name, digits=dtype.scale)
    return cells_of_objects(cells, entry, name)
