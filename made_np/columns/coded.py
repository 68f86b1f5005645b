"""Numbers that are codes of levels already, or a single value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from made_np.columns.coding import Coding
from made_np.typing import Bools, Floats
from made_np.values import as_count, as_flag, as_number

__all__ = ["Coded", "Constant"]


@dataclass(frozen=True)
class Coded(Coding):
    """Levels 0..levels-1: z = x. ``t = 0``. Any other number is unknown.

    Attributes
    ----------
    levels : int
    missing : bool
        Whether a gap is a level, with the code `levels`.

    Examples
    --------
    >>> Coded(3, missing=True).encode(np.array([0.0, 2.0, np.nan]))
    array([0., 2., 3.])
    """

    levels: int
    missing: bool = False
    name: ClassVar[str] = "coded"
    is_closed: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "levels", as_count(self.levels, "levels"))
        object.__setattr__(self, "missing", as_flag(self.missing, "missing"))

    @property
    def n(self) -> int:
        """How many codes there are, that of a gap too."""
        return self.levels + self.missing

    def encode(self, x: Floats) -> Floats:
        """Return z."""
        return np.where(np.isnan(x), float(self.levels), x) if self.missing else x.copy()

    def log_term(self, x: Floats) -> Floats:
        """Return 0."""
        return np.zeros(x.shape)

    def decode(self, z: Floats, u: Floats | None = None) -> Floats:
        """Return x."""
        return np.where(z == self.levels, np.nan, z) if self.missing else z.copy()

    def shares(self, low: float | Floats, high: float | Floats) -> Floats:
        """Return 1 for the levels within ``low <= x <= high``, else 0; of arrays (m,) of ends, shape (m, n)."""
        levels = np.arange(self.n)
        ends = np.asarray(low)[..., None], np.asarray(high)[..., None]
        return np.asarray((ends[0] <= levels) & (levels <= ends[1]) & (levels < self.levels), dtype=np.float64)

    def unknown(self, x: Floats) -> Bools:
        """Return True where x is no level."""
        return np.asarray(~((x >= 0) & (x < self.levels) & (x == np.floor(x))) & ~np.isnan(x))


@dataclass(frozen=True)
class Constant(Coding):
    """The one value that a column has: z = 0. ``t = 0``. Any other number is unknown.

    Attributes
    ----------
    value : float, optional
        None: the column has nothing but gaps.
    """

    value: float | None
    name: ClassVar[str] = "constant"
    is_closed: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", None if self.value is None else as_number(self.value, "value"))

    @property
    def _number(self) -> float:
        """The value, NaN for none."""
        return np.nan if self.value is None else self.value

    def encode(self, x: Floats) -> Floats:
        """Return 0."""
        return np.where(np.isnan(x), np.nan, 0.0)

    def log_term(self, x: Floats) -> Floats:
        """Return 0."""
        return np.zeros(x.shape)

    def decode(self, z: Floats, u: Floats | None = None) -> Floats:
        """Return the value, whatever z."""
        return np.full(z.shape, self._number)

    def shares(self, low: float | Floats, high: float | Floats) -> Floats:
        """Return 1 if the value lies within ``low <= x <= high``, else 0; of arrays (m,) of ends, shape (m, 1)."""
        within = (np.asarray(low) <= self._number) & (self._number <= np.asarray(high))
        return np.asarray(within[..., None], dtype=np.float64)

    def unknown(self, x: Floats) -> Bools:
        """Return True for every other number."""
        return np.asarray((x != self._number) & ~np.isnan(x))
