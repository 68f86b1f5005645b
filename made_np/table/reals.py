"""Cells that are real numbers, in float64; all others are refused by their place."""

from __future__ import annotations

from decimal import Decimal
from numbers import Rational
from typing import Any

import numpy as np

from made_np.table.objects import EXACT, Entry
from made_np.table.raw import RawColumn
from made_np.typing import Array, Floats
from made_np.values import REALS, show

__all__ = ["as_reals", "reals_of", "too_large"]

LONG = 1000
"""Of more digits than these, a decimal is shown as it is written: as an integer it might fill the memory."""


def as_reals(raw: RawColumn, entry: Entry) -> Floats:
    """Return cells in float64, NaN for a gap.

    Raises
    ------
    TypeError
        A cell that is no real number.
    ValueError
        An integer that float64 does not hold.
    """
    known = raw.known()
    rows = np.flatnonzero(~raw.gaps)
    reals = np.full(len(raw), np.nan)
    if known.dtype.kind in "buif":
        reals[rows] = reals_of(known, lambda index: entry(int(rows[index[0]])))
    else:
        reals[rows] = [_as_real(value, entry, row) for value, row in zip(known, rows.tolist(), strict=True)]
    return reals


def reals_of(array: Array, entry: Any) -> Floats:
    """Return an array of real numbers in a new one of float64; `entry` tells messages what an index is called."""
    with np.errstate(over="ignore"):  # from wider floats: the infinity is refused later
        reals = array.astype(np.float64)
    if array.dtype.kind in "iu" and array.dtype.itemsize > 4:
        large = np.abs(reals) >= EXACT
        if large.any():
            index = tuple(np.argwhere(large)[0].tolist())
            raise too_large(array[index], entry(index))
    return reals


def _as_real(value: Any, entry: Entry, row: int) -> float:
    """Return one cell as a float."""
    if not isinstance(value, (*REALS, Decimal, Rational)) or isinstance(value, np.timedelta64):
        raise TypeError(
            f"{entry(row)} = {show(value)} is a {type(value).__name__}, and what is asked for are real numbers: leave "
            "the column out, or turn it into numbers"
        )
    if _is_whole(value) and abs(value) >= EXACT:  # type: ignore[operator]
        raise too_large(value, entry(row))
    return float(value)


def _is_whole(value: Any) -> bool:
    """Return whether a cell is an integer, or a decimal without a fraction, however many digits it has."""
    if isinstance(value, Decimal):
        return value.is_finite() and value == value.to_integral_value()
    return isinstance(value, (int, np.integer))


def too_large(value: Any, entry: str) -> ValueError:
    """Return the error for an integer that would become another number."""
    is_long = isinstance(value, Decimal) and value.adjusted() >= LONG
    shown = show(value if is_long else int(value))
    return ValueError(
        f"{entry} = {shown}: float64 does not hold integers of 2**53 and more; leave the column out, or "
        "subtract its smallest value"
    )
