"""Calls in a random sequence, each of them watched: what the machines of this folder share."""

from __future__ import annotations

import tempfile
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from fuzz.calls import DOCUMENTED, Call, fault, world
from fuzz.hostile import HOSTILE

SEEDS = st.integers(0, 99_999)
"""A rule is given one, which decides all that it does."""

MISTAKES = 4
"""Calls of a rule that makes wrong ones: rules are drawn alike, and these are most of what people meet."""


class Watched(RuleBasedStateMachine):
    """A machine whose rules call made_np by `ask` and `misuse`, which look at what a call must leave alone."""

    calls: ClassVar[Counter[str]] = Counter()
    """How often each function was called, by all machines."""
    backends: ClassVar[tuple[str, ...]] = ("numpy",)

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.folder = Path(self._folder.name)
        self._rules = 0

    def chance(self, seed: int) -> np.random.Generator:
        """Return what decides a rule: by its seed, with its place in the sequence, for hypothesis repeats seeds."""
        self._rules += 1
        return np.random.default_rng([seed, self._rules])

    def __enter__(self) -> Watched:
        return self

    def __exit__(self, *_: object) -> None:
        self.teardown()

    def teardown(self) -> None:
        """Remove what was written."""
        self._folder.cleanup()

    def ask(self, function: Callable[..., Any], /, *arguments: Any, may_warn: bool = False, **named: Any) -> Any:
        """Return what a call with right arguments gives: it may not warn, nor change them, nor any global state."""
        before = bits([arguments, named])
        stood = world()
        self.calls[name_of(function)] += 1
        with warnings.catch_warnings():
            warnings.simplefilter("ignore" if may_warn else "error")
            for message in DOCUMENTED:
                warnings.filterwarnings("ignore", message)
            found = function(*arguments, **named)
        assert world() == stood, f"{function} changed the global random state"
        assert bits([arguments, named]) == before, f"{function} changed its arguments"
        return found

    def misuse(self, good: Call, rng: np.random.Generator) -> None:
        """Make a call with one or two wrong arguments: it is taken, or refused by their names, and nothing changes."""
        names = rng.permutation(sorted(good.arguments))[: int(rng.integers(1, 3))].tolist()
        kinds = {name: choice(rng, sorted(set(HOSTILE) - set(good.unlike.get(name, ())))) for name in names}
        self.calls[f"{name_of(good.function)}, wrongly"] += 1
        wrong = fault(good, {name: HOSTILE[kind]() for name, kind in kinds.items()})
        assert wrong is None, f"{good.function} with {kinds} {wrong}"


def choice(rng: np.random.Generator, values: Any) -> Any:
    """Return one of the values as it is: NumPy's own choice would make an array of them."""
    return values[int(rng.integers(len(values)))]


def name_of(function: Any) -> str:
    """Return what a function is called in the counts."""
    return str(getattr(function, "__qualname__", type(function).__name__))


def bits(value: Any) -> Any:
    """Return what tells a value from any other: arrays, frames, and whatever holds some, to the bit."""
    if isinstance(value, np.ndarray):
        held = value.tolist() if value.dtype.hasobject else value.tobytes()
        return value.dtype.str, value.shape, repr(held) if value.dtype.hasobject else held
    if isinstance(value, (list, tuple)):
        return [bits(each) for each in value]
    if isinstance(value, dict):
        return [(key, bits(each)) for key, each in value.items()]
    if hasattr(value, "to_numpy") and hasattr(value, "columns"):
        return [(name, bits(value[name].to_numpy())) for name in value.columns]
    return repr(value) if isinstance(value, (float, int, str, np.generic)) else None
