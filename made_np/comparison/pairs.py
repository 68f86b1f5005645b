"""How far two samples of a pair of columns are apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from made_np.comparison.marginals import chance_of_counts
from made_np.comparison.reading import Shared
from made_np.typing import Array, Floats, Ints

__all__ = ["PairOfColumns", "compare_pairs"]

MOST_CELLS = 10
"""A column is divided into so many parts: its commonest levels and the rest, or quantiles. Gaps are one more."""

MOST_PAIRS = 20_000
"""Of more pairs of columns so many are drawn."""


@dataclass(frozen=True)
class PairOfColumns:
    """Two columns, each divided into levels or quantiles: their rows fall into a table of about 11 x 11 cells.

    Attributes
    ----------
    names : tuple of two str
    distance : float
        Total variation of the two tables of shares, real and synthetic, within [0, 1].
    by_chance : float
        What it is on average where both samples have one distribution.
    information : tuple of two floats
        Mutual information ``sum p(a, b) log(p(a, b) / (p(a) p(b)))`` of the two columns in the real and in the
        synthetic rows, in nats, less what chance makes of independent ones.
    """

    names: tuple[str, str]
    distance: float
    by_chance: float
    information: tuple[float, float]

    @property
    def excess(self) -> float:
        """By how much the distance is above chance."""
        return self.distance - self.by_chance


def compare_pairs(columns: Sequence[Shared], rng: np.random.Generator) -> list[PairOfColumns]:
    """Return all pairs of columns, the one whose distance is farthest above chance first."""
    divided = [_divide(column) for column in columns]
    pairs = np.stack(np.triu_indices(len(columns), 1), axis=1)
    if len(pairs) > MOST_PAIRS:
        pairs = pairs[np.sort(rng.choice(len(pairs), MOST_PAIRS, replace=False))]
    found = [_pair(columns[a].name, columns[b].name, divided[a], divided[b]) for a, b in pairs.tolist()]
    return sorted(found, key=lambda pair: -pair.excess)


def _divide(column: Shared) -> tuple[tuple[Ints, Ints], int]:
    """Return into which part the values of both tables fall, and how many parts there are, the last for gaps."""
    real, synthetic = column.values[:2]
    known = real[~np.isnan(real)]
    if column.levels is None:
        edges = _edges(known)
        n_parts = len(edges) + 1
        parts = [np.searchsorted(edges, values) for values in (real, synthetic)]
    else:
        counts = np.bincount(known.astype(int), minlength=max(len(column.levels), 1))
        n_parts = min(len(counts), MOST_CELLS)
        part_of = np.full(len(counts), n_parts - 1)
        part_of[np.argsort(-counts, kind="stable")[: n_parts - 1]] = np.arange(n_parts - 1)
        parts = [part_of[np.nan_to_num(values).astype(int)] for values in (real, synthetic)]
    first, second = (np.where(np.isnan(v), n_parts, part) for v, part in zip((real, synthetic), parts, strict=True))
    return (first, second), n_parts + 1


def _edges(known: Floats) -> Floats:
    """Return the upper ends of all parts of a column of numbers but the last; a value of many rows is its own part."""
    if not len(known):
        return np.zeros(0)
    quantiles = np.quantile(known, np.arange(1, MOST_CELLS) / MOST_CELLS, method="inverted_cdf")
    values, counts = np.unique(quantiles, return_counts=True)
    return np.unique(np.concatenate([values, np.nextafter(values[counts > 1], -np.inf)]))


def _pair(a: str, b: str, first: tuple[tuple[Ints, Ints], int], second: tuple[tuple[Ints, Ints], int]) -> PairOfColumns:
    shape = first[1], second[1]
    counts = [
        np.bincount(one * shape[1] + other, minlength=shape[0] * shape[1]).reshape(shape)
        for one, other in zip(first[0], second[0], strict=True)
    ]
    real, synthetic = (each / each.sum() for each in counts)
    distance = float(np.abs(real - synthetic).sum() / 2)
    information = (_information(counts[0]), _information(counts[1]))
    return PairOfColumns((a, b), distance, chance_of_counts(counts[0].ravel(), counts[1].ravel()), information)


def _information(counts: Array) -> float:
    """Return the mutual information of a table of counts, in nats.

    Of independent columns it is ``(rows - 1) (columns - 1) / (2 n)`` on average, which is taken off (Miller, 1955).
    """
    n = counts.sum()
    joint = counts / n
    rows = joint.sum(axis=1)
    columns = joint.sum(axis=0)
    product = np.outer(rows, columns)
    seen = joint > 0
    information = float((joint[seen] * np.log(joint[seen] / product[seen])).sum())
    return max(0.0, information - (np.sum(rows > 0) - 1) * (np.sum(columns > 0) - 1) / (2 * float(n)))
