"""The update rules of `made_np.optim`, one pass over a stretch of parameters each."""

from __future__ import annotations

from typing import Any

import numpy as np

from made_np.backends._numba.compiling import index, inner, kernel
from made_np.backends.rules import ADAGRAD, ADAM, NESTEROV, PLAIN


@inner
def update(rule: int, numbers: Any, theta: Any, g: Any, first: Any, second: Any, at: Any, g_at: Any, n: Any) -> None:
    """Do one step on n parameters from `at` on, in place; their gradients are in g from `g_at` on."""
    real = theta.dtype.type
    rate = real(numbers[0])
    a = real(numbers[1])
    b = real(numbers[2])
    c = real(numbers[3])
    d = real(numbers[4])
    if rule == ADAM:
        for i in range(n):
            m = first[at + i] + a * (g[g_at + i] - first[at + i])
            v = second[at + i] + b * (g[g_at + i] * g[g_at + i] - second[at + i])
            first[at + i] = m
            second[at + i] = v
            theta[at + i] -= rate * m / (c * np.sqrt(v) + d)
    elif rule == PLAIN:
        for i in range(n):
            first[at + i] = a * first[at + i] + g[g_at + i]
            theta[at + i] -= rate * first[at + i]
    elif rule == NESTEROV:
        for i in range(n):
            first[at + i] = a * first[at + i] + g[g_at + i]
            theta[at + i] -= rate * (g[g_at + i] + a * first[at + i])
    elif rule == ADAGRAD:
        for i in range(n):
            first[at + i] += g[g_at + i] * g[g_at + i]
            theta[at + i] -= rate * g[g_at + i] / np.sqrt(first[at + i] + a)
    else:
        for i in range(n):
            first[at + i] += a * (g[g_at + i] * g[g_at + i] - first[at + i])
            delta = np.sqrt((second[at + i] + b) / (first[at + i] + b)) * g[g_at + i]
            second[at + i] += a * (delta * delta - second[at + i])
            theta[at + i] -= rate * delta


@kernel
def update_all(
    theta: Any, grad: Any, rule: int, numbers: Any, first: Any, second: Any, decay: Any, decoupled: bool, spare: Any,
    part: int, parts: int,
) -> None:  # fmt: skip
    """Do one step on this part of theta; `spare` is memory for a stretch of the gradient, which decay changes."""
    size = len(theta)
    stretch = len(spare)
    end = (part + 1) * size // parts
    for at in range(part * size // parts, end, stretch):
        n = min(stretch, end - at)
        for i in range(index(n)):
            spare[i] = grad[index(at) + i]
        if len(decay):
            shrink(theta, spare, decay, decoupled, numbers[5], index(at), index(0), index(n))
        update(rule, numbers, theta, spare, first, second, index(at), index(0), index(n))


@inner
def shrink(theta: Any, g: Any, decay: Any, decoupled: bool, rate: float, at: Any, g_at: Any, n: Any) -> None:
    """Bring in weight decay: add its gradient to g, or (decoupled) shrink theta itself."""
    one = theta.dtype.type(1)
    rate = theta.dtype.type(rate)
    if decoupled:
        for i in range(n):
            theta[at + i] *= one - rate * decay[at + i]
    else:
        for i in range(n):
            g[g_at + i] += decay[at + i] * theta[at + i]
