"""Rehearsal: how a model of a home order learns to answer any question, from rows that it draws itself.

A table has few rows, and a question that tells the network less has fewer still to be learned from. So the table is
learned in home order alone. Then the model draws rows from what it has learned, as many as it likes, and learns from
them what is known of the rest when only some of a row is told (`imitation`). Its answers to all questions thereby
become those of one distribution, home: what they contradict each other by is what the network cannot hold.

Real columns do without: their curves are learned to a hair, and drawn rows blur them. But where home is learned of
sheared rows, which no path can be learned of, the paths are, beside all that home needs.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from made_np.estimator import rules
from made_np.estimator.beside import Beside, of_home
from made_np.estimator.imitation import imitate, learn_paths
from made_np.estimator.plan import Plan
from made_np.heap import give_back
from made_np.messages import tell
from made_np.model.made import MADE
from made_np.model.rows import Rows
from made_np.ranks.comm import Comm, agree
from made_np.schedules import get_schedule
from made_np.training.fit import FitResult, fit_rows
from made_np.training.loop import Options
from made_np.training.shear import sheared, unsheared
from made_np.typing import Array, Ints

__all__ = ["Home", "at_home", "fit_home", "rehearse", "rehearsed", "rehearses"]

_logger = logging.getLogger("made_np.estimator")

BATCH = 256
"""Rows of a step. There is no lack of rows, and more of them make the gradient of a step steadier."""
STEPS = 2
MOST_STEPS = 3_300
MOST_WORK = 4e9
"""So many steps are made for each one that was made on the table, up to the second number, or up to as many as make the
third one times the parameters, if that is less.
"""
PATHS = 1 / 3
"""Share of these steps that are about paths. They come last."""
VISITS = 6
"""So often a drawn row is learned from, each time told something else: to draw it costs as much as to learn from it."""
SHEARED_TIMES = 4
SHEARED_STEPS = 2_000
SHEARED_WORK = 2e9
SHEARED_VISITS = 8
"""As those, where home was learned of sheared rows: so many times as many steps, since paths begin with nothing, but
real numbers cost more to draw and to learn from.
"""
AT_ONCE = 1 << 9
"""Rows that are drawn together."""
MEMORY = 1 << 26
"""Bytes of drawn rows that are kept; where this allows fewer rows, they are learned from more often."""


def rehearses(made: MADE, *, is_sheared: bool = False) -> bool:
    """Whether a model learns the table at home alone, and the rest from rows that it draws."""
    paths = made.mask_sets.has_paths and len(made.mask_sets.mixed) == 1
    return paths and (is_sheared or not rules.has_real(made.outputs.feature_outputs))


def at_home(made: MADE, *, is_sheared: bool = False) -> MADE:
    """Return what learns from the table: home alone where the rest is rehearsed, else the model itself.

    Both have the same parameters.
    """
    return replace(made, n_masks=1) if rehearses(made, is_sheared=is_sheared) else made


class Home(NamedTuple):
    """What was learned from the table.

    Attributes
    ----------
    result : FitResult
    known : Rows or None
        The contexts of the table's rows, without the rows: drawn ones get them. None: all was learned from the table.
    n_steps : int
        Steps that were made, on all ranks together.
    """

    result: FitResult
    known: Rows | None = None
    n_steps: int = 0


def fit_home(
    plan: Plan,
    rows: Rows,
    valid_rows: Rows | None,
    seconds_left: Callable[[], float | None],
    comm: Comm | None = None,
    places: tuple[Ints, Ints | None] | None = None,
    **more: Any,
) -> Home:
    """Return what the model of a plan learns from rows; `rehearsed` goes on from there, without them.

    Parameters
    ----------
    plan : Plan
    rows, valid_rows : Rows
        As those of `fit_rows`, whose further arguments are `comm`, `places` and `more`.
    seconds_left : callable () -> float or None
        How long all of it may still take, the same on all ranks; None: as long as it likes.
    """
    give_back()  # what the trials needed
    left = seconds_left()
    A = plan.shear
    is_first = rehearses(plan.made, is_sheared=A is not None)
    made = at_home(plan.made, is_sheared=A is not None)
    options = replace(plan.options, max_seconds=left / 2 if is_first and left is not None else left)
    if A is None:
        result = fit_rows(made, rows, valid_rows, options, comm=comm, places=places, **more)
    else:
        straight = sheared(rows, A), None if valid_rows is None else sheared(valid_rows, A)
        result = fit_rows(made, *straight, options, comm=comm, places=places, **more)
        result = replace(result, theta=unsheared(made, result.theta, A))
    if not is_first:
        return Home(result)
    n_rows = len(rows) if comm is None else sum(comm.gather(len(rows)))
    n_steps = len(result.history["epoch"]) * -(-n_rows // options.batch_size)
    return Home(result, _known(plan.made, rows, comm, places), n_steps)


def rehearsed(
    plan: Plan,
    home: Home,
    dtype: np.dtype[Any],
    seed: int,
    seconds_left: Callable[[], float | None],
    comm: Comm | None = None,
    progress: bool = False,
) -> FitResult:
    """Return what was learned at home, with what the model rehearses then, if it does.

    Parameters
    ----------
    plan : Plan
    home : Home
    dtype : dtype
        Holds the values of drawn rows.
    seed : int
        Of what is drawn.
    seconds_left, comm
        As those of `fit_home`.
    progress : bool
    """
    result = home.result
    known = home.known
    if known is None or result.stopped_by in ("interrupt", "diverged", "schedule"):
        return result
    left = seconds_left()

    def work() -> tuple[Array, bool]:
        return rehearse(plan, result.theta, known, dtype, home.n_steps, seed, left, progress)

    # It costs the same whoever does it, however many rows there are.
    theta, is_whole = work() if comm is None else comm.share(agree(comm, lambda: work() if comm.rank == 0 else None))
    return replace(result, theta=theta, stopped_by=result.stopped_by if is_whole else "interrupt")


def _known(made: MADE, rows: Rows, comm: Comm | None, places: tuple[Ints, Ints | None] | None) -> Rows:
    """Return the contexts that drawn rows get: those of all ranks, in the sequence of the table."""
    if comm is None or not made.n_context:
        return replace(rows, x=np.empty((len(rows), 0)))
    parts = comm.gather((None if places is None else places[0], rows.context, rows.weights))
    numbers, contexts, weights = zip(*((n, y, w) for n, y, w in parts if len(y)), strict=True)
    order = slice(None) if numbers[0] is None else np.argsort(np.concatenate(numbers))
    counts = None if weights[0] is None else np.concatenate(weights)[order]
    context = np.concatenate(contexts)[order]
    return Rows(np.empty((len(context), 0)), context, counts, rows.units)


def rehearse(
    plan: Plan,
    theta: Array,
    rows: Rows,
    dtype: np.dtype[Any],
    n_steps: int,
    seed: int,
    max_seconds: float | None,
    progress: bool = False,
) -> tuple[Array, bool]:
    """Return parameters that answer any question as home does, and whether nobody has ended that by Ctrl-C.

    Parameters
    ----------
    plan : Plan
        The model, with how it was trained.
    theta : ndarray, shape (P,)
        Of home.
    rows : Rows
        Of the table: drawn rows have their contexts.
    dtype : dtype
        Holds the values of drawn rows.
    n_steps : int
        Steps that were made on the table.
    seed : int
    max_seconds : float or None
        As long as it may take.
    progress : bool
    """
    made = plan.made
    n_steps, visits = _effort(plan, n_steps)
    if not n_steps:
        return theta, True
    begin = time.perf_counter()
    give_back()  # what home needed
    fit_in_memory = max(BATCH, MEMORY // (made.n_features * dtype.itemsize))
    n_rows = min(-(-n_steps // visits) * BATCH, fit_in_memory)
    rng = np.random.default_rng(seed)
    tell(_logger, f"rehearsal: {n_steps} steps on {n_rows} rows that the model draws", shown=progress)
    try:
        drawn = _drawn(made, theta, rows, dtype, n_rows, rng, None if max_seconds is None else begin + max_seconds / 2)
    except KeyboardInterrupt:
        return theta, False
    left = None if max_seconds is None else begin + max_seconds - time.perf_counter()
    options = replace(plan.options, batch_size=BATCH, max_seconds=left)
    if plan.shear is None:
        return _imitated(made, theta, drawn, n_steps, options, rng, progress)
    options = replace(
        options,
        optimizer=Beside(options.optimizer, of_home(made)),
        schedule=get_schedule("cosine"),
        max_epochs=-(-n_steps * BATCH // len(drawn)),
        decay=None,
        dropout=0.0,
        input_dropout=0.0,
    )
    result = fit_rows(made, drawn, None, options, rng=rng, theta=theta, progress=progress)
    return result.theta, result.stopped_by != "interrupt"


def _imitated(
    made: MADE, theta: Array, drawn: Rows, n_steps: int, options: Options, rng: np.random.Generator, progress: bool
) -> tuple[Array, bool]:
    """Return what `rehearse` does: home first, whatever it is told, then paths beside it."""
    n_paths = int(PATHS * n_steps)
    for work, steps, share in ((imitate, n_steps - n_paths, 1 - PATHS), (learn_paths, n_paths, PATHS)):
        seconds = None if options.max_seconds is None else share * options.max_seconds
        own = replace(options, max_seconds=seconds)
        theta, is_whole = work(made, theta, drawn, steps, own, rng, progress)
        if not is_whole:
            break
    return theta, is_whole


def _effort(plan: Plan, n_steps: int) -> tuple[int, int]:
    """Return how many steps are made for those at home, and how often a drawn row is learned from."""
    n_params = plan.made.n_params
    if plan.shear is None:
        return min(STEPS * n_steps, MOST_STEPS, int(MOST_WORK / n_params)), VISITS
    wanted = SHEARED_TIMES * STEPS * n_steps
    return min(wanted, SHEARED_STEPS, int(SHEARED_WORK / n_params)), SHEARED_VISITS


def _drawn(
    made: MADE,
    theta: Array,
    rows: Rows,
    dtype: np.dtype[Any],
    n: int,
    rng: np.random.Generator,
    until: float | None = None,
) -> Rows:
    """Return n rows from home, under contexts of the table; fewer where the clock passes `until`, but some."""
    x = np.empty((n, made.n_features), dtype)
    kept = None if rows.context is None else np.empty((n, rows.context.shape[1]), rows.context.dtype)
    for part in _parts(n):
        told = None
        if rows.context is not None and kept is not None:
            share = None if rows.weights is None else rows.weights / rows.weights.sum()
            kept[part] = rows.context[rng.choice(len(rows), part.stop - part.start, p=share)]
            told = kept[part] if rows.units is None else rows.units(kept[part])
        x[part] = made.sample(theta, part.stop - part.start, rng=rng, mask_set=0, context=told)
        if until is not None and time.perf_counter() > until:
            break
    return Rows(x, kept, None, rows.units)[: part.stop]


def _parts(n: int) -> Iterator[slice]:
    for first in range(0, n, AT_ONCE):
        yield slice(first, min(first + AT_ONCE, n))
