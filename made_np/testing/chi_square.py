"""The upper tail of the chi-square distribution, out of Python's own library."""

from __future__ import annotations

import math

MOST_TERMS = 100_000
DIGITS = 1e-15


def upper_tail(statistic: float, freedom: int) -> float:
    r"""Return how probable a chi-square of so many degrees of freedom is above ``statistic``.

    It is the regularised incomplete gamma function :math:`Q(k/2, s/2)`: a series where the tail is large, a continued
    fraction where it is small (Numerical Recipes, 6.2).

    Examples
    --------
    >>> round(upper_tail(3.841458820694124, 1), 12), upper_tail(0.0, 3)
    (0.05, 1.0)
    """
    a = freedom / 2
    x = statistic / 2
    if x <= 0:
        return 1.0
    if math.isinf(x):
        return 0.0
    front = a * math.log(x) - x - math.lgamma(a)
    return 1 - math.exp(front) * _series(a, x) if x < a + 1 else math.exp(front) * _fraction(a, x)


def _series(a: float, x: float) -> float:
    """``1/a + x/(a (a+1)) + x^2/(a (a+1) (a+2)) + ...``."""
    term = 1 / a
    total = term
    for k in range(1, MOST_TERMS):
        term *= x / (a + k)
        total += term
        if term < total * DIGITS:
            break
    return total


def _fraction(a: float, x: float) -> float:
    """``1/(x+1-a - 1 (1-a)/(x+3-a - 2 (2-a)/(x+5-a - ...)))`` by Lentz's method."""
    tiny = 1e-300
    b = x + 1 - a
    c = 1 / tiny
    d = 1 / b
    value = d
    for k in range(1, MOST_TERMS):
        step = -k * (k - a)
        b += 2
        d = 1 / (step * d + b or tiny)
        c = b + step / c or tiny
        value *= d * c
        if abs(d * c - 1) < DIGITS:
            break
    return value
