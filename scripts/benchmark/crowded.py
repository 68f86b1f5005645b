"""A training step while other processes keep every core busy.

Threads that wait for each other by spinning lose more than their share there: one that the neighbour has put to sleep
holds up all the others.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from benchmark.cases import Case, Settings, network, shape_of, trainers_of
from benchmark.cores import threads
from benchmark.load import Load
from benchmark.problem import Problem, Trainer
from benchmark.report import Result
from benchmark.timing import Turns

SHAPE = (784, (1000, 1000), 128)
SPIN = "print(flush=True)\nwhile True: pass"


@contextmanager
def neighbours(n: int) -> Iterator[None]:
    """Keep `n` processes busy, on the cores of this one, until the block ends."""
    spinning = [subprocess.Popen([sys.executable, "-c", SPIN], stdout=subprocess.PIPE) for _ in range(n)]
    try:
        for process in spinning:
            assert process.stdout is not None
            process.stdout.readline()  # it has begun
        yield
    finally:
        for process in spinning:
            process.kill()
            process.communicate()


def crowded_case(settings: Settings) -> Case:
    """The same step alone, then beside as many busy processes as there are cores."""
    n_features, hidden, batch_size = SHAPE
    busy = threads()
    name = f"step beside {busy} busy processes {shape_of(settings, n_features, hidden)} B{batch_size}"
    make = network(settings, n_features, hidden)

    def run() -> Result:
        trainers = trainers_of(Problem.random(make(), batch_size), settings.peers)
        steps = {trainer.name: trainer.step for trainer in trainers}
        alone = settings.race(steps)
        unwatched = replace(settings, load=Load())  # that others are busy is what is asked for
        with neighbours(busy):
            beside = unwatched.race(steps)
        return Result(name, "ms", beside, notes=slowdowns(trainers, alone, beside))

    return Case(name, run)


def slowdowns(trainers: list[Trainer], alone: dict[str, Turns], beside: dict[str, Turns]) -> str:
    """Return how many times as long a step of each takes beside the neighbours."""
    times = {
        trainer.name: np.median(np.concatenate(beside[trainer.name])) / np.median(np.concatenate(alone[trainer.name]))
        for trainer in trainers
    }
    return "as long as alone: " + ", ".join(f"{name} {ratio:.2f}x" for name, ratio in times.items())
