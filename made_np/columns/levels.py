"""Cells that are one of some levels: words, declared categories, labels of any type."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from made_np.columns.reading import Entry, Reading
from made_np.lazy import lazy
from made_np.table.raw import RawColumn
from made_np.typing import Array, Floats
from made_np.values import text_of

__all__ = ["Levels", "counted"]


@dataclass(frozen=True)
class Levels(Reading):
    """Cells with a code each: 0, 1, ... in the order of the levels.

    A cell that is no level has the code behind the last one. A word and a number that are spelled alike are the same
    level where the levels have no other such: a file of text may have made one of the other.

    Attributes
    ----------
    levels : tuple of str, bool, int or float
        All different.
    ordered : bool
        Whether their order means something.
    declared : bool
        Whether the dtype declares them; they come out as codes of these levels then, else as the labels.
    """

    levels: tuple[Any, ...]
    ordered: bool = False
    declared: bool = False
    name: ClassVar[str] = "levels"

    @lazy
    def _codes(self) -> dict[Any, int]:
        """The code of each level."""
        return {level: code for code, level in enumerate(self.levels)}

    @lazy
    def _spelled(self) -> dict[str, int]:
        """The code of each level by its spelling."""
        return {str(level): code for code, level in reversed(list(enumerate(self.levels)))}

    def code(self, label: Any) -> int:
        """Return the code of a label; that behind the last level, if it is none."""
        found = self._codes.get(label)
        if found is None and isinstance(label, (str, int, float, np.bool_, np.number)):
            found = self._spelled.get(text_of(label))
        return len(self.levels) if found is None else found

    def numbers(self, raw: RawColumn, entry: Entry) -> Floats:
        """Return the codes."""
        if raw.levels is not None:
            codes = np.array([*(self.code(label) for label in raw.levels), np.nan], dtype=np.float64)
            return codes[np.where(raw.gaps, -1, raw.values.astype(np.int64))]
        numbers = np.full(len(raw), np.nan)
        cells = raw.values[~raw.gaps].tolist()
        each = {label: self.code(label) for label in dict.fromkeys(cells)}
        numbers[~raw.gaps] = np.fromiter(map(each.__getitem__, cells), np.float64, len(cells))
        return numbers

    def cells(self, numbers: Floats) -> RawColumn:
        """Return the labels, or their codes where the levels are declared; a code that is none is a gap."""
        codes = np.rint(np.where(np.isnan(numbers), -1, numbers)).astype(np.int64)
        gaps = (codes < 0) | (codes >= len(self.levels))
        labels = _objects(self.levels)[np.where(gaps, -1, codes)]
        codes[gaps] = 0
        if self.declared:
            return RawColumn(codes, gaps, "category", self.levels, self.ordered)
        return RawColumn(labels, gaps, "object")

    def config(self) -> dict[str, Any]:
        """Return its arguments as JSON-able values."""
        return {"levels": list(self.levels), "ordered": self.ordered, "declared": self.declared}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Levels:
        """Return the reading whose `config` this is."""
        return cls(tuple(config["levels"]), config["ordered"], config["declared"])


def counted(raw: RawColumn) -> dict[Any, int]:
    """Return how often each label occurs, in the order of the labels where they have one, else of the rows."""
    counts = Counter(raw.values[~raw.gaps].tolist())
    try:
        return {label: counts[label] for label in sorted(counts)}
    except TypeError:  # words among numbers
        return dict(counts)


def _objects(labels: tuple[Any, ...]) -> Array:
    """Return an array of these objects, whatever they are, with None behind them."""
    array = np.full(len(labels) + 1, None, dtype=object)
    for place, label in enumerate(labels):
        array[place] = label
    return array
