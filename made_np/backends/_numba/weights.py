"""The gradient of the weights, in which all rows of a batch meet, with the update in the same pass.

Each thread takes every so-many-th block of rows of each W. A stretch of the gradient is used while it is in the cache:
it is written out, or it changes theta at once and is forgotten.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from made_np.backends._numba.compiling import PANEL_BYTES, index, inner, kernel, width
from made_np.backends._numba.ones import all_sparse, multiply_ones, take_lanes
from made_np.backends._numba.tile import LANES, ROWS, new
from made_np.backends._numba.updates import shrink, update
from made_np.backends.rules import NONE

BLOCK = 2 * ROWS
"""Rows of W that a thread takes at once."""
STRETCH = 992
"""Columns that it takes at once: with BLOCK rows, what fits the cache beside a strip of the layer below."""


def spare_size(n: int, widest: int) -> int:
    """Return how much memory `weights` and `weights_of_any` need for n rows and layers no wider than `widest`."""
    wide = widest + PANEL_BYTES  # in whole strips: a strip is no wider than a panel has bytes
    return BLOCK * (1 + max(STRETCH, wide)) + LANES * n + widest


@kernel
def weights(
    theta: Any, grad: Any, tables: Any, strip: Any, dacts: Any, ones: Any, spare: Any, n: int,
    rule: int, numbers: Any, first: Any, second: Any, decay: Any, decoupled: bool, part: int, parts: int,
) -> None:  # fmt: skip
    """Compute this part of dW = dy^T x and db; write it to `grad` (0 off the mask), or update theta with it.

    For theta in the tables' numbering. An update leaves alone what is off the mask. `spare` is memory to work in.
    """
    w = width(dacts)
    products = tables.products
    starts = tables.starts
    zero = dacts.dtype.type(0)
    is_sparse = all_sparse(ones, n, w, parts)
    db = spare[:BLOCK]
    dy = spare[BLOCK : BLOCK + LANES * n]
    dW = spare[BLOCK + LANES * n :]
    block = 0
    for q in range(len(products)):
        W = products[q, 0]
        b = products[q, 1]
        n_out = products[q, 2]
        n_in = products[q, 3]
        below = strip_of(tables.widths, products[q, 4], n, w) + products[q, 6] * n
        listed = is_sparse and products[q, 4] == 0 and products[q, 6] == 0
        for row in range(0, n_out, BLOCK):
            block += 1
            if block % parts != part:
                continue
            rows = min(BLOCK, n_out - row)
            reach = tables.reach[tables.reach_at[q] + row : tables.reach_at[q] + row + rows]
            start = starts[products[q, 5]] + row
            take(listed, start, starts[-1], rows, n, dacts, dy)
            if b >= 0:
                add_up(start, starts[-1], rows, n, dacts, db)
                use(theta, grad, b + row, db, 0, rows, rule, numbers, first, second, decay, decoupled)
            for column in range(0, n_in, STRETCH):
                if rule != NONE and reach[-1] <= column:
                    break
                multiply(listed, dy, strip, below, n, reach, column, dW, STRETCH, ones, parts)
                columns = min(STRETCH, n_in - column)
                for r in range(rows):
                    seen = max(0, min(reach[r] - column, columns))
                    at = W + (row + r) * n_in + column
                    use(theta, grad, at, dW, r * STRETCH, seen, rule, numbers, first, second, decay, decoupled)
                    if rule == NONE:
                        for c in range(index(seen), index(columns)):
                            grad[index(at) + c] = zero


@kernel
def weights_of_any(
    theta: Any, grad: Any, tables: Any, strip: Any, dacts: Any, ones: Any, spare: Any, n: int,
    rule: int, numbers: Any, first: Any, second: Any, decay: Any, decoupled: bool, part: int, parts: int,
) -> None:  # fmt: skip
    """Do the same for theta in its own numbering, and update all of it: moments live on where a gradient is 0."""
    w = width(dacts)
    products = tables.products
    starts = tables.starts
    units = tables.units
    widest = np.max(tables.widths)
    is_sparse = all_sparse(ones, n, w, parts)
    db = spare[:BLOCK]
    dy = spare[BLOCK : BLOCK + LANES * n]
    dW = spare[BLOCK + LANES * n : len(spare) - widest]
    g = spare[len(spare) - widest :]
    block = 0
    for q in range(len(products)):
        W = products[q, 0]
        b = products[q, 1]
        n_out = products[q, 2]
        n_in = products[q, 3]
        below = strip_of(tables.widths, products[q, 4], n, w) + products[q, 6] * n
        listed = is_sparse and products[q, 4] == 0 and products[q, 6] == 0
        begin = starts[products[q, 4]] + products[q, 6]
        columns = units[begin : begin + n_in]
        wide = -(-n_in // w) * w
        for row in range(0, n_out, BLOCK):
            block += 1
            if block % parts != part:
                continue
            rows = min(BLOCK, n_out - row)
            reach = tables.reach[tables.reach_at[q] + row : tables.reach_at[q] + row + rows]
            start = starts[products[q, 5]] + row
            take(listed, start, starts[-1], rows, n, dacts, dy)
            add_up(start, starts[-1], rows, n, dacts, db)
            multiply(listed, dy, strip, below, n, reach, 0, dW, wide, ones, parts)
            for r in range(rows):
                unit = units[start + r]
                if b >= 0:
                    use(theta, grad, b + unit, db, r, 1, rule, numbers, first, second, decay, decoupled)
                scatter(dW, r * wide, reach[r], columns, tables.in_order[q], g)
                use(theta, grad, W + unit * n_in, g, 0, n_in, rule, numbers, first, second, decay, decoupled)


@inner
def strip_of(widths: Any, layer: int, n: int, w: int) -> int:
    """Return where the strips of a layer begin."""
    at = 0
    for below in range(layer):
        at += -(-widths[below] // w) * n * w
    return at


@inner
def scatter(dW: Any, at: int, seen: int, columns: Any, in_order: bool, g: Any) -> None:
    """Write a row of dW, of which the first `seen` columns live, to a row in theta's own order of columns."""
    source = index(at)
    zero = g.dtype.type(0)
    if in_order:
        for c in range(index(seen)):
            g[c] = dW[source + c]
        for c in range(index(seen), index(len(columns))):
            g[c] = zero
    else:
        for c in range(index(seen)):
            g[index(columns[c])] = dW[source + c]
        for c in range(index(seen), index(len(columns))):
            g[index(columns[c])] = zero


@inner
def use(
    theta: Any, grad: Any, at: int, g: Any, g_at: int, n: int,
    rule: int, numbers: Any, first: Any, second: Any, decay: Any, decoupled: bool,
) -> None:  # fmt: skip
    """Write n entries of the gradient, or update theta with them."""
    i = index(at)
    k = index(g_at)
    if rule == NONE:
        for c in range(index(n)):
            grad[i + c] = g[k + c]
    else:
        if len(decay):
            shrink(theta, g, decay, decoupled, numbers[5], i, k, index(n))
        update(rule, numbers, theta, g, first, second, i, k, index(n))


@inner
def take(listed: bool, start: int, size: int, rows: int, n: int, dacts: Any, dy: Any) -> None:
    """Copy rows of dy out of the panels, as they are multiplied with inputs that are listed, or are not."""
    if listed:
        take_lanes(start, size, rows, n, dacts, dy)
    else:
        take_rows(start, size, rows, n, dacts, dy)


@inner
def take_rows(start: int, size: int, rows: int, n: int, dacts: Any, dy: Any) -> None:
    """Copy rows of dy out of the panels, ROWS of them side by side for each row of the batch."""
    w = width(dacts)
    for r in range(0, rows, ROWS):
        here = min(ROWS, rows - r)
        for panel in range(-(-n // w)):
            at = index((panel * size + start + r) * w)
            to = index(r * n + panel * w * ROWS)
            for lane in range(index(min(w, n - panel * w))):
                for k in range(index(here)):
                    dy[to + lane * index(ROWS) + k] = dacts[at + k * index(w) + lane]


@inner
def add_up(start: int, size: int, rows: int, n: int, dacts: Any, db: Any) -> None:
    """Add up rows of dy over the batch."""
    w = width(dacts)
    zero = dacts.dtype.type(0)
    for r in range(rows):
        total = zero
        for panel in range(-(-n // w)):
            at = index((panel * size + start + r) * w)
            for lane in range(index(min(w, n - panel * w))):
                total += dacts[at + lane]
        db[r] = total


@inner
def multiply(
    listed: bool, dy: Any, strip: Any, below: int, n: int, reach: Any, column: int, dW: Any, wide: int,
    ones: Any, parts: int,
) -> None:  # fmt: skip
    """Overwrite dW (rows, wide) with dy^T x, where x is listed, or is not."""
    if listed:
        multiply_ones(dy, strip, below, n, reach, column, dW, wide, ones, parts)
    else:
        multiply_strips(dy, strip, below, n, reach, column, dW, wide)


@inner
def multiply_strips(dy: Any, strip: Any, below: int, n: int, reach: Any, column: int, dW: Any, wide: int) -> None:
    """Overwrite dW (rows, wide) with dy^T x, each ROWS rows as far as their last one sees, in whole strips."""
    w = width(dW)
    rows = len(reach)
    for s in range(0, min(wide, reach[-1] - column), w):
        x = below + (column + s) * n
        for r in range(0, rows, ROWS):
            here = min(ROWS, rows - r)
            if reach[r + here - 1] > column + s:
                new(dy, r * n, here, 1, ROWS, strip, x, w, dW, r * wide + s, wide, 0, n, reach, 0, dW, 0)
