"""Rows that a model cannot read: each is told, while the others are answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from made_np.cli.notes import note
from made_np.estimator import MADEDensity
from made_np.table.table import Table
from made_np.typing import Ints

__all__ = ["readable", "refused"]

AT_ONCE = 1 << 19
"""So many numbers are looked at together."""
MOST_SHOWN = 20
"""So many rows are told one by one."""
HOPELESS = 1000
"""Where so many rows in the beginning cannot be read, none can."""


def readable(density: MADEDensity, table: Table) -> Ints:
    """Return the rows of a table that the model can read; tell the others, with what is wrong in them.

    Raises
    ------
    ValueError
        It can read none.
    """
    columns = density.columns_
    numbers = columns.read(table)

    def look(start: int, stop: int) -> None:
        x = numbers.read(start, stop)
        columns.encode(x, numbers.source.at(start))
        columns.told.inputs(x, numbers.source.at(start))

    step = max(1, AT_ONCE // table.n_columns)
    wrong: dict[int, str] = {}
    for first in range(0, table.n_rows, step):
        for row, error in refused(look, first, min(first + step, table.n_rows)):
            wrong[row] = error
            if len(wrong) == HOPELESS == row + 1:
                raise ValueError(f"{wrong[0]} (and none of the first {HOPELESS} rows can be read)")
    if len(wrong) == table.n_rows:
        raise ValueError(wrong[0] + (f" (and no other of the {len(wrong)} rows can be read)" if len(wrong) > 1 else ""))
    for error in list(wrong.values())[:MOST_SHOWN]:
        note(error)
    if wrong:
        more = f"{len(wrong) - MOST_SHOWN} more not shown; " if len(wrong) > MOST_SHOWN else ""
        note(f"{more}{len(wrong)} of {table.n_rows} rows cannot be read: their answers are empty")
    return np.setdiff1d(np.arange(table.n_rows), list(wrong))


def refused(look: Callable[[int, int], object], start: int, stop: int) -> Iterator[tuple[int, str]]:
    """Yield the rows in ``start..stop - 1`` that `look` raises an error for, in order, with what it says.

    Examples
    --------
    >>> def look(start, stop):
    ...     if start <= 3 < stop:
    ...         raise ValueError("three")
    >>> list(refused(look, 0, 10))
    [(3, 'three')]
    """
    try:
        look(start, stop)
    except (ValueError, TypeError) as error:
        if stop == start + 1:
            yield start, str(error)
            return
        middle = (start + stop) // 2
        yield from refused(look, start, middle)
        yield from refused(look, middle, stop)
