"""Distributions that made_np does not have: counts, real numbers, times, and days that the network sees on a circle.

They show what somebody's own distribution needs, which is little, and that it then works everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from made_np.distributions import Distribution, register, unregister
from made_np.distributions.plain import Categorical
from made_np.layers import sigmoid, softplus

Array = NDArray[Any]

log_factorial = np.vectorize(lambda k: math.lgamma(k + 1), otypes=[np.float64])


@dataclass(frozen=True)
class Poisson(Distribution):
    """Counts: ``p(k) = r^k e^-r / k!`` with the rate ``r = floor + softplus(raw)``."""

    floor: float = 1e-3
    n_raw = 1
    support = "an integer of at least 0"

    def _rate(self, raw: Array) -> Array:
        return softplus(raw[..., 0]) + raw.dtype.type(self.floor)

    def nll_and_grad(self, raw: Array, x: Array) -> tuple[Array, Array]:
        """Return ``r - k log r + log k!``; its slope in r is ``1 - k / r``, and dr/draw is the sigmoid."""
        rate = self._rate(raw)
        nll = rate - x * np.log(rate) + log_factorial(x.real).astype(raw.real.dtype)
        return nll, ((1 - x / rate) * sigmoid(raw[..., 0]))[..., None]

    def inverse_cdf(self, raw: Array, u: Array) -> Array:
        """Return the smallest k with ``u < P(X <= k)``: p(k) = p(k - 1) r / k is added up until it exceeds u."""
        rate = self._rate(raw.astype(np.float64))
        k = np.zeros(np.broadcast_shapes(rate.shape, u.shape))
        p = np.exp(-rate)
        total = p.copy()
        for step in range(1, 1000):
            above = (total <= u) & ((k < rate) | (p > 1e-17))
            p = p * rate / step
            k = k + above
            total = total + np.where(above, p, 0)
            if not above.any():
                break
        return k.astype(raw.dtype)

    def mean(self, raw: Array) -> Array:
        """Return the rate."""
        return self._rate(raw)

    def marginal(self, x: Array) -> Array:
        """Return the raw output of the mean."""
        return np.array([np.log(np.expm1(max(float(x.mean()) - self.floor, 1e-3)))])

    def invalid(self, x: Array) -> Array:
        """Return True where x is no count."""
        return ~((x >= 0) & (x == np.floor(x)))


@dataclass(frozen=True)
class Laplace(Distribution):
    """Real numbers: ``p(x) = e^(-|x - m| / s) / 2s`` with m = raw_0 and s = min_scale + softplus(raw_1)."""

    min_scale: float = 0.01
    n_raw = 2
    support = "a finite number"
    is_real = True

    def _scale(self, raw: Array) -> Array:
        return softplus(raw[..., 1]) + raw.dtype.type(self.min_scale)

    def nll_and_grad(self, raw: Array, x: Array) -> tuple[Array, Array]:
        """Return ``|e| + log 2s`` with e = (x - m) / s; slopes ``-sign(e) / s`` in m and ``(1 - |e|) / s`` in s."""
        s = self._scale(raw)
        e = (x - raw[..., 0]) / s
        grad = np.stack((-np.sign(e) / s, (1 - np.abs(e)) / s * sigmoid(raw[..., 1])), axis=-1)
        return np.abs(e) + np.log(2 * s), grad

    def inverse_cdf(self, raw: Array, u: Array) -> Array:
        """Return ``m - s sign(t) log(1 - 2 |t|)`` with t = u - 1/2."""
        tail = np.clip(np.minimum(u, 1 - u), 2.0**-54, 0.5)
        return raw[..., 0] - self._scale(raw) * (np.sign(u - 0.5) * np.log(2 * tail)).astype(raw.dtype)

    def mean(self, raw: Array) -> Array:
        """Return m."""
        return raw[..., 0].copy()

    def marginal(self, x: Array) -> Array:
        """Return the median, and the mean distance from it."""
        m = np.median(x)
        return np.array([m, np.log(np.expm1(max(float(np.abs(x - m).mean()) - self.min_scale, 1e-3)))])


@dataclass(frozen=True)
class Waiting(Distribution):
    """Times: ``p(x) = r e^(-r x)`` for x >= 0, with r = 0.01 + softplus(raw): a density, but not of all reals."""

    n_raw = 1
    support = "a number of at least 0"

    def _rate(self, raw: Array) -> Array:
        return softplus(raw[..., 0]) + raw.dtype.type(0.01)

    def nll_and_grad(self, raw: Array, x: Array) -> tuple[Array, Array]:
        """Return ``r x - log r``; its slope in r is ``x - 1 / r``."""
        rate = self._rate(raw)
        return rate * x - np.log(rate), ((x - 1 / rate) * sigmoid(raw[..., 0]))[..., None]

    def inverse_cdf(self, raw: Array, u: Array) -> Array:
        """Return ``-log(1 - u) / r``."""
        return (-np.log1p(-u) / self._rate(raw)).astype(raw.dtype)

    def mean(self, raw: Array) -> Array:
        """Return 1 / r."""
        return 1 / self._rate(raw)

    def marginal(self, x: Array) -> Array:
        """Return the raw output of the mean."""
        return np.array([np.log(np.expm1(max(1 / max(float(x.mean()), 1e-2) - 0.01, 1e-3)))])

    def invalid(self, x: Array) -> Array:
        """Return True where x is negative or infinite."""
        return ~((x >= 0) & (x < np.inf))


@dataclass(frozen=True)
class Weekday(Categorical):
    """Days 0..n-1, which the network sees on a circle."""

    n: int = 7
    n_inputs = 2

    def encode(self, x: Array) -> Array:
        """Return the point on the unit circle; 0 where x is not known yet."""
        angle = x * x.dtype.type(2 * np.pi / self.n)
        return np.nan_to_num(np.stack((np.cos(angle), np.sin(angle)), axis=-1), copy=False)


OWN: dict[str, Distribution] = {"poisson": Poisson(), "laplace": Laplace(), "waiting": Waiting(), "weekday": Weekday()}


@contextmanager
def registered(*names: str) -> Iterator[None]:
    """Register these of them, or all, for a while."""
    for name in names or OWN:
        register(name, type(OWN[name]))
    try:
        yield
    finally:
        for name in names or OWN:
            unregister(name)
