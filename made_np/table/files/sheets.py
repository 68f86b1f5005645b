"""Tables in files that a library reads as a whole: sheets, files of Arrow."""

from __future__ import annotations

from importlib import import_module

from made_np.cells import FileSource
from made_np.messages import not_installed
from made_np.table.files import TableError, reading
from made_np.table.table import Table

__all__ = ["read_arrow", "read_sheet"]


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
    return _checked(path, table, table.column_names)


def _checked(path: str, frame: object, names: list[str]) -> Table:
    """Return a frame as the table of a file."""
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise TableError(f"{path}: two columns are called {twice!r}: give each a name of its own")
    with reading(path, "give a table with rows and columns"):
        return Table.of(frame, FileSource(path, names))
