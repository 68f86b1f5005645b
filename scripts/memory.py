"""How much memory a call adds to a process, in multiples of the table that it is given.

    python scripts/memory.py                       # every case, both backends
    python scripts/memory.py --cases score fit --backends numba --rows 400000 --columns 200

The table holds bits as bytes. Each case runs in a process of its own: it builds the table, calls once on a few rows (so
that libraries, kernels and threads are there), reads the peak of its resident memory, calls on all rows, and reads the
peak again. What lies between both is printed over the size of the table.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

import made_np

FEW = 2_000
"""Rows of the first call."""

Bits = NDArray[np.uint8]
Case = Callable[[Bits], object]


def cases(n_columns: int, backend: str) -> dict[str, Callable[[Bits], Case]]:
    """Return the cases: each is made from a few rows, and is then what is called, on a few rows and on all."""
    made = made_np.MADE(n_columns, (100,), backend=backend)
    theta = made.init(0)

    def density() -> made_np.MADEDensity:
        """Return an estimator that learns for one epoch, and tries nothing out."""
        return made_np.MADEDensity(
            (100,),
            order="natural",
            n_masks=1,
            weight_decay=0.0,
            max_epochs=1,
            batch_size=1_000,
            backend=backend,
        )

    few_steps: dict[str, Any] = {"max_epochs": 1, "batch_size": 1_000}
    return {
        "score": lambda few: density().fit(few).score_samples,
        "fit": lambda few: density().fit,
        "log_prob": lambda few: lambda X: made.log_prob(theta, X),
        "made_np.fit": lambda few: lambda X: made_np.fit(made, X, **few_steps),
        "made_np.fit, valid": lambda few: lambda X: made_np.fit(made, X, valid=X[: len(X) // 10], **few_steps),
    }


def peak() -> int:
    """Return the most bytes that this process has held."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most


def measure(name: str, backend: str, n_rows: int, n_columns: int) -> float:
    """Return what a case adds to the peak of this process, in multiples of its table."""
    rng = np.random.default_rng(0)
    X = np.empty((n_rows, n_columns), dtype=np.uint8)
    for first in range(0, n_rows, 10_000):
        X[first : first + 10_000] = rng.random(X[first : first + 10_000].shape, dtype=np.float32) < 0.3
    call = cases(n_columns, backend)[name](X[:FEW])
    call(X[:FEW])
    before = peak()
    call(X)
    return (peak() - before) / X.nbytes


def main() -> None:
    """Measure the cases, each in a process of its own, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", nargs="*", metavar="CASE")
    parser.add_argument("--backends", nargs="*", default=["numpy", "numba"])
    parser.add_argument("--rows", type=int, default=400_000)
    parser.add_argument("--columns", type=int, default=200)
    parser.add_argument("--one", nargs=2, metavar=("CASE", "BACKEND"), help="measure here, and print JSON")
    args = parser.parse_args()
    if args.one:
        print(json.dumps(measure(*args.one, args.rows, args.columns)))
        return
    print(f"{args.rows} x {args.columns} bits as bytes: {args.rows * args.columns / 1e6:.0f} MB")
    for name in args.cases or cases(2, "numpy"):
        for backend in args.backends:
            size = ["--rows", str(args.rows), "--columns", str(args.columns)]
            command = [sys.executable, __file__, "--one", name, backend, *size]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            print(f"{name:20} {backend:6} adds {json.loads(done.stdout):5.2f} x X", flush=True)


if __name__ == "__main__":
    main()
