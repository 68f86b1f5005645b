"""The reference backend: the network's forward and backward pass, composed of `layers` and `outputs`.

It holds no formula of its own. Read `loss_and_grad` for how the pieces make up backpropagation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from made_np.backends._numpy.sampling import ancestral as sample
from made_np.layers import (
    dropout,
    dropout_backward,
    masked_linear,
    masked_linear_backward,
    residual_add,
    residual_add_backward,
)
from made_np.masks.sets import MaskSet, Panels
from made_np.network.network import Network
from made_np.optim import Optimizer, State
from made_np.typing import Array, Bools

__all__ = ["loss_and_grad", "nll", "params", "row_nll", "sample", "train_step"]


class Trace(NamedTuple):
    """What the forward pass leaves for the backward pass."""

    inputs: list[Array]
    """What each layer was given: the encoded x, then each hidden layer's result. The last feeds the output layer."""
    activated: list[Array]
    """Each hidden layer's activation, before dropout and the residual add."""
    raw: Array
    """The output layer's result (B, O)."""


def forward(
    network: Network,
    views: dict[str, Array],
    encoded: Array,
    mask_set: MaskSet,
    keeps: Sequence[Array | None] | None = None,
) -> Trace:
    """Run encoded inputs (B, I + C) through the network, with optional dropout masks `keeps` (see `loss_and_grad`)."""
    thin, *thin_hidden = network.keeps(keeps)
    encoded = _drop(encoded, thin)
    inputs = [encoded]
    activated = []
    for layer in range(network.depth):
        below = inputs[-1]
        z = _product(below, views[f"W{layer}"], views[f"b{layer}"], mask_set.masks[layer], mask_set.panels[layer])
        y = network.act.forward(z, out=z)
        activated.append(y)
        h = _drop(y, thin_hidden[layer])
        skip = mask_set.skips[layer]
        inputs.append(h if skip is None else residual_add(h, below, skip))
    bias = views[network.output_bias]
    if network.depth:
        W = views[f"W{network.depth}"]
        panels = mask_set.panels[network.depth]
        raw = _product(inputs[-1], W, bias, mask_set.masks[-1], panels)
    else:
        raw = np.tile(bias, (len(encoded), 1))
    if mask_set.direct is not None:
        raw += _product(encoded, views["W_direct"], None, mask_set.direct, mask_set.panels[-1])
    return Trace(inputs, activated, raw)


def backward(
    network: Network,
    views: dict[str, Array],
    trace: Trace,
    draw: Array,
    mask_set: MaskSet,
    dviews: dict[str, Array],
    keeps: Sequence[Array | None] | None = None,
    dencoded: Array | None = None,
) -> None:
    """Walk the network from its output to its input, and write the gradient of every parameter to `dviews`.

    `dencoded` (B, I + C), if given, is overwritten with the gradient of the encoded inputs.
    """
    encoded = trace.inputs[0]
    (thin, *thin_hidden) = network.keeps(keeps)
    direct = None if dencoded is None else np.zeros_like(dencoded)
    if mask_set.direct is not None:
        W = views["W_direct"]
        dW = dviews["W_direct"]
        _product_backward(draw, encoded, W, mask_set.direct, mask_set.panels[-1], dW=dW, dx=direct)
    if network.depth:
        _backward_hidden(network, views, trace, draw, mask_set, dviews, thin_hidden, dencoded)
    else:
        np.sum(draw, axis=0, out=dviews[network.output_bias])
        if dencoded is not None:
            dencoded[:] = 0
    if dencoded is not None:
        dencoded += direct
        dencoded[:] = _drop_backward(dencoded, thin)


def _backward_hidden(
    network: Network,
    views: dict[str, Array],
    trace: Trace,
    draw: Array,
    mask_set: MaskSet,
    dviews: dict[str, Array],
    thin_hidden: Sequence[Array | None],
    dencoded: Array | None,
) -> None:
    dy = ds = draw
    for layer in range(network.depth, -1, -1):
        x = trace.inputs[layer]
        dx = np.empty_like(x) if layer else dencoded
        W = views[f"W{layer}"]
        dW = dviews[f"W{layer}"]
        db = dviews[f"b{layer}"]
        _product_backward(dy, x, W, mask_set.masks[layer], mask_set.panels[layer], dW=dW, db=db, dx=dx)
        if layer == 0 or dx is None:
            return
        skip = mask_set.skips[layer] if layer < network.depth else None
        if skip is not None:
            dx += residual_add_backward(ds, skip)
        # ds: the gradient of what left hidden layer `layer - 1`, complete now with the share of the skip above it.
        ds = dx
        dh = _drop_backward(ds, thin_hidden[layer - 1])
        dy = network.act.backward(dh, trace.activated[layer - 1])


def _drop(x: Array, keep: Array | None) -> Array:
    return x if keep is None else dropout(x, keep)


def _drop_backward(dy: Array, keep: Array | None) -> Array:
    return dy if keep is None else dropout_backward(dy, keep)


def _product(x: Array, W: Array, b: Array | None, mask: Bools, panels: Panels) -> Array:
    """Do `masked_linear` in panels: a few rows of W at a time, and of its columns those that they see."""
    y = np.empty((len(x), len(W)), dtype=np.result_type(x, W))
    for rows, stop in panels:
        own = None if b is None else b[rows]
        y[:, rows] = masked_linear(x[:, :stop], W[rows, :stop], own, mask[rows, :stop])
    return y


def _product_backward(
    dy: Array,
    x: Array,
    W: Array,
    mask: Bools,
    panels: Panels,
    *,
    dW: Array,
    db: Array | None = None,
    dx: Array | None = None,
) -> None:
    """Do `masked_linear_backward` in the same panels; a column that no row of a panel sees gets nothing from it."""
    if dx is not None:
        dx[:] = 0
    for rows, stop in panels:
        dy_own = dy[:, rows]
        dx_own = None if dx is None else np.empty_like(dx[:, :stop])
        db_own = None if db is None else db[rows]
        masked_linear_backward(
            dy_own, x[:, :stop], W[rows, :stop], mask[rows, :stop], dW=dW[rows, :stop], db=db_own, dx=dx_own
        )
        dW[rows, stop:] = 0
        if dx is not None:
            dx[:, :stop] += dx_own


def params(network: Network, theta: Array, x: Array, context: Array | None, mask_set: MaskSet) -> Array:
    """Return the raw outputs (B, O) for rows `x` (B, D)."""
    encoded = network.outputs.encode(x, context)
    return forward(network, network.layout.views(theta), encoded, mask_set).raw


def nll(network: Network, theta: Array, x: Array, context: Array | None, mask_set: MaskSet) -> Array:
    """Return -log p(x_d | x before d) of each value, in nats, shape (B, D)."""
    return network.outputs.nll(params(network, theta, x, context, mask_set), x)


def row_nll(
    network: Network,
    theta: Array,
    x: Array,
    context: Array | None,
    mask_set: MaskSet,
    keeps: Sequence[Array | None] | None = None,
) -> Array:
    """Return -log p(x) of each row, in nats, shape (B,), added up in float64."""
    encoded = network.outputs.encode(x, context)
    raw = forward(network, network.layout.views(theta), encoded, mask_set, keeps).raw
    return _sum_features(network.outputs.nll(raw, x))


def loss_and_grad(
    network: Network,
    theta: Array,
    x: Array,
    context: Array | None,
    mask_set: MaskSet,
    grad: Array,
    keeps: Sequence[Array | None] | None = None,
    row_weights: Array | None = None,
) -> Array:
    """Return the nll of each row in nats, shape (B,), and overwrite `grad` with the gradient of its weighted sum.

    Parameters
    ----------
    keeps : sequence of ndarray (B, H_l) or None, optional
        Dropout masks, one per hidden layer; before them, if inputs are dropped, theirs (B, I + C). None: drop nothing.
    row_weights : ndarray, shape (B,), optional
        What each row's nll counts in the loss; 1/B (the mean) by default.
    """
    views = network.layout.views(theta)
    dviews = network.layout.views(grad)
    trace = forward(network, views, network.outputs.encode(x, context), mask_set, keeps)
    nll, draw = network.outputs.nll_and_grad(trace.raw, x)
    if row_weights is None:
        draw *= draw.real.dtype.type(1 / max(len(x), 1))
    else:
        draw *= row_weights[:, None]
    backward(network, views, trace, draw, mask_set, dviews, keeps)
    return _sum_features(nll)


def train_step(
    network: Network,
    theta: Array,
    x: Array,
    context: Array | None,
    mask_set: MaskSet,
    grad: Array,
    optimizer: Optimizer,
    state: State,
    learning_rate: float,
    decay: Array | None = None,
    keeps: Sequence[Array | None] | None = None,
    *,
    only_live: bool = False,
) -> Array:
    """Update theta in place by one step on these rows; return the nll (B,) that they had before it.

    Parameters
    ----------
    grad : ndarray, shape (P,)
        Memory for the gradient; what it holds afterwards is up to the backend.
    optimizer, state, learning_rate, decay
        As `Optimizer.step` takes them.
    only_live : bool
        Every step is made with this mask set, so weights off its masks may be left as they are.
    """
    nll = loss_and_grad(network, theta, x, context, mask_set, grad, keeps)
    optimizer.step(theta, grad, state, learning_rate, decay)
    return nll


def _sum_features(nll: Array) -> Array:
    """Add up over features, in double precision: 4096 float32 terms would lose digits."""
    return np.asarray(nll.sum(axis=1, dtype=np.result_type(nll.dtype, np.float64)))
