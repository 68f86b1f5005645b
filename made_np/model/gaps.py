"""Rows with gaps: what a model can answer exactly, what it says where it cannot.

Features that are known *lead* in an order if all of them come before all gaps. Then p(x) = p(known) p(gaps | known),
and the first factor is the product of the leading conditionals, none of which sees a gap. So each mask set in whose
order the known features lead fills the row, or scores its known part, and sums nothing out. An endless model
(``n_masks=None``) of random orders draws such an order for any gaps. One with a home order has learned to be told less:
it scores any row at home, and fills it along its path (`made_np.masks.paths`). Where no order will do, the answer is
one `ValueError`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from made_np.backends.bound import Bound
from made_np.cells import Name, as_source
from made_np.masks.paths import leads, path_of
from made_np.typing import Array, Bools, Ints
from made_np.values import as_choice

if TYPE_CHECKING:
    from made_np.model.made import MADE

Label = Callable[[int], str]

AT_ONCE = 1 << 21
"""Numbers that a layer holds for the rows that are scored together."""
SHOWN = 5
"""So many gaps are named in a message."""


def gap_patterns(known: Bools) -> Iterator[tuple[Bools, Ints]]:
    """Yield each distinct row of `known` (n, D) with the indices of the rows that have it."""
    if len(known) == 0:
        return
    if (known == known[0]).all():  # as where nothing is given: no need to sort the rows
        yield known[0], np.arange(len(known))
        return
    packed = np.packbits(known, axis=1)
    by_pattern = np.lexsort(packed.T[::-1])  # np.unique over rows compares fields, where NumPy hides a Ctrl-C
    changes = (packed[by_pattern[1:]] != packed[by_pattern[:-1]]).any(axis=1)
    for rows in np.split(by_pattern, np.flatnonzero(changes) + 1):
        yield known[rows[0]], rows


def leading_order(known: Bools, rng: np.random.Generator) -> Ints:
    """Return a random order in which the known features (D,) lead."""
    return np.concatenate([rng.permutation(np.flatnonzero(known)), rng.permutation(np.flatnonzero(~known))])


def no_order_leads(known: Bools, row: str, label: Label = "feature {}".format, other: str = "") -> ValueError:
    """Return the error for a row whose known features (D,) lead in no order of the model.

    `row` is what messages call the row, ``label(d)`` a feature; `other` is a further way out.
    """
    gaps = [label(int(d)) for d in np.flatnonzero(~known)]
    shown = ", ".join(gaps[:SHOWN]) + (f" and {len(gaps) - SHOWN} more" if len(gaps) > SHOWN else "")
    return ValueError(
        f"{row} has gaps in {shown}: what is known there leads in no order of this model, so the row can neither be "
        "scored nor filled exactly. Take a model with n_masks=None (of this order, or another), or a MADEDensity with "
        f"answers='any', which answers any gaps, or set order to one that begins with what is known{other}"
    )


def check_gaps(made: MADE, known: Bools, label: Label = "feature {}".format, name: Name = "x") -> None:
    """Raise a `ValueError` if the known features of some row lead in no order of the model.

    Parameters
    ----------
    made : MADE
    known : ndarray of bool, shape (n, D)
    label : callable (feature) -> str
        How to call a feature in the message.
    name : str or Source
        What to call the rows.
    """
    if made.n_masks is None:
        return
    unable = ~np.any([leads(one.order, known) for one in made.mask_sets], axis=0)
    if unable.any():
        row = int(np.flatnonzero(unable)[0])
        raise no_order_leads(known[row], as_source(name).line(row), label)


# ---------------------------------------------------------------------------------------------- filled


class Filler(NamedTuple):
    """What may fill the gaps of a row.

    Attributes
    ----------
    one : Bound
        Its order is led by what is known, or it is the path of that.
    home : Bound or None
        What says how likely the known values are: `one` itself, but for paths. None: there is no other filler.
    """

    one: Bound
    home: Bound | None


def assign(
    known: Bools,
    fillers: Callable[[Bools], list[Filler]],
    rng: np.random.Generator,
    log_prob_known: Callable[[Ints, Bools, Bound], Array],
) -> Iterator[tuple[Ints, Bound]]:
    """Return row indices with what shall fill their gaps, so that each draw is from p(gaps | known).

    What cannot be answered is refused at once; `rng` is first drawn from when the first pair is asked for.

    Parameters
    ----------
    known : ndarray of bool, shape (n, D)
    fillers : callable known (D,) -> list of Filler
        What can fill the gaps where these features are known; equally likely before anything is known.
    rng : numpy.random.Generator
    log_prob_known : callable (rows, known (D,), home) -> (rows,)
        How likely a home finds the known values.

    Raises
    ------
    ValueError
        The known features lead in no order.

    Notes
    -----
    The mixture's conditional is itself a mixture: ``p(rest | known) = sum_k w_k p_k(rest | known)`` with ``w_k``
    proportional to ``p_k(known)``. Sets whose order the known features do not lead cannot draw from theirs: they are
    left out.
    """
    questions = []
    for pattern, rows in gap_patterns(known):
        able = fillers(pattern)
        if not able:
            clamp = (
                ", or take conditioning='clamp' (given values are put in as they are reached; features drawn earlier "
                "do not hear of them)"
            )
            raise no_order_leads(pattern, as_source("given").line(int(rows[0])), other=clamp)
        questions.append((pattern, rows, able))
    return _drawn(questions, rng, log_prob_known)


def _drawn(
    questions: list[tuple[Bools, Ints, list[Filler]]],
    rng: np.random.Generator,
    log_prob_known: Callable[[Ints, Bools, Bound], Array],
) -> Iterator[tuple[Ints, Bound]]:
    """Draw the answers of `assign`, for each pattern of gaps, its rows, and what can fill them."""
    for pattern, rows, able in questions:
        homes = [each.home for each in able if each.home is not None]
        if not homes:
            yield rows, able[0].one
            continue
        weights: Array = np.zeros((len(homes), len(rows)))
        if pattern.any() and len(homes) > 1:
            weights = np.stack([log_prob_known(rows, pattern, home) for home in homes])
        # The largest of log w + Gumbel noise is a draw with probabilities proportional to w.
        chosen = (weights + rng.gumbel(size=weights.shape)).argmax(axis=0)
        for k, each in enumerate(able):
            if (chosen == k).any():
                yield rows[chosen == k], each.one


def choose(
    made: MADE,
    theta: Array,
    x: Array,
    context: Array | None,
    mask_set: Any,
    sets: list[Bound],
    conditioning: str,
    rng: np.random.Generator,
) -> Iterator[tuple[Ints, Bound]]:
    """Return which rows of `x` (n, D) are filled under which of the `sets` that `mask_set` stands for; see `assign`."""
    as_choice(conditioning, "conditioning", ("exact", "clamp"))
    endless = made.n_masks is None and mask_set is None
    on_paths = endless and made.mask_sets.has_paths

    def log_prob_known(rows: Ints, known: Bools, home: Bound) -> Array:
        # A home with paths is not told what is a gap. Else what stands there does not matter: no known feature sees it.
        part = x[rows] if on_paths else np.where(np.isnan(x[rows]), 0, x[rows])
        part[np.isinf(part)] = np.nan  # what the network is not told
        own = None if context is None else context[rows]
        nll = home.nll(theta, part, own)[:, known]
        if np.isnan(nll).any():
            made.check_live(theta, sets)
        return -nll.sum(axis=1, dtype=np.float64)

    def fillers(known: Bools) -> list[Filler]:
        if on_paths and known.any():
            homes = sets if len(sets) > 1 else [None]
            return [Filler(made.bound.for_known(known, k), home) for k, home in enumerate(homes)]
        if endless and known.any():
            return [Filler(made.bound.for_order(leading_order(known, rng)), None)]
        return [Filler(one, one) for one in sets if leads(one.mask_set.order, known)]

    if conditioning == "clamp":
        known = np.zeros_like(x, dtype=bool)
    else:
        known = np.isfinite(x) if on_paths else ~np.isnan(x)
    return assign(known, fillers, rng, log_prob_known)


def fill(
    made: MADE,
    theta: Array,
    x: Array,
    context: Array | None,
    sets: list[Bound],
    chosen: Iterator[tuple[Ints, Bound]],
    run: Callable[[Ints | slice, Bound, Array | None], Array],
) -> Array:
    """Return `x` (n, D) with its gaps filled by `run`, which is asked for all rows that share a mask set together.

    Where NaN is left, the parameters that `sets` use may be to blame: a `ValueError` names one that is not finite.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        filled = np.empty_like(x)
        for rows, one in chosen:
            if len(rows) == len(x):
                filled = run(slice(None), one, context)
                break
            filled[rows] = run(rows, one, None if context is None else context[rows])
    if (np.isnan(filled) & ~np.isinf(x)).any():  # a look at what was drawn costs less than one at all parameters
        made.check_live(theta, sets)
    return filled


# ---------------------------------------------------------------------------------------------- scored


def observed_log_prob(
    made: MADE,
    theta: Array,
    x: Array,
    label: Label = "feature {}".format,
    name: Name = "x",
    *,
    known: Bools | None = None,
    context: Any = None,
) -> NDArray[np.float64]:
    """Return log p of what is known in each row, in nats, shape (n,).

    Parameters
    ----------
    made : MADE
    theta : ndarray, shape (P,)
    x : ndarray, shape (n, D)
        Rows in which everything is known get ``made.log_prob``, rows in which nothing is get 0.
    label : callable (feature) -> str
        How to call a feature in a message.
    name : str or Source
        What to call the rows.
    known : ndarray of bool, shape (n, D), optional
        What counts as known; by default, what is not NaN in `x`. What is known and NaN is not told to the network, and
        costs nothing: a value that its column had not in training, of which something else says how likely it is.
    context : array (n, C) or (C,), optional
        For a model with ``n_context``.

    Raises
    ------
    ValueError
        The known features of a row lead in no order of the model.

    Notes
    -----
    A model with paths scores all rows in home order, and each feature given those before it that are known; several
    homes are a mixture. Of a mixture of mask sets, the sets whose order allows a row are the mixture of that row,
    equally likely. An endless model of random orders takes the first 32, with the known features moved to the front of
    each.

    Examples
    --------
    >>> from made_np import MADE
    >>> made = MADE(3, hidden=(4,), dtype="float64")
    >>> theta = made.init(rng=0)
    >>> both = np.array([[0, 1, 0], [0, 1, 1.0]])
    >>> part = observed_log_prob(made, theta, np.array([[0, 1, np.nan]]))
    >>> bool(np.allclose(np.exp(part), np.exp(made.log_prob(theta, both)).sum()))
    True
    """
    theta = made.hold(theta)
    known = ~np.isnan(x) if known is None else known
    check_gaps(made, known, label, name)
    # A model with paths is not told what is a gap. Else what stands there does not matter: no known feature sees it.
    filled = made.check_rows(np.where(known, x, np.nan if made.mask_sets.has_paths else 0), name, gaps=True)
    y = made.check_context(context, len(x))
    total = np.full(len(x), -np.inf)
    n_sets = np.zeros(len(x))
    for rows, one in _questions(made, known):
        each = -one.nll(theta, filled[rows], None if y is None else y[rows])
        total[rows] = np.logaddexp(total[rows], np.where(known[rows], each, 0).sum(axis=1, dtype=np.float64))
        n_sets[rows] += 1
    return total - np.log(n_sets)


def _questions(made: MADE, known: Bools) -> Iterator[tuple[Ints, Bound]]:
    """Yield which rows to score under which mask set, a limited number of rows at a time."""
    step = max(1, AT_ONCE // max(made.network.outputs.n_raw, made.network.n_inputs, *made.hidden))
    for rows, one in _assignments(made, known):
        for start in range(0, len(rows), step):
            yield rows[start : start + step], one


def _assignments(made: MADE, known: Bools) -> Iterator[tuple[Ints, Bound]]:
    """Yield row indices with each mask set that scores them."""
    if made.mask_sets.has_paths:
        yield from ((np.arange(len(known)), made.bound[k]) for k in made.mask_sets.mixed)
        return
    if made.n_masks is not None:
        for k, one in enumerate(made.mask_sets):
            yield np.flatnonzero(leads(one.order, known)), made.bound[k]
        return
    for pattern, rows in gap_patterns(known):
        for k in made.mask_sets.mixed if pattern.any() else (0,):
            order = made.mask_sets[k].order
            yield rows, made.bound[k] if pattern.all() else made.bound.for_order(path_of(order, pattern))
