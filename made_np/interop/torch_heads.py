"""Distributions in torch: how a value is scored, how a uniform number decides it.

They are found by the names that files give them, and take what `Distribution.config` says. The formulas are those of
`made_np.distributions`, where they are derived; here torch differentiates.
"""

from __future__ import annotations

from collections.abc import Callable
from math import log, log1p, pi
from typing import Any, NamedTuple

from made_np.distributions.plain import LOG_LIMIT

__all__ = ["HEADS", "Head", "softplus"]

HALVINGS = 100
"""Of the bracket of a quantile, in float64: after these no bit of it is open."""

REACH = 40.0
"""Beyond so many scales a component has less than 2^-54 of its mass."""


FAR = 1e8
"""The broad density of a `reserve` has less than 2^-53 of its mass beyond this."""


class Head(NamedTuple):
    """One distribution, given its config `c`: ``log_prob(c, raw, x)``, ``draw(c, raw, u)``, and ``encode(c, x)``."""

    log_prob: Callable[[dict[str, Any], Any, Any], Any]
    draw: Callable[[dict[str, Any], Any, Any], Any]
    encode: Callable[[dict[str, Any], Any], Any]


def softplus(z: Any) -> Any:
    """Return log(1 + e^z) to the last digit: torch's own leaves it at z from 20 on."""
    return z.logaddexp(z.new_zeros(()))


def _as_it_is(c: dict[str, Any], x: Any) -> Any:
    return x[..., None]


# --------------------------------------------------------------------------------------------------- states


def _bernoulli(c: dict[str, Any], raw: Any, x: Any) -> Any:
    return -softplus((1 - 2 * x) * raw[..., 0])


def _draw_bernoulli(c: dict[str, Any], raw: Any, u: Any) -> Any:
    return (u < raw[..., 0].sigmoid()).to(raw.dtype)


def _categorical(c: dict[str, Any], raw: Any, x: Any) -> Any:
    return raw.log_softmax(-1).gather(-1, x.long()[..., None])[..., 0]


def _draw_categorical(c: dict[str, Any], raw: Any, u: Any) -> Any:
    return (u[..., None] >= raw.softmax(-1).cumsum(-1)[..., :-1]).sum(-1).to(raw.dtype)


def _one_hot(c: dict[str, Any], x: Any) -> Any:
    states = x.new_tensor(range(c["n"]))
    return (x[..., None] == states).to(x.dtype)


# --------------------------------------------------------------------------------------------- real numbers


def _gaussian_scale(c: dict[str, Any], z: Any) -> Any:
    g = z.clamp(-LOG_LIMIT, LOG_LIMIT).exp() if c.get("scale") == "exp" else softplus(z)
    return g + c["min_scale"]


def _gaussian(c: dict[str, Any], raw: Any, x: Any) -> Any:
    s = _gaussian_scale(c, raw[..., 1])
    return -(((x - raw[..., 0]) / s) ** 2) / 2 - s.log() - log(2 * pi) / 2


def _draw_gaussian(c: dict[str, Any], raw: Any, u: Any) -> Any:
    import torch

    quantile = torch.special.ndtri(u.clamp(min=2.0**-54))
    return (raw[..., 0] + _gaussian_scale(c, raw[..., 1]) * quantile).to(raw.dtype)


def _components(c: dict[str, Any], raw: Any) -> tuple[Any, Any, Any]:
    """Return log weights, means and scales, each (..., n)."""
    n = c["n"]
    log_w = raw[..., :n].log_softmax(-1)  # for n = 1 that is a mean, and log 1 = 0 all the same
    return log_w, raw[..., raw.shape[-1] - 2 * n : raw.shape[-1] - n], softplus(raw[..., -n:]) + c["min_scale"]


def _mixture(log_f: Callable[[Any], Any]) -> Callable[[dict[str, Any], Any, Any], Any]:
    def log_prob(c: dict[str, Any], raw: Any, x: Any) -> Any:
        log_w, m, s = _components(c, raw)
        own = (log_w + log_f((x[..., None] - m) / s) - s.log()).logsumexp(-1)
        r = c.get("reserve", 0.0)
        return (own + log1p(-r)).logaddexp(log(r) - 1.5 * (2 + x * x).log()) if r else own

    return log_prob


def _draw_mixture(below: Callable[[Any], Any]) -> Callable[[dict[str, Any], Any, Any], Any]:
    """Return what finds quantiles by bisection, in float64; `below` is the mass of a component below z."""

    def draw(c: dict[str, Any], raw: Any, u: Any) -> Any:
        log_w, m, s = _components(c, raw.double())
        r = c.get("reserve", 0.0)
        far = FAR if r else 0.0
        low = (m - REACH * s).amin(-1) - far
        high = (m + REACH * s).amax(-1) + far
        for _ in range(HALVINGS):
            x = (low + high) / 2
            mass = (log_w.exp() * below((x[..., None] - m) / s)).sum(-1)
            if r:
                mass = (1 - r) * mass + r * (1 + x / (2 + x * x).sqrt()) / 2
            is_above = mass > u
            low = low.where(is_above, x)
            high = x.where(is_above, high)
        return high.to(raw.dtype)

    return draw


def _log_normal(z: Any) -> Any:
    return -z * z / 2 - log(2 * pi) / 2


def _log_logistic(z: Any) -> Any:
    return -z.abs() - 2 * softplus(-z.abs())


def _normal_below(z: Any) -> Any:
    import torch

    return torch.special.ndtr(z)


# --------------------------------------------------------------------------------------------------- levels


def _levels(c: dict[str, Any], raw: Any) -> tuple[Any, Any, Any]:
    """Return log weights, means and scales in levels, each (..., n)."""
    n = c["n"]
    half = (c["levels"] - 1) / 2
    log_w = raw[..., :n].log_softmax(-1)
    m = half * (1 + raw[..., raw.shape[-1] - 2 * n : raw.shape[-1] - n])
    return log_w, m, half * softplus(raw[..., -n:]) + c["min_scale"]


def _discretized(c: dict[str, Any], raw: Any, x: Any) -> Any:
    log_w, m, s = _levels(c, raw)
    x = x[..., None]
    upper = softplus(-(x + 0.5 - m) / s).where(x < c["levels"] - 1, 0)
    lower = softplus((x - 0.5 - m) / s).where(x > 0, 0)
    both = (-(-1 / s).expm1()).log().where((x > 0) & (x < c["levels"] - 1), 0)
    return (log_w - upper - lower + both).logsumexp(-1)


def _draw_discretized(c: dict[str, Any], raw: Any, u: Any) -> Any:
    log_w, m, s = _levels(c, raw)
    low = u.new_zeros(u.shape).long()
    high = low + c["levels"] - 1
    for _ in range((c["levels"] - 1).bit_length()):
        middle = (low + high) // 2
        mass = (log_w.exp() * ((middle[..., None] + 0.5 - m) / s).sigmoid()).sum(-1)
        is_below = (u < mass) | (low == high)
        low = low.where(is_below, middle + 1)
        high = middle.where(is_below, high)
    return high.to(raw.dtype)


def _scaled(c: dict[str, Any], x: Any) -> Any:
    return (x * (2 / (c["levels"] - 1)) - 1)[..., None]


def _logistic_below(z: Any) -> Any:
    return z.sigmoid()


HEADS = {
    "bernoulli": Head(_bernoulli, _draw_bernoulli, _as_it_is),
    "categorical": Head(_categorical, _draw_categorical, _one_hot),
    "gaussian": Head(_gaussian, _draw_gaussian, _as_it_is),
    "mixture_of_gaussians": Head(_mixture(_log_normal), _draw_mixture(_normal_below), _as_it_is),
    "mixture_of_logistics": Head(_mixture(_log_logistic), _draw_mixture(_logistic_below), _as_it_is),
    "discretized_logistic": Head(_discretized, _draw_discretized, _scaled),
}
"""By the name that files give a distribution."""
