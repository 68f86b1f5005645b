"""Columns of answers, written to a table in which some rows have none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from made_np.table.raw import RawColumn
from made_np.typing import Ints

__all__ = ["below", "spread", "words"]


def spread(raw: RawColumn, rows: Ints, n: int) -> RawColumn:
    """Return a column of n rows that has these cells in `rows`, and gaps elsewhere.

    Examples
    --------
    >>> spread(RawColumn(np.array([7, 8]), np.array([False, False])), np.array([0, 2]), 3).gaps
    array([False,  True, False])
    """
    if len(rows) == n:
        return raw
    values = np.zeros(n, dtype=raw.values.dtype)
    gaps = np.ones(n, dtype=bool)
    values[rows] = raw.values
    gaps[rows] = raw.gaps
    return RawColumn(values, gaps, raw.dtype, raw.levels, raw.ordered, raw.digits)


def below(parts: Sequence[RawColumn]) -> RawColumn:
    """Return the cells of columns one below the other."""
    first = parts[0]
    gaps = np.concatenate([each.gaps for each in parts])
    if all(each.levels == first.levels and each.values.dtype == first.values.dtype for each in parts):
        values = np.concatenate([each.values for each in parts])
        return RawColumn(values, gaps, first.dtype, first.levels, first.ordered, first.digits)
    cells = np.full(len(gaps), None, dtype=object)
    cells[~gaps] = np.concatenate([each.known().astype(object) for each in parts])
    return RawColumn(cells, gaps, "object")


def words(cells: Sequence[object]) -> RawColumn:
    """Return a column of words, as objects are printed; None is a gap."""
    gaps = np.array([cell is None for cell in cells], dtype=bool)
    values = np.empty(len(cells), dtype=object)
    values[:] = [None if cell is None else str(cell) for cell in cells]
    return RawColumn(values, gaps, "object")
