"""A conditional distribution of counts without an upper end: failures before a success."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from made_np.distributions.distribution import Distribution
from made_np.layers import sigmoid, softplus
from made_np.typing import Array


@dataclass(frozen=True)
class Geometric(Distribution):
    """Counts 0, 1, 2, ...: ``p(k) = (1 - p)^k p`` with ``p = sigmoid(z)``, z the single raw output.

    Examples
    --------
    >>> Geometric().nll(np.zeros((3, 1)), np.arange(3.0)) / np.log(2)
    array([1., 2., 3.])
    """

    n_raw = 1
    support = "an integer of at least 0"

    def nll_and_grad(self, raw: Array, x: Array) -> tuple[Array, Array]:
        """Return ``k softplus(z) + softplus(-z)``, and its gradient ``k sigmoid(z) - sigmoid(-z)``.

        Notes
        -----
        -log(1 - p) = -log sigmoid(-z) = softplus(z), and -log p = softplus(-z); the slope of softplus is the sigmoid.
        """
        z = raw[..., 0]
        return x * softplus(z) + softplus(-z), (x * sigmoid(z) - sigmoid(-z))[..., None]

    def inverse_cdf(self, raw: Array, u: Array) -> Array:
        """Return the smallest k with ``u < P(X <= k) = 1 - (1 - p)^(k + 1)``: ``floor(log(1 - u) / log(1 - p))``."""
        return np.floor(np.log1p(-u) / -softplus(raw[..., 0].astype(np.float64))).astype(raw.dtype)

    def mean(self, raw: Array) -> Array:
        """Return ``(1 - p) / p = e^-z``."""
        return np.exp(-raw[..., 0])

    def marginal(self, x: Array) -> Array:
        """Return the z of the mean, half a count more than it was."""
        return np.array([-np.log(float(x.mean()) + 0.5 / len(x))])

    def invalid(self, x: Array) -> Array:
        """Return True where x is no count."""
        return ~((x >= 0) & (x == np.floor(x)))
