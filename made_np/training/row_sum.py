"""A checksum of a table that many processes can compute together, each of rows of its own.

Every row gets a number of 64 bits from its values and its place in the whole table; their sum, of which 64 bits are
kept, is the same whoever adds up which. It tells tables apart, and is no proof against somebody who looks for a second
one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from made_np.typing import Array, Ints

__all__ = ["row_sum"]

Words = NDArray[np.uint64]

AT_ONCE = 1 << 16
"""Numbers that are looked at together: they stay in the cache."""
BITS = 64
STEP = np.uint64(0x9E3779B97F4A7C15)
FIRST = np.uint64(0xBF58476D1CE4E5B9)
SECOND = np.uint64(0x94D049BB133111EB)
"""Those of splitmix64 (Steele, Lea and Flood 2014): each bit that goes in changes half of those that come out."""


def row_sum(table: Array, dtype: np.dtype[Any], numbers: Callable[[int, int], Ints]) -> int:
    """Return the share of some rows in the checksum of the whole table; the sum of all shares, cut to `BITS`, is it.

    Parameters
    ----------
    table : ndarray, shape (n, ...)
        The rows, in any storage; values count in the `dtype`.
    numbers : callable (first, last) -> ndarray
        Which rows of the whole table the rows first..last-1 are.

    Examples
    --------
    >>> table = np.arange(12.0).reshape(4, 3)
    >>> whole = row_sum(table, table.dtype, np.arange)
    >>> top = row_sum(table[:1], table.dtype, np.arange)
    >>> rest = row_sum(table[1:], table.dtype, lambda first, last: np.arange(first + 1, last + 1))
    >>> (top + rest) % 2**BITS == whole
    True
    """
    total = 0
    step = max(1, AT_ONCE // max(1, table[:1].size))
    for first in range(0, len(table), step):
        block = np.ascontiguousarray(table[first : first + step], dtype=dtype)
        words = _words(block.reshape(len(block), table[:1].size))
        words += STEP * np.arange(1, words.shape[1] + 1, dtype=np.uint64)
        rows: Words = _mixed(words).sum(axis=1, dtype=np.uint64)
        places = numbers(first, first + len(block)).astype(np.uint64)
        total += int(_mixed(rows + STEP * (places + np.uint64(1))).sum(dtype=np.uint64))
    return total % 2**BITS


def _words(block: Array) -> Words:
    """Return the bytes of each row (n, D) as whole words."""
    width = block.shape[1] * block.itemsize
    padded = np.zeros((len(block), -(-width // 8) * 8), dtype=np.uint8)
    padded[:, :width] = block.view(np.uint8).reshape(len(block), width)
    return padded.view(np.uint64)


def _mixed(words: Words) -> Words:
    """Return words of which every bit depends on all bits of one that was given; they are overwritten."""
    words ^= words >> np.uint64(30)
    words *= FIRST
    words ^= words >> np.uint64(27)
    words *= SECOND
    words ^= words >> np.uint64(31)
    return words
