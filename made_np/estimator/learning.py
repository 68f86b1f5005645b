"""How an estimator learns: from a table, over a plan, to a `Fitted`.

All arguments are looked at first: what is refused has begun no work, drawn no number, and changed nothing.
"""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from made_np.columns.columns import Columns
from made_np.estimator.checks import check_params
from made_np.estimator.conventions import seed_of
from made_np.estimator.encoding import Encoded, encode, to_learn_from
from made_np.estimator.fitted import Fitted
from made_np.estimator.forms import best_columns
from made_np.estimator.found import Found, natural_ties, settled, straightened
from made_np.estimator.lesson import Lesson, found_order, lesson_of, table_val_of
from made_np.estimator.members import Task, learn_members
from made_np.estimator.params import to_json
from made_np.estimator.plan import TRIAL_STEPS, Facts, Plan, asked, choose, going_on
from made_np.estimator.remembering import check_checkpoint, fingerprint, remembered, trials_path
from made_np.estimator.rules import is_auto
from made_np.estimator.split import Split
from made_np.estimator.trials import (
    Choice,
    Trial,
    best,
    is_homes,
    little_decay,
    real_decay,
    try_out,
    without_trials,
)
from made_np.messages import tell
from made_np.model.rows import Rows
from made_np.table.table import Table
from made_np.training.fit import fit_rows
from made_np.training.online import Memory, train_on
from made_np.typing import Ints
from made_np.values import as_number

__all__ = [
    "Begin",
    "Call",
    "Clock",
    "Whole",
    "as_fitted",
    "begun",
    "decided",
    "facts_of",
    "in_units",
    "learn",
    "learn_on",
    "split_of",
]


_logger = logging.getLogger("made_np.estimator")

TRIAL_ROWS = 2_000
"""Rows that score a trial. It learns from no more rows than its steps need."""


SHORT = 16
"""A short fit takes a share of 1 / SHORT of the time that a fit may take, where that is limited."""


NO_ROWS = Encoded(Rows(np.empty((0, 0))), np.empty(0), np.empty(0))


class Clock(NamedTuple):
    """When a fit began, and how long it may take (s)."""

    start: float
    max_seconds: float | None

    def left(self) -> float | None:
        """Return how many seconds there are still; None without a limit."""
        if self.max_seconds is None:
            return None
        return max(self.start + self.max_seconds - time.perf_counter(), self.max_seconds / SHORT)

    def share(self, n: int) -> Callable[[], float | None]:
        """Return what says how many seconds the first of n members that are to be learned still has."""
        left = self.left()
        return self.left if n == 1 or left is None else Clock(time.perf_counter(), left / n).left

    def short(self, plan: Plan) -> Plan:
        """Return the plan of a short fit within the limit."""
        limit = None if self.max_seconds is None else self.max_seconds / SHORT
        return replace(plan, options=replace(plan.options, max_seconds=limit))


class Call(NamedTuple):
    """What `MADEDensity.fit` was called with."""

    X: Any
    X_val: Any = None
    checkpoint: Any = None
    sample_weight: Any = None
    max_seconds: float | None = None


class Whole(NamedTuple):
    """A table of which only some rows are at hand.

    Attributes
    ----------
    n_rows : int
        How many there are.
    rows : ndarray of int
        Which of them are at hand, rising.
    n_valid : int or None
        How many rows for validation were given.
    """

    n_rows: int
    rows: Ints
    n_valid: int | None = None

    @property
    def counts(self) -> tuple[int, int | None]:
        """How many rows there are, how many rows for validation were given."""
        return self.n_rows, self.n_valid


class Begin(NamedTuple):
    """All that is settled before there is work: the table, a plan without trials, which rows are held out."""

    lesson: Lesson
    facts: Facts
    choice: Choice
    seed: int
    plan: Plan
    split: Split
    rows: Encoded
    valid: Encoded | None
    rng: np.random.Generator


def learn(params: Any, before: Fitted | None, call: Call) -> Fitted:
    """Learn a density as `MADEDensity.fit` says, whose parameters these are; `before` is for a warm start."""
    clock = Clock(time.perf_counter(), call.max_seconds)
    check_params(params)
    if not params.warm_start:
        before = None
    begin, trials = decided(params, before, call, clock)
    lesson = begin.lesson
    valid = begin.valid
    shifts = {"train": begin.rows.shift, "valid": 0.0 if valid is None else valid.shift}
    rows = [(begin.rows.z, None if valid is None else valid.z)]
    theta = None if before is None else before.theta
    task = Task(rows, lesson.columns, begin.rng, clock.share, theta, call.checkpoint)
    about = begin.plan, begin.choice, begin.seed
    del begin, valid  # so that the task alone holds rows
    plan, result = learn_members(params, task, *about)
    return as_fitted(lesson, plan, result.theta, in_units(result.history, **shifts), result.stopped_by, trials)


def decided(
    params: Any, before: Fitted | None, call: Call, clock: Clock, whole: Whole | None = None
) -> tuple[Begin, list[Trial]]:
    """Return all that there is to decide before training, with what was tried for it."""
    begin = begun(params, before, call, whole)
    # All arguments have been looked at: from here on there is work.
    if before is not None:
        return begin, before.trials
    columns = _best_formed(params, begin, clock)
    if columns is not begin.lesson.columns:
        begin = begin._replace(rows=NO_ROWS, valid=None)  # first room, then rows in their new coding
        begin = _coded(params, begin, columns)
    return _tried(params, begin, call.checkpoint, clock)


def begun(params: Any, before: Fitted | None, call: Call, whole: Whole | None = None) -> Begin:
    """Look at all arguments; what is refused has drawn no number.

    The tables of the call are all, or those rows of the `whole` that are at hand.
    """
    if call.checkpoint is not None:
        check_checkpoint(call.checkpoint, params.random_state)
        to_json(params.columns)  # raises if a distribution among them has no name that a file could hold
    if call.max_seconds is not None:
        as_number(call.max_seconds, "max_seconds", "(0, inf)")
    lesson = lesson_of(params, before, call.X, call.sample_weight)
    table_val = None if call.X_val is None else table_val_of(params, lesson, call.X_val)
    counts = (lesson.table.n_rows, None if table_val is None else table_val.n_rows) if whole is None else whole.counts
    facts, n_held = facts_of(params, lesson.columns, *counts)
    choice = _choice(params, facts, before)
    with seed_of(params.random_state) as seed:
        plan = choose(params, facts, choice, seed) if before is None else going_on(params, facts, choice, before.made)
        rng = np.random.default_rng(seed)
        split = split_of(lesson, table_val, n_held, rng, whole)
        rows, valid = split.encode(lesson.columns, plan.made)
    valid = None if valid is None or not len(valid.z) else valid  # of few rows at hand, none may be held out
    return Begin(lesson, facts, choice, seed, plan, split, rows, valid, rng)


def split_of(
    lesson: Lesson, table_val: Table | None, n_held: int, rng: np.random.Generator, whole: Whole | None
) -> Split:
    """Return which rows at hand are held out."""
    if whole is None:
        return Split.of(lesson.table, table_val, n_held, rng, lesson.weights)
    return Split(lesson.table, table_val, None, n_held, lesson.weights).part(whole.rows, whole.n_rows, rng)


def _best_formed(params: Any, begin: Begin, clock: Clock) -> Columns:
    """Return the columns with the coding of each that short fits find best."""
    if begin.valid is None or not any(column.rivals for column in begin.lesson.columns.each):
        return begin.lesson.columns
    train, valid = begin.split.tables(TRIAL_STEPS * params.batch_size, TRIAL_ROWS)

    def plan_of(columns: Columns) -> Plan:
        own = Facts(columns, begin.facts.n_rows, train.n_rows, valid.n_rows)
        choice = without_trials(asked(params, columns), little_decay(own.n_rows, len(columns)))
        return clock.short(choose(params, own, choice, begin.seed, trial=True))

    return best_columns(begin.lesson.columns, train, valid, plan_of, begin.seed)


def _coded(params: Any, begin: Begin, columns: Columns) -> Begin:
    """Return the same for columns in another coding."""
    facts = begin.facts._replace(columns=columns)
    plan = choose(params, facts, begin.choice, begin.seed)
    rows, held_out = begin.split.encode(columns, plan.made)
    lesson = begin.lesson._replace(columns=columns)
    return begin._replace(lesson=lesson, facts=facts, plan=plan, rows=rows, valid=held_out)


def _tried(params: Any, begin: Begin, checkpoint: Any, clock: Clock) -> tuple[Begin, list[Trial]]:
    """Return the same, with what trials choose where a parameter is "auto"; and the trials."""
    found = Found(cache(lambda: found_order(begin.lesson)), cache(lambda: natural_ties(begin.plan.made, begin.rows.z)))
    trials = [] if begin.valid is None else _trials(params, begin, found, checkpoint, clock)
    choice = best(trials) if trials else straightened(begin.choice, found)
    plan = begin.plan if choice is begin.choice else choose(params, begin.facts, choice, begin.seed)
    return begin._replace(choice=choice, plan=settled(plan, choice, found)), trials


def learn_on(params: Any, before: Fitted | None, X: Any, sample_weight: Any = None) -> Fitted:
    """Pass over the rows of `X` once, as `MADEDensity.partial_fit` says, whose parameters these are."""
    check_params(params)
    if params.n_members > 1:
        raise ValueError(f"n_members={params.n_members}: partial_fit is for a single member, and fit for several")
    lesson = lesson_of(params, before, X, sample_weight, whole=False)
    n = lesson.table.n_rows
    facts = Facts(lesson.columns, n, n, n)
    choice = _choice(params, facts, before)
    with seed_of(params.random_state) as seed:
        plan = choose(params, facts, choice, seed) if before is None else going_on(params, facts, choice, before.made)
        rows = encode(lesson.table, lesson.columns, plan.made, weights=lesson.weights)
        rows = to_learn_from(rows, lesson.columns, seed)
    if before is None:
        plan = settled(plan, choice, Found(lambda: found_order(lesson)))
    options = plan.options
    done = train_on(
        plan.made,
        plan.made.init(np.random.default_rng(seed), rows.z) if before is None else before.theta,
        rows.z,
        None if before is None else before.memory,
        optimizer=options.optimizer,
        learning_rate=options.learning_rate,
        batch_size=params.batch_size,
        weight_decay=plan.weight_decay,
        dropout=options.dropout,
        input_dropout=options.input_dropout,
        seed=seed,
        progress=bool(params.verbose),
    )
    history = in_units(done.history, train=rows.shift, valid=0.0)
    history = {name: new if before is None else before.history[name] + new for name, new in history.items()}
    history["epoch"] = list(range(1, len(history["epoch"]) + 1))
    trials = [] if before is None else before.trials
    return as_fitted(lesson, plan, done.theta, history, done.stopped_by, trials, done.memory)


def as_fitted(
    lesson: Lesson,
    plan: Plan,
    theta: NDArray[Any],
    history: dict[str, list[Any]],
    stopped_by: str,
    trials: list[Trial],
    memory: Memory | None = None,
) -> Fitted:
    """Return what is left once it has been learned."""
    return Fitted(
        plan.made,
        theta,
        lesson.columns,
        lesson.names,
        lesson.look,
        history,
        stopped_by,
        plan.weight_decay,
        trials,
        memory,
    )


def facts_of(params: Any, columns: Columns, n: int, n_valid: int | None) -> tuple[Facts, int]:
    """Return what is known of a table of n rows, with how many of them are held out.

    So many rows of their own are there for validation, None where none were given.
    """
    if n_valid is not None:
        return Facts(columns, n, n, n_valid), 0
    n_held = max(1, int(params.validation_fraction * n)) if params.early_stopping and n > 1 else 0
    return Facts(columns, n, n - n_held, n_held), n_held


def in_units(history: dict[str, list[Any]], **shifts: float) -> dict[str, list[Any]]:
    """Return a history whose losses are in the units of the columns; the shifts are those of `Encoded`."""
    return {name: [value - shifts.get(name, 0.0) for value in values] for name, values in history.items()}


# ---------------------------------------------------------------------------------------------- what is chosen


def _choice(params: Any, facts: Facts, before: Fitted | None) -> Choice:
    """Return the choice without trials."""
    open_or_set = asked(params, facts.columns)
    if before is None:
        decay = real_decay if is_homes(open_or_set.order) else little_decay
        return without_trials(open_or_set, decay(facts.n_rows, len(facts.columns)))
    return without_trials(open_or_set, before.weight_decay, before.made)


def _trials(params: Any, begin: Begin, found: Found, checkpoint: Any, clock: Clock) -> list[Trial]:
    """Return what was tried for the parameters that are "auto"; nothing where nothing is to be chosen."""
    facts = begin.facts
    seed = begin.seed
    valid = begin.valid
    question = asked(params, facts.columns)
    if valid is None or (not is_auto(question.order) and not is_auto(question.weight_decay)):
        return []
    few = _spread(begin.rows.z, TRIAL_STEPS * params.batch_size)
    scored = _spread(valid.z, TRIAL_ROWS)
    narrow = facts._replace(n_train=len(few), n_valid=len(scored))
    shift = valid.shift

    def loss(choice: Choice) -> float:
        plan = clock.short(settled(choose(params, narrow, choice, seed, trial=True), choice, found))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # one that diverges loses; the fit itself will tell
            result = fit_rows(plan.made, few, scored, plan.options, rng=np.random.default_rng(seed))
        if result.stopped_by == "interrupt":
            raise KeyboardInterrupt  # there is nothing yet to give back
        nats = result.best_valid - shift
        tell(_logger, f"trial of {choice}: {nats:.4f} nats", shown=bool(params.verbose))
        return nats

    answer: Callable[[Choice], float] = loss
    if checkpoint is not None:
        told = [rows.context for rows in (few, scored) if rows.context is not None]
        run = fingerprint(params.get_params(), seed, few.x, scored.x, *told)
        answer = remembered(loss, trials_path(checkpoint), run)
    return try_out(question, little_decay(facts.n_rows, len(facts.columns)), answer)


def _spread(rows: Rows, most: int) -> Rows:
    """Return no more rows than `most`, from all parts of the table."""
    return rows[:: -(-len(rows) // most)]
