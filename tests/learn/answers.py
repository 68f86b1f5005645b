"""Right and wrong answers, handed to the checks of made-np learn."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Any

from made_np.learn.attempts import Attempt, attempt
from made_np.learn.outcomes import Outcome, outcome_of
from made_np.learn.steps import all_steps
from made_np.learn.tasks import Step, Task
from made_np.testing.mistakes import Problem

from .wrong import WrongAnswer

RIGHT = ("matrices", "loops", "einsum")
"""The files of right answers."""


def tasks() -> Iterator[tuple[Step, Task]]:
    """Every function that is to be written."""
    return ((step, task) for step in all_steps() for task in step.tasks)


def find_task(step: str, function: str) -> Task:
    """A task by the names of its step and of its function."""
    return next(task for each, task in tasks() if (each.name, task.function) == (step, function))


def right_answer(style: str, step: Step, task: Task) -> Callable[..., Any]:
    """A right function, written in one of the styles."""
    module = importlib.import_module(f"tests.learn.right.{style}")
    own: Callable[..., Any] = getattr(module, f"{step.name}__{task.function}", None) or getattr(module, task.function)
    return own


def outcome(task: Task, function: Callable[..., Any], seed: int = 0) -> Outcome:
    """What the check says of a function."""

    def tried(problems: list[Problem]) -> Attempt:
        return attempt(task, function, problems)

    return outcome_of(task, seed, tried)


def kinds_in(outcome: Outcome) -> set[str]:
    """The kinds that are named, each for itself."""
    return {kind for each in outcome.kinds for kind in each.split(" and ")}


def is_named(wrong: WrongAnswer, outcome: Outcome) -> bool:
    """Whether each mistake is named, and nothing that is none."""
    named = kinds_in(outcome)
    allowed = frozenset().union(*wrong.kinds)
    return not outcome.passed and named <= allowed and all(each & named for each in wrong.kinds)


def is_misled(wrong: WrongAnswer, outcome: Outcome) -> bool:
    """Whether the check passes a wrong answer, or names a mistake that is not there."""
    return outcome.passed or not kinds_in(outcome) <= frozenset().union(*wrong.kinds)
