"""How likely is what was observed, where some features were not: the marginal of the observed ones.

With the observed features first in the order, ``p(x) = p(observed) p(rest | observed)``, and the first factor is the
product of the leading conditionals: it is exact, and none of them sees a gap. So nothing needs to be summed out, as
long as the model has such an order. Of several mask sets those that have it form the mixture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from made_np.masks.sets import MIXTURE_SIZE
from made_np.model.conditioning import gap_patterns
from made_np.model.made import MADE
from made_np.typing import Array, Bools, Ints

Label = Callable[[int], str]


def check_gaps(made: MADE, known: Bools, label: Label = "feature {}".format) -> None:
    """Raise a `ValueError` if the known features of some row lead in no order of the model.

    Parameters
    ----------
    made : MADE
    known : ndarray of bool, shape (n, D)
    label : callable (feature) -> str
        How to call a feature in the message.
    """
    if made.n_masks is None:
        return
    unable = ~np.any([_leads(one.order, known) for one in made.mask_sets], axis=0)
    if unable.any():
        row = int(np.flatnonzero(unable)[0])
        gaps = [label(int(d)) for d in np.flatnonzero(~known[row])]
        shown = ", ".join(gaps[:5]) + (f" and {len(gaps) - 5} more" if len(gaps) > 5 else "")
        raise ValueError(
            f"X[{row}] has gaps in {shown}: what is known there leads in no order of this model, so it can neither be "
            "scored nor completed exactly. Fit with n_masks=None, which takes any gaps (with order='auto' or "
            "'random'), or set order to one that begins with the columns that are known"
        )


def observed_log_prob(made: MADE, theta: Array, x: Array, label: Label = "feature {}".format) -> NDArray[np.float64]:
    """Return log p of what is observed in each row, in nats, shape (n,).

    Parameters
    ----------
    made : MADE
    theta : ndarray, shape (P,)
    x : ndarray, shape (n, D)
        NaN where a feature was not observed. Rows without NaN get ``made.log_prob``, rows of nothing else get 0.
    label : callable (feature) -> str
        How to call a feature in a message.

    Raises
    ------
    ValueError
        The observed features of a row lead in no order of the model.

    Notes
    -----
    Of a mixture of mask sets, the sets whose order allows a row are the mixture of that row, equally likely. An endless
    model takes the first 32 orders, with the observed features moved to the front of each.

    Examples
    --------
    >>> made = MADE(3, hidden=(4,), dtype="float64")
    >>> theta = made.init(rng=0)
    >>> both = np.array([[0, 1, 0], [0, 1, 1.0]])
    >>> part = observed_log_prob(made, theta, np.array([[0, 1, np.nan]]))
    >>> bool(np.allclose(np.exp(part), np.exp(made.log_prob(theta, both)).sum()))
    True
    """
    known = ~np.isnan(x)
    check_gaps(made, known, label)
    # What stands in a gap does not matter, as long as it is a value: no known feature sees it.
    filled = np.where(known, x, 0)
    total = np.full(len(x), -np.inf)
    n_sets = np.zeros(len(x))
    for rows, mask_set in _questions(made, known):
        each = made.feature_log_prob(theta, filled[rows], mask_set=mask_set)
        total[rows] = np.logaddexp(total[rows], np.where(known[rows], each, 0).sum(axis=1, dtype=np.float64))
        n_sets[rows] += 1
    return total - np.log(n_sets)


def _questions(made: MADE, known: Bools) -> Iterator[tuple[Ints, Any]]:
    """Yield which rows to score under which mask set, a limited number of rows at a time."""
    step = max(1, 2**22 // max(made.network.outputs.n_raw, made.network.n_inputs, *made.hidden))
    for rows, mask_set in _assignments(made, known):
        for start in range(0, len(rows), step):
            yield rows[start : start + step], mask_set


def _assignments(made: MADE, known: Bools) -> Iterator[tuple[Ints, int | Ints]]:
    """Yield row indices with the index of a mask set, or with the order that makes one."""
    if made.n_masks is not None:
        for k, one in enumerate(made.mask_sets):
            yield np.flatnonzero(_leads(one.order, known)), k
        return
    for pattern, rows in gap_patterns(known):
        for k in range(MIXTURE_SIZE if pattern.any() else 1):
            order = made.mask_sets[k].order
            front = pattern[order]
            yield rows, (k if pattern.all() else np.concatenate([order[front], order[~front]]))


def _leads(order: Ints, known: Bools) -> Bools:
    """Return for each row of `known` (n, D) whether its known features all come before its gaps in `order`."""
    in_order = known[:, order]
    return np.asarray((in_order[:, :-1] >= in_order[:, 1:]).all(axis=1))
