"""The global random states of Python, NumPy, torch: who touches them, in what way."""

from __future__ import annotations

import pickle
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import numpy as np

from .report import Failure

TORCH = "torch"
"""It has no other way to draw the weights of a layer: that its state moves on is lawful, that it is set is not."""

CONSTRUCTORS = ("__init__", "__new__", "__post_init__")


@dataclass(frozen=True)
class World:
    """One global random state: where it stands, how to put it back, who sets it."""

    name: str
    get: Callable[[], Any]
    put: Callable[[Any], Any]
    seed: Callable[[int], Any]
    homes: tuple[dict[str, Any], ...]
    seeders: tuple[str, ...] = ("seed",)

    def place(self) -> bytes:
        """Where it stands, to be compared."""
        return pickle.dumps(self.get())


def worlds() -> list[World]:
    """Those that there are: torch's once somebody has imported it."""
    found = [
        World("random", random.getstate, random.setstate, random.seed, (vars(random),)),
        World(
            "np.random",
            np.random.get_state,
            np.random.set_state,
            np.random.seed,
            (vars(np.random),),
        ),
    ]
    torch: Any = sys.modules.get("torch")
    if torch is not None:
        generator = torch.default_generator
        homes = (vars(torch), vars(torch.random))
        found.append(
            World(
                TORCH,
                lambda: generator.get_state().numpy(),
                lambda state: generator.set_state(torch.from_numpy(state)),
                generator.manual_seed,
                homes,
                ("manual_seed", "seed"),
            )
        )
    return found


@dataclass(frozen=True)
class Seeding:
    """A call that set a global random state: who made it, whether from a constructor, whether to a state by chance."""

    by: str
    in_constructor: bool
    by_chance: bool


@dataclass(frozen=True)
class Touch:
    """What a call does to one global random state."""

    name: str
    is_set: bool
    seedings: tuple[Seeding, ...] = ()

    def is_fault(self) -> bool:
        """Whether it is to be blamed on a model."""
        return self.is_set or self.name != TORCH

    def by_constructors(self) -> bool:
        """Whether a constructor sets it."""
        return self.is_set and any(seeding.in_constructor for seeding in self.seedings)

    def failure(self, who: str) -> Failure:
        """What is wrong with it, and the way out."""
        where = f"global state of {self.name}"
        if not self.is_set:
            hint = f"{who} draws from {self.name}, which its caller did not give: pass a numpy Generator"
            return Failure(where, "drawn from", "untouched", hint=hint)
        ordered = sorted(self.seedings, key=lambda seeding: not seeding.in_constructor)
        by = f", by {ordered[0].by}" if ordered else ""
        own = "torch Generator" if self.name == TORCH else "numpy Generator"
        is_by_chance = bool(ordered) and ordered[0].by_chance
        what = (
            "a seed that was set before is lost" if is_by_chance else "whoever draws afterwards gets the same each time"
        )
        hint = f"{who} re-seeds {self.name}{by}: {what}; make a {own} of the seed"
        return Failure(where, "re-seeded" + by, "untouched", hint=hint)


def touches(call: Callable[[], Any], seed: int = 0, *, of_a_test: bool = False) -> tuple[Touch, ...]:
    """Return what a call does to the global random states, which stand afterwards where they stood before.

    The call is made once. If a state has moved, it is made again from another state: two that end in the same place
    were set, and no other two, but for those that somebody set to a state by chance. What happens the first time only,
    as an import that draws a name, is nobody's fault. What a test sets itself, not in a constructor, is set to the
    state of the call instead.
    """
    there = worlds()
    states = [(world, world.get()) for world in there]
    # No seed that anybody uses: one who sets the very state that there is could not be seen.
    first, second = (int(k) for k in np.random.default_rng([20150601, seed]).integers(2**32, size=2))
    try:
        moved, seedings = _moved(call, there, first, of_a_test)
        if not moved:
            return ()
        again, _ = _moved(call, there, second, of_a_test)
    finally:
        for world, state in states:
            world.put(state)
    both = [name for name in moved if name in again]
    by_chance = {name: any(seeding.by_chance for seeding in seedings[name]) for name in both}
    return tuple(Touch(name, by_chance[name] or again[name] == moved[name], tuple(seedings[name])) for name in both)


def _moved(
    call: Callable[[], Any], there: list[World], seed: int, of_a_test: bool
) -> tuple[dict[str, bytes], dict[str, list[Seeding]]]:
    """Where the states that a call moves stand after it, and who set them."""
    for world in there:
        world.seed(seed)
    before = {world.name: world.place() for world in there}
    with _recorded(there, seed if of_a_test else None) as seedings:
        call()
    after = {world.name: world.place() for world in there}
    return {name: place for name, place in after.items() if place != before[name]}, seedings


@contextmanager
def _recorded(there: list[World], instead: int | None) -> Iterator[dict[str, list[Seeding]]]:
    """Take down who calls the functions that set a state, until the block ends."""
    log: dict[str, list[Seeding]] = {world.name: [] for world in there}
    places = [(home, name, world) for world in there for home in world.homes for name in world.seeders]
    before = [(home, name, home[name]) for home, name, _ in places]
    try:
        for home, name, world in places:
            home[name] = _taking_down(home[name], world, log[world.name], instead)
        yield log
    finally:
        for home, name, function in before:
            home[name] = function


def _taking_down(
    function: Callable[..., Any], world: World, log: list[Seeding], instead: int | None
) -> Callable[..., Any]:
    """The function, which says who calls it; one who is no constructor gets the seed ``instead``, if there is one."""

    @wraps(function)
    def call(*arguments: Any, **options: Any) -> Any:
        by_chance = all(value is None for value in (*arguments, *options.values()))
        seeding = _seeding(sys._getframe(1), by_chance)
        if instead is not None and not seeding.in_constructor:
            return world.seed(instead)
        log.append(seeding)
        return function(*arguments, **options)

    return call


def _seeding(frame: Any, by_chance: bool) -> Seeding:
    """Who it is: the constructor nearest to the call, or else the caller."""
    caller = frame
    while frame is not None and frame.f_code is not _moved.__code__:
        if frame.f_code.co_name in CONSTRUCTORS:
            return Seeding(_told(frame), True, by_chance)
        frame = frame.f_back
    return Seeding(_told(caller), False, by_chance)


def _told(frame: Any) -> str:
    code = frame.f_code
    return f"{getattr(code, 'co_qualname', code.co_name)} ({Path(code.co_filename).name}, line {frame.f_lineno})"
