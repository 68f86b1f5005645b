"""Halves of an image, with orders of its pixels that let one theta complete each of them."""

from __future__ import annotations

import numpy as np

from made_np.grid import Scan
from made_np.typing import Bools, Ints
from made_np.values import as_count


def missing_halves(side: int) -> dict[str, Bools]:
    """Return, for each half of a ``side x side`` image, the pixels (D,) that are missing.

    Examples
    --------
    >>> missing_halves(2)["left"]
    array([ True, False,  True, False])
    """
    side = as_count(side, "side", 2)
    row, column = (index.ravel() for index in np.indices((side, side)))
    middle = side // 2
    return {"bottom": row >= middle, "left": column < middle, "top": row < middle, "right": column >= middle}


def half_orders(side: int) -> tuple[list[Ints], list[tuple[int, Ints]]]:
    """Return four orders of the pixels, such that with any half missing the other one leads in one of them.

    Also returns who claims which weights, for `fit_linear`: (order, pixels), one after the other.

    Notes
    -----
    All orders share one matrix of direct weights. Go through the image by quadrants TL, TR, BL, BR (top left, ...):

    ======  ==============  ===============================
    order   missing         quadrants
    ======  ==============  ===============================
    0       bottom          TR TL BR BL
    1       left            TR BR TL BL
    2       top             order 0 backwards
    3       right           order 1 backwards
    ======  ==============  ===============================

    An order and its reverse share no weight. In 0 and 1, BL sees everything and TR nothing, so these rows agree; BR has
    to see TL in 0 (it is missing there), TL has to see BR in 1. So with the bottom or the left half missing, every
    missing pixel has exactly its own best regression. The blocks BR-TL and TL-BR are wanted again by 3 and by 2, which
    take them as they are and fit the rest around them.
    """
    side = as_count(side, "side", 2)
    row, column = (index.ravel() for index in np.indices((side, side)))
    top = row < side // 2
    left = column < side // 2
    tl, tr, bl, br = (np.flatnonzero(q) for q in (top & left, top & ~left, ~top & left, ~top & ~left))
    bottom_missing = np.concatenate([tr, tl, br, bl])
    left_missing = np.concatenate([tr, br, tl, bl])
    orders = [bottom_missing, left_missing, bottom_missing[::-1].copy(), left_missing[::-1].copy()]
    return orders, [(0, tr), (0, br), (0, bl), (1, tl), (2, bl), (2, tl), (3, br), (2, tr)]


def half_scans(side: int) -> dict[str, Scan]:
    """Return, for each half that may be missing, a scan of the pixels that begins with the other one.

    Each walks row by row, and ends in the missing half from where it borders on what is known: so windows always see
    the border.

    Examples
    --------
    >>> half_scans(2)["left"].order
    array([1, 3, 0, 2])
    """
    side = as_count(side, "side", 2)
    row, column = (index.ravel() for index in np.indices((side, side)))
    right = np.ones_like(row)
    outwards = np.where(column < side // 2, -1, 1)
    scans = {}
    for half, missing in missing_halves(side).items():
        down = -right if half == "top" else right
        along = outwards if half in ("left", "right") else down
        order = np.lexsort([column * along, row * down, missing])
        scans[half] = Scan((side, side), order, np.stack([down, along], axis=1))
    return scans
