"""Who makes the steps of a run: one process, unless `made_np.training.ranks` has another answer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple, TypeVar

import numpy as np

from made_np.backends.bound import Bound
from made_np.backends.memory import Memory, Tally
from made_np.model.rows import Rows
from made_np.optim import Optimizer, State
from made_np.ranks.comm import Comm
from made_np.training.clock import Clock
from made_np.typing import Array, Ints

__all__ = ["Batch", "Deal", "Step", "Team"]

T = TypeVar("T")

Update = tuple[Optimizer, State, float, Array | None]
"""Optimizer, its state, learning rate, weight decay: what `Bound.update` takes behind theta and its gradient."""


class Batch(NamedTuple):
    """The rows of one step."""

    first: int
    """Where they begin among the process's own rows of the pass."""
    last: int
    n: int
    """How many there are on all ranks."""
    places: Ints | None
    """Which of those are the process's own; None: all."""

    def own(self, drawn: Array) -> Array:
        """Return what was drawn for its own rows, of what was drawn for all."""
        return drawn if self.places is None else drawn[self.places]


class Step(NamedTuple):
    """What a step is made from, as `Bound.train_step` takes it."""

    theta: Array
    x: Array
    context: Array | None
    grad: Array
    update: Update
    keeps: list[Array | None] | None
    shares: Array | None
    """What each of these rows counts; None: one of `n`."""
    n: int
    """Rows of the batch on all ranks."""
    only_live: bool


class Deal(NamedTuple):
    """The rows of one pass, batch by batch."""

    own: Ints
    """Those that the process has, by its own numbers, in the sequence of the pass."""
    n: int
    """How many rows the pass has on all ranks."""
    size: int
    """Of a batch."""
    places: Ints | None = None
    """Where in the pass each own row stands; None: one after the other."""
    begins: Ints | None = None
    """Where in `own` each batch begins, and where the last one ends."""

    def batch(self, k: int) -> Batch:
        """Return batch k."""
        start = k * self.size
        n = min(self.size, self.n - start)
        if self.places is None or self.begins is None:
            return Batch(start, start + n, n, None)
        first = int(self.begins[k])
        last = int(self.begins[k + 1])
        return Batch(first, last, n, self.places[first:last] - start)


class Team:
    """One process that stands alone, which draws and decides by itself.

    Parameters
    ----------
    n_rows : int
        Of the table.
    n_valid : int
        Of the validation rows.

    Attributes
    ----------
    leads : bool
        Whether this process shows progress, writes checkpoints, calls callbacks.
    comm : Comm or None
        Its line to the others, if there are any.
    """

    leads = True
    comm: Comm | None = None

    def __init__(self, n_rows: int, n_valid: int = 0) -> None:
        self.n_rows = n_rows
        self.n_valid = n_valid

    def memory_for(self, theta: Array) -> Array:
        """Return memory for a gradient."""
        return np.empty_like(theta)

    def deal(self, order: Ints, size: int) -> Deal:
        """Return a pass over all rows in this order."""
        return Deal(order, self.n_rows, size)

    def learn(self, bound: Bound, memory: Memory, tally: Tally, step: Step) -> Array:
        """Make one step, and return the nll of each own row before it; `tally` has the rows of the steps before."""
        given = step.theta, step.x, step.context, step.grad
        return bound.train_step(*given, *step.update, step.keeps, step.shares, only_live=step.only_live)

    def is_sound(self, tally: Tally) -> bool:
        """Return whether no loss was seen that is not finite."""
        return tally.is_finite

    def mean(self, total: float, count: float) -> float:
        """Return the mean of what has been added up on all ranks."""
        return total / count

    def align(self, arrays: list[Array], memory: Memory) -> None:
        """Make sure that arrays, of which the first tells, are the same on all ranks."""

    def seconds(self, clock: Clock) -> float:
        """Return how long the run has been going on."""
        return clock.seconds()

    def decide(self, ask: Callable[[], str]) -> str:
        """Return the answer of who leads."""
        return ask()

    def same(self, value: T) -> T:
        """Return the value that counts, of those that all ranks give."""
        return value

    def generator(self, given: np.random.Generator) -> np.random.Generator:
        """Return a generator that can draw the same on all ranks."""
        return given

    def every(self, rows: Rows, step: int) -> Rows:
        """Return one row in `step` of the whole table, where these are the own ones."""
        return rows[::step]

    def add_up(self, numbers: list[int]) -> list[int]:
        """Return the sums of numbers over all ranks."""
        return numbers

    def numbers(self, first: int, last: int, *, valid: bool) -> Ints:
        """Return which rows of the whole table, or of all validation rows, the own rows first..last-1 are."""
        return np.arange(first, last)

    def listening(self, clock: Clock) -> AbstractContextManager[None]:
        """Return what surrounds the run."""
        return nullcontext()

    def agrees(self, interrupt: KeyboardInterrupt) -> bool:
        """Return whether the whole team ends by this interrupt."""
        return True
