"""Does a sampler that takes no uniforms draw from its density: by counting?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from .answers import WrongAnswer, as_answer
from .arrays import MOST_NUMBERS, as_features, as_n_rows
from .compare import KEPT, Floats, call_line, callable_name, seed_of
from .points import Interval, Support, columns_of
from .report import Failure, Report, number
from .tallies import Tally, column_tally, reflected, table_tally
from .values import as_callable, as_number

MOST_STATES = 2**12
"""A table of more rows is not counted as a whole."""

MORE = 10
"""So many times as many rows are drawn where the first ones leave too little to chance."""

FAR = 9.0
"""A bin is shown as wrong if its error is 3 standard deviations; as the worst of a failed test, whatever it is."""


def check_sampler_counts(
    draw: Callable[[int], Any],
    log_prob: Callable[[Floats], Any],
    n_features: int,
    *,
    support: Support | None = (0, 1),
    n: int = 10_000,
    false_alarms: float = 1e-6,
    rng: int | np.random.Generator = 0,
) -> Report:
    r"""Draw n rows and hold how often each occurs against the density: for samplers that take no uniforms.

    Where all possible rows are a table of at most 4096, it is counted as a whole; rare rows are counted together.
    Besides, each column d of each row x is reflected: x becomes a partner x', and of the two

    .. math:: p(x \mid x, x') = p(x) / (p(x) + p(x'))

    is the probability of the one that was drawn, however many columns there are, real ones too. How often it is the one
    with the larger value is counted in up to 20 bins of that probability. Each count is a chi-square test; the smallest
    p-value, times the number of tests, must be at least ``false_alarms``.

    Where the sampler can be given its uniforms, `check_sampler` says more: it is exact, and names the entry.

    Parameters
    ----------
    draw : callable
        n -> (n, D): rows that are independent of each other, in any sequence. It is called once, and again for ten
        times as many where n rows leave too little to chance; seed it, and the check says the same whenever it is run.
    log_prob : callable
        (B, D) -> (B,), in nats.
    n_features : int
        D.
    support : optional
        The values of every column, or of each, see `check_normalised`; None for real numbers.
    n : int
        Rows, at least 2. Shares that are off by less than about ``5 / sqrt(n)`` standard deviations are not seen.
    false_alarms : float
        The probability that a right sampler fails, in (0, 1).
    rng : int or Generator
        Seed of the mirrors.

    Returns
    -------
    Report
        One entry is a bin. If no bin of any test would vary by 25 rows or more, the check fails: it saw nothing.

    Raises
    ------
    TypeError, ValueError
        For a bad size, support, number of rows or probability.

    Notes
    -----
    What joins regions that no reflection of one column joins (two far modes of real columns, say) is not weighed
    against each other. It is in a table.

    Examples
    --------
    >>> def log_prob(x):  # two fair coins
    ...     return np.full(len(x), 2 * np.log(0.5))
    >>> check_sampler_counts(lambda n: np.random.default_rng(0).integers(2, size=(n, 2)), log_prob, 2).ok
    True
    >>> check_sampler_counts(lambda n: np.random.default_rng(0).random((n, 2)) < 0.6, log_prob, 2).ok
    False
    """
    as_callable(draw, "draw", "n -> rows")
    as_callable(log_prob, "log_prob", "x -> nats")
    n_features = as_features(n_features)
    columns = columns_of(support, n_features)
    n = as_n_rows(n, "n", n_features, 2)
    false_alarms = as_number(false_alarms, "false_alarms", "(0, 1)")
    seed = seed_of(rng)
    names = (callable_name(draw, "draw"), callable_name(log_prob, "log_prob"), str(n_features))
    shown = {"support": columns, "n": n, "false_alarms": false_alarms, "rng": seed}
    line = call_line("check_sampler_counts", *names, **shown)
    rule = f"p-value >= {false_alarms:g}, the probability that a right sampler fails"
    base = Report("check_sampler_counts", rule=rule, seed=seed, reproduce=line)
    try:
        counted = _Counted(log_prob, columns, seed)
        # Some samplers draw one component of a mixture after the other: that is no fault.
        rows = counted.drawn(draw(n), n)[np.random.default_rng(seed).permutation(n)]
        tallies = counted.tallies(rows)
        if not tallies and MORE * n * n_features <= MOST_NUMBERS:
            n *= MORE
            rows = counted.drawn(draw(n), n)[np.random.default_rng(seed).permutation(n)]
            tallies = counted.tallies(rows)
        return _judge(base, counted, rows, tallies, false_alarms)
    except WrongAnswer as wrong:
        return wrong.report(base)


@dataclass(frozen=True)
class _Counted:
    """A density, and the ways to count what is drawn from it."""

    log_prob: Callable[[Floats], Any]
    columns: list[Interval | Floats]
    seed: int

    def drawn(self, raw: Any, n: int) -> Floats:
        """(n, D) what was drawn; a `WrongAnswer` if it cannot be."""
        rows = as_answer(raw, "draw(n)", (n, len(self.columns)), "one row for each of n").astype(np.float64)
        for d, column in enumerate(self.columns):
            right = np.isfinite(rows[:, d]) if isinstance(column, Interval) else np.isin(rows[:, d], column)
            if not right.all():
                row = int(np.argmin(right))
                what = "a finite number" if isinstance(column, Interval) else f"one of {column.tolist()}"
                raise WrongAnswer(Failure(f"x[{row}, {d}]", float(rows[row, d]), what))
        return rows

    def nats(self, rows: Floats) -> Floats:
        """(B,) logarithms of probabilities; a `WrongAnswer` where one is NaN or plus infinity."""
        got = as_answer(self.log_prob(rows.copy()), "log_prob(x)", (len(rows),), "one number per row, summed")
        wrong = np.isnan(got) | (got == np.inf)
        if wrong.any():
            k = int(np.argmax(wrong))
            raise WrongAnswer(Failure(f"log_prob({rows[k].tolist()})", float(got[k]), "a number below infinity"))
        return got.astype(np.float64)

    def tallies(self, rows: Floats) -> list[Tally]:
        """All tests of these rows."""
        rng = np.random.default_rng(self.seed)
        here = self.nats(rows)
        impossible = here == -np.inf
        if impossible.any():
            k = int(np.argmax(impossible))
            hint = "the sampler draws rows that the density says cannot occur"
            raise WrongAnswer(Failure(f"log_prob({rows[k].tolist()})", "-inf", "a row that can occur", hint=hint))
        found = [self.table(rows)]
        for d, column in enumerate(self.columns):
            own, partners = reflected(rows, d, column, rng)
            moved = own[:, d] != partners[:, d]
            is_larger = (own[:, d] > partners[:, d])[moved]
            ahead = here[len(rows) - len(own) :][moved] - self.nats(partners[moved])
            with np.errstate(over="ignore"):
                p_larger = 1 / (1 + np.exp(np.where(is_larger, -ahead, ahead)))
            found.append(column_tally(is_larger, p_larger, d))
        return [tally for tally in found if tally is not None]

    def table(self, rows: Floats) -> Tally | None:
        """The table of all possible rows, if it is small."""
        lists = [column for column in self.columns if not isinstance(column, Interval)]
        shape = [len(column) for column in lists]
        if len(lists) < len(self.columns) or prod(shape) > MOST_STATES:
            return None
        states = np.arange(prod(shape))
        every = np.zeros((len(states), len(lists)))
        for d in reversed(range(len(lists))):
            every[:, d] = lists[d][states % shape[d]]
            states = states // shape[d]
        p = np.exp(self.nats(every))
        if not abs(p.sum() - 1) <= 1e-3:
            hint = "no sampler can match what is no density: check_normalised says more"
            raise WrongAnswer(Failure("sum of p(x)", float(p.sum()), 1.0, abs(float(p.sum()) - 1), hint))
        place = np.zeros(len(rows), dtype=np.intp)
        for d, column in enumerate(lists):
            place = place * len(column) + np.searchsorted(column, rows[:, d])
        counts = np.bincount(place, minlength=len(p))
        return table_tally(p / p.sum(), counts, lambda k: f"x = {every[k].tolist()}")


def _judge(base: Report, counted: _Counted, rows: Floats, tallies: list[Tally], false_alarms: float) -> Report:
    """The report of these rows."""
    if not tallies:
        hint = "too few rows, or hardly anything left to chance: take a larger n"
        return WrongAnswer(Failure("exercised", 0, "at least 1 bin", hint=hint)).report(base)
    p_value = _p_value(tallies)
    failures = _failures(tallies, false_alarms) if p_value < false_alarms else ()
    said = f"p-value {number(p_value)}: the smallest of {len(tallies)} chi-square tests, times {len(tallies)}"
    n_bins = sum(len(tally.names) for tally in tallies)
    errors = [np.abs(tally.got - tally.want) for tally in tallies]
    worst = max(range(len(tallies)), key=lambda k: float(errors[k].max()))
    return base.but(
        failures=failures[:KEPT],
        n_failed=len(failures),
        n_checked=n_bins,
        n_exercised=n_bins,
        worst_error=failures[0].error if failures else float(errors[worst].max()),
        worst_where=failures[0].where if failures else tallies[worst].names[int(errors[worst].argmax())],
        hint=_hint(counted, rows, false_alarms) if failures else "",
        notes=(said,),
    )


def _p_value(tallies: list[Tally]) -> float:
    """Of all tests together, by Bonferroni."""
    return min(1.0, len(tallies) * min(tally.p_value for tally in tallies))


def _failures(tallies: list[Tally], false_alarms: float) -> tuple[Failure, ...]:
    """The bins that are far out in the tests that failed, worst first."""
    failed = [tally for tally in tallies if len(tallies) * tally.p_value < false_alarms]
    found = [
        (excess, Failure(f"how often {name}", round(float(got), 6), float(want), abs(float(got - want))))
        for tally in failed
        for excess, name, got, want in zip(tally.excess, tally.names, tally.got, tally.want, strict=True)
    ]
    found.sort(key=lambda pair: -pair[0])
    return tuple(failure for k, (excess, failure) in enumerate(found) if k == 0 or excess >= FAR)


def _hint(counted: _Counted, rows: Floats, false_alarms: float) -> str:
    """What the rows would be right for."""
    if (rows == rows[0]).all():
        return "every row is the same: nothing is left to chance"
    lists = [column.tolist() for column in counted.columns if not isinstance(column, Interval)]
    guesses = {"the features stand in reverse order": rows[:, ::-1]}
    if all(values == [0, 1] for values in lists) and len(lists) == rows.shape[1]:
        guesses["each entry is the opposite: u > p for u < p?"] = 1 - rows
    for hint, guess in guesses.items():
        try:
            if _p_value(counted.tallies(guess)) >= false_alarms:
                return hint
        except Exception:  # a row that cannot occur: no guess is worth the report
            continue
    return ""
