"""Kernels compiled before the first test: each process of a run compiles those of one dtype, and reads the others."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

MANY = 5000
"""A run of so many tests needs nearly all kernels."""
DTYPES = ("float32", "float64")


def are_compiled() -> bool:
    """Whether models compute by kernels here, unless they ask for something else."""
    is_asked = os.environ.get("MADE_NP_BACKEND", "numba") == "numba"
    return is_asked and find_spec("numba") is not None and os.environ.get("NUMBA_DISABLE_JIT", "0") == "0"


def compile_share(worker: int) -> None:
    """Compile the kernels of one dtype, by asking for all that they compute: alone, a process compiles both."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))
    import kernels_smoke

    dtype = DTYPES[worker % len(DTYPES)]
    for name in kernels_smoke.ORDERS:
        problem = kernels_smoke.problem(name, dtype)
        kernels_smoke.scores("numba", problem)
        kernels_smoke.steps("numba", problem, kernels_smoke.RULES["Adam"])
