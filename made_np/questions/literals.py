"""The number that a value has in its column, as somebody writes the value in a question."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from difflib import get_close_matches
from fractions import Fraction
from math import isnan
from typing import Any

import numpy as np

from made_np.cells import where
from made_np.columns.amounts import Amounts
from made_np.columns.column import Column
from made_np.columns.columns import Columns
from made_np.columns.dates import Dates
from made_np.lazy import lazy
from made_np.table.raw import RawColumn
from made_np.typing import Floats
from made_np.values import REALS, show, text_of

__all__ = ["Literals"]

SHOWN = 8
"""So many names are listed in a message."""
CLOCK = re.compile(r"(\d+):(\d\d)(?::(\d\d(?:\.\d+)?))?", re.ASCII)
"""A time of day, or a span of time, as a clock shows it."""
MOST_KEPT = 1 << 16
"""So many values are remembered."""


@dataclass(frozen=True, eq=False)
class Literals:
    """The columns of a table as questions name them, with the values that they know.

    Attributes
    ----------
    columns : Columns
    """

    columns: Columns
    _known: dict[Any, float] = field(default_factory=dict, repr=False)

    @property
    def names(self) -> Collection[str]:
        """The names of columns."""
        return self._places.keys()

    @lazy
    def _places(self) -> dict[Any, int]:
        """The place of each name; a name that two columns share has the place -1."""
        places: dict[Any, int] = {}
        for d, column in enumerate(self.columns.each):
            if column.name:
                places[column.name] = -1 if column.name in places else d
        return places

    @lazy
    def _level_lists(self) -> tuple[tuple[Any, ...] | None, ...]:
        """The levels of each column that has such; None for numbers and dates."""
        listed = (getattr(column.reading, "levels", None) for column in self.columns.each)
        return tuple(None if levels is None else tuple(levels) for levels in listed)

    def column(self, key: Any, name: str) -> int:
        """Return the place of the column that `key`, a name or a place, stands for; `name` is that of the argument.

        Raises
        ------
        ValueError, TypeError
            There is no such column, there are two, it is not in the model, or it is context outside of "given".
        """
        d = self._places.get(key) if isinstance(key, str) else None
        if d is None and isinstance(key, (int, np.integer)) and not isinstance(key, bool):
            d = int(key) if 0 <= key < len(self.columns) else None
        elif d is None and not isinstance(key, str):
            raise TypeError(f"{name}: {show(key)} is a {type(key).__name__}: name a column, or give its place")
        if d is None:
            raise ValueError(f"{name}: there is no column {show(key)}: {self._near_columns(key)}")
        if d < 0:
            raise ValueError(f"{name}: two columns are called {show(key)}: give the place of one, counted from 0")
        if self.columns.each[d].left_out:
            raise ValueError(
                f"{name}: {self.called(d)} is not in the model ({self.columns.each[d].left_out}): ask about others, or "
                "fit with a kind for it in columns={...}"
            )
        if d in self.columns.context and name != "given":
            raise ValueError(
                f"{name}: {self.called(d)} is context: it is given, not modelled, so that it has no probability. Ask "
                "about others, and say its value in given"
            )
        return d

    def called(self, d: int) -> str:
        """Return how messages call a column."""
        return where(d, self.columns.each[d].name)

    def levels(self, d: int) -> tuple[Any, ...] | None:
        """Return the levels of a column, in the order of their codes; None: it has numbers or dates."""
        return self._level_lists[d]

    def has_order(self, d: int) -> bool:
        """Return whether "less than" means something in a column."""
        return self.levels(d) is None or bool(getattr(self.columns.each[d].reading, "ordered", False))

    def has_gaps(self, d: int) -> bool:
        """Return whether the model knows that a column may be missing, and how often."""
        return self._gappy[d]

    @lazy
    def _gappy(self) -> tuple[bool, ...]:
        return tuple(
            column.facts.n_gaps > 0 if d in self.columns.context else bool(np.isnan(_values_of(column)).any())
            for d, column in enumerate(self.columns.each)
        )

    def number(self, d: int, value: Any, name: str) -> float:
        """Return the number of a value in column d; `name` is that of the argument.

        Raises
        ------
        ValueError, TypeError
            A value that the column cannot have.
        """
        try:
            key = (d, type(value), value)
            found = self._known.get(key)
        except TypeError:  # no hash
            raise TypeError(f"{name}: {self.called(d)} is to be {show(value)}: give a single value") from None
        if found is None:
            found = self._number(d, value, name)
            if len(self._known) < MOST_KEPT:
                self._known[key] = found
        return found

    def _number(self, d: int, value: Any, name: str) -> float:
        """Return the number of a value that has not been asked for before."""
        column = self.columns.each[d]
        said = f"{name}: {self.called(d)} is to be {show(value)}"
        if isinstance(value, (float, np.floating)) and isnan(value):
            raise ValueError(f"{said}: leave the column out where it is not known, or give None for a gap")
        if self.levels(d) is not None:
            return self._code(d, value, said)
        if isinstance(column.reading, Dates):
            moment = np.array([value], dtype=object) if column.reading.writes(value) else _as_moment(value)
            if moment is None:
                what = "dates; give a datetime, a date, or a string such as 2024-05-31"
                if column.reading.span:
                    what = "spans of time; give a timedelta, a time, or a string such as 07:30"
                raise TypeError(f"{said}: this column holds {what}")
            return _read(column, moment, said)
        if isinstance(value, (*REALS, Decimal, Fraction)):
            try:
                return float(value)
            except OverflowError:
                raise ValueError(f"{said}, beyond what numbers hold: give None for an end that is open") from None
        if isinstance(column.reading, Amounts):
            number = column.reading.number(value) if isinstance(value, str) else None
            if number is not None:
                return number
            raise TypeError(f"{said}: this column holds {column.reading.what}")
        raise TypeError(f"{said}, a {type(value).__name__}: this column holds numbers")

    def _code(self, d: int, value: Any, said: str) -> float:
        """Return the code of a level."""
        levels = self.levels(d) or ()
        cell = np.empty(1, dtype=object)
        cell[0] = value
        code = _read(self.columns.each[d], cell, said)
        if not code < len(levels):
            words = {str(level): level for level in levels}
            near = get_close_matches(text_of(value), words, SHOWN, 0.5) or list(words)[:SHOWN]
            raise ValueError(f"{said}, a value that it does not have: it has {_listed(near, len(levels))}")
        return code

    def _near_columns(self, key: Any) -> str:
        names = list(self._places)
        if not names:
            return f"give a place 0..{len(self.columns) - 1}"
        text = text_of(key)
        near = get_close_matches(text, names, SHOWN, 0.5)
        folded = [name for name in names if name.casefold() == text.casefold()]
        listed = list(dict.fromkeys([*folded, *near])) or names[:SHOWN]
        return f"the columns are called {_listed(listed, len(names))}"


def _listed(shown: Iterable[Any], n: int) -> str:
    """Return some of n names, for a message."""
    words = [show(each) for each in shown]
    left = n - len(words)
    return ", ".join(words) + (f" and {left} more" if left > 0 else "")


def _values_of(column: Column) -> Floats:
    """Return the number of each code of a column whose values are so many; else nothing."""
    n = None if column.output is None else column.output.n_values
    if column.output is None or n is None:
        return np.empty(0)
    return column.coding.decode(column.output.values(n))


def _read(column: Column, cell: Any, said: str) -> float:
    """Return the number of a cell, by the reading of its column."""
    numbers = column.reading.numbers(RawColumn(cell, np.zeros(1, dtype=bool), str(cell.dtype)), lambda _: said)
    return float(numbers[0])


def _as_moment(value: Any) -> Any:
    """Return a point in time, or a length of time, as an array of one NumPy number; None: it is none."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(timezone.utc).replace(tzinfo=None)
    if isinstance(value, (np.datetime64, np.timedelta64)):
        moment = value
    elif isinstance(value, time) and value.tzinfo is None:
        moment = np.timedelta64(datetime.combine(date.min, value) - datetime.min)
    elif isinstance(value, str) and (match := CLOCK.fullmatch(value)) is not None:
        hours, minutes, seconds = (float(part or 0) for part in match.groups())
        moment = np.timedelta64(timedelta(hours=hours, minutes=minutes, seconds=seconds))
    elif isinstance(value, timedelta):
        moment = np.timedelta64(value)
    elif isinstance(value, (date, str)):
        try:
            moment = np.datetime64(value)
        except ValueError:
            return None
    else:
        return None
    return None if np.isnat(moment) else np.array([moment])
