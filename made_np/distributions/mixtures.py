"""Conditional distributions that are mixtures of components."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from math import log, log1p, pi
from typing import Any, ClassVar

import numpy as np

from made_np.distributions.distribution import Distribution
from made_np.distributions.plain import held, inverse_softplus, largest, log_softmax
from made_np.layers import sigmoid, softplus
from made_np.normal import normal_cdf
from made_np.typing import Array
from made_np.values import as_number

SPARE_BITS = 12
"""Halvings beyond the bits of a number's mantissa: so much wider than a value's own size may its bracket be."""

BROAD_BITS = 24
"""Halvings beyond these, where a share of the mass is broad: so much wider is the bracket then."""

BROAD_FAR = 1e10
"""Further out the broad density is ``|x|^-3`` to the last digit."""

BROAD_KNOTS = np.sqrt(10.0) ** np.arange(17)
"""Between 0 and these, on either side, the broad density is smooth; beyond the last it has less than 2^-54."""

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


def broad_log_density(x: Array) -> Array:
    """Return ``-3/2 log(2 + x^2)``: Student's t with 2 degrees of freedom, whose tails fall as ``|x|^-3``."""
    size = np.abs(x)
    is_far = size > BROAD_FAR
    near = np.where(is_far, 0, size)  # whose square is finite
    power = np.where(is_far, size.dtype.type(-3), size.dtype.type(-1.5))
    return np.asarray(power * np.log(np.where(is_far, size, 2 + near * near)))


def broad_mass_below(x: Array) -> Array:
    """Return the mass of that density below x, ``(s + x) / 2s`` with ``s^2 = 2 + x^2``, with all its digits.

    Left of 0, where the sum would lose them, s + x is taken as ``2 / (s - x)``; right of 0, what lies above likewise.

    Examples
    --------
    >>> broad_mass_below(np.array([-1e8, 0.0, 2.0**0.5])).round(6)
    array([0.      , 0.5     , 0.853553])
    """
    q = 1 / np.hypot(2**0.5, x)
    tail = q * q / (1 + q * np.abs(x))
    return np.asarray(np.where(x < 0, tail, 1 - tail))


@dataclass(frozen=True)
class RealMixture(Distribution):
    """A real feature: ``p(x) = sum_k w_k f((x - m_k) / s_k) / s_k``, with a density f that the subclass names.

    Per feature: n weights (logits; left out for n = 1), n means and n scales, in this order, with
    ``s = min_scale + softplus(raw)``. A `reserve` r makes of it ``(1 - r) p(x) + r t(x)``, where t is Student's density
    with 2 degrees of freedom, ``(2 + x^2)^(-3/2)``.
    """

    n: int
    min_scale: float = 1e-3
    reserve: float = 0.0
    support = "a finite number"
    is_real = True
    reach: ClassVar[float]
    """Less than 2^-54 of f lies beyond so many scales, on either side."""
    spread: ClassVar[float]
    """Standard deviation of f."""
    marks: ClassVar[Array]
    """Between these, in scales, f is smooth: Gaussian quadrature with 16 nodes gives its integral to 1e-12."""

    def __post_init__(self) -> None:
        self._settle(n=1)
        object.__setattr__(self, "reserve", as_number(self.reserve, f"{type(self).__name__}(reserve)", "[0, 1)"))

    @property
    def n_raw(self) -> int:  # type: ignore[override]
        """Weights, means and scales."""
        return 2 if self.n == 1 else 3 * self.n

    @property
    def locations(self) -> slice:  # type: ignore[override]
        """The means; a `reserve` stays where it is."""
        return slice(self.n_raw - 2 * self.n, self.n_raw - self.n)

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
        return log_w, raw[..., self.locations], softplus(raw[..., -n:]) + raw.real.dtype.type(self.min_scale)

    def nll_and_grad(self, raw: Array, x: Array) -> tuple[Array, Array]:
        """Return ``-log sum_k w_k f(z_k) / s_k`` with z = (x - m) / s, and its gradient.

        Notes
        -----
        dz/dm = -1/s and dz/ds = -z/s, so ``log f(z) - log s`` has the slopes -a/s in m and -(1 + z a)/s in s, with a
        the slope of log f. The mixture passes each on by its responsibility r: ``dm = r a / s`` and, through the
        softplus, ``d_raw_scale = r (1 + z a) / s sigmoid(raw_scale)``. A logit raises its own term and, through the
        softmax, the sum of the weights: ``dlogit = w - r``. Of all this a `reserve` leaves `_beside_reserve`.
        """
        log_w, m, s = self.components(raw)
        z = held((x[..., None] - m) / s, m)
        log_f, a = self.log_f(z)
        log_p, r = responsibilities(log_w + log_f - np.log(s))
        parts = (r * a / s, r * (1 + z * a) * (sigmoid(raw[..., -self.n :]) / s))
        d_raw = np.concatenate(parts if self.n == 1 else (np.exp(log_w) - r, *parts), axis=-1)
        return self._beside_reserve(-log_p, d_raw, x) if self.reserve else (-log_p, d_raw)

    def _beside_reserve(self, nll: Array, d_raw: Array, x: Array) -> tuple[Array, Array]:
        """Return nll and gradient of ``(1 - r) p(x) + r t(x)``, given those of p.

        Notes
        -----
        The slope of ``log(e^a + e^b)`` in a is the share of e^a in the sum, and t has no parameters: so the gradient of
        p comes in with its share of the density at x. A value that only t explains teaches nothing.
        """
        real = nll.real.dtype.type
        joint = np.stack((real(log1p(-self.reserve)) - nll, real(log(self.reserve)) + broad_log_density(x)), axis=-1)
        log_p, shares = responsibilities(joint)
        own = shares[..., :1]
        return -log_p, np.where(own.real > 0, own * d_raw, 0)

    def inverse_cdf(self, raw: Array, u: Array) -> Array:
        """Return the value below which `u` of the mass lies, by bisection.

        It ends at the last bit of the dtype of `raw`, or of the bracket where the value is 2^12 times smaller. The
        bracket and its midpoints are the same for all u, and so is the question asked at each: what mass lies below it,
        or, past the mean, above it (near 1 a CDF has no digits left). So draws never fall while u rises. u = 0 counts
        as 2^-54. With a `reserve` the bracket is as wide as the broad density needs.
        """
        log_w, m, s = self.components(raw.astype(np.float64))
        w = np.exp(log_w)
        centre = (w * m).sum(-1)
        below = np.maximum(u, 2.0**-54)
        most = float(np.finfo(raw.dtype).max)
        low = np.maximum((m - self.reach * s).min(-1), -most).astype(raw.dtype)
        high = np.minimum((m + self.reach * s).max(-1), most).astype(raw.dtype)
        if self.reserve:
            low = np.minimum(low, -BROAD_KNOTS[-1]).astype(raw.dtype)
            high = np.maximum(high, BROAD_KNOTS[-1]).astype(raw.dtype)
        for _ in range(np.finfo(raw.dtype).nmant + SPARE_BITS + BROAD_BITS * (self.reserve > 0)):
            middle = low / 2 + high / 2
            is_left = middle < centre
            z = (middle[..., None] - m) / s
            mass = (w * self.mass_below(np.where(is_left[..., None], z, -z))).sum(-1)
            mass = self._mass_beside_reserve(mass, np.where(is_left, middle, -middle).astype(np.float64))
            is_above = np.where(is_left, mass > below, mass < 1 - below)
            low = np.where(is_above, low, middle)
            high = np.where(is_above, middle, high)
        return high

    def cdf_bounds(self, raw: Array, x: Array) -> tuple[Array, Array]:
        """Return the mass below x, twice."""
        log_w, m, s = self.components(raw.astype(np.float64))
        mass = (np.exp(log_w) * self.mass_below((x[..., None] - m) / s)).sum(-1)
        return (self._mass_beside_reserve(mass, x.astype(np.float64)),) * 2

    def _mass_beside_reserve(self, mass: Array, x: Array) -> Array:
        """Return the mass below x, given that of the components."""
        return np.asarray((1 - self.reserve) * mass + self.reserve * broad_mass_below(x) if self.reserve else mass)

    def knots(self, raw: Array) -> Array:
        """Return places around every component, and far out with a `reserve`."""
        _, m, s = self.components(raw)
        places = (m[:, :, None] + s[:, :, None] * self.marks).reshape(len(raw), self.n * len(self.marks))
        if self.reserve:
            broad = np.tile(np.concatenate([-BROAD_KNOTS, [0.0], BROAD_KNOTS]).astype(raw.dtype), (len(raw), 1))
            places = np.concatenate([places, broad], axis=1)
        return np.sort(places)

    def mean(self, raw: Array) -> Array:
        """Return the weighted mean of the m, of which a `reserve` has the mean 0."""
        log_w, m, _ = self.components(raw)
        return np.asarray((1 - self.reserve) * (np.exp(log_w) * m).sum(-1))

    def config(self) -> dict[str, Any]:
        """Return its arguments; a `reserve` of 0, which files from before there was one do not name, is left out."""
        config = super().config()
        if not self.reserve:
            del config["reserve"]
        return config

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
    reserve : float in [0, 1)
        Share of the mass that is Student's t with 2 degrees of freedom around 0, in the units of x: what the components
        find impossible costs no more than ``-log reserve + 3/2 log(2 + x^2)``, and does not pull them away. 1e-3 suits
        columns of scale about 1.

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
    marks = 8.3 * np.array([-1, -1 / 3, -1 / 10, 1 / 10, 1 / 3, 1])
    kernel = "mixture_of_gaussians"

    def log_f(self, z: Array) -> tuple[Array, Array]:
        """Return ``-z^2 / 2 - log(2 pi) / 2``, and its slope -z."""
        return -z * z / 2 - z.real.dtype.type(log(2 * pi) / 2), -z

    def mass_below(self, z: Array) -> Array:
        """Return the standard normal's."""
        return normal_cdf(z)


@dataclass(frozen=True)
class MixtureOfLogistics(RealMixture):
    """A real feature: a mixture of `n` logistic densities, ``f(z) = sigmoid(z) sigmoid(-z)``.

    Much like `MixtureOfGaussians`, with tails that fall as ``exp(-|z|)``, so that a value far out costs less.

    Per feature: n weights (logits; left out for n = 1), n means and n scales, in this order, with
    ``s = min_scale + softplus(raw)``; the standard deviation of a component is ``pi s / sqrt(3)``.

    Attributes
    ----------
    n : int
        Components, at least 1.
    min_scale : float
        The floor of the scales, in the units of x: see `Gaussian`.
    reserve : float in [0, 1)
        Share of the mass that is Student's t with 2 degrees of freedom around 0, in the units of x: what the components
        find impossible costs no more than ``-log reserve + 3/2 log(2 + x^2)``, and does not pull them away. 1e-3 suits
        columns of scale about 1.

    Examples
    --------
    >>> raw = np.array([5.0, -2.0])  # one component: no weights
    >>> float(MixtureOfLogistics(1).mean(raw))
    5.0
    """

    reach = 37.5
    spread = pi / 3**0.5
    marks = np.array([-37.5, -11, -2.2, 2.2, 11, 37.5])  # f has poles at +-i pi, from which the middle keeps away
    kernel = "mixture_of_logistics"

    def log_f(self, z: Array) -> tuple[Array, Array]:
        """Return ``-|z| - 2 log(1 + e^-|z|)``, and its slope ``sigmoid(-z) - sigmoid(z) = -tanh(z / 2)``."""
        t = np.where(z.real >= 0, -z, z)
        return t - 2 * np.log1p(np.exp(t)), -np.tanh(z / 2)

    def mass_below(self, z: Array) -> Array:
        """Return ``sigmoid(z)``."""
        return sigmoid(z)
