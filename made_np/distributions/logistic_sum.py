"""The sum of a logistic curve over whole steps: what the mean of binned logistics is made of.

``S(m, s, n) = sum over k = 0..n-1 of sigmoid((m - k - 1/2) / s)`` takes n terms as it stands. But only the terms near m
are neither 0 nor 1, so a narrow curve needs few of them; and a wide curve is smooth, so that its sum is its integral
with a few corrections at the two ends.
"""

from __future__ import annotations

import numpy as np
from numpy.polynomial import Polynomial

from made_np.layers import sigmoid, softplus
from made_np.typing import Array

__all__ = ["logistic_sum"]

NARROW = 6.0
"""Below this scale terms are added up one by one; from it on what the corrections leave out is rounded away."""
REACH = 38.0
"""So many scales away from its middle the curve is 0 or 1 to the last bit."""
MIDPOINT = (-1 / 24, 7 / 5760, -31 / 967680, 127 / 154828800, -73 / 3503554560)
"""Of the first, third, fifth, ... derivative in the formula of Euler and Maclaurin for the middles of steps."""


def _derivatives() -> list[Polynomial]:
    """Return the odd derivatives of the sigmoid as polynomials in t = tanh(z / 2), of which dt/dz = (1 - t^2) / 2."""
    slope = Polynomial([0.5, 0, -0.5])
    found = [Polynomial([0.5, 0.5])]
    for _ in range(2 * len(MIDPOINT) - 1):
        found.append(found[-1].deriv() * slope)
    return found[1::2]


DERIVATIVES = _derivatives()


def logistic_sum(m: Array, s: Array, n: int) -> Array:
    """Return ``sum over k = 0..n-1 of sigmoid((m - k - 1/2) / s)``, in float64, for as many m and s as there are.

    Notes
    -----
    With f(x) = sigmoid((m - x) / s), Euler and Maclaurin have for the middles of the steps from 0 to n
    ``sum f = integral of f + sum_j c_j (f^(2j-1)(n) - f^(2j-1)(0))``. The poles of f lie at the distance pi s, so the
    j-th correction is about ``4 s (2j-1)! / (2 pi^2 s)^2j`` at most. For s >= 6 the first that is left out, j = 6, is
    below 2e-16, and what no correction sees, ``e^(-2 pi^2 s)``, far below.

    Examples
    --------
    >>> m, s = np.array([3.2, 3.2]), np.array([0.4, 5.0])
    >>> k = np.arange(10)[:, None]
    >>> bool(np.allclose(logistic_sum(m, s, 10), sigmoid((m - k - 0.5) / s).sum(axis=0), rtol=1e-14))
    True
    """
    m, s = np.broadcast_arrays(np.asarray(m, np.float64), np.asarray(s, np.float64))
    m = np.clip(m, -REACH * s, n + REACH * s)  # no further, where rounding would tell
    total = np.empty(m.shape)
    is_narrow = s < NARROW
    total[is_narrow] = _term_by_term(m[is_narrow], s[is_narrow], n)
    total[~is_narrow] = _integral(m[~is_narrow], s[~is_narrow], n)
    return total


def _term_by_term(m: Array, s: Array, n: int) -> Array:
    """Add up the terms near m (k,), and count those before them as 1."""
    n_near = min(n, 2 * int(NARROW * REACH) + 2)
    first = np.clip(np.floor(m) - n_near // 2, 0, n - n_near)
    near = first[:, None] + np.arange(n_near) + 0.5
    return np.asarray(first + sigmoid((m[:, None] - near) / s[:, None]).sum(axis=1))


def _integral(m: Array, s: Array, n: int) -> Array:
    """Return the integral from 0 to n, with the corrections at both ends."""
    low = m / s
    high = (m - n) / s
    d = n / s
    # log((1 + e^low) / (1 + e^high)); where the two are close, without a difference of numbers that are nearly equal
    close = np.log1p(sigmoid(high) * np.expm1(np.minimum(d, 1)))
    total = s * np.where(d < 1, close, softplus(low) - softplus(high))
    ends = np.tanh(low / 2), np.tanh(high / 2)
    for j, (c, derivative) in enumerate(zip(MIDPOINT, DERIVATIVES, strict=True)):
        total -= c * (derivative(ends[1]) - derivative(ends[0])) / s ** (2 * j + 1)  # minus: f falls as its place rises
    return total
