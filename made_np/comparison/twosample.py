"""How well a classifier tells synthetic rows from real ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from made_np.comparison.reading import Shared
from made_np.messages import not_installed
from made_np.typing import Array, Floats

__all__ = ["TwoSample", "area_under_curve", "tell_apart"]

FOLDS = 5
MOST_LEVELS = 255
"""The classifier takes no more levels of a column; rarer ones are one."""


@dataclass(frozen=True)
class TwoSample:
    """The area under the ROC curve of a classifier that was shown rows of both tables, on rows that it was not shown.

    Attributes
    ----------
    auc : float
        The probability that a synthetic row looks more synthetic than a real one: 0.5 if they cannot be told apart, 1
        if they always can.
    standard_error : float
        For the rows that were scored.
    n_rows : int
        Of each table.
    """

    auc: float
    standard_error: float
    n_rows: int


def tell_apart(
    columns: Sequence[Shared], codes: Sequence[Array], most_rows: int, rng: np.random.Generator
) -> TwoSample | None:
    """Return how well boosted trees tell the first two tables apart; None for too few rows.

    Trees of `sklearn.ensemble.HistGradientBoostingClassifier`, cross-validated in 5 folds on as many rows of each.
    Equal rows, by their `codes`, are in one fold: a copy would be taken for what its original is, and is the other.

    Raises
    ------
    ImportError
        scikit-learn is not installed.
    """
    try:
        from sklearn.ensemble import HistGradientBoostingClassifier
    except ImportError:
        raise not_installed("the two-sample test needs", "scikit-learn", "sklearn") from None
    sizes = [len(values) for values in columns[0].values[:2]]
    n = min(*sizes, most_rows)
    if n < 2 * FOLDS:
        return None
    rows = [rng.permutation(size)[:n] for size in sizes]
    x = np.stack([_features(column, rows) for column in columns], axis=1)
    is_synthetic = np.repeat([0, 1], n)
    row = np.unique(np.concatenate([codes[table][own] for table, own in enumerate(rows)]), return_inverse=True)[1]
    fold = (rng.permutation(int(row.max()) + 1) % FOLDS)[row]
    found = []
    for k in range(FOLDS):
        if len(np.unique(is_synthetic[fold == k])) < 2 or len(np.unique(is_synthetic[fold != k])) < 2:
            return None
        model = HistGradientBoostingClassifier(
            categorical_features=[column.levels is not None for column in columns],
            early_stopping=False,
            random_state=int(rng.integers(2**31)),
        ).fit(x[fold != k], is_synthetic[fold != k])
        scores = model.predict_proba(x[fold == k])[:, 1]
        own = is_synthetic[fold == k]
        found.append(area_under_curve(scores[own == 0], scores[own == 1]))
    areas, errors = np.array(found).T
    return TwoSample(float(areas.mean()), float(np.sqrt((errors**2).sum())) / FOLDS, n)


def _features(column: Shared, rows: Sequence[Array]) -> Floats:
    """Return a column of some rows as the classifier takes it."""
    both = np.concatenate([values[own] for values, own in zip(column.values, rows, strict=False)])
    if column.levels is None:
        return both
    known = ~np.isnan(both)
    levels, place, counts = np.unique(both[known], return_inverse=True, return_counts=True)
    rank = np.empty(len(levels))
    rank[np.argsort(-counts, kind="stable")] = np.arange(len(levels))
    both[known] = np.minimum(rank, MOST_LEVELS - 1)[place]
    return both


def area_under_curve(low: Floats, high: Floats) -> tuple[float, float]:
    r"""Return :math:`P(low < high) + P(low = high) / 2`, and its standard error.

    That of DeLong, DeLong and Clarke-Pearson (1988): both samples' placements among the other vary independently.

    Examples
    --------
    >>> area_under_curve(np.array([1.0, 2.0]), np.array([2.0, 3.0]))[0]
    0.875
    """
    below = _placements(high, np.sort(low))
    above = 1 - _placements(low, np.sort(high))
    if min(len(low), len(high)) < 2:
        return float(below.mean()), math.nan
    return float(below.mean()), math.sqrt(below.var(ddof=1) / len(high) + above.var(ddof=1) / len(low))


def _placements(values: Floats, rising: Floats) -> Floats:
    """Return which share of the others each value exceeds; half of those that equal it."""
    sides: Any = [np.searchsorted(rising, values, side=side) for side in ("left", "right")]
    return np.asarray((sides[0] + sides[1]) / (2 * len(rising)))
