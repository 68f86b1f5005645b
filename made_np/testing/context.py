"""Does context reach every conditional, that of the first feature too?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from .answers import WrongAnswer, as_answer
from .arrays import MOST_FEATURES, Array, as_features, as_n_rows
from .autoregressive import CLOSER, fold_columns
from .compare import Bools, Floats, Ints, call_line, callable_name, same, seed_of
from .points import EXTREME, Interval, Support, columns_of, draw_rows
from .report import Failure, Report
from .values import as_callable, as_count
from .wiring import feature_of_columns


def check_context(
    fn: Callable[[Floats, Floats], Any],
    n_features: int,
    n_context: int,
    *,
    n_params: int | Sequence[int] = 1,
    layout: str = "interleaved",
    points: int = 8,
    support: Support | None = None,
    rng: int | np.random.Generator = 0,
) -> Report:
    """Change one context input at a time: some parameter of every feature must change.

    In a network whose hidden units all have a degree of 1 or more, no unit passes context on to the
    first feature, and p(x_1 | context) = p(x_1).

    Parameters
    ----------
    fn : callable
        ((B, D), (B, C)) -> (B, O).
    n_features, n_context : int
        D and C.
    n_params, layout, points, support, rng
        As in `check_autoregressive`. Among the 256 points more, context lies far out, too.

    Raises
    ------
    TypeError, ValueError
        For a bad size, layout, support or option.

    Examples
    --------
    >>> import numpy as np
    >>> check_context(lambda x, y: y[:, :1] + 0 * x, 3, 1).ok
    True
    >>> check_context(lambda x, y: y[:, :1] * [0, 1, 1] + 0 * x, 3, 1).failures[0].where
    'feature 0'
    """
    as_callable(fn, "fn", "(x, context) -> parameters")
    n_features = as_features(n_features)
    n_context = as_count(n_context, "n_context", 1, MOST_FEATURES)
    points = as_n_rows(points, "points", max(n_features, n_context))
    owner = feature_of_columns(n_features, n_params, layout)
    columns = columns_of(support, n_features)
    seed = seed_of(rng)
    draw = np.random.default_rng(seed)
    line = call_line("check_context", callable_name(fn, "fn"), str(n_features), str(n_context), rng=seed)
    base = Report("check_context", rule="context changes every feature", seed=seed, reproduce=line)
    hearing = partial(_hearing, fn, columns, owner, n_context, draw)
    try:
        heard = hearing(points, far=False)
        if not heard.any(axis=0).all() or not heard.any(axis=1).all():
            heard |= hearing(CLOSER, far=True)
    except WrongAnswer as wrong:
        return wrong.report(base)
    return _judge(base, heard)


def _hearing(
    fn: Callable[[Floats, Floats], Any],
    columns: list[Interval | Floats],
    owner: Ints,
    n_context: int,
    draw: np.random.Generator,
    points: int,
    *,
    far: bool,
) -> Bools:
    """(D, C): which features are seen to hear which context input; half of the time it lies ``far`` out."""
    x = draw_rows(columns, points, draw)
    context = draw.standard_normal((points, n_context))

    def answer(context: Floats) -> Array:
        hint = "fn must return every parameter of every feature: see n_params"
        return as_answer(fn(x.copy(), context.copy()), "fn(x, context)", (points, len(owner)), hint)

    heard = np.zeros((len(columns), n_context), dtype=bool)
    before = answer(context)
    for c in range(n_context):
        moved = context.copy()
        moved[:, c] += draw.uniform(0.5, 1.5, points)
        if far:
            half = points // 2
            moved[half:, c] = draw.choice([-EXTREME, EXTREME], points - half)
        after = answer(moved)
        changed = np.any(~same(after, before) & np.isfinite(after), axis=0, keepdims=True)
        heard[:, c] = fold_columns(changed.T.astype(np.float64), owner, len(columns))[:, 0] > 0
    return heard


def _judge(base: Report, heard: Bools) -> Report:
    """The report on who (D) heard which context input (C)."""
    deaf = [f"feature {d}" for d in np.flatnonzero(~heard.any(axis=1))]
    mute = [f"context {c}" for c in np.flatnonzero(~heard.any(axis=0))]
    failures = [Failure(name, "no context is heard", "context") for name in deaf]
    failures += [Failure(name, "nobody hears it", "every feature does") for name in mute]
    gaps = int(np.sum(~heard))
    hint = "the first feature needs hidden units of degree 0, or direct wires from the context"
    return base.but(
        failures=tuple(failures),
        n_failed=len(failures),
        n_checked=heard.size,
        n_exercised=int(heard.sum()),
        hint=hint if failures else "",
        notes=(f"{gaps} of {heard.size} pairs of a feature and a context input carried nothing",) if gaps else (),
    )
