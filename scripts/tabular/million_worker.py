"""Fit a file by the command line in this process, to print the peak beyond its imports in MB, then the seconds.

python scripts/tabular/million_worker.py FILE MODEL
"""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet  # noqa: F401  what reads the file counts as an import

from made_np import MADEDensity
from made_np.cli import main

FEW_ROWS = 200


def peak() -> float:
    """Return the most memory that this process has had, in MB."""
    status = Path("/proc/self/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found.group(1)) / 1000


def warm_up() -> None:
    """Load whatever a fit loads at its first use, kernels among it."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=FEW_ROWS), "b": rng.integers(0, 3, FEW_ROWS)})
    MADEDensity((8,), max_epochs=1, random_state=0).fit(frame)


if __name__ == "__main__":
    warm_up()
    before = peak()
    start = time.perf_counter()
    main(["train", sys.argv[1], "-o", sys.argv[2], "--epochs", "1"])
    print(peak() - before, time.perf_counter() - start)
