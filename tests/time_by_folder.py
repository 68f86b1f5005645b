"""What the time of a run of tests went to: minutes by folder, printed at its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import chain

import pytest

LEAST = 60.0
"""Seconds of a run about which nobody asks."""
SHOWN = 10
"""Folders that are named."""


def seconds_by_folder(reports: Iterable[object]) -> Counter[str]:
    """Add up what the tests of each folder took, with what was set up for them."""
    seconds: Counter[str] = Counter()
    for report in reports:
        if isinstance(report, pytest.TestReport):
            folder, _, _ = report.nodeid.partition("::")[0].rpartition("/")
            seconds[folder] += report.duration
    return seconds


def lines(seconds: Counter[str]) -> list[str]:
    """Return a line for each of the folders that took longest, and one for all others."""
    longest = seconds.most_common(SHOWN)
    rest = seconds.total() - sum(took for _, took in longest)
    shown = [f"{took / 60:6.2f} {folder}" for folder, took in longest]
    others = len(seconds) - len(longest)
    return [*shown, f"{rest / 60:6.2f} {others} others"] if others else shown


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print them, if the run took long."""
    seconds = seconds_by_folder(chain.from_iterable(terminalreporter.stats.values()))
    if seconds.total() >= LEAST:
        terminalreporter.section("minutes by folder")
        for line in lines(seconds):
            terminalreporter.line(line)
