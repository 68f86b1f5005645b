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
SIDE_BY_SIDE = 4
"""Units whose sums are taken together, over what all of them see."""


@inner
def product_few(theta: Any, at: Any, reach: Any, n: int, acts: Any, places: Any) -> None:
    """Compute (without a bias: add) a product with the n rows of the first panel; lanes of no row get the biases."""
    w = width(acts)
    (W, b, n_in) = at
    (source, target, _) = places
    row = np.empty(reach[-1] if len(reach) else 0, acts.dtype)
    for r in range(len(reach) if b >= 0 else 0):
        for lane in range(index(w)):
            acts[index(target + r * w) + lane] = theta[index(b + r)]
    for lane in range(n):
        for k in range(index(len(row))):
            row[k] = acts[index(source + lane) + k * index(w)]
        whole = len(reach) // SIDE_BY_SIDE * SIDE_BY_SIDE
        for r in range(0, whole, SIDE_BY_SIDE):
            sums = four_products(theta, index(W + r * n_in), index(n_in), row, index(reach[r]))
            for j in range(SIDE_BY_SIDE):
                rest = inner_product(theta, index(W + (r + j) * n_in), row, index(reach[r]), index(reach[r + j]))
                acts[index(target + (r + j) * w + lane)] += sums[j] + rest
        for r in range(whole, len(reach)):
            place = index(target + r * w + lane)
            acts[place] += inner_product(theta, index(W + r * n_in), row, index(0), index(reach[r]))


@inner
def four_products(theta: Any, at: Any, n_in: Any, row: Any, n: Any) -> Any:
    """Return the sums of n products of four units; those that fill no register take turns with one another."""
    zero = theta.dtype.type(0)
    a = b = c = d = zero
    for k in range(n):
        x = row[k]
        a += theta[at + k] * x
        b += theta[at + n_in + k] * x
        c += theta[at + n_in + n_in + k] * x
        d += theta[at + n_in + n_in + n_in + k] * x
    return a, b, c, d


@inner
def inner_product(theta: Any, at: Any, row: Any, first: Any, n: Any) -> Any:
    """Return the sum of the products from the first on."""
    total = theta.dtype.type(0)
    for k in range(first, n):
        total += theta[at + k] * row[k]
    return total
