"""An order of the features that is found in training rows: what is nearly known already comes next.

A masked network of some size predicts a feature well if one of the features before it says much about it. So each
place goes to the feature with the least entropy left once its best informant among those before it is known.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from made_np.typing import Array, Floats, Ints
from made_np.validation import as_doubles, as_finite, as_numbers

__all__ = ["find_order"]


MAX_ROWS = 20_000
"""Of more rows than this, so many are looked at, evenly spaced."""
MAX_CODES = 32
"""A column of integers with at most so many different values is taken for codes: each value is a state."""
MAX_BINS = 8
"""Any other column with more different values than this is cut into so many bins."""
PSEUDO_COUNT = 0.5
TIE = 1e-9
"""Nats by which numbers that are equal may differ through rounding."""

UNKNOWN = 255
"""Stands for a gap where states do."""
BLOCK_STATES = 1024
BLOCK_ROWS = 4096


def find_order(x: Any) -> Ints:
    """Return an order of the features of `x` in which each is nearly known from one that comes before it.

    The first feature is the one with the largest sum of mutual information with the others. Then, again and again, the
    feature j with the least remaining entropy comes next::

        H(x_j) - max_i I(x_i; x_j)    over the features i that have their place

    in nats, of tables of counts with 0.5 added to each cell. Between equals the lowest index comes first. Nothing is
    drawn: the same rows give the same order.

    Integers with at most 32 different values are codes, and each is a state; so is each value of a column with at most
    8. Any other column is cut into at most 8 bins of about as many rows each (equal values stay together), and its
    entropy is that of its bins. This is what makes real and discrete columns comparable, and no more than a heuristic:
    the entropy of a density depends on its unit, that of bins on their number. Pairs are all that is looked at, so a
    feature that only several others together determine is not recognised.

    It helps where features have no order of their own, as columns of a table. The pixels of an image are better off
    with "natural".

    Parameters
    ----------
    x : array (n, D) of real numbers, n and D at least 1
        Training rows. Of more than 20 000, so many are looked at, evenly spaced. NaN is a gap: a column is counted in
        the rows that know it, a pair of columns in those that know both.

    Returns
    -------
    ndarray of int, shape (D,)
        A permutation for ``MADE(order=...)``.

    Raises
    ------
    TypeError
        Sparse, masked, complex, string or object data.
    ValueError
        Not (n, D), no rows or columns, or infinity.

    Examples
    --------
    Column 2 is a copy of column 0, so it follows at once; column 1 agrees with them three times in four.

    >>> rng = np.random.default_rng(0)
    >>> bits = rng.integers(0, 2, 1000)
    >>> find_order(np.column_stack([bits, np.where(rng.random(1000) < 0.75, bits, 1 - bits), bits]))
    array([0, 2, 1])
    """
    codes, sizes = _as_codes(_check(x))
    information = _information(codes, sizes)
    return _nearest_first(information, _entropies(codes, sizes))


def _check(x: Any) -> Array:
    """Return the rows of `x` that are looked at, or raise."""
    array = as_numbers(x, "x")
    if array.ndim != 2:
        raise ValueError(f"x is {array.ndim}-dimensional with shape {array.shape}: give rows (n, D)")
    if 0 in array.shape:
        raise ValueError(f"x has shape {array.shape}: an order is found in at least 1 row of at least 1 column")
    if array.dtype.kind == "f" and np.isinf(array).any():
        as_finite(np.where(np.isnan(array), 0, array), np.dtype(np.float64), "x")  # says where
    n = len(array)
    return array if n <= MAX_ROWS else array[np.arange(MAX_ROWS) * n // MAX_ROWS]


def _as_codes(x: Array) -> tuple[NDArray[np.uint8], Ints]:
    """Return the state of each column in each row (n, D), and how many states each column has (D,)."""
    codes = np.full(x.shape, UNKNOWN, dtype=np.uint8, order="F")
    for d in range(x.shape[1]):
        column = as_doubles(x[:, d], "x")
        known = ~np.isnan(column)
        if known.any():
            codes[known, d] = _states(column[known])
    return codes, np.where(codes == UNKNOWN, 0, codes).max(axis=0).astype(np.intp) + 1


def _states(column: Floats) -> Ints:
    """Return the state of a column in each row: 0, 1, ... and none of them empty."""
    values, codes = np.unique(column, return_inverse=True)
    are_codes = len(values) <= MAX_CODES and bool((values == np.floor(values)).all())
    if are_codes or len(values) <= MAX_BINS:
        return codes
    # A bin ends with a value of the column: ties stay together, and only the bin above the last cut can be empty.
    last = np.arange(1, MAX_BINS) * len(codes) // MAX_BINS - 1
    return np.searchsorted(np.unique(np.sort(codes)[last]), codes)


def _entropies(codes: NDArray[np.uint8], sizes: Ints) -> Floats:
    """Return H(x_d) of each column in nats, shape (D,)."""
    entropies = np.empty(len(sizes))
    for d, size in enumerate(sizes):
        column = codes[:, d]
        counts = np.bincount(column[column != UNKNOWN], minlength=size) + PSEUDO_COUNT
        entropies[d] = np.log(counts.sum()) - _x_log_x(counts).sum() / counts.sum()
    return entropies


def _information(codes: NDArray[np.uint8], sizes: Ints) -> Floats:
    """Return I(x_i; x_j) of each pair of columns in nats, shape (D, D).

    All tables of two columns are one product of one-hot rows, ``one_hot^T one_hot``. It is done in blocks of columns
    and rows, so that memory stays small however many states there are.
    """
    information = np.empty((len(sizes), len(sizes)))
    block = (np.cumsum(sizes) - 1) // BLOCK_STATES
    blocks = np.split(np.arange(len(sizes)), np.flatnonzero(np.diff(block)) + 1)
    for k, a in enumerate(blocks):
        for b in blocks[k:]:
            part = _block_information(_joint_counts(codes, sizes, a, b), sizes[a], sizes[b])
            information[np.ix_(a, b)] = part
            information[np.ix_(b, a)] = part.T
    return information


def _joint_counts(codes: NDArray[np.uint8], sizes: Ints, a: Ints, b: Ints) -> NDArray[np.float32]:
    """Return how often states of the columns `a` and `b` meet: whole numbers, which float32 holds exactly."""
    counts = np.zeros((sizes[a].sum(), sizes[b].sum()), dtype=np.float32)
    for first in range(0, len(codes), BLOCK_ROWS):
        rows = codes[first : first + BLOCK_ROWS]
        counts += _one_hot(rows[:, a], sizes[a]).T @ _one_hot(rows[:, b], sizes[b])
    return counts


def _one_hot(codes: NDArray[np.uint8], sizes: Ints) -> NDArray[np.float32]:
    """Return a column of 0 and 1 for each state of each column, shape (n, sum of `sizes`); a gap is in no state."""
    states = np.concatenate([np.arange(size, dtype=np.uint8) for size in sizes])
    return (np.repeat(codes, sizes, axis=1) == states).astype(np.float32)


def _block_information(counts: NDArray[np.float32], sizes_a: Ints, sizes_b: Ints) -> Floats:
    """Return I of the pairs whose tables `counts` holds side by side, one value for each table."""
    at_a = np.cumsum(sizes_a) - sizes_a
    at_b = np.cumsum(sizes_b) - sizes_b
    joint = counts.astype(np.float64) + PSEUDO_COUNT
    of_a = np.add.reduceat(joint, at_b, axis=1)  # (states of a, columns of b)
    of_b = np.add.reduceat(joint, at_a, axis=0)  # (columns of a, states of b)
    total = np.add.reduceat(of_a, at_a, axis=0)
    both = np.add.reduceat(np.add.reduceat(_x_log_x(joint), at_b, axis=1), at_a, axis=0)
    apart = np.add.reduceat(_x_log_x(of_a), at_a, axis=0) + np.add.reduceat(_x_log_x(of_b), at_b, axis=1)
    return np.asarray((both - apart) / total + np.log(total))


def _x_log_x(x: Array) -> Floats:
    return np.asarray(x * np.log(x))


def _nearest_first(information: Floats, entropies: Floats) -> Ints:
    """Return the order of `find_order` for given mutual information (D, D) and entropies (D,)."""
    with_others = information.sum(axis=1) - information.diagonal()
    order = [_first_of_least(-with_others)]
    left = entropies - information[order[0]]  # what is left of each, once its best informant is known
    outside = np.ones(len(entropies), dtype=bool)
    for _ in range(len(entropies) - 1):
        outside[order[-1]] = False
        order.append(_first_of_least(np.where(outside, left, np.inf)))
        left = np.minimum(left, entropies - information[order[-1]])
    return np.array(order, dtype=np.int64)


def _first_of_least(values: Floats) -> int:
    """Return the index of the least value, the lowest one between equals."""
    return int(np.argmax(values <= values.min() + TIE))
