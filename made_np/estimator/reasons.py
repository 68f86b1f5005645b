"""Why rows are likely or not, value by value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from made_np.estimator.dressing import expected, in_columns
from made_np.estimator.fitted import Fitted
from made_np.questions.explaining import Explanation
from made_np.table.raw import RawColumn
from made_np.table.table import Table
from made_np.typing import Floats, Ints

__all__ = ["Reasons"]

SHOWN = 20
"""So many rows are printed."""


@dataclass(frozen=True, eq=False)
class Reasons:
    """How each value of some rows fits what is known of the rest of its row.

    Attributes
    ----------
    log_prob : table (n, D)
        log p(x_d | all others that are known), in nats, in the unit of the column; NaN at gaps.
    expected : table (n, D)
        What the others let expect: the likeliest word or code, else the mean.
    rank : ndarray of int (n, D)
        1 for the value of the row that is furthest below what was likeliest there; 0 at gaps.
    names : tuple of str, length D
    """

    log_prob: Any
    expected: Any
    rank: Ints
    names: tuple[str, ...]
    _nats: Floats = field(repr=False)
    _found: list[RawColumn] = field(repr=False)
    _wanted: list[RawColumn] = field(repr=False)

    @classmethod
    def of(cls, fitted: Fitted, table: Table, found: Explanation, like: Any) -> Reasons:
        """Return the reasons for the rows of a table, which came in the container `like`."""
        names = tuple(column.name or f"column {d}" for d, column in enumerate(fitted.columns.each))
        return cls(
            in_columns(found.log_prob, like),
            expected(fitted, found.expected, like),
            found.rank,
            names,
            found.log_prob,
            [table.cells(d) for d in range(table.n_columns)],
            fitted.columns.cells(found.expected),
        )

    def __len__(self) -> int:
        return len(self.rank)

    def worst(self, row: int) -> int:
        """Return the column whose value fits the rest of a row worst."""
        return int(np.flatnonzero(self.rank[row] == 1)[0])

    def of_row(self, row: int) -> str:
        """Return in words what fits the rest of a row worst."""
        if not self.rank[row].any():
            return "nothing is known"
        d = self.worst(row)
        return (
            f"{self.names[d]} is {_cell(self._found[d], row)}, expected {_cell(self._wanted[d], row)} "
            f"({self._nats[row, d]:.2f} nats given the rest)"
        )

    def __str__(self) -> str:
        lines = [f"row {row}: {self.of_row(row)}" for row in range(min(len(self), SHOWN))]
        if len(self) > SHOWN:
            lines.append(f"and {len(self) - SHOWN} rows more")
        return "\n".join(lines)

    __repr__ = __str__

    def to_dict(self) -> list[dict[str, Any]]:
        """Return a dict for each known value, the worst of each row first: row, column, value, expected, nats, rank."""
        return [
            {
                "row": row,
                "column": self.names[d],
                "value": _cell(self._found[d], row),
                "expected": _cell(self._wanted[d], row),
                "log_prob": float(self._nats[row, d]),
                "rank": int(self.rank[row, d]),
            }
            for row in range(len(self))
            for d in np.argsort(self.rank[row], kind="stable").tolist()
            if self.rank[row, d]
        ]


def _cell(column: RawColumn, row: int) -> Any:
    """Return one cell as Python has it."""
    if column.gaps[row]:
        return None
    value = column.values[row] if column.levels is None else column.levels[int(column.values[row])]
    return value.item() if isinstance(value, np.number | np.bool_) else value
