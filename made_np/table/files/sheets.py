"""Tables in files that a library reads as a whole: sheets, files of Arrow."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import numpy as np

from made_np.cells import FileSource
from made_np.messages import not_installed
from made_np.table.files import TableError, reading
from made_np.table.table import Table

__all__ = ["read_arrow", "read_arrow_share", "read_sheet"]

Share = Callable[[int], tuple[int, int]]
"""Where some of n rows begin, and where they end."""


def read_sheet(path: str) -> Table:
    """Return the first sheet of a file; its first line holds names."""
    try:
        import_module("openpyxl")
        import pandas
    except ImportError as error:
        raise not_installed(".xlsx needs pandas and", "openpyxl", "tables") from error
    with reading(path, "save it again, or as .csv"):
        frame = pandas.read_excel(path)
    return _checked(path, frame, list(map(str, frame.columns)))


def read_arrow(path: str) -> Table:
    """Return the table in a .feather or .arrow file."""
    try:
        import pyarrow.feather
    except ImportError as error:
        raise not_installed(".feather needs", "pyarrow", "tables") from error
    with reading(path, "save it again"):
        table = pyarrow.feather.read_table(path)
        table.validate(full=True)
    return _checked(path, table, table.column_names)


def read_arrow_share(path: str, share: Share) -> Table:
    """Return a share of the rows in a .feather or .arrow file; only the batches that hold them are read."""
    try:
        import pyarrow
        import pyarrow.feather
        import pyarrow.ipc
    except ImportError as error:
        raise not_installed(".feather needs", "pyarrow", "tables") from error
    with reading(path, "save it again"):
        one = pyarrow.ipc.IpcReadOptions(included_fields=[0])  # of the others nobody asks how many rows they have
        narrow = pyarrow.ipc.open_file(pyarrow.memory_map(path), options=one)
        ends = np.cumsum([narrow.get_batch(k).num_rows for k in range(narrow.num_record_batches)])
        start, stop = share(int(ends[-1]) if len(ends) else 0)
        stored = pyarrow.ipc.open_file(pyarrow.memory_map(path))
        first, last = np.searchsorted(ends, (start, max(stop - 1, start)), side="right").tolist()
        batches = [stored.get_batch(k) for k in range(first, min(last + 1, len(ends)))]
        skip = start - (int(ends[first - 1]) if first else 0)
        table = pyarrow.Table.from_batches(batches, stored.schema)
        table.validate(full=True)
    # A share without rows is still one with columns.
    whole = _checked(path, table, table.column_names)
    return Table.of(table.slice(skip, stop - start), whole.source.at(start)) if stop > start else whole.take(slice(0))


def _checked(path: str, frame: object, names: list[str]) -> Table:
    """Return a frame as the table of a file."""
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise TableError(f"{path}: two columns are called {twice!r}: give each a name of its own")
    with reading(path, "give a table with rows and columns"):
        return Table.of(frame, FileSource(path, names))
