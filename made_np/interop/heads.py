"""Distributions as formulas over any library of tensors: how a value is scored, how a uniform number decides it.

They are found by the names that files give them, and take what `Distribution.config` says. The formulas are those of
`made_np.distributions`, where they are derived. `F` is the library, as `made_np.interop.torch_ops` shows one; raw
outputs are (..., K), values and uniform numbers (...).
"""

from __future__ import annotations

from collections.abc import Callable
from math import log, log1p, pi
from typing import Any, NamedTuple

import numpy as np

from made_np.distributions.plain import LOG_LIMIT

__all__ = ["HEADS", "Head"]

Config = dict[str, Any]

HALVINGS = 100
"""Of the bracket of a quantile, in float64: after these no bit of it is open."""

REACH = 40.0
"""Beyond so many scales a component has less than 2^-54 of its mass."""

FAR = 1e8
"""The broad density of a `reserve` has less than 2^-53 of its mass beyond this."""


class Head(NamedTuple):
    """One distribution, given its config `c`.

    ``log_prob(F, c, raw, x)``, ``draw(F, c, raw, u)``, ``encode(F, c, x)`` (..., n_inputs), and
    ``parameters(F, c, raw)`` (..., K): what raw outputs mean, probabilities in place of logits, scales as they are.
    """

    log_prob: Callable[[Any, Config, Any, Any], Any]
    draw: Callable[[Any, Config, Any, Any], Any]
    encode: Callable[[Any, Config, Any], Any]
    parameters: Callable[[Any, Config, Any], Any]


def _as_it_is(F: Any, c: Config, x: Any) -> Any:
    return x[..., None]


def _softmax(F: Any, z: Any) -> Any:
    return F.exp(F.log_softmax(z))


# --------------------------------------------------------------------------------------------------- states


def _bernoulli(F: Any, c: Config, raw: Any, x: Any) -> Any:
    return -F.softplus((1 - 2 * x) * raw[..., 0])


def _draw_bernoulli(F: Any, c: Config, raw: Any, u: Any) -> Any:
    return F.cast(u < F.sigmoid(raw[..., 0]), raw)


def _probability(F: Any, c: Config, raw: Any) -> Any:
    return F.sigmoid(raw)


def _categorical(F: Any, c: Config, raw: Any, x: Any) -> Any:
    is_own = x[..., None] == F.constant(np.arange(c["n"]), x)
    return F.max(F.where(is_own, F.log_softmax(raw), -np.inf))  # what is no code has the probability 0


def _draw_categorical(F: Any, c: Config, raw: Any, u: Any) -> Any:
    return F.cast(F.sum(F.cast(u[..., None] >= F.cumsum(_softmax(F, raw))[..., :-1], raw)), raw)


def _one_hot(F: Any, c: Config, x: Any) -> Any:
    return F.cast(x[..., None] == F.constant(np.arange(c["n"]), x), x)


def _shares(F: Any, c: Config, raw: Any) -> Any:
    return _softmax(F, raw)


# --------------------------------------------------------------------------------------------- real numbers


def _gaussian_scale(F: Any, c: Config, z: Any) -> Any:
    g = F.exp(F.clip(z, -LOG_LIMIT, LOG_LIMIT)) if c.get("scale") == "exp" else F.softplus(z)
    return g + c["min_scale"]


def _gaussian(F: Any, c: Config, raw: Any, x: Any) -> Any:
    s = _gaussian_scale(F, c, raw[..., 1])
    z = (x - raw[..., 0]) / s
    return -(z * z) / 2 - F.log(s) - log(2 * pi) / 2


def _draw_gaussian(F: Any, c: Config, raw: Any, u: Any) -> Any:
    return F.cast(raw[..., 0] + _gaussian_scale(F, c, raw[..., 1]) * F.quantile(u), raw)


def _gaussian_below(F: Any, c: Config, raw: Any, x: Any) -> Any:
    return F.normal_below((x - raw[..., 0]) / _gaussian_scale(F, c, raw[..., 1]))


def _mean_and_scale(F: Any, c: Config, raw: Any) -> Any:
    return F.concat([raw[..., :1], _gaussian_scale(F, c, raw[..., 1:])])


def _components(F: Any, c: Config, raw: Any) -> tuple[Any, Any, Any]:
    """Return log weights, means and scales, each (..., n)."""
    n = c["n"]
    start = n if n > 1 else 0
    log_w = F.log_softmax(raw[..., :n])  # for n = 1 that is a mean, and log 1 = 0 all the same
    return log_w, raw[..., start : start + n], F.softplus(raw[..., start + n : start + 2 * n]) + c["min_scale"]


def _log_normal(F: Any, z: Any) -> Any:
    return -(z * z) / 2 - log(2 * pi) / 2


def _log_logistic(F: Any, z: Any) -> Any:
    return -F.abs(z) - 2 * F.softplus(-F.abs(z))


def _normal_below(F: Any, z: Any) -> Any:
    return F.normal_below(z)


def _logistic_below(F: Any, z: Any) -> Any:
    return F.sigmoid(z)


def _mixture(log_f: Callable[[Any, Any], Any]) -> Callable[[Any, Config, Any, Any], Any]:
    def log_prob(F: Any, c: Config, raw: Any, x: Any) -> Any:
        log_w, m, s = _components(F, c, raw)
        own = F.logsumexp(log_w + log_f(F, (x[..., None] - m) / s) - F.log(s))
        r = c.get("reserve", 0.0)
        if not r:
            return own
        broad = log(r) - 1.5 * F.log(2 + x * x)
        return F.logsumexp(F.concat([(own + log1p(-r))[..., None], broad[..., None]]))

    return log_prob


def _mixture_below(below: Callable[[Any, Any], Any]) -> Callable[[Any, Config, Any, Any], Any]:
    def mass(F: Any, c: Config, raw: Any, x: Any) -> Any:
        log_w, m, s = _components(F, c, raw)
        own = F.sum(F.exp(log_w) * below(F, (x[..., None] - m) / s))
        r = c.get("reserve", 0.0)
        return (1 - r) * own + r * (1 + x / F.sqrt(2 + x * x)) / 2 if r else own

    return mass


def _draw_mixture(below: Callable[[Any, Any], Any]) -> Callable[[Any, Config, Any, Any], Any]:
    """Return what finds quantiles by bisection, in float64; `below` is the mass of a component below z."""
    mass_below = _mixture_below(below)

    def draw(F: Any, c: Config, raw: Any, u: Any) -> Any:
        wide = F.double(raw)
        _, m, s = _components(F, c, wide)
        far = FAR if c.get("reserve", 0.0) else 0.0
        low = -F.max(REACH * s - m) - far
        high = F.max(m + REACH * s) + far

        def halved(ends: tuple[Any, Any]) -> tuple[Any, Any]:
            x = (ends[0] + ends[1]) / 2
            is_above = mass_below(F, c, wide, x) > u
            return F.where(is_above, ends[0], x), F.where(is_above, x, ends[1])

        return F.cast(F.repeat(HALVINGS, halved, (low, high))[1], raw)

    return draw


def _weights_means_scales(F: Any, c: Config, raw: Any) -> Any:
    log_w, m, s = _components(F, c, raw)
    return F.concat([F.exp(log_w), m, s] if c["n"] > 1 else [m, s])


# --------------------------------------------------------------------------------------------------- levels


def _levels(F: Any, c: Config, raw: Any) -> tuple[Any, Any, Any]:
    """Return log weights, and means and scales in levels, each (..., n)."""
    half = (c["levels"] - 1) / 2
    log_w, m, s = _components(F, {"n": c["n"], "min_scale": 0.0}, raw)
    return log_w, half * (1 + m), half * s + c["min_scale"]


def _discretized(F: Any, c: Config, raw: Any, x: Any) -> Any:
    log_w, m, s = _levels(F, c, raw)
    x = x[..., None]
    is_low = x <= 0
    is_high = x >= c["levels"] - 1
    upper = F.where(is_high, 0.0, F.softplus(-((x + 0.5 - m) / s)))
    lower = F.where(is_low, 0.0, F.softplus((x - 0.5 - m) / s))
    t = F.tanh(0.5 / s)  # 1 - e^-d = 2 t / (1 + t) with t = tanh(d / 2)
    both = F.where(is_low | is_high, 0.0, F.log(2 * t / (1 + t)))
    return F.logsumexp(log_w - upper - lower + both)


def _draw_discretized(F: Any, c: Config, raw: Any, u: Any) -> Any:
    log_w, m, s = _levels(F, c, F.double(raw))
    low = u * 0
    high = low + (c["levels"] - 1)
    for _ in range((c["levels"] - 1).bit_length()):
        middle = F.floor((low + high) / 2)
        mass = F.sum(F.exp(log_w) * F.sigmoid((middle[..., None] + 0.5 - m) / s))
        is_below = (u < mass) | (low == high)
        low = F.where(is_below, low, middle + 1)
        high = F.where(is_below, middle, high)
    return F.cast(high, raw)


def _scaled(F: Any, c: Config, x: Any) -> Any:
    return (x * (2 / (c["levels"] - 1)) - 1)[..., None]


def _weights_means_scales_of_levels(F: Any, c: Config, raw: Any) -> Any:
    log_w, m, s = _levels(F, c, raw)
    return F.concat([F.exp(log_w), m, s] if c["n"] > 1 else [m, s])


# ---------------------------------------------------------------------------------------------------- atoms


def _base(c: Config) -> tuple[str, Head]:
    kind = BASES[c["base"]["kind"]]
    return kind, HEADS[kind]


def _is_atom(F: Any, c: Config, x: Any) -> Any:
    """Return which atom x is, (..., k), if it is one."""
    return x[..., None] == F.constant(np.array(c["places"]), x)


def _atoms(F: Any, c: Config, raw: Any, x: Any) -> Any:
    n = len(c["places"])
    log_w = F.log_softmax(raw[..., : n + 1])
    at_atom = F.max(F.where(_is_atom(F, c, x), log_w[..., :n], -np.inf))
    elsewhere = log_w[..., n] + _base(c)[1].log_prob(F, c["base"], raw[..., n + 1 :], x)
    return F.where(at_atom > -np.inf, at_atom, elsewhere)


def _draw_atoms(F: Any, c: Config, raw: Any, u: Any) -> Any:
    n = len(c["places"])
    kind, base = _base(c)
    wide = F.double(raw)
    w = _softmax(F, wide[..., : n + 1])
    own = wide[..., n + 1 :]
    ends = []
    total = 0 * u
    passed = 0 * u  # the mass of the atoms below u
    for k, place in enumerate(c["places"]):
        total = total + w[..., k]
        end = total + w[..., n] * BELOW[kind](F, c["base"], own, 0 * u + place)
        passed = F.where(u >= end, total, passed)
        ends.append(end)
    v = (u - passed) / F.clip(w[..., n], 1e-300, 1.0)
    x = F.cast(base.draw(F, c["base"], own, F.clip(v, 0.0, 1 - 2.0**-53)), raw)
    dtype = F.dtype(raw)
    for k, (place, end) in enumerate(zip(c["places"], ends, strict=True)):
        at = dtype.type(place)
        above = np.nextafter(at, dtype.type(np.inf)).item()
        below = np.nextafter(at, dtype.type(-np.inf)).item()
        x = F.where(u >= end, F.clip(x, above, np.inf), F.clip(x, -np.inf, below))
        x = F.where((u < end) & (u >= end - w[..., k]), at.item(), x)
    return F.cast(x, raw)


def _encode_atoms(F: Any, c: Config, x: Any) -> Any:
    is_atom = F.cast(_is_atom(F, c, x), x)
    rest = (1 - F.max(is_atom))[..., None] * _base(c)[1].encode(F, c["base"], x)
    return F.concat([is_atom, rest])


def _shares_and_base(F: Any, c: Config, raw: Any) -> Any:
    n = len(c["places"]) + 1
    return F.concat([_softmax(F, raw[..., :n]), _base(c)[1].parameters(F, c["base"], raw[..., n:])])


BASES = {
    "Gaussian": "gaussian",
    "MixtureOfGaussians": "mixture_of_gaussians",
    "MixtureOfLogistics": "mixture_of_logistics",
}
"""By the name that files give what surrounds atoms."""

BELOW = {
    "gaussian": _gaussian_below,
    "mixture_of_gaussians": _mixture_below(_normal_below),
    "mixture_of_logistics": _mixture_below(_logistic_below),
}
"""The mass below a value."""

HEADS = {
    "bernoulli": Head(_bernoulli, _draw_bernoulli, _as_it_is, _probability),
    "categorical": Head(_categorical, _draw_categorical, _one_hot, _shares),
    "gaussian": Head(_gaussian, _draw_gaussian, _as_it_is, _mean_and_scale),
    "mixture_of_gaussians": Head(_mixture(_log_normal), _draw_mixture(_normal_below), _as_it_is, _weights_means_scales),
    "mixture_of_logistics": Head(
        _mixture(_log_logistic), _draw_mixture(_logistic_below), _as_it_is, _weights_means_scales
    ),
    "discretized_logistic": Head(_discretized, _draw_discretized, _scaled, _weights_means_scales_of_levels),
    "with_atoms": Head(_atoms, _draw_atoms, _encode_atoms, _shares_and_base),
}
"""By the name that files give a distribution."""
