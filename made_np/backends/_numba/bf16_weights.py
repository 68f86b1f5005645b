"""The gradient of the weights as products of bf16, with the update in the same pass, as `weights` has it.

Its sums are of float32, and so is all that the update reads and writes: theta, its moments, the gradient itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from made_np.backends._numba.bf16_tile import new
from made_np.backends._numba.compiling import index, inner, kernel, width
from made_np.backends._numba.rounding import pair_neighbours
from made_np.backends._numba.tile import ROWS
from made_np.backends._numba.weights import BLOCK, STRETCH, add_up, scatter, strip_of, use
from made_np.backends.rules import NONE


@kernel
def weights_bf16(
    theta: Any, grad: Any, tables: Any, strip: Any, dacts: Any, spare: Any, dy: Any, n: int,
    rule: int, numbers: Any, first: Any, second: Any, decay: Any, decoupled: bool, part: int, parts: int,
) -> None:  # fmt: skip
    """Compute this part of dW = dy^T x and db; write it to `grad` (0 off the mask), or update theta with it.

    For theta in the tables' numbering. An update leaves alone what is off the mask. `spare`, as long as `spare_size`
    says, is memory to work in, and so is `dy` (BLOCK * pairs of rows,) uint32.
    """
    w = width(dacts)
    products = tables.products
    starts = tables.starts
    zero = dacts.dtype.type(0)
    n_pairs = (n + 1) // 2
    db = spare[:BLOCK]
    dW = spare[BLOCK:]
    block = 0
    for q in range(len(products)):
        W = products[q, 0]
        b = products[q, 1]
        n_out = products[q, 2]
        n_in = products[q, 3]
        below = strip_of(tables.widths, products[q, 4], n_pairs, w) + products[q, 6] * n_pairs
        for row in range(0, n_out, BLOCK):
            block += 1
            if block % parts != part:
                continue
            rows = min(BLOCK, n_out - row)
            reach = tables.reach[tables.reach_at[q] + row : tables.reach_at[q] + row + rows]
            start = starts[products[q, 5]] + row
            pair_rows(start, starts[-1], rows, n, dacts, dy)
            if b >= 0:
                add_up(start, starts[-1], rows, n, dacts, db)
                use(theta, grad, b + row, db, 0, rows, rule, numbers, first, second, decay, decoupled)
            for column in range(0, n_in, STRETCH):
                if rule != NONE and reach[-1] <= column:
                    break
                multiply_pairs(dy, strip, below, n_pairs, reach, column, dW, STRETCH)
                columns = min(STRETCH, n_in - column)
                for r in range(rows):
                    seen = max(0, min(reach[r] - column, columns))
                    at = W + (row + r) * n_in + column
                    use(theta, grad, at, dW, r * STRETCH, seen, rule, numbers, first, second, decay, decoupled)
                    if rule == NONE:
                        for c in range(index(seen), index(columns)):
                            grad[index(at) + c] = zero


@kernel
def weights_of_any_bf16(
    theta: Any, grad: Any, tables: Any, strip: Any, dacts: Any, spare: Any, dy: Any, n: int,
    rule: int, numbers: Any, first: Any, second: Any, decay: Any, decoupled: bool, part: int, parts: int,
) -> None:  # fmt: skip
    """Do the same for theta in its own numbering, and update all of it: moments live on where a gradient is 0."""
    w = width(dacts)
    products = tables.products
    starts = tables.starts
    units = tables.units
    n_pairs = (n + 1) // 2
    widest = np.max(tables.widths)
    db = spare[:BLOCK]
    dW = spare[BLOCK : len(spare) - widest]
    g = spare[len(spare) - widest :]
    block = 0
    for q in range(len(products)):
        W = products[q, 0]
        b = products[q, 1]
        n_out = products[q, 2]
        n_in = products[q, 3]
        below = strip_of(tables.widths, products[q, 4], n_pairs, w) + products[q, 6] * n_pairs
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
            pair_rows(start, starts[-1], rows, n, dacts, dy)
            add_up(start, starts[-1], rows, n, dacts, db)
            multiply_pairs(dy, strip, below, n_pairs, reach, 0, dW, wide)
            for r in range(rows):
                unit = units[start + r]
                if b >= 0:
                    use(theta, grad, b + unit, db, r, 1, rule, numbers, first, second, decay, decoupled)
                scatter(dW, r * wide, reach[r], columns, tables.in_order[q], g)
                use(theta, grad, W + unit * n_in, g, 0, n_in, rule, numbers, first, second, decay, decoupled)


@inner
def pair_rows(start: int, size: int, rows: int, n: int, dacts: Any, dy: Any) -> None:
    """Round rows of dy out of the panels, one after the other."""
    w = width(dacts)
    n_pairs = (n + 1) // 2
    for panel in range(-(-n // w)):
        here = index(min(w, n - panel * w))
        at = index((panel * size + start) * w)
        to = index(panel * (w // 2))
        for r in range(index(rows)):
            pair_neighbours(dacts, at + r * index(w), here, dy, to + r * index(n_pairs))


@inner
def multiply_pairs(dy: Any, strip: Any, below: int, n_pairs: int, reach: Any, column: int, dW: Any, wide: int) -> None:
    """Overwrite dW (rows, wide) with dy^T x, each ROWS rows as far as their last one sees, in whole strips."""
    w = width(dW)
    rows = len(reach)
    for s in range(0, min(wide, reach[-1] - column), w):
        x = below + (column + s) * n_pairs
        for r in range(0, rows, ROWS):
            here = min(ROWS, rows - r)
            if reach[r + here - 1] > column + s:
                at = r * n_pairs
                new(dy, at, here, n_pairs, 1, strip, x, w, dW, r * wide + s, wide, 0, n_pairs, dW, 0)
