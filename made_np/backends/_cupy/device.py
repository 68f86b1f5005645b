"""What the backend asks of a device: memory, products of matrices, launches of kernels.

`cuda.Cuda` is a GPU through CuPy. The tests bring another, which runs the same kernels on the processor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

import numpy as np
from numpy.typing import DTypeLike

from made_np.typing import Array

__all__ = ["Device", "dtype_of", "len_of"]


def dtype_of(array: Any) -> np.dtype[Any]:
    """Return NumPy's name for the dtype of an array of any device."""
    return np.dtype(str(array.dtype).rpartition(".")[2])


def len_of(array: Any) -> int:
    """Return the length of an array's first axis, wherever it lies."""
    return int(array.shape[0])


class Device(Protocol):
    """Where arrays lie, and who computes with them.

    Code above a device works with its arrays by what the array API standard knows: `shape`, `dtype` (which is not to be
    compared with NumPy's), `.T` of a matrix, slices (one index for each axis). All of it is enqueued on the current
    stream, in the order in which it is asked for; `get` alone waits.

    Attributes
    ----------
    n_multiprocessors : int
    shared_limit : int
        Bytes of dynamic shared memory that a block may ask for.
    """

    n_multiprocessors: int
    shared_limit: int

    def empty(self, shape: int | tuple[int, ...], dtype: DTypeLike) -> Any:
        """Return an array that holds anything."""

    def zeros(self, shape: int | tuple[int, ...], dtype: DTypeLike) -> Any:
        """Return an array of zeros."""

    def put(self, array: Array) -> Any:
        """Return a copy of an array of NumPy, C-contiguous, of the same dtype."""

    def write(self, array: Array, target: Any) -> None:
        """Copy an array of NumPy to one of the same shape and dtype; what it holds then may change at once.

        Of `pinned` memory the copy is only begun: it may change after `wait`.
        """

    def pinned(self, shape: int | tuple[int, ...], dtype: DTypeLike) -> Array:
        """Return an array of NumPy that the device can read by itself."""

    def wait(self) -> None:
        """Wait until all that was asked for is done."""

    def address(self, array: Any) -> int:
        """Return where an array begins."""

    def free_bytes(self) -> int:
        """Return how much memory is left."""

    def record(self, work: Callable[[], None]) -> Callable[[], None]:
        """Return what does the same again with the same arrays, at the cost of one launch.

        `work` launches kernels and multiplies; it makes no arrays, and moves none to or from the machine. It has been
        done before.
        """

    def get(self, array: Any) -> Array:
        """Return an array as NumPy's, when all that was asked for before is done."""

    def copy(self, source: Any, target: Any) -> None:
        """Copy an array to one of the same shape and dtype."""

    def reshape(self, array: Any, shape: tuple[int, ...]) -> Any:
        """Return the numbers of a C-contiguous array in another shape: no copy."""

    def owns(self, array: Any) -> bool:
        """Return whether this is an array of this device."""

    def product(self, a: Any, b: Any, out: Any, *, add: bool = False) -> None:
        """Write ``a @ b`` to `out`, or add it there.

        All three are matrices of the same dtype, with one unit stride: slices and `.T` of C-contiguous ones. Float32 is
        multiplied as such, never rounded to fewer digits.
        """

    def aside(self, work: Callable[[], None]) -> Any:
        """Do a piece of work beside what is asked for next, where that is recorded; `join` takes what comes back.

        Neither may need the other, nor write what the other reads.
        """

    def join(self, pieces: Iterable[Any]) -> None:
        """Let what is asked for next wait for pieces of work."""

    def launch(
        self, name: str, dtype: DTypeLike, grid: int | tuple[int, int], block: int, *args: Any, shared: int = 0
    ) -> None:
        """Enqueue a kernel of the program of a dtype, float32 or float64.

        Parameters
        ----------
        name : str
        dtype : dtype
        grid : int or (int, int)
            Blocks. None of them, and nothing is done.
        block : int
            Threads of a block.
        args
            An array stands for the pointer to its first number, None for a null pointer; int and bool are a C int,
            float is a C double.
        shared : int
            Bytes of dynamic shared memory of a block.
        """
