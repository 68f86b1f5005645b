"""The process in which a submission runs: it sends what functions return, which others judge.

``python -m made_np.learn.worker FOLDER SEED REPORT STEP...`` appends a line of JSON to the file REPORT for each step.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from made_np.learn.attempts import attempt
from made_np.learn.loading import Unloaded, load_functions
from made_np.learn.outcomes import problems_of
from made_np.learn.steps import step_of

MEMORY = 2 * 1024**3
"""A submission may use so many bytes."""


def main(arguments: list[str]) -> None:
    """Run the steps of a folder."""
    folder, seed, report, *steps = arguments
    _limit()
    for number in steps:
        line = json.dumps({"step": int(number), "attempts": _attempts(Path(folder), int(number), int(seed))})
        with open(report, "a", encoding="utf-8") as file:
            file.write(line + "\n")


def _attempts(folder: Path, number: int, seed: int) -> dict[str, Any]:
    """The attempt at each task of a step."""
    step = step_of(number)
    path = folder / step.file
    try:
        functions = load_functions(step, path)
    except Unloaded as error:
        return {task.function: error.attempt.to_dict() for task in step.tasks}
    found = {}
    for task in step.tasks:
        problems, extreme = problems_of(task, seed)
        found[task.function] = attempt(task, functions[task.function], [*problems, *extreme], str(path)).to_dict()
    return found


def _limit() -> None:
    """Bound the memory of this process, where the system can."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main(sys.argv[1:])
