"""What agrees between an array that no mistake explains, beside the right one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .formulas import Array
from .likeness import alike, entries_alike


def relation(name: str, got: Sequence[Array], want: Sequence[Array]) -> str:
    """A line on one result: which of its entries agree, or what its shape is.

    Examples
    --------
    >>> got = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    >>> relation("dW", [got], [got + [[0, 0], [0, 1], [0, 0]]])
    'dW: row 1 is wrong, all other rows are right; the first wrong entry is [1, 1]: 4, and 5 is right'
    """
    for one, other in zip(got, want, strict=True):
        if one.shape != other.shape:
            return f"{name}: {_shapes(one, other)}"
    for one, other in zip(got, want, strict=True):
        good = entries_alike(one, other)
        if not good.all():
            return f"{name}: {_entries(good, one, other)}; {_first_wrong(good, one, other)}"
    return f"{name}: right"


def _shapes(got: Array, want: Array) -> str:
    text = f"its shape is {got.shape}, and {want.shape} is right"
    if got.ndim > 1 and alike(got.T, want):
        return f"{text}: it is transposed"
    if got.size == want.size and alike(got.reshape(want.shape), want):
        return f"{text}; the numbers are right"
    if got.ndim > 1 and got.shape[::-1] == want.shape:
        return f"{text}: is it transposed?"
    return text


def _entries(good: Array, got: Array, want: Array) -> str:
    n_bad = int((~good).sum())
    if not np.isfinite(np.asarray(got, dtype=float)).all():
        return f"{int((~np.isfinite(np.asarray(got, dtype=float))).sum())} of {got.size} entries are not finite"
    if good.ndim == 0:
        return "the number is wrong"
    for axis, word in enumerate(("row", "column")[: good.ndim if good.ndim == 2 else 0]):
        is_good = np.asarray(good.all(axis=1 - axis))
        bad = np.flatnonzero(~is_good).tolist()
        if 0 < len(bad) < is_good.size / 2:
            return _lines(word, bad)
    zero = np.asarray(want == 0)
    if zero.any() and (good == ~zero).all():
        return f"all {n_bad} entries that should be 0 are wrong, the others are right"
    if zero.any() and not good[~zero].any() and good[zero].all():
        return f"the entries that should be 0 are right, the {n_bad} others are wrong"
    if (np.asarray(got) == 0)[~good].all():
        return f"{n_bad} of {good.size} entries are 0 and should not be"
    if n_bad == good.size:
        return f"all {n_bad} entries are wrong{_same_numbers(got, want)}"
    return f"{n_bad} of {good.size} entries are wrong{_same_numbers(got, want)}"


def _lines(word: str, bad: list[int]) -> str:
    if len(bad) == 1:
        return f"{word} {bad[0]} is wrong, all other {word}s are right"
    return f"{word}s {', '.join(map(str, bad))} are wrong, all others are right"


def _same_numbers(got: Array, want: Array) -> str:
    if got.size > 1 and alike(np.sort(got, axis=None), np.sort(want, axis=None)):
        return ", but the numbers are right: they stand at other places"
    first = np.asarray(got, dtype=np.float64).ravel()
    second = np.asarray(want, dtype=np.float64).ravel()
    if got.size > 1 and alike(np.abs(first), np.abs(second)):
        return ", but their sizes are right: look at the signs"
    moved = first - second
    if got.size > 2 and np.ptp(moved) <= 1e-6 * np.abs(moved).max():
        return f", all by the same {moved[0]:.4g}"
    return ""


def _first_wrong(good: Array, got: Array, want: Array) -> str:
    place = tuple(int(k) for k in np.argwhere(~good)[0])
    where = f"the first wrong entry is [{', '.join(map(str, place))}]: " if place else ""
    return f"{where}{_number(got[place])}, and {_number(want[place])} is right"


def _number(value: Array) -> str:
    return f"{float(value):.6g}"
