"""Questions about ranges of values, drawn at random, with the cuts that take them apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from .arrays import as_list
from .compare import Floats
from .points import Interval, Support, columns_of

Words: TypeAlias = tuple[str, ...]
Column: TypeAlias = "Interval | Floats | Words"
Test: TypeAlias = "tuple[float | None, float | None] | set[str]"
Where: TypeAlias = dict[Any, Any]
"""{column: test}: rows that pass all tests are meant, and all rows where there is none."""

ANY: tuple[None, None] = (None, None)
"""The range that is open at both ends."""

OPEN = 0.2
"""How often an end of a range is open."""

ROUND = 0.5
"""How often an end within an `Interval` is a number of few digits: there lie zeros, prices, full hours."""

MOST_TESTS = 3
"""A question about more columns is answered by 0 too often to show anything."""


def askable(support: Support | Sequence[Any] | None, n_features: int) -> list[Column]:
    """What each column may hold: as `columns_of` says, or the words of a column of text.

    Raises
    ------
    TypeError, ValueError
        As `columns_of`; or if a word is listed twice.
    """
    listed = list(support) if isinstance(support, (list, tuple)) else []
    words = {d: tuple(map(str, values)) for d, values in enumerate(listed) if _is_text(values)}
    if not words:
        return list(columns_of(support, n_features))
    for d, each in words.items():
        if len(set(each)) < len(each):
            raise ValueError(f"the support of column {d} lists a word twice: list each once")
    numbers = columns_of([(0, 1) if d in words else values for d, values in enumerate(listed)], n_features)
    return [words.get(d, column) for d, column in enumerate(numbers)]


def _is_text(values: Any) -> bool:
    if not isinstance(values, (list, tuple, np.ndarray)):
        return False
    entries = as_list(values, "support", "")
    return bool(entries) and all(isinstance(entry, str) for entry in entries)


def everything(column: Column) -> Test:
    """The test that every value of the column passes."""
    return set(column) if isinstance(column, tuple) else ANY


def nothing(column: Column, rng: np.random.Generator) -> Test:
    """A test that no value passes: a range whose ends are exchanged, or the empty set."""
    if isinstance(column, tuple):
        return set()
    if isinstance(column, Interval):
        low, high = sorted(rng.uniform(column.low, column.high, 2))
        return float(high), float(np.nextafter(low, -np.inf))
    return float(column[-1]) + 1, float(column[0]) - 1


def draw_where(columns: Sequence[Column], rng: np.random.Generator) -> dict[int, Test]:
    """A question about one to three columns, by their places."""
    n = int(rng.integers(1, min(len(columns), MOST_TESTS) + 1))
    places = rng.choice(len(columns), n, replace=False)
    return {int(d): draw_test(columns[d], rng) for d in places}


def draw_test(column: Column, rng: np.random.Generator) -> Test:
    """A set of words, at least one, or a range ``(low, high)`` that holds both ends; None leaves an end open."""
    if isinstance(column, tuple):
        kept = rng.random(len(column)) < 0.5
        kept[rng.integers(len(column))] = True
        return {word for word, keep in zip(column, kept, strict=True) if keep}
    low, high = sorted(_point(column, rng) for _ in range(2))
    is_open = rng.random(2) < OPEN
    return (None if is_open[0] else low, None if is_open[1] else high)


def cut(test: Test, column: Column, rng: np.random.Generator) -> tuple[Test, Test]:
    """Two tests of which every value that passes `test` passes one and only one.

    A range is cut at a number c into what is up to c, and what is from the next float64 on.
    """
    if isinstance(test, set):
        assert isinstance(column, tuple)
        first = {word for word in sorted(test) if rng.random() < 0.5}
        return first, test - first
    assert not isinstance(column, tuple)
    low, high = test
    c = _point(column, rng)
    if low is not None:
        c = max(c, low)
    if high is not None and c >= high:
        c = float(np.nextafter(high, -np.inf))
    return (low, c), (float(np.nextafter(c, np.inf)), high)


def can_be_cut(test: Test) -> bool:
    """True unless it is a range of a single value."""
    return isinstance(test, set) or test[0] is None or test[1] is None or test[0] < test[1]


def _point(column: Interval | Floats, rng: np.random.Generator) -> float:
    """An end for a range: of listed values one of them, or halfway to the next."""
    if not isinstance(column, Interval):
        k = int(rng.integers(len(column)))
        above = column[min(k + 1, len(column) - 1)]
        return float(column[k] if rng.random() < 0.5 else (column[k] + above) / 2)
    point = float(rng.uniform(column.low, column.high))
    if rng.random() < ROUND:
        point = round(point, 1 - math.floor(math.log10(column.high - column.low)))
    return point + 0.0  # no -0.0: it would read as another number


def named(where: dict[int, Test], keys: Sequence[Any]) -> Where:
    """The question by the names of the columns, in containers of its own: whoever is asked may write to it."""
    return {keys[d]: set(test) if isinstance(test, set) else test for d, test in where.items()}
