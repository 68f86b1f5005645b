"""Tables in files, as the command line reads and writes them: .npy, .npz, .csv, .parquet.

===========  ===============================================================================================
``.npy``     one array; its first axis counts rows, all others are columns (images become rows of pixels)
``.npz``     the array called ``x``, or the only one, or the one that is asked for as ``FILE.npz:NAME``;
             an array of strings called ``names`` names the columns
``.csv``     numbers separated by commas (semicolons, tabs), with or without a first line of names; an empty
             cell, ``nan``, ``NA``, ``null``, ``None`` or ``?`` is a gap
``.parquet`` numeric columns, by pyarrow; a null is a gap
===========  ===============================================================================================

Row numbers that pandas or R wrote before the columns, without a name, are left out, with a warning. Nothing is ever
unpickled, and what is written appears under its name only when it is complete. No memory is taken that a damaged file
merely claims to need; a compressed one may hold 256 MiB, or 500 times its own size if that is more.
"""

from __future__ import annotations

import os
from pathlib import Path

from made_np.files import atomic_write
from made_np.places import check_writable
from made_np.table.files.arrays import numpy_bytes, read_numpy
from made_np.table.files.parquet import parquet_bytes, read_parquet
from made_np.table.files.text import csv_bytes, read_csv
from made_np.table.table import Table
from made_np.typing import Array
from made_np.validation import as_numbers
from made_np.values import as_a, as_flag, as_path, show

__all__ = ["SUFFIXES", "Table", "check_target", "read_table", "write_table"]

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
    file, name = _split(as_path(path))
    suffix = _suffix(file)
    header = None if header is None else as_flag(header, "header")
    if not Path(file).is_file():
        there = "a folder" if Path(file).is_dir() else "no ordinary file"
        what = there if Path(file).exists() else "not there"
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
    TypeError, ValueError
        `values` is no table of numbers, the wrong number of names, one of them twice, or the name of another kind of
        file.
    ImportError
        A .parquet without pyarrow.
    OSError
        The folder is missing, or the disk refuses.
    """
    suffix = check_target(path)
    values = as_numbers(values, "values")
    if values.ndim != 2:
        raise ValueError(f"values has shape {values.shape}: a table is (n, D)")
    if names is not None:
        _check_names(names, values.shape[1])
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
    TypeError, ValueError, OSError
        As `made_np.places.check_writable`.
    """
    suffix = _suffix(as_path(path))
    check_writable(path)
    return suffix


def _check_names(names: list[str], n_columns: int) -> None:
    """Raise an error unless `names` has one string for each column, each once."""
    for d, each in enumerate(as_a(names, "names", list, "give a list of strings")):
        as_a(each, f"names[{d}]", str, "give a string")
    if len(names) != n_columns:
        raise ValueError(f"names lists {len(names)}: give one for each of the {n_columns} columns of values")
    if len(set(names)) < n_columns:
        raise ValueError(f"names={show(names)} has one name twice: give each column a name of its own")


def _split(text: str) -> tuple[str, str | None]:
    """Split ``FILE.npz:NAME``; no other colon means anything."""
    file, colon, name = text.rpartition(":")
    if colon and file.lower().endswith(".npz"):
        return file, name
    return text, None


def _suffix(path: str) -> str:
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(f"{path}: a table is a file whose name ends in one of {', '.join(SUFFIXES)}")
    return suffix
