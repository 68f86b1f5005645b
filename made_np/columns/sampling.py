"""Some training values of a column, from which what only needs its shape is learned."""

from __future__ import annotations

import numpy as np

from made_np.typing import Floats, Ints

__all__ = ["counted", "held_out", "sampled"]

FOLDS = 4
ENOUGH = 2_500
"""So many held-out values choose: of fewer than four times as many values, each is held out once."""


def counted(rising: Floats) -> tuple[Floats, Ints]:
    """Return the different ones of rising numbers (n,), and how often each occurs.

    Examples
    --------
    >>> counted(np.array([1.0, 1.0, 4.0]))
    (array([1., 4.]), array([2, 1]))
    """
    first = np.flatnonzero(np.append(True, rising[1:] != rising[:-1]))
    return rising[first], np.diff(first, append=len(rising))


def sampled(distinct: Floats, counts: Ints, most: int) -> Floats:
    """Return no more than `most` values, rising, drawn without replacement from those met `counts` times each (m,)."""
    n = int(counts.sum())
    if n <= most:
        return np.repeat(distinct, counts.astype(np.intp))
    drawn = np.sort(np.random.default_rng(0).choice(n, most, replace=False, shuffle=False))
    return np.asarray(distinct[np.searchsorted(np.cumsum(counts), drawn, "right")])


def held_out(rising: Floats) -> list[tuple[Floats, Floats]]:
    """Return several times the values to learn from, and those that are held out, both rising."""
    n = len(rising)
    fold = np.random.default_rng(0).permutation(n) % FOLDS
    times = min(-(-ENOUGH * FOLDS // max(n, 1)), FOLDS, n)
    return [(rising[fold != k], rising[fold == k]) for k in range(times)]
