"""Cells that are moments or spans of time, as whole numbers of one unit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from made_np.columns.numeric import EXACT
from made_np.columns.reading import Entry, Reading
from made_np.columns.written import format_of, parsed, spelled
from made_np.table.raw import RawColumn
from made_np.typing import Array, Floats
from made_np.values import as_choice, show

__all__ = ["UNITS", "Dates", "are_dates"]

UNITS = {"D": 86_400e9, "h": 3_600e9, "m": 60e9, "s": 1e9, "ms": 1e6, "us": 1e3, "ns": 1.0}
"""What a number may count, the coarsest first, and how many nanoseconds it has."""
CALENDAR = "Y", "M"
"""Units that are no fixed number of days: a number counts them where the dtype does."""
ISO = re.compile(r"\d{4}-\d\d-\d\d(([T ])\d\d:\d\d(:\d\d(\.\d{1,9})?)?)?")
"""A date as ISO 8601 writes it, perhaps with a time of day."""


@dataclass(frozen=True)
class Dates(Reading):
    """Moments since an origin, or spans of time, counted in one unit.

    Attributes
    ----------
    unit : {"Y", "M", "D", "h", "m", "s", "ms", "us", "ns"}
        What a number counts.
    origin : int
        The moment with the number 0, in units since 1970; of spans, the one with the number 0.
    resolution : str
        The unit of the dtype in NumPy, in which cells come out: "ns", "D", "M".
    span : bool
        Whether the cells are spans of time, not moments.
    written : str, optional
        Cells are words that write moments: by this format ("%-d.%m.%Y", see `columns.written`), or as ISO 8601 has it,
        with this between day and time: "T", " ", or "" where there is only a day.

    Examples
    --------
    >>> days = np.array(["2024-02-28", "2024-03-01"], dtype="M8[ns]")
    >>> raw = RawColumn(days, np.isnat(days))
    >>> dates = Dates.learn(raw)
    >>> dates.unit, dates.numbers(raw, str)
    ('D', array([0., 2.]))
    >>> dates.cells(np.array([1.0])).values
    array(['2024-02-29T00:00:00.000000000'], dtype='datetime64[ns]')
    """

    unit: str
    origin: int
    resolution: str
    span: bool = False
    written: str | None = None
    name: ClassVar[str] = "dates"

    def __post_init__(self) -> None:
        as_choice(self.unit, "unit", (*CALENDAR, *UNITS))

    @classmethod
    def learn(cls, raw: RawColumn) -> Dates:
        """Return the reading in the coarsest unit that holds all cells, counted from the first of them.

        Where no unit holds them in float64, nanoseconds over more than a hundred days, it is the finest that does:
        numbers are then rounded to it.
        """
        written = None
        values = raw.values[~raw.gaps]
        if values.dtype.kind not in "mM":
            written, values = _read(values.tolist())
        resolution = np.datetime_data(values.dtype)[0]
        span = values.dtype.kind == "m"
        unit = resolution if resolution in CALENDAR else _unit_of(values)
        origin = int(_in(values, unit).min().astype(np.int64)) if len(values) else 0
        return cls(unit, origin, resolution, span, written)

    def numbers(self, raw: RawColumn, entry: Entry) -> Floats:
        """Return how many units each cell is after the origin; between two units a fraction."""
        kept = ~raw.gaps
        numbers = np.full(len(raw), np.nan)
        values = raw.values[kept]
        at = np.flatnonzero(kept)
        if values.dtype.kind not in "mM":
            read = self._moments(values.tolist())
            if isinstance(read, int):
                raise TypeError(f"{entry(int(at[read]))} = {show(values[read])}: this column holds {self._what}")
            values = read
        if values.dtype.kind != ("m" if self.span else "M") and len(values):
            raise TypeError(f"{entry(int(at[0]))} = {values[0]}: this column holds {self._what}")
        floor = _in(values, self.unit)
        after = _in(values, self.unit, 1)
        rest = np.zeros(len(values)) if (floor == values).all() else (values - floor) / (after - floor)
        numbers[kept] = (floor.astype(np.int64) - self.origin) + rest
        return numbers

    def writes(self, cell: Any) -> bool:
        """Whether a cell is a word that writes a moment, in the format of the column or in ISO 8601."""
        return self._moment(cell) is not None

    def _moments(self, cells: list[Any]) -> Array | int:
        """Return the moments that cells write, in the format of the column or in ISO 8601; or the first that does not.

        Examples
        --------
        >>> Dates("D", 0, "D", written="%d.%m.%Y")._moments(["01.02.2024", "2024-02-01", "soon"])
        2
        """
        known: dict[Any, Any] = {}
        for place, cell in enumerate(cells):
            if cell not in known:
                known[cell] = self._moment(cell)
            if known[cell] is None:
                return place
        return np.array([known[cell] for cell in cells], dtype=None if cells else "M8[D]")

    def _moment(self, cell: Any) -> np.datetime64 | None:
        """Return the moment that a cell writes."""
        moment = _of_iso(cell)
        if moment is None and self._format and isinstance(cell, str):
            found = parsed([cell], self._format)
            moment = None if found is None else found[0]
        return moment

    @property
    def _format(self) -> str:
        """The format of words that do not follow ISO 8601, "" where they do, or where cells are no words."""
        return self.written if self.written is not None and "%" in self.written else ""

    @property
    def _what(self) -> str:
        """What the cells are, in words, with what to give."""
        if self.span:
            return "spans of time; give a timedelta"
        example = spelled(np.array(["2024-05-31"], dtype="M8[D]"), self._format or "%Y-%m-%d")[0]
        return f"dates; give a datetime, a date, or {example}"

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Dates:
        """Return the reading whose `config` this is, or that of a version before it."""
        about = dict(config)
        if "between" in about:  # before there were formats
            about["written"] = about.pop("between")
        return cls(**about)

    def cells(self, numbers: Floats) -> RawColumn:
        """Return the moments or spans."""
        gaps = np.isnan(numbers)
        counts = np.rint(np.where(gaps, 0.0, numbers)).astype(np.int64) + self.origin
        letter = "m" if self.span else "M"
        times = counts.view(f"{letter}8[{self.unit}]").astype(f"{letter}8[{self.resolution}]")
        if self.written is None:
            return RawColumn(times, gaps, str(times.dtype))
        if self._format:
            words = np.array(spelled(times, self._format), dtype=object)
        else:
            words = np.char.replace(np.datetime_as_string(times), "T", self.written or "T").astype(object)
        words[gaps] = None
        return RawColumn(words, gaps, "object")


def are_dates(raw: RawColumn, *, said: bool = False) -> bool:
    """Whether the cells are moments or spans of time, or all of them words that write a date.

    Some words may write a date, as 1.12.20 does: they are taken for one where a person `said` so.
    """
    if raw.values.dtype.kind in "mM":
        return True
    if raw.values.dtype != object:
        return False
    cells = list(dict.fromkeys(raw.known().tolist()))
    if not cells or not all(isinstance(cell, str) for cell in cells):
        return False
    is_in_iso = all(_of_iso(cell) is not None for cell in cells) and len({len(cell) for cell in cells}) == 1
    return is_in_iso or format_of(cells, said=said) is not None


def _of_iso(cell: Any) -> np.datetime64 | None:
    """Return the moment that a cell writes as ISO 8601 does, or None."""
    if not isinstance(cell, str) or not ISO.fullmatch(cell):
        return None
    try:
        return np.datetime64(cell.replace(" ", "T"))
    except ValueError:  # the 30th of February
        return None


def _read(words: list[str]) -> tuple[str, Array]:
    """Return how words write dates, with their moments in the finest of their units."""
    if not words or _of_iso(words[0]) is not None:
        letter = ISO.fullmatch(max(words, key=len, default="")[:19])
        return (letter and letter[2]) or "", np.array([_of_iso(word) for word in words], None if words else "M8[D]")
    different = dict.fromkeys(words)
    found = format_of(different, said=True)
    if found is None:
        raise ValueError(f"{show(words[0])} is no date")
    at = dict(zip(different, range(len(different)), strict=True))
    return found.written, found.values[[at[word] for word in words]]


def _in(values: Array, unit: str, more: int = 0) -> Array:
    """Return times in whole units, rounded down, and so many `more`."""
    if values.dtype.kind == "M":
        return values.astype(f"M8[{unit}]") + np.timedelta64(more, unit)  # type: ignore[call-overload]
    one = np.timedelta64(1, unit)  # type: ignore[call-overload]
    return (values // one + more).view(f"m8[{unit}]")  # a cast would round towards 0


def _unit_of(values: Array) -> str:
    """Return the coarsest unit that holds all of some times, else the finest that float64 counts them in."""
    if not len(values):
        return "D"
    ticks = float(values.max().astype(np.int64)) - float(values.min().astype(np.int64))
    nanoseconds = ticks * UNITS.get(np.datetime_data(values.dtype)[0], UNITS["D"])
    unit = "D"
    for unit, length in UNITS.items():
        if nanoseconds / length >= EXACT:
            break
        fitting = unit
        if (_in(values, unit) == values).all():
            break
    return fitting
