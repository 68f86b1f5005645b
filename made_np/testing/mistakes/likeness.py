"""When two arrays count as the same: to a hundred-thousandth of the largest entry, NaN like NaN."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .formulas import Array

NEAR = 1e-5
"""How far entries may lie apart, as a share of the largest: float32 passes, and no mistake does."""


def alike(got: Array, want: Array) -> bool:
    """Whether two arrays have one shape and the same entries, as far as float32 can tell.

    Examples
    --------
    >>> alike(np.array([1.0, np.nan]), np.array([1.0 + 1e-7, np.nan])), alike(np.array([1.0]), np.array([1.001]))
    (True, False)
    """
    return got.shape == want.shape and bool(entries_alike(got, want).all())


def entries_alike(got: Array, want: Array) -> Array:
    """Entry by entry: NaN is like NaN, and infinity like infinity."""
    with np.errstate(all="ignore"):
        first = np.asarray(got, dtype=np.float64)
        second = np.asarray(want, dtype=np.float64)
        sizes = np.abs(second[np.isfinite(second)])
        near = NEAR * float(sizes.max(initial=0.0)) + 1e-12
        close = np.abs(first - second) <= near
    return np.asarray(close | (first == second) | (np.isnan(first) & np.isnan(second)))


def all_alike(got: Mapping[str, Array], want: Mapping[str, Array]) -> bool:
    """Whether all results of one problem are the same."""
    return all(alike(got[name], np.asarray(want[name])) for name in want)
