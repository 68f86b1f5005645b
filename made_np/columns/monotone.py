"""Real numbers bent by a smooth rising curve, so that the column on its own is about standard normal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from made_np.columns.coding import Coding
from made_np.lazy import lazy
from made_np.typing import Bools, Floats, Ints
from made_np.values import as_choice, as_number, as_sequence

__all__ = ["SHAPES", "Monotone"]

SHAPES = ("linear", "asinh", "log", "logit")
STRAIGHT = 1e-12
"""Slopes that differ by no more than this share of them are one."""
LARGEST = 700.0
"""e^ of more would overflow."""


@dataclass(frozen=True)
class Monotone(Coding):
    """``z = spline(shape((x - place) / scale))``, with t the logarithm of its slope.

    The shape is one of, with v = (x - place) / scale::

        linear   v                                  all x
        asinh    log(v + sqrt(v^2 + 1))             all x: a logarithm far out on both sides
        log      log v, or -log v for scale < 0     x above place, or below it for scale < 0
        logit    log(v / (1 - v))                   x between place and place + scale

    The spline passes through its knots, with the given slopes: between two of them it is a quotient of two parabolas
    (Gregory & Delbourgo 1982), outside a straight line. It rises everywhere, and its slope has no jumps.

    Attributes
    ----------
    shape : str
    place, scale : float
    knots, values, slopes : tuple of float, length K
        Places on the axis of the shape, strictly rising; z there, strictly rising; dz there, above 0.

    Examples
    --------
    >>> logs = Monotone("log", 0.0, 1.0, (-1.0, 1.0), (-1.0, 1.0), (1.0, 1.0))
    >>> logs.encode(np.array([1.0, np.e**2])).round(12)
    array([0., 2.])
    >>> logs.log_term(np.array([1.0, np.e**2])).round(12)
    array([ 0., -2.])
    """

    shape: str
    place: float
    scale: float
    knots: tuple[float, ...]
    values: tuple[float, ...]
    slopes: tuple[float, ...]
    name: ClassVar[str] = "monotone"

    def __post_init__(self) -> None:
        as_choice(self.shape, "shape", SHAPES)
        as_number(self.place, "place")
        if as_number(self.scale, "scale") <= 0 and (self.shape != "log" or self.scale == 0):
            raise ValueError(f"scale={self.scale}: give a number above 0")
        size = len(as_sequence(self.knots, "knots", "two numbers or more"))
        for each in ("knots", "values", "slopes"):
            own = np.asarray(as_sequence(getattr(self, each), each, f"{size} numbers", size), dtype=np.float64)
            rises = (own > 0).all() if each == "slopes" else size > 1 and (np.diff(own) > 0).all()
            if not (np.isfinite(own).all() and rises):
                what = "numbers above 0" if each == "slopes" else "at least two numbers, each above the one before"
                raise ValueError(f"{each} makes no rising curve: give {what}")
            object.__setattr__(self, each, tuple(own.tolist()))

    # ------------------------------------------------------------------------------------------------ the shape

    def _shaped(self, x: Floats) -> tuple[Floats, Floats]:
        """Return the shape y of x, and log dy/dx; of an x outside, those of the nearest that is inside."""
        least = np.finfo(np.float64).tiny
        if self.shape == "log":
            log_distance = np.log(np.maximum((x - self.place) * np.sign(self.scale), least))
            return np.sign(self.scale) * (log_distance - np.log(abs(self.scale))), -log_distance
        v = (x - self.place) / self.scale
        if self.shape == "linear":
            return v, np.full(x.shape, -np.log(self.scale))
        if self.shape == "asinh":
            return np.arcsinh(v), -np.log(np.hypot(1.0, v)) - np.log(self.scale)
        v = np.maximum(v, least)
        # 1 - v without cancellation near the upper end
        rest = np.maximum((self.place + self.scale - x) / self.scale, least)
        return np.log(v) - np.log(rest), -np.log(v) - np.log(rest) - np.log(self.scale)

    def _unshaped(self, y: Floats) -> Floats:
        """Return the x of a shape."""
        if self.shape == "linear":
            v = y
        elif self.shape == "asinh":
            v = np.sinh(np.clip(y, -LARGEST, LARGEST))
        elif self.shape == "log":
            log_distance = np.clip(np.sign(self.scale) * y + np.log(abs(self.scale)), -LARGEST, LARGEST)
            return np.clip(self.place + np.sign(self.scale) * np.exp(log_distance), *self._inside)
        else:  # from the nearer end, so that nothing is lost there
            small = self.scale / (1 + np.exp(np.minimum(np.abs(y), LARGEST)))
            return np.clip(np.where(y < 0, self.place + small, self.place + self.scale - small), *self._inside)
        with np.errstate(over="ignore"):
            return np.clip(v * self.scale + self.place, *self._inside)

    @property
    def _inside(self) -> tuple[float, float]:
        """The smallest and the largest number inside the support."""
        ends = [-np.inf, np.inf]
        if self.shape == "log":
            ends[self.scale < 0] = self.place
        elif self.shape == "logit":
            ends = [self.place, self.place + self.scale]
        return float(np.nextafter(ends[0], np.inf)), float(np.nextafter(ends[1], -np.inf))

    # ------------------------------------------------------------------------------------------------ the spline

    @lazy
    def _is_straight(self) -> bool:
        """Whether the spline is a straight line."""
        _, _, slope = self._piece(np.array(self.knots), np.array(self.knots[:1]))
        return len(self.knots) == 2 and bool(np.abs(np.array(self.slopes) / slope - 1).max() < STRAIGHT)

    @lazy
    def _spline(self) -> tuple[Floats, Floats, Floats]:
        """Knots, values and slopes."""
        return np.array(self.knots), np.array(self.values), np.array(self.slopes)

    def _piece(self, places: Floats, at: Floats) -> tuple[Ints, Floats, Floats]:
        """Return between which knots each `at` lies among `places`, the distance of their values, and its slope s."""
        knots, values, _ = self._spline
        k = np.clip(np.searchsorted(places, at, "right") - 1, 0, len(knots) - 2)
        rise = values[k + 1] - values[k]
        return k, rise, rise / (knots[k + 1] - knots[k])

    def _bent(self, y: Floats) -> tuple[Floats, Floats]:
        """Return z of the shape y, and log dz/dy.

        Notes
        -----
        With q the share of the way from one knot to the next, s the slope of the chord and d, e those at its ends::

            z = value + rise (s q^2 + d q (1 - q)) / w,    w = s + (d + e - 2 s) q (1 - q)
            dz/dy = s^2 (e q^2 + 2 s q (1 - q) + d (1 - q)^2) / w^2
        """
        knots, values, slopes = self._spline
        if self._is_straight:
            return values[0] + (y - knots[0]) * slopes[0], np.where(np.isnan(y), np.nan, np.log(slopes[0]))
        k, rise, s = self._piece(knots, y)
        q = np.clip((y - knots[k]) / (knots[k + 1] - knots[k]), 0.0, 1.0)
        d = slopes[k]
        e = slopes[k + 1]
        w = s + (d + e - 2 * s) * q * (1 - q)
        z = values[k] + rise * (s * q**2 + d * q * (1 - q)) / w
        slope = (s / w) ** 2 * (e * q**2 + 2 * s * q * (1 - q) + d * (1 - q) ** 2)
        beyond = np.minimum(y - knots[0], 0.0) * slopes[0] + np.maximum(y - knots[-1], 0.0) * slopes[-1]
        return z + beyond, np.log(slope)

    def _unbent(self, z: Floats) -> Floats:
        """Return the shape y of z: between knots, the root of a quadratic in q."""
        knots, values, slopes = self._spline
        if self._is_straight:
            return knots[0] + (z - values[0]) / slopes[0]
        k, rise, s = self._piece(values, z)
        above = np.clip(z - values[k], 0.0, rise)
        d = slopes[k]
        bend = above * (d + slopes[k + 1] - 2 * s)
        a = rise * (s - d) + bend
        b = rise * d - bend
        c = -s * above
        q = 2 * c / (-b - np.sqrt(np.maximum(b * b - 4 * a * c, 0.0)))
        y = knots[k] + q * (knots[k + 1] - knots[k])
        return y + np.minimum(z - values[0], 0.0) / slopes[0] + np.maximum(z - values[-1], 0.0) / slopes[-1]

    # ----------------------------------------------------------------------------------------------- as a coding

    def encode(self, x: Floats) -> Floats:
        """Return z."""
        return self._bent(self._shaped(x)[0])[0]

    def log_term(self, x: Floats) -> Floats:
        """Return ``log dz/dx``."""
        y, log_slope = self._shaped(x)
        return np.where(np.isnan(x), 0.0, log_slope + self._bent(y)[1])

    def decode(self, z: Floats, u: Floats | None = None) -> Floats:
        """Return x."""
        return self._unshaped(self._unbent(np.asarray(z, dtype=np.float64)))

    def unknown(self, x: Floats) -> Bools:
        """Return True outside the support of the shape."""
        low, high = self._inside
        return np.asarray((x < low) | (x > high))
