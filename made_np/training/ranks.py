"""A run that many ranks make together, each with rows of its own.

All of them draw the same numbers and make the same updates: what one of them computes of a batch is the share of its
own rows, and these are added up. Rank 0 decides whatever is not a number: it looks at the clock, calls callbacks.
"""

from __future__ import annotations

import signal
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np

from made_np.backends.bound import Bound
from made_np.backends.memory import Memory, Tally
from made_np.model.rows import Rows
from made_np.ranks.comm import Comm
from made_np.training.clock import Clock
from made_np.training.summing import Summing
from made_np.training.team import Deal, Step, Team
from made_np.typing import Array, Ints

__all__ = ["Ranks"]

T = TypeVar("T")

TIME, INTERRUPTED, TROUBLE = range(3)
"""The signals behind a gradient: the share of the time by rank 0's clock, how many ranks have met a Ctrl-C, how many
losses that are not finite."""
INTERRUPT = "interrupt"
SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
"""What may be handled as a Ctrl-C."""


class AgreedInterrupt(KeyboardInterrupt):
    """All ranks end the run at this place."""


class Ranks(Team):
    """The ranks that make a run, as one of them sees them.

    Parameters
    ----------
    comm : Comm
    counts : list of int
        How many rows each rank has.
    valid_counts : list of int
    places, valid_places : ndarray of int, optional
        Which rows of the whole table, or of all validation rows, this rank has. None: those of rank 0 come first, then
        those of rank 1, and so on.
    """

    def __init__(
        self,
        comm: Comm,
        counts: list[int],
        valid_counts: list[int],
        places: Ints | None = None,
        valid_places: Ints | None = None,
    ) -> None:
        super().__init__(sum(counts), sum(valid_counts))
        self.comm: Comm = comm
        self.leads = comm.rank == 0
        self._n_own = counts[comm.rank]
        self._first = sum(counts[: comm.rank])
        self._first_valid = sum(valid_counts[: comm.rank])
        self._places = places
        self._valid_places = valid_places
        self._where: Ints | None = None
        if places is not None:
            self._where = np.full(self.n_rows, -1, dtype=np.int64)
            self._where[places] = np.arange(self._n_own)
        self._clock: Clock | None = None
        self._has_interrupt = False
        self._has_trouble = False

    # ------------------------------------------------------------------------------------------ a step

    def memory_for(self, theta: Array) -> Array:
        """Return memory for a gradient."""
        self._summing = Summing(self.comm, theta, 3)
        return self._summing.grad

    def deal(self, order: Ints, size: int) -> Deal:
        """Return a pass over all rows in this order, of which each rank makes its own."""
        if self._where is None:
            own = order - self._first
            places = np.flatnonzero((own >= 0) & (own < self._n_own))
        else:
            own = self._where[order]
            places = np.flatnonzero(own >= 0)
        begins = np.searchsorted(places, np.arange(0, self.n_rows + size, size))
        return Deal(own[places], self.n_rows, size, places, begins)

    def learn(self, bound: Bound, memory: Memory, tally: Tally, step: Step) -> Array:
        """Make one step with the gradient of all ranks."""
        shares = step.shares
        if shares is None:
            shares = np.full(int(step.x.shape[0]), 1 / step.n, self._summing.grad.dtype)
        given = step.theta, step.x, step.context, step.grad, step.keeps, shares
        self._signal(tally)
        if memory.holds(step.grad):
            nll = bound.loss_and_grad(*given)
            self._summing.add_held(step.grad, memory)
        else:
            nll = bound.loss_and_grad(*given, self._summing.ready)
            self._summing.wait()
        self._hear()
        bound.update(step.theta, step.grad, *step.update)
        return nll

    def _signal(self, tally: Tally) -> None:
        """Write down what the others must know."""
        assert self._clock is not None
        signals = self._summing.signals
        signals[TIME] = self._clock.used() if self.leads else 0.0
        signals[INTERRUPTED] = self._has_interrupt
        signals[TROUBLE] = not tally.is_finite

    def _hear(self) -> None:
        """Take up what all know now."""
        assert self._clock is not None
        signals = self._summing.signals
        self._clock.told = float(signals[TIME])
        self._has_trouble = bool(signals[TROUBLE] > 0)
        if signals[INTERRUPTED] > 0:
            raise AgreedInterrupt

    def is_sound(self, tally: Tally) -> bool:
        """Return whether no loss before the last step was one that is not finite: by then all ranks know."""
        return not self._has_trouble

    # ------------------------------------------------------------------------------------------ an epoch

    def mean(self, total: float, count: float) -> float:
        """Return the mean of what has been added up on all ranks."""
        time = 0.0 if self._clock is None else self._clock.used()
        told = self.comm.gather((total, count, time, self._has_interrupt))
        totals, counts, times, interrupts = zip(*told, strict=True)
        if self._clock is not None:
            self._clock.told = times[0]
        if any(interrupts):
            raise AgreedInterrupt
        return float(sum(totals)) / float(sum(counts))

    def align(self, arrays: list[Array], memory: Memory) -> None:
        """Bring all ranks back to rank 0's numbers where those of some are others.

        One sum on all ranks and the same arithmetic give the same bits, but processors that differ may round otherwise.
        """
        checksums = self.comm.gather(zlib.crc32(memory.fetch(arrays[0]).data))
        if len(set(checksums)) == 1:
            return
        for array in arrays:
            told = self.comm.share(memory.fetch(array))
            if not self.leads:
                memory.write(told, array)

    def seconds(self, clock: Clock) -> float:
        """Return how long the run has been going on, by rank 0's clock."""
        return float(self.comm.share(clock.seconds()))

    def decide(self, ask: Callable[[], str]) -> str:
        """Return the answer of rank 0, which alone is asked."""
        word = ""
        if self.leads:
            try:
                word = ask()
            except KeyboardInterrupt:
                word = INTERRUPT
        word = str(self.comm.share(word))
        if word == INTERRUPT:
            raise AgreedInterrupt
        return word

    # ------------------------------------------------------------------------------------------ the table

    def same(self, value: T) -> T:
        """Return rank 0's value."""
        told: T = self.comm.share(value)
        return told

    def generator(self, given: np.random.Generator) -> np.random.Generator:
        """Return a generator that can draw what rank 0's will, once it has its state; the one that was given, if so."""
        told = self.comm.share(given)
        return given if type(told.bit_generator) is type(given.bit_generator) else told

    def every(self, rows: Rows, step: int) -> Rows:
        """Return one row in `step` of the whole table, where these are the own ones."""
        numbers = self.numbers(0, len(rows), valid=False)
        own = np.flatnonzero(numbers % step == 0)
        told = [each for each in self.comm.gather((numbers[own], rows.x[own])) if len(each[0])]
        order = np.argsort(np.concatenate([each for each, _ in told]))
        return Rows(np.concatenate([x for _, x in told])[order])

    def add_up(self, numbers: list[int]) -> list[int]:
        """Return the sums of numbers over all ranks."""
        return [sum(each) for each in zip(*self.comm.gather(numbers), strict=True)]

    def numbers(self, first: int, last: int, *, valid: bool) -> Ints:
        """Return which rows of the whole table, or of all validation rows, the own rows first..last-1 are."""
        places = self._valid_places if valid else self._places
        if places is not None:
            return places[first:last]
        return np.arange(first, last) + (self._first_valid if valid else self._first)

    # ------------------------------------------------------------------------------------------ a run

    @contextmanager
    def listening(self, clock: Clock) -> Iterator[None]:
        """Go by rank 0's clock; a first Ctrl-C, or what counts as one, waits for the next step to end all ranks."""
        self._clock = clock
        clock.told = float(self.comm.share(clock.used()))
        is_main = threading.current_thread() is threading.main_thread()
        numbers = [getattr(signal, name) for name in SIGNALS if is_main and hasattr(signal, name)]
        before = {number: signal.getsignal(number) for number in numbers}
        try:
            for number, handler in before.items():
                if callable(handler):
                    signal.signal(number, self._noting(handler))
            yield
        finally:
            for number, handler in before.items():
                if callable(handler):
                    signal.signal(number, handler)

    def _noting(self, handler: Callable[[int, Any], Any]) -> Callable[[int, Any], None]:
        """Return what does as a handler of signals does, but notes a first `KeyboardInterrupt` that it raises."""

        def handle(number: int, frame: Any) -> None:
            try:
                handler(number, frame)
            except KeyboardInterrupt:
                if self._has_interrupt:
                    raise
                self._has_interrupt = True

        return handle

    def agrees(self, interrupt: KeyboardInterrupt) -> bool:
        """Return whether the whole team ends by this interrupt; by another, this rank alone would."""
        return isinstance(interrupt, AgreedInterrupt)
