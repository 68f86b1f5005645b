"""Numbers of a fitted table, given back in the container that a person had."""

from __future__ import annotations

from typing import Any

from made_np.estimator.fitted import Fitted
from made_np.table.look import Look
from made_np.table.table import Table
from made_np.typing import Floats

__all__ = ["completed", "drawn"]

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
    filled = [table.cells(d).filled(by) for d, by in enumerate(fitted.columns.cells(x))]
    look = Look.of(like)
    if look is None:
        return x
    return look.filled(fitted.look).put_on(filled, getattr(like, "index", None))
