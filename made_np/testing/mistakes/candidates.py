"""What is asked of a subject: the right results of a problem, with candidates for what somebody computed instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from .formulas import Array

Problem: TypeAlias = Mapping[str, Any]
"""The named ingredients of one random problem."""
Results: TypeAlias = Mapping[str, Array]
"""The named results of one problem."""


@dataclass(frozen=True)
class Candidate:
    """One way to get it wrong: its kind, a sentence, and what it comes to.

    Attributes
    ----------
    kind : str
        One of `kinds`.
    sentence : str
        What is wrong, without a full stop: "the mask is missing".
    where : str
        The result or the intermediate in which it is wrong; "" for the whole.
    results : callable
        Problem -> results. It raises `Unfit` where the mistake cannot be made.
    line : str
        What was computed, as a formula; "" if there is none.
    parts : tuple
        What its subject knows it by.
    """

    kind: str
    sentence: str
    where: str
    results: Callable[[Problem], Results]
    line: str = ""
    parts: tuple[object, ...] = ()


class Subject(Protocol):
    """Something that can be computed rightly, and in known wrong ways."""

    def right(self, problem: Problem) -> Results:
        """The right results."""

    def candidates(self) -> Sequence[Candidate]:
        """Each with one mistake, the likely ones first."""

    def joined(self, first: Candidate, second: Candidate) -> Candidate | None:
        """The one with both mistakes; None where they do not go together."""
