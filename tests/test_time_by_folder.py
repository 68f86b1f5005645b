"""The end of a long run says what its time went to."""

from __future__ import annotations

from typing import Any

import pytest
from time_by_folder import LEAST, SHOWN, lines, pytest_terminal_summary, seconds_by_folder


def report(nodeid: str, when: Any, duration: float) -> pytest.TestReport:
    return pytest.TestReport(nodeid, ("", 0, ""), {}, "passed", None, when, duration=duration)


REPORTS = [
    report("tests/a/b/test_x.py::test_1", "setup", 2.0),
    report("tests/a/b/test_x.py::test_1[tests/c/d.py::e]", "call", 60.0),
    report("tests/a/test_y.py::test_2", "call", 30.0),
]


def test_what_was_set_up_counts_and_folders_are_told_apart() -> None:
    assert seconds_by_folder([*REPORTS, "no report"]) == {"tests/a/b": 62.0, "tests/a": 30.0}


def test_the_longest_are_named_and_the_others_counted() -> None:
    seconds = seconds_by_folder(REPORTS)
    assert lines(seconds) == ["  1.03 tests/a/b", "  0.50 tests/a"]
    seconds.update({f"tests/{k}": 6.0 for k in range(SHOWN)})
    assert len(lines(seconds)) == SHOWN + 1
    assert lines(seconds)[-1] == "  0.20 2 others"


class Terminal:
    """What the end of a run is printed on."""

    def __init__(self, reports: list[pytest.TestReport]) -> None:
        self.stats = {"": reports[:1], "passed": reports[1:]}
        self.printed: list[str] = []
        self.section = self.line = self.printed.append


def test_only_a_long_run_is_told_of() -> None:
    long = Terminal(REPORTS)
    pytest_terminal_summary(long)  # type: ignore[arg-type]
    assert long.printed == ["minutes by folder", "  1.03 tests/a/b", "  0.50 tests/a"]
    short = Terminal([report("tests/test_z.py::test", "call", LEAST / 2)])
    pytest_terminal_summary(short)  # type: ignore[arg-type]
    assert short.printed == []
