"""What is said of an attempt: right, or the mistake by its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from made_np.learn.attempts import NOT_BEGUN, Attempt
from made_np.learn.tasks import Task
from made_np.testing.mistakes import Mistake, Problem, Verdict, judge, kinds
from made_np.testing.mistakes.likeness import alike


@dataclass(frozen=True)
class Outcome:
    """What is known of one function.

    Attributes
    ----------
    function : str
    passed : bool
    kinds : tuple of str
        Of the mistakes that have a name; of what fails otherwise "an error", "not begun".
    lines : tuple of str
        What is wrong, and what was computed instead.
    """

    function: str
    passed: bool
    kinds: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()

    @property
    def is_begun(self) -> bool:
        """Whether there is anything to judge."""
        return self.kinds != (NOT_BEGUN,)


def problems_of(task: Task, seed: int) -> tuple[list[Problem], list[Problem]]:
    """The problems of a seed, and those that are extreme."""
    rng = np.random.default_rng([seed, len(task.function)])
    return task.problems(rng), [] if task.extreme is None else task.extreme(rng)


def outcome_of(task: Task, seed: int, tried: Callable[[list[Problem]], Attempt]) -> Outcome:
    """What is to be said of a function.

    Parameters
    ----------
    task : Task
    seed : int
        Of the problems.
    tried : callable
        problems -> the attempt at these.
    """
    problems, extreme = problems_of(task, seed)
    every = [*problems, *extreme]
    attempt = tried(every)
    if attempt.failure:
        return Outcome(task.function, False, (attempt.kind,), (attempt.failure,))
    if len(attempt.results) != len(every) or any(set(each) != set(task.results) for each in attempt.results):
        return Outcome(task.function, False, ("an error",), (f"{task.function} gave no results that can be read",))
    found = _verdict(task, problems, attempt.results[: len(problems)])
    if found.ok and extreme:
        found = _of_extreme(task, extreme, attempt.results[len(problems) :])
    first = _of_conduct(attempt)
    mistakes = (*first, *found.mistakes)
    if found.ok and not first:
        return Outcome(task.function, True)
    lines = [*_written(mistakes), *found.told, *_right_ones(task, found)]
    return Outcome(task.function, False, tuple(dict.fromkeys(each.kind for each in mistakes)), tuple(lines))


def _verdict(task: Task, problems: Sequence[Problem], results: Sequence[dict[str, Any]]) -> Verdict:
    noticed = None if task.notice is None else task.notice(problems, results)
    if noticed is not None:
        return Verdict(False, (noticed,))
    if task.judge is not None:
        return task.judge(problems, results)
    verdict = judge(task.subject, problems, results, constants=task.constants(problems))
    if verdict.mistakes or verdict.ok:
        return verdict
    shapes = [line for line in verdict.told if "its shape is" in line]
    mistakes = tuple(Mistake(kinds.SHAPE, "", line) for line in shapes)
    return Verdict(False, mistakes, tuple(line for line in verdict.told if line not in shapes))


def _of_extreme(task: Task, problems: Sequence[Problem], results: Sequence[dict[str, Any]]) -> Verdict:
    for problem, got in zip(problems, results, strict=True):
        want = task.subject.right(problem)
        for name in want:
            if not alike(got[name], np.asarray(want[name])):
                is_finite = np.isfinite(np.asarray(got[name], dtype=float)).all()
                what = "its numbers are wrong there" if is_finite else "it is NaN or infinite there"
                return Verdict(False, (Mistake(kinds.NUMBERS, name, f"{task.extreme_words}: {what}"),))
    return Verdict(True)


def _of_conduct(attempt: Attempt) -> tuple[Mistake, ...]:
    """What is wrong with how a function goes about it."""
    found = []
    if attempt.written:
        names = " and ".join(attempt.written)
        words = "your function writes to what it is given (=, += or out= on it): copy first"
        found.append(Mistake(kinds.IN_PLACE, names, words))
    if attempt.keeps:
        words = "the second call gives other numbers than the first: something is kept, or added to (+=)"
        found.append(Mistake(kinds.IN_PLACE, "", words))
    return tuple(found)


def _written(mistakes: Sequence[Mistake]) -> list[str]:
    lines = []
    for each in mistakes:
        lines.append(str(each))
        lines += [f"    you compute what this gives:  {line}" for line in each.line.splitlines()]
    return lines


def _right_ones(task: Task, verdict: Verdict) -> list[str]:
    """A line that names the results that are right, where others are not."""
    told = [each.result for each in verdict.mistakes] + [line.split(":")[0] for line in verdict.told]
    named = {name.strip() for part in told for name in part.split(",")}
    good = [name for name in task.results if name not in named]
    known = named <= set(task.results) and named
    return [f"{' and '.join(good)}: right"] if known and good else []
