"""Two ways to fill gaps, held against each other column by column on the same cells."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tabular.data import INTEGERS, Floats
from tabular.missing import Bools
from tabular.report import Report

Both = tuple[pd.DataFrame, pd.DataFrame]
"""A frame filled twice: numbers by their means, then by their medians."""


def add_columns(
    report: Report, what: str, train: pd.DataFrame, test: pd.DataFrame, filled: tuple[Both, Both], gaps: Bools
) -> None:
    """Add a row for each column with gaps: what the first way scores, and that less the second, with its error."""
    for j, name in enumerate(test):
        missing = gaps[:, j]
        if not missing.any():
            continue
        first, second = (_cells(train, test, both, str(name), missing) for both in filled)
        cells: dict[str, float | int] = {"gaps": int(missing.sum())}
        for measured, own in first.items():
            own_mean = own.mean()
            less, error = difference(own, second[measured])
            cells |= {measured: float(own_mean), f"{measured} less": less, f"{measured} less +-": error}
        report.add(f"{what}, {name}", **cells)


def _cells(train: pd.DataFrame, test: pd.DataFrame, both: Both, name: str, missing: Bools) -> dict[str, Floats]:
    """Return what is measured of each missing cell of a column: its mean is the score of the column."""
    true = test[name].to_numpy()[missing]
    middle, median = (frame[name].to_numpy()[missing] for frame in both)
    if name not in INTEGERS:
        return {"right": np.asarray(middle == true, dtype=float)}
    unit = train[name].std()
    middle = middle.astype(float)
    median = median.astype(float)
    return {"squared": ((middle - true) / unit) ** 2, "absolute": np.abs(median - true) / unit}


def difference(first: Floats, second: Floats) -> tuple[float, float]:
    """Return the mean difference of pairs, with its standard error.

    Examples
    --------
    >>> mean, error = difference(np.array([1.0, 2.0, 3.0]), np.array([0.0, 0.0, 0.0]))
    >>> round(mean, 3), round(error, 3)
    (2.0, 0.577)
    """
    gained = first - second
    return float(gained.mean()), float(gained.std(ddof=1) / len(gained) ** 0.5) if len(gained) > 1 else np.nan
