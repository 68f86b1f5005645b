"""Cells that are words, each of which writes a number in the one notation of the column."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np

from made_np.columns.numeric import NUMBERS, is_number
from made_np.columns.reading import Entry, Reading
from made_np.table.files.layout import GAPS
from made_np.table.notation import Notation
from made_np.table.notations import are_codes, notation_of
from made_np.table.raw import RawColumn
from made_np.typing import Floats
from made_np.values import show

__all__ = ["Amounts"]


@dataclass(frozen=True)
class Amounts(Reading):
    """Words that write numbers: "$1,234.50", "7 %".

    The number is what stands there, whatever the unit is: that of "7 %" is 7.

    Attributes
    ----------
    notation : Notation
        How every cell is written.

    Examples
    --------
    >>> raw = RawColumn(np.array(["$1,234.50", "NA"], dtype=object), np.zeros(2, dtype=bool))
    >>> amounts = Amounts.learn(raw)
    >>> amounts.numbers(raw, str)
    array([1234.5,    nan])
    >>> amounts.cells(np.array([0.251])).values
    array(['$0.25'], dtype=object)
    """

    notation: Notation
    name: ClassVar[str] = "amounts"

    @classmethod
    def learn(cls, raw: RawColumn, *, said: bool = False, whole: bool = False, decimal: str = "") -> Amounts | None:
        """Return the reading of words of which all write numbers in one notation, None if it is not so.

        A person may have `said` that they are numbers, even `whole` ones, and a file what stands before a `decimal`.
        """
        if raw.values.dtype != object and raw.levels is None:
            return None
        words = [cell for cell in dict.fromkeys(raw.known().tolist()) if not _is_gap(cell)]
        if not words or not all(isinstance(word, str) for word in words):
            return None
        notation = notation_of(words, decimal, whole=whole)
        return None if notation is None or (not said and are_codes(words, notation)) else cls(notation)

    def numbers(self, raw: RawColumn, entry: Entry) -> Floats:
        """Return the numbers that words write; what is a number already stays as it is."""
        if raw.values.dtype != object and raw.levels is None:
            return NUMBERS.numbers(raw, entry)
        at = np.flatnonzero(~raw.gaps)
        cells = raw.known().tolist()
        known: dict[Any, Any] = {}
        for place, cell in enumerate(cells):
            if cell in known:
                continue
            known[cell] = np.nan if _is_gap(cell) else self.number(cell) if isinstance(cell, str) else cell
            if known[cell] is None or not is_number(known[cell]):
                raise TypeError(f"{entry(int(at[place]))} = {show(cell)}: this column holds {self.what}")
        if any(type(number) is not float or abs(number) == np.inf for number in known.values()):
            values = raw.values.copy() if raw.levels is None else np.full(len(raw), None, dtype=object)
            values[at] = [known[cell] for cell in cells]
            return NUMBERS.numbers(RawColumn(values, raw.gaps), entry)
        numbers = np.full(len(raw), np.nan)
        numbers[at] = np.fromiter(map(known.__getitem__, cells), np.float64, len(cells))
        return numbers

    def number(self, word: str) -> float | None:
        """Return the number that a word writes in the notation of the column, None if it writes none."""
        return self.notation.number(word)

    def with_gaps(self, raw: RawColumn) -> RawColumn:
        """Return cells with words that stand for gaps, such as "NA", as gaps."""
        if raw.values.dtype != object:
            return raw
        gaps = raw.gaps | np.fromiter(map(_is_gap, raw.values.tolist()), dtype=bool, count=len(raw))
        return RawColumn(raw.values, gaps, raw.dtype)

    @property
    def what(self) -> str:
        """What the cells are, in words, with what to give."""
        return f"numbers that are written as {self.notation.spelled([1234.5])[0]!r} is; give such a word, or a number"

    def cells(self, numbers: Floats) -> RawColumn:
        """Return the words that write the numbers."""
        gaps = np.isnan(numbers)
        words = np.array([*self.notation.spelled(np.where(gaps, 0.0, numbers).tolist()), None], dtype=object)[:-1]
        words[gaps] = None
        return RawColumn(words, gaps, "object")

    def config(self) -> dict[str, Any]:
        """Return its arguments as JSON-able values."""
        return {"notation": asdict(self.notation)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Amounts:
        """Return the reading whose `config` this is."""
        return cls(Notation(**config["notation"]))


def _is_gap(cell: Any) -> bool:
    """Whether a cell is a word that stands for nothing known."""
    return isinstance(cell, str) and cell.strip() in GAPS
