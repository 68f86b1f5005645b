"""Does an output change, by a single bit, with what it must not see?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .answers import WrongAnswer, as_answer, odd_numbers
from .arrays import as_features, as_n_rows
from .compare import KEPT, Bools, Floats, Ints, call_line, callable_name, same, seed_of
from .points import EXTREME, Interval, Support, change_column, columns_of, draw_rows
from .report import Failure, Report
from .values import as_callable, as_choice, as_number
from .wiring import LAYOUTS, as_allowed, as_order, before, feature_of_columns, find_cycle, find_order, position_of

LOST = ("fail", "note", "ignore")
ONE_BY_ONE = 64
CLOSER = 256
"""So many points are tried before an input is said to change nothing: a relu may be live in few places."""
ROWS_AT_ONCE = 1024
"""Up to so many inputs each has a call of its own; beyond, they share calls of so many rows."""


def check_autoregressive(
    fn: Callable[[Floats], Any],
    n_features: int,
    *,
    order: ArrayLike | None = None,
    n_params: int | Sequence[int] = 1,
    layout: str = "interleaved",
    points: int = 8,
    support: Support | None = None,
    allowed: ArrayLike | None = None,
    lost: str = "note",
    atol: float = 0.0,
    rng: int | np.random.Generator = 0,
) -> Report:
    """Change one input at a time: outputs of features at or before it must not change by a single bit.

    It is exact where a gradient is not: a dead relu has gradient 0 on a live wire. Each input is moved
    at several points, a little and to extreme values, within one batch shape (another shape may round
    otherwise). Every feature but the last one must also change the outputs of some later feature.

    Parameters
    ----------
    fn : callable
        (B, D) -> (B, O): the raw parameters of the D conditionals.
    n_features : int
        D.
    order : array_like, optional
        (D,) features in the sequence in which they are generated. None: unknown, and any one order
        will do; the dependencies that are found may hold no circle.
    n_params : int or sequence of int
        Columns of the output that belong to each feature.
    layout : {"interleaved", "blocked"}
        See `feature_of_columns`.
    points : int
        Number of random points; each is tried with two values of each input. Where they do not show what must be
        seen, 256 more are tried.
    support : optional
        Values that inputs may take; default: real numbers, extreme ones too.
    allowed : array_like, optional
        (D, D): [i, j] says whether the outputs of feature i may depend on input j, where that is less than an order
        permits: coupling layers, graphs. Nothing else is then expected.
    lost : {"note", "fail", "ignore"}
        What it means that an allowed pair is never seen to carry anything. "note": it is reported, and
        only a feature that changes nothing at all fails; "ignore": not even that one.
    atol : float
        Changes up to this size do not count. For code whose bits vary from call to call.
    rng : int or Generator
        Seed of the points.

    Raises
    ------
    TypeError, ValueError
        For a bad size, order, layout, support or option, or if allowed holds a circle.

    Examples
    --------
    >>> import numpy as np
    >>> strictly_lower = np.tril(np.ones((3, 3)), -1)
    >>> check_autoregressive(lambda x: x @ strictly_lower.T, 3, order=[0, 1, 2]).ok
    True
    >>> report = check_autoregressive(lambda x: x @ np.tril(np.ones((3, 3))).T, 3, order=[0, 1, 2])
    >>> report.failures[0].where
    'output 0 <- input 0'
    """
    as_callable(fn, "fn", "x -> parameters")
    n_features = as_features(n_features)
    known = as_order(order, n_features)
    may = as_allowed(allowed, known, n_features)
    points = as_n_rows(points, "points", 2 * n_features)
    as_choice(lost, "lost", LOST)
    atol = as_number(atol, "atol", "[0, inf)")
    owner = feature_of_columns(n_features, n_params, layout)
    columns = columns_of(support, n_features)
    seed = seed_of(rng)
    shown = {"order": None if known is None else tuple(known.tolist()), "n_params": n_params, "layout": layout}
    limits = {} if may is None else {"allowed": may}
    names = callable_name(fn, "fn"), str(n_features)
    line = call_line("check_autoregressive", *names, **shown, **limits, points=points, rng=seed)
    base = Report("check_autoregressive", rule=_rule(atol), seed=seed, reproduce=line)
    draw = np.random.default_rng(seed)
    moves = np.array([isinstance(column, Interval) or len(column) > 1 for column in columns])
    seen = partial(_changes, fn, len(owner), columns, extremes=support is None, atol=atol, rng=draw)
    try:
        changes, found = _looked_at(
            seen, lambda each: _judged(fold_columns(each, owner, n_features), known, may, atol, moves), points, lost
        )
    except WrongAnswer as wrong:
        return wrong.report(base)
    if not moves.all():
        base = base.but(notes=(f"inputs {np.flatnonzero(~moves).tolist()} have one value each: they are not judged",))
    if found.leaks and not found.hint:
        limit = before(known) if may is None and known is not None else may
        found.hint = _layout_hint(changes, limit, n_features, layout, atol)
    return _report(base, found, lost)


def _looked_at(
    seen: Callable[[int], Floats], judged: Callable[[Floats], _Found], points: int, lost: str
) -> tuple[Floats, _Found]:
    """The changes that are seen, with what they amount to; from more points before something is called unheard."""
    changes = seen(points)
    found = judged(changes)
    if points < CLOSER and _is_deaf(found, lost):
        changes = np.maximum(changes, seen(CLOSER))
        found = judged(changes)
    return changes, found


def _is_deaf(found: _Found, lost: str) -> bool:
    """Whether something that was not seen to change would be a failure."""
    return bool(found.silent and lost == "note") or bool(found.missing and lost == "fail")


def _rule(atol: float) -> str:
    return f"no change above {atol:g}" if atol else "not a bit changes"


@dataclass
class _Found:
    """What the dependencies amount to."""

    depends: Bools
    leaks: list[Failure]
    missing: list[str]
    silent: list[int]
    hint: str = ""


def _changes(
    fn: Callable[[Floats], Any],
    width: int,
    columns: list[Interval | Floats],
    points: int,
    extremes: bool,
    atol: float,
    rng: np.random.Generator,
) -> Floats:
    """(O, D): the largest change of output column k when input j changes; inf for NaN."""
    # Several inputs share a call where there are many, each with rows of its own: the shape of the batch is
    # the same for all calls, as another one may round otherwise.
    together = 1 if len(columns) <= ONE_BY_ONE else max(1, ROWS_AT_ONCE // (2 * points))
    n_rows = 2 * points
    x = np.tile(draw_rows(columns, points, rng), (2 * together, 1))

    def answer(x: Floats) -> NDArray[Any]:
        hint = "fn must return every parameter of every feature: see n_params"
        return as_answer(fn(x.copy()), "fn(x)", (len(x), width), hint)

    base = answer(x)
    _demand_steady(base, answer(x), x, atol)
    changes = np.zeros((width, len(columns)))
    for first in range(0, len(columns), together):
        moved = x.copy()
        inputs = range(first, min(first + together, len(columns)))
        for block, j in enumerate(inputs):
            rows = slice(block * n_rows, (block + 1) * n_rows)
            moved[rows] = _moved(x[rows], j, columns[j], extremes, rng)
        after = answer(moved)
        with np.errstate(all="ignore"):
            size = np.where(same(after, base), 0.0, np.abs(after - base.astype(np.float64)))
        size = np.where(np.isnan(size), np.inf, size).reshape(together, n_rows, width).max(axis=1)
        changes[:, first : first + len(inputs)] = size[: len(inputs)].T
    return changes


def _moved(x: Floats, j: int, column: Interval | Floats, extremes: bool, rng: np.random.Generator) -> Floats:
    """x with other values of input j: near ones, and extreme ones in the second half if they may occur."""
    moved = change_column(x, j, column, rng)
    if extremes:
        half = len(x) // 2
        moved[half:, j] = rng.choice([-EXTREME, EXTREME], len(x) - half)
    return moved


def _demand_steady(first: NDArray[Any], second: NDArray[Any], x: Floats, atol: float) -> None:
    """Raise a `WrongAnswer` unless the answers are numbers, and the same when asked again."""
    odd = odd_numbers(first, x, "fn(x)", "try a smaller x, or give support")
    if odd is not None:
        raise WrongAnswer(odd)
    with np.errstate(all="ignore"):
        steady = same(first, second) | (np.abs(first - second.astype(np.float64)) <= atol)
    if not steady.all():
        hint = "fn draws anew at each call (dropout left on?), or give atol if bits vary for another reason"
        raise WrongAnswer(Failure("fn(x), called again", "other bits", "the same bits", hint=hint))


def fold_columns(changes: Floats, owner: Ints, n_features: int) -> Floats:
    """(D, D) from (O, D): the largest change among the parameters of each feature."""
    out = np.zeros((n_features, changes.shape[1]))
    np.maximum.at(out, owner, changes)
    return out


def _judged(changes: Floats, order: Ints | None, may: Bools | None, atol: float, moves: Bools) -> _Found:
    if may is not None:
        return _with_limits(changes, may, atol, moves)
    return _without_order(changes, atol, moves) if order is None else _with_order(changes, order, atol, moves)


def _with_order(changes: Floats, order: Ints, atol: float, moves: Bools) -> _Found:
    found = _with_limits(changes, before(order), atol, moves)
    depends = found.depends
    if found.leaks and not (depends & ~before(position_of(order))).any():
        found.hint = "the outputs follow the inverse permutation: order used for position?"
    elif found.leaks and not (depends & ~before(order[::-1])).any():
        found.hint = "the outputs follow the reversed order: a transposed mask, or > for <?"
    return found


def _with_limits(changes: Floats, may: Bools, atol: float, moves: Bools) -> _Found:
    """Beside what may depend on what, (D, D); inputs that nobody may hear need not speak."""
    depends = changes > atol
    leaks = [
        Failure(_arrow(i, j), float(changes[i, j]), 0.0, float(changes[i, j])) for i, j in np.argwhere(depends & ~may)
    ]
    hint = ""
    if leaks and not (depends & ~may & ~np.eye(len(may), dtype=bool)).any():
        hint = "outputs see their own input: the output mask needs > where hidden masks have >="
    missing = [_arrow(i, j) for i, j in np.argwhere(may & ~depends & moves)]
    in_order = find_order(may)
    silent = [int(j) for j in in_order if may[:, j].any() and moves[j] and not depends[:, j].any()]
    return _Found(depends, leaks, missing, silent, hint)


def _without_order(changes: Floats, atol: float, moves: Bools) -> _Found:
    depends = changes > atol
    cycle = find_cycle(depends)
    if cycle:
        where = "outputs " + " <- ".join(map(str, cycle))
        return _Found(depends, [Failure(where, "a circle", "none")], [], [])
    n_moves = int(moves.sum())
    gone = max(0, n_moves * (n_moves - 1) // 2 - int(depends[moves].sum()))
    # The last feature of the order, whichever that is, has nobody to talk to.
    silent = [j for j in np.flatnonzero(moves).tolist() if not depends[:, j].any()][1:]
    return _Found(depends, [], [f"a pair (of {gone})"] * gone, silent)


def _layout_hint(changes: Floats, may: Bools | None, n_features: int, layout: str, atol: float) -> str:
    width = len(changes)
    if width > n_features and width % n_features == 0:
        other = LAYOUTS[1 - LAYOUTS.index(layout)]
        owner = feature_of_columns(n_features, width // n_features, other)
        depends = fold_columns(changes, owner, n_features) > atol
        if not ((depends & ~may).any() if may is not None else find_cycle(depends)):
            return f"no leak if the columns are {other}, not {layout}: two conventions are mixed"
    if (changes > atol).all():
        return "every output sees every input: an unmasked layer, or a normalisation across units?"
    return "the degrees of outputs are not those of their own inputs, or one layer is not masked"


def _report(base: Report, found: _Found, lost: str) -> Report:
    failures = list(found.leaks)
    hint = found.hint
    notes = list(base.notes)
    if found.missing and lost == "fail":
        failures += [Failure(pair, "no change", "a change") for pair in found.missing]
        hint = hint or "capacity is lost: a missing degree, > for >= between hidden layers, or dead relus"
    elif found.missing:
        n = len(found.missing)
        notes.append(f"{n} allowed pairs were never seen to carry anything: {found.missing[0]}, ...")
    if found.silent and lost == "note":
        failures += [Failure(f"input {j}", "changes no output", "changes one") for j in found.silent]
        hint = hint or "an input that nobody hears: dead units, or a degree that no hidden unit has"
    return base.but(
        failures=tuple(failures[:KEPT]),
        n_failed=len(failures),
        n_checked=found.depends.size,
        n_exercised=int(found.depends.sum()),
        worst_error=max((failure.error for failure in failures), default=0.0),
        worst_where=failures[0].where if failures else "",
        hint=hint,
        notes=tuple(notes),
    )


def _arrow(output: int, feature: int) -> str:
    return f"output {output} <- input {feature}"
