"""What came of a run of the benchmark on a GPU, printed as it comes."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from dataclasses import dataclass, field

from benchmark.device import lines
from benchmark.device.contender import CONTENDERS
from benchmark.report import Result

HOW = """\
Cells: median / 10th percentile (how many times ours). float32 everywhere, TF32 off for everybody. Each contender has
been held against NumPy on the CPU first: loss, gradient, two steps of Adam, scores, samples of given uniforms.
Steps of ours: epochs of `made_np.fit` after one that warms up, shuffling and sums of losses included. Samples and
scores of ours hold theta on the device (`MADE.hold`); rows come from NumPy, and answers go back there, all included.
Peers have rows, masks and parameters on the device already, and leave there what they find, unless it says otherwise.
Memory: most bytes in training, the rows included; of ours what CuPy's pool has taken, of peers what their tensors took.
"""


@dataclass
class Ledger:
    """What is to be run, until when, and what came of it."""

    args: Namespace
    device: str
    backend: str
    rounds: int
    turn: float
    deadline: float
    results: list[Result] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    about: dict[str, str] = field(default_factory=dict)

    def left(self) -> float:
        """Return how many seconds there are."""
        return self.deadline - time.monotonic()

    def libraries(self) -> list[str]:
        """Return ours, and the peers that are asked for."""
        return ["ours", *(name for name in CONTENDERS if name in self.args.peers)]

    def tell(self, about: dict[str, str]) -> None:
        """Print card and versions, once."""
        if not self.about:
            self.about = about
            print(", ".join(f"{key} {value}" for key, value in about.items()), HOW, lines.head(), sep="\n", flush=True)

    def add(self, result: Result, failed: dict[str, str]) -> None:
        """Print a row."""
        self.results.append(result)
        print(lines.line(result, failed), flush=True)

    def fail(self, where: str, name: str, why: str) -> None:
        """Say what failed at once, and again at the foot of the table."""
        self.failures.append(f"{where}, {name}: {why}")
        print(self.failures[-1], file=sys.stderr, flush=True)
