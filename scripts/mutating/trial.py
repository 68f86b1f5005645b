"""One fault in a copy of the project: do the tests that run its line notice?"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mutating import forks
from mutating.mutants import Mutant, mutated
from mutating.reach import Reached, answerable

KILLED = "killed"
BY_TIME = "killed by time"
SURVIVED = "survived"
UNREACHED = "survived, no test runs its line"
SLOWER = 2.0
"""How much longer than traced tests may take before they count as endless; besides SPARE."""
SPARE = 10.0


FIRST = 0.5
"""Seconds of tests that run before the rest is looked for: few files hold them, and they kill most mutants."""


class Tried(NamedTuple):
    """What became of a mutant.

    Attributes
    ----------
    verdict : str
    change : str
        The lines that it changes, before with "-" and after with "+".
    """

    verdict: str
    change: str


class Chosen:
    """Plugin of pytest: runs these tests alone, in this order."""

    def __init__(self, names: list[str]) -> None:
        self.rank = {name: place for place, name in enumerate(names)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Leave out and sort."""
        items[:] = sorted((item for item in items if item.nodeid in self.rank), key=lambda item: self.rank[item.nodeid])


def attempt(copy: Path, source: str, mutant: Mutant, tests: list[Reached], budget: float) -> Tried | None:
    """Plant a fault, and run the tests that could notice, as many as fit into `budget` seconds; None if it is none."""
    faulty = mutated(source, mutant)
    if faulty is None:
        return None
    chosen = within(answerable(mutant, source, tests), budget)
    change = changed_lines(source, faulty)
    if not chosen:
        return Tried(UNREACHED, change)
    first = within(chosen, FIRST)
    forks.put(copy, mutant.file, faulty)
    try:
        verdict = judged(copy, first)
        if verdict == SURVIVED and len(chosen) > len(first):
            verdict = judged(copy, chosen[len(first) :])
    finally:
        forks.put(copy, mutant.file, source)
    return Tried(verdict, change)


def judged(copy: Path, tests: list[Reached]) -> str:
    """Run tests until one fails, and return the verdict."""
    files = dict.fromkeys(test.name.split("::")[0] for test in tests)
    seconds = SPARE + SLOWER * sum(test.seconds for test in tests)
    status = forks.run(copy, ["-x", *files], Chosen([test.name for test in tests]), seconds)
    return BY_TIME if status is None else SURVIVED if status == 0 else KILLED


def within(tests: list[Reached], budget: float) -> list[Reached]:
    """Return the first tests that take `budget` seconds together, one at least."""
    chosen: list[Reached] = []
    for test in tests:
        budget -= test.seconds
        if budget < 0 and chosen:
            break
        chosen.append(test)
    return chosen


def changed_lines(before: str, after: str) -> str:
    """Return the lines that differ."""
    pair = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return "\n".join(line for line in pair if line[:1] in "+-" and line[:3] not in ("+++", "---"))
