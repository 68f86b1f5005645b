"""A table as people have it, in a file, with a model of it that answers any question."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from made_np.cli import main

__all__ = ["FAST", "NAMES", "lines", "model_of", "text"]

NAMES = ["id", "sex", "age", "hours-week", "income", "member", "born"]
FAST = ["--hidden", "8", "--epochs", "2", "--quiet", "--order", "natural", "--weight-decay", "0"]


def lines(n: int = 120) -> list[list[str]]:
    """Rows of the table: an id, words, integers with gaps, booleans, dates."""
    rng = np.random.default_rng(0)
    rows = []
    for k in range(n):
        age = int(rng.integers(17, 60))
        hours = "" if k % 9 == 0 else str(40 if k % 3 else int(rng.integers(10, 60)))
        income = ">50K" if rng.random() < age / 120 else "<=50K"
        born = f"2020-01-{1 + k % 9:02}"
        rows.append([f"p{k:05}", "FM"[int(rng.random() < 0.5)], str(age), hours, income, str(k % 3 == 0), born])
    return rows


def text(rows: list[list[str]], names: list[str] | None = None, sep: str = ",") -> str:
    """The text of a table."""
    return "".join(sep.join(row) + "\n" for row in [NAMES if names is None else names, *rows])


def model_of(folder: Path) -> Path:
    """Write the table to a folder, and a model of it; return the path of the model."""
    (folder / "people.csv").write_text(text(lines()))
    model = folder / "people.npz"
    assert main(["train", str(folder / "people.csv"), "-o", str(model), *FAST]) == 0
    return model
