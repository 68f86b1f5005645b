"""Are the probabilities of ranges those of a measure?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .answers import WrongAnswer, as_answer
from .arrays import as_features, as_list
from .compare import KEPT, call_line, callable_name, seed_of
from .points import Support
from .questions import ANY, Column, Test, Where, askable, can_be_cut, cut, draw_where, everything, named, nothing
from .report import Failure, Report
from .values import as_callable, as_count, as_flag, as_number, show

MOST_QUESTIONS = 10**6

HINTS = {
    "stable": "draws anew at each call, or keeps state: draw the weighted rows that answer once, from a seed",
    "an answer": "a probability is one number from 0 to 1",
    "everything": "weights are not divided by their sum, or an answer is kept for another question",
    "nothing": "ends are exchanged silently, or no answer is let below a floor",
    "additive": "an answer is clipped, rounded, or drawn from other rows or orders than those of its parts",
    "additive, at an end": "the ends: a range (low, high) holds both, so a value at the cut belongs to one part only",
    "monotone": "the two are answered by different rows, orders, or networks",
}
"""The likely mistake behind each rule that may be broken, what lies deepest first."""


def check_measure(
    probability: Callable[[Where], Any],
    n_features: int,
    *,
    support: Support | Sequence[Any] | None = (0, 1),
    names: Sequence[Any] | None = None,
    gaps: bool = False,
    n: int = 64,
    atol: float = 1e-9,
    rng: int | np.random.Generator = 0,
) -> Report:
    r"""Ask for the probabilities of drawn ranges, or sets of words, and hold the answers against each other.

    These five rules are what the estimators of range queries in databases are held to. A measure obeys all of them,
    however well or badly it fits the data:

    - stable: the same question has the same answer, whatever was asked in between;
    - everything: no test at all has probability 1, and so has a range that is open at both ends;
    - nothing: a range whose ends are exchanged, or the empty set, has probability 0;
    - additive: :math:`P(A) = P(A, x_d \le c) + P(A, x_d > c)`;
    - monotone: :math:`P(A) \le P(B)` wherever B leaves out a test of A, or asks for less.

    Parameters
    ----------
    probability : callable
        ``{column: test}`` -> the probability that a row passes all tests. A test is a pair ``(low, high)``, which holds
        both ends, None leaving one open; or, for a column of text, a set of str. "Above c" is asked for as "from the
        next float64 on".
    n_features : int
        D.
    support : optional
        The values of every column, or a list with the values, the words, or an `Interval`, of each; None for any real
        number. It decides what is asked; ends of ranges lie on values and between them.
    names : sequence, optional
        What ``probability`` calls the columns; 0, 1, ..., D - 1 if not given.
    gaps : bool
        True: values may be missing, so that a range which is open at both ends need not hold every row.
    n : int
        How many questions are drawn.
    atol : float
        By how much a rule may be missed.
    rng : int or Generator
        Draws the questions.

    Raises
    ------
    TypeError, ValueError
        For a bad size, support, name or option.

    Examples
    --------
    >>> import numpy as np
    >>> from made_np.testing import Interval
    >>> rows = np.random.default_rng(0).normal(size=(100, 2))
    >>> def share(where):
    ...     inside = np.ones(len(rows), dtype=bool)
    ...     for d, (low, high) in where.items():
    ...         inside &= rows[:, d] >= (-np.inf if low is None else low)
    ...         inside &= rows[:, d] <= (np.inf if high is None else high)
    ...     return inside.mean()
    >>> check_measure(share, 2, support=Interval(-3, 3)).ok
    True
    >>> check_measure(lambda where: max(share(where), 1e-4), 2, support=Interval(-3, 3)).hint
    'ends are exchanged silently, or no answer is let below a floor'
    """
    as_callable(probability, "probability", "{column: test} -> a number from 0 to 1")
    n_features = as_features(n_features)
    columns = askable(support, n_features)
    keys = _keys(names, n_features)
    gaps = as_flag(gaps, "gaps")
    n = as_count(n, "n", 1, MOST_QUESTIONS)
    atol = as_number(atol, "atol", "[0, inf)")
    seed = seed_of(rng)
    options = {"support": support, "names": names, "gaps": gaps, "n": n, "atol": atol, "rng": seed}
    line = call_line("check_measure", callable_name(probability, "probability"), str(n_features), **options)
    base = Report("check_measure", rule=f"each rule is met to {atol:g}", seed=seed, reproduce=line)
    case = _Case(probability, columns, keys, atol)
    try:
        case.run(n, np.random.default_rng(seed), gaps=gaps)
    except WrongAnswer as wrong:
        return wrong.report(base.but(n_checked=case.n_checked))
    return case.report(base)


def _keys(names: Any, n_features: int) -> list[Any]:
    """What the columns are called."""
    if names is None:
        return list(range(n_features))
    way_out = "give a name for each column"
    keys = as_list(names, "names", way_out)
    if len(keys) != n_features:
        raise ValueError(f"names has {len(keys)} entries for {n_features} columns: {way_out}")
    for k, key in enumerate(keys):
        if not isinstance(key, (str, int, np.integer)):
            raise TypeError(f"names[{k}]={show(key)} is a {type(key).__name__}: give a str or an int")
    if len(set(keys)) < len(keys):
        raise ValueError("names: two columns have one name; tell them apart")
    return keys


class _Case:
    """Answers as they come, and the rules that they break."""

    def __init__(
        self, probability: Callable[[Where], Any], columns: list[Column], keys: list[Any], atol: float
    ) -> None:
        self.probability = probability
        self.columns = columns
        self.keys = keys
        self.atol = atol
        self.broken: list[tuple[str, Failure]] = []
        self.n_checked = 0
        self.n_exercised = 0
        self.worst = (0.0, "")

    def run(self, n: int, rng: np.random.Generator, *, gaps: bool) -> None:
        """Ask all questions; those of the first round once more at the end, backwards."""
        asked = [draw_where(self.columns, rng) for _ in range(n)]
        first = [self.ask(where) for where in asked]
        self.expect("everything", {}, self.ask({}), 1.0)
        for d, column in enumerate(self.columns):
            if not gaps and not isinstance(column, tuple):
                whole = {d: everything(column)}
                self.expect("everything", whole, self.ask(whole), 1.0)
        for where, answer in zip(asked, first, strict=True):
            d = int(rng.choice(list(where)))
            none = {**where, d: nothing(self.columns[d], rng)}
            self.expect("nothing", none, self.ask(none), 0.0)
            fewer = {k: test for k, test in where.items() if k != d}
            self.at_most(where, answer, fewer, self.ask(fewer))
            self.take_apart(where, rng, gaps=gaps)
        for where, answer in zip(asked[::-1], first[::-1], strict=True):
            backwards = dict(reversed(where.items()))
            self.expect("stable", where, self.ask(backwards), answer)

    def take_apart(self, where: dict[int, Test], rng: np.random.Generator, *, gaps: bool) -> None:
        """Cut the question in any column: the parts add up to it, and neither is more."""
        d = int(rng.integers(len(self.columns)))
        column = self.columns[d]
        test = where.get(d, everything(column))
        if not can_be_cut(test) or rng.random() < 0.5:
            test = everything(column)
        parts = [{**where, d: part} for part in cut(test, column, rng)]
        answers = [self.ask(part) for part in parts]
        # A column that is not asked about is cut, too: of text it may hold words that nobody listed.
        asks_all = test == ANY and not gaps
        whole = {k: other for k, other in where.items() if k != d} if asks_all else {**where, d: test}
        total = self.ask(whole)
        rule = "additive, at an end" if _meets_a_value(parts[0][d], column) else "additive"
        self.expect(rule, whole, sum(answers), total)
        for part, answer in zip(parts, answers, strict=True):
            self.at_most(part, answer, whole, total)

    def ask(self, where: dict[int, Test]) -> float:
        """The answer, a number from 0 to 1 or a broken rule."""
        question = named(where, self.keys)
        text = self.text(where)
        answer = float(as_answer(self.probability(question), text, (), "one number for one question"))
        self.n_checked += 1
        if not -self.atol <= answer <= 1 + self.atol:
            failure = Failure(text, answer, "a number from 0 to 1", hint=HINTS["an answer"])
            if np.isnan(answer):
                raise WrongAnswer(failure)
            self.broken.append(("an answer", failure))
        return answer

    def expect(self, rule: str, where: dict[int, Test], got: float, want: float) -> None:
        """Compare two numbers that a rule makes equal."""
        self._note(rule, where, got, want, abs(got - want))

    def at_most(self, part: dict[int, Test], answer: float, whole: dict[int, Test], most: float) -> None:
        """Compare a question with one that asks for less."""
        self._note("monotone", part, answer, most, max(answer - most, 0.0), f"at most that of {self.text(whole)}")

    def _note(self, rule: str, where: dict[int, Test], got: float, want: float, error: float, hint: str = "") -> None:
        self.n_checked += 1
        self.n_exercised += 0 < got < 1 or 0 < want < 1
        text = f"{rule.split(',')[0]}: {self.text(where)}"
        if error > self.worst[0]:
            self.worst = (error, text)
        if error > self.atol:
            self.broken.append((rule, Failure(text, got, want, error, hint)))

    def text(self, where: dict[int, Test]) -> str:
        """The question as it is asked, shortened."""
        return f"P({show(named(where, self.keys))})"

    def report(self, base: Report) -> Report:
        """What came of it; a case in which no answer lies between 0 and 1 proves nothing."""
        rules = {rule for rule, _ in self.broken}
        hint = next((text for rule, text in HINTS.items() if rule in rules), "")
        failures = sorted((failure for _, failure in self.broken), key=lambda failure: -failure.error)
        if not failures and not self.n_exercised:
            hint = "every answer is 0 or 1: give a support that the rows of the model spread over"
            failures = [Failure("exercised", 0, "at least 1 answer between 0 and 1", hint=hint)]
        return base.but(
            failures=tuple(failures[:KEPT]),
            n_failed=len(failures),
            n_checked=self.n_checked,
            n_exercised=self.n_exercised,
            worst_error=self.worst[0],
            worst_where=self.worst[1],
            hint=hint,
        )


def _meets_a_value(first: Test, column: Column) -> bool:
    """Whether the cut behind this first part lies on a value: of real numbers, on one of few digits."""
    if isinstance(first, set) or first[1] is None:
        return False
    return first[1] in column if isinstance(column, np.ndarray) else first[1] == float(f"{first[1]:.6g}")
