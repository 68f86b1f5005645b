"""Memory as kernels want it, lent to one batch after the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import accumulate
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
    if not (array.dtype == dtype and flags.c_contiguous and flags.aligned):
        return np.array(array, dtype, order="C")
    return array if flags.writeable else np.asarray(_Alias(array))


_KEPT = 16
"""So many sizes are kept at most,"""
_KEPT_BYTES = 1 << 25
"""with so many bytes in all,"""
_IN_USE = 6
"""but for the last few: a step borrows two or three, a pass that validates as many."""
_free: dict[tuple[int, np.dtype[Any]], list[Array]] = {}


@contextmanager
def borrowed(dtype: np.dtype[Any], *sizes: int) -> Iterator[list[Array]]:
    """Lend flat arrays of these sizes, filled with anything, until the block ends.

    Fresh pages from the system cost more than the arithmetic of a small step. Each call gets arrays of its own, in
    whatever thread it is made. Those of the last few sizes are kept; older ones go where they are large, as the trials
    before a fit leave them. After a Ctrl-C arrays are not lent again: should there be a thread that it did not let us
    wait for, it writes to nobody's memory.

    They are 0 when they are new. Kernels compute with lanes that stand for no row and no unit, too, and what the system
    leaves in memory are often subnormal numbers, with which arithmetic can take a hundred times as long.
    """
    stops = list(accumulate(sizes))
    key = (stops[-1], dtype)
    shelf = _free.pop(key, [])  # and back at the end: the size that waited longest is the first to go
    is_new = False
    try:
        whole = shelf.pop()
    except IndexError:
        whole = np.zeros(stops[-1], dtype)
        is_new = True
    _free.setdefault(key, shelf)
    is_free = True
    try:
        yield [whole[stop - size : stop] for size, stop in zip(sizes, stops, strict=True)]
    except BaseException as error:
        is_free = isinstance(error, Exception)
        raise
    finally:
        if is_free:
            _free.setdefault(key, []).append(whole)
        if is_new:
            _forget()


def _forget() -> None:
    """Let the sizes go that waited longest, where too much is kept."""
    n_bytes = 0
    for n_kept, (size, dtype) in enumerate(reversed(list(_free)), 1):  # a copy: other threads may come in between
        n_bytes += size * dtype.itemsize * len(_free.get((size, dtype), ()))
        if n_kept > _KEPT or (n_kept > _IN_USE and n_bytes > _KEPT_BYTES):
            _free.pop((size, dtype), None)
