"""Which test runs which lines: only those can notice a fault there."""

from __future__ import annotations

import ast
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

import pytest

from mutating import forks
from mutating.mutants import Mutant
from mutating.rooms import Room, is_own

LONGEST = 600.0
"""Seconds of the processor that a file of tests may take, traced line by line."""


class Reached(NamedTuple):
    """A test that passes.

    Attributes
    ----------
    name : str
        By which pytest calls it.
    seconds : float
        Of the processor, traced.
    lines : dict from str to set of int
        That it runs, by file.
    """

    name: str
    seconds: float
    lines: dict[str, set[int]]


class Tracer:
    """Plugin of pytest: notes the lines of some files that each test runs, and writes them down at the end."""

    def __init__(self, files: dict[str, str], to: Path) -> None:
        self.files = files
        self.to = to
        self.missing: dict[CodeType, set[int]] = {}
        self.at_import: dict[str, list[int]] = {}
        self.found: list[tuple[str, float, dict[str, list[int]]]] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self) -> Iterator[object]:
        """Trace what the file of tests runs when it is imported: all of its tests may look at what came of it."""
        sys.settrace(self.called)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            self.at_import = self.lines()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: Any) -> Iterator[None]:
        """Trace one test, with what is set up for it."""
        self.missing = {}
        self.passed = True
        start = time.process_time()
        sys.settrace(self.called)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            seconds = time.process_time() - start
            own = self.lines()
            if self.passed:
                both = {file: self.at_import.get(file, []) + own.get(file, []) for file in {*self.at_import, *own}}
                self.found.append((item.nodeid, seconds, both))

    def lines(self) -> dict[str, list[int]]:
        """Return the lines that were run, by file."""
        found: dict[str, list[int]] = {}
        for code, missing in self.missing.items():
            found.setdefault(self.files[code.co_filename], []).extend(lines_of(code) - missing)
        return found

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Remember whether all of a test passed: one that fails or is skipped says nothing of a fault."""
        self.passed = self.passed and report.passed

    def pytest_sessionfinish(self) -> None:
        """Write down what was found."""
        self.to.write_text(json.dumps(self.found))

    def called(self, frame: FrameType, event: str, value: Any) -> Any:
        """Trace a call into one of the files, unless all lines of that function have been seen."""
        code = frame.f_code
        if code.co_filename not in self.files:
            return None
        missing = self.missing.setdefault(code, lines_of(code))
        return self.stepped if missing else None

    def stepped(self, frame: FrameType, event: str, value: Any) -> Any:
        """Note a line."""
        self.missing[frame.f_code].discard(frame.f_lineno)
        return self.stepped


def lines_of(code: CodeType) -> set[int]:
    """Return the lines of a function."""
    return {line for _, _, line in code.co_lines() if line}


def reached(copy: Path, room: Room) -> list[Reached]:
    """Run all tests of a room, unless that was done in this copy; return those that pass."""
    files = {str(copy / file): file for file in room.sources}
    found = []
    for test in room.tests:
        to = copy / "reached" / room.name / f"{test.replace('/', '.')}.json"
        if not to.exists():
            to.parent.mkdir(parents=True, exist_ok=True)
            forks.run(copy, [test], Tracer(files, to), LONGEST)
        if not to.exists():
            print(f"{test}: ended before its end, left out", file=sys.stderr)
            continue
        for name, seconds, lines in json.loads(to.read_text()):
            found.append(Reached(name, seconds, {file: set(numbers) for file, numbers in lines.items()}))
    return found


def answerable(mutant: Mutant, source: str, tests: list[Reached]) -> list[Reached]:
    """Return the tests that run the statement with the fault in it: those of the same name first, then the quickest.

    What runs when the module is imported is run by all, of whom those that run anything else of it come first.
    """
    first, last = statement(source, mutant.line)
    found = tests
    if is_inside_function(source, mutant.line):
        found = [test for test in tests if any(first <= line <= last for line in test.lines.get(mutant.file, ()))]

    def rank(test: Reached) -> tuple[bool, bool, float]:
        other = not is_own(test.name.split("::")[0], mutant.file)
        return other, other and not test.lines.get(mutant.file), test.seconds

    return sorted(found, key=rank)


def statement(source: str, line: int) -> tuple[int, int]:
    """Return the first and last line of the statement that a line belongs to; of an `if` or a loop, of its head."""
    spans = [(line, line)]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            last = max(node.lineno, body[0].lineno - 1) if body else node.end_lineno or 0
            if node.lineno <= line <= last:
                spans.append((node.lineno, last))
    return min(spans[1:] or spans, key=lambda span: span[1] - span[0])


def is_inside_function(source: str, line: int) -> bool:
    """Say whether a line is run when a function is called, rather than when the module is imported."""
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    return any(node.body[0].lineno <= line <= (node.end_lineno or 0) for node in functions)
