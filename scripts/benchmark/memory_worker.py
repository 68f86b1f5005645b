"""Train a few steps with one library to print the peak memory of that: ``LIBRARY N_FEATURES HIDDEN BATCH_SIZE``.

A tiny model takes one step first, so that code, threads and compilers are loaded and counted on no side. The peak is
the kernel's "VmHWM", started anew at that point; where there is no /proc, that of `getrusage`. (On Linux `getrusage`
would not do: a new process inherits the peak of the one that started it.)
"""

from __future__ import annotations

import gc
import json
import resource
import sys
from pathlib import Path

from benchmark.problem import Problem, Trainer
from made_np import MADE

STEPS = 4
STATUS = Path("/proc/self/status")
CLEAR = Path("/proc/self/clear_refs")


def trainer_of(library: str, n_features: int, hidden: int, batch_size: int) -> Trainer:
    """Return the library's trainer; what all contenders are given is dropped unless the trainer keeps it."""
    problem = Problem.random(MADE(n_features, (hidden,), direct=False), batch_size, n_batches=1)
    if library == "ours":
        from benchmark.ours import Ours

        return Ours(problem)
    if library == "torch":
        from benchmark.peers_torch import TorchTrainer

        return TorchTrainer(problem)
    from benchmark.peers_jax import JaxTrainer

    return JaxTrainer(problem)


def kilobytes(key: str) -> int:
    """Return memory now ("VmRSS") or its peak ("VmHWM") in KiB."""
    if not STATUS.exists():
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak // 1024 if sys.platform == "darwin" else peak
    lines = STATUS.read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{key}:"))


def main() -> None:
    """Print ``{"MiB": peak beyond what was there after the tiny step}``."""
    library, *sizes = sys.argv[1:]
    trainer_of(library, 16, 16, 4).step(0)
    gc.collect()
    if CLEAR.exists():
        CLEAR.write_text("5", encoding="ascii")  # the peak starts again from here
    before = kilobytes("VmRSS")
    trainer = trainer_of(library, *map(int, sizes))
    for i in range(STEPS):
        trainer.step(i)
    print(json.dumps({"MiB": (kilobytes("VmHWM") - before) / 1024}))


if __name__ == "__main__":
    main()
