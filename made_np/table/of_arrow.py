"""Columns of pyarrow, as cells."""

from __future__ import annotations

from typing import Any

import numpy as np

from made_np.table.objects import Entry, cells_of_objects
from made_np.table.of_pandas import plain_levels
from made_np.table.raw import RawColumn
from made_np.typing import Array

__all__ = ["cells_of_arrow"]


def cells_of_arrow(column: Any, entry: Entry, dtype: str = "") -> RawColumn:
    """Return the cells of an array of pyarrow, in chunks or not, of any type; moments with a time zone are in UTC."""
    import pyarrow

    kinds = pyarrow.types
    kind = column.type
    dtype = dtype or str(kind)
    gaps = np.asarray(column.is_null().to_numpy(zero_copy_only=False) if _is_one(column) else column.is_null())
    gaps = gaps.astype(bool)
    if kinds.is_null(kind):
        return RawColumn(np.zeros(len(gaps)), gaps, dtype)
    if kinds.is_dictionary(kind):
        codes, words = _codes(column)
        return RawColumn(codes, gaps, dtype, plain_levels(words), bool(kind.ordered))
    if kinds.is_decimal(kind):
        return RawColumn(_objects(column.to_pylist()), gaps, dtype, digits=max(kind.scale, 0))
    if kinds.is_boolean(kind) or kinds.is_integer(kind):
        return RawColumn(_filled(column, False if kinds.is_boolean(kind) else 0), gaps, dtype)
    if kinds.is_floating(kind):
        values = _filled(column, 0.0 if kind != pyarrow.float16() else pyarrow.scalar(np.float16(0), kind))
        return RawColumn(values, gaps | np.isnan(values), dtype)
    if kinds.is_temporal(kind):
        return RawColumn(_moments(column, kind, kinds), gaps, dtype)
    if kinds.is_string(kind) or kinds.is_large_string(kind) or str(kind) == "string_view":
        if str(kind) == "string_view":
            column = column.cast(pyarrow.string())
        codes, words = _codes(column.dictionary_encode())  # each word is kept once
        return RawColumn(_objects([*words, None])[np.where(gaps, len(words), codes)], gaps, dtype)
    return cells_of_objects(_objects(column.to_pylist()), entry, dtype)


def _is_one(column: Any) -> bool:
    """Whether a column is in one piece."""
    return not hasattr(column, "chunks")


def _filled(column: Any, value: Any) -> Array:
    """Return the values, with one of their kind in place of nulls."""
    filled = column.fill_null(value)
    return np.asarray(filled.to_numpy(zero_copy_only=False) if _is_one(filled) else filled.to_numpy())


def _codes(column: Any) -> tuple[Array, list[Any]]:
    """Return the codes of a dictionary column, and its words."""
    if not _is_one(column):
        column = column.unify_dictionaries()
        if not column.num_chunks:
            return np.zeros(0, dtype=np.int64), []
        codes = [_filled(chunk.indices, 0) for chunk in column.chunks]
        return np.concatenate(codes), column.chunk(0).dictionary.to_pylist()
    return _filled(column.indices, 0), column.dictionary.to_pylist()


def _moments(column: Any, kind: Any, kinds: Any) -> Array:
    """Return dates, times of the day and spans of time in the unit of their type."""
    import pyarrow

    if kinds.is_date32(kind):
        letters = "M8[D]"
    elif kinds.is_date64(kind):
        letters = "M8[ms]"
    else:
        letters = f"{'M8' if kinds.is_timestamp(kind) else 'm8'}[{kind.unit}]"
    whole = pyarrow.int32() if kind.bit_width == 32 else pyarrow.int64()
    return _filled(column.cast(whole), 0).astype(np.int64).view(letters)


def _objects(cells: list[Any]) -> Array:
    """Return an array of objects, whatever they are."""
    array = np.empty(len(cells), dtype=object)
    array[:] = cells
    return array
