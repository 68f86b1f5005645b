"""How messages call an entry of a table: by its place in all of it, whichever rows are at hand.

A function that checks some rows takes what they are called: a name such as ``"x"``, or a `Source`, which knows where in
their table the rows stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from made_np.typing import Ints
from made_np.values import show

__all__ = ["FileSource", "Name", "Source", "as_source", "where"]

Own = TypeVar("Own", bound="Source")

LONG = 80
"""A column's name of more letters is cut."""


@dataclass(frozen=True, eq=False)
class Source:
    """Where some rows come from.

    Attributes
    ----------
    name : str
        What messages call the table.
    names : sequence of str, optional
        Of its columns.
    first : int
        Which row of the table is the first of these.
    rows : ndarray of int, optional
        Which rows of the table these are, if they do not follow each other.
    decimal : str
        What stands before decimals in the words of the table, "" if nobody says so.

    Examples
    --------
    >>> block = Source("x").at(12000)
    >>> block.cell(345, 1), block.line(345)
    ('x[12345, 1]', 'x[12345]')
    >>> Source("X", names=["id", "age"]).entry(7, 1)
    "X[7, 1] (column 1 ('age'))"
    """

    name: str
    names: Sequence[str] | None = None
    first: int = 0
    rows: Ints | None = None
    decimal: str = ""

    def __str__(self) -> str:
        return self.name

    def at(self: Own, first: int) -> Own:
        """Return the source of the rows from `first` on."""
        if self.rows is None:
            return replace(self, first=self.first + first)
        return replace(self, rows=self.rows[first:])

    def take(self: Own, index: Ints) -> Own:
        """Return the source of the rows of that index."""
        return replace(self, first=0, rows=self.first + index if self.rows is None else self.rows[index])

    def place(self, row: int) -> int:
        """Return which row of the table a row is."""
        return self.first + row if self.rows is None else int(self.rows[row])

    def line(self, row: int) -> str:
        """Return how messages call a row."""
        return f"{self.name}[{self.place(row)}]"

    def cell(self, row: int, column: int) -> str:
        """Return how messages call an entry."""
        return f"{self.name}[{self.place(row)}, {column}]"

    def entry(self, row: int, column: int) -> str:
        """Return how messages call an entry where they say nothing else of its column."""
        return f"{self.cell(row, column)} ({where(column, '' if self.names is None else self.names[column])})"


class Numbered(Protocol):
    """What has an integer for each row."""

    def __getitem__(self, row: int, /) -> Any:
        """Return that of one row."""


@dataclass(frozen=True, eq=False)
class FileSource(Source):
    """Where the rows of a file come from.

    Attributes
    ----------
    lines : ndarray of int, or anything with entries, optional
        The line of the file that each row of the table stands in, counted from 1; None: the file has no lines, and
        rows are counted from 0, as in an array.
    left_out : int
        So many columns of the file stand before those of the table.

    Examples
    --------
    >>> import numpy as np
    >>> FileSource("a.csv", names=["id", "age"], lines=np.array([2, 3, 5])).cell(2, 1)
    'a.csv, line 5, column age'
    >>> FileSource("a.npy").at(100).cell(7, 1)
    'a.npy, row 107 (counted from 0), column 1'
    """

    lines: Numbered | None = None
    left_out: int = 0

    def line(self, row: int) -> str:
        """Return how messages call a row."""
        place = self.place(row)
        if self.lines is None:
            return f"{self.name}, row {place} (counted from 0)"
        return f"{self.name}, line {self.lines[place]}"

    def cell(self, row: int, column: int) -> str:
        """Return how messages call an entry."""
        return f"{self.line(row)}, {self.column(column)}"

    def entry(self, row: int, column: int) -> str:
        """Return how messages call an entry where they say nothing else of its column."""
        return self.cell(row, column)

    def column(self, column: int) -> str:
        """Return how messages call a column: by its name, or by its place in the file."""
        name = "" if self.names is None else self.names[column]
        if not name.strip():
            return f"column {column + self.left_out}" + (" (counted from 0)" if self.lines is not None else "")
        return f"column {name if name.isprintable() and len(name) <= LONG else show(name)}"


Name = str | Source
"""What some rows are called in messages."""


def as_source(name: Name) -> Source:
    """Return the source that rows with a mere name have: they are all of their table."""
    return name if isinstance(name, Source) else Source(name)


def where(column: int, name: str = "") -> str:
    """Return how messages call a column of an array: by its place, and by its name if it has one."""
    return f"column {column} ({name!r})" if name else f"column {column}"
