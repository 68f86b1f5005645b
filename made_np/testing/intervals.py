"""The logarithm of an integral over one real column, asked for point by point."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .compare import Floats
from .points import Interval
from .quadrature import integrate

MOST_POINTS = 2**13
MOST_GAP = 1e-6
"""Nothing is said of an integral that may be off by a larger share."""

MOST_MISSED = 1e-5
"""Nats that may be missed by an integral which has settled and is whole."""


@dataclass(frozen=True)
class Integral:
    """What an interval holds, and the mean over it, in nats; whether that has settled, and is all that there is.

    ``is_whole``: nothing seems to lie beyond the ends.
    """

    log: float
    mean: float
    is_settled: bool
    is_whole: bool


def log_integral(log_density: Callable[[float], float], column: Interval, panels: int) -> Integral:
    """Integrate a density given by its logarithm, at one point a call.

    Examples
    --------
    >>> found = log_integral(lambda x: -x * x / 2, Interval(-9, 9), 16)
    >>> found.is_settled, found.is_whole, bool(abs(found.log - 0.5 * np.log(2 * np.pi)) < 1e-9)
    (True, True, True)
    """

    def answers(x: Floats) -> Floats:
        return np.array([log_density(value) for value in x[:, 0].tolist()])

    points = integrate(answers, [column], MOST_GAP / 100, MOST_POINTS, panels)
    top = float(points.values.max())
    if top == -np.inf:
        return Integral(top, top, False, False)
    log = top + float(np.log(points.of(points.values - top)))
    is_whole = not points.level and points.outside <= MOST_GAP
    return Integral(log, log - float(np.log(column.high - column.low)), points.gap <= MOST_GAP, is_whole)
