"""Tables in files: .npy, .npz, .csv, .parquet.

============ ===============================================================================================
``.npy``     one array; its first axis counts rows, all others are columns (images become rows of pixels)
``.npz``     the array called ``x``, or the only one, or the one that is asked for as ``FILE.npz:NAME``;
             an array of strings called ``names`` names the columns
``.csv``     numbers separated by commas (semicolons, tabs), with or without a first line of names; an empty
             cell, ``nan``, ``NA``, ``null``, ``None`` or ``?`` is a gap
``.parquet`` numeric columns, by pyarrow; a null is a gap
============ ===============================================================================================

Row numbers that pandas or R wrote before the columns, without a name, are left out, with a warning. Nothing is ever
unpickled, and what is written appears under its name only when it is complete. No memory is taken that a damaged file
merely claims to need; a compressed one may hold 256 MiB, or 500 times its own size if that is more.
"""

from __future__ import annotations

import os
from pathlib import Path

from made_np.table.table import Table
from made_np.values import as_flag, as_path

__all__ = ["SUFFIXES", "Table", "read_table"]

SUFFIXES = (".npy", ".npz", ".csv", ".parquet")

StrPath = str | os.PathLike[str]


def read_table(path: StrPath, *, header: bool | None = None) -> Table:
    """Read a table of numbers.

    Parameters
    ----------
    path : path
        Ends in .npy, .npz (then ``:NAME`` may follow), .csv or .parquet.
    header : bool, optional
        Whether a .csv begins with a line of names; None: it does if nothing in that line is a number, or several cells
        are neither numbers nor gaps.

    Raises
    ------
    TypeError
        `path` is no path, or `header` none of True, False and None.
    FileNotFoundError
        There is no such file.
    ValueError
        Another kind of file, a damaged one, or one that holds something other than a table of numbers; the message
        names the file, and line and column where there are some. So it is for integers that float64 cannot hold.
    MemoryError
        A table that is sound, and larger than memory.
    ImportError
        A .parquet without pyarrow.

    Warns
    -----
    UserWarning
        A first column without a name that holds row numbers, or what pandas stored as an index, is left out.
    """
    file, name = split_path(as_path(path))
    suffix = suffix_of(file)
    header = None if header is None else as_flag(header, "header")
    if not Path(file).is_file():
        there = "a folder" if Path(file).is_dir() else "no ordinary file"
        what = there if Path(file).exists() else "not there"
        raise FileNotFoundError(f"{file} is {what}: give the path of a table that exists")
    # Only the reader that is needed is imported: a program should begin at once.
    if suffix == ".csv":
        from made_np.table.files.text import read_csv

        return read_csv(file, header)
    if suffix == ".parquet":
        from made_np.table.files.parquet import read_parquet

        return read_parquet(file)
    from made_np.table.files.arrays import read_numpy

    return read_numpy(file, name)


def split_path(text: str) -> tuple[str, str | None]:
    """Return the file and the name of ``FILE.npz:NAME``; no other colon means anything."""
    file, colon, name = text.rpartition(":")
    if colon and file.lower().endswith(".npz"):
        return file, name
    return text, None


def suffix_of(path: str) -> str:
    """Return how the name of a table's file ends, in small letters, or raise a `ValueError` if none ends so."""
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(f"{path}: a table is a file whose name ends in one of {', '.join(SUFFIXES)}")
    return suffix
