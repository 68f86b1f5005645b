"""How the curve that makes a real column about normal is learned from its training values."""

from __future__ import annotations

import numpy as np

from made_np.columns.monotone import Monotone
from made_np.columns.sampling import held_out, sampled
from made_np.normal import inverse_normal_cdf, normal_cdf, normal_pdf
from made_np.typing import Floats
from made_np.values import as_count, as_number

__all__ = ["differ", "learn_monotone", "normal_log_prob", "spread_of"]

KNOTS = (2, 5, 9, 17, 33)
"""So many knots the spline may have; held-out rows choose. With two it is a straight line."""
FEWEST = 10
"""So many rows lie beyond the last knot at least."""
NARROWEST = 1e-2
"""Knots are no nearer to each other than this share of the spread: the floor of scales."""
WIDTHS = (0.1, 0.3, 1.0)
"""Scales of asinh that are tried, in units of the column's middle half."""
SMALLEST = 1e-303
"""Numbers that are no farther apart are the same: a density would overflow."""
ENOUGH = 10_000
"""So many rows choose."""


def learn_monotone(
    values: Floats, *, low: float = -np.inf, high: float = np.inf, most_knots: int = KNOTS[-1]
) -> Monotone:
    """Return the curve that makes a training column about standard normal.

    Its knots have the column's quantiles for places and those of the standard normal for values. Shape, number of knots
    and scale are those under which held-out rows of the column have the largest density, if z is standard normal.

    Parameters
    ----------
    values : ndarray (n,)
        Finite numbers between `low` and `high`, at least two different ones; NaN is passed over.
    low, high : float
        Where the legal numbers end; no number is at an end itself. With one end the shape is log, with both logit.
    most_knots : int
        2: the shape alone, straightened by no spline. It leaves a column its peaks, for a mixture to learn.

    Raises
    ------
    ValueError
        Values that are all the same, or that are not between `low` and `high`.

    Examples
    --------
    >>> money = np.exp(2 * np.random.default_rng(0).standard_normal(1000))
    >>> learn_monotone(money, low=0.0).shape
    'log'
    """
    as_count(most_knots, "most_knots", 2)
    as_number(low, "low", "[-inf, inf)")
    as_number(high, "high", "(-inf, inf]")
    x = values[~np.isnan(values)].astype(np.float64)
    if not differ(x):
        raise ValueError("values are all the same, but for 1e-303 at most: a constant needs no curve")
    if not (low < x.min() and x.max() < high):
        raise ValueError(f"values go from {x.min():g} to {x.max():g}: give low={low:g} and high={high:g} beyond them")
    x.sort()
    shapes = _shapes(x, low, high)
    choices = [(shape, n) for shape in shapes for n in KNOTS if n <= most_knots]
    best = choices[0]
    if len(choices) > 1:
        parts = [
            (rest, out) for rest, out in held_out(sampled(x, np.ones(len(x), dtype=np.int64), ENOUGH)) if differ(rest)
        ]
        scores = [sum(normal_log_prob(_bend(rest, *choice), out).sum() for rest, out in parts) for choice in choices]
        best = choices[int(np.argmax(np.nan_to_num(scores, nan=-np.inf)))]
    return _bend(x, *best)


def spread_of(x: Floats) -> float:
    """Return the standard deviation, computed in units of the largest number, so that no square overflows or vanishes.

    Examples
    --------
    >>> spread_of(np.array([-1e300, 1e300]))
    1e+300
    """
    unit = float(np.abs(x).max()) or 1.0
    return float((x / unit).std()) * unit


def normal_log_prob(coding: Monotone, x: Floats) -> Floats:
    """Return log p(x) where z is standard normal, (n,)."""
    z = coding.encode(x)
    with np.errstate(over="ignore"):
        return coding.log_term(x) - z * z / 2 - np.log(2 * np.pi) / 2


def differ(x: Floats) -> bool:
    """Whether some numbers are different, by so much that a density can have a width there."""
    return len(x) > 1 and float(x.max()) - float(x.min()) > SMALLEST


def _shapes(x: Floats, low: float, high: float) -> list[tuple[str, float, float]]:
    """Return shape, place and scale of what may be tried."""
    if np.isfinite(low) and np.isfinite(high):
        return [("logit", low, high - low)]
    if np.isfinite(low) or np.isfinite(high):
        place = low if np.isfinite(low) else high
        unit = max(float(np.median(np.abs(x - place))), SMALLEST)
        return [("log", place, unit if np.isfinite(low) else -unit)]
    quarter, median, three = np.quantile(x, [0.25, 0.5, 0.75]).tolist()
    unit = max(three - quarter, NARROWEST * spread_of(x))
    return [("linear", median, unit), *(("asinh", median, width * unit) for width in WIDTHS)]


def _bend(x: Floats, shape: tuple[str, float, float], n: int) -> Monotone:
    """Return the curve of this shape with at most n knots."""
    flat = Monotone(*shape, (-1.0, 1.0), (-1.0, 1.0), (1.0, 1.0))
    y = np.sort(flat.encode(x))
    mean = float(y.mean())
    spread = spread_of(y) or 1.0
    if n > 2 and len(y) > 4 * FEWEST:
        farthest = float(inverse_normal_cdf(np.array(1 - FEWEST / len(y))))
        values = np.linspace(-farthest, farthest, n)
        knots = np.quantile(y, normal_cdf(values))
        kept = [0]
        for k in range(1, n):
            if knots[k] - knots[kept[-1]] > NARROWEST * spread:
                kept.append(k)
        if len(kept) > 2:
            return Monotone(*shape, *_through(y, knots[kept], values[kept]))
    ends = (mean - spread, mean + spread)
    return Monotone(*shape, ends, (-1.0, 1.0), (1 / spread, 1 / spread))


def _through(y: Floats, knots: Floats, values: Floats) -> tuple[tuple[float, ...], ...]:
    """Return knots, values and slopes of the spline.

    Inside, a slope is the harmonic mean of those of the two chords (Fritsch & Butland 1984). At the ends it is such
    that what lies beyond exceeds the knot by as much as a normal number would, on average.
    """
    chords = np.diff(values) / np.diff(knots)
    inside = 2 / (1 / chords[1:] + 1 / chords[:-1])
    ends = []
    for sign, k in ((-1, 0), (1, -1)):
        beyond = sign * (y - knots[k])
        excess = float(beyond[beyond > 0].mean()) if (beyond > 0).any() else 0.0
        z = sign * values[k]
        normal = float(normal_pdf(z) / normal_cdf(-z) - z)
        ends.append(normal / excess if excess > 0 else float(chords[k]))
    return tuple(knots.tolist()), tuple(values.tolist()), (ends[0], *inside.tolist(), ends[1])
