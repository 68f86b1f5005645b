"""Which order can answer a question exactly: draws given some features need an order in which these lead."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from made_np.masks.sets import MaskSet
from made_np.typing import Array, Bools, Ints


def gap_patterns(known: Bools) -> Iterator[tuple[Bools, Ints]]:
    """Yield each distinct row of `known` (n, D) with the indices of the rows that have it."""
    if len(known) == 0:
        return
    if (known == known[0]).all():  # as where nothing is given: no need to sort the rows
        yield known[0], np.arange(len(known))
        return
    _, first, member = np.unique(np.packbits(known, axis=1), axis=0, return_index=True, return_inverse=True)
    member = member.reshape(-1)
    for k, row in enumerate(first):
        yield known[row], np.flatnonzero(member == k)


def leads(order: Ints, known: Bools) -> bool:
    """Return whether all known features (D,) come before all gaps in `order`."""
    in_order = known[order]
    return bool(in_order[: int(known.sum())].all())


def leading_order(known: Bools, rng: np.random.Generator) -> Ints:
    """Return a random order in which the known features (D,) lead."""
    return np.concatenate([rng.permutation(np.flatnonzero(known)), rng.permutation(np.flatnonzero(~known))])


def assign(
    known: Bools,
    sets: list[MaskSet],
    rng: np.random.Generator,
    log_prob_known: Callable[[Ints, Bools, MaskSet], Array],
    fresh: Callable[[Ints], MaskSet] | None = None,
) -> Iterator[tuple[Ints, MaskSet]]:
    """Return row indices with the mask set that shall fill their gaps, so that each draw is from p(gaps | known).

    What cannot be answered is refused at once; `rng` is first drawn from when the first pair is asked for.

    Parameters
    ----------
    known : ndarray of bool, shape (n, D)
    sets : list of MaskSet
        The components of the mixture, equally likely before anything is known.
    rng : numpy.random.Generator
    log_prob_known : callable (rows, known (D,), mask_set) -> (rows,)
        How likely a mask set finds the known values.
    fresh : callable order -> MaskSet, optional
        Of an endless model: it then takes a new order that the known features lead, one for each pattern of gaps.

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
        able = [] if pattern.any() and fresh is not None else [one for one in sets if leads(one.order, pattern)]
        if not able and fresh is None:
            raise no_order_leads(pattern)
        questions.append((pattern, rows, able))
    return _drawn(questions, rng, log_prob_known, fresh)


def _drawn(
    questions: list[tuple[Bools, Ints, list[MaskSet]]],
    rng: np.random.Generator,
    log_prob_known: Callable[[Ints, Bools, MaskSet], Array],
    fresh: Callable[[Ints], MaskSet] | None,
) -> Iterator[tuple[Ints, MaskSet]]:
    """Draw the answers of `assign`, for each pattern of gaps, its rows, and the mask sets that can fill them."""
    for pattern, rows, able in questions:
        if not able and fresh is not None:
            yield rows, fresh(leading_order(pattern, rng))
            continue
        weights: Array = np.zeros((len(able), len(rows)))
        if pattern.any() and len(able) > 1:
            weights = np.stack([log_prob_known(rows, pattern, one) for one in able])
        # The largest of log w + Gumbel noise is a draw with probabilities proportional to w.
        chosen = (weights + rng.gumbel(size=weights.shape)).argmax(axis=0)
        for k, one in enumerate(able):
            if (chosen == k).any():
                yield rows[chosen == k], one


def fill(
    x: Array,
    context: Array | None,
    chosen: Iterator[tuple[Ints, MaskSet]],
    run: Callable[[Ints | slice, MaskSet, Array | None], Array],
) -> Array:
    """Return `x` (n, D) with its gaps filled by `run`, which is asked for all rows that share a mask set together."""
    filled = np.empty_like(x)
    for rows, one in chosen:
        if len(rows) == len(x):
            return run(slice(None), one, context)
        filled[rows] = run(rows, one, None if context is None else context[rows])
    return filled


def no_order_leads(known: Bools) -> ValueError:
    """Return the error for gaps that no order of the model can fill exactly."""
    given = np.flatnonzero(known)
    shown = ", ".join(map(str, given[:8])) + (", ..." if len(given) > 8 else "")
    return ValueError(
        f"given: features {shown} do not lead in any order of this model, so p(rest | given) cannot be drawn exactly. "
        "Use a model whose order begins with them, a model with n_masks=None, or conditioning='clamp' (given values "
        "are put in as they are reached; features drawn earlier do not hear of them)"
    )
