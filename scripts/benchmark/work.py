"""How much work a call cannot avoid: live multiply-adds, bytes.

Live: on the mask. Half of all weights of a MADE are not, and whoever multiplies them does so for nothing; that work is
not counted, neither to a contender's credit nor in the floor.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from made_np import MADE

FLOAT = 4
"""Bytes of a float32."""


class Work(NamedTuple):
    """Of one call."""

    flops: float
    """Live multiply-adds, each counted as two."""
    bytes: float
    """Live parameters and rows that must be read or written, each the fewest times possible."""


def live_weights(made: MADE) -> dict[str, float]:
    """Return how many entries of each weight matrix are on the mask, on average over the mask sets."""
    totals: dict[str, float] = {}
    for mask_set in made.mask_sets:
        masks = {f"W{layer}": mask for layer, mask in enumerate(mask_set.masks)}
        if mask_set.direct is not None:
            masks["W_direct"] = mask_set.direct
        for name, mask in masks.items():
            totals[name] = totals.get(name, 0) + np.count_nonzero(mask) / len(made.mask_sets)
    return totals


def live_parameters(made: MADE) -> float:
    """Return how many entries of theta have any influence: weights on the mask, and biases."""
    n_biases = sum(shape[0] for shape in made.layout.shapes if len(shape) == 1)
    return sum(live_weights(made).values()) + n_biases


def step_work(made: MADE, batch_size: int) -> Work:
    """Return the work of a training step with Adam.

    Three products per layer: forward, dW and dx; the inputs need no dx, so two for what is wired to them. In memory,
    theta and both moments are read and written once, the gradient is touched once.
    """
    products = {name: 2 if name in ("W0", "W_direct") else 3 for name in live_weights(made)}
    flops = sum(2 * batch_size * live * products[name] for name, live in live_weights(made).items())
    return Work(flops, (2 + 2 + 2 + 1) * FLOAT * live_parameters(made))


def forward_work(made: MADE, n_rows: int) -> Work:
    """Return the work of scoring or drawing `n_rows`: every live weight once per row; theta and the rows once."""
    flops = 2 * n_rows * sum(live_weights(made).values())
    return Work(flops, FLOAT * (live_parameters(made) + n_rows * made.n_features))
