"""What a fit decides from the training rows before it starts: the order of the columns, and the rows it holds out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from made_np.estimator.conventions import as_real
from made_np.frames import Floats
from made_np.model import MADE
from made_np.orders import find_order

__all__ = ["choose_order", "hold_out"]

Array = NDArray[Any]


def choose_order(order: Any, n_masks: Any, known: Floats | MADE) -> Any:
    """Return the order that the model gets: `order` itself, or for "auto" one that is found.

    Parameters
    ----------
    order, n_masks
        Parameters of the estimator.
    known : ndarray (n, D) or MADE
        What "auto" goes by: the training table, or the model that is to go on learning, whose order stays.

    Raises
    ------
    ValueError
        "auto" for several mask sets.
    """
    if not (isinstance(order, str) and order == "auto"):
        return order
    if n_masks != 1:
        raise ValueError(
            f"order='auto' finds one order, and n_masks={n_masks}: set n_masks=1, or order='random' for several"
        )
    return known.order if isinstance(known, MADE) else find_order(known)


def hold_out(rows: Array, fraction: Any, rng: np.random.Generator) -> tuple[Array, Array | None]:
    """Split off a share of the rows for validation: at least one, unless there is only one.

    Raises
    ------
    TypeError, ValueError
        A `fraction` that is no number in (0, 1); it is the estimator's ``validation_fraction``.
    """
    fraction = as_real(fraction, "validation_fraction")
    if not 0 < fraction < 1:
        raise ValueError(f"validation_fraction={fraction}: give a number in (0, 1)")
    if len(rows) < 2:
        return rows, None
    shuffled = rows[rng.permutation(len(rows))]
    n_valid = max(1, int(fraction * len(rows)))
    return shuffled[n_valid:], shuffled[:n_valid]
