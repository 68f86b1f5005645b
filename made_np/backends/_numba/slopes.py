"""A batch that is learned from by another loss than -log p, of which NumPy says the gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from made_np.backends._numba.run import Batch
from made_np.backends.rules import NO_RULE
from made_np.typing import Array

__all__ = ["Sloped"]


class Sloped(Batch):
    """Rows to be learned from by the gradient that `slope` returns for raw outputs, as `Bound.pull_back` takes it."""

    def __init__(self, slope: Callable[[Array, slice], Array], *given: Any) -> None:
        super().__init__(*given)
        self.slope = slope

    def pull_back(self, grad: Array) -> None:
        """Overwrite `grad` (P,) with the gradient of the loss."""
        self._learn(grad, NO_RULE, None, only_live=True)

    def _losses(self, acts: Array, dacts: Array, nll: Array, begin: int, end: int) -> None:
        first, last = self.tables.starts[-3:-1].tolist()
        units = self.tables.units[first:]
        rows = slice(begin * self.width, min(end * self.width, self.n))
        here = (acts, dacts, nll)
        raw_panels, d_panels, losses = (each.reshape(self.n_panels, -1, self.width)[begin:end] for each in here)
        losses[:] = 0
        if begin == end:
            return
        in_order = raw_panels[:, first:last].transpose(0, 2, 1).reshape(-1, last - first)
        raw = np.empty((rows.stop - rows.start, last - first), self.dtype)
        raw[:, units] = in_order[: len(raw)]
        d_raw = np.zeros_like(in_order)  # nothing for rows beyond the last
        d_raw[: len(raw)] = self.slope(raw, rows)[:, units]
        d_panels[:, first:last] = d_raw.reshape(end - begin, self.width, -1).transpose(0, 2, 1)
