"""What a column is, as formulas: its log-probability, its CDF, its inverse CDF.

Each takes the functions of a framework, the column, and its raw outputs (B, n_params).
"""

from __future__ import annotations

import math
from typing import Any

from .drawn import Column

LEAST = 1e-15
"""How near to 0 and 1 a uniform may come within a component."""
LOG_2PI = math.log(2 * math.pi)


def log_prob(ops: Any, column: Column, raw: Any, x: Any) -> Any:
    """(B,) in nats, for values (B,)."""
    if column.kind == "bernoulli":
        return x * raw[:, 0] - ops.softplus(raw[:, 0])
    if column.kind == "categorical":
        return ops.np.where(hot(ops, column, x), _log_shares(ops, raw), 0.0).sum(axis=1)
    means, scales = _moments(ops, column, raw)
    z = (x[:, None] - means) / scales
    nats = -0.5 * z * z - ops.np.log(scales) - 0.5 * LOG_2PI
    return nats[:, 0] if column.kind == "gaussian" else ops.logsumexp(nats + _log_shares(ops, raw[:, : column.size]))


def cdf(ops: Any, column: Column, raw: Any, x: Any) -> Any:
    """(2, B): the probability of less than x, and of up to x."""
    if column.kind in ("bernoulli", "categorical"):
        p = shares(ops, column, raw)
        is_it = hot(ops, column, x)
        up_to = ops.np.where(is_it, ops.np.cumsum(p, axis=1), 0.0).sum(axis=1)
        return ops.np.stack([up_to - ops.np.where(is_it, p, 0.0).sum(axis=1), up_to])
    means, scales = _moments(ops, column, raw)
    below = ops.normal_cdf((x[:, None] - means) / scales)
    found = below[:, 0] if column.kind == "gaussian" else (below * shares(ops, column, raw)).sum(axis=1)
    return ops.np.stack([found, found])


def inverse(ops: Any, column: Column, raw: Any, u: Any) -> Any:
    """(B,) the values that uniforms (B,) demand; a mixture takes its component by u, too."""
    if column.kind == "bernoulli":
        return ops.constant(1.0, u) * (u < ops.sigmoid(raw[:, 0]))
    if column.kind == "gaussian":
        means, scales = _moments(ops, column, raw)
        return means[:, 0] + scales[:, 0] * ops.normal_quantile(u)
    p = shares(ops, column, raw)
    edges = ops.np.cumsum(p, axis=1)
    place = (u[:, None] >= edges[:, :-1]).sum(axis=1)
    if column.kind == "categorical":
        return ops.constant(1.0, u) * place
    means, scales = _moments(ops, column, raw)
    chosen = place[:, None] == ops.constant(range(column.size), u)[None, :]
    within = ((u[:, None] - (edges - p)) / p).clip(LEAST, 1 - LEAST)
    return ops.np.where(chosen, means + scales * ops.normal_quantile(within), 0.0).sum(axis=1)


def shares(ops: Any, column: Column, raw: Any) -> Any:
    """(B, K) probabilities of the values, or of the components."""
    if column.kind == "bernoulli":
        p = ops.sigmoid(raw[:, 0])
        return ops.np.stack([1 - p, p], axis=1)
    return ops.np.exp(_log_shares(ops, raw[:, : column.size]))


def hot(ops: Any, column: Column, x: Any) -> Any:
    """(B, K) which value it is."""
    return x[:, None] == ops.constant(column.support, x)[None, :]


def _log_shares(ops: Any, logits: Any) -> Any:
    return logits - ops.logsumexp(logits)[:, None]


def _moments(ops: Any, column: Column, raw: Any) -> tuple[Any, Any]:
    """(B, K) means, and scales."""
    first = column.size if column.kind == "mixture" else 0
    size = column.size
    logs = raw[:, first + size :]
    scales = ops.np.exp(logs) if column.scale == "exp" else ops.softplus(logs) + 0.01
    return raw[:, first : first + size], scales
