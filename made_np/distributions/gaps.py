"""Values that the network is not told: a NaN, which costs nothing, is seen as zeros, whatever the distribution.

No distribution is asked about NaN, so none has to know of it: a legal value of the same columns stands in for it, and
what is said of that is put aside.
"""

from __future__ import annotations

import numpy as np

from made_np.distributions.distribution import Distribution
from made_np.typing import Array, Bools

__all__ = ["encode", "nll", "nll_and_grad"]


def encode(output: Distribution, x: Array) -> Array:
    """Return what the network sees of values `x` (...), shape (..., n_inputs): zeros where `x` is NaN.

    Examples
    --------
    >>> from made_np.distributions.plain import Categorical
    >>> encode(Categorical(3), np.array([1.0, np.nan]))
    array([[0., 1., 0.],
           [0., 0., 0.]])
    """
    gaps = np.isnan(x)
    if not gaps.any():
        return output.encode(x)
    if gaps.all():
        return np.zeros((*x.shape, output.n_inputs), dtype=x.dtype)
    return np.where(gaps[..., None], 0, output.encode(_filled(x, gaps)))


def nll(output: Distribution, raw: Array, x: Array) -> Array:
    """Return -log p of values `x` (...) in nats, shape (...): 0 where `x` is NaN."""
    gaps = np.isnan(x)
    if not gaps.any():
        return output.nll(raw, x)
    if gaps.all():
        return np.zeros(x.shape, dtype=raw.dtype)
    return np.where(gaps, 0, output.nll(raw, _filled(x, gaps)))


def nll_and_grad(output: Distribution, raw: Array, x: Array) -> tuple[Array, Array]:
    """Return `nll`, and its gradient ``d_raw`` with the shape of `raw`: 0 where `x` is NaN.

    Notes
    -----
    What is not told costs 0 whatever the raw outputs are, so its slope in them is 0 as well.
    """
    gaps = np.isnan(x)
    if not gaps.any():
        return output.nll_and_grad(raw, x)
    if gaps.all():
        return np.zeros(x.shape, dtype=raw.dtype), np.zeros_like(raw)
    each, d_raw = output.nll_and_grad(raw, _filled(x, gaps))
    return np.where(gaps, 0, each), np.where(gaps[..., None], 0, d_raw)


def _filled(x: Array, gaps: Bools) -> Array:
    """Return `x` with the first value that is known at every gap."""
    return np.where(gaps, x[~gaps][0], x)
