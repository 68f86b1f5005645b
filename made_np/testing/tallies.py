"""What was drawn beside what a density demands, counted in bins that are large enough for a chi-square test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .chi_square import upper_tail
from .compare import Bools, Floats, Ints
from .points import Interval

LEAST = 25.0
"""No bin is expected to vary by less than that: below it, errors are not nearly normal."""

MOST_BINS = 20
"""Of one column."""


@dataclass(frozen=True)
class Tally:
    """Bins that are counted: their names, what was drawn, its mean, its variance; degrees of freedom of all of them."""

    names: tuple[str, ...]
    got: Floats
    want: Floats
    variance: Floats
    freedom: int

    @property
    def excess(self) -> Floats:
        """Of each bin: the square of its error, in variances."""
        return (self.got - self.want) ** 2 / self.variance

    @property
    def p_value(self) -> float:
        """How probable it is that a right sampler is as far off."""
        return upper_tail(float(self.excess.sum()), self.freedom)


def table_tally(p: Floats, counts: Ints, name: Callable[[int], str]) -> Tally | None:
    """The table of all rows; rare ones are counted together, the likeliest of them first.

    Parameters
    ----------
    p : ndarray
        (S,) the probability of each row of the table; they add up to 1.
    counts : ndarray
        (S,) how often each was drawn.
    name : callable
        What row k is called.

    Returns
    -------
    Tally or None
        None if all rows together make one bin.

    Examples
    --------
    >>> tally = table_tally(np.array([0.5, 0.49, 0.01]), np.array([50, 48, 2]), str)
    >>> tally.names, tally.want, tally.freedom
    (('0', 'the 2 rows of probability 0.49 to 0.01'), array([50., 50.]), 1)
    """
    expected = p * counts.sum()
    likeliest = np.argsort(-expected, kind="stable")
    bins: list[list[int]] = [[]]
    for k in likeliest.tolist():
        if expected[bins[-1]].sum() >= LEAST:
            bins.append([])
        bins[-1].append(k)
    if len(bins) > 1 and expected[bins[-1]].sum() < LEAST:
        rest = bins.pop()
        bins[-1] += rest
    if len(bins) < 2:
        return None
    names = [
        name(rows[0])
        if len(rows) == 1
        else f"the {len(rows)} rows of probability {p[rows[0]]:.3g} to {p[rows[-1]]:.3g}"
        for rows in bins
    ]
    want = np.array([expected[rows].sum() for rows in bins])
    got = np.array([counts[rows].sum() for rows in bins], dtype=np.float64)
    return Tally(tuple(names), got, want, want, len(bins) - 1)


def reflected(x: Floats, d: int, column: Interval | Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Rows, beside the same rows with column d reflected: a mirror is its own inverse, so each is either's partner.

    Real numbers are reflected about the middle of two that stand in the first half of the rows; of these the second
    half is returned. Listed values are reflected on the circle in which they stand.
    """
    if isinstance(column, Interval):
        half = len(x) // 2
        rows = x[half:]
        mirrors = x[rng.integers(half, size=(len(rows), 2)), d].mean(axis=1)
        values = 2 * mirrors - rows[:, d]
    else:
        rows = x
        n = len(column)
        turns = np.ones(len(x), dtype=np.int64) if n == 2 else rng.integers(n, size=len(x))
        values = column[(turns - np.searchsorted(column, x[:, d])) % n]
    partners = rows.copy()
    partners[:, d] = values
    return rows, partners


def column_tally(is_larger: Bools, p_larger: Floats, d: int) -> Tally | None:
    """Whether the larger of two partners was drawn, counted in bins of its probability, which vary alike.

    Parameters
    ----------
    is_larger : ndarray of bool
        (n,) True where the row drawn is the one with the larger value in column d.
    p_larger : ndarray
        (n,) how probable that was.
    d : int
        The column.

    Returns
    -------
    Tally or None
        None if too little is left to chance.

    Examples
    --------
    >>> tally = column_tally(np.arange(200) % 2 == 0, np.full(200, 0.5), 0)
    >>> tally.got, tally.want, tally.freedom
    (array([50., 50.]), array([50., 50.]), 2)
    """
    # Rounding must not sort equal probabilities by which of the two was drawn.
    rows = np.argsort(np.round(p_larger, 6), kind="stable")
    p = p_larger[rows]
    own = p * (1 - p)
    varied = np.cumsum(own)
    n_bins = min(MOST_BINS, int(varied[-1] // LEAST)) if len(p) else 0
    if n_bins == 0:
        return None
    of_bin = np.minimum(((varied - own / 2) * (n_bins / varied[-1])).astype(np.intp), n_bins - 1)
    got = np.bincount(of_bin, is_larger[rows], n_bins).astype(np.float64)
    want = np.bincount(of_bin, p, n_bins).astype(np.float64)
    variance = np.bincount(of_bin, own, n_bins).astype(np.float64)
    ends = [(p[of_bin == b].min(), p[of_bin == b].max()) for b in range(n_bins)]
    names = [f"column {d}, the larger of two values where it has probability {a:.3g} to {b:.3g}" for a, b in ends]
    return Tally(tuple(names), got, want, variance, n_bins)
