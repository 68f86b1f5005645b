"""The members of an ensemble: networks that learn one table apart, each with random numbers of its own.

The mean of densities is a density. Members that found different orders, starts and batches err in different places, so
it is likelier than nearly every one of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from made_np.estimator import rules
from made_np.estimator.plan import Plan
from made_np.estimator.trials import Choice, is_homes, is_sheared
from made_np.model.made import MADE
from made_np.training.fit import FitResult
from made_np.typing import Ints

__all__ = ["learn_members", "plan_of"]

NAMED = "auto", "found", "random"
"""Orders that nobody has set: members then have different ones."""


def learn_members(
    params: Any, plan: Plan, choice: Choice, seed: int, learn: Callable[[int, Plan, int], FitResult]
) -> tuple[Plan, FitResult]:
    """Return the plan of an ensemble, and what its members have learned; history is that of the first.

    One that Ctrl-C ends is left out, with those behind it, but for the first.

    Parameters
    ----------
    params : MADEDensity
    plan : Plan
        Of the first member, which is the network that would be learned alone.
    choice : Choice
        What it was made from.
    seed : int
    learn : callable (k, plan, seed) -> FitResult
        Learns the k-th member.
    """
    if params.n_members == 1:
        return plan, learn(0, plan, seed)
    plans: list[Plan] = []
    results: list[FitResult] = []
    is_over = False
    for k in range(params.n_members):
        own = seed if k == 0 else _seed_of(seed, k)
        planned = plan_of(params, plan, choice, k, own)
        result = learn(k, planned, own)
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
