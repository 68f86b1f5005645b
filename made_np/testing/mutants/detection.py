"""Who catches what: every planted fault against every check, ours or others'."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..adapter import Adapter
from ..checks import checks
from ..networks import random_network
from ..report import table
from ..suite import FAILED, suite
from ..values import as_a, as_count
from . import (
    faults_answers,
    faults_copies,
    faults_density,
    faults_draws,
    faults_gradient,
    faults_measure,
    faults_public,
    faults_state,
    faults_wiring,
)
from .mutant import PLANTED, Mutant
from .others import Verdict, other_checkers

FAMILIES = (
    faults_wiring,
    faults_gradient,
    faults_public,
    faults_density,
    faults_draws,
    faults_copies,
    faults_measure,
    faults_answers,
    faults_state,
)
CAUGHT = "x"
MISSED = "."
NOT_RUN = ""


def all_mutants() -> tuple[Mutant, ...]:
    """Every planted fault, family by family: importing the modules that hold them filled the list.

    Examples
    --------
    >>> len(all_mutants()) >= 25
    True
    """
    homes = [family.__name__ for family in FAMILIES]
    return tuple(sorted(PLANTED, key=lambda mutant: homes.index(mutant.build.__module__)))


@dataclass(frozen=True)
class Detection:
    """One row of the table: the checks that ran on a mutant, and those that failed."""

    mutant: Mutant
    ran: tuple[str, ...]
    caught: tuple[str, ...]
    hints: Mapping[str, str]


def detect(mutant: Mutant, *, seed: int = 0, others: Mapping[str, Verdict] | None = None) -> Detection:
    """Run the suite, and the other checkers, on one mutant.

    Raises
    ------
    TypeError, ValueError
        If mutant is none, or seed no seed.

    Examples
    --------
    >>> detect(all_mutants()[0]).caught
    ('masks', 'autoregressive', 'normalised', 'sampler')
    """
    as_a(mutant, "mutant", Mutant, "take one of all_mutants()")
    as_count(seed, "seed", 0)
    adapter = mutant.build(np.random.default_rng(seed))
    found = suite(adapter, rng=seed)
    ran = [result.name for result in found.results if result.ran]
    caught = [result.name for result in found.results if result.status == FAILED]
    hints = {report.check: report.hint for report in found.failures}
    for name, passes in (others or {}).items():
        verdict = passes(mutant.build(np.random.default_rng(seed)))
        if verdict is not None:
            ran.append(name)
            caught += [] if verdict else [name]
    return Detection(mutant, tuple(ran), tuple(caught), hints)


def false_alarms(n: int, *, seed: int = 0) -> Iterator[tuple[int, str]]:
    """Seeds of correct random networks that fail the suite, with what the suite says of them.

    Raises
    ------
    TypeError, ValueError
        If n or seed is no count.
    """
    first = as_count(seed, "seed", 0)
    return _alarms(range(first, first + as_count(n, "n", 0)))


def _alarms(seeds: range) -> Iterator[tuple[int, str]]:
    for k in seeds:
        found = suite(random_network(np.random.default_rng(k)).adapter(), rng=k)
        if not found.ok:
            yield k, str(found)


def detection_table(rows: Sequence[Detection]) -> str:
    """The rows as text: x caught, . not caught, blank where a check could not be run."""
    every = [*(check.name for check in checks(Adapter(n_features=1))), *other_checkers()]
    columns = [name for name in every if any(name in row.ran for row in rows)]
    short = [name.replace("consistency_", "rows_") for name in columns]
    body = [(row.mutant.name, *(_mark(row, name) for name in columns)) for row in rows]
    counts = ("caught / run", *(_count(rows, name) for name in columns))
    lines = table(("planted fault", *short), [*body, counts])
    own = sum(bool(set(row.caught) - set(other_checkers())) for row in rows)
    return "\n".join([*lines, "", f"{own} of {len(rows)} planted faults are caught by the suite"])


def _mark(row: Detection, name: str) -> str:
    if name not in row.ran:
        return NOT_RUN
    return CAUGHT if name in row.caught else MISSED


def _count(rows: Sequence[Detection], name: str) -> str:
    return f"{sum(name in row.caught for row in rows)}/{sum(name in row.ran for row in rows)}"
