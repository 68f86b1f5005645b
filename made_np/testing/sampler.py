"""Does a sampler draw from the conditionals it claims: exactly, without statistics?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from .answers import WrongAnswer, as_answer
from .arrays import as_features, as_n_rows
from .compare import KEPT, Bools, Floats, Ints, call_line, callable_name, excess, seed_of
from .report import Failure, Report
from .values import as_callable, as_number
from .wiring import as_order, position_of

TIE = 1e-6
"""A uniform this close to its threshold decides nothing: two roundings may differ."""

END = 2 * TIE
"""How near to 0 and 1 uniforms are put, so that rare values are drawn."""

HALVINGS = 40
"""A threshold is found to 1e-12."""

SEEN = 1e-11
"""Thresholds that are farther apart are not the same: what moves them is no rounding of float64."""

MOST_PASSES = 256
"""The hint tries other orders, at one pass per feature; not for more features than this."""

Redraw: TypeAlias = Callable[[Floats, Floats], Floats]


def check_sampler(
    sample: Callable[[Floats], Any],
    conditional: Callable[[Floats], Any] | None,
    n_features: int,
    *,
    inverse: Callable[[Floats, Floats], Any] | None = None,
    order: ArrayLike | None = None,
    n: int = 256,
    rtol: float = 1e-9,
    atol: float = 1e-9,
    rng: int | np.random.Generator = 0,
) -> Report:
    r"""Feed uniforms to the sampler and check that its rows are the fixed point they must be.

    With the uniforms u that decide each feature, an ancestral sample is the one and only solution of
    :math:`x_d = [u_d < p(x_d = 1 | x_{before\,d})]`, so it suffices to evaluate the conditionals at the
    rows that came back: every entry must agree. A wrong order, a stale activation or a row that hears of
    another row shows at once; no p-value is needed.

    Parameters
    ----------
    sample : callable
        Uniforms (n, D) in [0, 1) -> (n, D).
    conditional : callable or None
        (n, D) -> (n, D): the probability that feature d is 1 given the features before it in each row.
    n_features : int
        D.
    inverse : callable, optional
        Instead of ``conditional``, for any kind of column: ``inverse(x, u)`` -> (n, D), the value that
        feature d takes for the uniform u given the features before it in x (its inverse CDF).
    order : array_like, optional
        (D,); lets the hint say which order the sampler followed instead.
    n : int
        Rows, at least 2: what one row demands is compared with what another does.
    rtol, atol : float
        For ``inverse``: ``|got - want| <= atol + rtol max(|got|, |want|)``.
    rng : int or Generator
        Seed of the uniforms.

    Returns
    -------
    Report
        Exercised are the entries that would be otherwise after the features of another row. If random
        uniforms exercise none, as where columns hardly depend on each other, as many more are put where
        the features before do decide; if there is no such place either, the check fails: it saw nothing.
        It decides nothing (``undecided``) where thresholds do move with the features before, but by less
        than 2e-6, or where all rows that can be drawn differ in one column only.
        Entries with a uniform within 1e-6 of its threshold are skipped and counted.

    Raises
    ------
    TypeError, ValueError
        If there is neither conditional nor inverse, or both, or for a bad size, order or tolerance.

    Examples
    --------
    >>> import numpy as np
    >>> def conditional(x):  # feature 0 is a fair coin, feature 1 mostly repeats it
    ...     return np.stack([np.full(len(x), 0.5), 0.1 + 0.8 * x[:, 0]], axis=1)
    >>> def sample(u):
    ...     first = (u[:, 0] < 0.5) * 1.0
    ...     return np.stack([first, u[:, 1] < 0.1 + 0.8 * first], axis=1)
    >>> check_sampler(sample, conditional, 2).ok
    True
    """
    as_callable(sample, "sample", "uniforms -> rows")
    if (conditional is None) == (inverse is None):
        raise ValueError("give either conditional, or inverse and conditional=None")
    if inverse is None:
        as_callable(conditional, "conditional", "x -> probabilities")
    else:
        as_callable(inverse, "inverse", "(x, u) -> values")
    n_features = as_features(n_features)
    known = as_order(order, n_features)
    n = as_n_rows(n, "n", n_features, 2)
    rtol = as_number(rtol, "rtol", "[0, inf)")
    atol = as_number(atol, "atol", "[0, inf)")
    seed = seed_of(rng)
    u = np.random.default_rng(seed).random((n, n_features))
    shown = {"n": n, "rng": seed} | ({} if inverse is None else {"inverse": inverse})
    second = "None" if conditional is None else callable_name(conditional, "conditional")
    line = call_line("check_sampler", callable_name(sample, "sample"), second, str(n_features), **shown)
    rule = "x = [u < p(x)]" if inverse is None else f"|x - inverse(x, u)| <= {atol:g} + {rtol:g} max(...)"
    base = Report("check_sampler", rule=rule, seed=seed, reproduce=line, n_checked=u.size)
    trial = _Trial(sample, _redraw(conditional, inverse), known, (rtol, atol), inverse is None, conditional)
    try:
        report = trial.judge(base, u)
        return report if report.n_failed or report.n_exercised else trial.look_closer(report, u)
    except WrongAnswer as wrong:
        return wrong.report(base)


@dataclass(frozen=True)
class _Trial:
    """A sampler, what its rows must be, and within which (rtol, atol)."""

    sample: Callable[[Floats], Any]
    redraw: Redraw
    order: Ints | None
    limits: tuple[float, float]
    binary: bool
    probability: Callable[[Floats], Any] | None = None

    def judge(self, base: Report, u: Floats) -> Report:
        """Compare the rows drawn with u with what they must be; exercised is what another row's features change."""
        x = self.rows(u)
        want = self.redraw(x, u)
        right = self.agrees(x, x, u)
        ties = ~right & (self.agrees(x, x, u - TIE) | self.agrees(x, x, u + TIE))
        wrong = ~right & ~ties
        # Each row's uniforms with the features of the row before it: what differs proves something.
        rolled = np.roll(x, 1, axis=0)
        failures = self.failures(x, want, wrong)
        return base.but(
            failures=failures,
            n_failed=int(wrong.sum()),
            n_exercised=u.size if u.shape[1] == 1 else int(np.sum(~self.agrees(want, rolled, u))),
            n_kinks=int(ties.sum()),
            worst_error=max((failure.error for failure in failures), default=0.0),
            worst_where=failures[0].where if failures else "",
            hint=_hint(self, x, u, want) if failures else "",
        )

    def look_closer(self, report: Report, u: Floats) -> Report:
        """Judge once more, each row with one uniform between what its own features demand and another row's."""
        ends = np.where(u < 0.5, END, 1 - END)
        x = self.rows(ends)
        start = np.clip(2 * u - 1, END, 1 - END)  # half of them find the lowest threshold, half any
        here = self.next_jump(x, start)
        there = self.next_jump(np.roll(x, 1, axis=0), start)
        decides = np.abs(here - there) > 2 * TIE
        row = np.arange(len(u))
        feature = np.where(decides, u, 1.0).argmin(axis=1)  # any of those, at random
        between = ends.copy()
        between[row, feature] = np.where(decides, (here + there) / 2, ends)[row, feature]
        again = self.judge(report, between)
        if not again.n_failed and not again.n_exercised:
            return _unexercised(report, x, float(np.abs(here - there).max()))
        note = "random uniforms exercised nothing; these lie between the thresholds that two rows demand"
        n_kinks = report.n_kinks + again.n_kinks
        return again.but(n_checked=report.n_checked + u.size, n_kinks=n_kinks, notes=(note,))

    def rows(self, u: Floats) -> Floats:
        """(n, D) what is drawn with u; a `WrongAnswer` if it is drawn otherwise when asked again, or cannot occur."""
        x, again = (as_answer(self.sample(u.copy()), "sample(u)", u.shape) for _ in range(2))
        if not np.array_equal(x, again, equal_nan=True):
            hint = "the sampler draws random numbers of its own beside the uniforms that it is given"
            raise WrongAnswer(Failure("sample(u), called again", "other rows", "the same rows", hint=hint))
        odd = ~np.isin(x, (0, 1)) if self.binary else ~np.isfinite(x)
        if odd.any():
            row, d = np.argwhere(odd)[0]
            what = "0 or 1" if self.binary else "a finite number"
            is_share = self.binary and bool(((x > 0) & (x < 1))[odd].all())
            hint = "a probability stands where a draw of it belongs: x = u < p" if is_share else ""
            raise WrongAnswer(Failure(f"x[{row}, {d}]", float(x[row, d]), what, hint=hint))
        return x.astype(np.float64)

    def agrees(self, got: Floats, x: Floats, u: Floats) -> Bools:
        """Where ``got`` is what u demands after the features of x."""
        return excess(got, self.redraw(x, np.clip(u, 0.0, 1.0 - 1e-16)), *self.limits) <= 1

    def next_jump(self, x: Floats, u: Floats) -> Floats:
        """(n, D): the uniform above u, to 1e-12, where the value after the features of x changes; 1 - END if none."""
        low = u
        high = np.full_like(u, 1 - END)
        value = self.redraw(x, low)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            still = self.agrees(value, x, middle)
            low = np.where(still, middle, low)
            high = np.where(still, high, middle)
        return high

    def failures(self, x: Floats, want: Floats, wrong: Bools) -> tuple[Failure, ...]:
        """The wrong entries, earliest feature first: where a sampler goes wrong once, later features follow."""
        place = np.arange(x.shape[1]) if self.order is None else position_of(self.order)
        at = sorted(np.argwhere(wrong).tolist(), key=lambda at: int(place[at[1]]))[:KEPT]
        pairs = [(row, d, float(x[row, d]), float(want[row, d])) for row, d in at]
        return tuple(Failure(f"row {row}, feature {d}", got, to, abs(got - to)) for row, d, got, to in pairs)


def _unexercised(report: Report, x: Floats, moved: float) -> Report:
    """The report where every entry is right, and would be after any other row that was drawn, too."""
    varied = np.flatnonzero((x != x[:1]).any(axis=0))
    way_out = "take weights of another size, or run check_autoregressive"
    if moved > SEEN:
        text = f"not settled: the features before move a threshold by {moved:.1e} at most, which may be rounding"
        return report.but(undecided=f"{text}; {way_out}")
    if len(varied) == 1:
        text = f"not settled: all rows that were drawn differ in column {varied[0]} only, which shows no order"
        return report.but(undecided=f"{text}; {way_out}")
    hint = "no conditional is seen to depend on the features before it: any order would pass"
    failure = Failure("exercised", 0, "at least 1 entry", hint=hint)
    return report.but(failures=(failure,), n_failed=1, hint=hint)


LEAK = "a conditional changes with its own feature or a later one (a leak)"


def _redraw(conditional: Callable[[Floats], Any] | None, inverse: Redraw | None) -> Redraw:
    """``inverse``, or that of a Bernoulli; a probability outside [0, 1] gives NaN, which fails."""

    def redraw(x: Floats, u: Floats) -> Floats:
        if conditional is None:
            assert inverse is not None
            return as_answer(inverse(x.copy(), u.copy()), "inverse(x, u)", u.shape).astype(np.float64)
        p = as_answer(conditional(x.copy()), "conditional(x)", u.shape)
        return np.where((p >= 0) & (p <= 1), u < p, np.nan)

    return redraw


def _hint(trial: _Trial, x: Floats, u: Floats, want: Floats) -> str:
    try:
        return _likely_mistake(trial, x, u, want)
    except Exception:  # rows of zeros, say, are outside the support: no guess is worth the report
        return ""


def _likely_mistake(trial: _Trial, x: Floats, u: Floats, want: Floats) -> str:
    n_features = u.shape[1]
    order = trial.order
    redraw = trial.redraw
    if np.array_equal(x, 1 - want):
        return "each entry is the opposite: u > p for u < p?"
    if trial.binary and np.array_equal(x, redraw(x, np.full_like(u, 0.5))):
        return "each entry is the more probable value, x = (p > 0.5): the uniforms are not used"
    if trial.order is not None and _ran_in(trial, x, u, trial.order):
        return f"the sampler follows the order, but {LEAK}"
    if np.array_equal(x, redraw(np.zeros_like(u), u)):
        return "all features were drawn at once from p(x_d | 0): those drawn are never fed back"
    if np.array_equal(x[1:], redraw(np.roll(x, 1, axis=0), u)[1:]):
        return "each row was drawn from the conditionals of the row before it"

    guesses = {"0, 1, 2, ...": np.arange(n_features), "the reversed natural order": np.arange(n_features)[::-1]}
    if order is not None:
        guesses["the inverse permutation (position used for order)"] = position_of(order)
    for name, guess in guesses.items():
        if _ran_in(trial, x, u, guess):
            if order is None:
                return f"the sampler ran in the order {name}, which is not that of the model; or {LEAK}"
            return f"the sampler ran in another order than the model: {name}"
    if trial.probability is not None and np.array_equal(x, _fed_back(trial.probability, u, order)):
        return "probabilities are fed back, where draws belong: x[:, d] = u[:, d] < p, and then the next"
    return ""


def _ran_in(trial: _Trial, x: Floats, u: Floats, guess: Ints) -> bool:
    """Whether these rows were drawn in that order, by the check's own tolerance."""
    passes = u.shape[1] <= MOST_PASSES
    return passes and bool((excess(x, ancestral(trial.redraw, u, guess), *trial.limits) <= 1).all())


def _fed_back(probability: Callable[[Floats], Any], u: Floats, order: Ints | None) -> Floats:
    """What a sampler draws that puts each probability in the place of its draw."""
    fed = np.zeros_like(u)
    for d in range(u.shape[1]) if order is None else order:
        fed[:, d] = np.asarray(probability(fed.copy()))[:, d]
    return (u < fed).astype(np.float64)


def ancestral(redraw: Redraw, u: Floats, order: Ints) -> Floats:
    """Draw feature by feature, with D passes: slow, obvious, and right for the right order."""
    x = np.zeros_like(u)
    for d in order:
        x[:, d] = redraw(x.copy(), u)[:, d]
    return x
