"""Tables of numbers in text, by Python alone."""

from __future__ import annotations

import numpy as np

from made_np.cells import FileSource
from made_np.messages import not_installed
from made_np.table.files import EXACT, TableError, table_of
from made_np.table.files.layout import MANY, Layout, first_column, number_in, refuse_ragged, scan
from made_np.table.table import Table
from made_np.typing import Floats, Ints
from made_np.values import show

__all__ = ["read_numbers"]


def read_numbers(path: str, layout: Layout) -> Table:
    """Return the numbers of a text; of one with words, say what reads it."""
    refuse_ragged(path, layout)
    rows = list(scan(path, layout))
    while layout.n_columns == 1 and rows and not rows[-1][1][0]:
        rows.pop()
    lines = np.array([line for line, _ in rows], dtype=np.int64)
    source = FileSource(path, layout.names, lines=lines)
    values = np.empty((len(rows), layout.n_columns))
    for row, (_, cells) in enumerate(rows):
        for column, cell in enumerate(cells):
            values[row, column] = _number(source, layout, row, column, cell)
    first = first_column(path, layout, _counts(values[:, 0]))
    names = None if layout.names is None else layout.names[first:]
    return table_of(FileSource(path, names, lines=lines, left_out=first), values[:, first:])


def _number(source: FileSource, layout: Layout, row: int, column: int, cell: str) -> float:
    """Return the number in a cell."""
    number = number_in(cell.replace(",", ".") if layout.decimal == "," else cell)
    if number is None:
        raise not_installed(
            f"{source.cell(row, column)}: {show(cell)} is no number, and words need", "pyarrow", "tables"
        )
    digits = cell.strip().lstrip("+-")
    if abs(number) >= EXACT and digits.isdigit() and int(digits) != abs(number):
        raise TableError(
            f"{source.cell(row, column)}: float64 does not hold {show(cell)}: leave the column out, or write smaller "
            "numbers (of identifiers, subtract the smallest)"
        )
    return number


def _counts(column: Floats | Ints) -> bool:
    """Whether a column counts many rows: 0, 1, 2, ... or 1, 2, 3, ...."""
    return len(column) >= MANY and column[0] in (0, 1) and bool((np.diff(column) == 1).all())
