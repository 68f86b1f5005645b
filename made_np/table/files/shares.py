"""Tables in files of which each of several readers takes a share of the rows.

A .npy file is mapped into memory; of a .parquet, .feather or .arrow file only the parts are read that hold the share.
Every other file is read whole, since all its rows tell what its columns hold, and the rest is then forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from made_np.table.files import STREAM, check_there, read_table, split_path, suffix_of
from made_np.table.joining import Head, joined, joined_cells
from made_np.table.table import Table
from made_np.values import as_count, as_path

__all__ = ["read_share"]

ARROW = ".feather", ".arrow"


def read_share(path: Any, rank: int, size: int, **how: Any) -> Table:
    """Return the rows of reader `rank` out of `size`, perhaps none; they follow those of the reader before.

    Parameters
    ----------
    path : path
        As `read_table` takes it; but "-", which only one reader can have.
    rank, size : int
    **how
        Of a text, as `read_table` takes it.

    Raises
    ------
    Exception
        As `read_table`.
    """
    size = as_count(size, "size")
    rank = as_count(rank, "rank", 0, size - 1)
    file, name = split_path(as_path(path))
    if file == STREAM:
        raise ValueError("standard input has one reader, and here are several ranks: give the path of a file")
    suffix = suffix_of(file)
    check_there(file)

    def share(n: int) -> tuple[int, int]:
        return n * rank // size, n * (rank + 1) // size

    if suffix == ".npy":
        from made_np.table.files.arrays import read_numpy

        table = read_numpy(file, name, mapped=True)
        start, stop = share(table.n_rows)
        return Table.of(table.values[start:stop], table.source.at(start)) if stop > start else table.take(slice(0))
    if suffix == ".parquet":
        from made_np.table.files.parquet import read_parquet

        return read_parquet(file, share)
    if suffix in ARROW:
        from made_np.table.files.sheets import read_arrow_share

        return read_arrow_share(file, share)
    table = read_table(path, **how)
    return _kept(table, np.arange(*share(table.n_rows)))


def _kept(table: Table, rows: Sequence[int] | Any) -> Table:
    """Return some rows of a table, which keep nothing of the others in memory."""
    part = table.take(rows)
    cells = [joined_cells([part.cells(d)]) for d in range(part.n_columns)]
    return joined([Head.of(part)], cells)
