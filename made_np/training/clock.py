"""How much of its time a run has used."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

__all__ = ["Clock"]


@dataclass
class Clock:
    """The wall clock of a run.

    Attributes
    ----------
    start : float
        When the run began, by `time.perf_counter`.
    limit : float or None
        So many seconds it may take, from its start to what it gives back.
    reserve : float
        Seconds that the last validation took: as many are kept for the next one, which ends the run.
    told : float, optional
        The share of the time that a run of many ranks goes by: what rank 0 has told all of them.
    """

    start: float
    limit: float | None = None
    reserve: float = 0.0
    told: float | None = None

    def seconds(self) -> float:
        """Return how long the run has been going on."""
        return time.perf_counter() - self.start

    def share(self) -> float:
        """Return the share of the time for steps that has been used, as far as the run knows; 0 without a limit."""
        return self.used() if self.told is None else self.told

    def used(self) -> float:
        """Return the same by this process's own clock."""
        if self.limit is None:
            return 0.0
        return self.seconds() / self.limit_of_steps if self.limit_of_steps > 0 else math.inf

    def is_over(self) -> bool:
        """Return whether no step is to follow."""
        return self.share() >= 1.0

    @property
    def limit_of_steps(self) -> float:
        """When the last step is due, in seconds since the start."""
        return math.inf if self.limit is None else self.limit - self.reserve

    def expected_steps(self, done: int, most: int) -> int:
        """Return how many steps the run will have made at its end, where so many are `done` and it may make `most`.

        They go on at the rate at which they went so far: ``done / share``.
        """
        share = self.share()
        if not 0.0 < share < math.inf or done >= most * share:
            return most
        return max(done + 1, math.ceil(done / share))
