"""A wrong answer of a learner, with the kinds of its mistakes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class WrongAnswer:
    """A function that somebody may write.

    `kinds` holds the kinds of which each names the mistake rightly; of several mistakes all are to be named.
    """

    step: str
    task: str
    kinds: tuple[frozenset[str], ...]
    function: Callable[..., Any]

    @property
    def name(self) -> str:
        """What the test is called."""
        return f"{self.step}: {(self.function.__doc__ or '').strip().rstrip('.')}"


class Collection(list[WrongAnswer]):
    """Wrong answers, collected by a decorator."""

    def of(self, step: str, task: str, *kinds: str | tuple[str, ...]) -> Callable[[Callable[..., Any]], Any]:
        """Add the function below; of a tuple of kinds one will do."""
        wanted = tuple(frozenset([each] if isinstance(each, str) else each) for each in kinds)

        def add(function: Callable[..., Any]) -> Callable[..., Any]:
            self.append(WrongAnswer(step, task, wanted, function))
            return function

        return add
