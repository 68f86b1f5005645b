"""Who else uses the cores while the clocks run.

A neighbour does not slow all contenders alike: threads that wait for each other at every product (torch) lose far more
than others, so a ratio from a busy machine can be wrong by a factor. Hence the load of others is measured and reported.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

STAT = Path("/proc/stat")
TOO_MUCH = 0.1
"""Cores: above this a row is marked as measured on a busy machine."""


class Load:
    """Adds up, over ``with load:`` blocks, how long other processes kept cores busy. Linux only."""

    def __init__(self) -> None:
        self._others = self._wall = 0.0
        self._start = (0.0, 0.0)

    def __enter__(self) -> Load:
        self._start = (_others(), time.perf_counter())
        return self

    def __exit__(self, *_: object) -> None:
        others, wall = self._start
        self._others += _others() - others
        self._wall += time.perf_counter() - wall

    def take(self) -> float | None:
        """Return how many cores others kept busy on average, None if that is unknown, and start again from 0."""
        known = STAT.exists() and self._wall > 0
        cores = max(self._others, 0.0) / self._wall if known else None
        self._others = self._wall = 0.0
        return cores


def _others() -> float:
    """Return the CPU seconds of everybody, less our own and those of children that have ended."""
    if not STAT.exists():
        return 0.0
    user, nice, system, _, _, irq, softirq, steal = map(int, STAT.read_text(encoding="ascii").split()[1:9])
    everybody = (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
    return everybody - sum(os.times()[:4])
