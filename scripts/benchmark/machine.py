"""What this machine is able to do, measured in the same run."""

from __future__ import annotations

import platform
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmark.cores import threads
from benchmark.timing import clock
from benchmark.work import Work
from made_np import MADE

PACKAGES = ("numpy", "numba", "torch", "jax", "onnxruntime")


class Machine(NamedTuple):
    """Rates that no step can exceed for long."""

    sgemm: float
    """FLOP/s of NumPy's own matrix product, float32, all threads; a multiply-add counts as two."""
    copy: float
    """Bytes/s of copying arrays larger than the caches, all threads; bytes read and bytes written both count."""

    def floor(self, work: Work) -> float:
        """Return the least seconds that `work` can take: the larger of its arithmetic and its memory traffic."""
        return max(work.flops / self.sgemm, work.bytes / self.copy)


def measure(n: int, repeats: int = 20) -> Machine:
    """Measure both rates, each the best of several: products of two (n, n) matrices, copies of 128 MiB."""
    a, b, c = (np.ones((n, n), dtype=np.float32) for _ in range(3))
    product = min(clock(lambda: np.matmul(a, b, out=c)) for _ in range(repeats))
    parts = threads()
    source, target = (np.ones((parts, 2**25 // parts), dtype=np.float32) for _ in range(2))
    with ThreadPoolExecutor(parts) as pool:

        def copy() -> None:
            list(pool.map(np.copyto, target, source))

        seconds = min(clock(copy) for _ in range(repeats))
    return Machine(2 * n**3 / product, 2 * source.nbytes / seconds)


def best(a: Machine, b: Machine) -> Machine:
    """Return the better of two measurements, rate by rate: whatever else runs can only make them worse."""
    return Machine(max(a.sgemm, b.sgemm), max(a.copy, b.copy))


def describe() -> dict[str, str]:
    """Return processor, cores and versions, for the foot of the table."""
    backend = MADE(1).bound.backend.__name__.rpartition("._")[2]
    about = {"processor": _processor(), "cores used": str(threads()), "our backend": backend}
    about["Python"] = platform.python_version()
    for package in PACKAGES:
        try:
            about[package] = version(package)
        except PackageNotFoundError:
            about[package] = "not installed"
    return about


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
