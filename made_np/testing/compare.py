"""One rule for "equal", which every check shares, written so that NaN fails."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .arrays import as_list, told
from .report import MOST_COUNT, Failure
from .values import as_a, as_count, show

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]
Ints: TypeAlias = NDArray[np.int64]
Names: TypeAlias = Callable[[int], str] | Sequence[str]

KEPT = 1000
"""How many failures a report keeps."""


def excess(got: ArrayLike, want: ArrayLike, rtol: float, atol: float, noise: ArrayLike = 0.0) -> Floats:
    r"""The error in units of what is permitted: an entry passes if and only if this is <= 1.

    .. math:: \frac{|got - want|}{atol + rtol \max(|got|, |want|) + noise}

    Anything that is not finite, on either side, has an infinite excess.

    Examples
    --------
    >>> excess([1.0, np.nan], [1.0 + 1e-9, 1.0], rtol=1e-6, atol=0.0) <= 1
    array([ True, False])
    """
    got, want = np.broadcast_arrays(np.asarray(got), np.asarray(want))
    with np.errstate(all="ignore"):
        error = np.abs(got - want)
        allowed = atol + rtol * np.maximum(np.abs(got), np.abs(want)) + noise
        ratio = np.where(error == 0, 0.0, error / allowed)
    finite = np.isfinite(got) & np.isfinite(want)
    return np.asarray(np.where(finite & ~np.isnan(ratio), ratio, np.inf), dtype=np.float64)


def same(got: ArrayLike, want: ArrayLike) -> Bools:
    """Bitwise sameness, entry by entry: NaN equals NaN, and -0.0 equals 0.0."""
    got = np.asarray(got)
    want = np.asarray(want)
    equal = got == want
    if got.dtype.kind in "fc" and want.dtype.kind in "fc":
        equal = equal | (np.isnan(got) & np.isnan(want))
    return np.asarray(equal, dtype=np.bool_)


NAMES = "give a list of str, or a function k -> str"


def seed_of(rng: int | np.random.Generator) -> int:
    """What repeats the check: the number itself, or one drawn from a generator.

    It comes last of all arguments: a generator must not have moved on if another one is refused.

    Raises
    ------
    TypeError, ValueError
        If rng is neither a seed nor a generator.
    """
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**31))
    seed = as_count(rng, "rng", 0)
    if seed > MOST_COUNT:
        raise ValueError(f"rng={show(rng)}: give a seed up to 2**128, or a numpy.random.Generator")
    return seed


def namer(names: Names | None, size: int, default: str = "x") -> Callable[[int], str]:
    """Turn ``names`` (a callable, a sequence or nothing) into a callable ``k -> name``.

    Raises
    ------
    TypeError, ValueError
        If it is none of these, has another length than ``size``, or gives a name that is no str.
    """
    if names is None:
        return lambda k: f"{default}[{k}]"
    if callable(names):
        name_of = _name_of(names)
        if size:
            name_of(0)
        return name_of
    listed = as_list(names, "names", NAMES)
    if len(listed) != size:
        raise ValueError(f"names has {len(listed)} entries for {size} numbers; give one a number")
    for k, name in enumerate(listed):
        as_a(name, f"names[{k}]", str, NAMES)
    return lambda k: listed[k]


def _name_of(names: Callable[[int], str]) -> Callable[[int], str]:
    """``names``, held to its word."""

    def name_of(k: int) -> str:
        try:
            name = names(k)
        except Exception as error:
            raise ValueError(f"names({k}) raises {told(error)}: {NAMES}") from error
        return as_a(name, f"names({k})", str, NAMES)

    return name_of


def failures_of(got: Floats, want: Floats, ratio: Floats, name: Callable[[int], str]) -> tuple[Failure, ...]:
    """The entries whose `excess` is above 1, worst first, at most 1000."""
    with np.errstate(all="ignore"):
        error = np.abs(got - want)
    bad = [int(k) for k in _worst_first(error, ratio) if not ratio[k] <= 1][:KEPT]
    return tuple(Failure(name(k), float(got[k]), float(want[k]), float(error[k])) for k in bad)


def worst_of(error: Floats, ratio: Floats, name: Callable[[int], str]) -> tuple[float, str]:
    """The error that comes closest to (or farthest past) its tolerance, and its name."""
    if not ratio.size:
        return 0.0, ""
    k = int(_worst_first(error, ratio)[0])
    return float(error[k]), name(k)


def _worst_first(error: Floats, ratio: Floats) -> Ints:
    # Infinite excesses tie (NaN, or a zero tolerance): the larger error goes first among them.
    size = np.where(np.isnan(error), np.inf, error)
    return np.asarray(np.lexsort((-size, -ratio)))


def call_line(check: str, *arguments: str, **options: Any) -> str:
    """The line of Python that repeats a check; arrays are named, not written out."""
    shown = [*arguments]
    for key, value in options.items():
        if isinstance(value, (np.ndarray, list)) or callable(value):
            value = key
        elif isinstance(value, float) and not math.isfinite(value):
            value = f"float('{value}')"
        elif isinstance(value, (str, tuple)) or value is None:
            value = repr(value)
        shown.append(f"{key}={value}")
    return f"{check}({', '.join(shown)})"


def callable_name(fn: Callable[..., Any], default: str) -> str:
    """The name of a function if it can be typed again, else a placeholder."""
    name = getattr(fn, "__name__", "")
    return name if isinstance(name, str) and name.isidentifier() else default
