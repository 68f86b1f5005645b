"""A learner's file, looked at in this process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from made_np.learn.attempts import Attempt, attempt
from made_np.learn.loading import Unloaded, load_functions
from made_np.learn.outcomes import Outcome, outcome_of
from made_np.learn.tasks import Step, Task
from made_np.testing.mistakes import Problem


@dataclass(frozen=True)
class Checked:
    """What is known of a file: an outcome for each function, and lines that show what was built."""

    step: Step
    outcomes: tuple[Outcome, ...]
    proof: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether all functions are right."""
        return all(each.passed for each in self.outcomes)

    @property
    def is_begun(self) -> bool:
        """Whether any function is written."""
        return any(each.is_begun for each in self.outcomes)


def check_file(step: Step, path: Path, seed: int = 0) -> Checked:
    """Run a file, call its functions at random problems, and say what is wrong with what they return."""
    try:
        functions = load_functions(step, path)
    except Unloaded as error:
        told = error.attempt
        return Checked(step, tuple(outcome_of(task, seed, lambda _: told) for task in step.tasks[:1]))
    outcomes = tuple(outcome_of(task, seed, _attempts(task, functions[task.function], path)) for task in step.tasks)
    checked = Checked(step, outcomes)
    if not checked.passed or step.proof is None:
        return checked
    try:
        return Checked(step, outcomes, tuple(step.proof(functions)))
    except Exception as error:  # right at all problems: what is shown beside is no reason to refuse it
        words = " ".join(str(error).split())[:200]
        return Checked(step, outcomes, (f"what belongs here could not be shown: {type(error).__name__}: {words}",))


def _attempts(task: Task, function: Callable[..., Any], path: Path) -> Callable[[list[Problem]], Attempt]:
    return lambda problems: attempt(task, function, problems, str(path))
