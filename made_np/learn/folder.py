"""The learner's folder: a file for each step, with what was passed so far."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from made_np.files import atomic_write
from made_np.learn.steps import N_STEPS, NAMES, all_steps, step_of
from made_np.learn.tasks import Step

PROGRESS = "progress.json"


@dataclass(frozen=True)
class Folder:
    """Where the files of a learner lie.

    Attributes
    ----------
    path : Path
    """

    path: Path

    def file(self, step: Step) -> Path:
        """The file of a step."""
        return self.path / step.file

    def begin(self) -> list[Step]:
        """Make the folder, and write what is missing: the steps that were written.

        Raises
        ------
        ValueError
            The path is no folder.
        OSError
            It cannot be written to.
        """
        if self.path.exists() and not self.path.is_dir():
            raise ValueError(f"{self.path} is a file: give another --folder")
        self.path.mkdir(parents=True, exist_ok=True)
        missing = [step for step in all_steps() if not self.file(step).exists()]
        for step in missing:
            self.file(step).write_text(step.stub, encoding="utf-8")
        return missing

    def reset(self, step: Step) -> Path | None:
        """Write the file of a step as it was at first; return where the learner's own is kept, None if it was that."""
        file = self.file(step)
        kept = None
        if file.exists() and file.read_bytes() != step.stub.encode():
            kept = next(name for name in self._names_of_old(file) if not name.exists())
            file.replace(kept)
        self.path.mkdir(parents=True, exist_ok=True)
        file.write_text(step.stub, encoding="utf-8")
        self._write({**self._read(), "passed": [number for number in self.passed if number != step.number]})
        return kept

    def _names_of_old(self, file: Path) -> Any:
        yield file.with_name(f"{file.stem}_old.py")
        for k in range(2, 1000):
            yield file.with_name(f"{file.stem}_old{k}.py")

    @property
    def passed(self) -> list[int]:
        """The numbers of the steps that were passed."""
        numbers = self._read().get("passed", [])
        return sorted({number for number in numbers if number in range(1, len(NAMES) + 1)})

    @property
    def next_step(self) -> Step | None:
        """The first step that is not passed; None if all are."""
        done = set(self.passed)
        return next((step_of(number) for number in range(1, len(NAMES) + 1) if number not in done), None)

    @property
    def is_finished(self) -> bool:
        """Whether the twelve steps of the course are passed."""
        return set(range(1, N_STEPS + 1)) <= set(self.passed)

    def pass_step(self, step: Step) -> bool:
        """Write down that a step is passed; True if it was not before."""
        is_new = step.number not in self.passed
        self._write({**self._read(), "passed": sorted({*self.passed, step.number})})
        return is_new

    def next_hint(self, step: Step) -> int:
        """The number of the next hint of a step, 1 to 3; it is written down that it was given."""
        told = self._read()
        given = told.get("hints", {})
        before = given.get(str(step.number), 0) if isinstance(given, dict) else 0
        number = min(before + 1, len(step.hints)) if isinstance(before, int) and before >= 0 else 1
        self._write({**told, "hints": {**(given if isinstance(given, dict) else {}), str(step.number): number}})
        return number

    def _read(self) -> dict[str, Any]:
        """What was written down; nothing if there is no file.

        Raises
        ------
        ValueError
            The file is no progress of ours.
        """
        file = self.path / PROGRESS
        try:
            told = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError:
            told = None
        if not isinstance(told, dict) or not isinstance(told.get("passed", []), list):
            raise ValueError(f"{file} is damaged: delete it, and check again what you have passed")
        return told

    def _write(self, told: Mapping[str, Any]) -> None:
        with atomic_write(self.path / PROGRESS) as file:
            file.write((json.dumps(dict(told), indent=1) + "\n").encode())
