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
_free: dict[tuple[int, np.dtype[Any]], list[Array]] = {}


@contextmanager
def borrowed(dtype: np.dtype[Any], *sizes: int) -> Iterator[list[Array]]:
    """Lend flat arrays of these sizes, filled with anything, until the block ends.

    Fresh pages from the system cost more than the arithmetic of a small step. Each call gets arrays of its own, in
    whatever thread it is made; those of the last few sizes are kept. After a Ctrl-C they are not lent again: should
    there be a thread that it did not let us wait for, it writes to nobody's memory.

    They are 0 when they are new. Kernels compute with lanes that stand for no row and no unit, too, and what the system
    leaves in memory are often subnormal numbers, with which arithmetic can take a hundred times as long.
    """
    stops = list(accumulate(sizes))
    key = (stops[-1], dtype)
    shelf = _free.pop(key, [])  # and back at the end: the size that waited longest is the first to go
    try:
        whole = shelf.pop() if shelf else np.zeros(stops[-1], dtype)
    except IndexError:  # another thread was faster
        whole = np.zeros(stops[-1], dtype)
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
        for oldest in list(_free)[:-_KEPT]:  # a copy: other threads may come in between
            _free.pop(oldest, None)
