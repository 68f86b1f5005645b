"""How the cells of a column become one number each: what every reading answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np

from made_np.table.raw import RawColumn
from made_np.typing import Floats

__all__ = ["NOT_READ", "Entry", "NotRead", "Reading"]

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

    def with_gaps(self, raw: RawColumn) -> RawColumn:
        """Return cells with those as gaps, too, that the reading takes for such."""
        return raw

    def config(self) -> dict[str, Any]:
        """Return its arguments as JSON-able values."""
        return {each.name: getattr(self, each.name) for each in fields(self)}  # type: ignore[arg-type]

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Reading:
        """Return the reading whose `config` this is."""
        return cls(**config)


@dataclass(frozen=True)
class NotRead(Reading):
    """Cells of a column that is left out: nobody looks at them."""

    name: ClassVar[str] = "not_read"

    def numbers(self, raw: RawColumn, entry: Entry) -> Floats:
        """Return gaps."""
        return np.full(len(raw), np.nan)

    def cells(self, numbers: Floats) -> RawColumn:
        """Return gaps."""
        return RawColumn(np.full(len(numbers), None), np.ones(len(numbers), dtype=bool), "object")


NOT_READ = NotRead()
"""Cells that nobody looks at."""
