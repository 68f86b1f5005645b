"""Some columns of a store, in another order, beside columns of their own cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from made_np.cells import Source
from made_np.lazy import lazy
from made_np.table.casting import Style
from made_np.table.frames import Rows
from made_np.table.raw import RawColumn
from made_np.table.reals import as_reals
from made_np.table.stores import Store, by_columns, entries
from made_np.typing import Array, Bools, Floats

__all__ = ["Picked"]


@dataclass(frozen=True, eq=False)
class Picked:
    """Columns of a store, each by its place there, or cells (n,) that stand in no store.

    Attributes
    ----------
    store : Store
    columns : tuple of int or RawColumn, length D
    names : sequence of str or None
        What messages call the columns of the store.
    """

    store: Store
    columns: tuple[int | RawColumn, ...]
    names: Sequence[str] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, D)."""
        return self.store.shape[0], len(self.columns)

    @lazy
    def left_out(self) -> Bools | None:
        """Which columns (D,) are never read."""
        absent = self.store.left_out
        if absent is None:
            return None
        return np.array([isinstance(each, int) and bool(absent[each]) for each in self.columns])

    def cells(self, d: int, rows: Rows, source: Source) -> RawColumn:
        """Return these rows of one column."""
        own = self.columns[d]
        if isinstance(own, int):
            return self.store.cells(own, rows, replace(source, names=self.names))
        return replace(own, values=own.values[rows], gaps=own.gaps[rows])

    def read(self, rows: Rows, source: Source) -> Floats:
        """Return these rows in a new array."""
        return by_columns(self, rows, source)

    def column(self, d: int, rows: Rows, source: Source) -> Floats:
        """Return these rows of one column in a new array."""
        own = self.columns[d]
        if isinstance(own, int):
            return self.store.column(own, rows, replace(source, names=self.names))
        return as_reals(self.cells(d, rows, source), entries(source, d))

    def let_go(self) -> None:
        """Let what was read of a file go."""
        self.store.let_go()

    def numbers(self) -> Array | None:
        """Return None: there is no such array."""
        return None

    def dtype_of(self, d: int) -> np.dtype[Any]:
        """Return the dtype of real numbers that holds all values of a column but gaps."""
        own = self.columns[d]
        return self.store.dtype_of(own) if isinstance(own, int) else np.dtype(np.float64)

    def style(self, d: int) -> Style:
        """Return what a column looks like."""
        own = self.columns[d]
        return self.store.style(own) if isinstance(own, int) else Style(own.dtype, own.levels, own.ordered)

    @property
    def kept_in(self) -> tuple[str, str]:
        """Whose container it is."""
        return self.store.kept_in
