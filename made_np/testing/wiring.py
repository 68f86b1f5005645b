"""Who may depend on whom: orders of features, with the columns that belong to each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from .arrays import MOST_FEATURES, MOST_NUMBERS, as_array
from .compare import Bools, Ints
from .values import as_choice, as_count, show

LAYOUTS = ("interleaved", "blocked")


def as_order(order: ArrayLike | None, n_features: int | None) -> Ints | None:
    """``order`` as an integer array.

    Parameters
    ----------
    order : array_like or None
        (D,) features in the sequence in which they are generated.
    n_features : int or None
        D; None: as many as ``order`` has.

    Raises
    ------
    TypeError, ValueError
        If it is not a permutation of 0 .. D - 1.
    """
    if order is None:
        return None
    array = as_array(order, "order")
    D = n_features or max(array.size, 1)
    whose = "" if n_features is None else f" (n_features={D})"
    meant = f"give a permutation of 0..{D - 1}{whose}, the features in the sequence in which they are generated"
    if array.size and array.dtype.kind not in "iu":
        raise TypeError(f"order={show(order)} has dtype {array.dtype}: {meant}")
    if D > MOST_FEATURES or array.shape != (D,) or not np.array_equal(np.sort(array), np.arange(D)):
        from_one = array.shape == (D,) and np.array_equal(np.sort(array), np.arange(1, D + 1))
        raise ValueError(f"order={show(order)}: {'it counts from 1, count from 0: ' if from_one else ''}{meant}")
    return array.astype(np.int64)


def position_of(order: ArrayLike) -> Ints:
    """The inverse permutation: the place of each feature, 0 first.

    >>> position_of([2, 0, 1])
    array([1, 2, 0])
    """
    return np.argsort(np.asarray(order, dtype=np.int64))


def before(order: ArrayLike) -> Bools:
    """[i, j] is True if and only if feature j comes before feature i.

    >>> before([1, 0]).astype(int)
    array([[0, 1],
           [0, 0]])
    """
    position = position_of(order)
    return np.asarray(position[:, None] > position[None, :])


def as_allowed(allowed: ArrayLike | None, order: Ints | None, n_features: int | None) -> Bools | None:
    """``allowed`` as a boolean array that an order permits.

    Parameters
    ----------
    allowed : array_like or None
        (D, D) of 0 and 1: [i, j] says whether the outputs of feature i may depend on input j.
    order : ndarray or None
        The order that was given beside it.
    n_features : int or None
        D; None: as many as it has rows.

    Raises
    ------
    TypeError, ValueError
        If it has another shape, or holds something else, or the order or no order at all permits it.
    """
    if allowed is None:
        return None
    array = as_array(allowed, "allowed")
    D = n_features or (len(order) if order is not None else max(len(array), 1) if array.ndim else 1)
    meant = f"give a ({D}, {D}) boolean array: [i, j] says whether the outputs of feature i may depend on input j"
    if array.dtype.kind not in "biuf":
        raise TypeError(f"allowed={show(allowed)} has dtype {array.dtype}: {meant}")
    if array.shape != (D, D) or not np.isin(array, (0, 1)).all():
        raise ValueError(f"allowed={show(allowed)}: {meant}")
    may = array.astype(bool)
    cycle = find_cycle(may)
    if cycle:
        circle = " <- ".join(map(str, cycle))
        raise ValueError(f"allowed holds a circle, outputs {circle}, which no density has: take a wire out")
    if order is not None and (may & ~before(order)).any():
        i, j = np.argwhere(may & ~before(order))[0]
        raise ValueError(
            f"allowed[{i}, {j}] is True, and in order={order.tolist()} feature {j} does not come before feature {i}: "
            "leave one of them out"
        )
    return may


def find_cycle(depends: Bools) -> list[int]:
    """Features that depend on each other in a circle, ``[0, 1, 0]``; empty if there are none.

    >>> import numpy as np
    >>> find_cycle(np.array([[False, True], [True, False]]))
    [0, 1, 0]
    """
    left = set(range(len(depends)))
    while True:
        # What depends on nothing that is left cannot lie on a circle, nor can what nothing needs.
        free = {i for i in left if not any(depends[i, j] for j in left)}
        if not free:
            break
        left -= free
    if not left:
        return []
    path = [min(left)]
    while path.count(path[-1]) < 2:
        path.append(next(j for j in sorted(left) if depends[path[-1], j]))
    return path[path.index(path[-1]) :]


def find_order(depends: Bools) -> Ints:
    """An order that permits these dependencies, which must hold no cycle."""
    order: list[int] = []
    left = list(range(len(depends)))
    while left:
        ready = [i for i in left if not any(depends[i, j] for j in left)]
        if not ready:
            raise ValueError("depends holds a cycle: no order permits it")
        order += ready
        left = [i for i in left if i not in ready]
    return np.array(order, dtype=np.int64)


def feature_of_columns(
    n_features: int, per_feature: int | Sequence[int], layout: str = "interleaved", name: str = "n_params"
) -> Ints:
    """The feature to which each column (input unit, or parameter of a conditional) belongs.

    Parameters
    ----------
    n_features : int
        D.
    per_feature : int or sequence of int
        Columns of each feature; different numbers only in the interleaved layout.
    layout : {"interleaved", "blocked"}
        All columns of feature 0, then of feature 1, ...; or the first column of every feature,
        then the second, ....
    name : str
        What the caller calls ``per_feature``.

    Raises
    ------
    TypeError, ValueError
        For a bad layout or a bad count.

    Examples
    --------
    >>> feature_of_columns(3, 2), feature_of_columns(3, 2, "blocked")
    (array([0, 0, 1, 1, 2, 2]), array([0, 1, 2, 0, 1, 2]))
    >>> feature_of_columns(3, [1, 2, 1])
    array([0, 1, 1, 2])
    """
    as_choice(layout, "layout", LAYOUTS)
    counts = _counts(per_feature, n_features, name)
    features = np.arange(n_features)
    if layout == "interleaved":
        return np.repeat(features, counts.astype(np.intp))
    if counts.ndim and len(set(counts.tolist())) > 1:
        raise ValueError(
            f"layout='blocked' needs the same number of columns for every feature: {name}={show(per_feature)}"
        )
    return np.tile(features, int(counts.flat[0]) if counts.size else 0)


def _counts(per_feature: int | Sequence[int], n_features: int, name: str) -> Ints:
    """One count of columns for all features, or one for each."""
    most = MOST_NUMBERS // n_features
    if isinstance(per_feature, (int, np.integer)):
        return np.array(as_count(per_feature, name, 0, most))
    counts = as_array(per_feature, name)
    if counts.dtype.kind not in "iu":
        raise TypeError(f"{name}={show(per_feature)}: give a whole number >= 0, or one for each feature")
    if counts.ndim > 1 or (counts < 0).any() or (counts > most).any():
        raise ValueError(f"{name}={show(per_feature)}: give whole numbers in 0..{most}, one for each feature")
    if counts.ndim == 1 and len(counts) != n_features:
        raise ValueError(f"{name} has {len(counts)} counts of columns for {n_features} features: give one for each")
    return counts.astype(np.int64)
