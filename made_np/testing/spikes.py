"""Mass that lies between the nodes of a box, guessed from the logarithms at its nodes.

A narrow bell is a number like 1e-1000 at every node: beside other mass it is nothing, which no sum over nodes tells.
Its logarithm is a parabola there as elsewhere, which has its top where the bell is. Mixtures of bells of one width have
such a parabola about each; a narrow bell in a wide one has none at the nodes, and stays unseen.
"""

from __future__ import annotations

import numpy as np

from .compare import Bools, Floats

MISSED = 1.0
"""Nats that the top of a parabola is above every node, if it is to be missed by them."""
DEEPEST = 1e12
"""Nats; of larger numbers, rounding leaves nothing of the top."""
EDGE = 1 + 1e-6
"""A top on the edge of two boxes is in both, whatever rounding makes of it."""
ALIKE = 0.5
"""Nats that a fourth node, and a fifth, may be off the parabola through three."""


def hidden_mass(values: Floats, nodes: Floats, weights: Floats, axis: int, n_real: int) -> Floats:
    """(n,) logarithm of the mean density that lies in bells missed along one axis; minus infinity where there are none.

    Parameters
    ----------
    values : ndarray
        (n, nodes ** n_real) logarithms of the density, the last axis fastest.
    nodes, weights : ndarray
        Of Gauss-Legendre quadrature on [-1, 1]; the weights add up to 2.
    axis, n_real : int
        Along which of how many axes.

    Examples
    --------
    >>> nodes, weights = np.polynomial.legendre.leggauss(8)
    >>> bell = -0.5 * ((nodes - 0.05) / 1e-4) ** 2  # its mass is 1e-4 sqrt(2 pi), of a box of width 2
    >>> float(np.exp(hidden_mass(bell[None], nodes, weights, 0, 1))[0].round(9))
    0.000125331
    """
    n_nodes = len(nodes)
    lines = values.reshape(-1, *[n_nodes] * n_real)
    lines = np.moveaxis(lines, 1 + axis, -1).reshape(len(values), -1, n_nodes)
    share = weights / 2 if n_real == 2 else np.ones(1)
    with np.errstate(all="ignore"):
        top, curve, is_missed = _parabola(lines, nodes)
        mass = np.where(is_missed, top + 0.5 * np.log(np.pi / -curve) - np.log(2), -np.inf)
        largest = np.maximum(mass.max(axis=1, keepdims=True), -1e300)
        return np.asarray(np.log(np.sum(share * np.exp(mass - largest), axis=1)) + largest[:, 0])


def _parabola(lines: Floats, nodes: Floats) -> tuple[Floats, Floats, Bools]:
    """Of each line the top of the parabola through its highest node with both neighbours, half its second derivative,
    and whether it is a bell that all nodes miss."""
    n_nodes = len(nodes)
    m = np.clip(lines.argmax(axis=-1), 1, n_nodes - 2)

    def at(k: int) -> tuple[Floats, Floats]:
        place = np.clip(m + k, 0, n_nodes - 1)
        return nodes[place], np.take_along_axis(lines, place[..., None], axis=-1)[..., 0]

    t0, v0 = at(-1)
    t1, v1 = at(0)
    t2, v2 = at(1)
    slope = (v1 - v0) / (t1 - t0)
    curve = ((v2 - v1) / (t2 - t1) - slope) / (t2 - t0)
    peak = (t0 + t1) / 2 - slope / (2 * curve)
    top = v1 - curve * (t1 - peak) ** 2
    is_missed = (curve < 0) & (np.abs(peak) <= EDGE) & (top > lines.max(axis=-1) + MISSED) & (np.abs(v1) < DEEPEST)
    for k in (-2, 2):
        t, v = at(k)
        told = top + curve * (t - peak) ** 2
        is_missed &= np.abs(told - v) <= ALIKE
    return top, curve, is_missed & np.isfinite(top)
