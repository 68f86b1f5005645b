"""Tables in files, as the command line reads and writes them: .npy, .npz, .csv, .parquet.

===========  ===============================================================================================
``.npy``     one array; its first axis counts rows, all others are columns (images become rows of pixels)
``.npz``     the array called ``x``, or the only one, or the one that is asked for as ``FILE.npz:NAME``;
             an array of strings called ``names`` names the columns
``.csv``     numbers separated by commas (semicolons, tabs), with or without a first line of names; an empty
             cell or ``nan`` is a gap
``.parquet`` numeric columns, by pandas
===========  ===============================================================================================

Nothing is ever unpickled, and what is written appears under its name only when it is complete.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from made_np.files import atomic_write
from made_np.tables.arrays import numpy_bytes, read_numpy
from made_np.tables.parquet import parquet_bytes, read_parquet
from made_np.tables.table import Array, Table
from made_np.tables.text import csv_bytes, read_csv

__all__ = ["SUFFIXES", "Table", "check_place", "check_target", "read_table", "write_table"]

SUFFIXES = (".npy", ".npz", ".csv", ".parquet")

StrPath = str | os.PathLike[str]


def read_table(path: StrPath, *, header: bool | None = None) -> Table:
    """Read a table of numbers.

    Parameters
    ----------
    path : path
        Ends in .npy, .npz (then ``:NAME`` may follow), .csv or .parquet.
    header : bool, optional
        Whether a .csv begins with a line of names; None: it does if that line holds anything but numbers and gaps.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        Another kind of file, a damaged one, or one that holds something other than a table of numbers; the message
        names line and column.
    ImportError
        A .parquet without pandas or what it needs for that.
    """
    file, name = _split(path)
    suffix = _suffix(file)
    if not Path(file).is_file():
        what = "a folder" if Path(file).is_dir() else "not there"
        raise FileNotFoundError(f"{file} is {what}: give the path of a table that exists")
    if suffix == ".csv":
        return read_csv(file, header)
    if suffix == ".parquet":
        return read_parquet(file)
    return read_numpy(file, name)


def write_table(path: StrPath, values: Array, names: list[str] | None = None) -> None:
    """Write rows (n, D), completely or not at all; `names` are kept where the kind of file has room for them.

    Numbers in a .csv are the shortest that read back as the same number; gaps are written as ``nan``.

    Raises
    ------
    ValueError
        `values` is no table, the wrong number of names, or the name of another kind of file.
    ImportError
        A .parquet without pandas or what it needs for that.
    OSError
        The folder is missing, or the disk refuses.
    """
    suffix = check_target(path)
    values = np.asarray(values)
    if values.ndim != 2:
        raise ValueError(f"values has shape {values.shape}: a table is (n, D)")
    if names is not None and len(names) != values.shape[1]:
        raise ValueError(f"names lists {len(names)}: give one for each of the {values.shape[1]} columns")
    if suffix == ".csv":
        content = csv_bytes(values, names)
    elif suffix == ".parquet":
        content = parquet_bytes(values, names)
    else:
        content = numpy_bytes(suffix, values, names)
    with atomic_write(path) as file:
        file.write(content)


def check_target(path: StrPath) -> str:
    """Return how the name of a table ends, or raise if none can be written there: a check before long work.

    Raises
    ------
    ValueError
        The name of another kind of file.
    OSError
        The folder is missing, or there is a folder of that name.
    """
    suffix = _suffix(path)
    check_place(path)
    return suffix


def check_place(path: StrPath) -> None:
    """Raise an `OSError` if no file can be written at `path`: its folder is missing, or it is a folder itself."""
    target = Path(path)
    if target.is_dir():
        raise IsADirectoryError(f"{target} is a folder: give the path of a file")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"cannot write {target}: make the folder {target.parent} first")


def _split(path: StrPath) -> tuple[str, str | None]:
    """Split ``FILE.npz:NAME``; no other colon means anything."""
    text = os.fspath(path)
    file, colon, name = text.rpartition(":")
    if colon and file.lower().endswith(".npz"):
        return file, name
    return text, None


def _suffix(path: StrPath) -> str:
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(f"{os.fspath(path)}: a table is a file whose name ends in one of {', '.join(SUFFIXES)}")
    return suffix
