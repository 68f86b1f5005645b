"""Questions about the rows of one partition, whose answers look alike in every partition."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from made_np.cluster.looks import alike
from made_np.estimator import MADEDensity

__all__ = ["LOG_PROB", "Asked", "explain", "impute", "predict", "predict_proba", "score_columns", "score_samples"]

LOG_PROB = "log_prob"
"""What a column of scores is called."""

Question = Callable[..., Sequence[Any]]


@dataclass(frozen=True)
class Asked:
    """A question as a task: it takes a density, with the rows of a partition, and returns its tables.

    Attributes
    ----------
    question : callable (density, rows, **arguments) -> sequence of tables
    arguments : tuple of (str, object)
    like : table of no rows
        What the partitions are said to look like; one that differs, as integers do where others have gaps, is cast.
    empty : tuple of tables of no rows
        What the answers look like; also the answers about no rows.
    """

    question: Question
    arguments: tuple[tuple[str, Any], ...]
    like: Any
    empty: tuple[Any, ...]

    def __call__(self, density: MADEDensity, rows: Any, **more: Any) -> list[Any]:
        """Return the answers about some rows."""
        rows = alike(rows, self.like)
        if not len(rows):
            return [_of_no_rows(empty, rows) for empty in self.empty]
        answers = self.question(density, rows, **dict(self.arguments), **more)
        return [alike(answer, empty) for answer, empty in zip(answers, self.empty, strict=True)]


def _of_no_rows(empty: Any, rows: Any) -> Any:
    """Return the answer about no rows, with their index."""
    return empty if isinstance(empty, np.ndarray) else empty.set_axis(rows.index, axis=0)


def score_samples(density: MADEDensity, rows: Any, *, n_draws: int | str | None) -> list[Any]:
    """Return the log-probability of each row."""
    return [_column(density.score_samples(rows, n_draws=n_draws), rows)]


def _column(values: Any, rows: Any) -> Any:
    """Return numbers (n,) as a column of the library that holds the rows."""
    if isinstance(rows, np.ndarray):
        return values
    import pandas

    return pandas.Series(values, index=rows.index, name=LOG_PROB)


def score_columns(density: MADEDensity, rows: Any) -> list[Any]:
    """Return what each column contributes to the scores."""
    return [density.score_columns(rows)]


def explain(density: MADEDensity, rows: Any) -> list[Any]:
    """Return log-probabilities given the rest of the row, what the rest lets expect, and ranks."""
    reasons = density.explain(rows)
    rank: Any = reasons.rank
    if not isinstance(rows, np.ndarray):
        import pandas

        rank = pandas.DataFrame(rank, index=rows.index, columns=rows.columns)
    return [reasons.log_prob, reasons.expected, rank]


def impute(density: MADEDensity, rows: Any, **arguments: Any) -> list[Any]:
    """Return the rows with their gaps filled: one table, two ends of an interval, or drawn ones."""
    answer = density.impute(rows, **arguments)
    is_many = arguments["n_draws"] is not None or arguments["statistic"] == "interval"
    return list(answer) if is_many else [answer]


def predict(density: MADEDensity, rows: Any, target: str | int | None) -> list[Any]:
    """Return the likeliest values of a column, or its means."""
    return [density.predict(rows, target)]


def predict_proba(density: MADEDensity, rows: Any, target: str | int | None, n_draws: int | str | None) -> list[Any]:
    """Return the probabilities of the values of a column."""
    masses = density.predict_proba(rows, target, n_draws=n_draws)
    if isinstance(rows, np.ndarray):
        return [masses]
    import pandas

    return [pandas.DataFrame(masses, index=rows.index, columns=density.classes(target))]
