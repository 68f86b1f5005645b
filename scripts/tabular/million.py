"""A million rows of mixed columns from Parquet: the memory that a fit needs."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from tabular.data import adult
from tabular.report import Report
from tabular.settings import Settings

ROWS = 1_000_000
WORKER = Path(__file__).with_name("million_worker.py")


def measure(settings: Settings) -> list[Report]:
    """Return the peak of a process that fits, beyond what it has after its imports, over the table in float64."""
    report = Report(
        "a million rows", "peak beyond the imports at most 2 x the table in numbers; a bar with the time left"
    )
    if not settings.ours:
        return [report]
    n = settings.few(ROWS)
    rng = np.random.default_rng(settings.seed)
    table = adult("train")
    many = table.iloc[rng.integers(0, len(table), n)].reset_index(drop=True)
    many["fnlwgt"] += rng.integers(-5_000, 5_000, n)  # so that rows differ
    size = 8 * many.size / 1e6
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        many.to_parquet(path)
        del many
        done = subprocess.run(
            [sys.executable, str(WORKER), str(path), str(Path(folder) / "model.npz")],
            check=True,
            capture_output=True,
            text=True,
        )
    peak, seconds = map(float, done.stdout.split()[-2:])
    report.add(f"train, one epoch, {n} rows", MB=peak, table=size, ratio=peak / size, seconds=seconds)
    return [report]
