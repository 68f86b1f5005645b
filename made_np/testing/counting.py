"""A measure that is easily seen to be one: rows, drawn once, of which those inside are counted."""

from __future__ import annotations

import numpy as np

from .compare import Floats
from .questions import Where


def share(rows: Floats, where: Where) -> float:
    """The share of the rows that pass all tests of a question about numbers.

    Examples
    --------
    >>> share(np.array([[0.0, 1.0], [1.0, 3.0]]), {0: (None, 0), 1: (1, 2)})
    0.5
    """
    inside = np.ones(len(rows), dtype=bool)
    for d, (low, high) in where.items():
        if low is not None:
            inside &= rows[:, d] >= low
        if high is not None:
            inside &= rows[:, d] <= high
    return float(inside.mean())
