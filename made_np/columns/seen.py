"""What the numbers of a training column show."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from made_np.columns.column import Facts
from made_np.columns.resolution import MIDDLE, resolution_of
from made_np.typing import Array, Floats, Ints

__all__ = ["Seen"]

MOST_COUNTED = 1 << 20
"""Integers in a range of at most so many are counted, not sorted."""
MOST_LOOKED_AT = 1 << 14
"""So many different numbers tell the resolution."""


class Seen(NamedTuple):
    """The numbers of a column, and how often each occurs.

    Attributes
    ----------
    numbers : ndarray (n,)
        NaN is a gap.
    known : ndarray
        Those that are no gaps, in the order of the rows.
    distinct : ndarray (L,)
        The different ones, rising.
    counts : ndarray of int (L,)
        How often each occurs.
    is_whole : bool
        Whether all are integers.
    single : bool
        Whether they were kept in float32 or less.
    """

    numbers: Floats
    known: Floats
    distinct: Floats
    counts: Ints
    is_whole: bool
    single: bool

    @classmethod
    def of(cls, numbers: Floats, *, single: bool = False, small: Array | None = None) -> Seen:
        """Return what some numbers show; `small` are the same as whole numbers 0 to 255 of one byte, without gaps."""
        if small is not None:
            each = np.bincount(small)
            at = np.flatnonzero(each)
            return cls(numbers, numbers, at.astype(np.float64), each[at], True, single)
        gaps = np.isnan(numbers)
        known = numbers[~gaps] if gaps.any() else numbers
        is_whole = bool((known == np.floor(known)).all())
        if is_whole and len(known) and np.ptp(known) < min(MOST_COUNTED, 64 * len(known) + 64):
            low = known.min()
            each = np.bincount((known - low).astype(np.intp))
            at = np.flatnonzero(each)
            return cls(numbers, known, at + low, each[at], is_whole, single)
        distinct, counts = np.unique(known, return_counts=True)
        return cls(numbers, known, distinct, counts, is_whole, single)

    @property
    def n(self) -> int:
        """How many numbers are known."""
        return len(self.known)

    @property
    def n_distinct(self) -> int:
        """How many different ones there are."""
        return len(self.distinct)

    @property
    def low(self) -> float:
        """The smallest."""
        return float(self.distinct[0])

    @property
    def high(self) -> float:
        """The largest."""
        return float(self.distinct[-1])

    @property
    def extent(self) -> float:
        """How far those extend that are not among the lowest or the highest 5 %: a few far out do not count."""
        first, last = np.quantile(self.known, MIDDLE)
        return float(last - first)

    @property
    def is_code(self) -> bool:
        """Whether the numbers are 0, 1, ..., without a hole."""
        return self.is_whole and self.n > 0 and self.low == 0 and self.high == self.n_distinct - 1

    @property
    def is_counting(self) -> bool:
        """Whether each number is the one before, and 1."""
        return self.is_whole and self.n > 1 and self.n == len(self.numbers) and bool((np.diff(self.known) == 1).all())

    def resolution(self) -> float:
        """Return the step of the lattice that the numbers lie on; 0: none."""
        few = self.distinct
        if self.is_whole or len(few) <= MOST_LOOKED_AT:
            return resolution_of(few, single=self.single)
        few = few[np.linspace(0, len(few) - 1, MOST_LOOKED_AT).astype(np.int64)]
        step = resolution_of(few, single=self.single)
        return step if step and _lie_on(self.distinct, step) else 0.0

    def facts(self, resolution: float) -> Facts:
        """Return what is kept of them."""
        n = len(self.numbers)
        if not self.n:
            return Facts(n, n)
        return Facts(n, n - self.n, self.n_distinct, self.low, self.high, resolution)


def _lie_on(distinct: Floats, step: float) -> bool:
    """Whether all of many numbers lie on the lattice that some of them do."""
    steps = (distinct - distinct[0]) / step
    return bool((np.abs(steps - np.rint(steps)) < 1e-3).all())
