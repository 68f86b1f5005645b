"""The members of an ensemble: networks that learn one table apart, each with random numbers of its own.

The mean of densities is a density. Members that found different orders, starts and batches err in different places, so
it is likelier than nearly every one of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from made_np.columns.columns import Columns
from made_np.estimator import rules
from made_np.estimator.encoding import narrow
from made_np.estimator.plan import Plan
from made_np.estimator.rehearsal import fit_home, rehearsed
from made_np.estimator.remembering import checkpoint_of
from made_np.estimator.trials import Choice, is_homes, is_sheared
from made_np.model.made import MADE
from made_np.model.rows import Rows
from made_np.ranks.comm import Comm
from made_np.training.fit import FitResult
from made_np.typing import Array, Ints

__all__ = ["Task", "learn_members", "plan_of"]

NAMED = "auto", "found", "random"
"""Orders that nobody has set: members then have different ones."""


class Task(NamedTuple):
    """What members learn from, each of them alike.

    Attributes
    ----------
    rows : list of (Rows, Rows or None)
        One pair, of rows to learn from and of rows for validation; nobody else holds them.
    columns : Columns
    rng : numpy.random.Generator
        Of the first member.
    seconds_left : callable (n) -> callable () -> float or None
        Says how long the first of n members still has.
    theta : ndarray, optional
        That the first member goes on from.
    checkpoint : path, optional
    comm, places
        As those of `fit_home`.
    """

    rows: list[tuple[Rows, Rows | None]]
    columns: Columns
    rng: np.random.Generator
    seconds_left: Callable[[int], Callable[[], float | None]]
    theta: Array | None
    checkpoint: Any
    comm: Comm | None = None
    places: tuple[Ints, Ints | None] | None = None


def learn_members(params: Any, task: Task, plan: Plan, choice: Choice, seed: int) -> tuple[Plan, FitResult]:
    """Return the plan of an ensemble, and what its members have learned; history is that of the first.

    One that Ctrl-C ends is left out, with those behind it, but for the first.

    Parameters
    ----------
    params : MADEDensity
    task : Task
        Its rows are forgotten when the last member has learned from them.
    plan : Plan
        Of the first member, which is the network that would be learned alone.
    choice : Choice
        What it was made from.
    seed : int
    """
    plans: list[Plan] = []
    results: list[FitResult] = []
    is_over = False
    for k in range(params.n_members):
        own = seed if k == 0 else _seed_of(seed, k)
        planned = plan_of(params, plan, choice, k, own)
        result = _learned(params, task, planned, k, own)
        is_over = result.stopped_by == "interrupt"
        if k == 0 or not is_over:
            plans.append(planned)
            results.append(result)
        if is_over:
            break
    made = MADE.ensemble([each.made for each in plans])
    theta = np.concatenate([each.theta for each in results])
    stopped_by = "interrupt" if is_over else results[0].stopped_by
    return replace(plan, made=made), replace(results[0], theta=theta, stopped_by=stopped_by)


def _learned(params: Any, task: Task, plan: Plan, k: int, seed: int) -> FitResult:
    """Return what the k-th member has learned: home, then what it rehearses."""
    n_left = params.n_members - k
    left = task.seconds_left(n_left)
    progress = bool(params.verbose)
    home = fit_home(
        plan,
        *task.rows[0],
        left,
        task.comm,
        task.places,
        rng=task.rng if k == 0 else np.random.default_rng(seed),
        theta=task.theta,
        checkpoint=checkpoint_of(task.checkpoint, k),
        progress=progress,
    )
    if n_left == 1:
        task.rows.clear()  # room for the rows that the model draws
    return rehearsed(plan, home, narrow(task.columns, plan.made.dtype), seed, left, task.comm, progress)


def plan_of(params: Any, plan: Plan, choice: Choice, k: int, seed: int) -> Plan:
    """Return the plan of the k-th member: that of the first, with a seed of its own, and an order if none was set.

    The second member has the reverse of the first one's order, the others have random ones.
    """
    if k == 0:
        return plan
    made = replace(plan.made, seed=seed)
    is_set = not isinstance(params.order, str) or params.order not in NAMED
    if is_set or is_sheared(choice.order) or made.order == "random":  # regressions are those of one order
        return replace(plan, made=made)
    if is_homes(choice.order):
        return replace(plan, made=replace(made, order=rules.homes(made.n_features, seed)))
    if made.n_masks == 2:
        return replace(plan, made=replace(made, order=rules.both_ways(_drawn(made, seed))))
    first = plan.made.mask_sets[0].order
    return replace(plan, made=replace(made, order=first[::-1] if k == 1 else _drawn(made, seed)))


def _seed_of(seed: int, k: int) -> int:
    """Return the seed of a member."""
    return int(np.random.default_rng([seed, k]).integers(1 << 62))


def _drawn(made: MADE, seed: int) -> Ints:
    """Return a random order."""
    return np.random.default_rng(seed).permutation(made.n_features)
