"""Memory as kernels want it, lent to one batch after the other."""

from __future__ import annotations

from typing import Any

import numpy as np

from made_np.typing import Array


class _Alias:
    """What NumPy takes for an array that may be written to, at the place of one that may not."""

    def __init__(self, array: Array) -> None:
        self.owner = array
        self.__array_interface__ = {**array.__array_interface__, "data": (array.ctypes.data, False)}


def ready(array: Array, dtype: np.dtype[Any]) -> Array:
    """Return `array` contiguous, aligned and of that dtype, for a kernel to read; copied only if it must be.

    numba compiles a kernel once more for arrays that are read-only. Kernels write to nothing that they are given to
    read, so those go by another name.
    """
    flags = array.flags
    if array.dtype != dtype:
        return np.array(array, dtype, order="C")
    if flags.carray:  # all of it, and writeable: as nearly always
        return array
    if not (flags.c_contiguous and flags.aligned):
        return np.array(array, dtype, order="C")
    return array if flags.writeable else np.asarray(_Alias(array))


_KEPT = 16
"""So many sizes are kept at most,"""
_KEPT_BYTES = 1 << 25
"""with so many bytes in all,"""
_IN_USE = 6
"""but for the last few: a step borrows two or three, a pass that validates as many."""
_free: dict[tuple[int, np.dtype[Any]], list[Array]] = {}


class borrowed:
    """Lend flat arrays of these sizes, filled with anything, until the block ends.

    Fresh pages from the system cost more than the arithmetic of a small step. Each block gets arrays of its own, in
    whatever thread it is. Those of the last few sizes are kept; older ones go where they are large, as the trials
    before a fit leave them. After a Ctrl-C arrays are not lent again: should there be a thread that it did not let us
    wait for, it writes to nobody's memory.

    They are 0 when they are new. Kernels compute with lanes that stand for no row and no unit, too, and what the system
    leaves in memory are often subnormal numbers, with which arithmetic can take a hundred times as long.
    """

    __slots__ = ("dtype", "is_new", "sizes", "total", "whole")

    def __init__(self, dtype: np.dtype[Any], *sizes: int) -> None:
        self.dtype = dtype
        self.sizes = sizes
        self.total = sum(sizes)

    def __enter__(self) -> list[Array]:
        key = self.total, self.dtype
        shelf = _free.pop(key, [])  # and back at the end: the size that waited longest is the first to go
        self.is_new = False
        try:
            self.whole = shelf.pop()
        except IndexError:
            self.whole = np.zeros(self.total, self.dtype)
            self.is_new = True
        _free.setdefault(key, shelf)
        lent = []
        at = 0
        for size in self.sizes:
            lent.append(self.whole[at : at + size])
            at += size
        return lent

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if error is None or isinstance(error, Exception):
            _free.setdefault((self.total, self.dtype), []).append(self.whole)
        if self.is_new:
            _forget()


def _forget() -> None:
    """Let the sizes go that waited longest, where too much is kept."""
    n_bytes = 0
    for n_kept, (size, dtype) in enumerate(reversed(list(_free)), 1):  # a copy: other threads may come in between
        n_bytes += size * dtype.itemsize * len(_free.get((size, dtype), ()))
        if n_kept > _KEPT or (n_kept > _IN_USE and n_bytes > _KEPT_BYTES):
            _free.pop((size, dtype), None)
