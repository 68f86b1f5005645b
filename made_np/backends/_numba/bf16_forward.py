"""The forward pass whose products are of bf16, over panels of rows as `forward` has them.

Beside each layer's result stands the same result rounded, two units to an entry (see `rounding`): what the next product
reads. Rows of W are rounded where they are needed, a tile's rows at a time, with zeros where no wire is.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from made_np.backends._numba.bf16_tile import add, bias, half_add, half_bias
from made_np.backends._numba.compiling import index, inner, kernel, width
from made_np.backends._numba.forward import copy_direct, drop, finish, load
from made_np.backends._numba.rounding import pair_neighbours, pair_units
from made_np.backends._numba.tile import ROWS


@kernel
def forward_bf16(
    theta: Any, x: Any, context: Any, keeps: Any, keep_at: Any, tables: Any, paired: Any, acts: Any, plain: Any,
    pairs: Any, pack: Any, begin: int, end: int,
) -> None:  # fmt: skip
    """Compute all layers of panels begin..end-1.

    Parameters
    ----------
    theta, x, context, keeps, keep_at, acts, plain
        As `forward` has them; float32.
    paired : (L + 3,)
        Where each layer begins in a panel of `pairs`, in pairs of units; then the panel's size.
    pairs : (panels * paired[-1] * width,) uint32
        Filled with the layers below the output, rounded.
    pack : (ROWS * units of the widest layer,) or more, uint32
        Memory to work in.
    """
    w = width(acts)
    n = len(x)
    size = tables.starts[-1] * w
    products = tables.products
    starts = tables.starts
    last = len(tables.widths) - 1
    for panel in range(begin, end):
        load(x, context, tables, acts, panel)
        if keep_at[0] >= 0:
            drop(acts, index(panel * size), tables.units[: tables.n_inputs], keeps, keep_at[0], panel * w, n)
        copy_direct(acts, panel * size, starts[1], tables.direct_from, 0, len(tables.direct_from))
        pair_inputs(acts, panel * size, tables, pairs, panel * paired[-1] * w)
    for q in range(len(products)):
        b = products[q, 1]
        n_in = products[q, 3]
        below = products[q, 4]
        layer = products[q, 5]
        for row in range(0, products[q, 2], ROWS):
            rows = min(ROWS, products[q, 2] - row)
            first = tables.reach_at[q] + row
            reach = tables.reach[first : first + rows]
            seen = pack_rows(theta, products[q, 0] + row * n_in, n_in, reach, pack)
            stride = seen
            for panel in range(begin, end):
                u = (panel * paired[-1] + paired[below] + products[q, 6] // 2) * w
                v = panel * size + (starts[layer] + row) * w
                if n - panel * w > w // 2:
                    if b >= 0:
                        bias(pack, 0, rows, stride, 1, pairs, u, w, acts, v, w, 0, seen, theta, b + row)
                    else:
                        add(pack, 0, rows, stride, 1, pairs, u, w, acts, v, w, 0, seen, theta, 0)
                elif b >= 0:
                    half_bias(pack, 0, rows, stride, 1, pairs, u, w, acts, v, w, 0, seen, theta, b + row)
                else:
                    half_add(pack, 0, rows, stride, 1, pairs, u, w, acts, v, w, 0, seen, theta, 0)
        if layer < last:
            for panel in range(begin, end):
                finish(layer, tables, keeps, keep_at[layer], acts, plain, panel, n)
                units = panel * size + starts[layer] * w
                pair_units(acts, units, tables.widths[layer], pairs, (panel * paired[-1] + paired[layer]) * w)


@inner
def pair_inputs(acts: Any, at: int, tables: Any, pairs: Any, to: int) -> None:
    """Round the inputs in a panel, then the copies of them that direct wires read, which begin where a strip does."""
    w = width(acts)
    n_copies = len(tables.direct_from)
    before = tables.widths[0] - n_copies
    pair_units(acts, at, tables.n_inputs, pairs, to)
    pair_units(acts, at + before * w, n_copies, pairs, to + before // 2 * w)


@inner
def pack_rows(theta: Any, begin: int, n_in: int, reach: Any, pack: Any) -> int:
    """Round rows of W, one after the other, with zeros from where each sees nothing; return their length in pairs."""
    n_pairs = (reach[-1] + 1) // 2
    for row in range(len(reach)):
        source = index(begin + row * n_in)
        target = index(row * n_pairs)
        pair_neighbours(theta, source, index(reach[row]), pack, target)
        for k in range(index((reach[row] + 1) // 2), index(n_pairs)):
            pack[target + k] = np.uint32(0)
    return int(n_pairs)
