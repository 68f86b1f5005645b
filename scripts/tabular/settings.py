"""What a run of `tables.py` is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Settings:
    """What a section is told.

    Attributes
    ----------
    seed : int
        Of whatever is drawn.
    ours, peers : bool
        Whose numbers are wanted.
    share : float in (0, 1]
        How much of the work is done: folds, tables, queries. 1 is what is promised.
    max_seconds : float, optional
        Of each fit of ours.
    tables : tuple of str
        Of what a section goes through, what has one of these in its name; all if there are none.
    members : int
        Networks of each model of ours.
    """

    seed: int = 0
    ours: bool = True
    peers: bool = True
    share: float = 1.0
    max_seconds: float | None = None
    tables: tuple[str, ...] = ()
    members: int = 1

    def model_options(self) -> dict[str, Any]:
        """Return the arguments of `MADEDensity` that are asked for."""
        return {"random_state": self.seed, "n_members": self.members}

    def few(self, wanted: int, least: int = 1) -> int:
        """Return the share of a number of things, `least` at least."""
        return max(least, round(self.share * wanted))

    def wants(self, name: str) -> bool:
        """Return whether something of that name is measured."""
        return not self.tables or any(part in name for part in self.tables)

    def chosen(self, files: list[Path]) -> list[Path]:
        """Return the files that are measured."""
        named = [path for path in files if self.wants(path.stem)]
        return named[: self.few(len(named))]

    def fit_options(self) -> dict[str, Any]:
        """Return the arguments of `MADEDensity.fit` that are asked for."""
        return {} if self.max_seconds is None else {"max_seconds": self.max_seconds}
