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
ENOUGH_ROWS = 1 << 17
FEWEST_ROWS = 1 << 14
MOST_WORK = 1 << 35
"""Parameters times rows: a sample has 2^18 rows, but 2^17 of a model that is not drawn from at once."""
MOST_NUMBERS = 1 << 24
"""A sample has at most so many numbers, but at least 2^14 rows."""
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
        n = n_rows(subject)
        if given == ALWAYS:
            rng = subject.rng(SAMPLE)
            kept[given] = Sample(Counted(subject.columns.decode(subject.sample(n, rng), rng)), n)
        else:
            drawn = draw_given(subject, given, n, subject.rng(GIVEN))
            kept[given] = Sample(Counted(drawn.x), min(drawn.effective, n))
    return kept[given]


def n_rows(subject: Subject) -> int:
    """Return how many rows a sample has.

    All questions are counted in the same rows, or their answers would not fit together. So the first answer waits until
    all of them have been drawn, whatever it asks.
    """
    by_work = max(MOST_WORK // subject.made.n_params, ENOUGH_ROWS)
    by_numbers = max(MOST_NUMBERS // len(subject.columns), FEWEST_ROWS)
    return int(min(by_work, by_numbers, MOST_ROWS if subject.context is None else MOST_TOLD))
