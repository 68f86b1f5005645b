"""Many folders, each in processes of its own: what each step is worth.

A submission may hang, exit, print, fork, eat memory, or change what checks it: that is a line of the table, and no harm
to the others. It only sends numbers; they are judged here.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from made_np.learn.attempts import BROKEN, Attempt
from made_np.learn.outcomes import Outcome, outcome_of
from made_np.learn.steps import all_steps
from made_np.learn.tasks import Step

PACKAGE = Path(__file__).resolve().parents[1]
LARGEST = 64 * 1024**2
"""A report may have so many bytes."""
POLL = 0.02
START = 20.0
"""So many seconds a process may take to begin, beside what its first step takes."""


@dataclass(frozen=True)
class Grade:
    """One step of one folder."""

    folder: str
    step: Step
    outcomes: tuple[Outcome, ...]

    @property
    def passed(self) -> bool:
        """Whether all functions are right."""
        return bool(self.outcomes) and all(each.passed for each in self.outcomes)

    @property
    def kinds(self) -> str:
        """The kinds of all mistakes."""
        return "; ".join(dict.fromkeys(kind for each in self.outcomes for kind in each.kinds))

    @property
    def mistake(self) -> str:
        """What is wrong, on one line."""
        wrong = [each for each in self.outcomes if not each.passed]
        lines = [line.strip() for each in wrong for line in each.lines if not line.startswith("    ")]
        return "; ".join(dict.fromkeys(line for line in lines if not line.endswith(": right")))


def grade_folder(folder: Path, *, seconds: float, seed: int) -> list[Grade]:
    """Grade all steps of a folder.

    Parameters
    ----------
    folder : Path
    seconds : float
        So long a step may take.
    seed : int
        Of the problems.
    """
    steps = all_steps()
    before = _sources()
    told: dict[int, dict[str, Attempt]] = {}
    left = [step for step in steps if (folder / step.file).is_file()]
    while left:
        told |= _run(folder, left, seconds, seed)
        left = [step for step in left if step.number not in told]
    edited = _restored(before)
    grades = []
    for step in steps:
        attempts = told.get(step.number)
        if attempts is None:
            attempts = {task.function: Attempt([], "not begun", f"{step.file} is missing") for task in step.tasks}
        outcomes = tuple(_judged(step, attempts, seed))
        grades.append(Grade(folder.name or str(folder), step, outcomes))
    if edited:
        words = f"the submission changed made_np itself ({', '.join(edited)}); it was put back"
        spoiled = Outcome("", False, (BROKEN,), (words,))
        grades = [Grade(each.folder, each.step, (spoiled, *each.outcomes)) for each in grades]
    return grades


def _judged(step: Step, attempts: dict[str, Attempt], seed: int) -> list[Outcome]:
    found = []
    for task in step.tasks:
        told = attempts.get(task.function, Attempt([], BROKEN, f"{task.function} gave no answer"))
        try:
            found.append(outcome_of(task, seed, lambda _, told=told: told))  # type: ignore[misc]
        except Exception as error:  # a report of anyone's making
            words = f"{task.function} gave an answer that cannot be judged ({type(error).__name__})"
            found.append(Outcome(task.function, False, (BROKEN,), (words,)))
    return found


def _run(folder: Path, steps: Sequence[Step], seconds: float, seed: int) -> dict[int, dict[str, Attempt]]:
    """Run steps in a new process until one of them ends it; that one has its failure."""
    with tempfile.TemporaryDirectory(prefix="made_np-learn-") as place:
        report = Path(place) / "report"
        nowhere = Path(place) / "work"
        nowhere.mkdir()
        numbers = [str(step.number) for step in steps]
        command = [
            sys.executable,
            "-m",
            "made_np.learn.worker",
            str(folder.resolve()),
            str(seed),
            str(report),
            *numbers,
        ]
        process = subprocess.Popen(
            command,
            cwd=nowhere,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            ended = _wait(process, report, len(steps), seconds)
        finally:
            _end(process)
        told = _read(report, [step.number for step in steps])
    failed = next((step for step in steps if step.number not in told), None)
    if failed is not None:
        status = process.returncode
        words = f"its process ended (status {status})" if ended else f"no answer within {seconds:g} s"
        told[failed.number] = {task.function: Attempt([], BROKEN, words) for task in failed.tasks}
    return told


def _environment() -> dict[str, str]:
    home = str(PACKAGE.parent)
    path = os.pathsep.join(filter(None, [home, os.environ.get("PYTHONPATH", "")]))
    return {
        **os.environ,
        "PYTHONPATH": path,
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def _wait(process: subprocess.Popen[bytes], report: Path, n_steps: int, seconds: float) -> bool:
    """Wait until the process ends; False if a step takes too long."""
    size = 0
    deadline = time.monotonic() + seconds + START
    while process.poll() is None:
        with suppress(OSError):
            now = report.stat().st_size
            if now > LARGEST:
                return True
            if now != size:
                size = now
                deadline = time.monotonic() + seconds
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL)
    return True


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process, with all that it has started."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    if process.poll() is None:
        process.kill()
    process.wait()


def _read(report: Path, numbers: Sequence[int]) -> dict[int, dict[str, Attempt]]:
    """The attempts in a report: the first of each step, as far as they can be read."""
    found: dict[int, dict[str, Attempt]] = {}
    try:
        text = report.read_bytes()[:LARGEST].decode("utf-8", "replace")
    except OSError:
        return found
    for line in text.splitlines():
        try:
            told: Any = json.loads(line)
            number = int(told["step"])
            attempts = {str(name): Attempt.from_dict(each) for name, each in told["attempts"].items()}
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError, MemoryError):
            continue
        if number in numbers:
            found.setdefault(number, attempts)
    return found


def _sources() -> dict[Path, bytes]:
    """The files that check: ours, with the module of mistakes."""
    folders = (PACKAGE / "learn", PACKAGE / "testing")
    return {path: path.read_bytes() for folder in folders for path in sorted(folder.rglob("*.py"))}


def _restored(before: dict[Path, bytes]) -> list[str]:
    """Put back what a submission has changed; return the names of these files."""
    edited = []
    for path, source in before.items():
        try:
            is_same = path.read_bytes() == source
        except OSError:
            is_same = False
        if not is_same:
            path.write_bytes(source)
            edited.append(path.name)
    return edited
