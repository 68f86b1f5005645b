"""All checks that a model's callables permit, by name."""

from __future__ import annotations

import html
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .adapter import Adapter
from .arrays import as_list
from .checks import ADAPTER, Check, checks, known_failures
from .report import CheckFailed, Report, table
from .values import as_a, as_choice, as_number, show

PASSED = "passed"
FAILED = "FAILED"
SKIPPED = "skipped"
EXPECTED = "failed as expected"
SURPRISE = "passed, though listed in expected_failures"
OUTCOMES = (PASSED, FAILED, SKIPPED, EXPECTED, SURPRISE)


@dataclass(frozen=True)
class Result:
    """A check's name, what came of it, its report unless it was not run, the reason, seconds.

    A report that failed is false, as one that is None is: ask ``ran`` whether there is one.

    Examples
    --------
    >>> found = suite(Adapter(n_features=1, log_prob=lambda x: x[:, 0]), only=["normalised"])
    >>> [(result.name, bool(result.report)) for result in found.results if result.ran]
    [('normalised', False)]
    """

    name: str
    status: str
    report: Report | None = None
    reason: str = ""
    seconds: float = 0.0

    def __post_init__(self) -> None:
        as_a(self.name, "name", str, "give the name of the check")
        as_choice(self.status, "status", OUTCOMES)
        if self.report is not None:
            as_a(self.report, "report", Report, "give the report of the check, or None")
        as_a(self.reason, "reason", str, 'give the reason, or ""')
        as_number(self.seconds, "seconds", "[0, inf)")

    @property
    def ran(self) -> bool:
        """True if the check was run: there is a report, which may have failed, or have decided nothing."""
        return self.report is not None

    def __str__(self) -> str:
        text = f"{self.name} {self.status}" + (f" ({self.reason})" if self.reason else "")
        if self.report is None:
            return text
        counts = f"{self.report.n_checked} checked, {self.report.n_exercised} exercised"
        return f"{text}: {counts}, {self.seconds:.2f} s"

    __repr__ = __str__


@dataclass(frozen=True)
class SuiteReport:
    """What `suite` found; true in a boolean context if and only if it is ``ok``.

    Examples
    --------
    >>> report = suite(Adapter(n_features=2))
    >>> report.nothing_checked, report.ok
    (True, False)
    """

    name: str
    results: tuple[Result, ...]

    def __post_init__(self) -> None:
        as_a(self.name, "name", str, "give the name of the model")
        way_out = "give a tuple of Result"
        for i, result in enumerate(as_list(self.results, "results", way_out)):
            as_a(result, f"results[{i}]", Result, way_out)

    @property
    def ok(self) -> bool:
        """True if a check was run, and none failed that was not expected to."""
        return not self.failures and not self.nothing_checked

    @property
    def nothing_checked(self) -> bool:
        """True if every check was skipped: the adapter has no callable that a check could use."""
        return all(result.status == SKIPPED for result in self.results)

    @property
    def failures(self) -> tuple[Report, ...]:
        """Reports of the checks that failed unexpectedly."""
        return tuple(r.report for r in self.results if r.status == FAILED and r.report is not None)

    def __bool__(self) -> bool:
        return self.ok

    def __getitem__(self, name: str) -> Result:
        as_a(name, "name", str, "give the name of a check")
        for result in self.results:
            if result.name == name:
                return result
        raise KeyError(f"no check {show(name)}; there are {[result.name for result in self.results]}")

    def raise_if_failed(self) -> SuiteReport:
        """Return the report itself if it is ok, else raise `CheckFailed`."""
        if not self.ok:
            raise CheckFailed(self)
        return self

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain Python for `json.dumps`."""
        results = [
            {
                "name": r.name,
                "status": r.status,
                "reason": r.reason,
                "seconds": r.seconds,
                "report": None if r.report is None else r.report.to_dict(),
            }
            for r in self.results
        ]
        verdict = {"ok": self.ok, "nothing_checked": self.nothing_checked}
        return {"name": self.name, **verdict, "results": results}

    def _rows(self) -> list[tuple[str, ...]]:
        rows: list[tuple[str, ...]] = []
        for r in self.results:
            counts = "" if r.report is None else f"{r.report.n_exercised}/{r.report.n_checked}"
            rows.append((r.name, r.status, counts, f"{r.seconds:.2f}", r.reason))
        return rows

    def _headline(self) -> str:
        passed = sum(r.status == PASSED for r in self.results)
        verdict = f"{len(self.failures)} checks FAILED" if self.failures else "all right"
        if self.nothing_checked:
            verdict = "there was nothing to check"
        return f"{self.name}: {verdict}, {passed} of {len(self.results)} passed"

    def __str__(self) -> str:
        lines = [self._headline(), *("  " + line for line in table(_HEADER, self._rows()))]
        return "\n".join([*lines, *("\n" + str(report) for report in self.failures)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = [_HEADER, *self._rows()]
        cells = ("".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in rows)
        body = "".join(f"<tr>{row}</tr>" for row in cells)
        details = "".join(report._repr_html_() for report in self.failures)
        return f"<div><b>{html.escape(self._headline())}</b><table>{body}</table>{details}</div>"


_HEADER = ("check", "outcome", "exercised", "s", "")


def suite(
    adapter: Adapter,
    *,
    expected_failures: Mapping[str, str] | None = None,
    only: Sequence[str] | None = None,
    skip: Sequence[str] = (),
    max_seconds: float | None = None,
    rng: int | np.random.Generator = 0,
) -> SuiteReport:
    """Run every check for which the adapter has the callables; list the others as skipped.

    If all are skipped the report is not ok: it proves nothing.

    Parameters
    ----------
    adapter : Adapter
        The model.
    expected_failures : mapping, optional
        {name of a check: reason}: these may fail.
    only, skip : sequence of str, optional
        Names of the checks to run, or to leave out; the others are listed as skipped.
    max_seconds : float, optional
        No check is begun after so long; those that are left are listed as skipped.
    rng : int or Generator
        Seed of every check.

    Raises
    ------
    TypeError, ValueError
        If adapter is no Adapter, ``expected_failures``, ``only`` or ``skip`` names a check that does not exist,
        ``max_seconds`` is no number, or rng is no seed.

    Examples
    --------
    >>> import numpy as np
    >>> fair = Adapter(n_features=2, log_prob=lambda x: np.full(len(x), 2 * np.log(0.5)))
    >>> suite(fair)["normalised"].status
    'passed'
    """
    as_a(adapter, "adapter", Adapter, ADAPTER)
    expected = known_failures(expected_failures, [adapter])
    wanted = None if only is None else _names(only, "only", adapter)
    unwanted = _names(skip, "skip", adapter)
    limit = None if max_seconds is None else as_number(max_seconds, "max_seconds", "[0, inf)")
    start = time.perf_counter()
    results = []
    for check in checks(adapter, rng=rng):
        reason = check.skip
        if check.name in unwanted or (wanted is not None and check.name not in wanted):
            reason = "not asked for"
        elif limit is not None and time.perf_counter() - start > limit:
            reason = reason or f"not begun: {limit:g} s were over"
        results.append(_run(replace(check, skip=reason), expected.get(check.name)))
    return SuiteReport(adapter.name, _first_things_first(results))


def _names(names: Any, argument: str, adapter: Adapter) -> set[str]:
    """Names of checks of this adapter."""
    known = [check.name for check in checks(adapter)]
    way_out = f"give a list of names of checks, out of {known}"
    for name in as_list(names, argument, way_out):
        as_a(name, f"{argument}: a name", str, way_out)
        if name not in known:
            raise ValueError(f"{argument} names {show(name)}, which is no check: {way_out}")
    return set(names)


def _first_things_first(results: list[Result]) -> tuple[Result, ...]:
    """Return the results; while masks or order are wrong, no guess is made about the sampler."""
    wrong = [
        result.name for result in results if result.name in ("masks", "autoregressive") and result.status == FAILED
    ]
    if not wrong:
        return tuple(results)
    first = f"mend {' and '.join(wrong)} first: no order of drawing is right for these conditionals"
    quiet = [
        replace(result, report=result.report.but(hint=first))
        if result.name == "sampler" and result.status == FAILED and result.report is not None
        else result
        for result in results
    ]
    return tuple(quiet)


def _run(check: Check, expected: str | None) -> Result:
    if check.skip:
        return Result(check.name, SKIPPED, reason=check.skip)
    start = time.perf_counter()
    report = check()
    seconds = time.perf_counter() - start
    if report.undecided and not report.n_failed:
        return Result(check.name, SKIPPED, report, report.undecided, seconds)
    if expected is None:
        return Result(check.name, PASSED if report.ok else FAILED, report, seconds=seconds)
    return Result(check.name, SURPRISE if report.ok else EXPECTED, report, expected, seconds)
