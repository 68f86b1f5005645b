"""Which of its codings each column gets: those that make held-out rows likelier, in the unit of the column."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from made_np.columns.coding import Affine
from made_np.columns.column import Column
from made_np.columns.columns import Columns
from made_np.estimator.encoding import encode
from made_np.estimator.found import natural_ties
from made_np.estimator.plan import Plan
from made_np.messages import tell
from made_np.table.table import Table
from made_np.training.fit import fit_rows
from made_np.training.shear import sheared
from made_np.typing import Floats

__all__ = ["best_columns"]

_logger = logging.getLogger("made_np.estimator")

STEPS = 1_000
"""Steps of the fit of a coding, ..."""
WIDEST = 256
"""... whose hidden layers are no wider."""
SURELY = 2.0
TOGETHER = 1.0
"""A rival has to win by so many standard errors of the difference: the first choice is the simpler one. The second
number is for all columns at once, of which none is simpler than another.
"""


def best_columns(
    columns: Columns, train: Table, valid: Table, plan_of: Callable[[Columns], Plan], seed: int
) -> Columns:
    """Return the columns, each with the coding that is best for held-out rows.

    Every column has a first choice, and rivals. A short fit is made of all first choices, one of all first rivals, and
    so on. Each feature's conditional then costs so many nats per row, in the unit of its column, and the cheapest wins;
    but all columns are coded alike where one fit is surely cheaper than that: what ties columns together shows in sums.

    Parameters
    ----------
    columns : Columns
    train, valid : Table
        Numbers of rows to learn from, and of held-out ones.
    plan_of : callable Columns -> Plan
        Of a short fit.
    seed : int
    """
    most = max(len(column.rivals) for column in columns.each)
    if not most:
        return columns
    variants = [_variant(columns, k) for k in range(most + 1)]
    costs = np.stack([_costs(each, train, valid, _short(plan_of(each), train.n_rows), seed) for each in variants])
    each = list(variants[0].each)
    winners = _winners(costs, 1 + max(_n_alone(column) for column in columns.each))
    for k, (start, _) in zip(winners, columns.spans, strict=True):
        each[start] = variants[k].each[start]
        if k:
            tell(_logger, f"column {start} ({each[start].name!r}) is coded by {each[start].output!r}", shown=False)
    return replace(columns, each=tuple(each))


def _variant(columns: Columns, k: int) -> Columns:
    """Return the columns with their k-th rival, the first choice for 0 and where there are fewer."""
    each = []
    for column in columns.each:
        output, coding = column.rivals[k - 1] if 0 < k <= len(column.rivals) else (column.output, column.coding)
        each.append(replace(column, output=output, coding=coding, rivals=()))
    return replace(columns, each=tuple(each))


def _short(plan: Plan, n_rows: int) -> Plan:
    """Return a plan of a narrower model, fewer steps and no decay: codings differ by more than these change."""
    narrow = tuple(min(width, WIDEST) for width in plan.made.hidden)
    epochs = -(-STEPS // -(-n_rows // plan.options.batch_size))
    options = replace(plan.options, max_epochs=min(plan.options.max_epochs, epochs), decay=None)
    return replace(plan, made=replace(plan.made, hidden=narrow), options=options)


def _costs(columns: Columns, train: Table, valid: Table, plan: Plan, seed: int) -> Floats:
    """Return what each value of the held-out rows costs after a short fit, (n, features), in nats."""
    rows = encode(train, columns, plan.made).z
    held_out = encode(valid, columns, plan.made).z
    A = natural_ties(plan.made, rows)
    if A is not None:
        rows = sheared(rows, A)
        held_out = sheared(held_out, A)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # one that diverges loses
        result = fit_rows(plan.made, rows, held_out, plan.options, rng=np.random.default_rng(seed))
    if result.stopped_by == "interrupt":
        raise KeyboardInterrupt  # there is nothing yet to give back
    made = replace(plan.made, dtype="float64")
    theta = result.theta.astype(np.float64)
    blocks = made.check_blocks(held_out, None)
    log_prob = np.concatenate([made.feature_log_prob(theta, x, context=y, gaps="skip") for x, y in blocks])
    return np.asarray(-log_prob - columns.log_term(valid.read())[:, :-1])


def _n_alone(column: Column) -> int:
    """Return how many rivals a column may take alone: unbent it only is where all are."""
    return sum(coding.name != Affine.name for _, coding in column.rivals)


def _winners(costs: Floats, n_alone: int) -> list[int]:
    """Return which coding each feature gets, of costs (k, n, features): alone one of the first `n_alone`."""
    winners = [_winner(costs[:n_alone, :, feature]) for feature in range(costs.shape[2])]
    chosen = sum(costs[k, :, feature] for feature, k in enumerate(winners))
    alike = _winner(np.stack([np.asarray(chosen), *costs.sum(axis=2)]), TOGETHER)
    return [alike - 1] * len(winners) if alike else winners


def _winner(costs: Floats, surely: float = SURELY) -> int:
    """Return which of several codings (k, n) costs least, the first one unless another is surely better."""
    costs = np.where(np.isfinite(costs), costs, 1e6)
    best = int(costs.mean(axis=1).argmin())
    gain = costs[0] - costs[best]
    error = gain.std() / max(np.sqrt(len(gain)), 1)
    return best if gain.mean() > surely * error else 0
