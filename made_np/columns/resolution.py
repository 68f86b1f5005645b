"""The resolution of a column of numbers: the step of the lattice that all of them lie on.

Numbers that were read from decimals are no multiples of 0.1 in float64, only the nearest ones; and of numbers with few
digits some lie on any lattice by chance. So a lattice counts only where chance would not have put the numbers there.
"""

from __future__ import annotations

from math import log

import numpy as np

from made_np.typing import Array, Floats

__all__ = ["MIDDLE", "digits_of", "resolution_of"]

EVIDENCE = 20.0
"""Chance puts the numbers on a lattice that counts with a probability of at most ``e^-20``."""
MOST_DIGITS = 12
FINEST = 0.1
"""A step is at least ten times what numbers of that size are rounded to."""
MOST_EVEN = 1 << 16
"""A lattice that is none of decimals has at most so many points where the most numbers are."""
MIDDLE = (0.05, 0.95)
"""The most numbers are between these quantiles: a few numbers far out say nothing of a lattice."""
NEAR = 16.0
"""How far a number may be from its place on a lattice, in units of its own rounding."""


def resolution_of(distinct: Floats, *, single: bool = False) -> float:
    """Return the step of the lattice that different numbers, in rising order, lie on; 0: there is none.

    Parameters
    ----------
    distinct : ndarray (n,) of float64
    single : bool
        Whether they were kept in float32 or less.

    Examples
    --------
    >>> resolution_of(np.array([0.1, 0.2, 0.3, 1.7])), resolution_of(np.array([19.99, 24.99, 30.49]))
    (0.1, 0.01)
    >>> round(resolution_of(np.arange(1000.0) / 255), 6)
    0.003922
    >>> resolution_of(np.sqrt(np.arange(50.0)))
    0.0
    """
    if len(distinct) < 2:
        return 0.0
    eps = float(np.finfo(np.float32 if single else np.float64).eps)
    if (distinct == np.floor(distinct)).all() and np.abs(distinct).max() * eps <= 2:
        return _common_step(distinct)
    found = _decimal(distinct, eps)
    return found if found else _even(distinct, eps)


def _decimal(distinct: Floats, eps: float) -> float:
    """Return the step of a lattice of decimals: a power of 10, or a multiple of one."""
    size = np.abs(distinct)
    off = NEAR * eps * size / 2
    for digits in range(MOST_DIGITS + 1):
        scale = 10.0**digits
        if size.max() * scale * eps * NEAR > FINEST:
            return 0.0
        whole = np.rint(distinct * scale)
        if (np.abs(distinct - whole / scale) <= off).all():
            return _common_step(whole) / scale if _counts(2 * off[size > 0] * scale) else 0.0
    return 0.0


def _common_step(whole: Floats) -> float:
    """Return the largest step between some whole numbers, if that all are so far apart is no chance, else 1; 0: one."""
    step = int(np.gcd.reduce((whole - whole[0]).astype(np.int64)))
    return float(step) if step == 0 or (len(whole) - 1) * log(step) >= EVIDENCE else 1.0


def _even(distinct: Floats, eps: float) -> float:
    """Return the step of any lattice, such as that of integers that were standardised."""
    steps = np.diff(distinct)
    step = float(steps.min())
    extent = float(distinct[-1] - distinct[0])
    if not step or np.ptp(np.quantile(distinct, MIDDLE)) / step > MOST_EVEN:
        return 0.0
    step = extent / round(extent / step)
    off = NEAR * eps * (np.abs(distinct).max() + extent)
    counts = np.rint((distinct - distinct[0]) / step)
    if (np.abs(distinct - distinct[0] - counts * step) > off).any() or len(distinct) < 3:
        return 0.0
    return step if _counts(np.full(len(distinct) - 2, 2 * off / step)) else 0.0


def _counts(chances: Array) -> bool:
    """Whether numbers that each lie on the lattice by such a chance all do so by none."""
    return bool(-np.log(np.clip(chances, 1e-300, 1.0)).sum() >= EVIDENCE)


def digits_of(resolution: float, low: float) -> int | None:
    """Return how many decimals the numbers of a lattice have; None: they are no decimals.

    Examples
    --------
    >>> digits_of(0.05, 19.99), digits_of(1.0, 3.0), digits_of(1 / 3, 0.0)
    (2, 0, None)
    """
    for digits in range(MOST_DIGITS + 1):
        if round(resolution, digits) == resolution and round(low, digits) == low:
            return digits
    return None
