"""Paths: how one network with a home order answers about any set of known features.

A model that learns every order has as many answers to one question as there are orders. Here one *home* order is
chosen, and a question takes one of two ways (d stands for a feature, "before" for before it in home order):

- p(known) is the product of p(x_d | what is known before d): home, where the network is told less.
- p(rest given known) is the product of p(x_d | all that is known, and the rest before d): the *path* of what is known,
  where it is told more. A path is what is known first, then the rest, both in home order; one order for each set of
  known features, as Shih, Sadigh and Ermon (2022), arXiv 2205.13554, have it.

On a path all hidden units see what is known, and share out the rest as they share out all features at home, in the same
sequence. So a unit means about the same here and there, and the weights to what it sees more are those that home does
not use. Nothing on a path looks from what is known to what is known: p(known) is the first way's matter.

A model may have several homes. Each has its paths, and they are one mixture: p(known) is the mean over homes, and the
paths of what is known count by how likely their homes find it.
"""

from __future__ import annotations

import numpy as np

from made_np.typing import Bools, Ints

__all__ = ["degrees_of", "draw_known", "draw_told", "leads", "path_of"]

COMPLETE = 0.5
"""Share of the rows of a training step of which the network is told all that the masks let it see."""


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


def degrees_of(known: Bools, degrees: Ints) -> Ints:
    """Return the degrees on the path of what is known (D,), for units whose degrees at home are `degrees`.

    They run from the number of known features, at least 1, to D - 1, in the same sequence.

    Examples
    --------
    >>> degrees_of(np.array([True, True, False, False, False]), np.array([1, 2, 3, 4]))
    array([2, 2, 3, 4])
    """
    n_rest = int((~known).sum())
    return np.asarray(known.sum() + np.maximum(degrees - 1, 0) * n_rest // max(len(known) - 1, 1))


def draw_known(n_features: int, rng: np.random.Generator) -> Bools:
    """Return a random set of known features (D,): first how many, uniformly in 1..D-1, then which.

    So all sizes are drawn alike often. (Of all subsets nearly all are about half full.)
    """
    known = np.zeros(n_features, dtype=bool)
    known[rng.permutation(n_features)[: rng.integers(1, max(n_features, 2))]] = True
    return known


def draw_told(n: int, known: Bools, rng: np.random.Generator) -> Bools:
    """Return which features the network is told in each of n rows (n, D): all of half the rows, else some.

    What is `known` (D,) is always told. Of the others each row is told a random set, all sizes alike often.
    """
    told = rng.random((n, len(known))) < rng.random((n, 1))
    return np.asarray(told | known | (rng.random((n, 1)) < COMPLETE))
