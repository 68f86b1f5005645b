"""Whether a drawn network is a density to compute with: rows of a moderate size, no wire that is dead everywhere."""

from __future__ import annotations

import numpy as np

from .arrays import InNumpy
from .density import Density
from .drawn import Array, Drawn

LARGEST = 100.0
"""A scale that is exp of what was drawn before may carry rows beyond all numbers."""
ROWS = 2000
WIDE = 20.0
"""Half of the points are so many times as far out."""


def is_living(net: Drawn) -> bool:
    """Whether its own rows stay moderate, and everything that it may hear is heard somewhere."""
    density = Density(net, InNumpy)
    weights = list(net.weights.values())
    rng = np.random.default_rng([net.seed, 7])
    with np.errstate(all="ignore"):
        rows = density.sample(weights, rng.random((10 * ROWS, net.n_features)))
        if not np.abs(rows).max() < LARGEST:
            return False
        return _inputs_are_heard(density, weights, rng) and _context_is_heard(density, weights, rng)


def _points(net: Drawn, rng: np.random.Generator) -> tuple[Array, Array]:
    """Rows that may occur, with contexts."""
    x = np.stack([column.rows(ROWS, rng) for column in net.columns], axis=1)
    context = rng.standard_normal((ROWS, len(net.context)))
    far = np.arange(ROWS) % 2 == 0
    real = np.array([column.kind in ("gaussian", "mixture") for column in net.columns])
    x[np.ix_(far, real)] *= WIDE
    context[far] *= WIDE
    return x, context


def _inputs_are_heard(density: Density, weights: list[Array], rng: np.random.Generator) -> bool:
    """Whether each feature but the last, if it has two values, changes an output."""
    net = density.net
    x, _ = _points(net, rng)
    before = density.params(weights, x)
    for d in net.order[:-1]:
        moved = x.copy()
        moved[:, d] = rng.permutation(x[:, d])
        is_one = net.columns[d].kind == "categorical" and net.columns[d].size == 1
        if not is_one and (density.params(weights, moved) == before).all():
            return False
    return True


def _context_is_heard(density: Density, weights: list[Array], rng: np.random.Generator) -> bool:
    """Whether each context input changes an output, and each feature hears some."""
    net = density.net
    x, context = _points(net, rng)
    before = density.params(weights, x, context)
    heard = np.zeros((before.shape[1], len(net.context)), dtype=bool)
    for c in range(len(net.context)):
        moved = context.copy()
        moved[:, c] = rng.permutation(context[:, c])
        heard[:, c] = (density.params(weights, x, moved) != before).any(axis=0)
    features = [heard[net.owner == d].any() for d in range(net.n_features)]
    return not len(net.context) or bool(heard.any(axis=0).all() and all(features))
