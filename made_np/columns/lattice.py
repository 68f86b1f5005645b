"""Numbers that stand at equal distances, such as integers or amounts of cents, counted."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

import numpy as np

from made_np.columns.coding import Coding
from made_np.lazy import lazy
from made_np.typing import Bools, Floats
from made_np.values import as_number

__all__ = ["Lattice"]

NEAR = 1e-6
"""A number counts as a point of the lattice if it is no farther from one than this share of the resolution."""
MOST_DECIMALS = 15
"""float64 has so many decimal digits for sure; offsets with more are no decimals."""


@dataclass(frozen=True)
class Lattice(Coding):
    """``z = (x - offset) / resolution``, an integer. ``t = 0``: p is a mass, of one point of the lattice.

    Attributes
    ----------
    offset : float
        The point that z = 0 stands for.
    resolution : float, above 0
        The distance of neighbours.

    Examples
    --------
    >>> cents = Lattice(0.25, 0.05)
    >>> cents.encode(np.array([0.25, 0.4, 0.41])).round(6)
    array([0., 3., 3.])
    >>> cents.unknown(np.array([0.25, 0.4, 0.41]))
    array([False, False,  True])
    >>> cents.decode(np.array([0.0, 1.0, 2.0])).tolist()
    [0.25, 0.3, 0.35]
    """

    offset: float = 0.0
    resolution: float = 1.0
    name: ClassVar[str] = "lattice"

    def __post_init__(self) -> None:
        object.__setattr__(self, "offset", as_number(self.offset, "offset"))
        object.__setattr__(self, "resolution", as_number(self.resolution, "resolution", "(0, inf)"))

    @lazy
    def _decimals(self) -> int | None:
        """How many decimals every point has; None: more than float64 holds."""
        exponents = [Decimal(repr(each)).normalize().as_tuple().exponent for each in (self.offset, self.resolution)]
        most = max(-int(exponent) for exponent in exponents)
        return max(most, 0) if most <= MOST_DECIMALS else None

    def encode(self, x: Floats) -> Floats:
        """Return z; of a number between two points, that of the nearer one."""
        with np.errstate(over="ignore"):
            return np.asarray(np.rint((x - self.offset) / self.resolution))

    def log_term(self, x: Floats) -> Floats:
        """Return 0."""
        return np.zeros(x.shape)

    def decode(self, z: Floats, u: Floats | None = None) -> Floats:
        """Return x, the float64 that is nearest to the decimal number where the lattice is one of decimals."""
        x = np.rint(z) * self.resolution + self.offset
        return np.asarray(x if self._decimals is None else np.round(x, self._decimals))

    def steps(self, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        """Return the first and the last z within ``low <= x <= high``."""
        below, above = ((edge - self.offset) / self.resolution for edge in (low, high))
        return np.ceil(below - NEAR), np.floor(above + NEAR)

    def interval(self, low: float, high: float) -> tuple[float, float]:
        """Return the first and the last z within ``low <= x <= high``."""
        first, last = self.steps(np.array(low), np.array(high))
        return float(first), float(last)

    def unknown(self, x: Floats) -> Bools:
        """Return True where x is no point of the lattice."""
        with np.errstate(over="ignore", invalid="ignore"):
            z = (x - self.offset) / self.resolution
            off = np.abs(z - np.rint(z))
            is_off = ~(off <= NEAR) & ~np.isnan(x)
            if is_off.any():  # rounding alone is no reason
                rounding = 4 * np.spacing(np.abs(x[is_off]) + abs(self.offset)) / self.resolution
                is_off[is_off] = ~(off[is_off] <= NEAR + rounding)
            return is_off
