"""Tables of the same columns, read together: each column as numbers, or as levels that all of them share."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from made_np.table.frames import columns_of, labels_of
from made_np.typing import Array, Bools, Floats
from made_np.values import REALS

__all__ = ["Shared", "read_together", "row_codes"]

FEW = 20
"""A column of numbers with at most so many different ones is compared value by value."""

NUMBERS = (*REALS, Decimal, Fraction)
MOMENTS = (datetime.date, np.datetime64)
SPANS = (datetime.timedelta, np.timedelta64)


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

    Columns are matched by name where both tables are data frames, else by place.

    Raises
    ------
    TypeError, ValueError
        One is no table of rows and columns, has no rows, or other columns than the first; or a column holds words in
        one table and numbers in another.
    """
    read = {name: _Cells.of(X, name) for name, X in tables.items()}
    first, *others = read
    labels = read[first].labels
    for name in others:
        read[name] = read[name].sorted_as(read[first], name, first)
    columns = zip(*(cells.columns for cells in read.values()), strict=True)
    called = labels or [f"x{d}" for d in range(len(read[first].columns))]
    return [_shared(str(label), cells, list(read)) for label, cells in zip(called, columns, strict=True)]


@dataclass(frozen=True, eq=False)
class _Cells:
    """The columns of one table as arrays of objects, and their names, if it is a data frame."""

    labels: list[Any] | None
    columns: list[Array]

    @classmethod
    def of(cls, X: Any, name: str) -> _Cells:
        """Return the cells of a table."""
        frame = columns_of(X)
        if frame is not None:
            labels = list(labels_of(X) or ())
            columns = [_objects(column) for column in frame]
        else:
            array = np.asarray(X, dtype=object if isinstance(X, (list, tuple)) else None)
            if array.ndim != 2:
                raise ValueError(f"{name} has {array.ndim} dimensions, not the 2 of a table: give rows of columns")
            labels = None
            columns = list(array.astype(object).T)
        if not columns or not len(columns[0]):
            raise ValueError(f"{name} has {'no rows' if columns else 'no columns'}: there is nothing to compare")
        if labels and len(set(labels)) < len(labels):
            raise ValueError(f"{name}: two columns have one name; rename one of them")
        return cls(labels, columns)

    def sorted_as(self, other: _Cells, name: str, first: str) -> _Cells:
        """Return the same columns in the order of another table's."""
        if len(self.columns) != len(other.columns) and not (self.labels and other.labels):
            raise ValueError(
                f"{name} has {len(self.columns)} columns, {first} has {len(other.columns)}: give the same columns"
            )
        if self.labels is None or other.labels is None:
            return self
        lacking = [label for label in other.labels if label not in self.labels]
        unknown = [label for label in self.labels if label not in other.labels]
        if lacking or unknown:
            what = f"lacks the columns {lacking}" if lacking else f"has the columns {unknown}, which {first} lacks"
            raise ValueError(f"{name} {what}: give the same columns")
        place = {label: d for d, label in enumerate(self.labels)}
        return _Cells(other.labels, [self.columns[place[label]] for label in other.labels])


def _objects(column: Any) -> Array:
    """Return a column of a data frame as objects."""
    listed = column.to_pylist() if hasattr(column, "to_pylist") else list(column)
    cells = np.empty(len(listed), dtype=object)
    cells[:] = listed
    return cells


def _is_gap(cell: Any) -> bool:
    """Whether a cell stands for nothing known: None, NaN, NaT, pandas.NA."""
    if cell is None or type(cell).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(cell, (*NUMBERS, np.datetime64, np.timedelta64)) and bool(cell != cell)


def _shared(label: str, columns: tuple[Array, ...], names: list[str]) -> Shared:
    """Return one column of all tables."""
    known = [np.array([not _is_gap(cell) for cell in cells], dtype=bool) for cells in columns]
    kinds = [_kind(cells[is_known]) for cells, is_known in zip(columns, known, strict=True)]
    found: dict[str, str] = {}
    for kind, name in zip(kinds, names, strict=True):
        if kind:
            found.setdefault(kind, name)
    if len(found) > 1:
        (kind, name), (other, second) = list(found.items())[:2]
        raise TypeError(f"column {label!r} holds {kind} in {name} and {other} in {second}: read both tables alike")
    kind = next(iter(found), "numbers")
    if kind == "words":
        return _leveled(label, [_words(cells) for cells in columns], known)
    numbers = [_numbers(cells, is_known, kind) for cells, is_known in zip(columns, known, strict=True)]
    if len(np.unique(numbers[0][known[0]])) <= FEW:
        return _leveled(label, numbers, known)
    return Shared(label, tuple(numbers))


def _kind(cells: Array) -> str:
    """Return what the known cells of a column are, "" if there are none."""
    for kind, classes in (("numbers", NUMBERS), ("dates", MOMENTS), ("durations", SPANS)):
        if all(isinstance(cell, classes) and (kind == "durations" or not _is_span(cell)) for cell in cells):
            return kind if len(cells) else ""
    return "words"


def _is_span(cell: Any) -> bool:
    return isinstance(cell, SPANS)  # a timedelta64 calls itself an integer


def _words(cells: Array) -> Array:
    return np.array([cell if isinstance(cell, str) else str(cell) for cell in cells], dtype=object)


def _numbers(cells: Array, known: Bools, kind: str) -> Floats:
    """Return cells as float64: dates in days since 1970, durations in days."""
    numbers = np.full(len(cells), np.nan)
    if kind == "numbers":
        numbers[known] = [float(cell) for cell in cells[known]]
        return numbers
    unit = np.timedelta64(1, "D")
    start = np.datetime64(0, "D") if kind == "dates" else np.timedelta64(0, "D")
    numbers[known] = [(_plain(cell) - start) / unit for cell in cells[known]]
    return numbers


def _plain(cell: Any) -> Any:
    """Return a date or a duration as NumPy has it, in UTC."""
    if isinstance(cell, datetime.datetime) and cell.tzinfo is not None:
        cell = cell.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    if isinstance(cell, datetime.date):
        return np.datetime64(cell, "us")
    return np.timedelta64(cell, "us") if isinstance(cell, datetime.timedelta) else cell


def _leveled(label: str, columns: list[Any], known: list[Bools]) -> Shared:
    """Return a column as places among all its values."""
    levels = sorted(
        {value for cells, is_known in zip(columns, known, strict=True) for value in cells[is_known].tolist()}
    )
    place = {level: float(k) for k, level in enumerate(levels)}
    values = []
    for cells, is_known in zip(columns, known, strict=True):
        codes = np.full(len(cells), np.nan)
        codes[is_known] = [place[value] for value in cells[is_known].tolist()]
        values.append(codes)
    return Shared(label, tuple(values), tuple(levels))


def row_codes(columns: Sequence[Shared]) -> list[Array]:
    """Return for each table one integer per row: rows that are equal in every column have the same one."""
    sizes = [len(values) for values in columns[0].values]
    code = np.zeros(sum(sizes), dtype=np.int64)
    for column in columns:
        value = np.unique(np.concatenate(column.values), return_inverse=True, equal_nan=True)[1]
        code = np.unique(code * (int(value.max()) + 1) + value, return_inverse=True)[1]
    return np.split(code, np.cumsum(sizes)[:-1])
