"""The memory of a device, where what a run learns stays while rows come in large blocks."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

from made_np.backends._cupy.device import Device, dtype_of, len_of
from made_np.backends._cupy.passes import BLOCK, blocks
from made_np.backends._cupy.wiring import put
from made_np.backends.memory import Feed, Memory, Table, Tally
from made_np.typing import Array, Bools, Ints

__all__ = ["DeviceMemory"]

SHARE = 4
"""A table stays on the device if it takes at most one part in so many of the memory that is left."""
AT_ONCE = 1 << 26
"""Bytes of a block of rows that are moved together, if the table does not stay there."""
THREADS = 1024
"""Threads of the one block that adds up."""


class DeviceMemory(Memory):
    """The memory of a device.

    Parameters
    ----------
    device : Device
    """

    at_once = 1 << 26  # enough work for a GPU, in some hundreds of megabytes

    def __init__(self, device: Device) -> None:
        self.device = device
        self.resident: _Resident | None = None

    def holds(self, array: Any) -> bool:
        """Return whether an array is one of its own."""
        return self.device.owns(array)

    def hold(self, array: Array) -> Array:
        """Return the array where the backend computes."""
        return array if self.device.owns(array) else self.device.put(array)

    def fetch(self, held: Array) -> Array:
        """Return the array in the machine's memory."""
        return self.device.get(held) if self.device.owns(held) else held

    def write(self, array: Array, held: Array) -> None:
        """Overwrite an array that is held."""
        self.device.write(array, held)

    def wait(self) -> None:
        """Wait until all that was asked for is done."""
        self.device.wait()

    def copy(self, held: Array) -> Array:
        """Return a copy where the array lies."""
        copied = self.device.empty(held.shape, dtype_of(held))
        self.device.copy(held, copied)
        return copied

    def is_finite(self, held: Array) -> bool:
        """Return whether an array is finite throughout."""
        found = self.device.empty(1, np.float64)
        shared = THREADS // 32 * 8
        self.device.launch("find_odd", dtype_of(held), 1, THREADS, held, len_of(held), found, shared=shared)
        return not self.device.get(found)[0]

    def hide(self, x: Array, told: Bools) -> Array:
        """Return the rows with NaN where they are not told."""
        n = told.size
        marks = self.device.put(told.astype(np.uint8))
        self.device.launch("hide", dtype_of(x), blocks(n), BLOCK, x, marks, n)
        return x

    def feed(self, rows: Table, order: Ints, dtype: np.dtype[Any]) -> Feed:
        """Return a pass over rows in this order."""
        if self.resident is None or self.resident.rows is not rows:
            if row_bytes(rows, dtype) * len(rows) * SHARE > self.device.free_bytes():
                return _Streamed(self.device, rows, order, dtype)
            self.resident = _Resident(self.device, rows, dtype)
        return _Pass(self.resident, order)

    def tally(self) -> Tally:
        """Return a loss of which nothing has been added up yet."""
        return _DeviceTally(self.device)

    def release(self) -> None:
        """Forget the table of the run."""
        self.resident = None


def row_bytes(rows: Table, dtype: np.dtype[Any]) -> int:
    """Return how many bytes a row takes, with its context."""
    return sum(0 if part is None else part.shape[1] * part.itemsize for part in rows.batch(slice(0, 1), dtype))


class _Resident:
    """A table that stays on the device."""

    def __init__(self, device: Device, rows: Table, dtype: np.dtype[Any]) -> None:
        self.device = device
        self.rows = rows
        self.dtype = dtype
        x, context = rows.batch(slice(None), dtype)
        self.tables = [device.put(x), None if context is None else device.put(context)]
        self.taken: dict[int, list[Any]] = {}

    def targets(self, n: int) -> list[Any]:
        """Return memory for n rows, the same each time: a recorded step finds them there."""
        if n not in self.taken:
            self.taken[n] = [
                None if table is None else self.device.empty((n, table.shape[1]), self.dtype) for table in self.tables
            ]
        return self.taken[n]


class _Pass(Feed):
    """The rows of a table on the device, in an order."""

    def __init__(self, resident: _Resident, order: Ints) -> None:
        self.resident = resident
        self.order = put(resident.device, order)

    def batch(self, first: int, last: int) -> tuple[Any, Any]:
        own = self.resident
        n = last - first
        targets = own.targets(n)
        for table, target in zip(own.tables, targets, strict=True):
            if table is not None:
                width = int(table.shape[1])
                given = table, self.order[first:last], n, width, target
                own.device.launch("take_rows", own.dtype, blocks(n * width), BLOCK, *given)
        return targets[0], targets[1]


class _Streamed(Feed):
    """Rows that come from the machine a block at a time, while the device is busy with the block before."""

    def __init__(self, device: Device, rows: Table, order: Ints, dtype: np.dtype[Any]) -> None:
        self.device = device
        self.rows = rows
        self.order = order
        self.dtype = dtype
        self.size = max(AT_ONCE // max(row_bytes(rows, dtype), 1), 1)
        self.helper = ThreadPoolExecutor(1)
        self.coming: Future[int] | None = None
        self.first = 0
        self.last = 0
        self.gathered: list[Any] = []
        self.block: list[Any] = []
        self.targets: dict[int, list[Any]] = {}

    def batch(self, first: int, last: int) -> tuple[Any, Any]:
        n = last - first
        if n == 0:  # of many ranks, one may have no row in a batch
            x, context = self.rows.batch(slice(0), self.dtype)
            return self.device.put(x), None if context is None else self.device.put(context)
        if last > self.last:
            self._next(first, max(self.size // n, 1) * n)  # whole batches, so that none lies in two blocks
        if n not in self.targets:
            self.targets[n] = [
                None if part is None else self.device.empty((n, part.shape[1]), self.dtype) for part in self.block
            ]
        for part, target in zip(self.block, self.targets[n], strict=True):
            if part is not None:
                self.device.copy(part[first - self.first : last - self.first, :], target)
        return self.targets[n][0], self.targets[n][1]

    def _next(self, first: int, size: int) -> None:
        """Begin to move the block that starts with row `first`, and let the one behind it be gathered."""
        if self.coming is None:
            self._prepare(size)
            self.coming = self.helper.submit(self._gather, first)
        n = self.coming.result()
        self.first = first
        self.last = first + n
        for source, target in zip(self.gathered, self.block, strict=True):
            if target is not None:
                self.device.write(source[:n], target[:n, :])
        self.device.wait()  # until it has been read
        self.coming = self.helper.submit(self._gather, self.last)

    def _prepare(self, size: int) -> None:
        """Make memory for a block in the machine, and for one on the device."""
        shapes = [None if part is None else (size, part.shape[1]) for part in self.rows.batch(slice(0, 1), self.dtype)]
        self.gathered = [None if one is None else self.device.pinned(one, self.dtype) for one in shapes]
        self.block = [None if one is None else self.device.empty(one, self.dtype) for one in shapes]

    def _gather(self, first: int) -> int:
        """Bring the rows of a block into the machine's memory for it; return how many there were."""
        own = self.order[first : first + len(self.gathered[0])]
        for part, target in zip(self.rows.batch(own, self.dtype), self.gathered, strict=True):
            if part is not None:
                target[: len(own)] = part
        return len(own)


class _DeviceTally(Tally):
    def __init__(self, device: Device) -> None:
        self.device = device
        self.sums = device.zeros(2, np.float64)

    def add(self, nll: Any, weights: Array | None) -> None:
        n = len_of(nll)
        own = None if weights is None else self.device.put(np.ascontiguousarray(weights, dtype=np.float64))
        shared = THREADS // 32 * 8
        self.device.launch("add_losses", np.float64, 1, THREADS, self.sums, nll, own, n, shared=shared)

    @property
    def is_finite(self) -> bool:
        return True  # nobody has looked: that would be to wait

    def totals(self) -> tuple[float, float]:
        total, count = self.device.get(self.sums).tolist()
        return float(total), float(count)
