"""Conditional distributions p(x_d | x before d): what the network's raw outputs mean.

Each distribution owns `n_raw` raw outputs per feature, along the last axis of ``raw`` (..., K), and scores values
``x`` (...). It offers the negative log-likelihood in nats, its gradient with respect to ``raw``, the inverse CDF (so
that a uniform number decides a draw), and the mean. All formulas hold for raw values up to +-1e4 without overflow.

Every gradient is that of one value's nll; the mean over rows is taken by whoever adds them up.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import log, pi

import numpy as np

from made_np.distributions.normal import inverse_normal_cdf
from made_np.layers import sigmoid, softplus
from made_np.typing import Array
from made_np.values import as_count, as_number


class Distribution(ABC):
    """A conditional distribution with `n_raw` raw parameters, fed back to the net through `n_inputs` input units."""

    n_raw: int
    n_inputs: int = 1
    support: str
    is_real: bool = False
    """True for a density over real numbers: its columns have a unit, and are standardised."""

    @abstractmethod
    def nll_and_grad(self, raw: Array, x: Array) -> tuple[Array, Array]:
        """Return -log p(x) in nats, shape (...), and its gradient ``draw`` with the shape of `raw`."""

    @abstractmethod
    def inverse_cdf(self, raw: Array, u: Array) -> Array:
        """Return the value that the uniform number `u` in [0, 1) decides, shape (...)."""

    @abstractmethod
    def mean(self, raw: Array) -> Array:
        """Return the expected value, shape (...)."""

    @abstractmethod
    def marginal(self, x: Array) -> Array:
        """Return raw parameters (K,) of the distribution of the column `x` (n,) on its own, to start training from."""

    def invalid(self, x: Array) -> Array:
        """Return booleans (...): True where `x` is outside `support`."""
        return ~np.isfinite(x)

    def nll(self, raw: Array, x: Array) -> Array:
        """Return -log p(x) in nats, shape (...)."""
        return self.nll_and_grad(raw, x)[0]

    def log_prob(self, raw: Array, x: Array) -> Array:
        """Return log p(x) in nats, shape (...)."""
        return -self.nll(raw, x)

    def centre(self, raw: Array) -> Array:
        """Return the single value to put in where one is wanted: the mean."""
        return self.mean(raw)

    def encode(self, x: Array) -> Array:
        """Return what the network sees of `x`, shape (..., n_inputs)."""
        return x[..., None]

    def _settle(self, **fewest: int) -> None:
        """Look at the counts, each with the fewest it may be, and at the floor, and keep them as plain numbers."""
        kind = type(self).__name__
        for name, least in fewest.items():
            object.__setattr__(self, name, as_count(getattr(self, name), f"{kind}({name})", least))
        if hasattr(self, "min_scale"):
            object.__setattr__(self, "min_scale", as_number(self.min_scale, f"{kind}(min_scale)", "(0, inf)"))


@dataclass(frozen=True)
class Bernoulli(Distribution):
    """A binary feature: ``p(x = 1) = sigmoid(z)``, z the single raw output (a logit)."""

    n_raw = 1
    support = "0 or 1"

    def nll_and_grad(self, raw: Array, x: Array) -> tuple[Array, Array]:
        """Return ``softplus(s z)`` with s = 1 - 2x, and its gradient.

        Notes
        -----
        p(x) = sigmoid(z) if x = 1, sigmoid(-z) if x = 0: in one, sigmoid(-s z). And -log sigmoid(-t) = softplus(t),
        whose slope is sigmoid(t); with t = s z the chain rule gives ``dz = s sigmoid(s z)``. Since s is +1 or -1, that
        is ``sigmoid(z) - x``, without cancellation where the model is sure and right.
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

    def invalid(self, x: Array) -> Array:
        """Return True where x is neither 0 nor 1."""
        return (x != 0) & (x != 1)


@dataclass(frozen=True)
class Categorical(Distribution):
    """A feature with values 0..n-1: ``p(x = k) = softmax(raw)_k``. The net sees it one-hot, as n input units.

    Attributes
    ----------
    n : int
        How many values; at least 2.
    """

    n: int

    def __post_init__(self) -> None:
        self._settle(n=2)

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
        ``draw = p - onehot(x)``.
        The largest raw value is taken out of the sum first: e^0 is then its largest term.
        """
        shifted = raw - largest(raw)
        e = np.exp(shifted)
        total = e.sum(-1, keepdims=True)
        index = x.real.astype(np.int64)[..., None]
        nll = np.log(total) - np.take_along_axis(shifted, index, -1)
        draw = e / total
        np.put_along_axis(draw, index, np.take_along_axis(draw, index, -1) - 1, -1)
        return nll[..., 0], draw

    def inverse_cdf(self, raw: Array, u: Array) -> Array:
        """Return the smallest k with ``u < p(x <= k)``."""
        cdf = np.cumsum(softmax(raw), axis=-1)
        return (u[..., None] >= cdf[..., :-1]).sum(-1).astype(raw.dtype)

    def mean(self, raw: Array) -> Array:
        """Return the expected code ``sum_k k p_k``, which means something for ordered values only."""
        return softmax(raw) @ np.arange(self.n, dtype=raw.dtype)

    def centre(self, raw: Array) -> Array:
        """Return the likeliest value."""
        return raw.argmax(-1).astype(raw.dtype)

    def marginal(self, x: Array) -> Array:
        """Return the log share of each value, each value seen once more than it was."""
        return np.log((np.bincount(x.astype(np.int64), minlength=self.n) + 1) / (len(x) + self.n))

    def invalid(self, x: Array) -> Array:
        """Return True where x is not an integer 0..n-1."""
        return ~((x >= 0) & (x < self.n) & (x == np.floor(x)))

    def encode(self, x: Array) -> Array:
        """Return x one-hot, shape (..., n); all zero where x is NaN (not known yet)."""
        return (x[..., None] == np.arange(self.n, dtype=x.dtype)).astype(x.dtype)


@dataclass(frozen=True)
class Gaussian(Distribution):
    """A real feature: normal with mean ``raw_0`` and scale ``min_scale + softplus(raw_1)``.

    Attributes
    ----------
    min_scale : float
        The floor of the scale, in the units of x. It is part of the model: without it the density of a repeated value
        could grow without bound. 1e-3 suits columns of scale about 1.
    """

    min_scale: float = 1e-3
    n_raw = 2
    support = "a finite number"
    is_real = True

    def __post_init__(self) -> None:
        self._settle()

    def _scale(self, raw: Array) -> Array:
        return softplus(raw[..., 1]) + raw.dtype.type(self.min_scale)

    def nll_and_grad(self, raw: Array, x: Array) -> tuple[Array, Array]:
        """Return ``e^2 / 2 + log s + log(2 pi) / 2`` with e = (x - m) / s, and its gradient.

        Notes
        -----
        de/dm = -1/s gives ``dm = -e / s``. de/ds = -e/s gives ``ds = (1 - e^2) / s``, and through the softplus
        ``draw_1 = ds sigmoid(raw_1)``.
        """
        s = self._scale(raw)
        e = (x - raw[..., 0]) / s
        nll = e * e / 2 + np.log(s) + raw.dtype.type(log(2 * pi) / 2)
        return nll, np.stack((-e / s, (1 - e * e) / s * sigmoid(raw[..., 1])), axis=-1)

    def inverse_cdf(self, raw: Array, u: Array) -> Array:
        """Return ``m + s q``, q the standard normal's quantile of `u`."""
        return raw[..., 0] + self._scale(raw) * inverse_normal_cdf(u).astype(raw.dtype)

    def mean(self, raw: Array) -> Array:
        """Return m."""
        return raw[..., 0].copy()

    def marginal(self, x: Array) -> Array:
        """Return mean and scale of the column."""
        spread = max(float(np.std(x, dtype=np.float64)) - self.min_scale, self.min_scale)
        return np.array([np.mean(x, dtype=np.float64), inverse_softplus(spread)])


def largest(raw: Array) -> Array:
    """Return the largest raw value along the last axis; of the real part, so that a complex step passes through."""
    return np.asarray(raw.real.max(-1, keepdims=True))


def softmax(raw: Array) -> Array:
    """Return ``e^raw_k / sum e^raw``, shape (..., K)."""
    e = np.exp(raw - largest(raw))
    return np.asarray(e / e.sum(-1, keepdims=True))


def log_softmax(raw: Array) -> Array:
    """Return ``raw_k - log sum e^raw``, shape (..., K): exact where softmax would round to 0."""
    shifted = raw - largest(raw)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(-1, keepdims=True)))


def inverse_softplus(y: Array | float) -> Array:
    """Return z with ``softplus(z) = y`` for y > 0: log(e^y - 1), in the form that does not overflow for large y."""
    return np.asarray(y + np.log(-np.expm1(-np.asarray(y))))
