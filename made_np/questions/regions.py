"""A set of numbers that one column may have: closed intervals, with the gap or without it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf, nextafter

import numpy as np

from made_np.typing import Bools, Floats

__all__ = ["ANYTHING", "GAP", "NOTHING", "NUMBERS", "Region"]

Interval = tuple[float, float]


@dataclass(frozen=True)
class Region:
    """Numbers within some closed intervals of float64, and whether a gap is among them.

    Attributes
    ----------
    intervals : tuple of (float, float)
        Both ends belong to them. They rise, and a float64 lies between neighbours: `of` sees to it.
    gap : bool

    Examples
    --------
    >>> young = Region.of([(-np.inf, 30)])
    >>> (~young).holds(np.array([29.0, 30.0, 31.0, np.nan]))
    array([False, False,  True, False])
    >>> (young & Region.of([(18, 65)])).intervals
    ((18.0, 30.0),)
    """

    intervals: tuple[Interval, ...]
    gap: bool = False

    @classmethod
    def of(cls, intervals: Iterable[Interval], gap: bool = False) -> Region:
        """Return the union of some intervals; those whose ends are exchanged hold nothing."""
        joined: list[Interval] = []
        for low, high in sorted((float(low), float(high)) for low, high in intervals if low <= high):
            if joined and low <= nextafter(joined[-1][1], inf):
                joined[-1] = (joined[-1][0], max(joined[-1][1], high))
            else:
                joined.append((low, high))
        return cls(tuple(joined), gap)

    def __and__(self, other: Region) -> Region:
        both = [(max(a, c), min(b, d)) for a, b in self.intervals for c, d in other.intervals]
        return Region.of(both, self.gap and other.gap)

    def __or__(self, other: Region) -> Region:
        return Region.of(self.intervals + other.intervals, self.gap or other.gap)

    def __invert__(self) -> Region:
        """Return the other numbers; a gap is not among them, as SQL's NOT has it."""
        lows = [-inf, *(nextafter(high, inf) for _, high in self.intervals if high < inf)]
        highs = [*(nextafter(low, -inf) for low, _ in self.intervals if low > -inf), inf]
        if self.intervals and self.intervals[0][0] == -inf:
            del lows[0]
        if self.intervals and self.intervals[-1][1] == inf:
            del highs[-1]
        return Region.of(zip(lows, highs, strict=True))

    def holds(self, x: Floats) -> Bools:
        """Return which numbers lie in it, of the shape of `x`; NaN is a gap."""
        inside = np.isnan(x) if self.gap else np.zeros(x.shape, dtype=bool)
        for low, high in self.intervals:
            inside |= (x >= low) & (x <= high)
        return inside

    @property
    def points(self) -> tuple[float, ...] | None:
        """Its numbers where it is no more than some numbers; else None."""
        is_points = not self.gap and all(low == high for low, high in self.intervals)
        return tuple(low for low, _ in self.intervals) if is_points else None


NUMBERS = Region(((-inf, inf),))
"""All numbers."""
GAP = Region((), True)
"""A gap and nothing else."""
NOTHING = Region(())
ANYTHING = Region(((-inf, inf),), True)
