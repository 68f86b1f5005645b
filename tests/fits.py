"""Rows that fits learn from, and what makes two fits the same."""

from __future__ import annotations

import numpy as np

from made_np.training.fit import FitResult
from made_np.typing import Array


def bits(n: int, d: int = 4, seed: int = 0) -> Array:
    """Rows of 0 and 1 in which each column mostly repeats the one before."""
    rng = np.random.default_rng(seed)
    flip = rng.random((n, d)) < 0.2
    return (np.cumsum(flip, axis=1) % 2).astype("uint8")


def assert_same(a: FitResult, b: FitResult) -> None:
    """Equal bits and equal histories, wall-clock time apart."""
    np.testing.assert_array_equal(a.theta, b.theta)
    for name in ("epoch", "train", "valid", "learning_rate"):
        np.testing.assert_array_equal(a.history[name], b.history[name])
