"""Measured tables, as they are printed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

Cells = Mapping[str, Any]


@dataclass
class Report:
    """A table that is printed row by row, while it is measured.

    Attributes
    ----------
    title, target : str
        What is measured, and what it must reach.
    rows : list of (name, cells)
        Cells by the name of their column.
    """

    title: str
    target: str = ""
    rows: list[tuple[str, Cells]] = field(default_factory=list)

    def add(self, name: str, **cells: Any) -> None:
        """Add a row, and show it at once: a later one may take minutes."""
        self.rows.append((name, cells))
        shown = ", ".join(f"{key} {shorten(value)}" for key, value in cells.items())
        print(f"  {self.title}: {name}: {shown}", flush=True)

    def markdown(self) -> str:
        """Return the whole table as Markdown."""
        columns = list(dict.fromkeys(key for _, cells in self.rows for key in cells))
        lines = [f"## {self.title}", "", *([f"Target: {self.target}.", ""] if self.target else [])]
        lines += ["| | " + " | ".join(columns) + " |", "|" + "---|" * (len(columns) + 1)]
        for name, cells in self.rows:
            lines.append(f"| {name} | " + " | ".join(shorten(cells.get(key, "")) for key in columns) + " |")
        return "\n".join(lines) + "\n"


def shorten(value: Any) -> str:
    """Return a cell as text: four digits tell enough.

    Examples
    --------
    >>> shorten(0.123456), shorten(1234.5678), shorten("a")
    ('0.1235', '1235', 'a')
    """
    return f"{value:.4g}" if isinstance(value, float) else str(value)


@dataclass
class Watch:
    """Seconds of a block."""

    seconds: float = 0.0


@contextmanager
def watch() -> Iterator[Watch]:
    """Measure how long a block takes."""
    found = Watch()
    start = time.perf_counter()
    yield found
    found.seconds = time.perf_counter() - start
