"""The parameters that training starts from: random weights whose signals keep their scale behind the masks."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from made_np.masks.sets import MaskSet
from made_np.network.network import Network
from made_np.typing import Array

SCHEMES = ("normal", "orthogonal")
"""How weights may be drawn."""


def draw_parameters(
    network: Network, rng: np.random.Generator, mask_set: MaskSet, dtype: np.dtype[Any], scheme: str = "normal"
) -> Array:
    """Return random parameters (P,): weights of variance g / fan-in, biases, direct and mask weights 0.

    They are independent normal numbers, or those of an `orthogonal` matrix (Saxe et al. 2014) of that scale. The
    fan-in is the mean number of live wires into a unit, so that signals keep their scale though half of the wires
    are cut; g is the activation's gain in hidden layers (2 for relu: He et al. 2015), 1 in the output layer (Glorot and
    Bengio 2010).
    """
    theta = np.zeros(network.layout.size, dtype=dtype)
    views = network.layout.views(theta)
    for layer, mask in enumerate(mask_set.masks):
        gain = network.act.gain if layer < network.depth else 1.0
        fan_in = max(mask.sum() / max(len(mask), 1), 1.0)
        weights: Array = rng.standard_normal(mask.shape, dtype=np.float32)
        if scheme == "orthogonal":
            weights = orthogonal(weights) * sqrt(max(mask.shape))
        weights *= sqrt(gain / fan_in)
        views[f"W{layer}"][:] = weights
    return theta


def orthogonal(normal: Array) -> Array:
    """Return the matrix (m, n) whose columns (rows, if m < n) are those of `normal`, made orthonormal one by one.

    Of independent normal numbers that is one drawn evenly from all such matrices, if the diagonal of R is positive in
    ``normal = Q R`` (Mezzadri 2007). Its entries have the mean 0 and the variance ``1 / max(m, n)``.

    Examples
    --------
    >>> orthogonal(np.array([[3.0, 1.0], [4.0, 1.0]])).round(3)
    array([[ 0.6,  0.8],
           [ 0.8, -0.6]])
    """
    tall = normal if len(normal) >= normal.shape[1] else normal.T
    q, r = np.linalg.qr(tall.astype(np.float64))
    q *= np.where(np.diag(r) < 0, -1.0, 1.0)
    return q if tall is normal else q.T
