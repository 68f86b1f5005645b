"""What "auto" stands for where short trials on held-out rows decide."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from made_np.estimator.rules import is_auto
from made_np.model.made import MADE

__all__ = [
    "BOTH_WAYS",
    "HOMES",
    "LITTLE_DECAY",
    "PATHS",
    "SHEARED",
    "Choice",
    "Trial",
    "best",
    "is_homes",
    "is_sheared",
    "little_decay",
    "real_decay",
    "try_out",
    "without_trials",
]

LITTLE_DECAY = 3e-4
"""The weight decay to begin with, which is less for many rows of few columns; see `little_decay`."""
MORE_DECAY = 10.0
MOST_DECAY = 0.1
"""So many times the weight decay is tried as long as rows say that more is better, up to the second number."""
PATHS = "paths"
"""What `Choice.n_masks` is for a home order with a path for each set of known columns."""
BOTH_WAYS = "both ways"
"""What `Choice.n_masks` is for an order and its reverse, as two mask sets."""
HOMES = "homes"
"""What `Choice.order` is for several home orders."""
SHEARED = "sheared"
"""What `Choice.order` is for the natural order, where each column is learned less its regression on those before it."""
MANY = 64
"""Mask sets of a mixture over random orders."""


@dataclass(frozen=True)
class Choice:
    """What may be chosen; each "auto" is still open.

    Attributes
    ----------
    order : str, permutation, or permutations
        "found" is the one of `made_np.find_order`, "homes" are those of `rules.homes`, "sheared" is the natural one.
    n_masks : int, None, "auto", "paths" or "both ways"
        "paths": the order is home, and there is a path for each set of known columns. "both ways": the model is the
        mixture of the order and its reverse.
    weight_decay : float, dict or "auto"
    """

    order: Any
    n_masks: Any
    weight_decay: Any


def is_homes(order: Any) -> bool:
    """Whether `Choice.order` stands for several home orders."""
    return isinstance(order, str) and order == HOMES


def is_sheared(order: Any) -> bool:
    """Whether `Choice.order` stands for a sheared natural order."""
    return isinstance(order, str) and order == SHEARED


@dataclass(frozen=True)
class Trial:
    """A choice, and the best loss of held-out rows (nats per row, in the units of the model) in a short fit of it."""

    choice: Choice
    valid: float


def little_decay(n_rows: int, n_columns: int) -> float:
    """Return the weight decay to begin with, ``D / (64 n)``, since many rows need little; at most `LITTLE_DECAY`.

    Examples
    --------
    >>> little_decay(2_000, 112), little_decay(32_000, 128)
    (0.0003, 6.25e-05)
    """
    return min(LITTLE_DECAY, n_columns / (64 * max(n_rows, 1)))


def real_decay(n_rows: int, n_columns: int) -> float:
    """Return the weight decay for real columns, ``1 / (3 D n)``, but no more than `LITTLE_DECAY`.

    Examples
    --------
    >>> real_decay(100, 2), round(real_decay(10_000, 10), 7)
    (0.0003, 3.3e-06)
    """
    return min(LITTLE_DECAY, 1 / (3 * n_columns * max(n_rows, 1)))


def without_trials(asked: Choice, weight_decay: Any, made: MADE | None = None) -> Choice:
    """Return the choice that is made without held-out rows, or for a model that goes on learning as it is.

    An order is found, one mask set is taken, unless `asked` has several: those want random orders. What was found once
    stays while learning goes on. An open decay becomes `weight_decay`.
    """
    several = asked.n_masks not in (1, "auto", PATHS)
    order, n_masks = ("random" if several else "found", 1) if made is None else (made.order, made.n_masks)
    keeps_order = is_auto(asked.order) or (made is not None and isinstance(asked.order, str) and asked.order == "found")
    return Choice(
        order if keeps_order else asked.order,
        n_masks if is_auto(asked.n_masks) else asked.n_masks,
        weight_decay if is_auto(asked.weight_decay) else asked.weight_decay,
    )


def best(trials: list[Trial]) -> Choice:
    """Return the choice with the smallest loss."""
    return min(trials, key=lambda trial: trial.valid).choice


def try_out(asked: Choice, weight_decay: float, loss: Callable[[Choice], float]) -> list[Trial]:
    """Return what was tried, nothing if nothing is to be chosen; the one with the smallest loss is the choice.

    One question after the other, each with the best answers to those before: the natural order or the one that is
    found; more weight decay; that order alone, or a mixture over random orders, or together with its reverse. Decay
    comes before mixtures: with too little of it, one order overfits where many, which share weights, do not yet. Those
    keep the decay to begin with.

    Parameters
    ----------
    asked : Choice
    weight_decay : float
        To begin with, where that is open.
    loss : callable Choice -> float
        Of held-out rows, after a short fit.
    """
    first = without_trials(asked, weight_decay)
    # Real columns are learned to a hair, which a short fit does not see: it likes any decay.
    seeks_decay = is_auto(asked.weight_decay) and not is_homes(first.order)
    trials: list[Trial] = []

    def attempt(choice: Choice) -> bool:
        found = loss(choice)
        trials.append(Trial(choice, math.inf if math.isnan(found) else found))
        return best(trials) is choice

    seeks_order = is_auto(asked.order) and first.order == "found"
    if seeks_order or seeks_decay:
        attempt(first)
    if seeks_order:
        attempt(replace(first, order="natural"))
    if seeks_decay:
        _seek_decay(best(trials), attempt)
    if seeks_order and is_auto(asked.n_masks):
        alone = best(trials)
        attempt(replace(first, order="random", n_masks=MANY))
        attempt(replace(alone, n_masks=BOTH_WAYS))
    return trials


def _seek_decay(start: Choice, attempt: Callable[[Choice], bool]) -> None:
    """Try more weight decay as long as it helps, then half a step, on a logarithmic scale, from the best."""
    most = start.weight_decay

    def better(decay: float) -> bool:
        return attempt(replace(start, weight_decay=decay))

    while most < MOST_DECAY and better(_times(MORE_DECAY, most)):
        most = _times(MORE_DECAY, most)
    if most < MOST_DECAY:
        better(_times(math.sqrt(MORE_DECAY), most))


def _times(factor: float, decay: float) -> float:
    """Return a weight decay that is so many times another, in two digits, but `MOST_DECAY` at most.

    Examples
    --------
    >>> _times(10, 3e-4), _times(10, 0.03)
    (0.003, 0.1)
    """
    return min(float(f"{factor * decay:.2g}"), MOST_DECAY)
