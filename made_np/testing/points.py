"""Rows of data to try a model on: real numbers, or values of a given support."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from .compare import Floats

EXTREME = 1e4
"""Far outside any data, and far from overflow in float32 after a few layers."""


@dataclass(frozen=True)
class Interval:
    """The values of a continuous column, for `check_normalised` within these bounds.

    Examples
    --------
    >>> Interval(-8, 8)
    Interval(low=-8, high=8)
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if not (np.isfinite([self.low, self.high]).all() and self.low < self.high):
            raise ValueError(
                f"Interval({self.low}, {self.high}) must be finite and not empty: take bounds beyond which "
                "the density is negligible"
            )


Support: TypeAlias = "Interval | Sequence[float] | Sequence[Interval | Sequence[float]]"


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
    ValueError
        If a column has no value, or the number of columns is not D.
    """
    if support is None:
        support = Interval(-2, 2)
    shared = isinstance(support, Interval) or all(isinstance(value, (int, float, np.number)) for value in support)
    per_column: Sequence[Any] = [support] * n_features if shared else list(support)  # type: ignore[arg-type]
    if len(per_column) != n_features:
        raise ValueError(f"support speaks of {len(per_column)} columns, there are {n_features}")
    columns: list[Interval | Floats] = []
    for d, values in enumerate(per_column):
        if isinstance(values, Interval):
            columns.append(values)
            continue
        listed = np.unique(np.asarray(values, dtype=np.float64))
        if listed.ndim != 1 or not len(listed) or not np.isfinite(listed).all():
            raise ValueError(f"support of column {d} must list finite numbers, got {values!r}")
        columns.append(listed)
    return columns


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
