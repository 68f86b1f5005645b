"""The backward pass whose products are of bf16, over panels of rows as `backward` has them.

The gradient of each layer's z is rounded before it is multiplied by W, two units to an entry; what the weights need is
left behind in strips whose entries are two rows of the batch.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from made_np.backends._numba.backward import DEPTH, PACK, clear, pass_down, slope, weigh
from made_np.backends._numba.bf16_tile import add, half_add
from made_np.backends._numba.compiling import index, inner, kernel, width
from made_np.backends._numba.forward import drop
from made_np.backends._numba.losses import add_up
from made_np.backends._numba.rounding import pair, pair_both, pair_neighbours, pair_units
from made_np.backends._numba.tile import ROWS


@kernel
def backward_bf16(
    theta: Any, n: int, keeps: Any, keep_at: Any, tables: Any, paired: Any, acts: Any, plain: Any, dacts: Any, nll: Any,
    weights: Any, row_nll: Any, pairs: Any, strip: Any, pack: Any, top: int, bottom: int, begin: int, end: int,
) -> None:  # fmt: skip
    """Turn the gradient of the raw outputs in `dacts` into that of every hidden layer's z, for panels begin..end-1.

    It goes from layer `top` down to layer `bottom`, from the raw outputs to 0 if at once.

    Parameters
    ----------
    n, keeps, keep_at, acts, plain, dacts, nll, weights, row_nll
        As `backward` has them.
    paired, pairs
        As `forward_bf16` has them; `pairs` is overwritten with gradients.
    strip : (pairs of rows * (units below the output, each layer's rounded up to whole strips),) uint32
        Overwritten with each layer's result, for the gradient of the weights.
    pack : (DEPTH * PACK,) or more, uint32
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
        pair_strips(tables, n, acts, strip, panel)
    for layer in range(top - 1, bottom - 1, -1):
        above = layer + 1
        for panel in range(begin, end):
            at = panel * size + starts[above] * w
            if layer > 0:
                clear(dacts, index(panel * size + starts[layer] * w), index(widths[layer] * w))
            if above < last:
                if tables.has_skips:
                    skips = tables.skips[starts[above] : starts[above] + widths[above]]
                    pass_down(dacts, at, panel * size + starts[layer] * w, skips)
                if keep_at[above] >= 0:
                    units = tables.units[starts[above] : starts[above] + widths[above]]
                    drop(dacts, index(at), units, keeps, keep_at[above], panel * w, n)
                y = plain if len(plain) else acts
                slope(dacts, y, index(at), index(widths[above] * w), tables.activation)
            if layer > 0:
                pair_units(dacts, at, widths[above], pairs, (panel * paired[-1] + paired[above]) * w)
        for q in range(len(products)):
            if layer > 0 and products[q, 4] == layer:
                W = products[q, 0], products[q, 2], products[q, 3]
                first = tables.first[tables.first_at[q] : tables.first_at[q] + products[q, 3]]
                reach = tables.reach[tables.reach_at[q] : tables.reach_at[q] + products[q, 2]]
                places = starts[layer] * w, size, paired[above] * w, paired[-1] * w
                product_columns(theta, W, first, reach, n, pack, pairs, dacts, places, begin, end)


@inner
def product_columns(
    theta: Any, at: Any, first: Any, reach: Any, n: int, pack: Any, pairs: Any, dacts: Any, places: Any, begin: int,
    end: int,
) -> None:  # fmt: skip
    """Add dx = dy W for every panel: a block of columns is packed, and then serves all panels."""
    w = width(dacts)
    (W, n_out, n_in) = at
    (source, size, target, paired_size) = places
    for column in range(0, n_in, PACK):
        columns = min(PACK, n_in - column)
        for row in range(first[column] // 2 * 2, n_out, 2 * DEPTH):
            rows = min(2 * DEPTH, n_out - row)
            pack_block(theta, W + row * n_in + column, n_in, reach[row : row + rows], column, columns, pack)
            for panel in range(begin, end):
                dy = panel * paired_size + target + row // 2 * w
                wide = n - panel * w > w // 2
                for c in range(0, columns, ROWS):
                    start = max(0, first[column + c] - row) // 2
                    stop = (rows + 1) // 2
                    here = min(ROWS, columns - c)
                    dx = panel * size + source + (column + c) * w
                    if wide:
                        add(pack, c, here, 1, PACK, pairs, dy, w, dacts, dx, w, start, stop, theta, 0)
                    else:
                        half_add(pack, c, here, 1, PACK, pairs, dy, w, dacts, dx, w, start, stop, theta, 0)


@inner
def pack_block(theta: Any, begin: int, n_in: int, reach: Any, column: int, columns: int, pack: Any) -> None:
    """Round a block of W, each row with the next one, with zeros where no wire is."""
    zero = np.float32(0)
    for row in range(0, len(reach), 2):
        source = index(begin + row * n_in)
        target = index(row // 2 * PACK)
        one = index(max(0, min(reach[row] - column, columns)))
        # The lower a row, the more it sees: a staircase.
        both = max(0, min(reach[row + 1] - column, columns)) if row + 1 < len(reach) else 0
        pair_both(theta, source, source + index(n_in), one if both else index(0), pack, target)
        for c in range(one, index(both)):
            pack[target + c] = pair(zero, theta[source + index(n_in) + c])
        if not both:
            for c in range(one):
                pack[target + c] = pair(theta[source + c], zero)
        for c in range(max(one, index(both)), index(PACK)):
            pack[target + c] = np.uint32(0)


@inner
def pair_strips(tables: Any, n: int, acts: Any, strip: Any, panel: int) -> None:
    """Round each layer below the output, two rows at a time, in strips of `width` units.

    They are (layers, strips, pairs of rows, width), flat.
    """
    w = width(acts)
    n_pairs = (n + 1) // 2
    padded = 0
    lanes = np.empty(w, np.uint32)
    here = index(min(w, n - panel * w))
    for layer in range(len(tables.widths) - 1):
        count = -(-tables.widths[layer] // w)
        at = (panel * tables.starts[-1] + tables.starts[layer]) * w
        for s in range(count):
            target = index(((padded + s) * n_pairs + panel * w // 2) * w)
            source = index(at + s * w * w)
            for unit in range(index(min(w, tables.widths[layer] - s * w))):
                pair_neighbours(acts, source + unit * index(w), here, lanes, index(0))
                for k in range((here + index(1)) // index(2)):
                    strip[target + k * index(w) + unit] = lanes[k]
        padded += count
