"""Where a run keeps what it learns with: the memory of the machine, or that of the device that computes.

A run asks the `Memory` of its backend to hold theta, the gradient, the average and what an optimizer remembers. They
stay there for the whole run, and `Bound` takes them as they are; whoever looks at one of them fetches it. On the CPU
nothing is ever moved: `Host` gives back what it is given.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Protocol

import numpy as np

from made_np.typing import Array, Bools, Ints

__all__ = ["Feed", "Host", "Memory", "Table", "Tally"]


class Table(Protocol):
    """Rows that a run learns from, such as `made_np.model.rows.Rows`."""

    @property
    def x(self) -> Array:
        """The rows (n, D)."""

    @property
    def context(self) -> Array | None:
        """What they depend on (n, ...), or None."""

    def __len__(self) -> int: ...

    def batch(self, index: Any, dtype: np.dtype[Any]) -> tuple[Array, Array | None]:
        """Return the rows of that index, and their context, in this dtype."""


class Feed(ABC):
    """The rows of one pass, a batch at a time, where the backend computes."""

    @abstractmethod
    def batch(self, first: int, last: int) -> tuple[Array, Array | None]:
        """Return rows first..last-1 of the pass, and their context; the next call may overwrite them."""


class Tally(ABC):
    """The loss of one pass, added up where it is computed."""

    @abstractmethod
    def add(self, nll: Array, weights: Array | None) -> None:
        """Count the losses of a batch (B,), each times its weight."""

    @property
    @abstractmethod
    def is_finite(self) -> bool:
        """False as soon as it is known that the loss of a batch was not finite."""

    @abstractmethod
    def totals(self) -> tuple[float, float]:
        """Return the sum of the losses so far, each times its weight, and how many rows there were."""


class Memory(ABC):
    """What a run asks for, besides computing."""

    at_once: ClassVar[int]
    """Numbers of the widest layer that are computed at once, when many rows are scored."""

    @abstractmethod
    def holds(self, array: Any) -> bool:
        """Return whether an array is one of its own, which only its backend can read."""

    @abstractmethod
    def hold(self, array: Array) -> Array:
        """Return the array where the backend computes: one of its own, or this one if it lies there."""

    @abstractmethod
    def fetch(self, held: Array) -> Array:
        """Return the array in the machine's memory: a copy, or this one if it lies there."""

    @abstractmethod
    def write(self, array: Array, held: Array) -> None:
        """Overwrite an array that is held with one of the machine's memory."""

    @abstractmethod
    def wait(self) -> None:
        """Wait until all that was asked for is done."""

    @abstractmethod
    def copy(self, held: Array) -> Array:
        """Return a copy where the array lies."""

    @abstractmethod
    def is_finite(self, held: Array) -> bool:
        """Return whether the sum of an array is finite."""

    @abstractmethod
    def hide(self, x: Array, told: Bools) -> Array:
        """Return the rows `x` (B, D) with NaN where they are not told."""

    @abstractmethod
    def feed(self, rows: Table, order: Ints, dtype: np.dtype[Any]) -> Feed:
        """Return a pass over rows in this order."""

    @abstractmethod
    def tally(self) -> Tally:
        """Return a loss of which nothing has been added up yet."""

    def release(self) -> None:  # noqa: B027
        """Forget what was kept from one pass to the next: the run is over."""


class Host(Memory):
    """The memory of the machine, for backends of the CPU."""

    at_once = 1 << 20  # a few megabytes, which a cache holds

    def holds(self, array: Any) -> bool:
        """Return whether an array is one of its own."""
        return False

    def hold(self, array: Array) -> Array:
        """Return the array where the backend computes."""
        return array

    def fetch(self, held: Array) -> Array:
        """Return the array in the machine's memory."""
        return held

    def write(self, array: Array, held: Array) -> None:
        """Overwrite an array that is held."""
        held[...] = array

    def wait(self) -> None:
        """Nothing is ever late here."""

    def copy(self, held: Array) -> Array:
        """Return a copy where the array lies."""
        return held.copy()

    def is_finite(self, held: Array) -> bool:
        """Return whether the sum of an array is finite."""
        with np.errstate(all="ignore"):
            return bool(np.isfinite(held.sum()))

    def hide(self, x: Array, told: Bools) -> Array:
        """Return the rows with NaN where they are not told."""
        return np.where(told, x, x.dtype.type(np.nan))

    def feed(self, rows: Table, order: Ints, dtype: np.dtype[Any]) -> Feed:
        """Return a pass over rows in this order."""
        return _HostFeed(rows, order, dtype)

    def tally(self) -> Tally:
        """Return a loss of which nothing has been added up yet."""
        return _HostTally()


class _HostFeed(Feed):
    def __init__(self, rows: Table, order: Ints, dtype: np.dtype[Any]) -> None:
        self.rows = rows
        self.order = order
        self.dtype = dtype

    def batch(self, first: int, last: int) -> tuple[Array, Array | None]:
        return self.rows.batch(self.order[first:last], self.dtype)


class _HostTally(Tally):
    def __init__(self) -> None:
        self.total = 0.0
        self.count = 0

    def add(self, nll: Array, weights: Array | None) -> None:
        # A batch at a time, in double precision.
        mean = float(nll.mean(dtype=np.float64) if weights is None else (weights * nll).mean())
        self.total += mean * len(nll)
        self.count += len(nll)

    @property
    def is_finite(self) -> bool:
        return math.isfinite(self.total)

    def totals(self) -> tuple[float, float]:
        return self.total, self.count
