"""How the cells of one training column are read, which also tells most of its kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from made_np.cells import Source, where
from made_np.columns.amounts import Amounts
from made_np.columns.bending import differ
from made_np.columns.dates import Dates, are_dates
from made_np.columns.finding import INDEX_NAMES, kind_of_numbers
from made_np.columns.kinds import DISCRETE, NUMERIC, REAL, Kind, is_kind
from made_np.columns.levels import Levels, counted
from made_np.columns.numeric import EXACT, Numbers, is_inexact, is_number
from made_np.columns.reading import Reading
from made_np.columns.seen import Seen
from made_np.columns.written import formats_of
from made_np.table.notations import readings_of
from made_np.table.raw import RawColumn
from made_np.values import show

__all__ = ["Place", "found_kind", "reading_of"]

FIXES = {
    "count": "give 'integer' or 'real'",
    "integer": "give 'real'",
    "positive": "give 'real'",
    "binary": "give 'categorical' or 'ordinal'",
    "constant": "leave it out of columns, or give 'drop'",
}
"""What to say of a column instead."""


@dataclass(frozen=True)
class Place:
    """Where a column stands, for messages."""

    d: int
    name: str
    source: Source
    is_named: bool

    def __str__(self) -> str:
        return where(self.d, self.name)

    @property
    def is_index(self) -> bool:
        """Whether row numbers would stand here, under this name."""
        return self.d == 0 and self.is_named and self.name.strip().lower() in INDEX_NAMES

    def entry(self, row: int) -> str:
        """Return how messages call a cell where they say nothing else of its column."""
        return self.source.entry(row, self.d)

    def cell(self, row: int) -> str:
        """Return how messages call a cell."""
        return self.source.cell(row, self.d)


def reading_of(raw: RawColumn, kind: Kind, place: Place) -> tuple[Reading, dict[Any, int]]:
    """Return how a column is read, with how often each label occurs where it is read as levels.

    Raises
    ------
    ValueError
        The column holds something else than a column of this kind does.
    """
    if raw.levels is not None and kind not in NUMERIC:
        each = np.bincount(raw.values[~raw.gaps].astype(np.intp), minlength=len(raw.levels))
        return Levels(raw.levels, raw.ordered, declared=True), dict(zip(raw.levels, each.tolist(), strict=True))
    if raw.values.dtype.kind in "mM" or (kind in ("auto", "date") and are_dates(raw, said=kind == "date")):
        return Dates.learn(raw), {}
    if (raw.levels is None and raw.values.dtype.kind in "buif") or all(map(is_number, raw.known().tolist())):
        _refuse(kind == "date", raw, kind, place, "numbers")
        form = {"b": "bool", "i": "int", "u": "int"}.get(raw.values.dtype.kind, "float")
        return Numbers("float" if raw.levels else form, raw.digits), {}
    if kind in ("auto", "ordinal", *NUMERIC) or not is_kind(kind):
        is_said = kind in NUMERIC
        amounts = Amounts.learn(raw, said=is_said, whole=kind in ("count", "integer"), decimal=place.source.decimal)
        if amounts is not None:
            return amounts, {}
    _refuse(kind in (*NUMERIC, "date"), raw, kind, place, "words")
    counts = counted(raw)
    return Levels(tuple(counts)), counts


def _refuse(wrong: bool, raw: RawColumn, kind: Kind, place: Place, what: str) -> None:
    """Raise a `ValueError` if a column holds something else than its kind does."""
    if wrong:
        cells = raw.known().tolist()
        odd = next((cell for cell in cells if not is_number(cell)), cells[0])
        way_out = _number_instead(cells) if what == "words" else "give 'categorical' or 'drop'"
        if kind == "date":
            way_out = "make dates of it (2024-12-31), or give 'integer'" if what == "numbers" else _date_instead(cells)
        raise ValueError(f"columns: {place} is to be {kind!r}, but it holds {what}, such as {show(odd)}: {way_out}")


def _number_instead(cells: list[Any]) -> str:
    """Return what to do with words that are to be numbers."""
    words = list(dict.fromkeys(cells))
    read = readings_of(words) if all(isinstance(word, str) for word in words) else ""
    if read:
        return f"{read}: give 'count' where it is the first, else make numbers of it (pandas.to_numeric)"
    return "give 'categorical' or 'drop', or make numbers of it"


def _date_instead(words: list[Any]) -> str:
    """Return what to do with words that are to be dates."""
    different = list(dict.fromkeys(word for word in words if isinstance(word, str)))
    found = formats_of(different)
    if len(found) < 2:
        return "write 2024-12-31"
    at = int(np.argmax(found[0].values != found[1].values))
    read = " or ".join(str(each.values[at].astype("M8[D]")) for each in found)
    return f"{show(different[at])} may be {read}: write 2024-12-31 (pandas.to_datetime with dayfirst=)"


def found_kind(raw: RawColumn, seen: Seen, reading: Reading, place: Place) -> str:
    """Return the kind of a column of numbers or dates of which nobody said it."""
    if isinstance(reading, Dates):
        return "constant" if seen.n_distinct < 2 else "date"
    is_integer = place.is_named or raw.values.dtype.kind in "iuO"
    return kind_of_numbers(seen, is_index=place.is_index, is_integer=is_integer)


def is_large_id(raw: RawColumn) -> bool:
    """Whether a column is of integers that float64 does not hold, all of them different: they name rows."""
    if raw.levels is not None or raw.values.dtype.kind not in "iuO":
        return False
    if raw.values.dtype.itemsize < 8:
        return False
    cells = raw.known()
    if cells.dtype == object:
        is_large = any(is_inexact(cell) for cell in cells.tolist())
    else:
        is_large = bool(len(cells)) and max(-int(cells.min()), int(cells.max())) >= EXACT
    return is_large and len(set(cells.tolist())) == len(cells)


def check_kind(kind: str, seen: Seen, place: Place) -> None:
    """Raise a `ValueError` where the numbers of a column are not what its kind says."""
    if not seen.n:
        return
    low = seen.low
    wrong = {
        "count": (not seen.is_whole or low < 0, "whole numbers of at least 0"),
        "integer": (not seen.is_whole, "whole numbers"),
        "positive": (low < 0, "numbers of at least 0"),
        "binary": (seen.n_distinct > 2, "two values"),
        "constant": (seen.n_distinct > 1, "one value"),
    }.get(kind)
    if wrong is None or not wrong[0]:
        _check_width(kind, seen, place)
        return
    fine = seen.distinct == np.floor(seen.distinct) if kind in ("count", "integer") else np.ones(seen.n_distinct, bool)
    odd = seen.distinct[~fine | (seen.distinct < 0)] if kind not in DISCRETE else seen.distinct[2:]
    value = odd[0] if len(odd) else seen.distinct[-1]
    raise ValueError(
        f"columns: {place} is to be {kind!r}, {wrong[1]}, but it has {seen.n_distinct} values, such as {value:g}: "
        f"{FIXES[kind]}"
    )


def _check_width(kind: str, seen: Seen, place: Place) -> None:
    """Raise a `ValueError` where a density over the numbers of a column would have no width."""
    if kind in REAL and seen.n_distinct > 1 and not differ(seen.distinct):
        raise ValueError(
            f"columns: {place} is to be {kind!r}, but all its numbers, such as {seen.distinct[-1]:g}, lie within "
            "1e-303: multiply it by a power of ten, or give 'ordinal' or 'drop'"
        )
