"""Quantiles of a feature, many for each row at once, as near as somebody needs them.

`Distribution.inverse_cdf` halves a bracket down to the last bit, for each value by itself. Where many quantiles of one
distribution are asked for, each value that is tried tells its neighbours something too.
"""

from __future__ import annotations

import numpy as np

from made_np.distributions.distribution import Distribution
from made_np.normal import inverse_normal_cdf
from made_np.typing import Floats

__all__ = ["near_quantiles"]

TRIES = 8
"""After so many tries, what is still too far off is computed to the last bit."""


def near_quantiles(output: Distribution, raw: Floats, u: Floats, slack: Floats) -> Floats:
    """Return values below which about `u` of the mass lies, (n, Q).

    Parameters
    ----------
    output : Distribution
    raw : ndarray (n, K)
        Raw outputs of each row.
    u : ndarray (n, Q)
        Rising in each row.
    slack : ndarray (n, Q)
        How far the mass below each value may be from `u`.

    Notes
    -----
    Places where the density bends, and values that have been tried, with the mass below each, are nodes of a curve from
    the mass (on the scale of a standard normal) to the value. It is read at each u, and what it says is tried next: the
    curve soon bends as the distribution does. Where many have one value, the mass has two ends, and any u between them
    is met.

    Examples
    --------
    >>> from made_np import Gaussian
    >>> raw, u = np.array([[0.0, 0.5]]), np.linspace(0.01, 0.99, 99)[None]
    >>> x = near_quantiles(Gaussian(), raw, u, np.full(u.shape, 1e-4))
    >>> bool(np.abs(Gaussian().cdf_bounds(raw[:, None], x)[0] - u).max() < 1e-4)
    True
    """
    found = np.empty(u.shape, raw.dtype)
    if not len(u):
        return found
    nodes = output.knots(raw)
    low, high = output.cdf_bounds(raw[:, None], nodes)
    nodes, masses = _curve([nodes, nodes], [low, high])
    wanted = inverse_normal_cdf(u)
    left = np.arange(len(u))  # rows that are not near enough yet: what a row gets is up to itself
    for _ in range(TRIES):
        scale = inverse_normal_cdf(masses)
        x = np.stack([np.interp(*row) for row in zip(wanted[left], scale, nodes, strict=True)]).astype(raw.dtype)
        low, high = output.cdf_bounds(raw[left, None], x)
        off = (low > u[left] + slack[left]) | (high < u[left] - slack[left])
        found[left] = x
        is_off = off.any(axis=1)
        if not is_off.any():
            return found
        left = left[is_off]
        nodes, masses = _curve([nodes[is_off], x[is_off], x[is_off]], [masses[is_off], low[is_off], high[is_off]])
    rows, places = np.nonzero(off[is_off])
    rows = left[rows]
    found[rows, places] = output.inverse_cdf(raw[rows], u[rows, places])
    return found


def _curve(nodes: list[Floats], masses: list[Floats]) -> tuple[Floats, Floats]:
    """Return nodes and masses in their order: both rise together, so each may be sorted by itself."""
    return np.sort(np.concatenate(nodes, axis=1), axis=1), np.sort(np.concatenate(masses, axis=1), axis=1)
