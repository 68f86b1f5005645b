"""Rows of data to try a model on: real numbers, or values of a given support."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from .arrays import MODERATE, as_list
from .compare import Floats
from .values import REALS, as_number, show

EXTREME = 1e4
"""Far outside any data, and far from overflow in float32 after a few layers."""


@dataclass(frozen=True)
class Interval:
    """The values of a continuous column, for `check_normalised` within these bounds.

    Raises
    ------
    TypeError, ValueError
        If the bounds are no numbers up to 1e100 in size, or not ``low < high``.

    Examples
    --------
    >>> Interval(-8, 8)
    Interval(low=-8, high=8)
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if not as_number(self.low, "low", MODERATE) < as_number(self.high, "high", MODERATE):
            raise ValueError(
                f"low={show(self.low)}, high={show(self.high)}: take bounds low < high, beyond which the density is "
                "negligible"
            )


Support: TypeAlias = "Interval | Sequence[float] | Sequence[Interval | Sequence[float]]"


SUPPORT = "give an Interval, a list of the values of every column, or a list with one of these for each column"


def columns_of(support: Support | None, n_features: int) -> list[Interval | Floats]:
    """What each column may hold: an `Interval`, or an array of values.

    Parameters
    ----------
    support : Interval, sequence of numbers, or one of these per column
        ``(0, 1)`` for all columns, or ``[(0, 1), (0, 1, 2), Interval(-8, 8)]``; None for any real number.
    n_features : int
        D.

    Raises
    ------
    TypeError, ValueError
        If a column has no value, the same one twice, or one that is no number up to 1e100 in size, or if the number of
        columns is not D.
    """
    if support is None:
        support = Interval(-2, 2)
    if isinstance(support, Interval):
        return [support] * n_features
    listed = as_list(support, "support", SUPPORT)
    if all(isinstance(value, REALS) for value in listed):
        return [_values(listed, "every column")] * n_features
    if len(listed) != n_features:
        raise ValueError(f"support speaks of {len(listed)} columns, there are {n_features}: {SUPPORT}")
    return [
        values if isinstance(values, Interval) else _values(values, f"column {d}") for d, values in enumerate(listed)
    ]


def _values(values: Any, column: str) -> Floats:
    """The values of a discrete column, in rising order."""
    name = f"the support of {column}"
    numbers = [
        float(value) if isinstance(value, (bool, np.bool_)) else as_number(value, f"a value in {name}", MODERATE)
        for value in as_list(values, name, SUPPORT)
    ]
    rising, counts = np.unique(np.array(numbers, dtype=np.float64), return_counts=True)
    if not numbers or counts.max() > 1:
        what = f"{rising[counts.argmax()]:g} twice" if numbers else "no value"
        raise ValueError(f"{name} lists {what}: list each value that the column may take once")
    return rising


def draw_rows(columns: Sequence[Interval | Floats], n: int, rng: np.random.Generator) -> Floats:
    """(n, D) random rows, uniform over each column's values; the second differs from the first everywhere."""
    out = np.zeros((n, len(columns)))
    for d, column in enumerate(columns):
        if isinstance(column, Interval):
            out[:, d] = rng.uniform(column.low, column.high, n)
        else:
            out[:, d] = rng.choice(column, n)
            # Few rows of few values may all be equal, and then show nothing.
            out[1:2, d] = change_column(out[:1], d, column, rng)[: n - 1, d]
    return out


def change_column(x: Floats, d: int, column: Interval | Floats, rng: np.random.Generator) -> Floats:
    """A copy of x in which every entry of column d has another value, as long as it has two."""
    out = x.copy()
    if isinstance(column, Interval):
        out[:, d] += rng.choice([-1.0, 1.0], len(x)) * rng.uniform(0.5, 1.5, len(x))
    elif len(column) > 1:
        place = np.searchsorted(column, x[:, d])
        out[:, d] = column[(place + rng.integers(1, len(column), len(x))) % len(column)]
    return out
