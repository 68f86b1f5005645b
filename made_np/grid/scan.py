"""How a grid is walked through: an order of its places, with the frame in which each sees those around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from made_np.typing import Array, Ints
from made_np.validation import as_integers, as_permutation
from made_np.values import as_count, as_sequence


@dataclass(frozen=True, eq=False)
class Scan:
    """An order of the places of a grid, whose rows or columns may run either way.

    Shared wires name a neighbour by its offset: the one above, the one to the left. Where the walk comes from below or
    from the right these are the neighbours that are not known yet. So each place says which way its rows and columns
    run, and offsets are counted along that.

    Parameters
    ----------
    shape : (height, width)
        Place ``row * width + column`` is a feature.
    order : permutation (D,)
        The places in the sequence of generation.
    steps : array of int (D, 2)
        Which way the walk goes at each place: 1 or -1 for down or up, then 1 or -1 for right or left.

    Examples
    --------
    >>> Scan.raster((2, 3)).backwards().order
    array([5, 4, 3, 2, 1, 0])
    """

    shape: tuple[int, int]
    order: Ints
    steps: Ints

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", as_shape(self.shape))
        object.__setattr__(self, "order", as_permutation(self.order, self.size))
        steps = as_integers(self.steps, "steps", 2)
        if steps.shape != (self.size, 2) or not (np.abs(steps) == 1).all():
            raise ValueError(f"steps: give 1 or -1 for each place, down and right, as an array ({self.size}, 2)")
        object.__setattr__(self, "steps", steps)

    @classmethod
    def raster(cls, shape: tuple[int, int]) -> Scan:
        """Return the scan that reads row by row, from the left."""
        height, width = as_shape(shape)
        return cls((height, width), np.arange(height * width), np.ones((height * width, 2), dtype=np.int64))

    def backwards(self) -> Scan:
        """Return the scan that walks the same way from its end."""
        return Scan(self.shape, self.order[::-1].copy(), -self.steps)

    @property
    def size(self) -> int:
        """D, the number of places."""
        return self.shape[0] * self.shape[1]

    def neighbours(self, offsets: Array) -> Ints:
        """Return the places at `offsets` (K, 2), rows and columns in the frame of each: (D, K), and -1 outside."""
        height, width = self.shape
        row, column = (index.ravel()[:, None] for index in np.indices(self.shape))
        rows = row + self.steps[:, :1] * offsets[:, 0]
        columns = column + self.steps[:, 1:] * offsets[:, 1]
        is_inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
        return np.where(is_inside, rows * width + columns, -1)


def as_shape(shape: Any) -> tuple[int, int]:
    """Return height and width of a grid, or raise."""
    height, width = as_sequence(shape, "shape", "(height, width)", 2)
    return as_count(height, "shape[0]"), as_count(width, "shape[1]")
