"""Tables in files: text, Parquet, Arrow, sheets, arrays of NumPy.

================ ===========================================================================================
``.csv``         text, ``.tsv`` and ``.txt`` too: cells between commas, semicolons, tabs, bars or blanks, with
                 or without a first line of names; an empty cell, ``nan``, ``NA``, ``null``, ``None`` or ``?``
                 is a gap. Words, dates and booleans need pyarrow; ``-`` is the text of standard input
``.csv.gz``      the same, compressed; ``.bz2``, ``.xz`` and ``.zst`` too
``.parquet``     by pyarrow, some rows at a time; a null is a gap
``.feather``     by pyarrow; ``.arrow`` too
``.xlsx``        the first sheet, by pandas
``.npy``         one array; its first axis counts rows, all others are columns (images become rows of pixels)
``.npz``         the array called ``x``, or the only one, or the one that is asked for as ``FILE.npz:NAME``;
                 an array of strings called ``names`` names the columns
================ ===========================================================================================

Row numbers that pandas or R wrote before the columns, without a name, are left out, with a warning. Nothing is ever
unpickled, and what is written appears under its name only when it is complete. No memory is taken that a damaged file
merely claims to need; a compressed one may hold 256 MiB, or 500 times its own size if that is more.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from made_np.cells import FileSource
from made_np.table.table import Table
from made_np.typing import Array
from made_np.values import as_a, as_flag, as_path, as_sequence

__all__ = ["SUFFIXES", "Table", "read_table"]

TEXTS = (".csv", ".tsv", ".txt")
WRITTEN = (".npy", ".npz", ".csv", ".parquet")
SUFFIXES = (".npy", ".npz", *TEXTS, ".parquet", ".feather", ".arrow", ".xlsx")
PACKED = (".gz", ".bz2", ".xz", ".zst")
STREAM = "-"
"""The path of standard input or output."""

StrPath = str | os.PathLike[str]

NAMES = "names"
"""The array of an archive that names the columns."""

EXACT = 1 << 53
"""From here on, float64 does not hold every integer."""
FREE = 1 << 28
RATIO = 500
"""So many bytes (256 MiB) are read of any compressed table, and more only up to so many times the size of the file."""
CLAIM = re.compile(r"of size (\d+)")
"""How pyarrow says what it could not get: a damaged length makes it ask for any number of bytes."""


class TableError(ValueError):
    """A `ValueError` whose message names the file, and says what to do."""


def read_table(
    path: StrPath,
    *,
    header: bool | None = None,
    sep: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    na: str | Sequence[str] = (),
) -> Table:
    """Read a table.

    Parameters
    ----------
    path : path
        Ends in one of the endings above; after .npz, ``:NAME`` may follow. "-" is text from standard input.
    header : bool, optional
        Of text: whether it begins with a line of names. None: it does if nothing in that line is a number, or several
        cells are words that stand over numbers.
    sep, decimal, encoding : str, optional
        Of text: what stands between cells (a blank is any number of them), what stands before decimals, and how letters
        are stored. None: found out; text is UTF-8, or UTF-16 with its mark.
    na : str, or sequence of str
        Of text: more words that stand for a gap.

    Raises
    ------
    TypeError
        An argument of another type.
    FileNotFoundError
        There is no such file.
    ValueError
        Another kind of file, a damaged one, or one that holds something other than a table; the message names the file,
        and line and column where there are some.
    MemoryError
        A table that is sound, and larger than memory.
    ImportError
        A file that needs a package which is not there.

    Warns
    -----
    UserWarning
        A first column without a name that holds row numbers, or what pandas stored as an index, is left out; or
        something in text was taken for what it may not be.
    """
    file, name = split_path(as_path(path))
    suffix = suffix_of(file)
    header = None if header is None else as_flag(header, "header")
    given = (na,) if isinstance(na, str) else as_sequence(na, "na", "words that stand for a gap")
    words = tuple(as_a(each, "na", str, "give words") for each in given)
    check_there(file)
    # Only the reader that is needed is imported: a program should begin at once.
    if suffix in TEXTS:
        from made_np.table.files.text import read_text

        return read_text(file, header, sep, decimal, encoding, words)
    if suffix in (".npy", ".npz"):
        from made_np.table.files.arrays import read_numpy

        return read_numpy(file, name)
    if suffix == ".parquet":
        from made_np.table.files.parquet import read_parquet

        return read_parquet(file)
    from made_np.table.files.sheets import read_arrow, read_sheet

    return read_sheet(file) if suffix == ".xlsx" else read_arrow(file)


def check_there(file: str) -> None:
    """Raise a `FileNotFoundError` unless there is such a file."""
    if file != STREAM and not Path(file).is_file():
        there = "a folder" if Path(file).is_dir() else "no ordinary file"
        what = there if Path(file).exists() else "not there"
        raise FileNotFoundError(f"{file} is {what}: give the path of a table that exists")


def split_path(text: str) -> tuple[str, str | None]:
    """Return the file and the name of ``FILE.npz:NAME``; no other colon means anything."""
    file, colon, name = text.rpartition(":")
    if colon and file.lower().endswith(".npz"):
        return file, name
    return text, None


def suffix_of(path: str) -> str:
    """Return how the name of a table's file ends, in small letters, or raise a `ValueError` if none ends so.

    What is compressed ends as what is in it: ".csv" for "a.csv.gz".
    """
    if path == STREAM:
        return ".csv"
    inner = Path(path)
    suffix = inner.suffix.lower()
    if suffix in PACKED:
        suffix = Path(inner.stem).suffix.lower()
        suffix = suffix if suffix in TEXTS else ""
    if suffix not in SUFFIXES:
        raise ValueError(
            f"{path}: a table is a file whose name ends in one of {', '.join(SUFFIXES)} (text also in .csv.gz and its "
            "like)"
        )
    return suffix


# ------------------------------------------------------------------------------------------ what readers share


@contextmanager
def reading(path: str, way_out: str) -> Iterator[None]:
    """Turn whatever a damaged file raises into one `TableError` that names it; there are a dozen types."""
    try:
        yield
    except (TableError, ImportError):
        raise
    except MemoryError as error:
        claimed = CLAIM.search(str(error))
        if claimed and path != STREAM:
            check_size(path, int(claimed.group(1)), os.path.getsize(path))
        raise
    except Exception as error:
        why = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise TableError(f"{path} cannot be read ({why[:200]}): {way_out}") from None


def check_size(path: str, n_bytes: int, stored: int) -> None:
    """Raise a `TableError`, before memory is taken, if `stored` bytes of a file claim to be far more than they can."""
    if n_bytes > FREE and n_bytes > RATIO * stored:
        raise TableError(
            f"{path} holds {stored} bytes that claim to be {n_bytes}, more than {RATIO} times as many: if that is "
            "right, save it as .npy, which is not compressed"
        )


def table_of(source: FileSource, values: Array) -> Table:
    """Return the array of a file as a table, all that lies behind its first axis in one row."""
    path = source.name
    names = source.names
    if values.dtype.kind not in "buif":
        raise TableError(f"{path} has dtype {values.dtype}: a table in such a file holds real numbers")
    if values.ndim < 2 or 0 in values.shape:
        raise TableError(f"{path} has shape {values.shape}: a table needs rows and columns, (n, D)")
    rows = values.reshape(len(values), math.prod(values.shape[1:]))
    if names is not None and len(names) != rows.shape[1]:
        raise TableError(f"{path} names {len(names)} columns and has {rows.shape[1]}: mend its array {NAMES!r}")
    if names is not None and len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise TableError(f"{path}: two columns are called {twice!r}: give each a name of its own")
    return Table.of(rows, source)
