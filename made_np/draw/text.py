"""Masks as text, for a terminal."""

from __future__ import annotations

from typing import Any

import numpy as np

from made_np.validation import as_bools
from made_np.values import as_count, as_flag

BLOCKS = "·░▒▓█"
ASCII = ".:+*#"


def mask_text(mask: Any, *, width: int = 72, height: int = 36, ascii: bool = False) -> str:
    """Return a mask drawn with characters: ``██`` where there is a wire, ``··`` where there is none.

    A mask too large for `width` and `height` is drawn in cells of several wires each: a cell is full or empty only
    if all of its wires are, and one of three shades in between.

    Parameters
    ----------
    mask : array of bool, shape (out, in)
        One line of text per row.
    width, height : int
        The most characters in a line (two to a cell, which makes cells square), and the most lines.
    ascii : bool
        Draw with ``. : + * #``, for a terminal that knows nothing else.

    Raises
    ------
    TypeError, ValueError
        `mask` is not 2-dimensional, or `width` or `height` has no room for a cell.

    Examples
    --------
    >>> print(mask_text(np.tri(3, dtype=bool), ascii=True))
    ##....
    ####..
    ######
    """
    rows = as_bools(mask, "mask")
    ascii = as_flag(ascii, "ascii")
    width = as_count(width, "width", 2)
    height = as_count(height, "height")
    if rows.size == 0:
        return ""
    share = _means(_means(rows.astype(np.float64), height).T, width // 2).T
    # Only an exact 0 or 1 gets the outer shades; rounding must not make a leak, or a gap, invisible.
    shade = np.clip(1 + np.floor(3 * share), 1, 3).astype(int)
    shade[share == 0] = 0
    shade[share == 1] = 4
    signs = ASCII if ascii else BLOCKS
    return "\n".join("".join(2 * signs[s] for s in line) for line in shade)


def _means(values: np.ndarray[Any, Any], most: int) -> np.ndarray[Any, Any]:
    """Return at most `most` rows: means of consecutive ones, in parts as equal as can be."""
    n_parts = min(most, len(values))
    edges = np.arange(n_parts + 1) * len(values) // n_parts
    sums = np.add.reduceat(values, edges[:-1], axis=0)
    return np.asarray(sums / np.diff(edges)[:, None])
