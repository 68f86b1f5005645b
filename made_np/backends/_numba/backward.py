"""The backward pass over panels of rows: from the gradient of the raw outputs down to that of every hidden layer.

Each thread takes the panels that it took forward. What the weights need of a batch is left behind for `weights`, where
all rows meet: the gradient of each layer's z in `dacts`, and each layer's result in strips.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from made_np.backends._numba.compiling import index, inner, kernel, width
from made_np.backends._numba.elementary import exp, gelu_slope, sigmoid
from made_np.backends._numba.forward import drop
from made_np.backends._numba.losses import add_up
from made_np.backends._numba.tile import ROWS, add, half_add
from made_np.backends.tables import ELU, GELU, IDENTITY, LEAKY_RELU, RELU, SELU, SIGMOID, SILU, TANH
from made_np.layers import LEAK, SELU_ALPHA, SELU_SCALE

PACK = 8 * ROWS
"""Columns of W that are copied at once, so that tiles read them one row of the tile after the other."""
DEPTH = 128
"""Rows of W that are copied at once: they stay in the cache while every panel uses them."""


@kernel
def backward(
    theta: Any, n: int, keeps: Any, keep_at: Any, tables: Any, acts: Any, plain: Any, dacts: Any, nll: Any,
    weights: Any, row_nll: Any, strip: Any, pack: Any, top: int, bottom: int, begin: int, end: int,
) -> None:  # fmt: skip
    """Turn the gradient of the raw outputs in `dacts` into that of every hidden layer's z, for panels begin..end-1.

    It goes from layer `top` down to layer `bottom`, from the raw outputs to 0 if at once.

    Parameters
    ----------
    n : int
        Rows of the batch, B.
    keeps, keep_at
        As `forward` had them.
    nll : (panels * D * width,)
        What the losses wrote.
    weights : (B,) or empty
        What each row counts in the loss; 1/B if empty.
    row_nll : (B,) float64
        Overwritten.
    strip : (B * (units below the output, each layer's rounded up to whole strips),)
        Overwritten with each layer's result, for the gradient of the weights.
    pack : (DEPTH * PACK,) or more
        Memory to work in.
    """
    starts = tables.starts
    widths = tables.widths
    products = tables.products
    w = width(dacts)
    last = len(widths) - 1
    size = starts[-1] * w
    for panel in range(begin, end if top == last else begin):
        add_up(nll, len(tables.features), panel, min(w, n - panel * w), row_nll)
        weigh(dacts, panel * size + starts[last] * w, widths[last], weights, panel * w, n)
        take_strips(tables, n, acts, strip, panel)
    for layer in range(top - 1, bottom - 1, -1):
        above = layer + 1
        for panel in range(begin, end):
            if layer > 0:
                clear(dacts, index(panel * size + starts[layer] * w), index(widths[layer] * w))
            if above < last:
                if tables.has_skips:
                    skips = tables.skips[starts[above] : starts[above] + widths[above]]
                    pass_down(dacts, panel * size + starts[above] * w, panel * size + starts[layer] * w, skips)
                if keep_at[above] >= 0:
                    units = tables.units[starts[above] : starts[above] + widths[above]]
                    above_at = index(panel * size + starts[above] * w)
                    drop(dacts, above_at, units, keeps, keep_at[above], panel * w, n)
                y = plain if len(plain) else acts
                slope(dacts, y, index(panel * size + starts[above] * w), index(widths[above] * w), tables.activation)
        for q in range(len(products)):
            if layer > 0 and products[q, 4] == layer:
                at = products[q, 0], products[q, 2], products[q, 3]
                first = tables.first[tables.first_at[q] : tables.first_at[q] + products[q, 3]]
                reach = tables.reach[tables.reach_at[q] : tables.reach_at[q] + products[q, 2]]
                places = starts[layer] * w, starts[products[q, 5]] * w, size
                product_columns(theta, at, first, reach, n, pack, dacts, places, begin, end)


@inner
def weigh(d_raw: Any, at: int, n_raw: int, weights: Any, first: int, n: int) -> None:
    """Multiply the gradient of the raw outputs by what each row counts; rows beyond the last count nothing."""
    w = width(d_raw)
    real = d_raw.dtype.type
    weight = np.zeros(w, d_raw.dtype)
    for lane in range(min(w, n - first)):
        weight[lane] = weights[first + lane] if len(weights) else real(1 / n)
    for k in range(n_raw):
        start = index(at + k * w)
        for lane in range(index(w)):
            d_raw[start + lane] *= weight[lane]


@inner
def clear(dacts: Any, at: Any, n: Any) -> None:
    """Set n gradients to 0."""
    zero = dacts.dtype.type(0)
    for i in range(n):
        dacts[at + i] = zero


@inner
def pass_down(dacts: Any, above: int, below: int, skips: Any) -> None:
    """Give a layer what reaches it through the identity skips of the layer above."""
    w = index(width(dacts))
    for unit in range(len(skips)):
        if skips[unit] >= 0:
            source = index(above) + index(unit) * w
            target = index(below) + index(skips[unit]) * w
            for lane in range(w):
                dacts[target + lane] += dacts[source + lane]


@inner
def slope(dy: Any, y: Any, at: Any, n: Any, activation: int) -> None:
    """Multiply n gradients in place by the activation's slope, read off its output `y` (or z: see `FROM_Z`)."""
    zero = dy.dtype.type(0)
    one = dy.dtype.type(1)
    if activation == RELU:
        for i in range(n):
            dy[at + i] = dy[at + i] if y[at + i] > zero else zero
    elif activation == TANH:
        for i in range(n):
            dy[at + i] *= one - y[at + i] * y[at + i]
    elif activation == SIGMOID:
        for i in range(n):
            dy[at + i] *= y[at + i] * (one - y[at + i])
    elif activation == ELU:
        for i in range(n):
            dy[at + i] *= one + min(y[at + i], zero)
    elif activation == LEAKY_RELU:
        leak = dy.dtype.type(LEAK)
        for i in range(n):
            dy[at + i] *= one if y[at + i] > zero else leak
    elif activation == SELU:
        scale = dy.dtype.type(SELU_SCALE)
        lowest = dy.dtype.type(SELU_SCALE * SELU_ALPHA)
        for i in range(n):
            dy[at + i] *= scale if y[at + i] > zero else y[at + i] + lowest
    elif activation == GELU:
        for i in range(n):
            dy[at + i] *= gelu_slope(y[at + i])
    elif activation == SILU:
        for i in range(n):
            s = sigmoid(y[at + i])
            dy[at + i] *= s + y[at + i] * s * (one - s)
    elif activation != IDENTITY:
        for i in range(n):
            dy[at + i] *= one - exp(-y[at + i])


@inner
def product_columns(
    theta: Any, at: Any, first: Any, reach: Any, n: int, pack: Any, dacts: Any, places: Any, begin: int, end: int
) -> None:
    """Add dx = dy W for every panel: a block of columns is packed, and then serves all panels."""
    w = width(dacts)
    (W, n_out, n_in) = at
    (source, target, size) = places
    for column in range(0, n_in, PACK):
        columns = min(PACK, n_in - column)
        for row in range(first[column], n_out, DEPTH):
            rows = min(DEPTH, n_out - row)
            pack_block(theta, W + row * n_in + column, n_in, reach[row : row + rows], column, columns, pack)
            for panel in range(begin, end):
                dy = panel * size + target + row * w
                wide = n - panel * w > w // 2
                for c in range(0, columns, ROWS):
                    start = max(0, first[column + c] - row)
                    here = min(ROWS, columns - c)
                    dx = panel * size + source + (column + c) * w
                    if wide:
                        add(pack, c, here, 1, PACK, dacts, dy, w, dacts, dx, w, start, rows, reach, 0, theta, 0)
                    else:
                        half_add(pack, c, here, 1, PACK, dacts, dy, w, dacts, dx, w, start, rows, reach, 0, theta, 0)


@inner
def pack_block(theta: Any, begin: int, n_in: int, reach: Any, column: int, columns: int, pack: Any) -> None:
    """Copy a block of W, row by row, with zeros where no wire is."""
    zero = theta.dtype.type(0)
    for row in range(len(reach)):
        source = index(begin + row * n_in)
        target = index(row * PACK)
        if columns == PACK and reach[row] >= column + PACK:
            for c in range(index(PACK)):
                pack[target + c] = theta[source + c]
        else:
            live = index(min(reach[row] - column, columns))
            for c in range(live):
                pack[target + c] = theta[source + c]
            for c in range(live, index(PACK)):
                pack[target + c] = zero


@inner
def take_strips(tables: Any, n: int, acts: Any, strip: Any, panel: int) -> None:
    """Copy each layer below the output row by row, in strips of `width` units: (layers, strips, B, width), flat."""
    w = width(acts)
    padded = 0
    here = index(min(w, n - panel * w))
    for layer in range(len(tables.widths) - 1):
        count = -(-tables.widths[layer] // w)
        at = (panel * tables.starts[-1] + tables.starts[layer]) * w
        for s in range(count):
            units = index(min(w, tables.widths[layer] - s * w))
            target = index(((padded + s) * n + panel * w) * w)
            source = index(at + s * w * w)
            for unit in range(units):
                for lane in range(here):
                    strip[target + lane * index(w) + unit] = acts[source + unit * index(w) + lane]
        padded += count
