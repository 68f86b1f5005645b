"""What a person is told of a training table."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from made_np.cells import where
from made_np.columns.column import Column
from made_np.columns.kinds import DISCRETE, LEFT_OUT
from made_np.columns.odd import listed
from made_np.messages import tell, warn
from made_np.table.table import Table
from made_np.typing import Floats

__all__ = ["tell_left_out", "tell_of_one_row", "warn_of_header"]

_logger = logging.getLogger("made_np.columns")

WHOLE = (*DISCRETE, *LEFT_OUT, "count", "integer", "date", "constant")
"""Kinds of columns in which a whole number is nothing odd."""


def tell_of_one_row(table: Table) -> None:
    """Say that a table has a single row, of which nothing is learned of any other."""
    if table.n_rows == 1:
        tell(_logger, f"{table.name} has one row: nothing is learned of any other. Give all rows at once", shown=True)


def warn_of_header(table: Table, each: Sequence[Column], first: Floats) -> None:
    """Warn of a file without names whose `first` row seems to be some: whole numbers that rise, over others."""
    if not table.is_file or table.names is not None or len(first) < 2 or table.n_rows < 3:
        return
    is_rising = bool((first == np.floor(first)).all() and (np.diff(first) > 0).all())
    if is_rising and not any(column.kind in WHOLE for column in each):
        shown = ", ".join(f"{number:g}" for number in first[:3])
        warn(
            f"the first line of {table.name} ({shown}, ...) is read as numbers, but looks like names of columns. If it "
            "is, say so: header=True (--header yes)"
        )


def tell_left_out(each: Sequence[Column | None]) -> None:
    """Say which columns are not in the model, in one line; None: a column of which a person said what it is."""
    left_out = [(d, column) for d, column in enumerate(each) if column is not None and column.left_out]
    found = [f"{where(d, column.name)}: {column.left_out}" for d, column in left_out]
    if found:
        way_out = "To have one in the model, say what it is: columns={name: 'count'}"
        tell(_logger, f"left out: {listed(found, '; ')}. {way_out}", shown=True)
