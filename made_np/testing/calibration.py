"""Are the conditionals calibrated on rows that the model itself draws?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import numpy as np

from .answers import WrongAnswer, as_answer
from .arrays import as_features, as_n_rows
from .bands import POINTS, counts_of, p_value, smallest_tail
from .compare import KEPT, Floats, Ints, call_line, callable_name, seed_of
from .report import Failure, Report, number
from .values import as_callable, as_number

DIRECTIONS = {
    (False, True): "too low: what is drawn lies lower than its cdf says",
    (False, False): "too high: what is drawn lies higher than its cdf says",
    (True, True): "spread too little: what is drawn lies nearer to the middle than its cdf says",
    (True, False): "spread too much: what is drawn lies farther from the middle than its cdf says",
}
"""By whether u was folded, and whether too many of its values are small."""

SAID = 5
"""So many columns are described; all are among the failures."""

STREAM = 2022
"""Tells the random numbers of this check from those of other people with the same seed."""

ROUNDING = 1e-9
"""A cdf may leave 0..1, or its upper value fall below the lower one, by that much."""


def check_calibrated(
    draw: Callable[[int], Any],
    cdf: Callable[[Floats], Any],
    n_features: int,
    *,
    n: int = 10_000,
    false_alarms: float = 1e-6,
    rng: int | np.random.Generator = 0,
) -> Report:
    r"""Draw n rows, and see whether each value is a uniform draw from its own conditional.

    The probability integral transform of column d in row x is

    .. math:: u_d = F(x_d^- \mid x_{before\,d}) + v \, P(x_d \mid x_{before\,d})

    with a fresh uniform v: the value of the conditional CDF, and anywhere within its jump where single values have
    mass. If the rows are drawn from these very conditionals, the u of each column are uniform. So is each folded
    :math:`|2 u_d - 1|`. The first shows what is drawn too low or too high, the second what is spread otherwise than the
    CDF says. The empirical distribution function of both is held against a simultaneous band at 19 points; the
    smallest p-value, times the number of functions, must be at least ``false_alarms``.

    Parameters
    ----------
    draw : callable
        n -> (n, D): rows that are independent of each other. It is called once; seed it, and the check says the same
        whenever it is run.
    cdf : callable
        (n, D) -> two arrays (n, D): the probability that feature d is below its value in x, and that it is up to that
        value, given the features before it in each row. For real columns both are the same.
    n_features : int
        D.
    n : int
        Rows, at least 100. A CDF that is off by less than about ``3 / sqrt(n)`` is not seen.
    false_alarms : float
        The probability that a right model fails, in (0, 1). It is exact but for the number of functions, which are
        taken for independent.
    rng : int or Generator
        Seed of the v.

    Returns
    -------
    Report
        One entry is a point of one function. Columns whose CDF always jumps from 0 to 1 show nothing; if all do, the
        check fails.

    Raises
    ------
    TypeError, ValueError
        For a bad size, number of rows or probability.

    Notes
    -----
    Each column is looked at by itself: conditionals that hear of fewer columns than the sampler does may be calibrated
    nonetheless. `check_sampler_counts` and `check_sampler` see that.

    References
    ----------
    T. Säilynoja, P.-C. Bürkner, A. Vehtari (2022): Graphical test for discrete uniformity and its applications in
    goodness-of-fit evaluation and multiple sample comparison. Statistics and Computing 32.

    Examples
    --------
    >>> def draw(n):  # real numbers, exponentially distributed
    ...     return np.random.default_rng(0).exponential(size=(n, 1))
    >>> def cdf(x):
    ...     return 1 - np.exp(-x), 1 - np.exp(-x)
    >>> check_calibrated(draw, cdf, 1).ok
    True
    >>> check_calibrated(lambda n: draw(n) / 1.1, cdf, 1).hint
    'column 0 is too low: what is drawn lies lower than its cdf says'
    """
    as_callable(draw, "draw", "n -> rows")
    as_callable(cdf, "cdf", "x -> (lower, upper)")
    n_features = as_features(n_features)
    n = as_n_rows(n, "n", n_features, 100)
    false_alarms = as_number(false_alarms, "false_alarms", "(0, 1)")
    seed = seed_of(rng)
    names = (callable_name(draw, "draw"), callable_name(cdf, "cdf"), str(n_features))
    line = call_line("check_calibrated", *names, n=n, false_alarms=false_alarms, rng=seed)
    rule = f"p-value >= {false_alarms:g}, the probability that a right model fails"
    base = Report("check_calibrated", rule=rule, seed=seed, reproduce=line)
    try:
        rows = as_answer(draw(n), "draw(n)", (n, n_features), "one row for each of n").astype(np.float64)
        lower, upper = _answers(cdf, rows)
    except WrongAnswer as wrong:
        return wrong.report(base)
    told = np.flatnonzero((upper - lower < 1).any(axis=0))
    if not len(told):
        hint = "every column has one value, of probability 1: nothing is left to chance"
        return WrongAnswer(Failure("exercised", 0, "at least 1 column", hint=hint)).report(base)
    # A sampler with the same seed must not have drawn the rows from the very same numbers.
    v = np.random.default_rng([seed, STREAM]).random(rows.shape)
    u = lower + v * (upper - lower)
    return _judge(base, {int(d): u[:, d] for d in told}, n, false_alarms)


def _answers(cdf: Callable[[Floats], Any], rows: Floats) -> tuple[Floats, Floats]:
    """The two values of each entry; a `WrongAnswer` names the first that cannot be."""
    shape = (2, *rows.shape)
    hint = "two arrays: P(below the value) and P(up to the value)"
    lower, upper = as_answer(cdf(rows.copy()), "cdf(x)", shape, hint).astype(np.float64)
    rising = (lower >= -ROUNDING) & (upper <= 1 + ROUNDING) & (lower <= upper + ROUNDING)  # NaN is not
    if not rising.all():
        row, d = (int(i) for i in np.argwhere(~rising)[0])
        value = number(float(rows[row, d]))
        got = f"{number(float(lower[row, d]))} and {number(float(upper[row, d]))}"
        raise WrongAnswer(Failure(f"cdf at x[{row}, {d}] = {value}", got, "0 <= lower <= upper <= 1"))
    return lower.clip(0, 1), upper.clip(0, 1)


@dataclass(frozen=True)
class _Function:
    """The empirical distribution function of one column's transforms, folded or not, beside its band."""

    column: int
    folded: bool
    counts: Ints
    n: int

    @property
    def tail(self) -> float:
        """How improbable its least probable point is."""
        return smallest_tail(self.counts, self.n)

    def worst(self) -> Failure:
        """The point that is farthest off."""
        error = np.abs(self.counts / self.n - POINTS)
        k = int(error.argmax())
        what = "|2u - 1|" if self.folded else "u"
        where = f"column {self.column}, share of {what} up to {POINTS[k]:g}"
        return Failure(where, float(self.counts[k] / self.n), float(POINTS[k]), float(error[k]))

    def direction(self) -> str:
        """What is wrong with the column, in words."""
        worst = self.worst()
        assert not isinstance(worst.got, str)
        is_above = worst.got > float(worst.want)
        return f"column {self.column} is {DIRECTIONS[self.folded, is_above]}"


def _judge(base: Report, columns: dict[int, Floats], n: int, false_alarms: float) -> Report:
    """The report on the transforms (n,) of each column."""
    functions = [
        _Function(d, folded, counts_of(np.abs(2 * u - 1) if folded else u), n)
        for d, u in columns.items()
        for folded in (False, True)
    ]
    functions.sort(key=lambda function: function.tail)
    n_functions = len(functions)
    least = min(1.0, n_functions * p_value(functions[0].tail, n))
    # p-values rise with the tail: behind the first function that is right, none is looked at.
    wrong = list(takewhile(lambda each: n_functions * p_value(each.tail, n) < false_alarms, functions))
    said = [function.direction() for function in wrong]
    worst = functions[0].worst()
    return base.but(
        failures=tuple(function.worst() for function in wrong[:KEPT]),
        n_failed=len(wrong),
        n_checked=n_functions * len(POINTS),
        n_exercised=n_functions * len(POINTS),
        worst_error=worst.error,
        worst_where=worst.where,
        hint=said[0] if said else "",
        notes=(f"p-value {number(least)}: the smallest of {n_functions} bands, times {n_functions}", *said[1:SAID]),
    )
