"""The sample of the model that questions are answered from: drawn once, always the same one."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from made_np.questions.conditions import ALWAYS, Condition
from made_np.questions.counting import Counted
from made_np.questions.given import draw_given
from made_np.questions.subject import Subject

__all__ = ["Sample", "n_rows", "sample_of"]

MOST_ROWS = 1 << 18
FEWEST_ROWS = 1 << 14
MOST_NUMBERS = 1 << 24
"""A sample has 2^18 rows, but at most so many numbers, and at least 2^14 rows."""
MOST_TOLD = 1 << 15
"""Under a context it has so many rows at most: each context has a sample of its own."""

SAMPLE = 0
GIVEN = 2
"""What is drawn, each by its own generator."""


@dataclass(frozen=True, eq=False)
class Sample:
    """Rows of the model that conditions are counted in.

    Attributes
    ----------
    rows : Counted
    effective : float
        So many independent rows tell as much.
    """

    rows: Counted
    effective: float

    def mass(self, condition: Condition) -> float:
        """Return the share of rows that hold a condition."""
        return self.rows.count(condition) / len(self.rows)

    def error(self, mass: float, within: float = 1.0) -> float:
        """Return the standard error of a mass, relative to that of a share `within` of the rows.

        One row more is counted on either side: where none was found there need not be none.
        """
        n = self.effective * within
        p = (mass * n + 1) / (n + 2)
        return sqrt(p * (1 - p) / n)


def sample_of(subject: Subject, given: Condition = ALWAYS) -> Sample:
    """Return the sample that questions are answered from: rows of the model, or of the model given a condition."""
    kept = subject.kept.setdefault("samples", {})
    if given not in kept:
        n = n_rows(len(subject.columns), told=subject.context is not None)
        if given == ALWAYS:
            rng = subject.rng(SAMPLE)
            kept[given] = Sample(Counted(subject.columns.decode(subject.sample(n, rng), rng)), n)
        else:
            drawn = draw_given(subject, given, n, subject.rng(GIVEN))
            kept[given] = Sample(Counted(drawn.x), min(drawn.effective, n))
    return kept[given]


def n_rows(n_columns: int, *, told: bool = False) -> int:
    """Return how many rows a sample has; `told` says that it is one under a context."""
    most = MOST_TOLD if told else MOST_ROWS
    return int(min(max(MOST_NUMBERS // max(n_columns, 1), FEWEST_ROWS), most))
