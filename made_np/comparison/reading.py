"""Tables of the same columns, read together: each column as numbers, or as levels that all of them share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from made_np.cells import Source
from made_np.columns.amounts import Amounts
from made_np.columns.choosing import Place, reading_of
from made_np.columns.dates import Dates
from made_np.columns.learning import Wishes, learn_column
from made_np.table.raw import RawColumn
from made_np.table.table import Table
from made_np.typing import Array, Floats
from made_np.values import REALS

__all__ = ["Shared", "read_together", "row_codes"]

FEW = 20
"""A column of numbers with at most so many different ones is compared value by value."""

NUMBERS = (*REALS, Decimal, Fraction)


@dataclass(frozen=True, eq=False)
class Shared:
    """One column of several tables.

    Attributes
    ----------
    name : str
    values : tuple of ndarray of float64
        Of each table: numbers, or places among `levels`; NaN is a gap.
    levels : tuple or None
        What the values are places of; None: they are numbers.
    """

    name: str
    values: tuple[Floats, ...]
    levels: tuple[Any, ...] | None = None


def read_together(tables: Mapping[str, Any]) -> tuple[list[Shared], dict[str, str]]:
    """Return the columns that all tables have, and why each other column of the first one is left out.

    Columns are matched by name where both tables have names, else by place. Messages call the tables as they are called
    here. Of the first table another one may lack, or have as gaps alone, what `MADEDensity` leaves out: ids, row
    numbers, free text; and constants.

    Raises
    ------
    TypeError, ValueError
        One is no table of rows and columns, has no rows, lacks a column or has one more; or a column holds words in
        one table and numbers in another.
    """
    read = {name: Table.of(X, name) for name, X in tables.items()}
    name, first = next(iter(read.items()))
    labels = [str(label) for label in first.labels or (f"x{d}" for d in range(first.n_columns))]
    places = {own: _places(table, first, own, name) for own, table in read.items()}
    why = {
        d: _left_out(first, d)
        for d in range(len(labels))
        if any(_lacks(table, places[own][d], first, d) for own, table in read.items())
    }
    for own in read:
        lacking = [labels[d] for d, place in enumerate(places[own]) if place is None and not why[d]]
        if lacking:
            raise ValueError(f"{own} lacks the columns {lacking}: give the same ones, or leave these out of {name}")
    columns = [
        _shared(label, [read[own].cells(d_own) for own in read if (d_own := places[own][d]) is not None], list(read))
        for d, label in enumerate(labels)
        if not why.get(d)
    ]
    if not columns:
        raise ValueError(f"{name} shares no column with the others but {list(labels)}: there is nothing to compare")
    return columns, {labels[d]: reason for d, reason in why.items() if reason}


def _places(table: Table, other: Table, name: str, first: str) -> list[int | None]:
    """Return where a table has the columns of the first one; None: nowhere."""
    if table.labels is None or other.labels is None:
        if table.n_columns != other.n_columns:
            raise ValueError(f"{name} has {table.n_columns} columns, {first} has {other.n_columns}: give the same ones")
        return list(range(table.n_columns))
    unknown = [label for label in table.labels if label not in other.labels]
    if unknown:
        raise ValueError(f"{name} has the columns {unknown}, which {first} lacks: give the same ones")
    return [table.labels.index(label) if label in table.labels else None for label in other.labels]


def _lacks(table: Table, place: int | None, first: Table, d: int) -> bool:
    """Whether a table has nothing at the `place` of column d of the first one, which has something."""
    return place is None or bool(table.cells(place).gaps.all() and not first.cells(d).gaps.all())


def _left_out(table: Table, d: int) -> str:
    """Return why a density of a table has no column d; "" if it has one."""
    name = str(table.labels[d]) if table.labels else ""
    try:
        column, _ = learn_column(table.cells(d), "auto", Place(d, name, table.source, bool(name)), Wishes())
    except (TypeError, ValueError):  # no density has it, unless somebody says what it is
        return ""
    return column.left_out or ("one value at most" if column.kind == "constant" else "")


def _shared(label: str, cells: list[RawColumn], names: list[str]) -> Shared:
    """Return one column of all tables."""
    cells = _read_alike(label, cells)
    found: dict[str, str] = {}
    for raw, name in zip(cells, names, strict=True):
        if not raw.gaps.all():
            found.setdefault(_kind(raw), name)
    if len(found) > 1:
        (kind, name), (other, second) = list(found.items())[:2]
        raise TypeError(f"column {label!r} holds {kind} in {name} and {other} in {second}: read both tables alike")
    kind = next(iter(found), "numbers")
    if kind == "words":
        return _leveled(label, [list(map(str, raw.known())) for raw in cells], cells)
    numbers = [_numbers(raw, kind) for raw in cells]
    if len(np.unique(numbers[0])) <= FEW:
        return _leveled(label, [known.tolist() for known in numbers], cells)
    return Shared(label, tuple(_spread(known, raw) for known, raw in zip(numbers, cells, strict=True)))


def _read_alike(label: str, cells: list[RawColumn]) -> list[RawColumn]:
    """Return words that write numbers or dates in all tables as numbers; any other cells as they are."""
    if cells[0].values.dtype != object:
        return cells
    reading, _ = reading_of(cells[0], "auto", Place(0, label, Source(label), True))
    if not isinstance(reading, (Amounts, Dates)):
        return cells
    try:
        numbers = [reading.numbers(raw, str) for raw in cells]
    except (TypeError, ValueError):  # another table is written otherwise
        return cells
    return [RawColumn(each, np.isnan(each), "float64") for each in numbers]


def _kind(raw: RawColumn) -> str:
    """Return what the known cells of a column are."""
    if raw.values.dtype.kind in "mM":
        return "dates" if raw.values.dtype.kind == "M" else "durations"
    if raw.levels is None and raw.values.dtype.kind in "buif":
        return "numbers"
    cells = raw.known() if raw.levels is None else raw.levels
    return "numbers" if all(isinstance(cell, NUMBERS) for cell in cells) else "words"


def _numbers(raw: RawColumn, kind: str) -> Floats:
    """Return the known cells as float64: dates in days since 1970, durations in days."""
    known = raw.known()
    if kind == "numbers" or not len(known):
        return np.array([float(cell) for cell in known]) if known.dtype == object else known.astype(np.float64)
    start = np.datetime64(0, "D") if kind == "dates" else np.timedelta64(0, "D")
    return np.asarray((known - start) / np.timedelta64(1, "D"))


def _spread(known: Floats | list[float], raw: RawColumn) -> Floats:
    """Return the values of a column, NaN at gaps."""
    values = np.full(len(raw), np.nan)
    values[~raw.gaps] = known
    return values


def _leveled(label: str, known: list[list[Any]], cells: list[RawColumn]) -> Shared:
    """Return a column as places among all its values."""
    levels = sorted(set().union(*known))
    place = {level: float(k) for k, level in enumerate(levels)}
    values = [_spread([place[value] for value in own], raw) for own, raw in zip(known, cells, strict=True)]
    return Shared(label, tuple(values), tuple(levels))


def row_codes(columns: Sequence[Shared]) -> list[Array]:
    """Return for each table one integer per row: rows that are equal in every column have the same one."""
    sizes = [len(values) for values in columns[0].values]
    code = np.zeros(sum(sizes), dtype=np.int64)
    for column in columns:
        value = np.unique(np.concatenate(column.values), return_inverse=True, equal_nan=True)[1]
        code = np.unique(code * (int(value.max()) + 1) + value, return_inverse=True)[1]
    return np.split(code, np.cumsum(sizes)[:-1])
