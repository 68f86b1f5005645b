"""Rows that a model has accepted, so that nobody has to look at them again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from made_np.typing import Array

__all__ = ["Rows"]


@dataclass(frozen=True, eq=False)
class Rows:
    """Checked rows, with their context, in whatever dtype and storage they came.

    `MADE.init`, `MADE.log_prob` and whatever else reads rows by `MADE.check_blocks` take them as they are.

    Attributes
    ----------
    x : ndarray, shape (n, D)
        NaN where the network is not told a value.
    context : ndarray, shape (n, C), or None
    weights : ndarray, shape (n,), or None
        What each row counts in a loss, in float64 and with the mean 1 over the whole table; None: all the same.
    units : callable (n, P) -> (n, C), optional
        What the network is told of contexts that are kept in fewer numbers (n, P), such as codes.
    """

    x: Array
    context: Array | None = None
    weights: Array | None = None
    units: Callable[[Array], Array] | None = None

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: Any) -> Rows:
        context = None if self.context is None else self.context[index]
        return Rows(self.x[index], context, None if self.weights is None else self.weights[index], self.units)

    def batch(self, index: Any, dtype: np.dtype[Any]) -> tuple[Array, Array | None]:
        """Return the rows of that index, and their context, in the model's dtype."""
        x = self.x[index].astype(dtype, copy=False)
        if self.context is None:
            return x, None
        own = self.context[index]
        return x, (own if self.units is None else self.units(own)).astype(dtype, copy=False)
