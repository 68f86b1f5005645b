"""What became of all mutants that were tried, room by room."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from paper.store import read, write

from mutating.mutants import Mutant
from mutating.trial import Tried


@dataclass
class Verdict:
    """What became of one mutant.

    Attributes
    ----------
    file, line : str and int
        Where it was when it was tried last.
    change : str
    first : str
        What became of it at its first trial, before anybody looked at it.
    now : str
        What became of it at its last.
    commit : str
        By which it was tried last.
    """

    file: str
    line: int
    change: str
    first: str
    now: str
    commit: str


class Tally:
    """Verdicts by room and fingerprint, kept in a JSON file, which is written after each one."""

    def __init__(self, store: Path) -> None:
        self.store = store
        self.rooms: dict[str, dict[str, Verdict | None]] = {
            room: {mark: None if each is None else Verdict(**each) for mark, each in marks.items()}
            for room, marks in read(store).items()
        }

    def note(self, room: str, mutant: Mutant, tried: Tried | None, commit: str) -> None:
        """Add what became of a mutant; None says that it is none."""
        marks = self.rooms.setdefault(room, {})
        before = marks.get(mutant.fingerprint)
        verdict = None
        if tried is not None:
            first = tried.verdict if before is None else before.first
            verdict = Verdict(mutant.file, mutant.line, tried.change, first, tried.verdict, commit)
        marks[mutant.fingerprint] = verdict
        stored: dict[str, Any] = {
            name: {mark: None if each is None else asdict(each) for mark, each in of_room.items()}
            for name, of_room in self.rooms.items()
        }
        write(self.store, stored)

    def verdicts(self, room: str) -> dict[str, Verdict]:
        """Return what became of the mutants of a room, by fingerprint, without those that were none."""
        return {mark: each for mark, each in self.rooms.get(room, {}).items() if each is not None}


def survives(verdict: str) -> bool:
    """Say whether a verdict is that no test noticed."""
    return verdict.startswith("survived")


def wilson(k: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """Return Wilson's interval for the probability of what happened k times of n: 95 % at z = 1.96.

    Its ends p solve |k / n - p| = z sqrt(p (1 - p) / n).
    """
    if n == 0:
        return 0.0, 1.0
    middle = (k + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * math.sqrt(k * (n - k) / n + z * z / 4)
    return max(middle - half, 0.0), min(middle + half, 1.0)
