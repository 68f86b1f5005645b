"""A product with few rows: every unit is the inner product of its wires with each of them.

A tile computes a register of rows at once, in which most lanes of such a batch stand for no row. Along the wires of a
unit, which lie side by side in theta, all lanes are of use. What is left is to read each weight once.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from made_np.backends._numba.compiling import index, inner, width

FEW = 3
"""Rows of a batch, at most: for more of them tiles are as fast."""


@inner
def product_few(theta: Any, at: Any, reach: Any, n: int, acts: Any, places: Any) -> None:
    """Compute (without a bias: add) a product with the n rows of the first panel; lanes of no row get the biases."""
    w = width(acts)
    (W, b, n_in) = at
    (source, target, _) = places
    row = np.empty(reach[-1] if len(reach) else 0, acts.dtype)
    for lane in range(n):
        for k in range(index(len(row))):
            row[k] = acts[index(source + lane) + k * index(w)]
        for r in range(len(reach)):
            place = index(target + r * w)
            if b >= 0 and lane == 0:
                for other in range(index(w)):
                    acts[place + other] = theta[index(b + r)]
            acts[place + index(lane)] += inner_product(theta, index(W + r * n_in), row, index(reach[r]))


@inner
def inner_product(theta: Any, at: Any, row: Any, n: Any) -> Any:
    """Return the sum of n products."""
    total = theta.dtype.type(0)
    for k in range(n):
        total += theta[at + k] * row[k]
    return total
