"""The value that a uniform number decides: `inverse_cdf` of each distribution, one at a time, in double precision."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from made_np.backends._numba.compiling import exact, index, inlined, width
from made_np.backends._numba.elementary import exp, sigmoid
from made_np.backends.tables import CATEGORICAL, DISCRETIZED, GAUSSIAN, GAUSSIAN_EXP, GAUSSIANS
from made_np.distributions.mixtures import BROAD_BITS, BROAD_KNOTS, SPARE_BITS, MixtureOfGaussians, MixtureOfLogistics
from made_np.distributions.plain import LOG_LIMIT
from made_np.normal import CENTRE, FAR_TAIL, FARTHEST, MILLS, TAIL

_CENTRE = np.array(CENTRE)
_TAIL = np.array(TAIL)
_FAR_TAIL = np.array(FAR_TAIL)
_HIGHEST = MILLS[0]
_OTHERS = np.array(MILLS[1:])
_N_OTHERS = len(_OTHERS)
_GAUSSIAN_REACH = MixtureOfGaussians.reach
_LOGISTIC_REACH = MixtureOfLogistics.reach
_BROADEST = float(BROAD_KNOTS[-1])
_ROOT_2 = math.sqrt(2)
_WIDEST = float(np.finfo(np.float64).max)

LOOKS = 12
"""So often the mass of a mixture is looked at before its bisection begins."""
ROUNDING = 1e-12
"""No mass is off by more, as a share of itself."""


@exact
def draw(acts: Any, one_row: Any, numbers: Any, atoms: Any, u: float) -> Any:
    """Return the value for one row, whose raw outputs are every `width`-th number of acts from `at` on.

    Where the network has overflowed it is NaN, as no value would tell. Binary features are decided by the sampler, a
    panel at a time.
    """
    at, kind, n_raw, n = one_row
    for k in range(n_raw):
        if not np.isfinite(acts[at + index(k) * index(width(acts))]):
            return np.nan
    passed = 0
    if len(atoms):
        rest = at + index(len(atoms) + 1) * index(width(acts))
        (passed, is_atom, u) = jump(acts, at, rest, kind, n, numbers, atoms, u)
        if is_atom:
            return np.float64(acts.dtype.type(atoms[passed]))
        at = rest
    drawn = draw_rest(acts, at, kind, n_raw, n, numbers, u)
    return between(acts, drawn, passed, atoms) if len(atoms) else np.float64(drawn)


@exact
def draw_rest(acts: Any, at: Any, kind: int, n_raw: int, n: int, numbers: Any, u: float) -> Any:
    """Return the value of a distribution without atoms."""
    (least, levels, reserve) = numbers
    if kind == CATEGORICAL:
        return categorical(acts, at, n_raw, u)
    if kind == DISCRETIZED:
        return discretized(acts, at, n, least, levels, u)
    if kind in (GAUSSIAN, GAUSSIAN_EXP):
        return acts[at] + scale_of(acts, at, kind, least) * inverse_normal_cdf(u)
    return mixture(acts, at, n, least, reserve, kind == GAUSSIANS, u)


@exact
def scale_of(acts: Any, at: Any, kind: int, least: float) -> float:
    """Return the scale of a Gaussian."""
    raw = np.float64(acts[at + index(width(acts))])
    return least + (softplus(raw) if kind == GAUSSIAN else math.exp(min(max(raw, -LOG_LIMIT), LOG_LIMIT)))


@exact
def jump(
    acts: Any, at: Any, rest: Any, kind: int, n: int, numbers: Any, atoms: Any, u: float
) -> tuple[int, bool, float]:
    """Return how many atoms u has passed, whether it lies within the jump of the next one, and what the rest is asked.

    As in `atoms`: the sum of the masses of those below is no part of what the rest decides by.
    """
    (least, _, reserve) = numbers
    norm = norm_of(acts, at, len(atoms) + 1)
    weight = share(acts, at, len(atoms), norm)
    below = 0.0
    for k in range(len(atoms)):
        mass = share(acts, at, k, norm)
        after = below + mass + weight * mass_below(acts, rest, kind, n, least, reserve, acts.dtype.type(atoms[k]))
        if u < after:
            return k, u >= after - mass, rest_of(u, below, weight)
        below += mass
    return len(atoms), False, rest_of(u, below, weight)


@exact
def rest_of(u: float, below: float, weight: float) -> float:
    """Return where u lies in what has this weight, and begins after what lies below."""
    return min(max((u - below) / max(weight, 1e-300), 0.0), 1 - 2.0**-53)


@exact
def between(acts: Any, drawn: Any, passed: int, atoms: Any) -> float:
    """Return `drawn`, or the nearest number of its dtype above the atoms that were passed, and below the others."""
    real = acts.dtype.type
    most = real(np.finfo(acts.dtype).max)
    low = np.nextafter(real(atoms[passed - 1]), real(np.inf)) if passed > 0 else -most
    high = np.nextafter(real(atoms[passed]), real(-np.inf)) if passed < len(atoms) else most
    return np.float64(min(max(real(drawn), low), high))


@exact
def softplus(z: float) -> float:
    """Return log(1 + e^z)."""
    z = np.float64(z)
    return max(z, 0.0) + math.log1p(math.exp(-abs(z)))


@exact
def logistic(z: float) -> float:
    """Return 1 / (1 + e^-z)."""
    e = math.exp(-abs(z))
    return 1.0 / (1.0 + e) if z >= 0 else e / (1.0 + e)


@exact
def norm_of(acts: Any, at: Any, n: int) -> tuple[float, float]:
    """Return top, the largest of n raw outputs, and log sum e^(raw - top): apart, as top may hide what the sum adds."""
    w = index(width(acts))
    top = np.float64(acts[at])
    total = 0.0
    for k in range(1, n):
        top = max(top, np.float64(acts[at + index(k) * w]))
    for k in range(n):
        total += math.exp(acts[at + index(k) * w] - top)
    return top, math.log(total)


@exact
def share(acts: Any, at: Any, k: int, norm: tuple[float, float]) -> float:
    """Return e^raw_k / sum e^raw. Of a single component that is 1, whatever its raw output is."""
    return math.exp(acts[at + index(k) * index(width(acts))] - norm[0] - norm[1])


@exact
def categorical(acts: Any, at: Any, n: int, u: float) -> float:
    """Return the smallest k with u < p(x <= k)."""
    norm = norm_of(acts, at, n)
    below = 0.0
    for k in range(n - 1):
        below += share(acts, at, k, norm)
        if u < below:
            return float(k)
    return float(n - 1)


@exact
def discretized(acts: Any, at: Any, n: int, least: float, levels: float, u: float) -> float:
    """Return the smallest level k with u < P(value <= k), by bisection as in `levels`."""
    w = index(width(acts))
    half = (levels - 1) / 2
    logits = n if n > 1 else 0
    norm = norm_of(acts, at, n)
    low = 0
    high = int(levels) - 1
    centre = 0.0  # the mean, counted as means are from the middle level
    for k in range(n):
        centre += share(acts, at, k, norm) * half * np.float64(acts[at + index(logits + k) * w])
    while low < high:
        middle = (low + high) // 2
        edge = middle + 0.5 - half
        is_left = edge < centre
        mass = 0.0
        for k in range(n):
            weight = share(acts, at, k, norm)
            m = half * np.float64(acts[at + index(logits + k) * w])
            s = min(half * softplus(acts[at + index(logits + n + k) * w]) + least, _WIDEST)
            mass += weight * logistic((edge - m) / s if is_left else (m - edge) / s)
        if (u < mass) if is_left else (mass < 1 - u):
            high = middle
        else:
            low = middle + 1
    return float(low)


@exact
def mixture(acts: Any, at: Any, n: int, least: float, reserve: float, gaussian: bool, u: float) -> Any:
    """Return the value below which u of the mass lies, by bisection as in `mixtures`."""
    real = acts.dtype.type
    reach = _GAUSSIAN_REACH if gaussian else _LOGISTIC_REACH
    parts = components(acts, at, n, least)
    a = np.inf
    b = -np.inf
    centre = 0.0
    for k in range(n):
        m = parts[1, k]
        reached = reach * parts[2, k]
        a = min(a, m - reached)
        b = max(b, m + reached)
        centre = centre + parts[0, k] * m
    most = float(np.finfo(real).max)
    low = real(max(min(a, -_BROADEST) if reserve > 0 else a, -most))
    high = real(min(max(b, _BROADEST) if reserve > 0 else b, most))
    asked = max(u, 2.0**-54), centre, gaussian, reserve
    (left, right) = narrowed(parts, max(a, -most), min(b, most), np.finfo(real).eps, asked)
    for _ in range((23 if acts.itemsize == 4 else 52) + SPARE_BITS + (BROAD_BITS if reserve > 0 else 0)):
        middle = low / real(2) + high / real(2)
        if middle == high or (middle == low and low > -most):  # for good: nothing lies between
            break
        is_above = middle >= right
        if left < middle < right:
            is_above = excess(parts, np.float64(middle), asked)[0] > 0
        if is_above:
            high = middle
        else:
            low = middle
    return high


@exact
def narrowed(parts: Any, a: float, b: float, eps: float, asked: Any) -> tuple[float, float]:
    """Return two places between which the bisection must look: it takes what is not above the one, or below the other.

    They are found by false position, where half of the old end's excess counts if it stays an end (Illinois). An answer
    that rounding might change is none: so a bisection that looks nowhere else comes to the same bits as one that does.
    """
    left = -np.inf
    right = np.inf
    f = -asked[0]
    g = 1 - asked[0]
    was_above = False
    for k in range(LOOKS):
        x = a + (b - a) * (f / (f - g))
        x = x if a < x < b else a / 2 + b / 2
        (over, rounding) = excess(parts, x, asked)
        is_above = over > 0
        left = x if over < -rounding else left
        right = x if over > rounding else right
        if is_above:
            f = f / 2 if k > 0 and was_above else f
            b = x
            g = over
        else:
            g = g / 2 if k > 0 and not was_above else g
            a = x
            f = over
        was_above = is_above
        if abs(over) <= rounding or b - a <= eps * max(abs(a), abs(b)):
            break
    return left, right


@exact
def excess(parts: Any, x: float, asked: Any) -> tuple[float, float]:
    """Return how much more mass than was asked for lies below x, and more than is rounded away in that.

    Right of the mean what lies above is looked at: near 1 a sum has no digits left.
    """
    (below, centre, gaussian, reserve) = asked
    is_left = x < centre
    mass = mass_of(parts, x, is_left, gaussian, reserve)
    wanted = below if is_left else 1 - below
    return mass - wanted if is_left else wanted - mass, ROUNDING * max(mass, wanted)


@exact
def components(acts: Any, at: Any, n: int, least: float) -> Any:
    """Return weights, means and scales of a mixture of real numbers, with room for the terms of a sum: (4, n)."""
    w = index(width(acts))
    logits = n if n > 1 else 0
    norm = norm_of(acts, at, n)
    parts = np.empty((4, n))
    for k in range(n):
        parts[0, k] = share(acts, at, k, norm)
        parts[1, k] = acts[at + index(logits + k) * w]
        parts[2, k] = softplus(acts[at + index(logits + n + k) * w]) + least
    return parts


@exact
def mass_of(parts: Any, x: float, is_left: bool, gaussian: bool, reserve: float) -> float:
    """Return the mass of a mixture below x, or above it.

    First all terms, in a loop that becomes vectors, and then their sum.
    """
    n = index(parts.shape[1])
    sign = 1.0 if is_left else -1.0
    if gaussian:
        for k in range(n):
            parts[3, k] = parts[0, k] * normal_cdf(sign * ((x - parts[1, k]) / parts[2, k]))
    else:
        for k in range(n):
            parts[3, k] = parts[0, k] * sigmoid(sign * ((x - parts[1, k]) / parts[2, k]))
    mass = 0.0
    for k in range(n):
        mass += parts[3, k]
    if reserve > 0:
        mass = (1 - reserve) * mass + reserve * broad_mass_below(sign * x)
    return mass


@exact
def mass_below(acts: Any, at: Any, kind: int, n: int, least: float, reserve: float, x: float) -> float:
    """Return the mass of a density below x."""
    if kind in (GAUSSIAN, GAUSSIAN_EXP):
        return normal_cdf((x - np.float64(acts[at])) / scale_of(acts, at, kind, least))
    return mass_of(components(acts, at, n, least), x, True, kind == GAUSSIANS, reserve)


@exact
def broad_mass_below(x: float) -> float:
    """Return the mass of Student's t with 2 degrees of freedom below x, as `mixtures` does."""
    x = np.float64(x)
    q = 1 / math.hypot(_ROOT_2, x)
    tail = q * q / (1 + q * abs(x))
    return tail if x < 0 else 1 - tail


@exact
def polynomial(coefficients: Any, x: float) -> float:
    """Return the polynomial whose coefficients stand highest power first."""
    value = 0.0
    for c in coefficients:
        value = value * x + c
    return value


@inlined
def normal_cdf(z: float) -> float:
    """Return the mass of the standard normal below z, as `made_np.normal` does."""
    x = min(abs(z), FARTHEST)
    t = (x - 5) / (x + 5)
    p = _HIGHEST
    for k in range(_N_OTHERS):
        p = p * t + _OTHERS[k]
    tail = exp(-x * x / 2) * p / (1 + x)
    return tail if z < 0 else 1 - tail


@exact
def inverse_normal_cdf(u: float) -> float:
    """Return the standard normal's quantile, as `made_np.normal` does."""
    u = min(max(u, 2.0**-54), 1 - 2.0**-53)
    centred = u - 0.5
    if abs(centred) <= 0.425:
        r = 0.180625 - centred * centred
        return centred * polynomial(_CENTRE[0], r) / polynomial(_CENTRE[1], r)
    t = math.sqrt(-math.log(min(u, 1 - u)))
    if t <= 5:
        tail = polynomial(_TAIL[0], t - 1.6) / polynomial(_TAIL[1], t - 1.6)
    else:
        tail = polynomial(_FAR_TAIL[0], t - 5) / polynomial(_FAR_TAIL[1], t - 5)
    return math.copysign(tail, centred)
