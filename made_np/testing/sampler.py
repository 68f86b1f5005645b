"""Does a sampler draw from the conditionals it claims: exactly, without statistics?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from .compare import KEPT, Bools, Floats, Ints, call_line, callable_name, excess, same, seed_of
from .report import Failure, Report
from .wiring import as_order, position_of

TIE = 1e-6
"""A uniform this close to its threshold decides nothing: two roundings may differ."""

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
        Rows.
    rtol, atol : float
        For ``inverse``: ``|got - want| <= atol + rtol max(|got|, |want|)``.
    rng : int or Generator
        Seed of the uniforms.

    Returns
    -------
    Report
        Exercised are the entries that would be otherwise after the features of another row. Entries
        with a uniform within 1e-6 of its threshold are skipped and counted.

    Raises
    ------
    ValueError
        If there is neither conditional nor inverse, or both.

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
    if (conditional is None) == (inverse is None):
        raise ValueError("give either conditional, or inverse and conditional=None")
    known = as_order(order, n_features)
    seed = seed_of(rng)
    u = np.random.default_rng(seed).random((n, n_features))
    shown = {"n": n, "rng": seed} | ({} if inverse is None else {"inverse": inverse})
    second = "None" if conditional is None else callable_name(conditional, "conditional")
    line = call_line("check_sampler", callable_name(sample, "sample"), second, str(n_features), **shown)
    rule = "x = [u < p(x)]" if inverse is None else f"|x - inverse(x, u)| <= {atol:g} + {rtol:g} max(...)"
    base = Report("check_sampler", rule=rule, seed=seed, reproduce=line, n_checked=u.size)
    x = np.array(sample(u.copy()))
    broken = _malformed(x, sample(u.copy()), u.shape, binary=inverse is None)
    if broken:
        return base.but(failures=tuple(broken), n_failed=len(broken))
    return _judge(base, x.astype(np.float64), u, _redraw(conditional, inverse), conditional, known, (rtol, atol))


def _judge(
    base: Report,
    x: Floats,
    u: Floats,
    redraw: Redraw,
    conditional: Callable[[Floats], Any] | None,
    order: Ints | None,
    limits: tuple[float, float],
) -> Report:
    want = np.asarray(redraw(x.copy(), u.copy()), dtype=np.float64)
    if want.shape != u.shape:
        failure = Failure("conditional(x).shape", str(want.shape), str(u.shape))
        return base.but(failures=(failure,), n_failed=1)

    def agrees(got: Floats, at: Floats, uniforms: Floats) -> Bools:
        return excess(got, redraw(at.copy(), np.clip(uniforms, 0.0, 1.0 - 1e-16)), *limits) <= 1

    right = agrees(x, x, u)
    ties = ~right & (agrees(x, x, u - TIE) | agrees(x, x, u + TIE))
    wrong = ~right & ~ties
    # Each row's uniforms with the features of the row before it: what differs proves something.
    rolled = np.roll(x, 1, axis=0)
    exercised = u.size if u.shape[1] == 1 else int(np.sum(~agrees(want, rolled, u)))
    failures = []
    deaf = not exercised and (conditional is None or same(conditional(x.copy()), conditional(rolled)).all())
    if deaf:
        hint = "no conditional depends on the features before it: any order would pass"
        failures.append(Failure("exercised", 0, "at least 1 entry", hint=hint))
    place = np.arange(x.shape[1]) if order is None else position_of(order)
    # Earliest feature first: where a sampler goes wrong once, later features follow.
    for row, d in sorted(np.argwhere(wrong).tolist(), key=lambda at: int(place[at[1]]))[:KEPT]:
        got, right_value = float(x[row, d]), float(want[row, d])
        failures.append(Failure(f"row {row}, feature {d}", got, right_value, abs(got - right_value)))
    return base.but(
        failures=tuple(failures),
        n_failed=int(deaf) + int(wrong.sum()),
        n_exercised=exercised,
        n_kinks=int(ties.sum()),
        worst_error=max((failure.error for failure in failures), default=0.0),
        worst_where=failures[0].where if failures else "",
        hint=_hint(redraw, x, u, want, order) if wrong.any() else "".join(f.hint for f in failures),
    )


def _redraw(conditional: Callable[[Floats], Any] | None, inverse: Redraw | None) -> Redraw:
    """``inverse``, or that of a Bernoulli; a probability outside [0, 1] gives NaN, which fails."""

    def redraw(x: Floats, u: Floats) -> Floats:
        if conditional is None:
            assert inverse is not None
            return inverse(x, u)
        p = np.asarray(conditional(x), dtype=np.float64)
        return np.where((p >= 0) & (p <= 1), u < p, np.nan) if p.shape == u.shape else p

    return redraw


def _malformed(x: Any, again: Any, shape: tuple[int, ...], *, binary: bool) -> list[Failure]:
    if x.shape != shape:
        return [Failure("sample(u).shape", str(x.shape), str(shape))]
    if not np.array_equal(x, np.asarray(again), equal_nan=True):
        hint = "the sampler draws random numbers of its own beside the uniforms that it is given"
        return [Failure("sample(u), called again", "other rows", "the same rows", hint=hint)]
    odd = ~np.isin(x, (0, 1)) if binary else ~np.isfinite(x)
    if odd.any():
        row, d = np.argwhere(odd)[0]
        what = "0 or 1" if binary else "a finite number"
        return [Failure(f"x[{row}, {d}]", float(x[row, d]), what)]
    return []


def _hint(redraw: Redraw, x: Floats, u: Floats, want: Floats, order: Ints | None) -> str:
    try:
        return _likely_mistake(redraw, x, u, want, order)
    except ValueError:  # rows of zeros are outside the support
        return ""


def _likely_mistake(redraw: Redraw, x: Floats, u: Floats, want: Floats, order: Ints | None) -> str:
    n_features = u.shape[1]
    if np.array_equal(x, 1 - want):
        return "each entry is the opposite: u > p for u < p?"
    if np.array_equal(x, redraw(np.zeros_like(u), u)):
        return "all features were drawn at once from p(x_d | 0): those drawn are never fed back"
    if np.array_equal(x[1:], redraw(np.roll(x, 1, axis=0), u)[1:]):
        return "each row was drawn from the conditionals of the row before it"
    guesses = {"0, 1, 2, ...": np.arange(n_features), "the reversed natural order": np.arange(n_features)[::-1]}
    if order is not None:
        guesses["the inverse permutation (position used for order)"] = position_of(order)
    for name, guess in guesses.items():
        if n_features <= MOST_PASSES and np.allclose(x, ancestral(redraw, u, guess), rtol=1e-6):
            return f"the sampler ran in another order than the model: {name}"
    return ""


def ancestral(redraw: Redraw, u: Floats, order: Ints) -> Floats:
    """Draw feature by feature, with D passes: slow, obvious, and right for the right order."""
    x = np.zeros_like(u)
    for d in order:
        x[:, d] = redraw(x.copy(), u)[:, d]
    return x
