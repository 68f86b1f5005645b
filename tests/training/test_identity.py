"""Two values have the same words if and only if they do the same; in every process."""

from __future__ import annotations

import functools
import json
import logging
import math
import operator
import os
import random
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from enum import Enum
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from made_np.optim import SGD
from made_np.schedules import Warmup, cosine
from made_np.training.identity import digest, identify

RATE = 0.5


def words(value: Any) -> dict[str, str]:
    return identify(value, "schedule")


def define(source: str, **names: Any) -> Any:
    """The `f` that a module with this source defines."""
    names.setdefault("__name__", "theirs")
    exec(compile(source, "theirs.py", "exec"), names)
    return names["f"]


# Pairs of sources that do the same, and of some that do not.

SAME = {
    "another place": ("f = lambda s, n: s / n", "\n\n\nf = lambda s, n: s / n"),
    "a comment": ("def f(s, n):\n    return 1.0", "def f(s, n):\n    # all the time\n    return 1.0"),
    "other names around": ("a = 1\nf = lambda s, n: 1.0", "a = 2\nf = lambda s, n: 1.0"),
    "a set": ("f = lambda s, n: s in {'a', 'b', 'c'}", "f = lambda s, n: s in {'c', 'b', 'a'}"),
    "a name that is nowhere yet": 2 * ("f = lambda s, n: later(s)",),
    "itself": 2 * ("def f(s, n): return f(s - 1, n) if s else 1",),
    "a list that is empty, and one that is filled later": 2 * ("a = []\nf = lambda s, n: a.append(s)",),
    "a list that holds itself": (
        "a = [1]\na.append(a)\nf = lambda s, n: a",
        "a = [1]\na.append(a)\nf = lambda s, n: a",
    ),
}

DIFFERENT = {
    "a constant": ("f = lambda s, n: 1.0", "f = lambda s, n: 0.001"),
    "the type of a constant": ("f = lambda s, n: 1.0", "f = lambda s, n: 1"),
    "the sign of 0": ("f = lambda s, n: 0.0", "f = lambda s, n: -0.0"),
    "a constant within a tuple": ("f = lambda s, n: (1, 2)[s]", "f = lambda s, n: (1, 3)[s]"),
    "a constant within a set": ("f = lambda s, n: s in {1, 2}", "f = lambda s, n: s in {1, 3}"),
    "an operation": ("f = lambda s, n: s * n", "f = lambda s, n: s / n"),
    "the order of arguments": ("f = lambda s, n: s / n", "f = lambda n, s: s / n"),
    "the name of a function": ("f = lambda s, n: min(s, n)", "f = lambda s, n: max(s, n)"),
    "an attribute": ("f = lambda s, n: s.real", "f = lambda s, n: s.imag"),
    "a function within": ("f = lambda s, n: (lambda: 1)()", "f = lambda s, n: (lambda: 2)()"),
    "a global": ("a = 1\nf = lambda s, n: a", "a = 2\nf = lambda s, n: a"),
    "a global of a function within": ("a = 1\nf = lambda s, n: lambda: a", "a = 2\nf = lambda s, n: lambda: a"),
    "a helper": ("def g(s): return 1\nf = lambda s, n: g(s)", "def g(s): return 2\nf = lambda s, n: g(s)"),
    "a helper's global": (
        "a = 1\ndef g(s): return a\nf = lambda s, n: g(s)",
        "a = 2\ndef g(s): return a\nf = lambda s, n: g(s)",
    ),
    "a default": ("def f(s, n, a=1): return a", "def f(s, n, a=2): return a"),
    "a default by name": ("def f(s, n, *, a=1): return a", "def f(s, n, *, a=2): return a"),
    "an attribute of the function": ("def f(s, n): return f.a\nf.a = 1", "def f(s, n): return f.a\nf.a = 2"),
    "a list around": ("a = [1]\nf = lambda s, n: a[s]", "a = [2]\nf = lambda s, n: a[s]"),
    "deep in a list": ("a = [[[1]]]\nf = lambda s, n: a", "a = [[[2]]]\nf = lambda s, n: a"),
    "a long list": ("a = [*range(999), 1]\nf = lambda s, n: a", "a = [*range(999), 2]\nf = lambda s, n: a"),
    "a dict around": ("a = {'b': 1}\nf = lambda s, n: a", "a = {'b': 2}\nf = lambda s, n: a"),
    "the key of a dict": ("a = {'b': 1}\nf = lambda s, n: a", "a = {'c': 1}\nf = lambda s, n: a"),
    "a class's method": (
        "class C:\n    def __call__(self, s, n): return self.g()\n    def g(self): return 1\nf = C()",
        "class C:\n    def __call__(self, s, n): return self.g()\n    def g(self): return 2\nf = C()",
    ),
    "a class's constant": (
        "class C:\n    a = 1\n    def __call__(self, s, n): return self.a\nf = C()",
        "class C:\n    a = 2\n    def __call__(self, s, n): return self.a\nf = C()",
    ),
    "a base's method": (
        "class B:\n    def __call__(self, s, n): return 1\nclass C(B): pass\nf = C()",
        "class B:\n    def __call__(self, s, n): return 2\nclass C(B): pass\nf = C()",
    ),
    "a property": (
        "class C:\n    @property\n    def a(self): return 1\n    def __call__(self, s, n): return self.a\nf = C()",
        "class C:\n    @property\n    def a(self): return 2\n    def __call__(self, s, n): return self.a\nf = C()",
    ),
    "a static method": (
        "class C:\n    @staticmethod\n    def a(): return 1\n    def __call__(self, s, n): return self.a()\nf = C()",
        "class C:\n    @staticmethod\n    def a(): return 2\n    def __call__(self, s, n): return self.a()\nf = C()",
    ),
    "a class that it uses": (
        "class C:\n    def g(s): return 1\nf = lambda s, n: C.g(s)",
        "class C:\n    def g(s): return 2\nf = lambda s, n: C.g(s)",
    ),
    "what catches": (
        "def f(s, n):\n    try: return s\n    except KeyError: return 1",
        "def f(s, n):\n    try: return s\n    except ValueError: return 1",
    ),
}


@pytest.mark.parametrize("name", SAME)
def test_what_does_the_same_has_the_same_words(name: str) -> None:
    one, other = (define(source) for source in SAME[name])
    assert words(one) == words(other)


@pytest.mark.parametrize("name", DIFFERENT)
def test_what_does_something_else_has_other_words(name: str) -> None:
    one, other = (define(source) for source in DIFFERENT[name])
    assert words(one) == words(define(DIFFERENT[name][0]))
    assert words(one) != words(other)


class Slots:
    __slots__ = ("a",)

    def __init__(self, a: Any) -> None:
        self.a = a


class State:
    def __init__(self, a: Any) -> None:
        self.a = a


class Colour(Enum):
    RED = 1
    BLUE = 2


VALUES: dict[str, Callable[[int], Any]] = {
    "number": lambda k: k,
    "float": lambda k: k / 3,
    "text": lambda k: f"text {k}",
    "long text": lambda k: "x" * 1000 + str(k),
    "bytes": lambda k: b"%d" % k,
    "tuple": lambda k: (1, k),
    "set": lambda k: {"a", k},
    "range": range,
    "NumPy number": np.float32,
    "array": lambda k: np.array([1.0, k]),
    "large array": lambda k: np.arange(10**5) == k,
    "0-d array": np.array,
    "array of text": lambda k: np.array(["a", str(k)]),
    "array of objects": lambda k: np.array([k, None], dtype=object),
    "array of dates": lambda k: np.array([k], dtype="M8[D]"),
    "structured array": lambda k: np.array([(k, 1)], dtype=[("a", int), ("b", float)]),
    "dtype": lambda k: np.dtype(f"S{k}"),
    "partial": lambda k: functools.partial(max, k),
    "partial by name": lambda k: functools.partial(max, default=k),
    "method of a list": lambda k: [1, k].__getitem__,
    "item getter": operator.itemgetter,
    "polynomial": lambda k: np.poly1d([1, k]),
    "namespace": lambda k: SimpleNamespace(a=k),
    "deque": lambda k: deque([1, k]),
    "fraction": lambda k: Fraction(1, k + 2),
    "path": lambda k: Path(str(k)),
    "enum": lambda k: list(Colour)[k % 2],
    "slots": Slots,
    "object": State,
    "object in an object": lambda k: State([State(k)]),
    "one of ours": lambda k: Warmup(k),
    "one of theirs in one of ours": lambda k: Warmup(3, then=functools.partial(max, k)),
    "rule": lambda k: SGD(momentum=k / 10),
    "ufunc": lambda k: [np.cos, np.sin][k % 2],
    "built-in": lambda k: [math.cos, math.sin][k % 2],
    "of NumPy": lambda k: [np.interp, np.clip][k % 2],
    "class": lambda k: [Slots, State][k % 2],
    "module": lambda k: [math, np][k % 2],
    "logger": lambda k: logging.getLogger(f"made_np test {k}"),
}


@pytest.mark.parametrize("name", VALUES)
def test_values_are_told_apart_by_what_they_hold(name: str) -> None:
    make = VALUES[name]
    assert words(make(2)) == words(make(2))
    assert words(make(2)) != words(make(3))
    around = [words(define("f = lambda s, n: a", a=make(k))) for k in (2, 2, 3)]
    assert around[0] == around[1] != around[2]
    assert all(len(text) < 300 for text in (*words(make(2)).values(), *around[0].values()))


@pytest.mark.parametrize(
    "value",
    [
        *(threading.Lock(), sys.stderr, (k for k in "a"), np.random.default_rng(0), np.random.PCG64(0)),
        *(np.random.RandomState(0), random.Random(0), random.random, np.random.default_rng(0).random),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_be_looked_into_or_draws_is_refused_by_where_it_is(value: Any) -> None:
    with pytest.raises(TypeError, match=r"^schedule=.* cannot be told from another one in a checkpoint.*: give a"):
        words(value)
    with pytest.raises(TypeError, match=r"^schedule=.*, since schedule\.then\.own.* is "):
        words(Warmup(3, then=lambda s, n, own=[value]: own))


def test_what_wraps_a_function_goes_by_it() -> None:
    def cached(source: str) -> Any:
        return functools.lru_cache(define(source))

    def decorated(source: str) -> Any:
        inner = define(source)
        return functools.wraps(inner)(lambda s, n: inner(s, n))

    for wrap in (cached, decorated):
        one, same, other = (wrap(f"f = lambda s, n: {value}") for value in (1, 1, 2))
        assert words(one) == words(same) != words(other)


def test_ours_goes_by_its_name_and_reads_as_it_is_written() -> None:
    assert words(cosine) == {"schedule": "cosine"}
    assert words(Warmup(3, then=cosine)) == {"schedule": "Warmup(steps=3, then=cosine)"}
    assert words(SGD(0.9)) == {"schedule": "SGD(momentum=0.9, nesterov=False)"}


def test_what_changes_is_named() -> None:
    def schedule(step: int, total_steps: int, factor: float = 0.25) -> float:
        return factor * RATE

    found = words(schedule)
    assert found["schedule.factor"] == "0.25"
    assert found["schedule.RATE"] == "0.5"
    assert found["schedule"].startswith("test_what_changes_is_named.<locals>.schedule with code ")


def test_the_words_are_the_same_in_every_process() -> None:
    code = (
        "import json, math, numpy as np\nfrom made_np.training.identity import identify\n"
        "sets = {'a', 'b', 'c', 'd'}\n"
        "def f(s, n, *, a=frozenset('abcdef')): return s in {'x', 'y', 'z'} or s in sets or math.cos(len(a)) * np.pi\n"
        "print(json.dumps(identify(f, 'schedule')))"
    )
    found = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in "12"
    ]
    assert found[0] == found[1]
    assert "schedule.sets" in json.loads(found[0])


def test_a_digest_sees_every_number_and_not_how_it_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("made_np.training.identity.AT_ONCE", 7)  # many blocks, the last one smaller
    table = np.random.default_rng(0).integers(0, 9, (11, 3)).astype("f4")
    for same in (table.astype(int), table.astype(">f8"), np.asfortranarray(table), table.repeat(2, axis=1)[:, ::2]):
        assert digest(same, "f4") == digest(table, "f4")
    for place in np.ndindex(table.shape):
        other = table.copy()
        other[place] += 1
        assert digest(other, "f4") != digest(table, "f4")
    assert digest(table.ravel(), "f4") != digest(table, "f4")
    assert digest(table[:0], "f4") != digest(table[:, :0], "f4")
    assert digest(table.astype(float) * (1 + 1e-12), "f4") == digest(table, "f4") != digest(table, "f8")
