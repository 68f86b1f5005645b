"""Numbers of a fitted table, given back in the container that a person had."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from made_np.estimator.fitted import Fitted
from made_np.table.casting import filled
from made_np.table.look import Look
from made_np.table.table import Table
from made_np.typing import Floats

__all__ = ["completed", "drawn", "expected", "in_columns", "predicted"]

FRAMES = ("pandas", "polars", "pyarrow")
"""Containers of named columns that numbers about a table come back in."""
UNNAMED = ("numpy", "sparse")
"""Containers whose columns are told apart by their places, so that none may be missing."""


def drawn(fitted: Fitted, x: Floats) -> Any:
    """Return rows (n, D) of numbers as the container of fit.

    Columns that are left out of the model are absent, or gaps where columns are told apart by their places.
    """
    cells = fitted.columns.cells(x)
    look = fitted.look
    if look is None:
        return x
    if look.library in UNNAMED:
        return look.put_on(cells)
    kept = [d for d, column in enumerate(fitted.columns.each) if not column.left_out]
    return look.only(kept).put_on([cells[d] for d in kept])


def completed(fitted: Fitted, table: Table, x: Floats, like: Any) -> Any:
    """Return the cells of `table`, with its gaps filled from rows (n, D) of numbers, as the container `like`."""
    whole = [
        filled(column.reading.with_gaps(table.cells(d)), by)
        for d, (column, by) in enumerate(zip(fitted.columns.each, fitted.columns.cells(x), strict=True))
    ]
    return Look.of(like).filled(fitted.look).put_on(whole, getattr(like, "index", None))


def in_columns(values: Floats, like: Any) -> Any:
    """Return numbers (n, D) about the cells of `like` as a data frame with its names, or as they are if it is none."""
    look = Look.of(like)
    if look.library not in FRAMES:
        return values
    return replace(look, styles=()).put_on(values, getattr(like, "index", None))


def expected(fitted: Fitted, x: Floats, like: Any) -> Any:
    """Return cells for rows of numbers (n, D) in the container `like`; of columns left out of the model, gaps."""
    return Look.of(like).put_on(fitted.columns.cells(x), getattr(like, "index", None))


def predicted(fitted: Fitted, d: int, x: Floats, like: Any) -> Any:
    """Return numbers (n,) of column d as a column of the container `like`: of its dtype in fit, if that was such a one.

    Of a container of another sort it has the dtype that `like` has for this column, or else the one that it needs.
    """
    cells = fitted.columns.each[d].reading.cells(x)
    look = Look.of(like)
    index = getattr(like, "index", None)
    before = fitted.look
    if before is not None and before.library == look.library:
        return before.column(d, cells, index)
    name = d if before is None else before.names[d]
    if name in look.names:
        return look.column(look.names.index(name), cells, index)
    return replace(look, names=(name,), styles=()).column(0, cells, index)
