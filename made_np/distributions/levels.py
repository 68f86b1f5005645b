"""Ordered levels, such as grey values: binned densities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from made_np.distributions.distribution import Distribution
from made_np.distributions.logistic_sum import logistic_sum
from made_np.distributions.mixtures import responsibilities
from made_np.distributions.plain import held, inverse_softplus, log_softmax, n_codes, softmax
from made_np.layers import sigmoid, softplus
from made_np.typing import Array


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
    kernel = "discretized_logistic"

    def __post_init__(self) -> None:
        self._settle(levels=2, n=1)

    @property
    def n_values(self) -> int:  # type: ignore[override]
        """The levels."""
        return self.levels

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

    @classmethod
    def from_column(cls, values: Array) -> DiscretizedLogistic:
        """Return the one whose levels are 0 to the largest value."""
        return cls(n_codes(values))

    @classmethod
    def shared(cls, each: Sequence[DiscretizedLogistic]) -> DiscretizedLogistic:
        """Return the one with the most levels: the columns share one scale, as pixels do."""
        return max(each, key=lambda one: one.levels)

    def way_out(self, value: float) -> str:
        """Return how a column gets more levels than fit met."""
        return "Fit on rows that hold the largest value, or give columns a made_np.DiscretizedLogistic(levels)"

    def encode(self, x: Array) -> Array:
        """Return x scaled to [-1, 1]."""
        return (x * x.dtype.type(2 / (self.levels - 1)) - 1)[..., None]

    @property
    def _half(self) -> float:
        """From the middle of the levels to an end: what a raw mean of 1 is."""
        return (self.levels - 1) / 2

    def _components(self, raw: Array) -> tuple[Array, Array, Array]:
        """Return logits, raw means, and scales in levels, each (..., n)."""
        n = self.n
        real = raw.real.dtype.type
        logits = np.zeros_like(raw[..., :1]) if n == 1 else raw[..., :n]
        s = real(self._half) * softplus(raw[..., -n:]) + real(self.min_scale)
        return logits, raw[..., -2 * n : -n], np.minimum(s, np.finfo(real).max)

    def _in_scales(self, raw: Array, s: Array, x: Array) -> Array:
        """Return how many scales `x` (...) is from each mean, (..., n).

        Both are counted from the middle of the levels: near it no digit of a raw mean is lost.
        """
        m = raw[..., -2 * self.n : -self.n]
        real = raw.real.dtype.type
        half = real(self._half)
        return held(((x.astype(real) - half)[..., None] - half * m) / s, m, raw[..., -self.n :])

    def nll_and_grad(self, raw: Array, x: Array) -> tuple[Array, Array]:
        """Return ``-log sum_k w_k P_k(x)``, and its gradient.

        Notes
        -----
        With a and b the upper and lower edge of the bin in units of s, and d = a - b = 1/s,
        ``sigmoid(a) - sigmoid(b) = sigmoid(a) sigmoid(-b) (1 - e^-d)``: a product, so its log is a sum and nothing
        cancels. Slopes: ``dlogP/da = sigmoid(-a) + g`` and ``dlogP/db = -sigmoid(b) - g`` with g = 1 / (e^d - 1), while
        a and b change by -1/s with m, and by -a/s and -b/s with s. In dlogP/dm the two g cancel; in dlogP/ds they
        leave -g d / s. An open edge simply drops its sigmoid and g.

        The two sigmoids are what the bin leaves, ``1 - P = sigmoid(-a) + sigmoid(b)``. Where their mean over the
        components is small, log p is its log1p: a sum of logarithms of weights would hide it.

        The mixture spreads the gradient by r_k = w_k P_k / sum (who is responsible for x): ``dlogit_k = w_k - r_k``
        and ``d_raw_k = -r_k dlogP_k/d(raw_k)``.
        """
        half = self._half
        logits, _, s = self._components(raw)
        log_p, left, dm, ds = self._log_bin(raw, s, x)
        log_w = log_softmax(logits)
        w = np.exp(log_w)
        log_p, r = responsibilities(log_w + log_p)
        left = (w * left).sum(-1)
        is_sure = left.real < 0.5
        nll = np.where(is_sure, -np.log1p(-np.where(is_sure, left, 0)), -log_p)
        parts = (-r * dm * half, -r * ds * half * sigmoid(raw[..., -self.n :]))
        return nll, np.concatenate(parts if self.n == 1 else (w - r, *parts), axis=-1)

    def _log_bin(self, raw: Array, s: Array, x: Array) -> tuple[Array, Array, Array, Array]:
        """Return log P(x) of each component, with 1 - P(x), and the slopes of the former in m and s."""
        lower_open = (x <= 0)[..., None]
        upper_open = (x >= self.levels - 1)[..., None]
        both = ~(lower_open | upper_open)
        d = 1 / s
        a = self._in_scales(raw, s, x + 0.5)
        b = self._in_scales(raw, s, x - 0.5)
        log_p = np.where(upper_open, 0, -softplus(-a)) - np.where(lower_open, 0, softplus(b))
        log_p = log_p + np.where(both, np.log(-np.expm1(-d)), 0)
        above = np.where(upper_open, 0, sigmoid(-a))
        below = np.where(lower_open, 0, sigmoid(b))
        # d / (e^d - 1), written with e^-d so that a small scale (large d) cannot overflow.
        gd = np.where(both, d * np.exp(-d) / -np.expm1(-d), 0)
        return log_p, above + below, (below - above) * d, (b * below - a * above - gd) * d

    def _cdf(self, raw: Array, x: Array) -> Array:
        """Return P(value <= x), shape (...), for x < levels - 1."""
        logits, _, s = self._components(raw)
        return np.asarray((softmax(logits) * sigmoid(self._in_scales(raw, s, x + 0.5))).sum(-1))

    def cdf_bounds(self, raw: Array, x: Array) -> tuple[Array, Array]:
        """Return the mixture's mass below the lower and the upper edge of the bin of x; the outer ones are 0 and 1."""
        raw = raw.astype(np.float64)
        top = self.levels - 1
        return np.where(x > 0, self._cdf(raw, x - 1), 0.0), np.where(x < top, self._cdf(raw, x), 1.0)

    def inverse_cdf(self, raw: Array, u: Array) -> Array:
        """Return the smallest level k with ``u < P(value <= k)``, by bisection.

        Past the mean what lies above is looked at, as in `RealMixture.inverse_cdf`.
        """
        wide = raw.astype(np.float64)
        logits, m, s = self._components(wide)
        w = softmax(logits)
        centre = self._half * (1 + (w * m).sum(-1))
        low = np.zeros(u.shape, dtype=np.int64)
        high = np.full(u.shape, self.levels - 1)
        for _ in range(int(self.levels - 1).bit_length()):
            middle = (low + high) // 2
            is_left = middle + 0.5 < centre
            z = self._in_scales(wide, s, middle + 0.5)
            mass = (w * sigmoid(np.where(is_left[..., None], z, -z))).sum(-1)
            below = np.where(is_left, u < mass, mass < 1 - u) | (low == high)
            low = np.where(below, low, middle + 1)
            high = np.where(below, middle, high)
        return high.astype(raw.dtype)

    def mean(self, raw: Array) -> Array:
        """Return the expected level: the sum over k < levels - 1 of ``P(value > k)``, for any number of levels."""
        logits, m, s = self._components(raw.astype(np.float64))
        total = (softmax(logits) * logistic_sum(self._half * (1 + m), s, self.levels - 1)).sum(-1)
        return np.asarray(total.astype(raw.dtype))

    def marginal(self, x: Array) -> Array:
        """Return equal weights, means spread around the column's mean, and scales that match its spread."""
        half = self._half
        spread = max(float(np.std(x, dtype=np.float64)) * 3**0.5 / np.pi, 0.25)
        places = spread * (2 * np.arange(1, self.n + 1) / (self.n + 1) - 1) if self.n > 1 else np.zeros(1)
        means = (np.mean(x, dtype=np.float64) + places) / half - 1
        s = max((spread - self.min_scale) / half, 1e-3)
        scales = np.full(self.n, inverse_softplus(s))
        return np.concatenate((means, scales) if self.n == 1 else (np.zeros(self.n), means, scales))
