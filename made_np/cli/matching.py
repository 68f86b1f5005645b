"""The columns that a model wants, found in a table by their names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from made_np.cli.answers import spread
from made_np.cli.notes import note
from made_np.cli.unreadable import readable
from made_np.columns.amounts import Amounts
from made_np.columns.dates import Dates
from made_np.columns.numeric import Numbers
from made_np.estimator import MADEDensity
from made_np.table.files import Table
from made_np.table.files.layout import number_in
from made_np.table.raw import RawColumn
from made_np.typing import Ints

__all__ = ["Matched", "match", "names_of"]

SHOWN = 8
"""So many names are listed."""


@dataclass(frozen=True, eq=False)
class Matched:
    """A table as a model takes it.

    Attributes
    ----------
    table : Table
        The columns of the model, in its order; those that the file lacks are gaps.
    file : Table
        As it is in the file.
    places : tuple of int or None
        Where each column of the model stands in the file.
    rows : ndarray of int
        Those that the model can read.
    """

    table: Table
    file: Table
    places: tuple[int | None, ...]
    rows: Ints

    @property
    def n_rows(self) -> int:
        """The number of rows in the file."""
        return self.file.n_rows

    @property
    def good(self) -> Table:
        """The rows that the model can read."""
        return self.table if len(self.rows) == self.n_rows else self.table.take(self.rows)


def match(density: MADEDensity, table: Table) -> Matched:
    """Return a table as the model takes it; say which columns are not its, which it lacks, which rows it cannot read.

    Raises
    ------
    ValueError
        None of the columns is of the model, there are too few without names, or the model can read no row.
    """
    columns = density.columns_
    names = names_of(density)
    places: tuple[int | None, ...] = tuple(range(len(columns)))
    if names is not None and table.names is not None:
        places = _by_name(density, names, table)
    elif table.n_columns != len(columns):
        raise ValueError(
            f"{table.name} has {table.n_columns} columns, and the model was trained on {len(columns)}: where one of "
            "them has no names, give all columns in the same order"
        )
    picked: list[int | RawColumn] = []
    for column, place in zip(columns.each, places, strict=True):
        if place is None:
            picked.append(RawColumn(np.full(table.n_rows, np.nan), np.ones(table.n_rows, dtype=bool), "float64"))
        else:
            picked.append(_as_numbers(table, place) if isinstance(column.reading, Numbers) else place)
    is_same = all(isinstance(each, int) and each == d for d, each in enumerate(picked))
    own = table.named(names) if is_same and len(picked) == table.n_columns else table.picked(picked, names)
    rows = readable(density, own)
    for d, column in enumerate(columns.each):
        if isinstance(column.reading, Dates) and _are_words(own, d) and column.reading.written is None:
            picked[d] = _as_dates(own, d, column.reading, rows)
            own = table.picked(picked, names)
    return Matched(own, table, places, rows)


def names_of(density: MADEDensity) -> list[str] | None:
    """Return the names of the columns that a model was fitted on, None if they had none."""
    names = getattr(density, "feature_names_in_", None)
    return None if names is None else [str(name) for name in names]


def _by_name(density: MADEDensity, names: list[str], table: Table) -> tuple[int | None, ...]:
    """Return where each column of the model stands in a table with names."""
    known = {name: place for place, name in enumerate(table.names or ())}
    if not any(name in known for name in names):
        raise ValueError(
            f"{table.name} has none of the columns that the model was trained on: they are called {_listed(names)}. "
            "Give a table with these names in its first line, or --header no where it has none"
        )
    extra = [name for name in known if name not in names]
    if extra:
        note(f"{table.name}: not of the model, and not looked at: {_listed(extra)}")
    each = density.columns_.each
    missing = [name for name, column in zip(names, each, strict=True) if name not in known and not column.left_out]
    if missing:
        note(f"{table.name} lacks {_listed(missing)}: taken as gaps")
    return tuple(known.get(name) for name in names)


def _as_numbers(table: Table, place: int) -> int | RawColumn:
    """Return the place of a column, or its cells where a word among its numbers has made words of all of them."""
    if not _are_words(table, place):
        return place
    raw = table.cells(place)
    cells = raw.values.copy()
    words = dict.fromkeys(cells[~raw.gaps].tolist())
    amounts = Amounts.learn(raw, said=True, decimal=table.source.decimal)
    read = _number_of if amounts is None else amounts.number
    found = {word: read(word) for word in words}
    cells[~raw.gaps] = [found[word] for word in cells[~raw.gaps].tolist()]
    return RawColumn(cells, raw.gaps, "object")


def _are_words(table: Table, place: int) -> bool:
    """Whether the cells of a column are words, or any objects."""
    return table.style(place).dtype.startswith(("string", "large_string", "object", "str"))


def _number_of(word: object) -> object:
    """Return the number that a word is, or the word."""
    number = number_in(word) if isinstance(word, str) else None
    if number is None or not isinstance(word, str):
        return word
    return int(word) if word.strip().lstrip("+-").isdigit() else number


def _as_dates(table: Table, d: int, reading: Dates, rows: Ints) -> RawColumn:
    """Return the dates that the words of a column write, in the rows that can be read."""
    raw = table.take(rows).cells(d)
    return spread(reading.cells(reading.numbers(raw, str)), rows, table.n_rows)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
