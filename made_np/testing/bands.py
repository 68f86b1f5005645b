"""How probable it is that uniform numbers leave a simultaneous band around their distribution function.

At K - 1 points z the share of n uniform numbers up to z is held against z, by the binomial tails at each point alone.
That the smallest of all these tails is as small by chance has a probability which is computed, not simulated: the
counts at rising points are a Markov chain (Säilynoja, Bürkner, Vehtari: Graphical test for discrete uniformity and its
applications in goodness-of-fit evaluation and multiple sample comparison, Statistics and Computing 32, 2022).
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from .compare import Bools, Floats, Ints

N_CELLS = 20
"""K: the points are 1/K, 2/K, ..."""

SURE = 0.1
"""From so large a smallest tail on nothing is computed: several of many points lie as far out by chance."""

POINTS = np.arange(1, N_CELLS) / N_CELLS


def counts_of(u: Floats) -> Ints:
    """(K - 1,): how many of these numbers lie up to each point.

    Examples
    --------
    >>> counts_of(np.array([0.01, 0.52])).tolist()[8:12]
    [1, 1, 2, 2]
    """
    return np.searchsorted(np.sort(u), POINTS, side="right").astype(np.int64)


def smallest_tail(counts: Ints, n: int) -> float:
    """How improbable the least probable count is, at its point alone, in its own direction."""
    place = np.arange(N_CELLS - 1)
    return float(_tails(n)[place, counts].min())


def p_value(tail: float, n: int) -> float:
    """How probable it is that n uniform numbers have, at any point, a tail as small as this.

    Examples
    --------
    >>> 0.001 < p_value(0.001, 1000) < 2 * (N_CELLS - 1) * 0.001
    True
    """
    if tail >= SURE:
        return 1.0
    most = 2 * (N_CELLS - 1) * tail
    return most if most < 1e-12 else min(most, _outside(_tails(n) > tail, n))


def _outside(inside: Bools, n: int) -> float:
    """The probability that the counts leave the band: what is inside is carried from each point to the next."""
    logs = _log_factorials(n)
    at = np.zeros(1, dtype=np.int64)
    mass = np.ones(1)
    lost = 0.0
    for k in range(N_CELLS - 1):
        p = 1 / (N_CELLS - k)  # that a number above the last point lies up to this one
        target = np.flatnonzero(inside[k])
        more = target[None, :] - at[:, None]
        rest = n - at[:, None]
        possible = (more >= 0) & (more <= rest)
        more = np.where(possible, more, 0)
        log_step = logs[rest] - logs[more] - logs[rest - more] + more * math.log(p) + (rest - more) * math.log1p(-p)
        carried = mass @ np.where(possible, np.exp(log_step), 0.0)
        lost += float(mass.sum() - carried.sum())
        at = target
        mass = carried
    return max(lost, 0.0)


@lru_cache(maxsize=4)
def _log_factorials(n: int) -> Floats:
    """(n + 1,): ``log k!``."""
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])


@lru_cache(maxsize=4)
def _tails(n: int) -> Floats:
    """(K - 1, n + 1): of each count at each point, ``min(P(X <= count), P(X >= count))``."""
    logs = _log_factorials(n)
    count = np.arange(n + 1)
    log_choose = logs[n] - logs[count] - logs[n - count]
    p = POINTS[:, None]
    mass = np.exp(log_choose + count * np.log(p) + (n - count) * np.log1p(-p))
    below = np.cumsum(mass, axis=1)
    above = np.cumsum(mass[:, ::-1], axis=1)[:, ::-1]
    return np.minimum(below, above)
