"""Paths: for each set of known features the one order in which it leads.

A model that learns every order has many answers to one question, one per order. So a *home* order is chosen, and for a
set of known features there is one *path*: what is known first, then the rest, both in home order. Where the known
features lead in home order, the path is home itself. This is how Shih, Sadigh and Ermon (2022), arXiv 2205.13554, rid
any-order models of redundant orders.
"""

from __future__ import annotations

import numpy as np

from made_np.typing import Bools, Ints

__all__ = ["draw_known", "leads", "path_of"]


def leads(order: Ints, known: Bools) -> Bools:
    """Return whether all known features come before all gaps in `order`, for each row of `known` (..., D)."""
    in_order = known[..., order]
    return np.asarray((in_order[..., :-1] >= in_order[..., 1:]).all(axis=-1))


def path_of(home: Ints, known: Bools) -> Ints:
    """Return the known features (D,) in home order, then the rest in home order.

    Examples
    --------
    >>> path_of(np.array([2, 0, 3, 1]), np.array([True, True, False, False]))
    array([0, 1, 2, 3])
    """
    in_order = known[home]
    return np.concatenate([home[in_order], home[~in_order]])


def draw_known(n_features: int, rng: np.random.Generator) -> Bools:
    """Return a random set of known features (D,): first how many, uniformly in 1..D-1, then which.

    So all sizes are drawn alike often. (Of all subsets nearly all are about half full.)
    """
    known = np.zeros(n_features, dtype=bool)
    known[rng.permutation(n_features)[: rng.integers(1, max(n_features, 2))]] = True
    return known
