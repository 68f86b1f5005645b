"""From wrong answers to the one mistake that explains them all.

A mistake is named if it gives the learner's numbers at every problem, and no other one does. Two mistakes that always
give the same numbers are the same mistake, told in two ways: the first is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import TypeAlias

import numpy as np

from . import kinds
from .candidates import Candidate, Problem, Results, Subject
from .factors import SIGN, named_factor
from .formulas import Array, Unfit
from .likeness import alike, all_alike
from .relations import relation

Tried: TypeAlias = tuple[Candidate, Results]
"""A candidate with what it gives at the first problem."""
MOST_PAIRS = 200
"""So many pairs of mistakes are tried."""
LIKELY = (
    *(kinds.NO_MASK, kinds.ORDER, kinds.COMPARISON, kinds.OFF_BY_ONE, kinds.FACTOR, kinds.REDUCTION, kinds.CONSTANT),
    *(kinds.SIGN, kinds.TERM, kinds.AXIS, kinds.FUNCTION, kinds.TRANSPOSED, kinds.PLACE),
)
RANK = {kind: rank for rank, kind in enumerate(LIKELY)}
"""Which kinds are tried first in pairs."""


@dataclass(frozen=True)
class Mistake:
    """What is wrong: its kind, the result in which it shows, a sentence, and the line that was computed."""

    kind: str
    result: str
    sentence: str
    line: str = ""

    def __str__(self) -> str:
        return f"{self.result}: {self.sentence}" if self.result else self.sentence


@dataclass(frozen=True)
class Verdict:
    """What is known of an answer.

    Attributes
    ----------
    ok : bool
        It is right.
    mistakes : tuple of Mistake
        What explains it; empty if nothing does, or if it is right.
    told : tuple of str
        What agrees and what does not, a line for each result.
    """

    ok: bool
    mistakes: tuple[Mistake, ...] = ()
    told: tuple[str, ...] = ()

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of the mistakes, each once."""
        return tuple(dict.fromkeys(each.kind for each in self.mistakes))


@dataclass(frozen=True)
class Answers:
    """The learner's results at each problem, beside the right ones."""

    problems: Sequence[Problem]
    got: Sequence[Results]
    want: Sequence[Results]

    @property
    def names(self) -> list[str]:
        """The names of the results."""
        return list(self.want[0])

    def wrong(self) -> list[str]:
        """The results that are wrong at one problem at least."""
        pairs = list(zip(self.got, self.want, strict=True))
        return [name for name in self.names if not all(alike(got[name], want[name]) for got, want in pairs)]

    def only(self, names: Sequence[str]) -> Answers:
        """These results alone."""
        got, want = ([{name: each[name] for name in names} for each in side] for side in (self.got, self.want))
        return Answers(self.problems, got, want)


def judge(
    subject: Subject,
    problems: Sequence[Problem],
    got: Sequence[Mapping[str, Array]],
    want: Sequence[Mapping[str, Array]] | None = None,
    constants: Sequence[Mapping[str, float]] | None = None,
) -> Verdict:
    """Say what is wrong with the results that somebody computed at several problems.

    Parameters
    ----------
    subject : Subject
        A `Recipe`, a `Choices`, or anything like them.
    problems : sequence of mapping
        The named ingredients of each.
    got : sequence of mapping
        The results of each, by name.
    want : sequence of mapping, optional
        The right ones; None: those of the subject.
    constants : sequence of mapping, optional
        The sizes at each problem by which results may be too large or too small, ``{"B": 4, "D": 3}``.
    """
    right = [subject.right(problem) for problem in problems] if want is None else want
    answers = Answers(problems, _arrays(got), _arrays(right))
    wrong = answers.wrong()
    if not wrong:
        return Verdict(True)
    single = _first_tried(answers, subject.candidates())
    found = _whole(single, answers, constants) or _exchanged(answers)
    if found:
        return Verdict(False, tuple(found))
    mistakes: list[Mistake] = []
    told: list[str] = []
    for name in wrong:
        one = answers.only([name])
        own = _of_one(name, one, single, constants)
        mistakes += own
        if not own:
            told.append(relation(name, [each[name] for each in one.got], [each[name] for each in one.want]))
    if told:
        paired = _paired(subject, single, answers)
        if paired is not None:
            return Verdict(False, (Mistake(paired.kind, paired.where, paired.sentence, paired.line),))
    return Verdict(False, tuple(dict.fromkeys(mistakes)), tuple(told))


def _arrays(results: Sequence[Mapping[str, Array]]) -> list[dict[str, Array]]:
    return [{name: np.asarray(array) for name, array in each.items()} for each in results]


def _whole(single: Sequence[Tried], answers: Answers, constants: Sequence[Mapping[str, float]] | None) -> list[Mistake]:
    """One mistake that explains all results; or one factor in all of those that are wrong."""
    wrong = answers.wrong()
    if any(_is_nothing(answers.only([name]), name) for name in wrong):
        return []
    near = (each for each, results in single if _agrees(results, answers.got[0], answers.want[0]))
    found = _explained(answers, near)
    if found is not None:
        return [Mistake(found.kind, found.where, found.sentence, found.line)]
    if len(wrong) > 1 and constants is not None:
        factors = {_factor(answers.only([name]), name, constants) for name in wrong}
        if len(factors) == 1 and None not in factors:
            return [_of_factor(", ".join(wrong), str(factors.pop()))]
    return []


def _explained(answers: Answers, candidates: Iterable[Candidate]) -> Candidate | None:
    """The first candidate that gives these results, all of them, at every problem."""
    for candidate in candidates:
        if all(map(_agrees, _tried(candidate, answers.problems), answers.got, answers.want)):
            return candidate
    return None


def _tried(candidate: Candidate, problems: Sequence[Problem]) -> Iterator[Results | None]:
    """What a candidate gives at each problem, computed when it is asked for."""
    for problem in problems:
        try:
            yield candidate.results(problem)
        except (Unfit, ValueError, IndexError, KeyError, FloatingPointError):
            yield None


def _agrees(tried: Results | None, got: Results, want: Results) -> bool:
    if tried is None:
        return False
    own = {name: np.asarray(tried[name]) for name in want}
    return all_alike(got, own)


def _first_tried(answers: Answers, candidates: Sequence[Candidate]) -> list[Tried]:
    """Each candidate with what it gives at the first problem."""
    found = []
    for candidate in candidates:
        results = next(_tried(candidate, answers.problems[:1]))
        if results is not None:
            found.append((candidate, results))
    return found


def _paired(subject: Subject, single: Sequence[Tried], answers: Answers) -> Candidate | None:
    """Two mistakes together that explain all results.

    A result that only one of them changes must be what that one makes of it, and one that is right is changed by none.
    """
    got = answers.got[0]
    want = answers.want[0]
    wrong = {name for name in want if not alike(got[name], want[name])}
    looked: list[tuple[Candidate, set[str], set[str]]] = []
    for each, results in single:
        changed = {name for name in want if not alike(np.asarray(results[name]), want[name])}
        if changed and changed <= wrong:
            explained = {name for name in changed if alike(got[name], np.asarray(results[name]))}
            looked.append((each, changed, explained))
    looked.sort(key=lambda each: RANK.get(each[0].kind, len(RANK)))
    n_left = MOST_PAIRS
    for k, (first, one, by_one) in enumerate(looked):
        for second, other, by_other in looked[:k]:
            if one | other != wrong or not (one - other <= by_one and other - one <= by_other):
                continue
            both = subject.joined(first, second)
            if both is None:
                continue
            n_left -= 1
            if n_left < 0:
                return None
            if _explained(answers, [both]) is not None:
                return both
    return None


def _of_one(
    name: str,
    one: Answers,
    candidates: Sequence[Tried],
    constants: Sequence[Mapping[str, float]] | None,
) -> list[Mistake]:
    """What explains one result: a mistake, a constant factor, or both."""
    if _is_nothing(one, name):
        return [Mistake(kinds.TERM, name, "it is 0 everywhere: was it forgotten, or never written to?")]
    # A mistake shows at the first problem, or is none of these.
    own = [(each, np.asarray(results[name])) for each, results in candidates]
    own = [(each, mine) for each, mine in own if not alike(mine, one.want[0][name])]
    near = [each for each, mine in own if alike(one.got[0][name], mine)]
    found = _explained(one, near)
    if found is not None:
        return [Mistake(found.kind, name, _sentence(found, name), found.line)]
    if constants is None:
        return []
    factor = _factor(one, name, constants)
    if factor is not None:
        return [_of_factor(name, factor)]
    for candidate, mine in own:
        if _ratio(one.got[0][name], mine) is None:
            continue
        tried = list(_tried(candidate, one.problems))
        if any(each is None for each in tried):
            continue
        other = Answers(one.problems, one.got, [{name: np.asarray(each[name])} for each in tried if each is not None])
        factor = _factor(other, name, constants)
        if factor is not None:
            both = Mistake(candidate.kind, name, _sentence(candidate, name), candidate.line)
            return [both, _of_factor(name, factor)]
    return []


def _of_factor(name: str, factor: str) -> Mistake:
    return Mistake(kinds.SIGN if factor == SIGN else kinds.CONSTANT, name, factor)


def _sentence(candidate: Candidate, name: str) -> str:
    return candidate.sentence if candidate.where in ("", name) else f"{candidate.sentence} (in {candidate.where})"


def _is_nothing(one: Answers, name: str) -> bool:
    """Whether a result is 0 everywhere, which many mistakes make of it, and says nothing of them."""
    return not any(np.asarray(got[name]).any() for got in one.got)


def _exchanged(answers: Answers) -> list[Mistake]:
    """Results that are right, and stand in another order."""
    names = answers.names
    if not 1 < len(names) <= 5:
        return []
    for order in permutations(names):
        moved = [{name: got[other] for name, other in zip(names, order, strict=True)} for got in answers.got]
        if all(map(all_alike, moved, answers.want)):
            other = [mine for mine, belongs in zip(names, order, strict=True) if mine != belongs]
            return [Mistake(kinds.EXCHANGED, "", f"{' and '.join(other)} stand in each other's place")]
    return []


def _factor(one: Answers, name: str, constants: Sequence[Mapping[str, float]]) -> str | None:
    """The constant by which a result is too large at each problem, in words."""
    ratios = [_ratio(got[name], want[name]) for got, want in zip(one.got, one.want, strict=True)]
    if any(ratio is None for ratio in ratios):
        return None
    return named_factor([ratio for ratio in ratios if ratio is not None], constants)


def _ratio(got: Array, want: Array) -> float | None:
    """By how much every entry of one array is larger than that of another; None if it is not the same for all."""
    if got.shape != want.shape or got.dtype.kind not in "fiu" or not np.isfinite(got).all():
        return None
    first = got.astype(np.float64).ravel()
    second = np.asarray(want, dtype=np.float64).ravel()
    square = float(second @ second)
    if not np.isfinite(square) or square == 0:
        return None
    ratio = float(first @ second) / square
    return ratio if ratio and alike(first, ratio * second) else None
