"""Do answers about some columns, or given some, agree with the answers about all?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from .answers import WrongAnswer, as_answer
from .arrays import as_features
from .compare import KEPT, Floats, call_line, callable_name, seed_of
from .intervals import MOST_MISSED, Integral, log_integral
from .points import Interval, Support, columns_of, draw_rows
from .report import Failure, Report, number
from .values import as_callable, as_count, as_number
from .wiring import as_order

Values: TypeAlias = dict[int, float]
"""{column: value}"""

MOST_QUESTIONS = 10**5
MOST_STATES = 2**4
"""Several left-out columns have so many states together, at most: each costs a question."""
MOST_TERMS = 2**10
"""So many terms are added up, at most, in all sums together."""
PANELS = (8, 128)
"""Of an integral; what seems to be missing may lie in a spike between the points, and is looked for once more."""
SHOWN = 4
"""So many values of a question are written out."""
ROUNDINGS = 64
"""An answer may be off by so many roundings of the largest number that it is compared with."""
SINGLE = 1e-5
"""Share of a number that single precision may lose."""

HINTS = {
    "everything": "no value at all has probability 1, so nats of 0",
    "joint": "about all columns it answers otherwise than log_prob: another network, order, or unit",
    "marginal": "left-out columns are not summed out, or another network or order answers than for all columns",
    "zeros": "left-out columns are set to 0: their values must be summed out",
    "largest": "the largest term is taken for the sum over the left-out columns",
    "mean": "the mean is taken over the values of left-out columns: take the sum",
    "ignored": "the condition is ignored: it answers as without",
    "unasked": "it answers with the probability of both: divide by that of the condition",
    "conditional": "marginals and conditionals are answered by different networks, orders, or draws",
    "total": "the probabilities of an answer are not those of a density: check_normalised says more",
    "rounding": "as small as float32 rounding: if that is what is inside, answer in float32, or give atol=1e-4",
}
RULES = ("everything", "joint", "marginal", "conditional", "total")
"""What lies deepest first."""


def check_conditionals(
    log_marginal: Callable[[Values], Any],
    log_conditional: Callable[[Values, Values], Any],
    n_features: int,
    *,
    log_prob: Callable[[Floats], Any] | None = None,
    order: ArrayLike | None = None,
    support: Support | None = (0, 1),
    n: int = 32,
    atol: float = 1e-9,
    rng: int | np.random.Generator = 0,
) -> Report:
    r"""Ask for some columns, for all, and for some given others, and hold the answers against each other.

    These rules follow from what the words mean, whatever the model:

    - everything: no value at all has probability 1;
    - joint: the answer about all columns is that of ``log_prob``, if that is given;
    - marginal: :math:`p(a) = \sum_r p(a, r)`, summed over the values of columns that are left out;
    - conditional: :math:`p(a)\,p(b \mid a) = p(a, b)`, and the same with a and b exchanged: whatever the route, one
      posterior.

    Parameters
    ----------
    log_marginal : callable
        ``{column: value}`` -> nats of these values, with all other columns summed out.
    log_conditional : callable
        (asked, given), two such dicts without a common column -> nats of what is asked, given the other, which may be
        empty. It is not asked given what has probability 0.
    n_features : int
        D.
    log_prob : callable, optional
        (B, D) -> (B,), in nats.
    order : array_like, optional
        (D,) features in the sequence in which they are generated, for a model that answers no others than these
        questions: about what leads in the order, or follows on it given that. None: about any columns.
    support : optional
        The values of every column, or a list with the values, or an `Interval`, of each; None for real numbers, which
        are never left out. Over an `Interval` is integrated: one column alone has probability 1 there; beside other
        values it has no more than these alone.
    n : int
        How many rows are drawn; each is asked about in a few ways. An integral takes some hundred questions.
    atol : float
        By how many nats a rule may be missed, beside the rounding that the dtype of the answers brings.
    rng : int or Generator
        Draws the questions.

    Returns
    -------
    Report
        Errors are in nats; each failure names the columns. A note says which columns are left out, asked or given in
        all wrong answers, and in no right one.

    Raises
    ------
    TypeError, ValueError
        For a bad size, order, support or option, or if there is one column only.

    Examples
    --------
    >>> import numpy as np
    >>> P = np.random.default_rng(0).dirichlet(np.ones(8)).reshape(2, 2, 2)
    >>> def log_marginal(values):
    ...     kept = P[tuple(int(values[d]) if d in values else slice(None) for d in range(3))]
    ...     return np.log(kept.sum())
    >>> def log_conditional(asked, given):
    ...     return log_marginal({**asked, **given}) - log_marginal(given)
    >>> check_conditionals(log_marginal, log_conditional, 3).ok
    True
    >>> check_conditionals(log_marginal, lambda asked, given: log_marginal(asked), 3).hint
    'the condition is ignored: it answers as without'
    """
    as_callable(log_marginal, "log_marginal", "{column: value} -> nats")
    as_callable(log_conditional, "log_conditional", "(asked, given) -> nats")
    if log_prob is not None:
        as_callable(log_prob, "log_prob", "x -> nats")
    n_features = as_features(n_features)
    if n_features < 2:
        raise ValueError(
            f"n_features={n_features}: of one column there is nothing to be conditioned on, give 2 or more"
        )
    sequence = as_order(order, n_features)
    columns = columns_of(support, n_features)
    n = as_count(n, "n", 1, MOST_QUESTIONS)
    atol = as_number(atol, "atol", "[0, inf)")
    seed = seed_of(rng)
    names = (callable_name(log_marginal, "log_marginal"), callable_name(log_conditional, "log_conditional"))
    given = {"log_prob": log_prob, "order": None if sequence is None else tuple(sequence.tolist())}
    options = {name: value for name, value in given.items() if value is not None} | {"support": columns}
    line = call_line("check_conditionals", *names, str(n_features), **options, n=n, atol=atol, rng=seed)
    rule = f"each rule is met to {atol:g} nats, and rounding"
    base = Report("check_conditionals", rule=rule, seed=seed, reproduce=line)
    case = _Case(log_marginal, log_conditional, columns, atol)
    try:
        generator = np.random.default_rng(seed)
        case.run(n, generator, None if sequence is None else sequence.tolist(), log_prob)
        if support is not None:
            row = draw_rows(columns, 1, generator)[0].tolist()
            case.integrate_out(list(range(n_features)) if sequence is None else sequence.tolist(), row)
    except WrongAnswer as wrong:
        return wrong.report(base.but(n_checked=case.n_checked))
    return case.report(base)


@dataclass(frozen=True)
class _Question:
    """What is asked, what is given, and what is left out and summed over."""

    asked: Values
    given: Values
    left: tuple[int, ...] = ()

    def __str__(self) -> str:
        bar = f" | {_listed(self.given)}" if self.given else ""
        left = f", {_shortened([f'x{d}' for d in sorted(self.left)], len(self.left))} summed out" if self.left else ""
        return f"log p({_listed(self.asked)}{bar}){left}"

    def roles(self) -> dict[str, set[int]]:
        """The columns that play each part, by the words for it."""
        return {"leave out": set(self.left), "are given": set(self.given), "are about": set(self.asked)}


def _listed(values: Values) -> str:
    return _shortened([f"x{d} = {number(values[d])}" for d in sorted(values)[:SHOWN]], len(values))


def _shortened(words: list[str], n: int) -> str:
    return ", ".join(words[:SHOWN] + ([f"{n - SHOWN} more"] if n > SHOWN else []))


class _Case:
    """Answers as they come, and the rules that they break."""

    def __init__(
        self,
        log_marginal: Callable[[Values], Any],
        log_conditional: Callable[[Values, Values], Any],
        columns: list[Interval | Floats],
        atol: float,
    ) -> None:
        self.log_marginal = log_marginal
        self.log_conditional = log_conditional
        self.columns = columns
        self.atol = atol
        self.eps = np.finfo(np.float64).eps
        """Of the coarsest dtype that came back."""
        self.compared: dict[str, list[tuple[_Question, Failure | None]]] = {}
        """By rule, each with its failure, if it is one."""
        self.likely: dict[str, set[str]] = {}
        """Of each broken rule the mistakes that explain all that was broken."""
        self.n_terms_left = MOST_TERMS
        self.n_checked = 0
        self.n_exercised = 0
        self.worst = (0.0, "")

    def run(
        self, n: int, rng: np.random.Generator, order: list[int] | None, log_prob: Callable[[Floats], Any] | None
    ) -> None:
        """Ask about parts of drawn rows."""
        self.compare("everything", _Question({}, {}), self.marginal({}), 0.0)
        rows = draw_rows(self.columns, n, rng)
        joint = None if log_prob is None else as_answer(log_prob(rows.copy()), "log_prob(x)", (n,), "one number a row")
        for k, row in enumerate(rows.tolist()):
            sequence = rng.permutation(len(row)).tolist() if order is None else order
            size = len(row) if rng.random() < 0.5 else int(rng.integers(1, len(row) + 1))
            whole = {d: row[d] for d in sequence[:size]}
            both = self.marginal(whole)
            if joint is not None and size == len(row):
                want = self.answer(joint[k], f"log_prob(x)[{k}]")
                self.compare("joint", _Question(whole, {}), both, want)
            self.sum_out(whole, int(rng.integers(1, size + 1)))
            cut = int(rng.integers(size))
            a = {d: row[d] for d in sequence[:cut]}
            b = {d: row[d] for d in sequence[cut:size]}
            self.condition(b, a, both, order is None)
            if a and order is None:
                self.condition(a, b, both, True)

    def sum_out(self, whole: Values, most: int) -> None:
        """Leave out the last columns, as long as their values can be listed: up to `most`."""
        left: dict[int, Floats] = {}
        n_states = 1
        for d in list(whole)[: -most - 1 : -1]:
            column = self.columns[d]
            if isinstance(column, Interval) or n_states * len(column) > (MOST_STATES if left else self.n_terms_left):
                break
            left[d] = column
            n_states *= len(column)
        if not left:
            return
        kept = {d: value for d, value in whole.items() if d not in left}
        self.n_terms_left -= n_states
        fills = np.array(list(product(*left.values())))
        terms = np.array([self.marginal({**kept, **dict(zip(left, fill, strict=True))}) for fill in fills.tolist()])
        want = float(np.logaddexp.reduce(terms))
        likely = {"largest": float(terms.max()), "mean": want - float(np.log(len(terms)))}
        zeros = ~fills.any(axis=1)
        if zeros.any():
            likely["zeros"] = float(terms[zeros][0])
        question = _Question(kept, {}, tuple(left))
        if kept:
            self.compare("marginal", question, self.marginal(kept), want, likely, terms)
        else:
            self.compare("total", question, want, 0.0, parts=terms)

    def integrate_out(self, order: list[int], row: list[float]) -> None:
        """Leave out the first two real columns in turn, behind the values of those before them."""
        for place in [place for place, d in enumerate(order) if isinstance(self.columns[d], Interval)][:2]:
            kept = {d: row[d] for d in order[:place]}
            left = order[place]
            got = self.marginal(kept)
            for panels in PANELS:
                found = self.integral(kept, left, panels)
                is_short = found.log < got - MOST_MISSED
                # Beside values that hardly occur the rest may lie anywhere beyond the interval.
                is_beyond = is_short and (bool(kept) or not found.is_whole)
                if is_beyond or not is_short:
                    break
            if found.is_settled and not is_beyond:
                question = _Question(kept, {}, (left,))
                likely = {"mean": found.mean}
                rule = "marginal" if kept else "total"
                self.compare(rule, question, got, found.log, likely, slack=MOST_MISSED)

    def integral(self, kept: Values, left: int, panels: int) -> Integral:
        """What the marginals of these values with each of the left-out column add up to."""
        column = self.columns[left]
        assert isinstance(column, Interval)
        return log_integral(lambda value: self.marginal({**kept, left: value}), column, panels)

    def condition(self, asked: Values, given: Values, both: float, any_columns: bool) -> None:
        """p(given) p(asked | given) is the probability of both."""
        alone = self.marginal(given)
        if alone == -np.inf:
            if both > alone:  # a whole that cannot be has no parts that can
                self.compare("marginal", _Question(given, {}, tuple(asked)), alone, both)
            return
        question = _Question(asked, given)
        got = self.answer(self.log_conditional(dict(asked), dict(given)), str(question))
        likely = {"unasked": both}
        if any_columns:
            likely["ignored"] = self.marginal(asked)
        self.compare("conditional", question, got, both - alone, likely, np.array([both, alone]))

    def marginal(self, values: Values) -> float:
        """Its answer about these values."""
        return self.answer(self.log_marginal(dict(values)), str(_Question(values, {})))

    def answer(self, raw: Any, text: str) -> float:
        """One number below infinity, or a `WrongAnswer`."""
        array = as_answer(raw, text, (), "one number for one question")
        if array.dtype.kind == "f":
            self.eps = max(self.eps, np.finfo(array.dtype).eps)
        got = float(array)
        if not got < np.inf:
            raise WrongAnswer(Failure(text, got, "a number below infinity"))
        return got

    def compare(
        self,
        rule: str,
        question: _Question,
        got: float,
        want: float,
        likely: dict[str, float] | None = None,
        parts: Floats | tuple[float, ...] = (),
        slack: float = 0.0,
    ) -> None:
        """Compare an answer with what the rule demands, made of `parts`, and with what likely mistakes would give."""
        sizes = np.abs([got, want, *parts])
        allowed = self.atol + slack + ROUNDINGS * self.eps * sizes.max(where=np.isfinite(sizes), initial=1.0)
        self.n_checked += 1
        self.n_exercised += any(_distance(want, other) > allowed for other in (likely or {}).values())
        error = _distance(got, want)
        if error > self.worst[0]:
            self.worst = (error, str(question))
        failure = None if error <= allowed else Failure(str(question), got, want, error)
        self.compared.setdefault(rule, []).append((question, failure))
        if failure is not None:
            explained = {name for name, value in (likely or {}).items() if _distance(got, value) <= allowed}
            self.likely[rule] = self.likely.get(rule, explained) & explained

    def report(self, base: Report) -> Report:
        """What came of it; where every likely mistake would answer the same, nothing is proved."""
        failures = sorted(
            (failure for each in self.compared.values() for _, failure in each if failure is not None),
            key=lambda failure: -failure.error,
        )
        hint = self.hint(failures)
        if not failures and not self.n_exercised:
            hint = "no answer depends on a condition, or on what is left out: give a support with other values"
            failures = [Failure("exercised", 0, "at least 1 answer that a mistake would change", hint=hint)]
        return base.but(
            failures=tuple(failures[:KEPT]),
            n_failed=len(failures),
            n_checked=self.n_checked,
            n_exercised=self.n_exercised,
            worst_error=self.worst[0],
            worst_where=self.worst[1],
            hint=hint,
            notes=tuple(note for rule in RULES for note in _common(self.compared.get(rule, []))),
        )

    def hint(self, failures: list[Failure]) -> str:
        """The likely mistake behind the deepest rule that is broken."""
        broken = [rule for rule in RULES if rule in self.likely]
        if not broken:
            return ""
        if all(failure.error <= SINGLE * max(1.0, abs(float(failure.want))) for failure in failures):
            return HINTS["rounding"]
        explained = [name for rule in broken for name in sorted(self.likely[rule])]
        return HINTS[next(iter(explained), broken[0])]


def _common(compared: list[tuple[_Question, Failure | None]]) -> list[str]:
    """What only the wrong answers of a rule have in common."""
    wrong = [question.roles() for question, failure in compared if failure is not None]
    right = [question.roles() for question, failure in compared if failure is None]
    if not wrong or not right:
        return []
    notes = []
    for role in wrong[0]:
        common = set.intersection(*(roles[role] for roles in wrong)) - set().union(*(roles[role] for roles in right))
        if common:
            columns = f"column{'s' * (len(common) > 1)} {', '.join(map(str, sorted(common)))}"
            notes.append(f"only answers are wrong that {role} {columns}")
    return notes


def _distance(a: float, b: float) -> float:
    """In nats; two impossible answers are equal."""
    return 0.0 if a == b else abs(a - b)
