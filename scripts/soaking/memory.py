"""Processes with little memory: a call is refused, or right."""

from __future__ import annotations

import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from soaking.subjects import Asked, answers_of, network, same
from soaking.tally import Tally

TRIES = 8
MOST = 1 << 24
"""Bytes beyond what the process has: at most so many are allowed."""


def little_memory(rng: np.random.Generator, folder: Path, tally: Tally) -> None:
    """A fit and answers of a network under a limit of memory end in `MemoryError`, or are right."""
    subject = network(rng)
    theta = subject.fit().theta
    wanted = answers_of(subject, theta, 1)
    tally.calls += 2
    for _ in range(TRIES):
        tally.calls += 2
        try:
            with address_space(int(rng.integers(0, MOST))):
                during = [subject.fit().theta, *answers_of(subject, theta, 1)]
        except MemoryError:
            during = [theta, *wanted]
        after = answers_of(subject, theta, 1)
        tally.settle(
            [
                *([] if same(during, [theta, *wanted]) else ["wrong answers under a limit of memory"]),
                *([] if same(after, wanted) else ["wrong answers after a limit of memory"]),
            ]
        )


def little_memory_for_questions(rng: np.random.Generator, folder: Path, tally: Tally) -> None:
    """Questions to a density under a limit of memory end in `MemoryError` or are answered rightly."""
    asked = Asked(rng)
    for _ in range(TRIES):
        tally.calls += len(asked.wanted)
        try:
            with address_space(int(rng.integers(0, MOST))):
                during = asked.again()
        except MemoryError:
            during = asked.wanted
        is_right = same(during, asked.wanted) and same(asked.again(), asked.wanted)
        tally.settle([] if is_right else ["wrong answers under, or after, a limit of memory"])


@contextmanager
def address_space(more: int) -> Iterator[None]:
    """This process may ask for so many bytes beyond what it has."""
    status = Path("/proc/self/status").read_text()
    found = re.search(r"VmSize:\s+(\d+) kB", status)
    assert found is not None
    was = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (int(found[1]) * 1024 + more, was[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, was)
