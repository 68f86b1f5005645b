"""Tables of the same columns, each behind the one before, joined to one.

A table that lies in several processes travels column by column: what it is as a whole first (`Head`), then cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from made_np.cells import FileSource, Source
from made_np.table.casting import Style
from made_np.table.frames import Labels, Rows
from made_np.table.objects import EXACT
from made_np.table.raw import RawColumn
from made_np.table.stores import REALS, ByCells
from made_np.table.table import Table
from made_np.typing import Array, Ints
from made_np.values import show

__all__ = ["Head", "Joined", "alike", "joined", "joined_cells"]


@dataclass(frozen=True, eq=False)
class Head:
    """What is known of a part of a table beside its cells.

    Attributes
    ----------
    source : Source
    labels : tuple or None
    kept_in : (str, str)
        Whose container it is, as `Table.kept_in`.
    n_rows : int
    styles : tuple of Style, length D
    """

    source: Source
    labels: Labels | None
    kept_in: tuple[str, str]
    n_rows: int
    styles: tuple[Style, ...]

    @classmethod
    def of(cls, table: Table) -> Head:
        """Return the head of a table."""
        styles = tuple(table.style(d) for d in range(table.n_columns))
        return cls(table.source, table.labels, table.kept_in, table.n_rows, styles)

    @property
    def n_columns(self) -> int:
        """D."""
        return len(self.styles)


def alike(heads: Sequence[Head | None], part: str = "rank") -> None:
    """Raise a `ValueError` unless all parts of a table have the same columns; None has no rows, thus no say.

    Parameters
    ----------
    heads : sequence of Head or None
    part : str
        What messages call a part, before its number.
    """
    first: tuple[int, Head] | None = None
    for k, head in enumerate(heads):
        if head is None:
            continue
        if first is None:
            first = k, head
            continue
        j, other = first
        name = head.source.name
        if head.n_columns != other.n_columns:
            raise ValueError(
                f"{name} has {head.n_columns} columns on {part} {k} and {other.n_columns} on {part} {j}: give all of "
                "them the same columns"
            )
        if head.labels != other.labels:
            pairs = zip(_called(head), _called(other), strict=True)
            d, (one, two) = next((d, pair) for d, pair in enumerate(pairs) if pair[0] != pair[1])
            raise ValueError(
                f"{name} has {show(one)} as column {d} on {part} {k}, and {show(two)} on {part} {j}: give all of them "
                "the same columns, in the same order"
            )


def _called(head: Head) -> Labels:
    """Return what the columns of a part are called."""
    return head.labels or ("without a name",) * head.n_columns


def joined(
    heads: Sequence[Head], columns: Sequence[RawColumn], part: str = "rank", numbers: Sequence[int] = ()
) -> Table:
    """Return the table whose rows are those of all parts.

    Parameters
    ----------
    heads : sequence of Head
        Of parts with the same columns; see `alike`.
    columns : sequence of RawColumn, length D
        The cells of all parts, as `joined_cells` joins them.
    part : str
        What messages call a part, before its number.
    numbers : sequence of int
        Of the parts; by default 0, 1, ....

    Examples
    --------
    >>> tables = Table.of({"a": [1, 2], "b": ["x", None]}), Table.of({"a": [0.5], "b": ["y"]})
    >>> cells = [joined_cells([table.cells(d) for table in tables]) for d in range(2)]
    >>> whole = joined([Head.of(table) for table in tables], cells)
    >>> whole.cells(0).values.tolist(), whole.cells(1).values.tolist(), whole.where(2, 1)
    ([1.0, 2.0, 0.5], ['x', None, 'y'], "X[0, 1] of rank 1 (column 1 ('b'))")
    """
    first = heads[0]
    styles = tuple(_style([head.styles[d] for head in heads], column) for d, column in enumerate(columns))
    source = _source(heads, part, numbers or range(len(heads)))
    return Table(source, first.labels, _store=Joined(tuple(columns), styles, first.kept_in))


def joined_cells(parts: Sequence[RawColumn]) -> RawColumn:
    """Return the cells of one column, those of each part behind those of the one before.

    A part that has nothing but gaps says nothing of what the others hold.

    Examples
    --------
    >>> parts = [RawColumn(np.array(each), np.zeros(2, bool), "int64") for each in ([1, 2], [3, 4])]
    >>> joined_cells(parts)
    RawColumn(values=array([1, 2, 3, 4]), gaps=array([False, False, False, False]), dtype='int64', ...)
    """
    gaps = np.concatenate([part.gaps for part in parts])
    telling = [part for part in parts if not part.gaps.all()] or [part for part in parts if len(part)] or parts[:1]
    digits = [part.digits for part in telling]
    common: dict[str, Any] = {"digits": max(d for d in digits if d is not None) if None not in digits else None}
    names = list(dict.fromkeys(part.dtype for part in telling))
    if all(part.levels is not None for part in telling):
        levels = _levels([part.levels or () for part in telling])
        place = {_key(level): code for code, level in enumerate(levels)}
        codes = [_codes(part, place) for part in parts]
        ordered = all(part.ordered and part.levels == levels for part in telling)
        return RawColumn(np.concatenate(codes), gaps, names[0], levels, ordered)
    values = [part.values if part.levels is None else _spelled_out(part) for part in telling]
    dtype = _shared_dtype(values)
    each = iter(values)
    told = {id(part) for part in telling}
    empty: Any = None if dtype.kind == "O" else 0
    filled = [
        _cast(next(each), dtype) if id(part) in told else np.full(len(part), empty).astype(dtype) for part in parts
    ]
    name = names[0] if len(names) == 1 else str(dtype)
    return RawColumn(np.concatenate(filled), gaps, name, **common)


def _levels(each: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    """Return the levels of all parts, rising where those of each part rise, else in the order of the parts."""
    if all(levels == each[0] for levels in each):
        return each[0]
    union = list({_key(level): level for levels in each for level in levels}.values())
    try:
        are_sorted = all(list(levels) == sorted(levels) for levels in each)
        return tuple(sorted(union) if are_sorted else union)
    except TypeError:  # words among numbers
        return tuple(union)


def _key(level: Any) -> tuple[bool, Any]:
    """Return what tells levels apart: True is not 1."""
    return isinstance(level, bool), level


def _codes(part: RawColumn, place: dict[tuple[bool, Any], int]) -> Array:
    """Return the codes of a part among the levels of all parts."""
    if not part.levels or part.gaps.all():
        return np.zeros(len(part), dtype=np.int64)
    codes = np.array([place[_key(level)] for level in part.levels], dtype=np.int64)
    return np.asarray(codes[np.where(part.gaps, 0, part.values).astype(np.int64)])


def _spelled_out(part: RawColumn) -> Array:
    """Return declared levels as cells, None in gaps."""
    cells = np.array([*(part.levels or ()), None], dtype=object)
    return np.asarray(cells[np.where(part.gaps, len(cells) - 1, part.values).astype(np.int64)])


def _shared_dtype(values: Sequence[Array]) -> np.dtype[Any]:
    """Return the dtype that holds the values of all parts: objects where no other does."""
    dtypes = {each.dtype for each in values}
    if len(dtypes) == 1:
        return dtypes.pop()
    kinds = {dtype.kind for dtype in dtypes}
    if kinds <= set(REALS):
        dtype = np.result_type(*dtypes)
        whole = [each for each in values if each.dtype.kind in "iu" and each.dtype.itemsize == 8 and len(each)]
        is_lost = dtype.kind == "f" and any(max(-int(each.min()), int(each.max())) >= EXACT for each in whole)
        return np.dtype(object) if is_lost else dtype
    if kinds == {"M"} or kinds == {"m"}:
        return np.result_type(*dtypes)
    return np.dtype(object)


def _cast(values: Array, dtype: np.dtype[Any]) -> Array:
    """Return values in a dtype; as objects they are those of Python, but for moments and spans of time."""
    if dtype.kind != "O" or values.dtype.kind == "O":
        return values.astype(dtype, copy=False)
    cells = np.empty(len(values), dtype=object)
    cells[:] = values.tolist() if values.dtype.kind in REALS else [str(value) for value in values]
    return cells


def _style(styles: Sequence[Style], column: RawColumn) -> Style:
    """Return what a column looks like, that looks so in each part."""
    if all(style == styles[0] for style in styles):
        return styles[0]
    if column.levels is not None:
        return replace(styles[0], levels=column.levels, ordered=column.ordered)
    return Style(column.dtype)


# ------------------------------------------------------------------------------------------ where rows come from


@dataclass(frozen=True, eq=False)
class _Parts(Source):
    """Where the rows of a joined table come from: row for row one of the parts, by the place that it has there."""

    parts: tuple[Source, ...] = ()
    starts: tuple[int, ...] = ()
    part: str = "rank"
    numbers: tuple[int, ...] = field(default=())

    def _own(self, row: int) -> tuple[Source, int, str]:
        """Return the source of a row, the row in it, what is said of it."""
        place = self.place(row)
        k = int(np.searchsorted(self.starts, place, side="right")) - 1
        source = self.parts[k]
        told = "" if isinstance(source, FileSource) else f" of {self.part} {self.numbers[k]}"
        return source, place - self.starts[k], told

    def line(self, row: int) -> str:
        """Return how messages call a row."""
        source, own, told = self._own(row)
        return source.line(own) + told

    def cell(self, row: int, column: int) -> str:
        """Return how messages call an entry."""
        source, own, told = self._own(row)
        return source.cell(own, column) + told

    def entry(self, row: int, column: int) -> str:
        """Return how messages call an entry where they say nothing else of its column."""
        source, own, told = self._own(row)
        return source.entry(own, column) if not told else super().entry(row, column)


def _source(heads: Sequence[Head], part: str, numbers: Sequence[int]) -> Source:
    """Return where the rows of all parts come from."""
    first = heads[0].source
    sources = tuple(head.source for head in heads)
    if all(isinstance(source, FileSource) and source.name == first.name for source in sources):
        return replace(first, first=0, rows=np.concatenate([_places(head) for head in heads]))  # shares of one file
    starts = tuple(np.cumsum([0, *(head.n_rows for head in heads[:-1])]).tolist())
    return _Parts(first.name, first.names, parts=sources, starts=starts, part=part, numbers=tuple(numbers))


def _places(head: Head) -> Ints:
    """Return which rows of its file the rows of a part are."""
    source = head.source
    return source.first + np.arange(head.n_rows) if source.rows is None else source.rows


@dataclass(frozen=True, eq=False)
class Joined(ByCells):
    """Columns of cells, each in an array of its own.

    Attributes
    ----------
    columns : tuple of RawColumn, length D
    styles : tuple of Style, length D
    kept_in : (str, str)
        Whose container the parts are, and its class.
    """

    columns: tuple[RawColumn, ...]
    styles: tuple[Style, ...]
    kept_in: tuple[str, str]

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, D)."""
        return len(self.columns[0]) if self.columns else 0, len(self.columns)

    def cells(self, d: int, rows: Rows, source: Source) -> RawColumn:
        """Return these rows of one column."""
        own = self.columns[d]
        return replace(own, values=own.values[rows], gaps=own.gaps[rows])

    def dtype_of(self, d: int) -> np.dtype[Any]:
        """Return the dtype of real numbers that holds all values of a column but gaps."""
        dtype = self.columns[d].values.dtype
        return dtype if dtype.kind in REALS and self.columns[d].levels is None else np.dtype(np.float64)

    def style(self, d: int) -> Style:
        """Return what a column looks like."""
        return self.styles[d]
