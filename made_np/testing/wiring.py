"""Orders, who may depend on whom, and which column belongs to which feature."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from .compare import Bools, Ints

LAYOUTS = ("interleaved", "blocked")


def as_order(order: ArrayLike | None, n_features: int) -> Ints | None:
    """``order`` as an integer array.

    Raises
    ------
    ValueError
        If it is not a permutation of 0 .. n_features - 1.
    """
    if order is None:
        return None
    array = np.asarray(order)
    if array.shape != (n_features,) or not np.array_equal(np.sort(array), np.arange(n_features)):
        raise ValueError(
            f"order must be a permutation of 0..{n_features - 1}, the features in the sequence in "
            f"which they are generated, got {order!r}"
        )
    return array.astype(np.int64)


def position_of(order: ArrayLike) -> Ints:
    """The inverse permutation: the place of each feature, 0 first.

    >>> position_of([2, 0, 1])
    array([1, 2, 0])
    """
    return np.argsort(np.asarray(order, dtype=np.int64))


def allowed(order: ArrayLike) -> Bools:
    """[i, j] is True if and only if feature j comes before feature i.

    >>> allowed([1, 0]).astype(int)
    array([[0, 1],
           [0, 0]])
    """
    position = position_of(order)
    return np.asarray(position[:, None] > position[None, :])


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


def feature_of_columns(n_features: int, per_feature: int | Sequence[int], layout: str = "interleaved") -> Ints:
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

    Raises
    ------
    ValueError
        For a bad layout or a bad count.

    Examples
    --------
    >>> feature_of_columns(3, 2), feature_of_columns(3, 2, "blocked")
    (array([0, 0, 1, 1, 2, 2]), array([0, 1, 2, 0, 1, 2]))
    >>> feature_of_columns(3, [1, 2, 1])
    array([0, 1, 1, 2])
    """
    if layout not in LAYOUTS:
        raise ValueError(f"layout must be one of {LAYOUTS}, got {layout!r}")
    counts = np.asarray(per_feature)
    if counts.dtype.kind not in "iu" or (counts < 0).any() or counts.ndim > 1:
        raise ValueError(f"columns per feature must be whole numbers >= 0, got {per_feature!r}")
    if counts.ndim == 1 and len(counts) != n_features:
        raise ValueError(f"{len(counts)} counts of columns for {n_features} features")
    features = np.arange(n_features)
    if layout == "interleaved":
        return np.repeat(features, counts)
    if counts.ndim and len(set(counts.tolist())) > 1:
        raise ValueError("layout='blocked' needs the same number of columns for every feature")
    return np.tile(features, int(counts.flat[0]) if counts.size else 0)
