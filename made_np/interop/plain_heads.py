"""Distributions as a script states them that has NumPy alone: source that is written out, as it stands here.

Each function needs nothing of this file but what `NEEDS` names, `softplus`, and `sigmoid`. `c` is the config of a
distribution, `raw` are raw outputs (n, K), x and u are (n,).
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any

import numpy as np

__all__ = ["ACTIVATIONS", "HEADS", "NEEDS"]


def softplus(z: Any) -> Any:
    """Return log(1 + e^z)."""
    return np.logaddexp(z, 0)


def sigmoid(z: Any) -> Any:
    """Return 1 / (1 + e^-z)."""
    return np.exp(-np.logaddexp(-z, 0))


def normal_cdf(z: Any) -> Any:
    """Return the mass of the standard normal below z."""
    return np.vectorize(lambda t: 0.5 * math.erfc(-t / math.sqrt(2)), otypes=[float])(z)


def log_softmax(z: Any) -> Any:
    """Return log(e^z_k / sum e^z)."""
    z = z - z.max(-1, keepdims=True)
    return z - np.log(np.exp(z).sum(-1, keepdims=True))


def log_sum_exp(z: Any) -> Any:
    """Return log sum e^z over the last axis."""
    top = z.max(-1)
    return top + np.log(np.exp(z - top[..., None]).sum(-1))


def as_it_is(c: Any, x: Any) -> Any:
    """Show the network the value itself."""
    return x[:, None]


def bernoulli_log_prob(c: Any, raw: Any, x: Any) -> Any:
    """Return log p(x) of bits; raw is the logit of a 1."""
    return -softplus((1 - 2 * x) * raw[:, 0])


def bernoulli_draw(c: Any, raw: Any, u: Any) -> Any:
    """Return 1 where u < p(1)."""
    return (u < sigmoid(raw[:, 0])).astype(float)


def categorical_log_prob(c: Any, raw: Any, x: Any) -> Any:
    """Return log p(x) of codes; raw are logits."""
    return log_softmax(raw)[np.arange(len(x)), x.astype(int)]


def categorical_draw(c: Any, raw: Any, u: Any) -> Any:
    """Return the code within whose share of [0, 1) u lies."""
    below = np.cumsum(np.exp(log_softmax(raw)), axis=1)[:, :-1]
    return (u[:, None] >= below).sum(1).astype(float)


def one_hot(c: Any, x: Any) -> Any:
    """Show the network a code one-hot."""
    return (x[:, None] == np.arange(c["n"])).astype(float)


def gaussian_scale(c: Any, z: Any) -> Any:
    """Return the standard deviation."""
    g = np.exp(np.clip(z, -30, 30)) if c.get("scale") == "exp" else softplus(z)
    return g + c["min_scale"]


def gaussian_log_prob(c: Any, raw: Any, x: Any) -> Any:
    """Return log p(x); raw are mean and scale."""
    s = gaussian_scale(c, raw[:, 1])
    return -(((x - raw[:, 0]) / s) ** 2) / 2 - np.log(s) - math.log(2 * math.pi) / 2


def gaussian_draw(c: Any, raw: Any, u: Any) -> Any:
    """Return the quantile of u."""
    q = np.vectorize(NormalDist().inv_cdf, otypes=[float])(np.clip(u, 2.0**-54, 1 - 2.0**-53))
    return raw[:, 0] + gaussian_scale(c, raw[:, 1]) * q


def components(c: Any, raw: Any) -> Any:
    """Return log weights, means and scales, each (n, k)."""
    n = c["n"]
    log_w = log_softmax(raw[:, :n])  # for n = 1 that is a mean, and log 1 = 0 all the same
    return log_w, raw[:, -2 * n : raw.shape[1] - n], softplus(raw[:, -n:]) + c["min_scale"]


def mixture_log_prob(c: Any, raw: Any, x: Any, log_f: Any) -> Any:
    """Return log sum_k w_k f((x - m_k) / s_k) / s_k."""
    log_w, m, s = components(c, raw)
    own = log_sum_exp(log_w + log_f((x[:, None] - m) / s) - np.log(s))
    r = c.get("reserve", 0.0)  # the share of Student's t with 2 degrees of freedom
    return np.logaddexp(own + math.log1p(-r), math.log(r) - 1.5 * np.log(2 + x * x)) if r else own


def mixture_draw(c: Any, raw: Any, u: Any, below: Any) -> Any:
    """Return the quantile of u, by bisection."""
    log_w, m, s = components(c, raw)
    r = c.get("reserve", 0.0)
    low = (m - 40 * s).min(1) - (1e8 if r else 0)
    high = (m + 40 * s).max(1) + (1e8 if r else 0)
    for _ in range(100):  # bisection
        x = (low + high) / 2
        mass = (np.exp(log_w) * below((x[:, None] - m) / s)).sum(1)
        mass = (1 - r) * mass + r * (1 + x / np.sqrt(2 + x * x)) / 2
        low, high = np.where(mass > u, low, x), np.where(mass > u, x, high)
    return high


def mixture_of_gaussians_log_prob(c: Any, raw: Any, x: Any) -> Any:
    """Return log p(x) of a mixture of normal densities."""
    return mixture_log_prob(c, raw, x, lambda z: -z * z / 2 - math.log(2 * math.pi) / 2)


def mixture_of_gaussians_draw(c: Any, raw: Any, u: Any) -> Any:
    """Return the quantile of u."""
    return mixture_draw(c, raw, u, normal_cdf)


def mixture_of_logistics_log_prob(c: Any, raw: Any, x: Any) -> Any:
    """Return log p(x) of a mixture of logistic densities."""
    return mixture_log_prob(c, raw, x, lambda z: -np.abs(z) - 2 * softplus(-np.abs(z)))


def mixture_of_logistics_draw(c: Any, raw: Any, u: Any) -> Any:
    """Return the quantile of u."""
    return mixture_draw(c, raw, u, sigmoid)


def levels(c: Any, raw: Any) -> Any:
    """Return log weights, and means and scales in levels, each (n, k)."""
    n = c["n"]
    half = (c["levels"] - 1) / 2
    m = half * (1 + raw[:, -2 * n : raw.shape[1] - n])
    return log_softmax(raw[:, :n]), m, half * softplus(raw[:, -n:]) + c["min_scale"]


def discretized_logistic_log_prob(c: Any, raw: Any, x: Any) -> Any:
    """Return log p(x) of levels: the mass of a bin, the outer ones open."""
    log_w, m, s = levels(c, raw)
    x = x[:, None]
    top = c["levels"] - 1
    upper = np.where(x < top, softplus(-(x + 0.5 - m) / s), 0)
    lower = np.where(x > 0, softplus((x - 0.5 - m) / s), 0)
    both = np.where((x > 0) & (x < top), np.log(-np.expm1(-1 / s)), 0)
    return log_sum_exp(log_w - upper - lower + both)


def discretized_logistic_draw(c: Any, raw: Any, u: Any) -> Any:
    """Return the least level with u below its CDF."""
    log_w, m, s = levels(c, raw)
    edges = np.arange(c["levels"] - 1) + 0.5
    below = (np.exp(log_w)[..., None] * sigmoid((edges - m[..., None]) / s[..., None])).sum(1)
    return (u[:, None] >= below).sum(1).astype(float)


def scaled(c: Any, x: Any) -> Any:
    """Show the network a level in [-1, 1]."""
    return (x * (2 / (c["levels"] - 1)) - 1)[:, None]


HEADS: dict[str, tuple[Any, Any, Any]] = {
    "bernoulli": (bernoulli_log_prob, bernoulli_draw, as_it_is),
    "categorical": (categorical_log_prob, categorical_draw, one_hot),
    "gaussian": (gaussian_log_prob, gaussian_draw, as_it_is),
    "mixture_of_gaussians": (mixture_of_gaussians_log_prob, mixture_of_gaussians_draw, as_it_is),
    "mixture_of_logistics": (mixture_of_logistics_log_prob, mixture_of_logistics_draw, as_it_is),
    "discretized_logistic": (discretized_logistic_log_prob, discretized_logistic_draw, scaled),
}
"""By the name of a distribution: how a value is scored, how a uniform number decides it, what the network sees."""

NEEDS: dict[str, tuple[Any, ...]] = {
    "bernoulli": (),
    "categorical": (log_softmax,),
    "gaussian": (gaussian_scale,),
    "mixture_of_gaussians": (log_softmax, log_sum_exp, normal_cdf, components, mixture_log_prob, mixture_draw),
    "mixture_of_logistics": (log_softmax, log_sum_exp, components, mixture_log_prob, mixture_draw),
    "discretized_logistic": (log_softmax, log_sum_exp, levels),
}
"""What these need besides."""

ACTIVATIONS = {
    "relu": "np.maximum(z, 0)",
    "tanh": "np.tanh(z)",
    "sigmoid": "sigmoid(z)",
    "softplus": "softplus(z)",
    "elu": "np.where(z > 0, z, np.expm1(np.minimum(z, 0)))",
    "leaky_relu": "np.where(z > 0, z, 0.01 * z)",
    "selu": "1.0507009873554805 * np.where(z > 0, z, 1.6732632423543772 * np.expm1(np.minimum(z, 0)))",
    "gelu": "z * normal_cdf(z)",
    "silu": "z * sigmoid(z)",
    "identity": "z",
}
"""Each activation as an expression of z."""
