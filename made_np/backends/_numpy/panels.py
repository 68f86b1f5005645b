"""Masked products in panels: a few rows of a mask at a time, with the columns that they see.

A mask whose units stand by degree is a staircase. Its first rows see few columns, so panels leave out about half of the
multiplications.
"""

from __future__ import annotations

import numpy as np

from made_np.layers import masked_linear, masked_linear_backward
from made_np.typing import Array, Bools

PANEL_ROWS = 128
"""Rows of a mask that are multiplied at once: enough for BLAS to be fast."""


class Wires:
    """The wires that a mask leaves, ready to be multiplied with.

    Parameters
    ----------
    mask : ndarray of bool, shape (O, I)

    Attributes
    ----------
    panels : list of (slice, int)
        Rows, and the column beyond which they see nothing. Empty panels are among them: their rows have biases.

    Examples
    --------
    >>> Wires(np.tri(3, 5, dtype=bool)).panels
    [(slice(0, 128, None), 3)]
    """

    def __init__(self, mask: Bools) -> None:
        self.mask = mask
        parts = [slice(first, first + PANEL_ROWS) for first in range(0, len(mask), PANEL_ROWS)]
        seen = [np.flatnonzero(mask[part].any(axis=0)) for part in parts]
        stops = [int(columns[-1]) + 1 if len(columns) else 0 for columns in seen]
        self.panels = list(zip(parts, stops, strict=True))

    def product(self, x: Array, W: Array, b: Array | None) -> Array:
        """Return what `masked_linear` does for `x` (B, I), `W` (O, I) and `b` (O,)."""
        y = np.empty((len(x), len(W)), dtype=np.result_type(x, W))
        for rows, stop in self.panels:
            own = None if b is None else b[rows]
            y[:, rows] = masked_linear(x[:, :stop], W[rows, :stop], own, self.mask[rows, :stop])
        return y

    def product_backward(
        self,
        dy: Array,
        x: Array,
        W: Array,
        *,
        dW: Array,
        db: Array | None = None,
        dx: Array | None = None,
    ) -> None:
        """Do `masked_linear_backward` in the same panels; a column that no row of a panel sees gets nothing from it."""
        if dx is not None:
            dx[:] = 0
        for rows, stop in self.panels:
            dx_own, _, _ = masked_linear_backward(
                dy[:, rows],
                x[:, :stop],
                W[rows, :stop],
                None if db is None else db[rows],  # whatever has the shape of b: its values are not read
                self.mask[rows, :stop],
                dx=False if dx is None else None,
                dW=dW[rows, :stop],
                db=False if db is None else db[rows],
            )
            dW[rows, stop:] = 0
            if dx is not None:
                dx[:, :stop] += dx_own
