"""Conditional distributions that are mixtures: each component has a weight, a mean and a scale of its own."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from math import log, pi
from typing import ClassVar

import numpy as np

from made_np.distributions.normal import normal_cdf
from made_np.distributions.plain import Distribution, inverse_softplus, largest, log_softmax, softmax
from made_np.layers import sigmoid, softplus
from made_np.typing import Array

SPARE_BITS = 12
"""Halvings beyond the bits of a number's mantissa: so much wider than a value's own size may its bracket be."""

FAR = 20.0
"""Beyond so many standard deviations values are no part of the column's bulk."""


def responsibilities(joint: Array) -> tuple[Array, Array]:
    """Return ``log sum_k e^joint_k``, shape (...), and each component's share of that sum, shape (..., n).

    With ``joint_k = log w_k + log p_k(x)`` that is log p(x) of the mixture, and r_k, who is responsible for x. r is the
    slope of the log-sum in `joint`, so whatever changes log p_k by a changes log p(x) by r_k a.
    """
    top = largest(joint)
    e = np.exp(joint - top)
    total = e.sum(-1, keepdims=True)
    return (top + np.log(total))[..., 0], np.asarray(e / total)


@dataclass(frozen=True)
class RealMixture(Distribution):
    """A real feature: ``p(x) = sum_k w_k f((x - m_k) / s_k) / s_k``, with a density f that the subclass names.

    Per feature: n weights (logits; left out for n = 1), n means and n scales, in this order, with
    ``s = min_scale + softplus(raw)``.
    """

    n: int
    min_scale: float = 1e-3
    support = "a finite number"
    is_real = True
    reach: ClassVar[float]
    """Less than 2^-54 of f lies beyond so many scales, on either side."""
    spread: ClassVar[float]
    """Standard deviation of f."""

    def __post_init__(self) -> None:
        self._settle(n=1)

    @property
    def n_raw(self) -> int:  # type: ignore[override]
        """Weights, means and scales."""
        return 2 if self.n == 1 else 3 * self.n

    @abstractmethod
    def log_f(self, z: Array) -> tuple[Array, Array]:
        """Return log f(z), and its slope a(z)."""

    @abstractmethod
    def mass_below(self, z: Array) -> Array:
        """Return the integral of f up to z, with all its digits where it is small."""

    def components(self, raw: Array) -> tuple[Array, Array, Array]:
        """Return the logarithms of the weights, the means and the scales, each (..., n)."""
        n = self.n
        log_w = log_softmax(raw[..., :n])  # for n = 1 that is a mean, and log 1 = 0 all the same
        return log_w, raw[..., -2 * n : -n], softplus(raw[..., -n:]) + raw.real.dtype.type(self.min_scale)

    def nll_and_grad(self, raw: Array, x: Array) -> tuple[Array, Array]:
        """Return ``-log sum_k w_k f(z_k) / s_k`` with z = (x - m) / s, and its gradient.

        Notes
        -----
        dz/dm = -1/s and dz/ds = -z/s, so ``log f(z) - log s`` has the slopes -a/s in m and -(1 + z a)/s in s, with a
        the slope of log f. The mixture passes each on by its responsibility r: ``dm = r a / s`` and, through the
        softplus, ``draw_scale = r (1 + z a) / s sigmoid(raw_scale)``. A logit raises its own term and, through the
        softmax, the sum of the weights: ``dlogit = w - r``.
        """
        log_w, m, s = self.components(raw)
        z = (x[..., None] - m) / s
        log_f, a = self.log_f(z)
        log_p, r = responsibilities(log_w + log_f - np.log(s))
        parts = (r * a / s, r * (1 + z * a) / s * sigmoid(raw[..., -self.n :]))
        return -log_p, np.concatenate(parts if self.n == 1 else (np.exp(log_w) - r, *parts), axis=-1)

    def inverse_cdf(self, raw: Array, u: Array) -> Array:
        """Return the value below which `u` of the mass lies, by bisection.

        It ends at the last bit of the dtype of `raw`, or of the bracket where the value is 2^12 times smaller. The
        bracket and its midpoints are the same for all u, and so is the question asked at each: what mass lies below it,
        or, past the mean, above it (near 1 a CDF has no digits left). So draws never fall while u rises. u = 0 counts
        as 2^-54.
        """
        log_w, m, s = self.components(raw.astype(np.float64))
        w = np.exp(log_w)
        centre = (w * m).sum(-1)
        below = np.maximum(u, 2.0**-54)
        low = (m - self.reach * s).min(-1).astype(raw.dtype)
        high = (m + self.reach * s).max(-1).astype(raw.dtype)
        for _ in range(np.finfo(raw.dtype).nmant + SPARE_BITS):
            middle = (low + high) / 2
            is_left = middle < centre
            z = (middle[..., None] - m) / s
            mass = (w * self.mass_below(np.where(is_left[..., None], z, -z))).sum(-1)
            is_above = np.where(is_left, mass > below, mass < 1 - below)
            low = np.where(is_above, low, middle)
            high = np.where(is_above, middle, high)
        return high

    def mean(self, raw: Array) -> Array:
        """Return the weighted mean of the m."""
        log_w, m, _ = self.components(raw)
        return np.asarray((np.exp(log_w) * m).sum(-1))

    def far_out(self, x: Array) -> Array:
        """Return booleans (n,): True for the values of the column `x` (n,) that start with a component of their own.

        They lie more than 20 standard deviations from the median, by the measure of the column's middle half (or of its
        middle nine tenths, where half of it is one value). A single component has to do for all, and so have they all
        where the largest value is 1e15 times that measure: its square, in units of the bulk, would leave float32.
        """
        shares = x / (np.abs(x).max() or 1.0)  # in units of the largest value, so that nothing overflows
        for tail, width in ((25, 1.349), (5, 3.290)):
            low, centre, high = np.percentile(shares, [tail, 50, 100 - tail])
            unit = (high - low) / width
            if self.n > 1 and unit > 1e-15:
                return np.asarray(np.abs(shares - centre) > FAR * unit)
        return np.zeros(len(x), dtype=bool)

    def marginal(self, x: Array) -> Array:
        """Return equal weights, and a mean and a scale for each n-th of the sorted column.

        Each scale is a little wider than its part, so that neighbours overlap. Where parts hold one value and no other,
        their means are set apart: components that start alike may never learn to differ. Values that are `far_out`
        have the last component, with the weight that is their share, and the others have the rest.
        """
        x = x.astype(np.float64)
        far = self.far_out(x)
        n = self.n - int(far.any())
        rest = x[~far]
        spread = float(np.std(rest))
        parts = np.sort(rest).repeat(n).reshape(n, -1)
        m = parts.mean(axis=1) + spread / 20 * (2 * np.arange(n) + 1 - n) / n
        s = np.hypot(parts.std(axis=1), spread * (n - 1) / n**2)
        logits = np.zeros(n)
        if far.any():
            m = np.append(m, x[far].mean())
            s = np.append(s, np.hypot(x[far].std(), spread))
            logits = np.append(logits, np.log(n * far.sum() / len(rest)))
        scales = inverse_softplus(np.maximum(s / self.spread - self.min_scale, self.min_scale))
        return np.concatenate((m, scales) if self.n == 1 else (logits, m, scales))


@dataclass(frozen=True)
class MixtureOfGaussians(RealMixture):
    """A real feature: a mixture of `n` normal densities, ``f(z) = e^(-z^2 / 2) / sqrt(2 pi)``.

    Per feature: n weights (logits; left out for n = 1), n means and n scales, in this order, with
    ``s = min_scale + softplus(raw)``.

    Attributes
    ----------
    n : int
        Components, at least 1.
    min_scale : float
        The floor of the scales, in the units of x: see `Gaussian`.

    Examples
    --------
    >>> two = MixtureOfGaussians(2)
    >>> raw = np.array([0.0, 0.0, -1.0, 3.0, -2.0, -2.0])  # equal weights, means -1 and 3, equal scales
    >>> float(two.mean(raw))
    1.0
    >>> two.inverse_cdf(np.tile(raw, (2, 1)), np.array([0.25, 0.75])).round(6)
    array([-1.,  3.])
    """

    reach = 8.3
    spread = 1.0

    def log_f(self, z: Array) -> tuple[Array, Array]:
        """Return ``-z^2 / 2 - log(2 pi) / 2``, and its slope -z."""
        return -z * z / 2 - z.real.dtype.type(log(2 * pi) / 2), -z

    def mass_below(self, z: Array) -> Array:
        """Return the standard normal's."""
        return normal_cdf(z)


@dataclass(frozen=True)
class MixtureOfLogistics(RealMixture):
    """A real feature: a mixture of `n` logistic densities, ``f(z) = sigmoid(z) sigmoid(-z)``.

    Much like `MixtureOfGaussians`, with tails that fall as e^-|z|, so that a value far out costs less.

    Per feature: n weights (logits; left out for n = 1), n means and n scales, in this order, with
    ``s = min_scale + softplus(raw)``; the standard deviation of a component is ``pi s / sqrt(3)``.

    Attributes
    ----------
    n : int
        Components, at least 1.
    min_scale : float
        The floor of the scales, in the units of x: see `Gaussian`.

    Examples
    --------
    >>> raw = np.array([5.0, -2.0])  # one component: no weights
    >>> float(MixtureOfLogistics(1).mean(raw))
    5.0
    """

    reach = 37.5
    spread = pi / 3**0.5

    def log_f(self, z: Array) -> tuple[Array, Array]:
        """Return ``-|z| - 2 log(1 + e^-|z|)``, and its slope ``sigmoid(-z) - sigmoid(z) = -tanh(z / 2)``."""
        t = np.where(z.real >= 0, -z, z)
        return t - 2 * np.log1p(np.exp(t)), -np.tanh(z / 2)

    def mass_below(self, z: Array) -> Array:
        """Return ``sigmoid(z)``."""
        return sigmoid(z)


@dataclass(frozen=True)
class DiscretizedLogistic(Distribution):
    """A feature with `levels` ordered values 0..levels-1, such as grey levels: a mixture of `n` binned logistics.

    A component with mean m and scale s gives value x the mass of its bin,
    ``P(x) = sigmoid((x + 1/2 - m) / s) - sigmoid((x - 1/2 - m) / s)``; the first and the last bin are open outwards
    (Salimans et al. 2017, PixelCNN++, equation 2). The net sees x scaled to [-1, 1].

    Per feature: n weights (logits; left out for n = 1), n means and n scales, in this order. In units of grey levels
    ``m = (levels - 1) (1 + raw) / 2`` and ``s = min_scale + (levels - 1) softplus(raw) / 2``.

    Attributes
    ----------
    levels : int
        At least 2.
    n : int
        Components.
    min_scale : float
        The floor of s in levels. At 0.02 a component can give 1 - 1e-10 of its mass to one value.
    """

    levels: int
    n: int = 1
    min_scale: float = 0.02

    def __post_init__(self) -> None:
        self._settle(levels=2, n=1)

    @property
    def n_raw(self) -> int:  # type: ignore[override]
        """Weights, means and scales."""
        return 2 if self.n == 1 else 3 * self.n

    @property
    def support(self) -> str:  # type: ignore[override]
        """The values in words."""
        return f"an integer 0..{self.levels - 1}"

    def invalid(self, x: Array) -> Array:
        """Return True where x is not an integer 0..levels-1."""
        return ~((x >= 0) & (x < self.levels) & (x == np.floor(x)))

    def encode(self, x: Array) -> Array:
        """Return x scaled to [-1, 1]."""
        return (x * x.dtype.type(2 / (self.levels - 1)) - 1)[..., None]

    def _split(self, raw: Array) -> tuple[Array, Array, Array, Array]:
        """Return logits, means and scales (in levels), and the raw scales, each (..., n)."""
        n = self.n
        half = raw.real.dtype.type((self.levels - 1) / 2)
        logits = np.zeros_like(raw[..., :1]) if n == 1 else raw[..., :n]
        raw_scale = raw[..., -n:]
        s = half * softplus(raw_scale) + raw.real.dtype.type(self.min_scale)
        return logits, half * (1 + raw[..., -2 * n : -n]), s, raw_scale

    def nll_and_grad(self, raw: Array, x: Array) -> tuple[Array, Array]:
        """Return ``-log sum_k w_k P_k(x)``, and its gradient.

        Notes
        -----
        With a and b the upper and lower edge of the bin in units of s, and d = a - b = 1/s,
        ``sigmoid(a) - sigmoid(b) = sigmoid(a) sigmoid(-b) (1 - e^-d)``: a product, so its log is a sum and nothing
        cancels. Slopes: ``dlogP/da = sigmoid(-a) + g`` and ``dlogP/db = -sigmoid(b) - g`` with g = 1 / (e^d - 1), while
        a and b change by -1/s with m, and by -a/s and -b/s with s. In dlogP/dm the two g cancel; in dlogP/ds they
        leave -g d / s. An open edge simply drops its sigmoid and g.

        The mixture spreads the gradient by r_k = w_k P_k / sum (who is responsible for x): ``dlogit_k = w_k - r_k``
        and ``draw_k = -r_k dlogP_k/draw_k``.
        """
        half = (self.levels - 1) / 2
        logits, m, s, raw_scale = self._split(raw)
        log_p, dm, ds = self._log_bin(m, s, x[..., None])
        log_w = log_softmax(logits)
        log_p, r = responsibilities(log_w + log_p)
        parts = (-r * dm * half, -r * ds * half * sigmoid(raw_scale))
        draw = np.concatenate(parts if self.n == 1 else (np.exp(log_w) - r, *parts), axis=-1)
        return -log_p, draw

    def _log_bin(self, m: Array, s: Array, x: Array) -> tuple[Array, Array, Array]:
        """Return log P(x) of each component, with its slopes in m and s."""
        lower_open = x <= 0
        upper_open = x >= self.levels - 1
        both = ~(lower_open | upper_open)
        d = 1 / s
        a = (x + 0.5 - m) * d
        b = (x - 0.5 - m) * d
        log_p = np.where(upper_open, 0, -softplus(-a)) - np.where(lower_open, 0, softplus(b))
        log_p = log_p + np.where(both, np.log(-np.expm1(-d)), 0)
        slope_a = np.where(upper_open, 0, sigmoid(-a))
        slope_b = np.where(lower_open, 0, sigmoid(b))
        # d / (e^d - 1), written with e^-d so that a small scale (large d) cannot overflow.
        gd = np.where(both, d * np.exp(-d) / -np.expm1(-d), 0)
        return log_p, (slope_b - slope_a) * d, (b * slope_b - a * slope_a - gd) * d

    def _cdf(self, raw: Array, x: Array) -> Array:
        """Return P(value <= x), shape (...), for x < levels - 1."""
        logits, m, s, _ = self._split(raw)
        return np.asarray((softmax(logits) * sigmoid((x[..., None] + 0.5 - m) / s)).sum(-1))

    def inverse_cdf(self, raw: Array, u: Array) -> Array:
        """Return the smallest level k with ``u < P(value <= k)``, by bisection."""
        low = np.zeros(u.shape, dtype=np.int64)
        high = np.full(u.shape, self.levels - 1)
        for _ in range(int(self.levels - 1).bit_length()):
            middle = (low + high) // 2
            below = (u < self._cdf(raw, middle.astype(raw.dtype))) | (low == high)
            low = np.where(below, low, middle + 1)
            high = np.where(below, middle, high)
        return high.astype(raw.dtype)

    def mean(self, raw: Array) -> Array:
        """Return the expected level: the sum over k < levels - 1 of ``P(value > k)``."""
        total = np.zeros(raw.shape[:-1], dtype=raw.dtype)
        for k in range(self.levels - 1):
            total += 1 - self._cdf(raw, np.full(total.shape, k, dtype=raw.dtype))
        return total

    def marginal(self, x: Array) -> Array:
        """Return equal weights, means spread around the column's mean, and scales that match its spread."""
        half = (self.levels - 1) / 2
        spread = max(float(np.std(x, dtype=np.float64)) * 3**0.5 / np.pi, 0.25)
        places = spread * (2 * np.arange(1, self.n + 1) / (self.n + 1) - 1) if self.n > 1 else np.zeros(1)
        means = (np.mean(x, dtype=np.float64) + places) / half - 1
        s = max((spread - self.min_scale) / half, 1e-3)
        scales = np.full(self.n, inverse_softplus(s))
        return np.concatenate((means, scales) if self.n == 1 else (np.zeros(self.n), means, scales))
