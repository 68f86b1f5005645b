"""A device of the cupy backend without a GPU: its kernels run on the processor, compiled by g++ (`emulated.h`)."""

from __future__ import annotations

import ctypes
import hashlib
import mmap
import os
import shutil
import struct
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterable
from functools import cache
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import DTypeLike

from made_np.backends._cupy.products import Gemm, Matrix, gemm
from made_np.backends._cupy.source import file_of, kernels_of, program

HEADER = Path(__file__).with_name("emulated.h")
HEADERS = [HEADER, *sorted(HEADER.with_name("emulated").glob("*.h"))]
COMPILER = os.environ.get("CXX", "g++")
FLAGS = (
    "-std=c++17", "-O1", "-fPIC", "-shared", "-fvisibility=hidden", "-fno-gnu-unique",
    "-fno-strict-aliasing", "-fno-math-errno", "-U_FORTIFY_SOURCE", "-w",
)  # fmt: skip
GUARD = 1024
"""Bytes before each array that nobody may write to; as in the header."""
FILLINGS = {"float32": 0x7FA1A1A1_7FA1A1A1, "float64": 0x7FF1A1A1_A1A1A1A1}
"""What memory holds that nobody has written to: NaN of the kind that no arithmetic returns, so that even a sum with it
is seen to have been written back. Integers are far below 0 there."""
OTHER_FILLING = 0x81818181_81818181
POINTERS = {"I": ["int32"], "L": ["int64"], "B": ["uint8", "bool"], "F": ["float32"], "D": ["float64"]}
"""Dtypes of the arrays that a pointer of a kernel's signature takes."""
_TAKEN = {letter: {np.dtype(name) for name in names} for letter, names in POINTERS.items()}

_one_at_a_time = threading.Lock()
_libc = ctypes.CDLL(None, use_errno=True)


class KernelError(AssertionError):
    """A kernel did what no kernel may, or was launched as it cannot be."""


class _Buffer(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint64) for name in ("begin", "end", "filling", "argument"))


def missing() -> str | None:
    """Return why kernels cannot be emulated here, or None."""
    if shutil.which(COMPILER) is None:
        return f"no C++ compiler {COMPILER!r} to emulate a GPU with"
    return None


@cache
def library(
    file: str | None, dtype: str, extra: str = "", plant: tuple[str, str] | None = None, portable: bool = False
) -> ctypes.CDLL:
    """Return the compiled program of a file of kernels, or of those of a test; the rest is as `Emulated` has it."""
    source = f'{program(dtype, "draws")}#line 1 "extra"\n{extra}\n' if file is None else program(dtype, file)
    if plant is not None:
        source = source.replace(*plant)
    table = "".join(f"EMULATED_KERNEL({name})" for name in kernels_of(source))
    source = f'#include "{HEADER}"\n{source}#line 1 "table"\nEMULATED_KERNELS({table})\n'
    if portable:
        source = f"#define EMULATED_PORTABLE\n{source}"
    loaded = ctypes.CDLL(str(_compiled(source)))
    loaded.emulated_signature.restype = ctypes.c_char_p
    loaded.emulated_launch.restype = ctypes.c_char_p
    unsigned = ctypes.c_uint
    loaded.emulated_launch.argtypes = (
        ctypes.c_char_p, unsigned, unsigned, unsigned, ctypes.c_uint64, ctypes.c_int,
        ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int,
    )  # fmt: skip
    return loaded


def _compiled(source: str) -> Path:
    """Return the path of a compiled source, kept in a temporary folder from run to run."""
    parts = [source, *(path.read_text() for path in HEADERS), COMPILER, *FLAGS]
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]
    folder = Path(tempfile.gettempdir()) / f"made_np-emulated-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{key}.so"
    if not path.exists():
        written = folder / f"{key}-{os.getpid()}.so"
        command = [COMPILER, *FLAGS, "-x", "c++", "-", "-o", str(written)]
        done = subprocess.run(command, input=source, text=True, capture_output=True)
        if done.returncode:
            raise KernelError(f"{COMPILER} does not compile the kernels:\n{done.stderr[:6000]}")
        os.replace(written, path)
    return path


class _Memory(mmap.mmap):
    """Memory of an array, with its guards: it lives for as long as a view of it does.

    An array's device is asked of the memory itself. A table of addresses would be wrong for a moment whenever memory
    goes, and the collector lets it go in any thread.
    """

    device: Emulated
    begin: int
    end: int
    filling: int


class Emulated:
    """A `Device` whose arrays are NumPy's, and which runs kernels on the processor.

    Memory that is not initialised is NaN (floats) or far below 0 (integers), and so is what lies around each array.

    Parameters
    ----------
    extra : str
        Source of kernels of a test's own, which may use `common` and `draws`.
    strict : bool
        Arrays are those of array_api_strict, on a device that NumPy cannot reach: what is not in the array API standard
        is an error.
    backwards : bool
        Blocks, warps and threads run from the last to the first: what a missing barrier would let through differs.
    plant : (str, str)
        A mistake to plant: what stands once in the program, and what stands there instead.
    portable : bool
        Threads are switched as on a processor for which the header has no switch of its own.
    n_multiprocessors, shared_limit : int
        As of a small GPU.
    """

    def __init__(
        self,
        *,
        extra: str = "",
        strict: bool = False,
        backwards: bool = False,
        plant: tuple[str, str] | None = None,
        portable: bool = False,
        n_multiprocessors: int = 4,
        shared_limit: int = 99 << 10,
    ) -> None:
        self.n_multiprocessors = n_multiprocessors
        self.shared_limit = shared_limit
        self.launches: dict[str, int] = {}
        """How often each kernel was launched."""
        self.n_products = 0
        if plant is not None and program(np.float32).count(plant[0]) != 1:
            raise ValueError(f"{plant[0]!r} does not stand in the kernels once")
        self.free = 1 << 30
        self._source = (extra, plant, portable)
        self._backwards = backwards
        self._n_made = 0
        self._strict: Any = None
        self._kind: type = np.ndarray
        if strict:
            import array_api_strict

            self._strict = array_api_strict
            self._kind = type(array_api_strict.empty(0))
            self._away = array_api_strict.Device("device1")

    # -------------------------------------------------------------------------------------------- memory

    def empty(self, shape: int | tuple[int, ...], dtype: DTypeLike) -> Any:
        """Return an array of poison."""
        return self._wrapped(self._new(shape, np.dtype(dtype)))

    def zeros(self, shape: int | tuple[int, ...], dtype: DTypeLike) -> Any:
        """Return an array of zeros."""
        array = self._new(shape, np.dtype(dtype))
        array[...] = 0
        return self._wrapped(array)

    def put(self, array: np.ndarray) -> Any:
        """Return a copy of an array of NumPy."""
        if type(array) is not np.ndarray:
            raise TypeError(f"put takes an array of NumPy, not a {type(array).__name__}")
        copy = self._new(array.shape, array.dtype)
        copy[...] = array
        return self._wrapped(copy)

    def write(self, array: np.ndarray, target: Any) -> None:
        """Copy an array of NumPy to one of this device."""
        self.copy(self.put(array), target)

    def pinned(self, shape: int | tuple[int, ...], dtype: DTypeLike) -> np.ndarray:
        """Return an array of NumPy."""
        return np.empty(shape, dtype)

    def wait(self) -> None:
        """Everything is done at once."""

    def address(self, array: Any) -> int:
        """Return where an array begins."""
        return int(self._own(array).__array_interface__["data"][0])

    def free_bytes(self) -> int:
        """Return how much memory is left: as tests set it."""
        return self.free

    def record(self, work: Callable[[], None]) -> Callable[[], None]:
        """Return the work itself, which may make no arrays."""

        def again() -> None:
            n = self._n_made
            work()
            if self._n_made > n:
                raise KernelError("recorded work has made an array")

        return again

    def get(self, array: Any) -> np.ndarray:
        """Return a copy of an array of this device."""
        return self._own(array).copy()

    def copy(self, source: Any, target: Any) -> None:
        """Copy an array to one of the same shape and dtype."""
        one = self._own(source)
        other = self._own(target)
        if one.shape != other.shape or one.dtype != other.dtype:
            raise ValueError(f"{one.dtype} {one.shape} is copied to {other.dtype} {other.shape}")
        other[...] = one

    def reshape(self, array: Any, shape: tuple[int, ...]) -> Any:
        """Return the numbers of a C-contiguous array in another shape."""
        own = self._own(array)
        if not own.flags.c_contiguous:
            raise ValueError("only a C-contiguous array takes another shape without a copy")
        return self._wrapped(own.reshape(shape))

    def owns(self, array: Any) -> bool:
        """Return whether this is an array of this device."""
        return isinstance(array, self._kind) and self._find(self._plain(array)) is not None

    def _new(self, shape: int | tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray:
        """Return an array of poison within guards."""
        shape = (shape,) if isinstance(shape, int) else tuple(shape)
        n = prod(shape) * dtype.itemsize
        filling = FILLINGS.get(dtype.name, OTHER_FILLING)
        padded = -(-n // 16) * 16
        pages = -(-(GUARD + padded) // mmap.PAGESIZE) * mmap.PAGESIZE
        memory = _Memory(-1, pages + mmap.PAGESIZE)
        every = np.frombuffer(memory, dtype=np.uint64)
        every[: pages // 8] = filling
        at = every.__array_interface__["data"][0]
        if _libc.mprotect(ctypes.c_void_p(at + pages), mmap.PAGESIZE, 0):
            raise MemoryError("a page cannot be protected")
        memory.device = self
        memory.begin = at + pages - padded
        memory.end = memory.begin + n
        memory.filling = filling
        self._n_made += 1
        return np.frombuffer(memory, dtype, prod(shape), pages - padded).reshape(shape)

    def _find(self, array: np.ndarray) -> _Memory | None:
        """Return the memory that an array, or a view of one, lies in."""
        owner: Any = array
        while isinstance(owner, np.ndarray):
            owner = owner.base
        if isinstance(owner, memoryview):
            owner = owner.obj
        return owner if isinstance(owner, _Memory) and owner.device is self else None

    def _wrapped(self, array: np.ndarray) -> Any:
        if self._strict is None:
            return array
        return self._strict.asarray(array, copy=False, device=self._away)

    def _plain(self, array: Any) -> np.ndarray:
        return array if self._strict is None else array._array

    def _own(self, array: Any) -> np.ndarray:
        """Return NumPy's array of one of this device."""
        if not self.owns(array):
            raise TypeError(f"a {type(array).__name__} is no array of this device")
        return self._plain(array)

    # -------------------------------------------------------------------------------------------- products

    def product(self, a: Any, b: Any, out: Any, *, add: bool = False) -> None:
        """Compute a product by the call that cuBLAS would get, of which every number counts."""
        first = self._own(a)
        second = self._own(b)
        result = self._own(out)
        if not first.dtype == second.dtype == result.dtype or result.dtype not in ("float32", "float64"):
            raise TypeError(f"dtypes of a product: {first.dtype}, {second.dtype}, {result.dtype}")
        if np.shares_memory(first, result) or np.shares_memory(second, result):
            raise ValueError("a product is written over what it is made of")
        call = gemm(_matrix(first), _matrix(second), _matrix(result))
        self.n_products += 1
        if result.size == 0:
            return
        if not add:
            result[...] = 0
        if first.size:
            _column_by_column(first, second, result, call)

    def aside(self, work: Callable[[], None]) -> Any:
        """Do a piece of work at once; where everything runs backwards, when somebody waits for it."""
        if self._backwards:
            return [work]
        work()
        return []

    def join(self, pieces: Iterable[Any]) -> None:
        """Wait for pieces of work; those that nobody has waited for yet are done from the last to the first."""
        for left in reversed(list(pieces)):
            while left:
                left.pop()()

    # -------------------------------------------------------------------------------------------- launches

    def launch(
        self, name: str, dtype: DTypeLike, grid: int | tuple[int, int], block: int, *args: Any, shared: int = 0
    ) -> None:
        """Run a kernel, block after block, and look at what lies around its arrays."""
        dtype = np.dtype(dtype).name
        x, y = (grid, 1) if isinstance(grid, int) else grid
        loaded = library(file_of(name), dtype, *self._source)
        signature = loaded.emulated_signature(name.encode())
        if signature is None:
            raise KernelError(f"there is no kernel {name!r}")
        slots, buffers = self._arguments(name, dtype, signature.decode(), args)
        self._check_sizes(name, x, y, block, shared)
        if x == 0 or y == 0:
            return
        self.launches[name] = self.launches.get(name, 0) + 1
        with _one_at_a_time:
            wrong = loaded.emulated_launch(
                name.encode(), x, y, block, shared, self._backwards, slots, buffers, len(buffers)
            )
        if wrong is not None:
            raise KernelError(wrong.decode())

    def _check_sizes(self, name: str, x: int, y: int, block: int, shared: int) -> None:
        if not 0 < block <= 1024:
            raise KernelError(f"{name}: a block of {block} threads, not of 1 to 1024")
        if not (0 <= x < 2**31 and 0 <= y < 2**16):
            raise KernelError(f"{name}: a grid of {x} by {y} blocks")
        if not 0 <= shared <= self.shared_limit:
            raise KernelError(f"{name}: {shared} bytes of shared memory, of {self.shared_limit} that there are")

    def _arguments(self, name: str, dtype: str, signature: str, args: tuple[Any, ...]) -> tuple[Any, Any]:
        """Return what a launch hands over: 8 bytes for each argument, and the memory of arrays."""
        if len(args) != len(signature):
            raise KernelError(f"{name} takes {len(signature)} arguments, not {len(args)}")
        slots = (ctypes.c_uint64 * len(args))()
        buffers = []
        for k, (letter, value) in enumerate(zip(signature, args, strict=True)):
            where = (name, k)
            if letter == "i":
                if not isinstance(value, int) or not -(2**31) <= value < 2**31:
                    raise _wrong(where, "an int", value)
                slots[k] = value & 0xFFFFFFFF
            elif letter == "d":
                if not isinstance(value, float):
                    raise _wrong(where, "a double", value)
                slots[k] = struct.unpack("=Q", struct.pack("=d", value))[0]
            elif value is not None:
                slots[k], held = self._pointer(where, letter, value)
                buffers.append(_Buffer(held.begin, held.end, held.filling, k))
        return slots, (_Buffer * len(buffers))(*buffers)

    def _pointer(self, where: tuple[str, int], letter: str, value: Any) -> tuple[int, _Memory]:
        """Return the address of an array's first number, and the memory that it lies in."""
        held = self._find(self._plain(value)) if isinstance(value, self._kind) else None
        if held is None:
            raise _wrong(where, "an array of the device", value)
        plain = self._plain(value)
        if plain.dtype not in _TAKEN[letter]:
            raise _wrong(where, f"an array of {' or '.join(POINTERS[letter])}", plain.dtype.name)
        return plain.__array_interface__["data"][0], held


def _wrong(where: tuple[str, int], wanted: str, value: Any) -> KernelError:
    return KernelError(f"{where[0]}, argument {where[1]} is {wanted}, not {value!r} of {type(value).__name__}")


def _matrix(array: np.ndarray) -> Matrix:
    return Matrix(array.shape, tuple(stride // array.itemsize for stride in array.strides))


def _column_by_column(first: np.ndarray, second: np.ndarray, out: np.ndarray, call: Gemm) -> None:
    """Do as cuBLAS does: C += op(A) op(B), from the first number of each and the distances of columns."""
    A, B = (second, first) if call.swapped else (first, second)
    left = _columns(A, (call.k, call.m) if call.transpose_a else (call.m, call.k), call.lda)
    right = _columns(B, (call.n, call.k) if call.transpose_b else (call.k, call.n), call.ldb)
    target = _columns(out, (call.m, call.n), call.ldc)
    with np.errstate(all="ignore"):  # a GPU does not warn
        target += (left.T if call.transpose_a else left) @ (right.T if call.transpose_b else right)


def _columns(array: np.ndarray, shape: tuple[int, int], apart: int) -> np.ndarray:
    """Return a matrix that begins where an array does, and lies column by column, so far apart."""
    if apart < max(1, shape[0]):
        raise ValueError(f"columns of {shape[0]} numbers are {apart} apart")
    return as_strided(array, shape, (array.itemsize, apart * array.itemsize))
