"""Tables of the same columns, read together: each column as numbers, or as levels that all of them share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

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


def read_together(tables: Mapping[str, Any]) -> list[Shared]:
    """Return the columns of tables, which messages call as they are called here.

    Columns are matched by name where both tables have names, else by place.

    Raises
    ------
    TypeError, ValueError
        One is no table of rows and columns, has no rows, or other columns than the first; or a column holds words in
        one table and numbers in another.
    """
    read = {name: Table.of(X, name) for name, X in tables.items()}
    first = next(iter(read))
    places = [_places(table, read[first], name, first) for name, table in read.items()]
    labels = read[first].labels or [f"x{d}" for d in range(read[first].n_columns)]
    return [
        _shared(str(label), [table.cells(own[d]) for table, own in zip(read.values(), places, strict=True)], list(read))
        for d, label in enumerate(labels)
    ]


def _places(table: Table, other: Table, name: str, first: str) -> list[int]:
    """Return where a table has the columns of the first one."""
    if table.labels is None or other.labels is None:
        if table.n_columns != other.n_columns:
            raise ValueError(f"{name} has {table.n_columns} columns, {first} has {other.n_columns}: give the same ones")
        return list(range(table.n_columns))
    lacking = [label for label in other.labels if label not in table.labels]
    unknown = [label for label in table.labels if label not in other.labels]
    if lacking or unknown:
        what = f"lacks the columns {lacking}" if lacking else f"has the columns {unknown}, which {first} lacks"
        raise ValueError(f"{name} {what}: give the same ones")
    return [table.labels.index(label) for label in other.labels]


def _shared(label: str, cells: list[RawColumn], names: list[str]) -> Shared:
    """Return one column of all tables."""
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
