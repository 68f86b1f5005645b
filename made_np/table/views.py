"""Stores that make other numbers of the cells of a store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from made_np.cells import Source
from made_np.lazy import lazy
from made_np.table.casting import Style
from made_np.table.frames import Rows
from made_np.table.objects import Entry
from made_np.table.raw import RawColumn
from made_np.table.reals import reals_of
from made_np.table.stores import Store, by_columns, entries
from made_np.typing import Array, Bools, Floats

__all__ = ["Above", "Reader", "Through"]


class Reader(Protocol):
    """How the cells of a column become numbers."""

    @property
    def name(self) -> Any:
        """What it is called; "numbers" is what takes cells that are real numbers as they are."""

    def numbers(self, raw: RawColumn, entry: Entry) -> Floats:
        """Return the numbers (n,) of some cells, NaN for a gap."""


@dataclass(frozen=True, eq=False)
class Through:
    """The numbers that readings make of the cells of a store; columns without a reading are all NaN, never read."""

    store: Store
    readings: tuple[Reader | None, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, D)."""
        return self.store.shape

    @lazy
    def _plain(self) -> Array | None:
        """The array that keeps the rows, if all that is read of it are numbers as they are."""
        others = [each for each in self.readings if each is not None and each.name != "numbers"]
        return None if others else self.store.numbers()

    @lazy
    def _read(self) -> list[int]:
        """The columns that are read."""
        return [d for d, reading in enumerate(self.readings) if reading is not None]

    @lazy
    def left_out(self) -> Bools | None:
        """Which columns (D,) are never read."""
        absent = np.array([reading is None for reading in self.readings])
        return absent if absent.any() else None

    def cells(self, d: int, rows: Rows, source: Source) -> RawColumn:
        """Return these rows of one column as they are kept."""
        return self.store.cells(d, rows, source)

    def read(self, rows: Rows, source: Source) -> Floats:
        """Return these rows in a new array."""
        if self._plain is None:
            return by_columns(self, rows, source)
        if len(self._read) == len(self.readings):
            return self.store.read(rows, source)
        part = self._plain[rows]
        table = np.full(part.shape, np.nan)
        table[:, self._read] = reals_of(part[:, self._read], lambda index: source.entry(index[0], self._read[index[1]]))
        return table

    def column(self, d: int, rows: Rows, source: Source) -> Floats:
        """Return these rows of one column in a new array."""
        reading = self.readings[d]
        if reading is None:
            return np.full(len(range(self.shape[0])[rows]) if isinstance(rows, slice) else len(rows), np.nan)
        if self._plain is not None:
            return self.store.column(d, rows, source)
        return reading.numbers(self.store.cells(d, rows, source), entries(source, d))

    def let_go(self) -> None:
        """Let what was read of a file go."""
        self.store.let_go()

    def numbers(self) -> Array | None:
        """Return the array of real numbers that keeps the rows, if all of it is read as it is."""
        return self._plain if len(self._read) == len(self.readings) else None

    def dtype_of(self, d: int) -> np.dtype[Any]:
        """Return the dtype of real numbers that holds all values of a column but gaps."""
        reading = self.readings[d]
        if reading is None:
            return np.dtype(np.bool_)
        return self.store.dtype_of(d) if reading.name == "numbers" else np.dtype(np.float64)

    def style(self, d: int) -> Style:
        """Return what a column looks like."""
        return self.store.style(d)

    @property
    def kept_in(self) -> tuple[str, str]:
        """Whose container it is."""
        return self.store.kept_in


@dataclass(frozen=True, eq=False)
class Above:
    """Where the values of another store are above a threshold, as 0 and 1; gaps stay."""

    store: Store
    threshold: float

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, D)."""
        return self.store.shape

    @property
    def left_out(self) -> Bools | None:
        """Which columns (D,) are never read."""
        return self.store.left_out

    def cells(self, d: int, rows: Rows, source: Source) -> RawColumn:
        """Return these rows of one column, as the numbers 0 and 1."""
        values = self.column(d, rows, source)
        return RawColumn(values, np.isnan(values), "float64")

    def read(self, rows: Rows, source: Source) -> Floats:
        """Return these rows in a new array."""
        return self._of(self.store.read(rows, source))

    def column(self, d: int, rows: Rows, source: Source) -> Floats:
        """Return these rows of one column in a new array."""
        return self._of(self.store.column(d, rows, source))

    def let_go(self) -> None:
        """Let what was read of a file go."""
        self.store.let_go()

    def numbers(self) -> Array | None:
        """Return None: they are computed."""
        return None

    def dtype_of(self, d: int) -> np.dtype[Any]:
        """Return the dtype of real numbers that holds all values of a column but gaps."""
        return np.dtype(np.bool_)

    def style(self, d: int) -> Style:
        """Return what a column looks like."""
        return self.store.style(d)

    @property
    def kept_in(self) -> tuple[str, str]:
        """Whose container it is."""
        return self.store.kept_in

    def _of(self, values: Floats) -> Floats:
        kept = np.isnan(values) | np.isinf(values)  # infinity is refused, whatever the threshold
        return np.where(kept, values, values > self.threshold)
