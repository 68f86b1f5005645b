"""Tables written to files, completely or not at all."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from made_np.files import atomic_write
from made_np.messages import not_installed
from made_np.places import check_writable
from made_np.table.casting import Style
from made_np.table.files import STREAM, WRITTEN, StrPath, suffix_of
from made_np.table.files.arrays import numpy_bytes
from made_np.table.files.opening import pack
from made_np.table.frames import frame_of
from made_np.table.objects import cells_of_array
from made_np.table.raw import RawColumn
from made_np.table.reals import as_reals
from made_np.table.table import Table
from made_np.table.to_arrow import to_arrow
from made_np.typing import Array
from made_np.validation import as_numbers
from made_np.values import as_a, as_path, as_sequence, show

__all__ = ["check_target", "write_table"]


def write_table(path: StrPath, values: Any, names: Sequence[str] | None = None) -> None:
    """Write rows, completely or not at all; `names` are kept where the kind of file has room for them.

    Numbers in a .csv are the shortest that read back as the same number. Gaps are empty cells, in arrays ``nan``.

    Parameters
    ----------
    path : path
        Ends in .csv, .parquet, .npy or .npz; text may be compressed, as .csv.gz is. "-" is text to standard output.
    values : array of numbers (n, D), sequence of `RawColumn`, or data frame
        Words have a place in text and in .parquet.
    names : sequence of str, optional
        By default those of a data frame.

    Raises
    ------
    TypeError, ValueError
        `values` is no table, the wrong number of names, one of them twice, or the name of another kind of file.
    ImportError
        A .parquet without pyarrow.
    OSError
        The folder is missing, or the disk refuses.
    """
    suffix = check_target(path)
    columns, own = _columns_of(values)
    names = own if names is None else names
    if names is not None:
        _check_names(names, len(columns))
    array = values if isinstance(values, np.ndarray) else None
    if suffix == ".csv":
        content = csv_bytes(columns if array is None else as_numbers(array, "values"), names)
    elif suffix == ".parquet":
        content = parquet_bytes(columns, names)
    else:
        content = numpy_bytes(suffix, _numbers(columns) if array is None else as_numbers(array, "values"), names)
    if path == STREAM:
        sys.stdout.write(content.decode())
        return
    with atomic_write(path) as file:
        file.write(pack(content, as_path(path)))


def check_target(path: StrPath) -> str:
    """Return how the name of a table ends, or raise if none can be written there: a check before long work.

    Raises
    ------
    ValueError
        The name of another kind of file.
    TypeError, ValueError, OSError
        As `made_np.places.check_writable`.
    """
    suffix = suffix_of(as_path(path))
    if suffix not in WRITTEN:
        raise ValueError(f"{path}: a table is written to a file whose name ends in one of {', '.join(WRITTEN)}")
    if path != STREAM:
        check_writable(path)
    return suffix


def csv_bytes(values: Array | Sequence[RawColumn], names: Sequence[str] | None) -> bytes:
    """Return the content of the file: numbers without a needless point, gaps of an array of numbers as nan."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    if names is not None:
        writer.writerow(names)
    if not isinstance(values, np.ndarray):
        writer.writerows(zip(*map(_texts, values), strict=True))
    elif values.dtype.kind == "f":
        # str() of a NumPy number is the shortest text that reads back as the same number in its own precision.
        writer.writerows([str(cell).removesuffix(".0") for cell in row] for row in values)
    else:
        writer.writerows(values.astype(np.int64 if values.dtype.kind == "b" else values.dtype).tolist())
    return text.getvalue().encode()


def parquet_bytes(columns: Sequence[RawColumn], names: Sequence[str] | None) -> bytes:
    """Return the content of the file; columns without names are called x0, x1, ..."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise not_installed(".parquet needs", "pyarrow", "tables") from error
    buffer = io.BytesIO()
    arrays = [to_arrow(column, _style(column)) for column in columns]
    table = pyarrow.Table.from_arrays(arrays, names=list(names or ()) or [f"x{d}" for d in range(len(columns))])
    pyarrow.parquet.write_table(table, buffer)
    return buffer.getvalue()


def _style(column: RawColumn) -> Style:
    """Return how a file of pyarrow keeps a column: its levels, if it has some."""
    if column.levels is None:
        return Style(column.dtype)
    value = "string" if all(isinstance(level, str) for level in column.levels) else "int64"
    name = f"dictionary<values={value}, indices=int32, ordered={int(column.ordered)}>"
    return Style(name, column.levels, column.ordered)


def _columns_of(values: Any) -> tuple[list[RawColumn], list[str] | None]:
    """Return the columns of what is to be written, and the names that it has."""
    if isinstance(values, (list, tuple)) and values and all(isinstance(each, RawColumn) for each in values):
        if len({len(each) for each in values}) > 1:
            raise ValueError("values has columns of several lengths: give as many cells in each")
        return list(values), None
    if not isinstance(values, (Table, np.ndarray)) and frame_of(values, "values") is not None:
        values = Table.of(values, "values")
    if isinstance(values, Table):
        names = None if values.labels is None else list(map(str, values.labels))
        return [values.cells(d) for d in range(values.n_columns)], names
    array = as_numbers(values, "values")
    if array.ndim != 2:
        raise ValueError(f"values has shape {array.shape}: a table is (n, D)")
    return [cells_of_array(column, str) for column in array.T], None


def _texts(column: RawColumn) -> list[str]:
    """Return the cells of a column as text, empty for gaps."""
    known = column.known()
    if known.dtype.kind == "M":
        texts = [text.replace("T", " ") for text in np.datetime_as_string(known).tolist()]
    elif known.dtype.kind == "m":
        texts = list(map(str, known.astype("m8[us]").astype(object)))
    elif known.dtype.kind == "f":
        texts = [str(number).removesuffix(".0") for number in known]
    else:
        texts = list(map(str, known))
    cells = np.full(len(column), "", dtype=object)
    cells[~column.gaps] = texts
    return list(cells)


def _numbers(columns: Sequence[RawColumn]) -> Array:
    """Return columns as one array of numbers."""
    try:
        return np.column_stack([as_reals(column, lambda row: f"values, row {row}") for column in columns])
    except TypeError as error:
        raise TypeError(f"{error}; or write a .csv or a .parquet, which hold words") from None


def _check_names(names: Sequence[str], n_columns: int) -> None:
    """Raise an error unless `names` has one string for each column, each once."""
    for d, each in enumerate(as_sequence(names, "names", "a list of strings")):
        as_a(each, f"names[{d}]", str, "give a string")
    if len(names) != n_columns:
        raise ValueError(f"names lists {len(names)}: give one for each of the {n_columns} columns of values")
    if len(set(names)) < n_columns:
        raise ValueError(f"names={show(names)} has one name twice: give each column a name of its own")
