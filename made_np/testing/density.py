"""Does it sum to one?"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from .answers import WrongAnswer, as_answer
from .arrays import as_features
from .beyond import WELL_ABOVE, mass_beyond
from .compare import Floats, call_line, callable_name, seed_of
from .points import Interval, Support, columns_of
from .quadrature import Answers, Sum, integrate
from .report import Failure, Report, number
from .values import as_callable, as_number, show

MOST_ROWS = 2**22
POINTS = 512
"""Of a real column, at most, where there are many; with few states they may be many more."""
LEAST_ROWS = 2**20


def check_normalised(
    log_prob: Callable[[Floats], Any],
    n_features: int,
    *,
    support: Support = (0, 1),
    atol: float = 1e-9,
    rng: int | np.random.Generator = 0,
) -> Report:
    r"""Add up ``exp(log_prob(x))`` over every possible x and compare the sum with 1.

    Discrete columns are enumerated; up to two continuous ones are integrated by Gauss-Legendre quadrature, whose
    panels are halved where the density is until the halves change nothing. The rule is
    :math:`|\sum_x p(x) - 1| \le atol`; besides, no log-probability may be NaN or plus infinity, nor above 0 where all
    columns are discrete. Where the integral misses 1 by less than four times what the quadrature may be off, the check
    decides nothing: the report has no failure, says so in ``undecided``, and is not ok.

    Nor is anything decided where the rest seems to lie beyond the interval. A density that hardly falls towards an end
    is asked what it holds beyond, if the integral is below 1; where it raises or has no answer, it ends there.

    It is the strongest single check of a density: no leak survives it but one that is a density of
    another kind, and averages of logits or of log-probabilities over several orders fail it.

    Parameters
    ----------
    log_prob : callable
        (B, D) -> (B,), in nats.
    n_features : int
        D.
    support : optional
        The values of every column, or a list with the values, or an `Interval`, of each.
    atol : float
        See the rule. With float32 inside, 1e-5.
    rng : int or Generator
        Nothing is drawn; accepted so that all checks are called alike.

    Raises
    ------
    TypeError, ValueError
        If there are more than 4 million rows to add up, or more than two continuous columns, or for a bad option.

    Examples
    --------
    >>> import numpy as np
    >>> fair = np.log(0.5)
    >>> check_normalised(lambda x: np.full(len(x), 3 * fair), 3).ok
    True
    >>> print(check_normalised(lambda x: np.full(len(x), fair), 3).failures[0].got)
    4.0
    >>> def gaussian(x):
    ...     return -0.5 * x[:, 0] ** 2 - 0.5 * np.log(2 * np.pi)
    >>> check_normalised(gaussian, 1, support=Interval(-9, 9)).ok
    True
    """
    return added_up(log_prob, n_features, support, atol, rng)


def added_up(
    log_prob: Callable[[Floats], Any],
    n_features: int,
    support: Support,
    atol: float,
    rng: int | np.random.Generator,
    rows: Callable[[], tuple[Floats, Floats]] | None = None,
) -> Report:
    """`check_normalised`, which asks for rows of the model with weights before it calls an integral wrong.

    Where rows lie between the points that are far more probable than all of them, the density is narrower than the
    points; if that is as much as is missing, nothing is decided.
    """
    as_callable(log_prob, "log_prob", "x -> nats")
    n_features = as_features(n_features)
    columns = columns_of(support, n_features)
    atol = as_number(atol, "atol", "[0, inf)")
    intervals = sum(isinstance(column, Interval) for column in columns)
    n_rows = grid_size(columns)
    if intervals > 2 or n_rows > MOST_ROWS:
        raise ValueError(
            f"support: {show(n_rows)} rows and {intervals} continuous columns are too many to add up; check a smaller "
            "model of the same kind"
        )
    line = call_line("check_normalised", callable_name(log_prob, "log_prob"), str(n_features), atol=atol)
    rule = f"|sum of p(x) - 1| <= {atol:g}"
    base = Report("check_normalised", rule=rule, seed=seed_of(rng), reproduce=line)

    def answers(x: Floats) -> Floats:
        return _answers(log_prob, x)

    most_rows = max(n_rows, LEAST_ROWS)
    try:
        found = integrate(answers, columns, atol / 10, most_rows)
    except WrongAnswer as wrong:
        return wrong.report(base.but(n_checked=n_rows))
    report = _judge(base, found, n_features, atol, real=intervals > 0)
    if report.failures and found.total < 1 and found.level:
        beyond = mass_beyond(answers, columns, found, atol, most_rows)
        report = _too_narrow(report, beyond) if beyond else report
    if report.failures and intervals and rows is not None:
        return _beside_rows(report, found, answers, rows)
    return report


def _beside_rows(base: Report, found: Sum, answers: Answers, rows: Callable[[], tuple[Floats, Floats]]) -> Report:
    """The report on a sum that is wrong, unless rows of the model tell of as much between the points."""
    try:
        x, weights = rows()
        hidden = float(np.mean(weights * found.overlooked(x, answers(x))))
    except Exception:  # other checks tell what is wrong with the sampler
        return base
    if not WELL_ABOVE * hidden > base.worst_error:
        return base
    text = f"not settled: rows of the model tell of about {number(hidden)} of p(x) between the points"
    way_out = "p(x) is narrow: give a narrower interval, or take smaller weights"
    return base.but(failures=(), n_failed=0, hint="", undecided=f"{text}; {way_out}")


def _too_narrow(base: Report, beyond: float) -> Report:
    """The report on a sum whose rest lies beyond the interval: nothing is decided."""
    text = f"not settled: about {number(beyond)} of p(x) seems to lie beyond the interval"
    way_out = "give a wider one, take smaller weights, or a larger atol"
    return base.but(failures=(), n_failed=0, hint="", undecided=f"{text}; {way_out}")


def _judge(base: Report, found: Sum, n_features: int, atol: float, *, real: bool) -> Report:
    """The report on a sum: right, wrong, or not known well enough to be either."""
    failures = _failures(found, atol, real=real)
    error = abs(found.total - 1)
    # Beside the sum itself, which may be 0 or beyond all numbers: then the error is all of it.
    share = error / found.total if 0 < found.total < np.inf else np.inf
    settled = share > WELL_ABOVE * found.gap
    base = base.but(
        n_checked=found.n_rows,
        n_exercised=int(np.sum(found.values > -np.inf)),
        worst_error=error,
        worst_where="the total",
    )
    if real:
        base = base.but(notes=(f"the integral is {number(found.total)}, known to {number(found.gap * found.total)}",))
    if failures and not settled:
        text = f"not settled: the integral is {number(found.total)}, give or take {number(found.gap * found.total)}"
        way_out = "p(x) is narrow or jumps: give a narrower interval, take smaller weights, or a larger atol"
        return base.but(undecided=f"{text}; {way_out}")
    if failures and 0 < 1 - found.total < WELL_ABOVE * found.outside:
        return _too_narrow(base, found.outside)
    hint = _hint(found, n_features, real=real) if failures else ""
    return base.but(failures=tuple(failures), n_failed=len(failures), hint=hint)


def grid_size(columns: list[Interval | Floats]) -> int:
    """Rows that `check_normalised` adds up: the points of every real column times the values of every other.

    >>> grid_size([Interval(-1, 1), np.array([0.0, 1.0])])
    1024
    """
    return prod(POINTS if isinstance(column, Interval) else len(column) for column in columns)


def _failures(found: Sum, atol: float, *, real: bool) -> list[Failure]:
    failures = []
    error = abs(found.total - 1)
    if not error <= atol:
        what = "integral of p(x)" if real else "sum of p(x)"
        failures.append(Failure(what, found.total, 1.0, error))
    top = float(found.values.max())
    if not real and top > atol:
        failures.append(Failure("largest log_prob", top, "at most 0", top))
    return failures


def _answers(log_prob: Callable[[Floats], Any], rows: Floats) -> Floats:
    """Logarithms of the probabilities of these rows; a `WrongAnswer` if one cannot be added up."""
    hint = "one number per row, summed over features"
    got = as_answer(log_prob(rows.copy()), "log_prob(x)", (len(rows),), hint).astype(np.float64)
    wrong = np.isnan(got) | (got == np.inf)
    if wrong.any():
        k = int(np.argmax(wrong))
        raise WrongAnswer(Failure(f"log_prob({rows[k].tolist()})", float(got[k]), "a number below infinity"))
    return got


def _hint(found: Sum, n_features: int, *, real: bool) -> str:
    """What the sum would be, had log_prob meant something else."""

    def is_one(factor: float) -> bool:
        with np.errstate(all="ignore"):
            return abs(found.of(found.values * factor) - 1) < 1e-6

    if is_one(np.log(2)):
        return "it is normalised in bits: log_prob must be in nats (natural logarithm)"
    if is_one(-1):
        return "it is normalised with the sign flipped: this is the negative log-likelihood"
    if n_features > 1 and is_one(n_features):
        return "it is normalised when multiplied by D: the mean over features was taken, not the sum"
    # A leak, and averaged logits, put the sum on either side of 1: one number does not tell them apart.
    leak = "a leak (check_autoregressive tells)"
    if found.total > 1:
        return f"above 1: {leak}, averaged logits of several orders, or a missing term?"
    outside = ", mass beyond the interval, or a p(x) too narrow for the points" if real else ""
    return f"below 1: {leak}, averaged logits or log-probabilities of several orders, or a term counted twice{outside}?"
