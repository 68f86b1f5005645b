"""What a soak counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Tally:
    """Calls of made_np, faults that came into them, and what became of these.

    Attributes
    ----------
    calls : int
        Calls whose results were looked at.
    faults : int
        Kills, interrupts, full disks, damaged bytes, limits of memory, forks.
    survived : int
        Faults after which everything was as promised.
    hung : int
        Rounds that did not end.
    wrong : list of str
        What was not as promised.
    """

    calls: int = 0
    faults: int = 0
    survived: int = 0
    hung: int = 0
    wrong: list[str] = field(default_factory=list)

    def settle(self, complaints: Iterable[str]) -> None:
        """Count one fault, and what it left wrong."""
        found = list(complaints)
        self.faults += 1
        self.survived += not found
        self.wrong += found

    def __add__(self, other: Tally) -> Tally:
        return Tally(**{name: value + getattr(other, name) for name, value in vars(self).items()})

    def stored(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return asdict(self)
