"""A Chow-Liu tree (1968): the simplest model that sees dependencies, as a fixed point beside the results."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def chow_liu_nll(train: Array, rows: Array) -> Array:
    """Return -log p of each row (nats) under the tree of most mutual information, one pseudo-count in each cell."""
    counts = pair_counts(train) + 1.0
    joint = counts / counts.sum(axis=(2, 3), keepdims=True)  # (D, D, 2, 2)
    single = joint.sum(axis=3)
    information = (joint * np.log(joint / (single[..., None] * joint.sum(axis=2)[:, :, None]))).sum(axis=(2, 3))
    parent = spanning_tree(information)
    x = rows.astype(np.int64)
    nll = np.zeros(len(rows))
    for child, above in enumerate(parent):
        if above < 0:
            p = (train[:, child].sum() + 2.0) / (len(train) + 4.0)
            nll -= np.log(np.where(x[:, child] == 1, p, 1 - p))
        else:
            given = joint[above, child] / joint[above, child].sum(axis=1, keepdims=True)
            nll -= np.log(given[x[:, above], x[:, child]])
    return nll


def pair_counts(rows: Array) -> Array:
    """Return how often columns i, j hold values a, b: (D, D, 2, 2)."""
    ones = rows.astype(np.float64)
    both = ones.T @ ones
    one = ones.sum(axis=0)
    first = one[:, None] - both
    second = one[None, :] - both
    neither = len(rows) - both - first - second
    return np.stack([np.stack([neither, second], axis=-1), np.stack([first, both], axis=-1)], axis=-2)


def spanning_tree(weight: Array) -> list[int]:
    """Return each node's parent in the tree of most weight, -1 for node 0 (Prim 1957)."""
    n = len(weight)
    parent = [-1] * n
    best = np.full(n, -np.inf)
    outside = np.ones(n, dtype=bool)
    node = 0
    for _ in range(n):
        outside[node] = False
        nearer = outside & (weight[node] > best)
        best[nearer] = weight[node][nearer]
        for other in np.flatnonzero(nearer):
            parent[other] = node
        node = int(np.where(outside, best, -np.inf).argmax())
    return parent
