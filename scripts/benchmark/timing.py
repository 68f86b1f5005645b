"""Clocks that run in turn.

Every library keeps threads of its own, and for a while after a call they wait for the next one by spinning, on the very
cores that the next library needs. Measured on two cores (784-500-784, batch 100): called strictly one after the other,
steps of 5 ms became 10 ms; one untimed call in between did not help, and to sleep in between helped little, because
threads that have gone to sleep must be woken again. What does help is a block: everybody rests for `PAUSE` seconds, in
which the threads of whoever came before fall asleep; then one contender works unclocked for `WARM_UP` seconds, in which
its own threads wake up and its weights come back into the cache, as in any training loop; then it is clocked call by
call for `TURN` seconds. Its times are then those that it has alone.

A round is one turn of each contender; every other round goes backwards. A ratio is taken within a round, turn against
turn (medians), so that a machine that slows down for a while slows down both; of the rounds the median is reported.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from itertools import count

Turns = list[list[float]]
"""One list of times in seconds per round."""

PAUSE = 0.2
WARM_UP = 0.05
TURN = 0.1


def race(contenders: Mapping[str, Callable[[int], object]], rounds: int, turn: float = TURN) -> dict[str, Turns]:
    """Return the times of all calls in seconds, by contender and round.

    Parameters
    ----------
    contenders : mapping of str to function
        Called with 0, 1, 2, ...
    rounds : int
    turn : float
        Seconds that each is clocked in each round, one call at least; half of it, one call at least, goes before, and
        before that a pause of twice as long.
    """
    times: dict[str, Turns] = {name: [] for name in contenders}
    calls = {name: count() for name in contenders}
    for k in range(rounds):
        names = list(contenders)[:: -1 if k % 2 else 1]
        for name in names:
            time.sleep(turn / TURN * PAUSE)
            _turn(contenders[name], calls[name], turn / TURN * WARM_UP)
            times[name].append(_turn(contenders[name], calls[name], turn))
    return times


def clock(function: Callable[[], object]) -> float:
    """Return the seconds that one call takes."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def _turn(function: Callable[[int], object], calls: count[int], seconds: float) -> list[float]:
    times: list[float] = []
    end = time.perf_counter() + seconds
    while not times or time.perf_counter() < end:
        i = next(calls)
        times.append(clock(partial(function, i)))
    return times
