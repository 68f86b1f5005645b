"""Noise on rows: what a network is shown of them, while it is asked for the rows as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from made_np.distributions.together import Outputs
from made_np.typing import Array
from made_np.values import as_number

MOST = 1e30
"""A larger standard deviation would leave the numbers of float32."""


def as_noise(noise: Any, outputs: Outputs) -> float:
    """Return `noise`, or raise unless all features have some of this size."""
    amount = as_number(noise, "noise", f"[0, {MOST:g}]")
    for feature, output in enumerate(outputs.feature_outputs):
        if output.is_real or not amount:
            continue
        kind = f"feature {feature} has {type(output).__name__} values, {output.support}"
        if output.n_values is None:
            raise ValueError(f"noise={amount:g}: {kind}, of which no other one can be drawn: leave noise at 0")
        if amount > 1:
            raise ValueError(f"noise={amount:g}: {kind}, and noise is the share of them that is changed: give 0..1")
    return amount


def spoil(outputs: Outputs, x: Array, noise: float, rng: np.random.Generator) -> Array:
    """Return rows `x` (n, D) with noise, of the same dtype.

    A real number gets a normal one added, of standard deviation `noise`. Of values that can be listed, the share
    `noise` is replaced, each by another one: a bit is flipped.

    Examples
    --------
    >>> bits = np.zeros((1, 10))
    >>> spoil(Outputs.of("bernoulli", 10), bits, 0.3, np.random.default_rng(0))
    array([[0., 1., 1., 1., 0., 0., 0., 0., 0., 0.]])
    """
    spoilt = x.copy()
    for group in outputs.groups:
        own = x[:, group.features]
        if group.output.is_real:
            spoilt[:, group.features] = own + noise * rng.standard_normal(own.shape)
        elif noise:
            values = group.output.values(group.output.n_values or 0)
            n_others = len(values) - 1
            step = rng.integers(1, max(n_others, 1) + 1, own.shape)  # around the circle of values, never all the way
            other = values[(np.searchsorted(values, own) + step) % len(values)]
            spoilt[:, group.features] = np.where(rng.random(own.shape) < noise, other, own)
    return spoilt


@dataclass(frozen=True)
class NoisyOutputs(Outputs):
    """Outputs that show a network each row with fresh noise; what they score is the row as it is."""

    noise: float = 0.0
    rng: np.random.Generator | None = None

    def encode(self, x: Array, context: Array | None = None) -> Array:
        """Return what the network sees of rows `x` (B, D), spoilt."""
        if self.noise and self.rng is not None:
            x = spoil(self, x, self.noise, self.rng)
        return super().encode(x, context)
