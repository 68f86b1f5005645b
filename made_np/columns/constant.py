"""A column with one value only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from made_np.columns.coding import Coding
from made_np.typing import Bools, Floats

__all__ = ["Constant"]


@dataclass(frozen=True)
class Constant(Coding):
    """The column has no feature and no z: its value is sure, and costs nothing.

    Attributes
    ----------
    value : float, optional
        None: the column is all gap.
    """

    value: float | None
    name: ClassVar[str] = "constant"

    def encode(self, x: Floats) -> Floats:
        """Return 0, but NaN at gaps."""
        return np.where(np.isnan(x), np.nan, 0.0)

    def log_term(self, x: Floats) -> Floats:
        """Return 0."""
        return np.zeros(x.shape)

    def decode(self, z: Floats, u: Floats | None = None) -> Floats:
        """Return the value, whatever z is."""
        return np.full(z.shape, np.nan if self.value is None else self.value)

    def shares(self, low: float | Floats, high: float | Floats) -> Floats:
        """Return 1 if the value lies within ``low <= x <= high``, else 0; of arrays (m,) of ends, shape (m, 1)."""
        value = np.nan if self.value is None else self.value
        return np.asarray(((np.asarray(low) <= value) & (value <= np.asarray(high)))[..., None], dtype=np.float64)

    def unknown(self, x: Floats) -> Bools:
        """Return True where x is another value."""
        other = np.ones(x.shape, dtype=bool) if self.value is None else x != self.value
        return other & ~np.isnan(x)
