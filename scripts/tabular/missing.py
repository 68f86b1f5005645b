"""Which cells of a table are made missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabular.data import Floats

Bools = NDArray[np.bool_]

ALWAYS_KNOWN = ("age", "education", "race", "sex")
"""Columns of adult that decide, at random, what is missing of the others."""


def completely_at_random(shape: tuple[int, ...], share: float, rng: np.random.Generator) -> Bools:
    """Return True for so large a share of the cells, each by a draw of its own (MCAR)."""
    return rng.random(shape) < share


def at_random(frame: pd.DataFrame, share: float, rng: np.random.Generator) -> Bools:
    """Return True for so large a share of all cells, by what a row has in columns that are never missing (MAR).

    A column that may be missing is so with ``sigmoid(w . z + b)``: z are the standardised known columns, w is drawn for
    each column, and b makes the share what it has to be.
    """
    known = [frame.columns.get_loc(name) for name in ALWAYS_KNOWN]
    z = codes_of(frame)[:, known]
    z = (z - z.mean(axis=0)) / z.std(axis=0)
    gaps = np.zeros(frame.shape, dtype=bool)
    wanted = share * frame.shape[1] / (frame.shape[1] - len(known))
    for j in set(range(frame.shape[1])) - set(known):
        slope = z @ rng.standard_normal(len(known))
        gaps[:, j] = rng.random(len(frame)) < _sigmoid(slope + _intercept(slope, wanted))
    return gaps


def codes_of(frame: pd.DataFrame) -> Floats:
    """Return numbers as they are, words as their places among all words of their column, and NaN where nothing is."""
    columns = []
    for name in frame:
        column = frame[name]
        if pd.api.types.is_numeric_dtype(column):
            columns.append(column.to_numpy(dtype=float))
        else:
            codes = pd.Categorical(column).codes.astype(float)
            columns.append(np.where(codes < 0, np.nan, codes))
    return np.column_stack(columns)


def without(frame: pd.DataFrame, gaps: Bools) -> pd.DataFrame:
    """Return the frame with nothing in those cells."""
    columns = {}
    for j, name in enumerate(frame):
        is_number = pd.api.types.is_numeric_dtype(frame[name])
        column = frame[name].astype(float if is_number else object)
        columns[name] = column.mask(gaps[:, j], np.nan if is_number else None)
    return pd.DataFrame(columns)


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-x)))


def _intercept(slope: Floats, share: float) -> float:
    """Return b with which ``sigmoid(slope + b)`` is the share on average, by bisection."""
    low = -50.0
    high = 50.0
    for _ in range(60):
        middle = (low + high) / 2
        if _sigmoid(slope + middle).mean() < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2
