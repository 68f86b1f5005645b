"""The ends of an interval of numbers, as a coding takes them: an end that is next to a number leaves that out.

Half-open intervals end at the float64 next to a number. A coding that rounds would take the one for the other.
"""

from __future__ import annotations

from math import inf, isfinite, isnan, nextafter

import numpy as np

from made_np.columns.coding import Coding
from made_np.typing import Floats

__all__ = ["coded_interval", "coded_shares"]

NEAR = 1e-5
"""An end counts as next to a point of a lattice if it is no farther from it than this share of the resolution."""
STEPS = 4
"""So many float64 an end is moved at most."""


def coded_shares(coding: Coding, low: float, high: float) -> Floats | None:
    """Return the share of each code that lies within ``low <= x <= high``, as `Coding.shares` has it."""
    return coding.shares(*_off_points(coding, low, high))


def coded_interval(coding: Coding, low: float, high: float) -> tuple[float, float]:
    """Return the interval of z that ``low <= x <= high`` is; an open end stays open."""
    low, high = _off_points(coding, low, high)
    with np.errstate(all="ignore"):
        below, above = coding.interval(low, high)
        below = _known(coding, low, below)
        above = _known(coding, high, above)
        for _ in range(STEPS):
            if isfinite(below) and _number(coding, below) < low:
                below = nextafter(below, inf)
            if isfinite(above) and _number(coding, above) > high:
                above = nextafter(above, -inf)
    return below, above


def _known(coding: Coding, x: float, z: float) -> float:
    """Return z, or what it is where x is infinite or has none."""
    if not isfinite(x):
        return x
    return z if not isnan(z) else (inf if x > _number(coding, 0.0) else -inf)


def _number(coding: Coding, z: float) -> float:
    return float(coding.decode(np.array([z]))[0])


def _off_points(coding: Coding, low: float, high: float) -> tuple[float, float]:
    """Return the ends, those next to a point of the coding's lattice, if it has one, half-way to the next point."""
    resolution = getattr(coding, "resolution", 0.0)
    lattice = getattr(coding, "lattice", coding)
    if not resolution or lattice is None:
        return low, high
    ends = [low, high]
    for k, (end, step) in enumerate(((low, resolution / 2), (high, -resolution / 2))):
        if isfinite(end):
            point = _number(lattice, float(lattice.encode(np.array([end]))[0]))
            is_past = point < end if step > 0 else point > end
            if is_past and abs(point - end) <= NEAR * resolution:
                ends[k] = point + step
    return ends[0], ends[1]
