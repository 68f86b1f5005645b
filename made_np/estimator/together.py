"""How ranks that each have some rows of a table learn one estimator from all of them.

Rank 0 looks at the table and decides all that there is to decide before training, as one process would. Then each rank
codes its own rows, and they train on them together.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from made_np.columns.columns import Columns
from made_np.estimator.conventions import as_seed
from made_np.estimator.encoding import Encoded
from made_np.estimator.fitted import Fitted
from made_np.estimator.found import Found, settled
from made_np.estimator.learning import (
    Call,
    Clock,
    Whole,
    as_fitted,
    decided,
    facts_of,
    in_units,
    split_of,
)
from made_np.estimator.lesson import Lesson, read
from made_np.estimator.members import Task, learn_members
from made_np.estimator.plan import Facts, Plan, choose, going_on
from made_np.estimator.shares import All, Share, all_of, looked_at, share_of, weights_of, weights_of_look
from made_np.estimator.split import Split
from made_np.estimator.trials import Choice, Trial
from made_np.ranks.comm import Comm, agree
from made_np.table.look import Look
from made_np.table.table import Table
from made_np.typing import Ints

__all__ = ["learn_together"]


class Decision(NamedTuple):
    """What rank 0 has decided for all."""

    columns: Columns
    names: tuple[str, ...] | None
    look: Look | None
    choice: Choice
    order: Any
    shear: Any
    seed: int
    trials: list[Trial]


def learn_together(params: Any, before: Fitted | None, call: Call, comm: Comm) -> Fitted:
    """Learn a density as `MADEDensity.fit` says, from the rows of all ranks: each ends with the same one.

    Raises
    ------
    Exception
        What is wrong on one rank is raised on all of them.
    """
    try:
        return _learn(params, before, call, comm)
    except KeyboardInterrupt:  # before there is anything to give back
        comm.abort()
        raise


def _learn(params: Any, before: Fitted | None, call: Call, comm: Comm) -> Fitted:
    clock = Clock(time.perf_counter(), call.max_seconds)
    share = agree(comm, lambda: share_of(params, call.X, call.X_val, call.sample_weight))
    before = before if params.warm_start else None
    whole = all_of(params, share, call.X_val is not None, comm)
    looked, rows = _look(call, share, whole, comm)
    at_hand = Whole(whole.n_rows, rows, whole.n_valid)
    mine = agree(comm, lambda: _decide(params, before, looked, clock, at_hand) if comm.rank == 0 else None)
    decision: Decision = comm.share(mine)
    if comm.rank and isinstance(params.random_state, (np.random.Generator, np.random.RandomState)):
        as_seed(params.random_state)  # so that those of all ranks stay in step
    rng = np.random.default_rng(decision.seed)
    lesson, plan, split = agree(comm, lambda: _own(params, before, share, whole, decision, rng))
    encoded, valid = agree(comm, lambda: split.encode(decision.columns, plan.made))
    assert split.among is not None  # it is a part
    places = split.among[0], split.held
    shifts = {"train": _shift(encoded, comm), "valid": _shift(valid, comm)}
    rows_held = [(encoded.z, None if valid is None else valid.z)]
    del encoded, valid  # so that the task alone holds rows

    def seconds_left(n: int) -> Callable[[], float | None]:
        own = clock.share(n)
        return lambda: comm.share(own())

    theta = None if before is None else before.theta
    # The checkpoint of rank 0 counts.
    task = Task(rows_held, decision.columns, rng, seconds_left, theta, call.checkpoint, comm, places)
    plan, result = learn_members(params, task, plan, decision.choice, decision.seed)
    history = in_units(result.history, **shifts)
    return as_fitted(lesson, plan, result.theta, history, result.stopped_by, decision.trials)


def _look(call: Call, share: Share, whole: All, comm: Comm) -> tuple[Call, Ints]:
    """Return the call with the rows that are looked at, as rank 0 has it; with their numbers among all."""
    table, rows = looked_at(share.table, whole.each, whole.first, comm, needs_ends=True)
    weights = weights_of_look(share, whole, rows, comm)
    table_val = None
    if whole.n_valid is not None:
        table_val, _ = looked_at(share.table_val, whole.each_val, whole.first_val, comm, needs_ends=False)
    return call._replace(X=table, X_val=table_val, sample_weight=weights), rows


def _decide(params: Any, before: Fitted | None, call: Call, clock: Clock, whole: Whole) -> Decision:
    """Return what rank 0 decides, as a single process does of the rows that are looked at."""
    begin, trials = decided(params, before, call, clock, whole)
    lesson = begin.lesson
    order = begin.plan.made.order
    about = lesson.columns, lesson.names, lesson.look, begin.choice, order, begin.plan.shear, begin.seed
    return Decision(*about, trials)


def _own(
    params: Any, before: Fitted | None, share: Share, whole: All, decision: Decision, rng: np.random.Generator
) -> tuple[Lesson, Plan, Split]:
    """Return what a rank has to learn from, by which plan, with which of its rows held out; `rng` draws these."""
    columns = decision.columns
    table = _numbers(params, columns, share.table, "X")
    table_val = None if whole.n_valid is None else _numbers(params, columns, share.table_val, "X_val")
    lesson = Lesson(table, columns, decision.names, decision.look, weights_of(share, whole))
    facts, n_held = facts_of(params, columns, whole.n_rows, whole.n_valid)
    plan = _plan(params, before, facts, decision)
    own = Whole(whole.n_rows, whole.first + np.arange(table.n_rows), whole.n_valid)
    return lesson, plan, split_of(lesson, table_val, n_held, rng, own)


def _plan(params: Any, before: Fitted | None, facts: Facts, decision: Decision) -> Plan:
    """Return the plan that rank 0 has decided on: built here, since a schedule may be a function that cannot travel."""
    if before is not None:
        return going_on(params, facts, decision.choice, before.made)
    plan = choose(params, facts, decision.choice, decision.seed)
    # The order stands there with its reverse or without.
    return settled(plan, decision.choice, Found(lambda: np.atleast_2d(decision.order)[0], lambda: decision.shear))


def _numbers(params: Any, columns: Columns, table: Table | None, name: str) -> Table:
    """Return the own rows as numbers."""
    if table is None:
        return Table.of(np.zeros((1, len(columns))), name).take(np.arange(0))
    return columns.read(read(params, table))


def _shift(encoded: Encoded | None, comm: Comm) -> float:
    """Return what is added to a row of all ranks on average, in nats."""
    total = 0.0
    count = 0.0
    if encoded is not None:
        weights = np.ones(len(encoded.row_term)) if encoded.z.weights is None else encoded.z.weights
        total = float(weights @ encoded.row_term)
        count = float(weights.sum())
    sums = comm.gather((total, count))
    counted = sum(count for _, count in sums)
    return sum(total for total, _ in sums) / counted if counted else 0.0
