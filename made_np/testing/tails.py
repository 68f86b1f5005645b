"""Rows of a model that lie in its tails more often than it draws them, each with the weight that makes up for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .answers import as_answer
from .compare import Floats

DECADES = 12.0
"""Uniforms come as near to 0 and 1 as 1e-12."""


def stretched(n: int, n_features: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """(n, D) uniforms of which a half is spread evenly over the decades next to 0 and to 1; (n,) weights 1 / q(u).

    Examples
    --------
    >>> u, weights = stretched(100_000, 1, np.random.default_rng(0))
    >>> float(np.mean(weights).round(2)), float((np.mean(weights * (u[:, 0] < 1e-6)) * 1e6).round(1))
    (1.0, 1.0)
    """
    u = rng.random((n, n_features))
    near = 10.0 ** (-DECADES * rng.random((n, n_features)))
    kind = rng.integers(4, size=(n, n_features))
    u = np.where(kind == 0, near, np.where(kind == 1, 1 - near, u)).clip(1e-15, 1 - 1e-15)
    span = DECADES * np.log(10)
    least = 10.0**-DECADES
    q = 0.5 + 0.25 / span * ((u >= least) / u + (1 - u >= least) / (1 - u))
    return u, np.asarray(np.prod(1 / q, axis=1))


def weighed_rows(
    sample: Callable[[Floats], Any] | None, draw: Callable[[int], Any] | None, n: int, n_features: int, seed: int
) -> tuple[Floats, Floats]:
    """Rows (n, D) of a sampler with their weights (n,), which are 1 where it takes no uniforms."""
    if sample is None:
        assert draw is not None
        return as_answer(draw(n), "draw(n)", (n, n_features)).astype(np.float64), np.ones(n)
    u, weights = stretched(n, n_features, np.random.default_rng(seed))
    return as_answer(sample(u), "sample(u)", (n, n_features)).astype(np.float64), weights
