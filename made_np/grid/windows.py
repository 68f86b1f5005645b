"""What a place of a grid is told: those before it in a window, relative to their mean, with their activity.

A wire that all places share cannot hold what is bright here or there. So the window is told as differences from its own
mean, which stands beside them: a patch that is brighter or stands elsewhere looks the same. The mean distance from that
mean is the *activity*: where neighbours differ much, so does what comes next.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from made_np.grid.scan import Scan
from made_np.lazy import lazy
from made_np.typing import Array, Floats, Ints

CONTRAST = 32.0
"""Differences d are told twice: as they are, and as ``asinh(CONTRAST d) / 2``, which tells small ones apart as well."""

GUIDE = np.array(
    [(0, 0), (-1, 0), (0, -1), (0, 1), (1, 0), *((a, b) for a in (-3, 0, 3) for b in (-3, 0, 3) if (a, b) != (0, 0))]
)
"""Where a place looks at its guide, (13, 2): that knows what is not drawn yet, so on all sides."""


def window(radius: int) -> Ints:
    """Return the offsets (K, 2) of a window: all within `radius` above, or beside and before, the nearest first.

    Examples
    --------
    >>> window(1).tolist()
    [[-1, 0], [0, -1], [-1, -1], [-1, 1]]
    """
    rows, columns = np.mgrid[-radius:1, -radius : radius + 1]
    squared = rows**2 + columns**2
    is_before = ((rows < 0) | (columns < 0)) & (squared <= radius**2 + 1)
    offsets = np.stack([rows[is_before], columns[is_before]], axis=1)
    return offsets[np.argsort(squared[is_before], kind="stable")]


@dataclass(frozen=True, eq=False)
class Windows:
    """The windows of all places under one scan."""

    scan: Scan
    radius: int

    @lazy
    def wires(self) -> Ints:
        """The places (D, K) that each place sees: -1 outside the grid, and where the walk has not yet been."""
        position = np.empty(self.scan.size, dtype=np.int64)
        position[self.scan.order] = np.arange(self.scan.size)
        places = self.scan.neighbours(window(self.radius))
        return np.where((places >= 0) & (position[places] < position[:, None]), places, -1)

    @lazy
    def shares(self) -> Floats:
        """The weight (D, K) of each neighbour in means: as the inverse square of its distance, adding up to 1."""
        weights = np.where(self.wires >= 0, 1 / (window(self.radius) ** 2).sum(axis=1), 0)
        return np.asarray(weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-9))

    @lazy
    def looks(self) -> Ints:
        """The places (D, 13) at which each place looks at its guide: its own where they lie outside."""
        places = self.scan.neighbours(GUIDE)
        return np.where(places >= 0, places, np.arange(self.scan.size)[:, None])

    @lazy
    def coordinates(self) -> Floats:
        """Row, column, their squares, and how much of the window is seen (D, 5): all within -1 and 1."""
        axes = [np.linspace(-1, 1, n) if n > 1 else np.zeros(1) for n in self.scan.shape]
        row, column = (axis.ravel() for axis in np.meshgrid(*axes, indexing="ij"))
        seen = (self.wires >= 0).mean(axis=1)
        return np.stack([row, column, row**2, column**2, seen], axis=1)

    def told(self, x: Array, places: Ints, guide: Array | None = None) -> Array:
        """Return what `places` (p,) are told of the images `x` (n, D), as numbers (n, p, C); see `n_told`.

        What is not seen may be NaN. `guide` (n, D) is known beforehand.
        """
        wires = self.wires[places]
        is_seen = np.asarray(wires >= 0)
        shares = self.shares[places].astype(x.dtype)
        values = np.where(is_seen, x[:, wires], 0)
        base = (values * shares).sum(axis=-1, keepdims=True)
        if guide is not None:
            is_alone = ~is_seen.any(axis=-1, keepdims=True)
            base = np.where(is_alone, guide[:, places, None], base)
        d = np.where(is_seen, values - base, 0)
        activity = (np.abs(d) * shares).sum(axis=-1, keepdims=True)
        here = np.broadcast_to(self.coordinates[places].astype(x.dtype), (*base.shape[:2], 5))
        parts = [base, np.log(4 * CONTRAST * activity + 1) / 2 - 0.7, here, np.arcsinh(CONTRAST * d) / 2, d]
        if guide is not None:
            off = np.where(is_seen, values - guide[:, wires], 0)
            parts += [2 * (guide[:, self.looks[places]] - base), 4 * (off * shares).sum(axis=-1, keepdims=True)]
        return np.concatenate(parts, axis=-1).astype(x.dtype, copy=False)


def n_told(radius: int, is_guided: bool) -> int:
    """Return C, how many numbers a place is told.

    Examples
    --------
    >>> n_told(4, True)
    77
    """
    return 7 + 2 * len(window(radius)) + (len(GUIDE) + 1 if is_guided else 0)
