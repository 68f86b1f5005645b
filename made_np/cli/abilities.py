"""Which questions a model answers, in a line."""

from __future__ import annotations

from made_np.columns.columns import Columns
from made_np.model.made import MADE

__all__ = ["abilities"]

SHOWN = 8
"""So many columns are named."""


def abilities(made: MADE, columns: Columns) -> str:
    """Return what may be missing in a row, and what may be asked, in a line."""
    if not columns.context:
        return _of_order(made, columns)
    names = [columns.each[d].name or str(d) for d in columns.context]
    return f"{_of_order(made, columns)}; what is given has to say {_listed(names)}"


def _listed(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")


def _of_order(made: MADE, columns: Columns) -> str:
    """Return what has to be known of the columns that are modelled."""
    if made.n_masks is None:
        return "answers: gaps and conditions may be in any columns"
    others = "; for all others train with --answers any"
    if made.n_masks > 1:
        return f"answers: what is known has to lead in one of its {made.n_masks} orders{others}"
    names = [columns.features[d].name or str(d) for d in made.mask_sets[0].order.tolist()]
    return f"answers: what is known has to lead in its order, which is {_listed(names)}{others}"
