"""How one column of a training table is learned: read, given a kind, coded."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from made_np.columns.amounts import Amounts
from made_np.columns.choosing import Place, check_kind, found_kind, is_large_id, reading_of
from made_np.columns.coded import Constant
from made_np.columns.coding import PLAIN
from made_np.columns.column import Column, Facts
from made_np.columns.finding import MAX_CODES, REPEATED, kind_of_words
from made_np.columns.forms import Form, of_distribution, of_levels, of_numbers, of_values
from made_np.columns.kinds import DISCRETE, LEFT_OUT, NUMERIC, REAL, Kind, is_kind
from made_np.columns.levels import Levels
from made_np.columns.numeric import Numbers
from made_np.columns.odd import NOTHING_ODD, Odd
from made_np.columns.reading import NOT_READ, Reading
from made_np.columns.resolution import digits_of
from made_np.columns.seen import Seen
from made_np.table.raw import RawColumn
from made_np.typing import Array
from made_np.values import as_choice, as_number, show

__all__ = ["Wishes", "learn_column"]

MOST_POINTS = 1e6
"""A lattice with more points than these, where the most are, is as good as none: of the digits that a file has."""

WHY = {
    "id": "an id: {many} are different",
    "index": "row numbers",
    "text": "free text",
    "drop": "dropped",
}
"""Why a column is left out."""


@dataclass(frozen=True)
class Wishes:
    """What a person wants of all columns.

    Attributes
    ----------
    missing : {"ignore", "level"}
        Whether a gap is a value, learned and drawn as any other, where fit meets some.
    handle_unknown : {"other", "error"}
        Whether a column keeps a mass for what it does not know.
    min_frequency : float, optional
        Levels that are rarer are lumped together: rows, or below 1 a share of them.
    """

    missing: str = "ignore"
    handle_unknown: str = "other"
    min_frequency: float | None = None

    def __post_init__(self) -> None:
        as_choice(self.missing, "missing", ("ignore", "level"))
        as_choice(self.handle_unknown, "handle_unknown", ("other", "error"))
        if self.min_frequency is not None:
            as_number(self.min_frequency, "min_frequency", "(0, inf)")

    def other(self, n: int) -> float:
        """Return the mass that a column keeps for what it does not know, learned from n rows."""
        return 1 / (n + 1) if self.handle_unknown == "other" else 0.0


def learn_column(raw: RawColumn, kind: Kind, place: Place, wishes: Wishes) -> tuple[Column, Odd]:
    """Return what is learned of the cells of a column, with what seems odd in them; `kind` may be "auto".

    Raises
    ------
    TypeError, ValueError
        Cells that a column of this kind cannot hold.
    """
    with np.errstate(over="ignore"):  # a range that no float holds is as wide as any
        return _learned(raw, kind, place, wishes)


def _learned(raw: RawColumn, kind: Kind, place: Place, wishes: Wishes) -> tuple[Column, Odd]:
    if kind == "auto" and is_large_id(raw):
        kind = "id"
    if isinstance(kind, str) and kind in LEFT_OUT:
        return _left_out(kind, raw, place), NOTHING_ODD
    reading, counts = reading_of(raw, kind, place)
    if kind == "auto" and isinstance(reading, Levels):
        kind = kind_of_words(counts, ordered=reading.ordered)
        odd = Odd() if reading.declared else Odd.in_words(counts)
        if kind in LEFT_OUT:
            return _left_out(kind, raw, place, sum(count > 0 for count in counts.values())), odd
        seen = Seen.of(reading.numbers(raw, place.entry))
        return _coded(kind, seen, reading, place, wishes, is_auto=True), odd
    seen = Seen.of(reading.numbers(raw, place.entry), single=_is_single(raw), small=_small(raw))
    is_auto = kind == "auto"
    if is_auto:
        kind = found_kind(raw, seen, reading, place)
        if kind in LEFT_OUT:
            return _left_out(kind, raw, place, seen.n_distinct), NOTHING_ODD
    column = _coded(kind, seen, reading, place, wishes, is_auto=is_auto)
    return column, Odd.in_numbers(seen) if is_auto and isinstance(reading, (Numbers, Amounts)) else NOTHING_ODD


def _is_single(raw: RawColumn) -> bool:
    """Whether cells are floats of at most 32 bits."""
    return raw.values.dtype.kind == "f" and raw.values.dtype.itemsize <= 4


def _small(raw: RawColumn) -> Array | None:
    """Return cells that are whole numbers of one byte, none below 0, without gaps."""
    is_small = raw.values.dtype in (np.uint8, np.bool_) and raw.levels is None and not raw.gaps.any()
    return raw.values.view(np.uint8) if is_small else None


def _left_out(kind: str, raw: RawColumn, place: Place, n_distinct: int = 0) -> Column:
    """Return a column that is not in the model."""
    n = len(raw)
    n_gaps = int(raw.gaps.sum())
    n_known = n - n_gaps
    many = f"all {n_known} of them" if n_distinct in (0, n_known) else f"{n_distinct} of {n_known}"
    why = WHY[kind].format(many=many)
    return Column(None, PLAIN, NOT_READ, place.name, kind, 0.0, why, Facts(n, n_gaps, n_distinct))


def _coded(kind: Kind, seen: Seen, reading: Reading, place: Place, wishes: Wishes, *, is_auto: bool) -> Column:
    """Return a column of a kind."""
    if isinstance(kind, str) and is_kind(kind):
        check_kind(kind, seen, place)
    other = wishes.other(seen.n or len(seen.numbers))
    missing = wishes.missing == "level" and seen.n < len(seen.numbers)
    resolution = seen.resolution() if kind in (*NUMERIC, "date") else 0.0
    if isinstance(reading, Numbers) and resolution:
        reading = replace(reading, digits=digits_of(resolution, seen.low))
    if kind in REAL and (not is_auto or seen.extent > MOST_POINTS * resolution):
        resolution = 0.0
    column = Column(None, PLAIN, reading, place.name, "constant", other, "", seen.facts(resolution))
    if not seen.n or (_is_constant(kind, seen, reading) and not missing):
        return replace(column, coding=Constant(seen.low if seen.n else None))
    if not isinstance(kind, str) or not is_kind(kind):
        output, coding = of_distribution(kind, seen, str(place))
        if isinstance(reading, Levels) and not output.n_values:
            raise ValueError(
                f"columns: {place} is to be {show(kind)}, but it holds words, such as {show(reading.levels[0])}: give "
                "'categorical' or 'drop', or make numbers of it"
            )
        word = kind if isinstance(kind, str) else type(kind).__name__
        column = replace(column, output=output, coding=coding, kind=word, other=0.0)
        column.encode(seen.numbers, lambda row: f"{place.cell(row)} = {seen.numbers[row]:g}: {place}")
        return column
    (output, coding), *rivals = _forms(kind, seen, reading, resolution, wishes, missing=missing)
    other = 0.0 if kind == "real" and not resolution else other  # it knows all numbers
    return replace(column, output=output, coding=coding, kind=kind, other=other, rivals=tuple(rivals))


def _is_constant(kind: Kind, seen: Seen, reading: Reading) -> bool:
    """Whether a column of few values has one only: nobody says that there are others, as there are of a bit."""
    if kind == "constant":
        return True
    n_levels = len(reading.levels) if isinstance(reading, Levels) else seen.n_distinct
    return kind in DISCRETE and n_levels == 1 and not (kind == "binary" and seen.low in (0, 1))


def _forms(kind: str, seen: Seen, reading: Reading, resolution: float, wishes: Wishes, *, missing: bool) -> list[Form]:
    """Return how a column of some kind may be coded, the first choice first."""
    if isinstance(reading, Levels):
        return [of_levels(seen, len(reading.levels), missing=missing, min_frequency=wishes.min_frequency)]
    is_few = kind == "constant" or (
        kind == "date" and seen.n_distinct <= MAX_CODES and seen.n > seen.n_distinct * REPEATED
    )
    if kind in DISCRETE or is_few:
        return [of_values(seen, missing=missing)]
    return of_numbers(seen, kind, resolution, missing=missing)
