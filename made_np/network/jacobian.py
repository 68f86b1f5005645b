"""How each raw output changes with each input unit: backpropagation down to the data, one output at a time.

Training never asks for the gradient of the data. It is asked for here, because it is the shortest proof that a network
is autoregressive: an entry is exactly 0 where no path of wires leads from the input to the output.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from made_np.layers import masked_linear, residual_add
from made_np.masks.sets import MaskSet
from made_np.network.mask_weights import fold
from made_np.network.network import Network
from made_np.typing import Array, Bools

AT_ONCE = 1 << 22
"""Numbers that a layer holds for the rows and outputs that are walked back together."""


def jacobian(network: Network, theta: Array, units: Array, mask_set: MaskSet) -> Array:
    """Return ``J[b, o, i] = d raw[b, o] / d units[b, i]``, shape (B, O, I + C).

    Parameters
    ----------
    network : Network
    theta : ndarray, shape (P,)
    units : ndarray, shape (B, I + C)
        Input units, as `Outputs.encode` makes them of rows and context.
    mask_set : MaskSet

    Notes
    -----
    Row o of the Jacobian is the gradient of ``raw[o]``: a backward pass that starts from the o-th unit vector. Many of
    them walk together, as if each were a row of a batch. Besides the result, memory holds about `AT_ONCE` numbers per
    layer, however many rows and outputs there are.
    """
    theta = fold(network, theta, mask_set)
    network = network.plain
    views = network.layout.views(theta)
    result = np.empty((len(units), network.outputs.n_raw, network.n_inputs), dtype=theta.dtype)
    seeds = np.eye(network.outputs.n_raw, dtype=theta.dtype)
    most = max(1, AT_ONCE // max(network.n_inputs, network.outputs.n_raw, *network.hidden, 1))
    n_rows = max(1, most // len(seeds))
    n_seeds = max(1, most // n_rows)
    for row in range(0, len(units), n_rows):
        trace = _forward(network, views, units[row : row + n_rows], mask_set)
        for first in range(0, len(seeds), n_seeds):
            part = _pulled_back(network, views, trace, seeds[first : first + n_seeds], mask_set)
            result[row : row + n_rows, first : first + n_seeds] = part
    return result


def _forward(network: Network, views: dict[str, Array], units: Array, mask_set: MaskSet) -> list[Array]:
    """Return each hidden layer's pre-activation."""
    x = units
    trace = []
    for layer in range(network.depth):
        z = masked_linear(x, views[f"W{layer}"], views[f"b{layer}"], mask_set.masks[layer])
        trace.append(z)
        skip = mask_set.skips[layer]
        h = network.act.forward(z)
        x = h if skip is None else residual_add(h, x, skip)
    return trace


def _pulled_back(
    network: Network, views: dict[str, Array], trace: Sequence[Array], seeds: Array, mask_set: MaskSet
) -> Array:
    """Return the rows (k, O) of `seeds` times the Jacobian of each row that left its `trace`, shape (b, k, I + C).

    Wires, and the skips among them, are read from the other end: their backward pass is the transposed map.
    """
    k = len(seeds)
    d_units = np.zeros((1, k, network.n_inputs), dtype=seeds.dtype)
    if mask_set.direct_wires is not None:
        wired = slice(None) if network.direct_units is None else network.direct_units
        d_units[0][:, wired] = _back_through(seeds, views["W_direct"], mask_set.direct_wires)
    if not network.depth:
        return d_units
    ds = np.tile(_back_through(seeds, views[network.output_weights], mask_set.masks[-1]), (len(trace[0]), 1))
    for layer in range(network.depth - 1, -1, -1):
        z = np.repeat(trace[layer], k, axis=0)
        dz = network.act.backward(ds, z)
        below = _back_through(dz, views[f"W{layer}"], mask_set.masks[layer])
        skip = mask_set.skips[layer]
        if skip is not None:
            below = residual_add(below, ds, skip)
        ds = below
    return ds.reshape(len(trace[0]), k, network.n_inputs) + d_units


def _back_through(dy: Array, W: Array, mask: Bools) -> Array:
    """Return ``dx = dy (W * mask)``."""
    return masked_linear(dy, W.T, None, mask.T)
