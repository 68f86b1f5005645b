"""Orders and degrees, and the masks that follow from them.

A unit's **degree** says how many leading features, in the ``order`` of generation, it may see. From degrees alone
follow all masks: a hidden unit sees whatever has no larger degree, an output what has a strictly smaller one. Then
no path leads from a feature to its own output or to an earlier one (Germain et al. 2015, section 4, equations 12-14).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

ORDERS = ("natural", "reverse", "random")
DEGREES = ("spread", "random")


def make_order(order: str | Sequence[int] | Ints, n_features: int, rng: np.random.Generator) -> Ints:
    """Return the order in which features are generated, as feature indices.

    Parameters
    ----------
    order : {"natural", "reverse", "random"} or sequence of int, shape (D,)
        ``order[t]`` is the feature generated in place t. "random" draws from `rng`.
    n_features : int
        D.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of int, shape (D,)

    Raises
    ------
    ValueError
        An unknown name, or something that is not a permutation of 0..D-1.

    Examples
    --------
    >>> make_order("reverse", 4, np.random.default_rng(0))
    array([3, 2, 1, 0])
    """
    if isinstance(order, str):
        if order not in ORDERS:
            raise ValueError(f"order={order!r} is unknown: use one of {ORDERS} or a permutation of 0..{n_features - 1}")
        natural = np.arange(n_features, dtype=np.int64)
        if order == "random":
            return rng.permutation(natural)
        return natural if order == "natural" else natural[::-1].copy()
    return check_permutation(order, n_features)


def check_permutation(order: Sequence[int] | Ints, n_features: int, name: str = "order") -> Ints:
    """Return `order` as an integer array, or raise a `ValueError` that says why it is no permutation of 0..D-1."""
    array = as_array(order, name)
    if array.shape != (n_features,):
        raise ValueError(f"{name} has shape {array.shape}: a permutation of {n_features} features has ({n_features},)")
    if array.dtype.kind not in "iu":
        raise ValueError(f"{name} has dtype {array.dtype}: give the feature indices 0..{n_features - 1} as integers")
    seen = np.zeros(n_features, dtype=bool)
    for place, feature in enumerate(array.tolist()):
        if not 0 <= feature < n_features or seen[feature]:
            what = "twice" if 0 <= feature < n_features else f"outside 0..{n_features - 1}"
            raise ValueError(f"{name}[{place}] = {feature} is {what}: give each feature 0..{n_features - 1} once")
        seen[feature] = True
    return array.astype(np.int64)


def as_array(values: Any, name: str) -> NDArray[Any]:
    """Return `values` as an array, or raise a `ValueError` if they are ragged."""
    try:
        return np.asarray(values)
    except ValueError:
        raise ValueError(f"{name} is ragged: give one sequence of integers, or several of the same length") from None


def position_of(order: Ints) -> Ints:
    """Return the inverse of `order`: ``position[i]`` is the place of feature i, 0 first.

    Examples
    --------
    >>> position_of(np.array([3, 0, 1, 2]))
    array([1, 2, 3, 0])
    """
    position = np.empty_like(order)
    position[order] = np.arange(len(order))
    return position


def spread_degrees(width: int, n_features: int, n_context: int = 0) -> Ints:
    """Return sorted degrees for `width` hidden units, spread evenly over 1..D-1.

    Every degree occurs when ``width >= D-1``. With context some units have degree 0 (as many as there are context
    inputs, at most a quarter of the layer, at least one, and none that another degree needs): they alone carry the
    context to the first output.

    Examples
    --------
    >>> spread_degrees(6, 4)
    array([1, 1, 2, 2, 3, 3])
    >>> spread_degrees(6, 4, n_context=1)
    array([0, 0, 1, 2, 2, 3])
    """
    n_zero = _n_degree_zero(width, n_features, n_context)
    top = n_features - 1
    rest = width - n_zero
    # The middle of each of `rest` equal parts of [0, D-1): consecutive floors differ by at most one when rest >= D-1.
    spread = 1 + (2 * np.arange(rest, dtype=np.int64) + 1) * top // (2 * rest)
    return np.concatenate([np.zeros(n_zero, dtype=np.int64), spread])


def random_degrees(width: int, n_features: int, rng: np.random.Generator, n_context: int = 0, lowest: int = 1) -> Ints:
    """Return sorted degrees drawn uniformly from lowest..D-1 (Germain et al. 2015, section 4), none missing.

    A missing degree d deletes just the wire from the d-th feature to the next, its nearest neighbour. So surplus units
    are given the missing degrees whenever the layer is wide enough.
    """
    n_zero = _n_degree_zero(width, n_features, n_context)
    top = max(n_features - 1, 1)
    drawn = rng.integers(lowest, top + 1, size=width - n_zero)
    missing = np.setdiff1d(np.arange(lowest, top + 1), drawn)
    if len(drawn) >= top + 1 - lowest and len(missing):
        shuffled = rng.permutation(len(drawn))
        _, first = np.unique(drawn[shuffled], return_index=True)
        surplus = np.delete(shuffled, first)
        drawn[surplus[: len(missing)]] = missing
    return np.concatenate([np.zeros(n_zero, dtype=np.int64), np.sort(drawn)])


def _n_degree_zero(width: int, n_features: int, n_context: int) -> int:
    """Count the units that see the context only: their even share, or enough to carry every context input."""
    if n_context == 0:
        return 0
    even_share = -(-width // n_features)
    spare = width - (n_features - 1)  # more units for the context must not cost a degree of the features
    return max(even_share, min(n_context, width // 4, spare))


def check_degrees(
    degrees: Sequence[Sequence[int]], hidden: Sequence[int], n_features: int, n_context: int
) -> tuple[tuple[int, ...], ...]:
    """Return given hidden degrees as tuples, or raise a `ValueError` that names layer, unit and value."""
    if not hasattr(degrees, "__len__"):
        raise TypeError(f"degrees={degrees!r}: give 'spread', 'random', or one integer array per hidden layer")
    if len(degrees) != len(hidden):
        raise ValueError(f"degrees has {len(degrees)} layers: hidden={tuple(hidden)} needs {len(hidden)}")
    low = 0 if n_context else 1
    high = max(n_features - 1, low)
    for layer, (given, width) in enumerate(zip(degrees, hidden, strict=True)):
        array = as_array(given, f"degrees[{layer}]")
        if array.shape != (width,) or array.dtype.kind not in "iu":
            raise ValueError(
                f"degrees[{layer}] is a {array.dtype} array of shape {array.shape}: "
                f"layer {layer} needs {width} integers"
            )
        bad = np.flatnonzero((array < low) | (array > high))
        if len(bad):
            hint = "" if n_context else " (degree 0 needs n_context > 0)"
            raise ValueError(f"degrees[{layer}][{bad[0]}] = {array[bad[0]]}: use degrees {low}..{high}{hint}")
    return tuple(tuple(int(d) for d in given) for given in degrees)


def make_mask(degrees_out: Ints, degrees_in: Ints, *, strict: bool = False) -> Bools:
    """Return the mask between two layers: True where a wire may be present.

    ``mask[r, c] = degrees_out[r] >= degrees_in[c]``, or ``>`` if `strict` (outputs).

    Parameters
    ----------
    degrees_out : ndarray of int, shape (O,)
    degrees_in : ndarray of int, shape (I,)
    strict : bool
        The comparison for outputs: an output never sees its own feature.

    Returns
    -------
    ndarray of bool, shape (O, I)

    Examples
    --------
    >>> make_mask(np.array([1, 2]), np.array([1, 2]), strict=True).astype(int)
    array([[0, 0],
           [1, 0]])
    """
    compare = np.greater if strict else np.greater_equal
    return np.asarray(compare(degrees_out[:, None], degrees_in[None, :]))


def connectivity(masks: Sequence[Bools], direct: Bools | None = None) -> Bools:
    """Return which output units depend on which input units: the boolean product of the masks, or the direct mask.

    Parameters
    ----------
    masks : sequence of ndarray of bool, each (out, in), from the input to the output
    direct : ndarray of bool, shape (O, I), optional
        Wires from input to output.

    Returns
    -------
    ndarray of bool, shape (O, I)
    """
    reach: Bools | None = None
    for mask in masks:
        # Counts of paths stay exact enough in float32 (only "zero or not" is asked for), and BLAS multiplies them.
        reach = mask if reach is None else mask.astype(np.float32) @ reach.astype(np.float32) > 0
    if reach is None:
        if direct is None:
            raise ValueError("masks is empty and direct is None: there is no wire to follow")
        return direct
    return reach if direct is None else reach | direct


def make_degrees(
    kind: str,
    hidden: Sequence[int],
    n_features: int,
    rng: np.random.Generator,
    *,
    n_context: int = 0,
    residual: bool = False,
) -> tuple[Ints, ...]:
    """Return the degrees of all hidden layers, each sorted: "spread" or "random".

    With `residual`, a layer as wide as the one below takes over its degrees, so that every identity skip is allowed.
    """
    if kind not in DEGREES:
        raise ValueError(f"degrees={kind!r} is unknown: use one of {DEGREES} or one integer array per hidden layer")
    layers: list[Ints] = []
    for width in hidden:
        below = layers[-1] if layers else None
        if kind == "spread":
            layers.append(spread_degrees(width, n_features, n_context))
        elif residual and below is not None and len(below) == width:
            layers.append(below)
        else:
            lowest = 1 if below is None else int(below[below > 0].min(initial=n_features))
            layers.append(random_degrees(width, n_features, rng, n_context, min(lowest, max(n_features - 1, 1))))
    return tuple(layers)
