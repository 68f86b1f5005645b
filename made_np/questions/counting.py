"""How many of some rows hold a condition, counted in a moment: 64 rows in one operation.

The rows that hold "x is among the first r in rising order" are a bitmap. So each interval of a column is the difference
of two such, AND and OR are those of bits, and the count is that of the bits which are set. Some of these bitmaps are
kept for each column; any other one differs from the nearest of them in a few rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from made_np.lazy import lazy
from made_np.questions.conditions import Condition
from made_np.questions.regions import Region
from made_np.typing import Floats

__all__ = ["Counted"]

Bits = NDArray[np.uint64]

CUTS = 128
"""So many bitmaps of a column are kept, at most; all of them where it has no more values."""
SIXTEEN = np.array([int(k).bit_count() for k in range(1 << 16)], dtype=np.uint8)
"""How many bits of each number of 16 bits are set."""


@dataclass(frozen=True, eq=False)
class Counted:
    """Rows of numbers that conditions are asked of.

    Attributes
    ----------
    x : ndarray (n, D)
        NaN for a gap.

    Examples
    --------
    >>> from made_np.questions.conditions import test
    >>> rows = Counted(np.array([[1.0], [2.0], [np.nan], [7.0]]))
    >>> rows.count(test(0, Region.of([(2, 7)])))
    2
    """

    x: Floats
    _columns: dict[int, _Column] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.x)

    @lazy
    def _all(self) -> Bits:
        """The bitmap of all rows."""
        return _packed(np.ones(len(self.x), dtype=bool))

    def count(self, condition: Condition) -> int:
        """Return how many rows hold it."""
        if not condition.regions and not condition.others:
            return len(self.x) if condition.every else 0
        return _count(self.bits(condition))

    def bits(self, condition: Condition) -> Bits:
        """Return the bitmap of the rows that hold it."""
        parts = [self._column(column).bits(region) for column, region in condition.regions]
        parts += [self.bits(other) for other in condition.others]
        if not parts:
            return self._all if condition.every else np.zeros_like(self._all)
        found = parts[0]
        for own in parts[1:]:
            found = found & own if condition.every else found | own
        return found

    def _column(self, column: int) -> _Column:
        if column not in self._columns:
            self._columns[column] = _Column(self.x[:, column])
        return self._columns[column]


class _Column:
    """The rows of one column in rising order, with bitmaps of their beginnings."""

    def __init__(self, x: Floats) -> None:
        self.n = len(x)
        self.rows = np.argsort(x, kind="stable").astype(np.int32)
        in_order = x[self.rows]
        n_numbers = int(np.searchsorted(in_order, np.inf, side="right"))
        self.values, firsts = np.unique(in_order[:n_numbers], return_index=True)
        # How many rows are below each value, or have a number at all.
        self.below = np.append(firsts, n_numbers)
        steps = firsts if len(firsts) < CUTS else np.linspace(0, n_numbers, CUTS).astype(np.int64)
        self.cuts = np.unique([0, *steps.tolist(), n_numbers, self.n])
        self._beginnings: dict[int, Bits] = {}

    def bits(self, region: Region) -> Bits:
        """Return the bitmap of the rows that lie in a region."""
        find = self.values.searchsorted
        stretches = [(self.below[find(a)], self.below[find(b, "right")]) for a, b in region.intervals]
        if region.gap:
            stretches.append((self.below[-1], self.n))
        found: Bits | None = None
        for start, stop in stretches:
            if start < stop:
                own = self._beginning(int(stop))
                own = own ^ self._beginning(int(start)) if start else own
                found = own if found is None else found | own
        return self._beginning(0) if found is None else found

    def _beginning(self, rank: int) -> Bits:
        """Return the bitmap of the first `rank` rows, not to be written to."""
        found = self._beginnings.get(rank)
        if found is not None:
            return found
        after = int(self.cuts.searchsorted(rank))
        near = int(self.cuts[after])
        if near == rank:
            return self._kept(rank)
        if rank - self.cuts[after - 1] < near - rank:
            near = int(self.cuts[after - 1])
        bits = self._kept(near).copy()
        rows = self.rows[min(near, rank) : max(near, rank)]
        # The rows in between, each of which has its own bit, are turned over.
        np.bitwise_xor.at(bits.view(np.uint8), rows >> 3, np.uint8(128) >> (rows & 7).astype(np.uint8))
        return bits

    def _kept(self, cut: int) -> Bits:
        """Return the bitmap of a cut, which is made when it is first wanted."""
        if cut not in self._beginnings:
            flags = np.zeros(self.n, dtype=bool)
            flags[self.rows[:cut]] = True
            self._beginnings[cut] = _packed(flags)
        return self._beginnings[cut]


def _packed(flags: Any) -> Bits:
    """Return booleans as bits, filled up with zeros to whole words."""
    padded = np.zeros(-(-len(flags) // 64) * 64, dtype=bool)
    padded[: len(flags)] = flags
    return np.packbits(padded).view(np.uint64)


def _count(bits: Bits) -> int:
    """Return how many bits are set."""
    if hasattr(np, "bitwise_count"):
        return int(np.bitwise_count(bits).sum(dtype=np.int64))
    return int(SIXTEEN[bits.view(np.uint16)].sum(dtype=np.int64))
