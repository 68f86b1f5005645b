"""A law of growth, with the clock that holds a call against it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

Call = Callable[[], Any]

STEP = 10
"""The second size is so many times the first."""
LIMIT = 2.0
"""A call may take so many times what its law says."""
ENOUGH = 0.05
"""Seconds that the larger call should take: in less, what does not grow hides what does."""
REPEATS = 3
TRIES = 3
"""What is beyond the limit is clocked again: whoever works beside it empties the caches."""


class Law(NamedTuple):
    """That a call takes time in proportion to a power of a size."""

    size: str
    """What grows, in a word or two."""
    build: Callable[[int], Call]
    """Make the call at a size; what this takes is not clocked."""
    start: int
    most: int
    """No size beyond this is built."""
    power: float = 1.0


class Growth(NamedTuple):
    """What was measured of a law."""

    size: int
    """The smaller of both."""
    small: float
    large: float
    """Seconds of the processor."""
    times: float
    """How many times longer the larger call takes than the law says of it."""


def measure(law: Law) -> Growth:
    """Return how a call grows, at the first size where it takes long enough.

    At smaller ones the larger call may be the first whose rows no cache holds, which tells of the machine alone.
    """
    size = law.start
    growth = _at(law, size)
    while growth.large < ENOUGH and size * STEP * STEP <= law.most:
        size *= STEP
        growth = _at(law, size)
    for _ in range(TRIES - 1):
        if growth.times > LIMIT:
            growth = min(growth, _at(law, size), key=lambda one: one.times)
    return growth


def _at(law: Law, size: int) -> Growth:
    small = _seconds(law.build(size))
    large = _seconds(law.build(STEP * size))
    return Growth(size, small, large, large / small / STEP**law.power)


def _seconds(call: Call) -> float:
    """Return the seconds of the processor that a call takes when it is not the first."""
    call()
    found = []
    begun = time.process_time()
    while len(found) < REPEATS or time.process_time() - begun < ENOUGH / 5:
        start = time.process_time()
        call()
        found.append(time.process_time() - start)
        if found[-1] > 1.0:
            break
    return max(min(found), 1e-7)
