"""One value of an argument: looked at before any work, refused in words that name the argument, the value, the way out.

Each function takes the value and the name of its argument, and returns the one form that the rest works with. What is
of a wrong type raises a `TypeError`, what is of the right type and cannot be meant a `ValueError`.

`made_np.testing` holds a copy of this file, so that its folder works alone; a test keeps both the same.
"""

from __future__ import annotations

import math
import os
import reprlib
import sys
from collections.abc import Collection, Iterable, Mapping, Set
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")

REALS = (bool, int, float, np.bool_, np.integer, np.floating)
"""The types of real numbers."""
MOST_SEED = 2**128 - 1
"""The largest seed: 128 bits are as many as NumPy takes from chance, and JSON can write them."""

_NO_NUMBERS = (bool, np.bool_, np.timedelta64)
"""What counts as a number by its class, and is not meant as one."""

_shown = reprlib.Repr()
_shown.maxstring = _shown.maxother = 80


def show(value: Any) -> str:
    """Return how messages write a value: as `repr` does, but short, and whatever its class makes of it.

    Examples
    --------
    >>> show("yes"), len(show(list(range(1000)))) < 80
    ("'yes'", True)
    """
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    try:
        return _shown.repr(value)
    except Exception:  # a __repr__ of anyone's, or an integer with more digits than Python writes
        return f"<{type(value).__name__}>"


def text_of(value: Any) -> str:
    """Return the text of a value, by which words near it are looked for; of one that has none, what `show` writes.

    Examples
    --------
    >>> text_of("yes"), text_of(3), text_of(10**5000)
    ('yes', '3', '<int>')
    """
    try:
        return str(value)
    except Exception:  # a __str__ of anyone's, or an integer with more digits than Python writes
        return show(value)


def as_a(value: Any, name: str, kind: type[T], way_out: str) -> T:
    """Return `value` if it is an instance of `kind`, or raise a `TypeError`.

    Examples
    --------
    >>> as_a([1], "callbacks", list, "give a list of functions")
    [1]
    """
    if not isinstance(value, kind):
        raise TypeError(f"{name} is a {type(value).__name__} ({show(value)}): {way_out}")
    return value


def as_count(value: Any, name: str, least: int = 1, most: int | None = None) -> int:
    """Return `value` as an int in ``least..most``, or raise; with no `most`, the most that memory can hold."""
    allowed = f">= {least}" if most is None else f"in {least}..{most}"
    if isinstance(value, _NO_NUMBERS) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name}={show(value)} is a {type(value).__name__}: give an integer {allowed}")
    if value < least or (most is not None and value > most):
        raise ValueError(f"{name}={show(value)}: give an integer {allowed}")
    if most is None and value > sys.maxsize:
        raise ValueError(f"{name}={show(value)} is more than any machine can hold: give an integer {allowed}")
    return int(value)


def as_number(value: Any, name: str, interval: str = "(-inf, inf)") -> float:
    """Return `value` as a float if it is a real number in the `interval`, or raise.

    Examples
    --------
    >>> as_number(np.float32(0.5), "dropout", "[0, 1)")
    0.5
    """
    low, high = map(float, interval[1:-1].split(","))
    what = "a finite number" if interval == "(-inf, inf)" else f"a number in {interval}"
    if isinstance(value, _NO_NUMBERS) or not isinstance(value, REALS):
        raise TypeError(f"{name}={show(value)} is a {type(value).__name__}: give {what}")
    try:
        number = float(value)
    except Exception:  # an integer beyond all floats, or whatever somebody's own float makes of it
        number = math.nan
    above = low <= number if interval[0] == "[" else low < number
    below = number <= high if interval[-1] == "]" else number < high
    if not (above and below):
        raise ValueError(f"{name}={show(value)}: give {what}")
    return number


def as_choice(value: Any, name: str, choices: Iterable[Any]) -> Any:
    """Return `value` if it is one of `choices`, or raise a `ValueError` that lists them."""
    choices = tuple(choices)
    for choice in choices:
        if value is choice or (type(value) is type(choice) and value == choice):
            return value
    raise ValueError(f"{name}={show(value)} is unknown: use one of {choices}")


def as_flag(value: Any, name: str) -> bool:
    """Return `value` as a bool if it is True or False, or raise a `TypeError`."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name}={show(value)} is a {type(value).__name__}: give True or False")
    return bool(value)


def as_callable(value: Any, name: str, signature: str = "") -> Any:
    """Return `value` if it can be called, or raise a `TypeError`."""
    if not callable(value):
        what = f"a function {signature}".rstrip()
        raise TypeError(f"{name}={show(value)} is a {type(value).__name__}, which cannot be called: give {what}")
    return value


def as_sequence(value: Any, name: str, what: str, size: int | None = None) -> Collection[Any]:
    """Return `value` if it has entries in a sequence, `size` of them if that is given; `what` says what to give.

    Lists, tuples, arrays, and what else is one thing after the other; not strings, sets and dicts. The entries are
    nobody's yet: look at each.

    Examples
    --------
    >>> as_sequence(("a", "b"), "names", "2 strings", 2)
    ('a', 'b')
    """
    if isinstance(value, Collection) and not isinstance(value, (str, bytes, bytearray, Mapping, Set)):
        # A 0-d array has no entries. A data frame yields its columns, but counts its rows.
        axes = getattr(value, "ndim", 1)
        is_one = axes > 0 if isinstance(value, np.ndarray) else axes == 1
    else:
        is_one = False
    if not is_one:
        raise TypeError(f"{name}={show(value)} is a {type(value).__name__}: give {what}")
    if size is not None and len(value) != size:
        raise ValueError(f"{name} has {len(value)} entries: give {what}")
    return value


def as_generator(rng: Any, name: str = "rng") -> np.random.Generator:
    """Return the generator that `rng` is, or a new one from a seed (an integer, or several), or from chance for None.

    A generator is returned as it is, and nothing is drawn from it.
    """
    if isinstance(rng, np.random.Generator):
        return rng
    if rng is None or isinstance(rng, (np.random.BitGenerator, np.random.SeedSequence)):
        return np.random.default_rng(rng)
    # NumPy itself asks too little: a matrix lets it recurse until the process dies.
    seeds = rng if isinstance(rng, (list, tuple)) else [rng]
    for seed in seeds:
        if isinstance(seed, _NO_NUMBERS) or not isinstance(seed, (int, np.integer)):
            raise TypeError(
                f"{name}={show(rng)} is a {type(rng).__name__}: give an integer >= 0, a numpy.random.Generator, or None"
            )
        if seed < 0:
            raise ValueError(f"{name}={show(rng)}: give an integer >= 0, a numpy.random.Generator, or None")
    return np.random.default_rng([int(seed) for seed in seeds] if isinstance(rng, (list, tuple)) else int(rng))


def as_path(path: Any, name: str = "path") -> str:
    """Return `path` as a str if it can name a file, or raise.

    A number is refused: `open` would take it for a file that is open already.
    """
    text = path
    if isinstance(path, os.PathLike):
        try:
            text = os.fspath(path)
        except Exception:  # what other people's classes make of it
            text = None
    if not isinstance(text, str):
        raise TypeError(f"{name}={show(path)} is a {type(path).__name__}: give the path of a file")
    try:
        can_be = bool(os.fsencode(text)) and "\0" not in text
    except UnicodeEncodeError:  # half a letter, which no file system can store
        can_be = False
    if not can_be:
        raise ValueError(f"{name}={show(path)} names no file: give the path of a file")
    return text
