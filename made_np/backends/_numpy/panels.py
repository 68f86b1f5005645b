"""Masked products in panels: a few rows of a mask at a time, or a few columns.

A mask whose units stand by degree is a staircase. What a panel of its rows sees is a rectangle of wires, then stairs,
then nothing. The rectangle is multiplied as it lies in theta, the stairs under their mask, and the rest, about half of
the mask, not at all.
"""

from __future__ import annotations

import numpy as np

from made_np.layers import masked_linear, masked_linear_backward
from made_np.lazy import lazy
from made_np.typing import Array, Bools

LEAST = 64
"""Rows of a panel, at least: below, BLAS is slow."""
MOST = 256
N_PANELS = 32
"""A wide layer is cut into so many, if none need be wider than `MOST`."""
SMALL = 1 << 15
"""Entries of a mask that are worth a panel of their own."""
NARROW = 16
"""A rectangle that is no wider than this is multiplied with the stairs beside it."""

Panel = tuple[slice, int, int]


class Wires:
    """The wires that a mask leaves, ready to be multiplied with.

    Parameters
    ----------
    mask : ndarray of bool, shape (O, I)

    Examples
    --------
    >>> wires = Wires(np.tri(300, 400, 50, dtype=bool))
    >>> wires.row_panels[1:3]
    [(slice(81, 162, None), 132, 212), (slice(162, 243, None), 213, 293)]
    >>> wires.column_panels[1:3]
    [(slice(109, 218, None), 59, 167), (slice(218, 327, None), 168, 276)]
    """

    def __init__(self, mask: Bools) -> None:
        self.mask = mask

    @lazy
    def row_panels(self) -> list[Panel]:
        """Rows, the column up to which each of them sees all, and that beyond which none sees anything.

        Rows that see nothing are among them: they have biases.
        """
        return _panels(self.mask)

    @lazy
    def column_panels(self) -> list[Panel]:
        """Columns, the row before which none is seen, and that from which on all are."""
        n = len(self.mask)
        return [(columns, n - stop, n - whole) for columns, whole, stop in _panels(self.mask.T[:, ::-1])]

    def product(self, x: Array, W: Array, b: Array | None) -> Array:
        """Return what `masked_linear` does for `x` (B, I), `W` (O, I) and `b` (O,)."""
        y = np.empty((len(x), len(W)), dtype=np.result_type(x, W))
        for rows, whole, stop in self.row_panels:
            own = y[:, rows]
            stairs = slice(whole, stop)
            under = x[:, stairs], W[rows, stairs], None if b is None else b[rows], self.mask[rows, stairs]
            if whole:
                np.matmul(x[:, :whole], W[rows, :whole].T, out=own)
                own += masked_linear(*under)
            else:
                own[:] = masked_linear(*under)
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
        """Do `masked_linear_backward` in panels: of columns for dx, of rows for dW."""
        if dx is not None:
            self._to_inputs(dy, W, dx)
        for rows, whole, stop in self.row_panels:
            np.matmul(dy[:, rows].T, x[:, :stop], out=dW[rows, :stop])
            dW[rows, whole:stop] *= self.mask[rows, whole:stop]
            dW[rows, stop:] = 0
        if db is not None:
            np.sum(dy, axis=0, out=db)

    def _to_inputs(self, dy: Array, W: Array, dx: Array) -> None:
        for columns, first, whole in self.column_panels:
            own = dx[:, columns]
            stairs = slice(first, whole)
            under = dy[:, stairs], own, W[stairs, columns], None, self.mask[stairs, columns]
            if whole < len(W):
                np.matmul(dy[:, whole:], W[whole:, columns], out=own)
                own += masked_linear_backward(*under, dW=False)[0]
            else:
                own[:] = masked_linear_backward(*under, dW=False)[0]


def _panels(mask: Bools) -> list[Panel]:
    """Return rows, the column up to which each sees all, and that beyond which none sees anything."""
    n_rows, n_columns = mask.shape
    wide = min(max(LEAST, n_rows // N_PANELS, SMALL // max(n_columns, 1)), MOST)
    panels = []
    for first in range(0, n_rows, wide):
        rows = slice(first, min(first + wide, n_rows))
        seen = np.flatnonzero(mask[rows].any(axis=0))
        lacking = np.flatnonzero(~mask[rows].all(axis=0))
        stop = int(seen[-1]) + 1 if len(seen) else 0
        whole = int(lacking[0]) if len(lacking) else n_columns
        panels.append((rows, whole if whole > NARROW else 0, stop))
    return panels
