"""Does what a sum misses of 1 lie beyond the intervals?

Where a density hardly falls towards the end of an interval, it may stop there, as a uniform one does, or go on. So it
is asked: the box is doubled, and doubled again, and what each ring holds is integrated. If that adds up to what is
missing, the interval was too narrow. If it stays below, or goes past it, the density is no density.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from .compare import Floats
from .points import Interval
from .quadrature import PANELS, Answers, End, Sum, integrate

DOUBLINGS = 12
ROUGHLY = 0.01
"""Share of the mass of a ring that may be missed; where a density jumps, it is more than halving the panels tells."""
FEW_PANELS = 16
FARTHEST = 1e90
"""Of intervals that reach farther none is doubled."""
WELL_ABOVE = 4.0
"""A sum is wrong if it misses 1 by this many times what the quadrature may be off."""


def mass_beyond(answers: Answers, columns: list[Interval | Floats], found: Sum, atol: float, most_rows: int) -> float:
    """Return the mass that was met beyond the intervals, if it explains what the sum misses of 1; otherwise 0.

    Parameters
    ----------
    answers : callable
        (B, D) -> (B,), logarithms. Where it raises beyond an end, or gives what cannot be added up, it ends there.
    columns : list
        What each column may hold.
    found : Sum
        Of these columns, below 1.
    atol : float
        How far a sum may be off.
    most_rows : int
        As for `integrate`, of one part of a ring.
    """
    missing = 1 - found.total
    # Even a density that goes on as it is must be able to fill the gap before the last doubling.
    most = PANELS * 2**DOUBLINGS * WELL_ABOVE
    ends = {end for end, last in found.level.items() if last * most > missing and _is_near(columns[end[0]])}
    doubt = atol + WELL_ABOVE * (found.gap * found.total + found.outside)
    mass = 0.0
    before = 0.0
    for k in range(DOUBLINGS if ends else 0):
        ring = 0.0
        for piece in _ring(columns, ends, k):
            part = _integral(answers, piece, most_rows)
            ring += part.total
            doubt += max(ROUGHLY, WELL_ABOVE * part.gap) * part.total
        mass += ring
        rest = missing - mass
        if mass < np.inf and abs(rest) <= doubt:
            return mass
        # What is still to come if the rings go on to fall as they do.
        ahead = ring**2 / (before - ring) if ring < before else np.inf
        if rest < 0 or not ring or rest > WELL_ABOVE * ahead:
            return 0.0
        before = ring
    return mass if missing < (1 + WELL_ABOVE) * mass else 0.0


def _is_near(column: Interval | Floats) -> bool:
    return isinstance(column, Interval) and max(abs(column.low), abs(column.high)) < FARTHEST


def _ring(columns: list[Interval | Floats], ends: set[End], k: int) -> Iterator[list[Interval | Floats]]:
    """What the box gains by its doubling k, cut into boxes: wide ones would hide what is narrow, in the middle."""
    for d in sorted({d for d, _ in ends}):
        sides = [_beyond(columns[d], upper, k, k + 1) for upper in (False, True) if (d, upper) in ends]
        others = [[column] for column in columns]
        for other, upper in sorted(ends - {(d, False), (d, True)}):
            # Columns before this one have been doubled already; what both gain is counted once.
            reached = k + 1 if other < d else k
            if reached:
                others[other].append(_beyond(columns[other], upper, 0, reached))
        others[d] = list(sides)
        yield from (list(piece) for piece in product(*others))


def _beyond(column: Interval | Floats, upper: bool, first: int, last: int) -> Interval:
    """What lies beyond one end, from the doubling ``first`` to the doubling ``last``."""
    assert isinstance(column, Interval)
    near, far = ((column.high - column.low) / 2 * (2**k - 1) for k in (first, last))
    if upper:
        return Interval(column.high + near, column.high + far)
    return Interval(column.low - far, column.low - near)


def _integral(answers: Answers, columns: list[Interval | Floats], most_rows: int) -> Sum:
    """The integral over a piece of a ring; 0 where the density has no answer."""
    try:
        with np.errstate(all="ignore"):
            return integrate(answers, columns, ROUGHLY / 10, most_rows, FEW_PANELS)
    except Exception:  # whatever it is: nobody promised an answer out there
        return Sum(np.zeros(0), np.zeros(0), 0.0, 0.0, {}, 0, lambda rows, logs: np.zeros(len(rows), dtype=bool))
