"""Whether synthetic rows are rows of training, or lie closer to them than other real rows do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from made_np.comparison.reading import Shared
from made_np.typing import Array, Bools, Floats

__all__ = ["Closeness", "copies"]

MOST_DIFFERENCES = 2_000_000_000
"""So many single differences are taken at most: of wide tables fewer rows are looked at."""

LEAST_ROWS = 100
AT_ONCE = 1 << 16
"""Differences that the cache of a core holds."""


@dataclass(frozen=True)
class Closeness:
    """How close rows are to the real ones.

    Attributes
    ----------
    copied : float
        Share of the rows that equal a real row in every column.
    nearest : tuple of two floats
        The 5 % quantile and the median, over rows, of the distance to the closest real row: the mean over columns of 0
        or 1 for levels, of the difference of their ranks among the real numbers, within [0, 1], for numbers.
    n_rows : int
        So many rows were looked at for `nearest`.
    """

    copied: float
    nearest: tuple[float, float]
    n_rows: int


def copies(
    columns: Sequence[Shared], codes: Sequence[Array], most_rows: int, rng: np.random.Generator
) -> tuple[Closeness, Closeness]:
    """Return how close the synthetic rows are to the real ones, and how close rows are that nobody copied.

    These are the rows of the third table, if there is one, else the real rows themselves, each held against the others.
    `codes` are the `row_codes` of the tables.
    """
    placed = _placed(columns)
    has_third = len(codes) > 2
    real = codes[0]
    limit = MOST_DIFFERENCES // (min(len(real), most_rows) * len(columns))
    most = max(min(LEAST_ROWS, most_rows), min(most_rows, limit))
    base = np.sort(rng.permutation(len(real))[:most_rows])
    found = []
    for table in (1, 2 if has_third else 0):
        rows = rng.permutation(len(codes[table]))[:most]
        among = table == 0
        distance = _nearest(placed[table][rows], placed[0][base], rows if among else None, base)
        copied = float(_is_copied(codes[table], real, among=among).mean())
        low, middle = np.quantile(distance, [0.05, 0.5]) if len(distance) else (1.0, 1.0)
        found.append(Closeness(copied, (float(low), float(middle)), len(distance)))
    return found[0], found[1]


def _is_copied(rows: Array, real: Array, *, among: bool) -> Bools:
    """Return which rows occur among the real ones; of real rows, which occur more than once."""
    values, counts = np.unique(real, return_counts=True)
    return np.isin(rows, values[counts > 1] if among else values)


def _placed(columns: Sequence[Shared]) -> list[Array]:
    """Return each table (n, D) with numbers as their ranks among the real ones, and gaps beyond everything."""
    tables = [np.empty((len(values), len(columns)), dtype=np.float32) for values in columns[0].values]
    for d, column in enumerate(columns):
        real = np.sort(column.values[0][~np.isnan(column.values[0])])
        for table, values in zip(tables, column.values, strict=True):
            if column.levels is None:
                sides = [np.searchsorted(real, values, side=side) for side in ("left", "right")]
                table[:, d] = (sides[0] + sides[1]) / max(2 * len(real), 1)
            else:
                table[:, d] = values
            table[np.isnan(values), d] = -9.0  # as far from every value as can be, and 0 from another gap
    return tables


def _nearest(rows: Array, real: Array, own: Array | None, base: Array) -> Floats:
    """Return the distance of each row to the closest real one; with `own` places, to the closest one elsewhere."""
    found = []
    step = max(1, AT_ONCE // len(real))
    columns = np.ascontiguousarray(real.T)
    for first in range(0, len(rows), step):
        part = rows[first : first + step]
        total = np.zeros((len(part), len(real)), dtype=np.float32)
        difference = np.empty_like(total)
        for d, column in enumerate(columns):
            np.subtract(part[:, d, None], column, out=difference)
            np.abs(difference, out=difference)
            np.minimum(difference, 1, out=difference)  # two levels are 1 or more apart
            total += difference
        if own is not None:
            total[own[first : first + step, None] == base] = np.inf
        found.append(total.min(axis=1) / len(columns))
    nearest = np.concatenate(found).astype(np.float64)
    return nearest[np.isfinite(nearest)]
