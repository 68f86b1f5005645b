"""One shape of the benchmark on a GPU: a process for each library, made ready together, then timed in turn."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmark.device.contender import CONTENDERS, Measure, Setting, row_name
from benchmark.device.ledger import Ledger
from benchmark.device.lines import BEST_COMPILED
from benchmark.device.reference import Reference
from benchmark.device.shapes import Given, Shape
from benchmark.device.worker import Failed, Ready, Worker
from benchmark.report import Result, Target

PREPARE = 60.0
"""Seconds that a contender may take to be ready, compilation included."""
CHECK = 45.0
TURN = 20.0
"""Seconds after which a check, or a turn, is given up."""
PAUSE = 0.02
EARLY = ("compile", "jax")
"""Libraries that compile: they are made ready for everything at once, while others are for their steps."""
LOOP = "torch loop of D passes"


class ShapeRun:
    """The rows of one shape.

    Parameters
    ----------
    ledger : Ledger
    shape : Shape
    measures : list of Measure
    seconds : float
        Its share of the time: when it is up, rows are made of fewer rounds.
    """

    def __init__(self, ledger: Ledger, shape: Shape, measures: list[Measure], seconds: float) -> None:
        self.ledger = ledger
        self.shape = shape
        self.measures = measures
        self.share = time.monotonic() + seconds
        self.setting = Setting(shape, ledger.device, ledger.backend, ledger.args.masks)
        self.workers = {name: Worker(name, self.setting) for name in ledger.libraries()}
        self.ready: dict[tuple[str, Measure, str], Ready] = {}
        self.failed: dict[str, str] = {}
        """Of the present measure, by contender."""

    def run(self) -> None:
        """Measure everything, whatever fails."""
        with tempfile.TemporaryDirectory() as folder:
            try:
                reference = Path(folder)
                for k, measure in enumerate(self.measures):
                    if self.ledger.left() <= 0:
                        self.ledger.fail(row_name(self.shape, measure), "everybody", "the time was up")
                        continue
                    self._measure(measure, reference, is_first=k == 0)
            finally:
                for worker in self.workers.values():
                    worker.end()

    def _measure(self, measure: Measure, folder: Path, *, is_first: bool) -> None:
        self.failed = {}
        begun = time.monotonic()
        self._replace_spoiled()
        self._send(measure, is_first=is_first)
        if is_first:
            Reference(folder).write(Given(self.shape))  # meanwhile
        self._receive(measure, is_first=is_first)
        self._check(measure, folder)
        ready = time.monotonic()
        values = self._race(measure)
        name = row_name(self.shape, measure)
        print(f"{ready - begun:.0f} s to be ready, {time.monotonic() - ready:.0f} s timed: {name}", file=sys.stderr)
        for contender, why in self.failed.items():
            self.ledger.fail(name, contender, why)
        result = Result(name, "ms", {key: [[1e3 * t for t in turn] for turn in times] for key, times in values.items()})
        targets = () if self.ledger.args.quick else tuple(targets_of(measure, self.shape))
        self.ledger.add(Result(result.name, result.unit, result.values, targets=targets), self.failed)
        if measure.kind == "step":
            self._memory()
        self._release(measure)

    # ---------------------------------------------------------------------------------------- made ready

    def _replace_spoiled(self) -> None:
        for library, worker in self.workers.items():
            if worker.spoiled:
                worker.end()
                self.ready = {key: value for key, value in self.ready.items() if key[0] != library}
                self.workers[library] = Worker(library, self.setting)

    def _wanted(self, measure: Measure, *, is_first: bool) -> Iterator[tuple[str, Measure, str]]:
        """Yield what is to be made ready for this measure, and of some libraries for all."""
        for library in self.workers:
            for each in self.measures:
                if each == measure or (is_first and library in EARLY):
                    for name in CONTENDERS[library].get(each.kind, ()):
                        if (library, each, name) not in self.ready:
                            yield library, each, name

    def _send(self, measure: Measure, *, is_first: bool) -> None:
        self.asked = list(self._wanted(measure, is_first=is_first))
        if is_first:
            for worker in self.workers.values():
                worker.send("about")
        for library, each, name in self.asked:
            self.workers[library].send("prepare", each, name)

    def _receive(self, measure: Measure, *, is_first: bool) -> None:
        """Wait until nobody works; what was asked for early and failed is asked for again in its turn."""
        if is_first:
            about: dict[str, str] = {}
            for library, worker in self.workers.items():
                try:
                    about |= worker.receive(self._limit(PREPARE))
                except Failed as error:
                    about[library] = f"failed ({error})"
            self.ledger.tell(about)
        for library, each, name in self.asked:
            try:
                self.ready[library, each, name] = self.workers[library].receive(self._limit(PREPARE))
            except Failed as error:
                if each == measure:
                    self.failed[name] = str(error)

    def _check(self, measure: Measure, folder: Path) -> None:
        contenders = list(self._contenders(measure))
        for worker, name in contenders:
            worker.send("check", measure, name, folder)
        for worker, name in contenders:
            try:
                worker.receive(self._limit(CHECK))
            except Failed as error:
                self._drop(worker, measure, name, str(error))

    # ---------------------------------------------------------------------------------------- measured

    def _race(self, measure: Measure) -> dict[str, list[list[float]]]:
        """Return seconds per call by contender and round; every other round goes backwards."""
        times: dict[str, list[list[float]]] = {}
        for k in range(self.ledger.rounds):
            if k and time.monotonic() > min(self.share, self.ledger.deadline):
                break
            contenders = list(self._contenders(measure))
            for worker, name in contenders[:: -1 if k % 2 else 1]:
                time.sleep(PAUSE)
                try:
                    found = worker.ask(TURN, "turn", measure, name, self.ledger.turn)
                    times.setdefault(name, []).append(found)
                except Failed as error:
                    self._drop(worker, measure, name, str(error))
                    times.pop(name, None)
        order = [name for _, name in self._contenders(measure) if name in times]
        self.ledger.notes += [f"{self.shape.name}, {measure.n} rows: {note}" for note in self._notes(measure)]
        return {name: times[name] for name in order}

    def _memory(self) -> None:
        found = {name: ready.memory for (_, each, name), ready in self.ready.items() if each.kind == "step"}
        values = {name: [[memory / 2**20]] for name, memory in found.items() if memory is not None}
        if values:
            self.ledger.add(Result(f"memory, training {self.shape.name}", "MiB", values), {})

    def _notes(self, measure: Measure) -> Iterator[str]:
        for (_, each, _), ready in self.ready.items():
            if each == measure and ready.note:
                yield ready.note

    # ---------------------------------------------------------------------------------------- helpers

    def _contenders(self, measure: Measure) -> Iterator[tuple[Worker, str]]:
        for library, each, name in self.ready:
            if each == measure:
                yield self.workers[library], name

    def _drop(self, worker: Worker, measure: Measure, name: str, why: str) -> None:
        self.failed[name] = why
        self.ready.pop((worker.library, measure, name), None)

    def _release(self, measure: Measure) -> None:
        alive = [worker for worker in self.workers.values() if not worker.spoiled]
        for worker in alive:
            worker.send("release", measure)
        for worker in alive:
            try:
                worker.receive(self._limit(TURN))
            except Failed as error:
                self.ledger.fail(self.shape.name, worker.library, str(error))

    def _limit(self, seconds: float) -> float:
        return min(seconds, max(self.ledger.left(), 1.0))


def targets_of(measure: Measure, shape: Shape) -> Iterator[Target]:
    """Yield what ours is meant to reach: more where half of each mask is a staircase that pays."""
    if measure.kind == "step":
        pays = min(shape.hidden) >= 1024
        yield Target(BEST_COMPILED, 1.5 if pays else 1.0)
    if measure.kind == "sample":
        yield Target(LOOP, 100)
