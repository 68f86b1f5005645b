"""What a process of the benchmark is asked for: a library, with its contenders for each measure."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from benchmark.device.reference import Reference
from benchmark.device.shapes import Given, Shape

CONTENDERS: dict[str, dict[str, tuple[str, ...]]] = {
    "ours": {"step": ("ours",), "sample": ("ours",), "score": ("ours",)},
    "torch": {
        "step": ("torch eager",),
        "sample": ("one dense torch pass", "torch loop of D passes"),
        "score": ("torch eager", "torch eager, rows from the host and back"),
    },
    "compile": {"step": ("torch.compile", "torch.compile, CUDA graph"), "score": ("torch.compile",)},
    "jax": {"step": ("JAX jit",), "score": ("JAX jit",)},
}
"""By library and by kind of measure. A library that is slow to compile has a process apart: it may be ended."""


class Measure(NamedTuple):
    """What is timed."""

    kind: str
    """"step", "sample" or "score"."""
    n: int
    """Rows of one call."""


def row_name(shape: Shape, measure: Measure) -> str:
    """Return such as "sample, 100 rows, 784-500-784"."""
    rows = f"batch {measure.n}" if measure.kind == "step" else f"{measure.n} rows"
    return f"{measure.kind}, {rows}, {shape.name}"


@dataclass(frozen=True)
class Setting:
    """What a process is told at its start.

    Attributes
    ----------
    shape : Shape
    device : {"cuda", "cpu"}
        "cpu": a rehearsal, in which nothing of a GPU is touched.
    backend : str
        Of ours.
    masks : {"float32", "bool"}
        How peers hold their masks on the device.
    """

    shape: Shape
    device: str
    backend: str
    masks: str = "float32"


class Contender(ABC):
    """One way to do what is measured."""

    memory: int | None = None
    """Peak bytes on the device so far; None where nobody counts."""
    note = ""
    """One line for the foot of the table."""
    warms_itself = False
    """Whether `run` leaves out what it does first."""

    @abstractmethod
    def run(self, n: int) -> list[float]:
        """Do about n calls, wait for their end, and return seconds per call, one number for each block of them."""

    @abstractmethod
    def check(self, reference: Reference) -> None:
        """Raise an `ArithmeticError` unless it computes what NumPy does."""


class Library(ABC):
    """All contenders of one process."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.given = Given(setting.shape)

    @abstractmethod
    def about(self) -> dict[str, str]:
        """Return versions and, as "card", what computes."""

    @abstractmethod
    def contender(self, measure: Measure, name: str) -> Contender:
        """Return a contender that has done its first calls: what is to be compiled has been compiled."""


def block(call: Callable[[int], object], wait: Callable[[], object], n: int, first: int = 0) -> list[float]:
    """Return the seconds per call of n calls in a row, with one wait for the device at their end."""
    start = time.perf_counter()
    for i in range(first, first + n):
        call(i)
    wait()
    return [(time.perf_counter() - start) / n]
