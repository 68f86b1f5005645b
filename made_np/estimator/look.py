"""The rows of a table that are looked at before it is learned from, wherever its rows lie.

What is learned of columns, which order is found, what trials choose: all of that is told by a *look*. It is the whole
table, as long as that has few rows. Of a larger one it is rows drawn by their number in all of it, so that they are the
same ones however the rows are shared out; with those that hold what a column must not lack: its least and its greatest
value, one off the whole numbers, a gap, each of its levels.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from made_np.table.raw import RawColumn
from made_np.table.table import Table
from made_np.typing import Ints

__all__ = ["LOOK", "ColumnSummary", "Summary", "drawn_rows", "own_rows", "rows_of_look", "summary_of"]

LOOK = 1 << 20
"""A look has so many rows, and those that a column must not lack."""
MOST_NUMBERS = 1 << 10
MOST_LEVELS = 1 << 16
"""A column of more different numbers, or words, than these has no levels that each have to be seen."""
AT_ONCE = 1 << 16
"""So many rows are summed up together."""

Met = tuple[Any, int]
"""A value, with the first row that holds it."""


@dataclass(frozen=True)
class ColumnSummary:
    """What a share of the rows holds of one column; rows are numbered as in the whole table.

    Attributes
    ----------
    least, greatest : dict of str to (value, row)
        Of the numbers, the moments, the words in it.
    fraction, gap : int or None
        The first row that holds a number off the whole ones, that has a gap.
    levels : dict of value to int, or None
        The first row of each value that no drawn row of the share holds; None: the column has too many values.
    drawn : frozenset
        The values that drawn rows of the share hold.
    """

    least: Mapping[str, Met] = field(default_factory=dict)
    greatest: Mapping[str, Met] = field(default_factory=dict)
    fraction: int | None = None
    gap: int | None = None
    levels: Mapping[Hashable, int] | None = field(default_factory=dict)
    drawn: frozenset[Hashable] = frozenset()


Summary = tuple[ColumnSummary, ...]
"""What a share of the rows holds, column by column."""


def drawn_rows(n: int, most: int | None = None) -> Ints:
    """Return which rows of n are looked at, rising: all of them, or `most` that are drawn (by default `LOOK`).

    Examples
    --------
    >>> drawn_rows(4).tolist(), len(drawn_rows(1_000, 10))
    ([0, 1, 2, 3], 10)
    """
    most = LOOK if most is None else most
    if n <= most:
        return np.arange(n)
    return np.sort(np.random.default_rng(n).choice(n, most, replace=False))


def own_rows(rows: Ints, first: int, n: int) -> Ints:
    """Return which rows of a share, that has the n rows from `first` on, are among those of a whole table.

    Examples
    --------
    >>> own_rows(np.array([2, 5, 9]), 4, 5).tolist()
    [1]
    """
    return rows[np.searchsorted(rows, first) : np.searchsorted(rows, first + n)] - first


def summary_of(table: Table, first: int, drawn: Ints) -> Summary:
    """Return what a share of the rows holds; its cells are read once, some rows at a time.

    Parameters
    ----------
    table : Table
        The share.
    first : int
        Which row of the whole table is the first of these.
    drawn : ndarray of int
        Which rows of the whole table are drawn, rising.

    Examples
    --------
    >>> drawn = drawn_rows(5, most=1)
    >>> shares = [(0, [7, 7, 7]), (3, [4, 9])]
    >>> summaries = [summary_of(Table.of({"a": cells}), first, drawn) for first, cells in shares]
    >>> rows_of_look(5, summaries, most=1).tolist() == sorted({0, 3, 4} | set(drawn.tolist()))
    True
    """
    own = np.zeros(table.n_rows, dtype=bool)
    own[own_rows(drawn, first, table.n_rows)] = True
    columns = [_Column() for _ in range(table.n_columns)]
    for start in range(0, table.n_rows, AT_ONCE):
        stop = min(start + AT_ONCE, table.n_rows)
        for d, column in enumerate(columns):
            column.add(table.cells(d, start, stop), first + start, own[start:stop])
    return tuple(column.summary() for column in columns)


def rows_of_look(n: int, summaries: Sequence[Summary], most: int | None = None) -> Ints:
    """Return which rows of a table are looked at, rising.

    Parameters
    ----------
    n : int
        How many rows there are.
    summaries : sequence of Summary
        Of all shares, in the order of their rows, for the rows that `drawn_rows` gives; none are needed where these
        are all.
    most : int, optional
        As for `drawn_rows`.
    """
    rows = [drawn_rows(n, most)]
    if len(rows[0]) < n:
        # A share without rows has no columns to say anything of.
        shares = [summary for summary in summaries if summary]
        rows += [np.array(sorted(_needed(each)), dtype=np.int64) for each in zip(*shares, strict=True)]
    return np.unique(np.concatenate(rows))


def _needed(shares: Sequence[ColumnSummary]) -> set[int]:
    """Return the rows that a look needs for one column."""
    rows = {min(found) for name in ("fraction", "gap") if (found := _given(getattr(each, name) for each in shares))}
    for kind in {kind for each in shares for kind in each.least}:
        low = [each.least[kind] for each in shares if kind in each.least]
        high = [each.greatest[kind] for each in shares if kind in each.greatest]
        rows.add(min(low, key=lambda met: met[0])[1])  # of equal ones the first, which is in the first share
        rows.add(max(high, key=lambda met: met[0])[1])
    levels = [each.levels for each in shares]
    drawn = frozenset[Hashable]().union(*(each.drawn for each in shares))
    together: dict[Hashable, int] = {}
    for own in levels:
        for value, row in (own or {}).items():
            together.setdefault(value, row)
    is_few = None not in levels and not _are_many(together.keys() | drawn)
    return rows | {row for value, row in together.items() if is_few and value not in drawn}


def _given(values: Iterable[int | None]) -> list[int]:
    return [value for value in values if value is not None]


def _are_many(values: Iterable[Hashable]) -> bool:
    """Whether these are more values than those of a column of levels."""
    listed = list(values)
    n_words = sum(isinstance(value, str) for value in listed)
    return n_words > MOST_LEVELS or len(listed) - n_words > MOST_NUMBERS


class _Column:
    """What is known of a column so far."""

    def __init__(self) -> None:
        self.least: dict[str, Met] = {}
        self.greatest: dict[str, Met] = {}
        self.fraction: int | None = None
        self.gap: int | None = None
        self.levels: dict[Hashable, int] | None = {}
        self.drawn: set[Hashable] = set()

    def add(self, raw: RawColumn, first: int, drawn: Any) -> None:
        """Take in some cells, the first of which stands in that row of the whole table."""
        if self.gap is None and raw.gaps.any():
            self.gap = first + int(raw.gaps.argmax())
        rows = np.flatnonzero(~raw.gaps)
        if not len(rows):
            return
        if raw.levels is None and raw.values.dtype.kind in "buifmM":
            known = raw.values[rows]
            if self.fraction is None and known.dtype.kind == "f" and (off := known != np.floor(known)).any():
                self.fraction = first + int(rows[off.argmax()])
            self._add_ends([(known[k], first + int(rows[k])) for k in (known.argmin(), known.argmax())])
        if self.levels is not None or raw.values.dtype.kind == "O" or raw.levels is not None:
            values, at, is_drawn = _distinct(raw, rows, drawn)
            met = list(zip(values, (first + at).tolist(), strict=True))
            self._add_ends(met)
            self._add_levels(met, is_drawn)

    def _add_ends(self, met: Sequence[Met]) -> None:
        for kind, some in _by_kind(met).items():
            low = min(some, key=lambda each: each[0])
            high = max(some, key=lambda each: each[0])
            if kind not in self.least or low[0] < self.least[kind][0]:
                self.least[kind] = low
            if kind not in self.greatest or high[0] > self.greatest[kind][0]:
                self.greatest[kind] = high

    def _add_levels(self, met: Sequence[Met], is_drawn: Any) -> None:
        if self.levels is None:
            return
        for (value, row), was_drawn in zip(met, is_drawn.tolist(), strict=True):
            self.levels.setdefault(value, row)
            if was_drawn:
                self.drawn.add(value)
        if _are_many(self.levels):
            self.levels = None
            self.drawn = set()

    def summary(self) -> ColumnSummary:
        """Return what is known at the end."""
        levels = self.levels
        if levels is not None:
            levels = {value: row for value, row in levels.items() if value not in self.drawn}
        return ColumnSummary(self.least, self.greatest, self.fraction, self.gap, levels, frozenset(self.drawn))


def _distinct(raw: RawColumn, rows: Ints, drawn: Any) -> tuple[list[Any], Ints, Any]:
    """Return the different cells that are known, the first row of each, whether a drawn row holds it."""
    known = raw.values[rows]
    if known.dtype == object:
        place: dict[Any, int] = {}
        inverse = np.array([place.setdefault(value, len(place)) for value in known.tolist()], dtype=np.int64)
        values = list(place)
    else:
        distinct, inverse = np.unique(known, return_inverse=True)
        inverse = inverse.reshape(-1)
        values = list(distinct) if known.dtype.kind in "mM" else distinct.tolist()
        if raw.levels is not None:
            values = [raw.levels[code] for code in values]
    at = np.full(len(values), len(raw))
    np.minimum.at(at, inverse, rows)
    is_drawn = np.zeros(len(values), dtype=bool)
    is_drawn[inverse[drawn[rows]]] = True
    return values, at, is_drawn


def _by_kind(met: Iterable[Met]) -> dict[str, list[Met]]:
    """Return values by what they can be compared with."""
    kinds: dict[str, list[Met]] = {}
    for value, row in met:
        letter = getattr(getattr(value, "dtype", None), "kind", "")
        kind = "word" if isinstance(value, str) else letter if letter in ("M", "m") else "number"
        kinds.setdefault(kind, []).append((value, row))
    return kinds
