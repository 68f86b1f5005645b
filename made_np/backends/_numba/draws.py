"""The value that a uniform number decides: `inverse_cdf` of each distribution, one at a time, in double precision."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from made_np.backends._numba.compiling import exact, index, width
from made_np.backends.tables import CATEGORICAL, DISCRETIZED, GAUSSIAN, GAUSSIAN_EXP, GAUSSIANS
from made_np.distributions.mixtures import BROAD_BITS, BROAD_KNOTS, SPARE_BITS, MixtureOfGaussians, MixtureOfLogistics
from made_np.distributions.plain import LOG_LIMIT
from made_np.normal import CENTRE, FAR_TAIL, FARTHEST, MILLS, TAIL

_CENTRE = np.array(CENTRE)
_TAIL = np.array(TAIL)
_FAR_TAIL = np.array(FAR_TAIL)
_MILLS = np.array(MILLS)
_GAUSSIAN_REACH = MixtureOfGaussians.reach
_LOGISTIC_REACH = MixtureOfLogistics.reach
_BROADEST = float(BROAD_KNOTS[-1])
_ROOT_2 = math.sqrt(2)
_WIDEST = float(np.finfo(np.float64).max)


@exact
def draw(acts: Any, one_row: Any, numbers: Any, u: float) -> Any:
    """Return the value for one row, whose raw outputs are every `width`-th number of acts from `at` on.

    Where the network has overflowed it is NaN, as no value would tell. Binary features are decided by the sampler, a
    panel at a time.
    """
    at, kind, n_raw, n = one_row
    (least, levels, reserve) = numbers
    for k in range(n_raw):
        if not np.isfinite(acts[at + index(k) * index(width(acts))]):
            return np.nan
    if kind == CATEGORICAL:
        return categorical(acts, at, n_raw, u)
    if kind == DISCRETIZED:
        return discretized(acts, at, n, least, levels, u)
    if kind == GAUSSIAN:
        return acts[at] + (least + softplus(acts[at + index(width(acts))])) * inverse_normal_cdf(u)
    if kind == GAUSSIAN_EXP:
        exponent = min(max(np.float64(acts[at + index(width(acts))]), -LOG_LIMIT), LOG_LIMIT)
        return acts[at] + (least + math.exp(exponent)) * inverse_normal_cdf(u)
    return mixture(acts, at, n, least, reserve, kind == GAUSSIANS, u)


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
    w = index(width(acts))
    real = acts.dtype.type
    logits = n if n > 1 else 0
    norm = norm_of(acts, at, n)
    reach = _GAUSSIAN_REACH if gaussian else _LOGISTIC_REACH
    low = np.inf
    high = -np.inf
    centre = 0.0
    for k in range(n):
        weight = share(acts, at, k, norm)
        m = np.float64(acts[at + index(logits + k) * w])
        s = softplus(acts[at + index(logits + n + k) * w]) + least
        low = min(low, m - reach * s)
        high = max(high, m + reach * s)
        centre = centre + weight * m
    most = float(np.finfo(real).max)
    low = real(max(min(low, -_BROADEST) if reserve > 0 else low, -most))
    high = real(min(max(high, _BROADEST) if reserve > 0 else high, most))
    below = max(u, 2.0**-54)
    for _ in range((23 if acts.itemsize == 4 else 52) + SPARE_BITS + (BROAD_BITS if reserve > 0 else 0)):
        middle = low / real(2) + high / real(2)
        is_left = middle < centre
        mass = 0.0
        for k in range(n):
            weight = share(acts, at, k, norm)
            m = np.float64(acts[at + index(logits + k) * w])
            s = softplus(acts[at + index(logits + n + k) * w]) + least
            z = (middle - m) / s if is_left else (m - middle) / s
            mass += weight * (normal_cdf(z) if gaussian else logistic(z))
        if reserve > 0:
            mass = (1 - reserve) * mass + reserve * broad_mass_below(middle if is_left else -middle)
        if (mass > below) if is_left else (mass < 1 - below):
            high = middle
        else:
            low = middle
    return high


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


@exact
def normal_cdf(z: float) -> float:
    """Return the mass of the standard normal below z, as `made_np.normal` does."""
    x = min(abs(z), FARTHEST)
    tail = math.exp(-x * x / 2) * polynomial(_MILLS, (x - 5) / (x + 5)) / (1 + x)
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
