"""What a plan takes from the rows of a table: an order, or the regressions of a shear."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from made_np.estimator.plan import Plan
from made_np.estimator.rules import both_ways
from made_np.estimator.trials import BOTH_WAYS, SHEARED, Choice, is_homes, is_sheared
from made_np.model.made import MADE
from made_np.model.rows import Rows
from made_np.training.shear import can_shear, explained, regressions
from made_np.typing import Floats, Ints

__all__ = ["Found", "natural_ties", "settled", "straightened"]

EXPLAINED = 0.5
"""Columns are tied together by straight lines where their regressions make a value likelier by so many nats."""
ROWS = 20
"""So many rows for each column are enough for regressions."""


def natural_ties(made: MADE, rows: Rows) -> Floats | None:
    """Return the regressions of each feature on those before it in the natural order, (D, D), where columns are tied.

    They are where straight lines make a value much likelier. Else the answer is None, as it is where rows are too few
    to tell, where a value is missing, or where the model is none for sheared rows.
    """
    if not can_shear(made) or len(rows) < ROWS * made.n_features or np.isnan(rows.x).any():
        return None
    A = regressions(rows, np.arange(made.n_features))
    return A if explained(rows, A) >= EXPLAINED else None


class Found(NamedTuple):
    """What is looked for in a table when it is asked for.

    Attributes
    ----------
    order : callable () -> (D,)
    shear : callable () -> (D, D) or None
    """

    order: Callable[[], Ints]
    shear: Callable[[], Floats | None] = lambda: None


def settled(plan: Plan, choice: Choice, found: Found) -> Plan:
    """Return the plan in the order that is found in the table, or with its regressions, if the choice asks for that."""
    if is_sheared(choice.order):
        return replace(plan, shear=found.shear())
    if not isinstance(choice.order, str) or choice.order != "found":
        return plan
    return plan.in_order(both_ways(found.order()) if choice.n_masks == BOTH_WAYS else found.order())


def straightened(choice: Choice, found: Found) -> Choice:
    """Return the choice, with a sheared order in place of several homes where straight lines tie the columns together.

    Homes share weights, of which each would need its own regressions.
    """
    return replace(choice, order=SHEARED) if is_homes(choice.order) and found.shear() is not None else choice
