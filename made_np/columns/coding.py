"""How the numbers x of a column become the values z of its feature in the model.

A coding z = T(x) is fixed before training. The density of x follows from that of z: ``log p(x) = log p(z) + t(x)``,
where t is the logarithm of the slope of T for a real column, and the logarithm of the share that x has of its bin where
many values have one z.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np

from made_np.typing import Bools, Floats
from made_np.values import as_number

__all__ = ["PLAIN", "Affine", "Coding"]


class Coding(ABC):
    """How the numbers x of one column become the values z of its feature. NaN stays NaN."""

    name: ClassVar[str]
    """What files call it."""
    is_closed: ClassVar[bool] = False
    """Whether z is a value that the distribution has, for every x that is not `unknown`."""

    @abstractmethod
    def encode(self, x: Floats) -> Floats:
        """Return z, of the shape of `x`; of a number outside the support, anything."""

    @abstractmethod
    def log_term(self, x: Floats) -> Floats:
        """Return t(x) = log p(x) - log p(z), of the shape of `x`, in nats; 0 at NaN."""

    @abstractmethod
    def decode(self, z: Floats, u: Floats | None = None) -> Floats:
        """Return the x that has this z; of several, the one that the uniform numbers `u` decide, or a central one."""

    def shares(self, low: float | Floats, high: float | Floats) -> Floats | None:
        """Return P(low <= x <= high given z) for z = 0, 1, ..., K - 1 where z is a code; None where z is real."""
        return None

    def interval(self, low: float, high: float) -> tuple[float, float]:
        """Return the interval of z that ``low <= x <= high`` is, where z is real and rises with x."""
        below, above = self.encode(np.array([low, high]))
        return float(below), float(above)

    def unknown(self, x: Floats) -> Bools:
        """Return True where x is outside the support of the coding, which for most is all numbers; False at NaN."""
        return np.zeros(x.shape, dtype=bool)

    def config(self) -> dict[str, Any]:
        """Return its arguments as JSON-able values."""
        return {each.name: getattr(self, each.name) for each in fields(self)}  # type: ignore[arg-type]

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Coding:
        """Return the coding whose `config` this is."""
        return cls(**config)


@dataclass(frozen=True)
class Affine(Coding):
    """``z = (x - mean) / scale``; with 0 and 1, x itself. ``t = -log scale``.

    Attributes
    ----------
    mean : float
    scale : float, above 0
    """

    mean: float = 0.0
    scale: float = 1.0
    name: ClassVar[str] = "affine"

    def __post_init__(self) -> None:
        as_number(self.mean, "mean")
        as_number(self.scale, "scale", "(0, inf)")

    def encode(self, x: Floats) -> Floats:
        """Return z."""
        with np.errstate(over="ignore"):  # the model itself refuses what is too large for its dtype
            return np.asarray((x - self.mean) / self.scale)

    def log_term(self, x: Floats) -> Floats:
        """Return ``-log scale``."""
        return np.where(np.isnan(x), 0.0, -np.log(self.scale))

    def decode(self, z: Floats, u: Floats | None = None) -> Floats:
        """Return x, or the last number of float64 where it lies beyond that."""
        with np.errstate(over="ignore"):
            return np.clip(z * self.scale + self.mean, -LAST, LAST)


LAST = float(np.finfo(np.float64).max)
"""The largest number."""
PLAIN = Affine()
"""z = x."""
