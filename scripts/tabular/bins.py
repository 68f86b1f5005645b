"""Codes for the columns of a frame: words as they are, numbers cut into bins of known widths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

MOST_VALUES = 100
"""An integer column with no more values keeps them; one with more is cut into about so many bins."""


@dataclass(frozen=True)
class Codes:
    """A column's codes.

    Attributes
    ----------
    values : ndarray (k,)
        The words, rising; or the first integer of each bin, rising.
    widths : ndarray (k,)
        How many integers a bin holds; 1 for a word. The mass of a bin is shared evenly by them.
    """

    values: NDArray
    widths: Floats

    @classmethod
    def learn(cls, column: pd.Series) -> Codes:
        """Return the codes of a training column; one more code, of no word, is for whatever comes later."""
        if not pd.api.types.is_numeric_dtype(column):
            values = np.unique(column.to_numpy(dtype=str))
            return cls(values, np.ones(len(values) + 1))
        values = _bins(np.sort(column.to_numpy()))
        last = int(column.max()) + 1
        return cls(values, np.diff(np.append(values, last)).astype(float))

    def __len__(self) -> int:
        return len(self.widths)

    def encode(self, column: pd.Series) -> Ints:
        """Return the code of each value; integers beyond the training column count as its first or last ones."""
        if self.values.dtype.kind == "U":
            words = column.to_numpy(dtype=str)
            places = np.searchsorted(self.values, words).clip(max=len(self.values) - 1)
            return np.where(self.values[places] == words, places, len(self.values))
        return np.searchsorted(self.values, column.to_numpy(), side="right").clip(min=1) - 1


def _bins(ordered: NDArray) -> NDArray:
    """Return first integers of bins with about as many rows each; a value with a bin's share has one of its own."""
    values, counts = np.unique(ordered, return_counts=True)
    atoms = values[counts * MOST_VALUES >= len(ordered)]
    if len(values) > MOST_VALUES:
        values = ordered[np.arange(MOST_VALUES) * len(ordered) // MOST_VALUES]
    starts = np.unique(np.concatenate([values, atoms, atoms + 1]))
    return starts[starts <= ordered[-1]]
