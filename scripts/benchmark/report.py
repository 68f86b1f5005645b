"""Results in the one table that they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from benchmark.cores import BF16
from benchmark.load import TOO_MUCH
from benchmark.machine import Machine
from benchmark.timing import Turns
from benchmark.work import Work

_PRECISE = ("torch eager", "torch.compile", "torch.compile, whole step", "JAX jit")
PEERS = (*_PRECISE, *(f"{name}{BF16}" for name in _PRECISE), "ONNX Runtime")
"""Those with a column of their own; anything else that ours is held against stands in the column "other"."""
FASTEST = "the fastest peer"
OURS = "ours"
OURS_BF16 = f"{OURS}{BF16}"


class Target(NamedTuple):
    """How many times as much as ours something is meant to take, at least."""

    against: str
    """A contender, or `FASTEST` of `PEERS`."""
    at_least: float


@dataclass(frozen=True)
class Result:
    """One row of the table.

    Attributes
    ----------
    name : str
    unit : str
        "ms", "s" or "MiB".
    values : dict of str to list of list of float
        In `unit`, by contender and round, "ours" first. Contenders with equally many rounds took them in turn.
    work : Work, optional
        What one call of ours cannot avoid.
    targets : tuple of Target
    notes : str
        One line for the foot of the table.
    others : float, optional
        How many cores other processes kept busy meanwhile.
    """

    name: str
    unit: str
    values: dict[str, Turns]
    work: Work | None = None
    targets: tuple[Target, ...] = ()
    notes: str = ""
    others: float | None = None

    def quantile(self, contender: str, q: float) -> float:
        """Return a quantile of all values of a contender."""
        return float(np.quantile(np.concatenate(self.values[contender]), q))

    def ratio(self, contender: str, base: str = OURS) -> float:
        """Return how many times as much as ours it takes: the median over rounds, or where it had none, of medians."""
        ours = self.values[base]
        its = self.values[contender]
        if len(ours) != len(its):
            return self.quantile(contender, 0.5) / self.quantile(base, 0.5)
        return float(np.median([np.median(b) / np.median(a) for a, b in zip(ours, its, strict=True)]))

    def fastest(self) -> str | None:
        """Return which of `PEERS` comes closest to ours, None where nobody ran against us."""
        return min((name for name in PEERS if name in self.values), key=self.ratio, default=None)

    def reached(self, target: Target) -> float | None:
        """Return the ratio that `target` is about, None where nobody ran against us."""
        name = self.fastest() if target.against == FASTEST else target.against
        return self.ratio(name) if name in self.values else None

    def seconds(self) -> float:
        """Return the median of ours in seconds."""
        return self.quantile("ours", 0.5) / {"ms": 1e3, "s": 1.0}[self.unit]

    def to_dict(self, machine: Machine) -> dict[str, Any]:
        """Return all that the table says, JSON-able."""
        contenders = {
            name: {
                "median": self.quantile(name, 0.5),
                "p10": self.quantile(name, 0.1),
                "rounds": len(turns),
                "calls": sum(map(len, turns)),
                "ratio": self.ratio(name),
            }
            for name, turns in self.values.items()
        }
        result: dict[str, Any] = {"name": self.name, "unit": self.unit, "contenders": contenders, "notes": self.notes}
        result["cores_busy_with_others"] = self.others
        result["fastest_peer"] = self.fastest()
        result["targets"] = [{**t._asdict(), "reached": self.reached(t)} for t in self.targets]
        if self.work is not None:
            floor = machine.floor(self.work)
            result |= {"live_gflops": self.work.flops / self.seconds() / 1e9, "share_of_floor": floor / self.seconds()}
            result |= {"floor_ms": 1e3 * floor, "flops": self.work.flops, "bytes": self.work.bytes}
        return result


def table(results: Sequence[Result], machine: Machine) -> str:
    """Return a Markdown table. Cells: median / 10th percentile (how many times ours)."""
    shown = [name for name in PEERS if any(name in result.values for result in results)]
    head = ["", "unit", "ours", *shown, "other", "the fastest of all", "live GFLOP/s", "share of floor", "target"]
    lines = [head, ["---"] * len(head)]
    for result in results:
        others = [name for name in result.values if name not in (*PEERS, "ours")]
        lines.append(
            [
                result.name,
                result.unit,
                cell(result, "ours"),
                *(cell(result, name) if name in result.values else "" for name in shown),
                "; ".join(f"{name} {cell(result, name)}" for name in others),
                _lead(result),
                *_efficiency(result, machine),
                "; ".join(_verdict(result, target) for target in result.targets),
            ]
        )
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def summary(results: Sequence[Result], machine: Machine, shared: bool) -> list[str]:
    """Return the lines at the table's foot: notes and, if `shared` is asked for, targets that several rows share."""
    lines = [f"{result.name}: {result.notes}" for result in results if result.notes]
    busy = [f"{r.name} ({r.others:.2f})" for r in results if r.others is not None and r.others > TOO_MUCH]
    if busy:
        lines.append(f"NOT TO BE TRUSTED, other processes kept cores busy (how many): {', '.join(busy)}")
    steps = [result for result in results if result.name.startswith("step ") and result.work is not None]
    ratios = [result.ratio("torch eager") for result in steps if "torch eager" in result.values]
    if shared and ratios:
        mean = float(np.exp(np.mean(np.log(ratios))))
        lines.append(
            f"{len(ratios)} plain steps against torch eager, geometric mean: {mean:.2f}x (target: 3x for all 5)"
        )
    if shared and steps:
        shares = sorted((step.work.flops, machine.floor(step.work) / step.seconds()) for step in steps if step.work)
        largest = [share for _, share in shares[-3:]]
        least = f"share of floor, least of the {len(largest)} plain steps with most work: {min(largest):.2f}"
        lines.append(f"{least} (target: 0.6 for 3)")
    return lines


def cell(result: Result, name: str) -> str:
    """Return "median / 10th percentile", with how many times ours it is."""
    both = f"{result.quantile(name, 0.5):.3g} / {result.quantile(name, 0.1):.3g}"
    return both if name == "ours" else f"{both} ({result.ratio(name):.3g}x)"


def _lead(result: Result) -> str:
    """Return how many times as much as ours, of float32 or of bf16, the fastest peer takes, and which it is."""
    name = result.fastest()
    if name is None:
        return ""
    rounded = f"; {OURS_BF16} {result.ratio(name, OURS_BF16):.3g}x" if OURS_BF16 in result.values else ""
    return f"{result.ratio(name):.3g}x ({name}){rounded}"


def _efficiency(result: Result, machine: Machine) -> tuple[str, str]:
    if result.work is None:
        return "", ""
    seconds = result.seconds()
    return f"{result.work.flops / seconds / 1e9:.3g}", f"{machine.floor(result.work) / seconds:.2f}"


def _verdict(result: Result, target: Target) -> str:
    reached = result.reached(target)
    if reached is None:
        return ""
    return f"{reached:.3g} of {target.at_least:.3g}x {target.against}{'' if reached >= target.at_least else ': missed'}"
