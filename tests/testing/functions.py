"""A smooth function with its gradient, to plant faults in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from made_np.testing.compare import Floats

RNG = np.random.default_rng(0)
X = RNG.standard_normal(12) + np.sign(RNG.standard_normal(12))
A = RNG.standard_normal((12, 12))


def smooth(x: Any) -> Any:
    """A function that takes complex numbers too."""
    return np.sum(np.sin(A @ x)) + x @ x


def slope(x: Floats) -> Floats:
    return np.asarray(A.T @ np.cos(A @ x) + 2 * x)


def off(by: Callable[[Floats], Any]) -> Callable[[Floats], Any]:
    """A gradient with a fault."""
    return lambda x: by(slope(x))


def one_changed(k: int, change: Callable[[float], float]) -> Callable[[Floats], Any]:
    def fault(g: Floats) -> Floats:
        g = g.copy()
        g[k] = change(g[k])
        return g

    return off(fault)
