"""What a person is told of a training table."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from made_np.cells import where
from made_np.columns.column import Column
from made_np.columns.odd import listed
from made_np.messages import tell
from made_np.table.table import Table

__all__ = ["tell_left_out", "tell_of_one_row"]

_logger = logging.getLogger("made_np.columns")


def tell_of_one_row(table: Table) -> None:
    """Say that a table has a single row, of which nothing is learned of any other."""
    if table.n_rows == 1:
        tell(_logger, f"{table.name} has one row: nothing is learned of any other. Give all rows at once", shown=True)


def tell_left_out(each: Sequence[Column | None]) -> None:
    """Say which columns are not in the model, in one line; None: a column of which a person said what it is."""
    left_out = [(d, column) for d, column in enumerate(each) if column is not None and column.left_out]
    found = [f"{where(d, column.name)}: {column.left_out}" for d, column in left_out]
    if found:
        way_out = "To have one in the model, say what it is: columns={name: 'count'}"
        tell(_logger, f"left out: {listed(found, '; ')}. {way_out}", shown=True)
