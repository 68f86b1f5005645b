"""From the cells of a column to one number each, and back: how a column is read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np

from made_np.table.raw import RawColumn
from made_np.typing import Floats
from made_np.values import REALS, show

__all__ = ["NUMBERS", "READINGS", "Entry", "Numbers", "Reading", "reading_from_config"]

Entry = Callable[[int], str]
"""How messages call the cell of a row."""


class Reading(ABC):
    """How the cells of one column become numbers, learned from the cells of fit.

    A number is a float64, NaN for a gap. Those of words and declared levels are codes 0, 1, ...; what fit has not seen
    is the code behind the last one.
    """

    name: ClassVar[str]
    """What files call it."""

    @abstractmethod
    def numbers(self, raw: RawColumn, entry: Entry) -> Floats:
        """Return the numbers (n,) of some cells.

        Raises
        ------
        TypeError, ValueError
            A cell that this column cannot hold; `entry` says how messages call it.
        """

    @abstractmethod
    def cells(self, numbers: Floats) -> RawColumn:
        """Return the cells whose numbers these are; a number that is none of a cell becomes the nearest one."""

    def config(self) -> dict[str, Any]:
        """Return its arguments as JSON-able values."""
        return {each.name: getattr(self, each.name) for each in fields(self)}  # type: ignore[arg-type]

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Reading:
        """Return the reading whose `config` this is."""
        return cls(**config)


@dataclass(frozen=True)
class Numbers(Reading):
    """Cells that are numbers already: booleans, integers, floats, decimals."""

    name: ClassVar[str] = "numbers"

    def numbers(self, raw: RawColumn, entry: Entry) -> Floats:
        """Return the cells in float64."""
        if raw.values.dtype.kind in "buif":
            numbers = raw.values.astype(np.float64)
        else:
            numbers = np.empty(len(raw))
            for row in np.flatnonzero(~raw.gaps).tolist():
                value = raw.values[row]
                if not isinstance(value, REALS):
                    raise TypeError(f"{entry(row)} = {show(value)}: this column holds numbers")
                numbers[row] = value
        numbers[raw.gaps] = np.nan
        return numbers

    def cells(self, numbers: Floats) -> RawColumn:
        """Return the numbers as they are."""
        return RawColumn(numbers, np.isnan(numbers), "float64")


NUMBERS = Numbers()
"""Cells that are numbers."""

READINGS: dict[str, type[Reading]] = {reading.name: reading for reading in (Numbers,)}
"""Every reading by the name that files give it."""


def reading_from_config(config: dict[str, Any]) -> Reading:
    """Return the reading whose name and arguments a file holds."""
    about = dict(config)
    return READINGS[about.pop("name")].from_config(about)
