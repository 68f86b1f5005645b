"""Conditional distributions with one shape each: of bits, of codes, of real numbers.

All formulas hold for raw values up to +-1e4 without overflow.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, pi
from typing import Any

import numpy as np

from made_np.distributions.distribution import Distribution
from made_np.layers import sigmoid, softplus
from made_np.normal import inverse_normal_cdf, normal_cdf
from made_np.typing import Array
from made_np.values import as_choice, as_number

MAX_CODES = 1 << 16
"""More values than this are no codes: each would own output units."""

LOG_LIMIT = 30.0
"""The exponent of a scale goes no further: in float32, squares of what lies beyond would overflow."""

MOST_SINGLE = 2.0**57
MOST_DOUBLE = 2.0**480
"""A value is no more scales than this from a mean, in float32 or wider: its square, over a small scale, is finite."""

SCALES = ("softplus", "exp")


@dataclass(frozen=True)
class Bernoulli(Distribution):
    """A binary feature: ``p(x = 1) = sigmoid(z)``, z the single raw output (a logit)."""

    n_raw = 1
    support = "0 or 1"
    n_values = 2
    has_states = True
    is_binary = True
    kernel = "bernoulli"

    def nll_and_grad(self, raw: Array, x: Array) -> tuple[Array, Array]:
        """Return ``softplus(s z)`` with s = 1 - 2x, and its gradient.

        Notes
        -----
        p(x) = sigmoid(z) if x = 1, sigmoid(-z) if x = 0: in one, sigmoid(-s z). And -log sigmoid(-t) = softplus(t),
        whose slope is sigmoid(t); with t = s z the chain rule gives ``d_raw = s sigmoid(s z)``. Since s is +1 or -1,
        that is ``sigmoid(z) - x``, without cancellation where the model is sure and right.
        """
        sign = 1 - 2 * x
        t = sign * raw[..., 0]
        return softplus(t), (sign * sigmoid(t))[..., None]

    def inverse_cdf(self, raw: Array, u: Array) -> Array:
        """Return 1 where ``u < p(x = 1)``, else 0."""
        return (u < sigmoid(raw[..., 0])).astype(raw.dtype)

    def mean(self, raw: Array) -> Array:
        """Return p(x = 1)."""
        return sigmoid(raw[..., 0])

    def marginal(self, x: Array) -> Array:
        """Return the logit of the share of ones, each value seen once more than it was."""
        ones = float(x.sum())
        return np.array([log((ones + 1) / (len(x) - ones + 1))])

    def cdf_bounds(self, raw: Array, x: Array) -> tuple[Array, Array]:
        """Return 0 and P(0) for a 0, P(0) and 1 for a 1."""
        zero = sigmoid(-raw[..., 0].astype(np.float64))
        return np.where(x > 0, zero, 0.0), np.where(x > 0, 1.0, zero)

    def predictions(self, raw: Array, x: Array) -> tuple[Array, Array]:
        """Return p(x = 1), and x: that of a 0 would say the same again."""
        return self.mean(raw)[..., None], x[..., None]

    def invalid(self, x: Array) -> Array:
        """Return True where x is neither 0 nor 1."""
        return (x != 0) & (x != 1)

    def way_out(self, value: float) -> str:
        """Return how a column becomes one of bits."""
        return "Set binarize (x > binarize becomes 1), or another distribution in columns"


@dataclass(frozen=True)
class Categorical(Distribution):
    """A feature with values 0..n-1: ``p(x = k) = softmax(raw)_k``. The net sees it one-hot, as n input units.

    Attributes
    ----------
    n : int
        How many values; a single one has the probability 1.
    """

    n: int
    has_states = True
    kernel = "categorical"

    def __post_init__(self) -> None:
        self._settle(n=1)

    @property
    def n_values(self) -> int:  # type: ignore[override]
        """The codes 0..n-1."""
        return self.n

    @property
    def n_raw(self) -> int:  # type: ignore[override]
        """One logit per value."""
        return self.n

    @property
    def n_inputs(self) -> int:  # type: ignore[override]
        """One input unit per value."""
        return self.n

    @property
    def support(self) -> str:  # type: ignore[override]
        """The values in words."""
        return f"an integer 0..{self.n - 1}"

    def nll_and_grad(self, raw: Array, x: Array) -> tuple[Array, Array]:
        """Return ``log sum_k e^raw_k - raw_x``, and its gradient.

        Notes
        -----
        The slope of the log-sum is ``e^raw_k / sum e^raw = p_k``, that of raw_x is 1 at k = x:
        ``d_raw = p - onehot(x)``.
        The largest raw value is taken out of the sum first: e^0 = 1 is then its largest term, and `rest` the others. So
        the log-sum is log1p(rest), and ``1 - p_x = (rest + (1 - e_x)) / (1 + rest)``, without cancellation where the
        model is sure and right.
        """
        shifted, e, rest = exponentials(raw)
        total = 1 + rest
        index = x.real.astype(np.int64)[..., None]
        nll = np.log1p(rest) - np.take_along_axis(shifted, index, -1)
        others = rest + (1 - np.take_along_axis(e, index, -1))
        d_raw = e / total
        np.put_along_axis(d_raw, index, -others / total, -1)
        return nll[..., 0], d_raw

    def inverse_cdf(self, raw: Array, u: Array) -> Array:
        """Return the smallest k with ``u < p(x <= k)``; in float64, where no value that is impossible is ever drawn."""
        cdf = np.cumsum(softmax(raw.astype(np.float64)), axis=-1)
        return (u[..., None] >= cdf[..., :-1]).sum(-1).astype(raw.dtype)

    def mean(self, raw: Array) -> Array:
        """Return the expected code ``sum_k k p_k``, which means something for ordered values only."""
        return softmax(raw) @ np.arange(self.n, dtype=raw.dtype)

    def centre(self, raw: Array) -> Array:
        """Return the likeliest value."""
        return raw.argmax(-1).astype(raw.dtype)

    def marginal(self, x: Array) -> Array:
        """Return the log share of each value, each value seen once more than it was."""
        return np.log((np.bincount(x.astype(np.intp), minlength=self.n) + 1) / (len(x) + self.n))

    def cdf_bounds(self, raw: Array, x: Array) -> tuple[Array, Array]:
        """Return the sums of the p up to x, without p_x and with it."""
        below = np.cumsum(softmax(raw.astype(np.float64)), axis=-1)
        below = np.concatenate((np.zeros_like(below[..., :1]), below), axis=-1)
        below[..., -1] = 1.0  # which the sum is but for rounding
        index = x.astype(np.int64)[..., None]
        low, high = (np.take_along_axis(below, index + k, -1)[..., 0] for k in (0, 1))
        return low, high

    def predictions(self, raw: Array, x: Array) -> tuple[Array, Array]:
        """Return the n probabilities, and x one-hot."""
        return softmax(raw), self._one_hot(x)

    def invalid(self, x: Array) -> Array:
        """Return True where x is not an integer 0..n-1."""
        return ~((x >= 0) & (x < self.n) & (x == np.floor(x)))

    @classmethod
    def from_column(cls, values: Array) -> Categorical:
        """Return the one whose codes are 0 to the largest value."""
        return cls(n_codes(values))

    def way_out(self, value: float) -> str:
        """Return how a column gets more codes than fit met."""
        return (
            "Fit on rows that hold every value, or say how many there are: columns=[..., made_np.Categorical(n), ...]"
        )

    def encode(self, x: Array) -> Array:
        """Return x one-hot, shape (..., n); all zero where x is NaN (not known yet)."""
        return self._one_hot(x)

    def _one_hot(self, x: Array) -> Array:
        return np.asarray((x[..., None] == np.arange(self.n, dtype=x.dtype)).astype(x.dtype))


@dataclass(frozen=True)
class Gaussian(Distribution):
    """A real feature: normal with mean ``raw_0`` and scale ``min_scale + g(raw_1)``, g the softplus or e^z.

    Attributes
    ----------
    min_scale : float
        The floor of the scale, in the units of x. It is part of the model: without it the density of a repeated value
        could grow without bound. 1e-3 suits columns of scale about 1. With "exp" it may be 0.
    scale : {"softplus", "exp"}
        g. With ``Gaussian(0, scale="exp")`` raw_1 is the logarithm of the scale, as in many other libraries; below -30
        and above 30 it counts as -30 and 30, where the gradient is 0.

    Examples
    --------
    >>> raw = np.array([[5.0, np.log(2.0)]])
    >>> Gaussian(0, scale="exp").inverse_cdf(raw, np.array([0.5, 0.8413447])).round(6)
    array([5., 7.])
    """

    min_scale: float = 1e-3
    scale: str = "softplus"
    n_raw = 2
    support = "a finite number"
    is_real = True
    locations = slice(0, 1)

    def __post_init__(self) -> None:
        as_choice(self.scale, "Gaussian(scale)", SCALES)
        interval = "[0, inf)" if self.scale == "exp" else "(0, inf)"
        object.__setattr__(self, "min_scale", as_number(self.min_scale, "Gaussian(min_scale)", interval))

    @property
    def kernel(self) -> str | None:  # type: ignore[override]
        """One for each g."""
        return "gaussian" if self.scale == "softplus" else "gaussian_exp"

    def _scale(self, raw: Array) -> tuple[Array, Array]:
        """Return the scale s, and g."""
        if self.scale == "softplus":
            g = softplus(raw[..., 1])
        else:
            g = np.exp(np.clip(raw[..., 1], -LOG_LIMIT, LOG_LIMIT))
        return g + raw.dtype.type(self.min_scale), g

    def nll_and_grad(self, raw: Array, x: Array) -> tuple[Array, Array]:
        """Return ``e^2 / 2 + log s + log(2 pi) / 2`` with e = (x - m) / s, and its gradient.

        Notes
        -----
        de/dm = -1/s gives ``dm = -e / s``. de/ds = -e/s gives ``ds = (1 - e^2) / s``, and through g
        ``d_raw_1 = ds g'(raw_1)``: g' is the sigmoid for the softplus, and g itself for e^z. There ``g / s`` comes
        first: it is 1 without a floor, and 1 / s alone may be as large as e^30. Where raw_1 is held at +-30, g' = 0.
        """
        s, g = self._scale(raw)
        z = raw[..., 1]
        m = raw[..., 0]
        e = held((x - m) / s, m)
        nll = e * e / 2 + np.log(s) + raw.dtype.type(log(2 * pi) / 2)
        if self.scale == "softplus":
            d_raw_1 = (1 - e * e) * (sigmoid(z) / s)
        else:
            d_raw_1 = (1 - e * e) * np.where(np.abs(z.real) > LOG_LIMIT, 0, g / s)
        return nll, np.stack((-e / s, d_raw_1), axis=-1)

    def inverse_cdf(self, raw: Array, u: Array) -> Array:
        """Return ``m + s q``, q the standard normal's quantile of `u`."""
        return raw[..., 0] + self._scale(raw)[0] * inverse_normal_cdf(u).astype(raw.dtype)

    def cdf_bounds(self, raw: Array, x: Array) -> tuple[Array, Array]:
        """Return the mass below x, twice."""
        raw = raw.astype(np.float64)
        below = normal_cdf((x - raw[..., 0]) / self._scale(raw)[0])
        return below, below

    def mean(self, raw: Array) -> Array:
        """Return m."""
        return raw[..., 0].copy()

    def marginal(self, x: Array) -> Array:
        """Return mean and scale of the column."""
        mean = np.mean(x, dtype=np.float64)
        spread = float(np.std(x, dtype=np.float64)) - self.min_scale
        if self.scale == "softplus":
            return np.array([mean, inverse_softplus(max(spread, self.min_scale))])
        # A constant column has no scale of its own, and without a floor nothing else tells one.
        is_constant = spread <= 1e-6 * abs(mean)
        return np.array([mean, log((self.min_scale or 1e-3) if is_constant else max(spread, self.min_scale))])

    def raw_of_scale(self, scale: Array) -> Array:
        """Return the raw_1 of a scale; of one at the floor or below it, that of (nearly) the floor."""
        above = np.maximum(scale - self.min_scale, 1e-6 if self.scale == "softplus" else np.exp(-LOG_LIMIT))
        return inverse_softplus(above) if self.scale == "softplus" else np.log(above)

    def config(self) -> dict[str, Any]:
        """Return its arguments; the softplus, which files from before there was a choice do not name, is left out."""
        config = super().config()
        if self.scale == "softplus":
            del config["scale"]
        return config


def largest(raw: Array) -> Array:
    """Return the largest raw value along the last axis; of the real part, so that a complex step passes through."""
    return np.asarray(raw.real.max(-1, keepdims=True))


def exponentials(raw: Array) -> tuple[Array, Array, Array]:
    """Return ``raw_k - top``, e^ of these, and the sum of the latter without one of the largest, which is 1: (..., 1).

    So ``log sum e^raw = top + log1p(rest)``, of which a rest below the last digit of 1 is still a part.
    """
    shifted = raw - largest(raw)
    e = np.exp(shifted)
    is_top = shifted.real == 0
    rest = (e - is_top).sum(-1, keepdims=True) + (is_top.sum(-1, keepdims=True, dtype=e.real.dtype) - 1)
    return shifted, e, np.asarray(rest)


def softmax(raw: Array) -> Array:
    """Return ``e^raw_k / sum e^raw``, shape (..., K)."""
    e = np.exp(raw - largest(raw))
    return np.asarray(e / e.sum(-1, keepdims=True))


def log_softmax(raw: Array) -> Array:
    """Return ``raw_k - log sum e^raw``, shape (..., K): exact where softmax would round to 0 or to 1."""
    shifted, _, rest = exponentials(raw)
    return np.asarray(shifted - np.log1p(rest))


def held(z: Array, *raws: Array) -> Array:
    """Return z, but no further from 0 than `MOST_SINGLE` or `MOST_DOUBLE`: its square is finite.

    Where one of the raw outputs that it comes from is infinite it is NaN: a run that has diverged must look like one.
    """
    real = z.real.dtype
    most = real.type(MOST_SINGLE if real == np.float32 else MOST_DOUBLE)
    z = np.clip(z, -most, most)
    for raw in raws:
        z = z + (raw - raw)
    return z


def inverse_softplus(y: Array | float) -> Array:
    """Return z with ``softplus(z) = y`` for y > 0: log(e^y - 1), in the form that does not overflow for large y."""
    return np.asarray(y + np.log(-np.expm1(-np.asarray(y))))


def n_codes(values: Array) -> int:
    """Return how many codes a column 0..n-1 has, at least 2, or raise a `ValueError` that names what is no code."""
    odd = (values < 0) | (values != np.floor(values)) | (values >= MAX_CODES)
    if odd.any():
        raise ValueError(f"{values[odd][0]:g} is none of its values: code them as 0..n-1, or use 'gaussian'")
    return max(int(values.max()) + 1, 2)
