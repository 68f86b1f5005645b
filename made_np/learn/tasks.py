"""What a step is: functions to be written, with random problems, right results, known ways to go wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from made_np.testing.mistakes import Mistake, Problem, Recipe, Results, Subject, Verdict

Functions: TypeAlias = Mapping[str, Callable[..., Any]]


@dataclass(frozen=True)
class Task:
    """A function that the learner writes.

    Attributes
    ----------
    function : str
        Its name.
    arguments, results : tuple of str
        What it is given and what it returns, in order. The letters of messages are those of the problems.
    subject : Subject
        The right results, with known ways to go wrong.
    problems : callable
        rng -> random problems, each a mapping that holds the arguments.
    extreme : callable, optional
        rng -> problems that are judged when all others are right, with `extreme_words` for those that fail there.
    run : callable, optional
        (function, problem) -> what is judged, where that is no single call.
    notice : callable, optional
        (problems, results) -> a mistake that is no wrong number, or that is seen before numbers are compared.
    judge : callable, optional
        (problems, results) -> verdict, where right is not one array.
    sizes : callable, optional
        problem -> the sizes by which a result may be too large; of a `Recipe` they are its constants.
    """

    function: str
    arguments: tuple[str, ...]
    results: tuple[str, ...]
    subject: Subject
    problems: Callable[[np.random.Generator], list[Problem]]
    extreme: Callable[[np.random.Generator], list[Problem]] | None = None
    extreme_words: str = ""
    run: Callable[[Callable[..., Any], Mapping[str, Any]], Any] | None = None
    notice: Callable[[Sequence[Problem], Sequence[Results]], Mistake | None] | None = None
    judge: Callable[[Sequence[Problem], Sequence[Results]], Verdict] | None = None
    sizes: Callable[[Problem], dict[str, float]] | None = None

    def call(self, function: Callable[..., Any], problem: Mapping[str, Any]) -> Any:
        """What the function makes of a problem."""
        if self.run is not None:
            return self.run(function, problem)
        return function(*(problem[name] for name in self.arguments))

    def constants(self, problems: Sequence[Problem]) -> list[dict[str, float]]:
        """The sizes at each problem by which a result may be too large."""
        if self.sizes is not None:
            return [self.sizes(problem) for problem in problems]
        recipe = getattr(self.subject, "subjects", [self.subject])[0]
        if not isinstance(recipe, Recipe):
            return [{} for _ in problems]
        sizes = [recipe.sizes(problem) for problem in problems]
        return [{name: float(each[axis]) for name, axis in recipe.constants.items()} for each in sizes]


@dataclass(frozen=True)
class Step:
    """One step: a file to fill in.

    Attributes
    ----------
    number : int
    name : str
        A word: the file is ``step_03_layer.py``.
    title : str
        What messages call it.
    goal : str
        What to do, in a sentence or two.
    stub : str
        The file as the learner finds it.
    hints : tuple of str
        A question, the formula, where it stands.
    tasks : tuple of Task
    proof : callable, optional
        Functions -> lines to be shown when all is right.
    """

    number: int
    name: str
    title: str
    goal: str
    stub: str
    hints: tuple[str, str, str]
    tasks: tuple[Task, ...]
    proof: Callable[[Functions], Sequence[str]] | None = None

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"step_{self.number:02d}_{self.name}.py"


SIZES = ((4, 3, 5), (2, 5, 3), (5, 4, 7), (3, 7, 4), (6, 2, 3))
"""Rows, features or inputs, units or outputs, of five problems: all differ, and there are two rows at least."""


def random_order(rng: np.random.Generator, n: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """An order that is not its own inverse, nor any of these taken backwards."""
    while True:
        order = rng.permutation(n)
        others = (np.argsort(order), order[::-1], np.argsort(order)[::-1], np.argsort(order[::-1]), np.arange(n))
        ways = {tuple(each.tolist()) for each in (order, *others)}
        if len(ways) > (4 if n > 3 else 2) and not np.array_equal(order, np.argsort(order)):
            return order
