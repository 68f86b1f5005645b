"""A right computation that has choices in it, each of which can be made wrongly.

For what is no formula: a loop that calls a function, or writes to what it reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .candidates import Candidate, Problem, Results, Subject


@dataclass(frozen=True)
class Wrong:
    """A wrong choice: its name, its kind, and a sentence."""

    name: str
    kind: str
    sentence: str
    where: str = ""


@dataclass(frozen=True)
class Choices:
    """A function of a problem and of choices; left to their defaults they are right.

    Parameters
    ----------
    compute : callable
        ``compute(problem, **choices) -> results``.
    wrong : mapping of str to sequence of Wrong
        For each choice the wrong ones.
    """

    compute: Callable[..., Results]
    wrong: Mapping[str, Sequence[Wrong]]

    def right(self, problem: Problem) -> Results:
        """The right results."""
        return self.compute(problem)

    def candidates(self) -> Sequence[Candidate]:
        """One for each wrong choice."""
        return [self._candidate({choice: each}) for choice, wrong in self.wrong.items() for each in wrong]

    def joined(self, first: Candidate, second: Candidate) -> Candidate | None:
        """The one with two wrong choices."""
        chosen: dict[str, Wrong] = {}
        for each in (*first.parts, *second.parts):
            if not isinstance(each, tuple) or each[0] in chosen:
                return None
            chosen[each[0]] = each[1]
        return self._candidate(chosen)

    def _candidate(self, chosen: Mapping[str, Wrong]) -> Candidate:
        def results(problem: Problem) -> Results:
            return self.compute(problem, **{choice: each.name for choice, each in chosen.items()})

        kinds = " and ".join(dict.fromkeys(each.kind for each in chosen.values()))
        sentence = "; ".join(each.sentence for each in chosen.values())
        where = ", ".join(dict.fromkeys(each.where for each in chosen.values() if each.where))
        return Candidate(kinds, sentence, where, results, parts=tuple(chosen.items()))


@dataclass(frozen=True)
class Either:
    """Several subjects with the same right results: the candidates of all of them."""

    subjects: Sequence[Subject]

    def right(self, problem: Problem) -> Results:
        """The right results, of the first."""
        return self.subjects[0].right(problem)

    def candidates(self) -> Sequence[Candidate]:
        """Those of all."""
        return [each for subject in self.subjects for each in subject.candidates()]

    def joined(self, first: Candidate, second: Candidate) -> Candidate | None:
        """Those of one subject."""
        each = (subject.joined(first, second) for subject in self.subjects)
        return next((found for found in each if found is not None), None)
