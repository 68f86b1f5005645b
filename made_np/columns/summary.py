"""What was learned of the columns of a table, as a table for people."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from made_np.columns.coded import Constant
from made_np.columns.codes import Codes
from made_np.columns.column import Column
from made_np.columns.dates import Dates
from made_np.columns.levels import Levels
from made_np.columns.numeric import Numbers
from made_np.values import show

__all__ = ["as_dict", "as_text"]

MOST_ROWS = 60
"""More columns than these are cut in the middle."""
MOST_LEVELS = 3
LONG = 40
"""A cell of more letters is cut."""


class Line(NamedTuple):
    """What is said of one column."""

    column: str
    kind: str
    distribution: str
    values: str
    resolution: str
    missing: str
    note: str


HEAD = Line("column", "kind", "distribution", "values", "resolution", "missing", "")


def as_text(each: tuple[Column, ...], groups: tuple[tuple[int, int], ...], context: tuple[int, ...] = ()) -> str:
    """Return a table with a line for each column, and with one line for a group of one-hot columns."""
    lines = []
    start = 0
    stops = dict(groups)
    while start < len(each):
        stop = stops.get(start, start + 1)
        lines.append(
            _line(start, each[start], is_context=start in context) if stop == start + 1 else _group(start, stop, each)
        )
        start = stop
    hidden = len(lines) - MOST_ROWS
    if hidden > 0:
        lines[MOST_ROWS // 2 : -MOST_ROWS // 2] = [Line(f"... {hidden} more", "", "", "", "", "", "")]
    # A column of the table that says nothing is left out of it.
    kept = [k for k in range(len(HEAD)) if k < 4 or any(line[k] for line in lines)]
    table = [[line[k] for k in kept] for line in (HEAD, *lines)]
    widths = [max(map(len, cells)) for cells in zip(*table, strict=True)]
    rows = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in table)
    return "\n".join(row.rstrip() for row in rows)


def _line(d: int, column: Column, *, is_context: bool) -> Line:
    """Return what is said of a column."""
    facts = column.facts
    share = facts.n_gaps / facts.n if facts.n else 0.0
    return Line(
        _cut(column.name or str(d)),
        column.kind,
        "" if column.output is None or is_context else type(column.output).__name__,
        _cut(_values(column)),
        f"{facts.resolution:.6g}{_unit(column)}" if facts.resolution else "",
        f"{share:.1%}" if share else "",
        "context: given, not modelled" if is_context else f"left out: {column.left_out}" if column.left_out else "",
    )


def _group(start: int, stop: int, each: tuple[Column, ...]) -> Line:
    """Return what is said of a group of one-hot columns."""
    names = [column.name or str(d) for d, column in enumerate(each[start:stop], start)]
    return Line(_cut(f"{names[0]}..{names[-1]}"), "one-hot", "Categorical", f"{stop - start} columns", "", "", "")


def _values(column: Column) -> str:
    """Return which values a column has, in words."""
    if column.left_out:
        return f"{column.facts.n_distinct} different" if column.facts.n_distinct else ""
    if isinstance(column.coding, Constant):
        return "none" if column.coding.value is None else _spelled(column, column.coding.value)
    levels = _levels(column)
    if levels is not None:
        shown = ", ".join(levels[:MOST_LEVELS])
        return f"{len(levels)}: {shown}" + (", ..." if len(levels) > MOST_LEVELS else "")
    if not np.isfinite(column.facts.low):
        return ""
    return f"{_spelled(column, column.facts.low)} to {_spelled(column, column.facts.high)}"


def _levels(column: Column) -> list[str] | None:
    """Return the levels of a column as words; None: it has none."""
    if isinstance(column.reading, Levels):
        return [str(level) for level in column.reading.levels]
    if isinstance(column.coding, Codes):
        return [_spelled(column, value) for value in column.coding.values]
    if column.kind in ("binary", "categorical", "ordinal") and column.output is not None:
        return [_spelled(column, value) for value in column.output.values(2)]
    return None


def _spelled(column: Column, number: float) -> str:
    """Return the cell that a number stands for, as people write it."""
    cell = column.reading.cells(np.array([number])).values[0]
    if isinstance(column.reading, Numbers):
        return f"{cell:.6g}" if isinstance(cell, float) else str(cell)
    if isinstance(column.reading, Levels):
        return str(column.reading.levels[int(number)])
    if isinstance(column.reading, Dates) and column.reading.written is None:
        return str(cell.astype(f"{cell.dtype.kind}8[{column.reading.unit}]"))
    return str(cell)


def _unit(column: Column) -> str:
    """Return the unit of time that a column counts, after a blank."""
    return f" {column.reading.unit}" if isinstance(column.reading, Dates) else ""


def _cut(text: str) -> str:
    """Return a text on one line, cut if it is long."""
    text = text if text.isprintable() else show(text)
    return text if len(text) <= LONG else text[: LONG - 3] + "..."


def as_dict(d: int, column: Column, *, is_context: bool = False) -> dict[str, Any]:
    """Return what is said of a column as JSON-able values."""
    facts = column.facts
    has_range = bool(facts.n_distinct) and not column.left_out and _levels(column) is None
    levels: Any = None if column.left_out else _levels(column)
    if isinstance(column.reading, Levels):
        levels = list(column.reading.levels)
    return {
        "place": d,
        "name": column.name,
        "kind": column.kind,
        "distribution": None if column.output is None or is_context else type(column.output).__name__,
        "levels": levels,
        "low": _spelled(column, facts.low) if has_range else None,
        "high": _spelled(column, facts.high) if has_range else None,
        "resolution": facts.resolution or None,
        "rows": facts.n,
        "share_missing": facts.n_gaps / facts.n if facts.n else None,
        "left_out": column.left_out or None,
        "context": is_context,
    }
