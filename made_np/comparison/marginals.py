"""How far two samples of one column are apart, beside how far chance alone would put them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from made_np.comparison.reading import Shared
from made_np.typing import Array, Floats

__all__ = ["Marginal", "chance_of_counts", "marginal"]

KOLMOGOROV = math.sqrt(math.pi / 2) * math.log(2)
"""The mean of the Kolmogorov distribution."""


@dataclass(frozen=True)
class Marginal:
    """The distance of the two samples of a column.

    Attributes
    ----------
    name : str
    measure : {"TV", "KS"}
        Total variation ``sum_v |p(v) - q(v)| / 2`` of a column of levels, gaps being one of them; of a column of
        numbers the Kolmogorov-Smirnov distance ``max_x |P(X <= x) - Q(X <= x)|`` of those that are known.
    distance : float
        Within [0, 1].
    by_chance : float
        What it is on average where both samples have one distribution.
    wasserstein : float or None
        Of numbers: ``integral |P(X <= x) - Q(X <= x)| dx``, in standard deviations of the real ones.
    gaps : tuple of two floats
        Share of gaps in the real and in the synthetic rows.
    """

    name: str
    measure: str
    distance: float
    by_chance: float
    wasserstein: float | None
    gaps: tuple[float, float]


def marginal(column: Shared) -> Marginal:
    """Return how far the first two tables are apart in one column."""
    real, synthetic = column.values[:2]
    gaps = (float(np.isnan(real).mean()), float(np.isnan(synthetic).mean()))
    if column.levels is not None:
        n_levels = len(column.levels) + 1
        counts = [
            np.bincount(np.where(np.isnan(v), n_levels - 1, v).astype(int), minlength=n_levels)
            for v in (real, synthetic)
        ]
        p, q = (each / each.sum() for each in counts)
        return Marginal(column.name, "TV", float(np.abs(p - q).sum() / 2), chance_of_counts(*counts), None, gaps)
    real = np.sort(real[~np.isnan(real)])
    synthetic = np.sort(synthetic[~np.isnan(synthetic)])
    if not len(real) or not len(synthetic):
        return Marginal(column.name, "KS", float(len(real) != len(synthetic)), 0.0, None, gaps)
    points = np.concatenate([real, synthetic])
    points.sort()
    difference = np.abs(_below(real, points) - _below(synthetic, points))
    area = float(difference[:-1] @ np.diff(points))
    scale = float(real.std())
    by_chance = min(1.0, KOLMOGOROV * math.sqrt(1 / len(real) + 1 / len(synthetic)))
    return Marginal(column.name, "KS", float(difference.max()), by_chance, area / scale if scale else None, gaps)


def _below(rising: Floats, points: Floats) -> Floats:
    """Return the share of the values that are at most as large as each point."""
    return np.asarray(np.searchsorted(rising, points, side="right") / len(rising))


def chance_of_counts(first: Array, second: Array) -> float:
    """Return about what total variation two samples of one distribution have on average, from their counts.

    A difference of shares is about normal, with variance ``p (1 - p) (1 / n + 1 / m)``; the mean of the absolute value
    of a normal number is ``sqrt(2 / pi)`` standard deviations.
    """
    n = first.sum()
    m = second.sum()
    p = (first + second) / (n + m)
    deviations = np.sqrt(p * (1 - p) * (1 / n + 1 / m))
    return min(1.0, float(np.sqrt(2 / np.pi) * deviations.sum() / 2))
