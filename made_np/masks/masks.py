"""Masks, which follow from degrees, which follow an order.

A unit's **degree** says how many leading features, in the ``order`` of generation, it may see. From degrees alone
follow all masks: a hidden unit sees whatever has no larger degree, an output what has a strictly smaller one. Then
no path leads from a feature to its own output or to an earlier one (Germain et al. 2015, section 4, equations 12-14).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from made_np.typing import Bools, Ints
from made_np.validation import as_bools, as_integers, as_permutation, as_widths
from made_np.values import as_choice, as_count, as_flag, as_generator, as_sequence, show

__all__ = [
    "DEGREES",
    "ORDERS",
    "connectivity",
    "make_degrees",
    "make_mask",
    "make_order",
    "position_of",
    "random_degrees",
    "spread_degrees",
]

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
    n_features = as_count(n_features, "n_features")
    rng = as_generator(rng)
    if isinstance(order, str):
        if order not in ORDERS:
            raise ValueError(
                f"order={show(order)} is unknown: use one of {ORDERS} or a permutation of 0..{n_features - 1}"
            )
        natural = np.arange(n_features, dtype=np.int64)
        if order == "random":
            return rng.permutation(natural)
        return natural if order == "natural" else natural[::-1].copy()
    return as_permutation(order, n_features)


def position_of(order: Ints) -> Ints:
    """Return the inverse of `order`: ``position[i]`` is the place of feature i, 0 first.

    Examples
    --------
    >>> position_of(np.array([3, 0, 1, 2]))
    array([1, 2, 3, 0])
    """
    order = as_integers(order, "order")
    order = as_permutation(order, len(order))
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
    width = as_count(width, "width")
    n_features = as_count(n_features, "n_features")
    n_context = as_count(n_context, "n_context", 0)
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
    width = as_count(width, "width")
    n_features = as_count(n_features, "n_features")
    top = max(n_features - 1, 1)
    lowest = as_count(lowest, "lowest", 0, top)
    rng = as_generator(rng)
    n_zero = _n_degree_zero(width, n_features, as_count(n_context, "n_context", 0))
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
    compare = np.greater if as_flag(strict, "strict") else np.greater_equal
    above = as_integers(degrees_out, "degrees_out")
    below = as_integers(degrees_in, "degrees_in")
    return np.asarray(compare(above[:, None], below[None, :]))


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
    for k, given in enumerate(as_sequence(masks, "masks", "one array (out, in) per layer")):
        mask = as_bools(given, f"masks[{k}]")
        if reach is not None and mask.shape[1] != len(reach):
            raise ValueError(f"masks[{k}] has shape {mask.shape}: the layer below has {len(reach)} units")
        # Counts of paths stay exact enough in float32 (only "zero or not" is asked for), and BLAS multiplies them.
        reach = mask if reach is None else mask.astype(np.float32) @ reach.astype(np.float32) > 0
    if direct is None:
        if reach is None:
            raise ValueError("masks is empty and direct is None: there is no wire to follow")
        return reach
    past = as_bools(direct, "direct")
    if reach is not None and past.shape != reach.shape:
        raise ValueError(
            f"direct has shape {past.shape}: masks lead from {reach.shape[1]} inputs to {len(reach)} outputs"
        )
    return past if reach is None else reach | past


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
    as_choice(kind, "kind", DEGREES)
    n_features = as_count(n_features, "n_features")
    rng = as_generator(rng)
    n_context = as_count(n_context, "n_context", 0)
    residual = as_flag(residual, "residual")
    layers: list[Ints] = []
    for width in as_widths(hidden):
        below = layers[-1] if layers else None
        if kind == "spread":
            layers.append(spread_degrees(width, n_features, n_context))
        elif residual and below is not None and len(below) == width:
            layers.append(below)
        else:
            lowest = 1 if below is None else int(below[below > 0].min(initial=n_features))
            layers.append(random_degrees(width, n_features, rng, n_context, min(lowest, max(n_features - 1, 1))))
    return tuple(layers)
