"""Cells that are numbers: booleans, integers, floats, decimals."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from numbers import Real
from typing import Any, ClassVar

import numpy as np

from made_np.columns.reading import Entry, Reading
from made_np.table.raw import RawColumn
from made_np.typing import Array, Floats
from made_np.values import as_choice, show

__all__ = ["EXACT", "NUMBERS", "Numbers", "is_inexact", "is_number"]

EXACT = 1 << 53
"""From here on, float64 does not hold every integer."""
FORMS = ("bool", "int", "float")
WRITTEN = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
"""A number as a file of text writes it, whose other cells were words."""
SPELLED = {"true": 1.0, "false": 0.0}
"""Booleans as a file of text spells them, in small letters."""


@dataclass(frozen=True)
class Numbers(Reading):
    """Cells that are numbers already.

    Attributes
    ----------
    form : {"bool", "int", "float"}
        What comes out.
    digits : int, optional
        So many decimals a cell has; None: as many as there are.
    """

    form: str = "float"
    digits: int | None = None
    name: ClassVar[str] = "numbers"

    def __post_init__(self) -> None:
        as_choice(self.form, "form", FORMS)

    def numbers(self, raw: RawColumn, entry: Entry) -> Floats:
        """Return the cells in float64."""
        kept = ~raw.gaps
        if raw.levels is None and raw.values.dtype.kind in "bui" and raw.values.dtype.itemsize <= 4 and kept.all():
            return raw.values.astype(np.float64)
        cells = raw.values if raw.levels is None and kept.all() else raw.known()
        if cells.dtype.kind not in "buif":
            cells = self._from_objects(cells, np.flatnonzero(kept), entry)
        numbers = np.full(len(raw), np.nan)
        with np.errstate(over="ignore"):  # from wider floats: the infinity is refused below
            try:
                numbers[... if len(cells) == len(raw) else kept] = cells
            except OverflowError:  # a Python integer beyond all floats
                _refuse_inexact(cells, np.flatnonzero(kept), entry)
                raise
        wrong = np.isinf(numbers)
        if wrong.any():
            row = int(wrong.argmax())
            raise ValueError(f"{entry(row)} = {numbers[row]}: infinity has no place here: clip or drop it")
        if cells.dtype.kind in "iuO" and cells.dtype.itemsize > 4 and (np.abs(numbers[kept]) >= EXACT).any():
            _refuse_inexact(cells, np.flatnonzero(kept), entry)
        return numbers

    def _from_objects(self, cells: Array, at: Array, entry: Entry) -> Array:
        """Return cells of any Python type as numbers, still in the type that they have; refuse all others."""
        if all(
            issubclass(kind, (bool, int, float, np.bool_, np.integer, np.floating)) for kind in set(map(type, cells))
        ):
            return cells
        numbers = np.empty(len(cells), dtype=object)
        for place, cell in enumerate(cells):
            value = cell
            if self.form == "bool" and isinstance(cell, str):
                value = SPELLED.get(cell.strip().lower(), cell)
            if isinstance(value, str) and WRITTEN.fullmatch(value):
                value = float(value)
            if not is_number(value):
                raise TypeError(
                    f"{entry(int(at[place]))} = {show(cell)} is a {type(cell).__name__}: this column holds numbers; "
                    "give one, or None where it is not known"
                )
            numbers[place] = value
        return numbers

    def cells(self, numbers: Floats) -> RawColumn:
        """Return the numbers in the form that the column had."""
        gaps = np.isnan(numbers)
        known = np.where(gaps, 0.0, numbers)
        if self.form == "bool":
            return RawColumn(known >= 0.5, gaps, "bool")
        if self.form == "int":
            return RawColumn(np.rint(known).astype(np.int64), gaps, "int64")
        rounded = known if self.digits is None else np.round(known, self.digits)
        return RawColumn(np.where(gaps, np.nan, rounded), gaps, "float64", digits=self.digits)


def is_number(cell: Any) -> bool:
    """Whether a cell is a real number; dates and spans of time are none, although NumPy counts some as integers."""
    return isinstance(cell, (Real, Decimal, np.bool_)) and not isinstance(cell, np.timedelta64)


def is_inexact(cell: Any) -> bool:
    """Whether a cell is a whole number, an integer or a decimal, of a size of which float64 does not hold each one."""
    whole = Decimal(cell) if isinstance(cell, (int, Decimal)) else Decimal(0)
    return whole.is_finite() and abs(whole) >= EXACT and whole == whole.to_integral_value()


def _refuse_inexact(cells: Array, at: Array, entry: Entry) -> None:
    """Raise at the first whole number that would become another one in float64."""
    for place, cell in enumerate(cells.tolist()):
        if is_inexact(cell):
            raise ValueError(
                f"{entry(int(at[place]))} = {show(cell)}: float64 does not hold integers of 2**53 and more; leave the "
                "column out, or subtract its smallest value"
            )


NUMBERS = Numbers()
"""Cells that are numbers, and come out as floats."""
