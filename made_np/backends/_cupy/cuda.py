"""The device that is a GPU of NVIDIA's, reached through CuPy."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from math import prod
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from made_np.backends._cupy.cublas import WORKSPACE, Cublas, find_cublas
from made_np.backends._cupy.products import Gemm, Matrix, gemm
from made_np.backends._cupy.source import file_of, program
from made_np.lazy import lazy
from made_np.messages import not_installed
from made_np.typing import Array

__all__ = ["Cuda", "get_device"]

GRANTED = 48 << 10
"""Bytes of shared memory that a kernel has without asking for them."""
STAGED = 256 << 20
"""Up to so many bytes go through pinned memory of CuPy's, which keeps it: the device fetches them when it comes to it,
and nobody waits. For more the host waits instead."""
NULL = np.uintp(0)
OTHERWISE = "or use backend='numba'"
LANES = 4
"""So many pieces of work run side by side, besides the main one."""
TOO_OLD = 35
NO_DEVICE = 100
"""What CUDA calls errors: a driver older than the runtime, and no device."""

_devices: dict[int, Cuda] = {}
_process = os.getpid()


def get_device() -> Cuda:
    """Return the current device of CuPy.

    Raises
    ------
    ImportError
        CuPy is not installed, or cannot be imported, or does not find the libraries of CUDA.
    RuntimeError
        There is no GPU, no driver for it, or one that is too old; or this process was forked from one that has used it.
    """
    if _devices and os.getpid() != _process:
        raise RuntimeError(f"a forked process cannot use the GPU of its parent: start it by 'spawn', {OTHERWISE}")
    cupy = _import()
    number = _current(cupy)
    if number not in _devices:
        _devices[number] = Cuda(cupy)
    return _devices[number]


def _import() -> Any:
    if find_spec("cupy") is None:
        raise not_installed("backend='cupy' needs", "cupy-cuda12x", "cupy", instead=OTHERWISE.removeprefix("or "))
    try:
        return import_module("cupy")
    except Exception as error:  # it says so in many lines, of which the first that says anything is why
        raise ImportError(f"CuPy cannot be imported ({_why(error)}): install it anew, {OTHERWISE}") from error


def _current(cupy: Any) -> int:
    """Return the number of the current device, or say why there is none."""
    runtime = cupy.cuda.runtime
    try:
        n_devices = runtime.getDeviceCount()
        number: int = runtime.getDevice() if n_devices else -1
    except runtime.CUDARuntimeError as error:
        if error.status not in (TOO_OLD, NO_DEVICE):
            raise RuntimeError(f"backend='cupy' cannot use the GPU ({_why(error)}): mend that, {OTHERWISE}") from error
        driver = runtime.driverGetVersion()
        if error.status == TOO_OLD and driver > 0:
            raise RuntimeError(_too_old(driver, runtime.runtimeGetVersion())) from error
        number = -1
        if error.status == TOO_OLD:  # CUDA's word for a machine without any
            raise RuntimeError(f"backend='cupy' found no driver of an NVIDIA GPU: install it, {OTHERWISE}") from error
    if number < 0:
        visible = os.environ.get("CUDA_VISIBLE_DEVICES")
        among = "" if visible is None else f" among CUDA_VISIBLE_DEVICES={visible!r}"
        raise RuntimeError(f"backend='cupy' found no GPU{among}: let the process see one, {OTHERWISE}")
    return number


def _too_old(driver: int, runtime: int) -> str:
    """Return what to say of a driver, by the versions of CUDA that it and CuPy are for: 12080 is 12.8."""
    has = f"{driver // 1000}.{driver % 1000 // 10}"
    way_out = f"update the driver, install the CuPy of that CUDA (cupy-cuda{driver // 1000}x), {OTHERWISE}"
    return f"the driver of the GPU is of CUDA {has}, and CuPy needs one of {runtime // 1000}: {way_out}"


def _why(error: Exception) -> str:
    """Return the first line of an error that says anything."""
    lines = [line.strip(" =-") for line in str(error).splitlines()]
    return next((line for line in lines if line), type(error).__name__)


class _Recording(threading.local):
    """What multiplies while a thread records, each its own."""

    cublas: Cublas | None = None
    turn = 0


class Cuda:
    """A `Device` through CuPy: arrays are CuPy's, and all that is asked for goes to its current stream.

    Parameters
    ----------
    cupy : module
    extra : str
        Source of more kernels, which may use `common` and `draws`.
    """

    def __init__(self, cupy: Any, extra: str = "") -> None:
        self.cupy = cupy
        self.number: int = cupy.cuda.Device().id
        attributes = cupy.cuda.Device().attributes
        self.n_multiprocessors: int = attributes["MultiProcessorCount"]
        self.shared_limit: int = attributes["MaxSharedMemoryPerBlockOptin"]
        self._extra = extra
        self._modules: dict[tuple[str | None, str], Any] = {}
        self._kernels: dict[tuple[str, str], Any] = {}
        self._granted: dict[tuple[str, str], int] = {}
        self._recording = _Recording()
        self._libraries: dict[int, Cublas | None] = {}
        # cuBLAS reads the factors of a product from the memory of the host when it is called.
        self._factors = {name: np.array([0, 1], dtype=name) for name in ("float32", "float64")}

    # -------------------------------------------------------------------------------------------- memory

    def empty(self, shape: int | tuple[int, ...], dtype: DTypeLike) -> Any:
        """Return an array that holds anything."""
        with self._enough_memory():
            return self.cupy.empty(shape, dtype)

    def zeros(self, shape: int | tuple[int, ...], dtype: DTypeLike) -> Any:
        """Return an array of zeros."""
        with self._enough_memory():
            return self.cupy.zeros(shape, dtype)

    def put(self, array: Array) -> Any:
        """Return a copy of an array of NumPy, which may change as soon as this returns."""
        with self._enough_memory():
            if array.nbytes <= STAGED:
                return self.cupy.array(array, order="C")
        target = self.empty(array.shape, array.dtype)
        self.write(array, target)
        return target

    def write(self, array: Array, target: Any) -> None:
        """Copy an array of NumPy to one of the device.

        CUDA has taken all that lies in ordinary memory by the time that it returns; of pinned memory, nothing.
        """
        if array.shape != target.shape or array.dtype != target.dtype or not target.flags.c_contiguous:
            raise ValueError(f"{array.dtype} {array.shape} is written to {target.dtype} {target.shape}")
        source = np.ascontiguousarray(array)
        if source.size:
            target.data.copy_from_host_async(source.__array_interface__["data"][0], source.nbytes)

    def pinned(self, shape: int | tuple[int, ...], dtype: DTypeLike) -> Array:
        """Return an array of NumPy in memory that is never moved."""
        n = prod(shape) if isinstance(shape, tuple) else shape
        memory = self.cupy.cuda.alloc_pinned_memory(max(n, 1) * np.dtype(dtype).itemsize)
        return np.frombuffer(memory, dtype, max(n, 1))[:n].reshape(shape)

    def wait(self) -> None:
        """Wait until all that was asked for is done."""
        self.cupy.cuda.get_current_stream().synchronize()

    def get(self, array: Any) -> Array:
        """Return an array as NumPy's, when all that was asked for before is done."""
        host: Array = self.cupy.asnumpy(array)
        return host

    def copy(self, source: Any, target: Any) -> None:
        """Copy an array to one of the same shape and dtype."""
        if source.shape != target.shape or source.dtype != target.dtype:
            raise ValueError(f"{source.dtype} {source.shape} is copied to {target.dtype} {target.shape}")
        if not (source.flags.c_contiguous and target.flags.c_contiguous):
            self.cupy.copyto(target, source)
        elif source.size:
            target.data.copy_from_device_async(source.data, source.nbytes)

    def reshape(self, array: Any, shape: tuple[int, ...]) -> Any:
        """Return the numbers of a C-contiguous array in another shape."""
        return array.reshape(shape)

    def owns(self, array: Any) -> bool:
        """Return whether this is an array of this device."""
        return isinstance(array, self.cupy.ndarray) and array.device.id == self.number

    def address(self, array: Any) -> int:
        """Return where an array begins."""
        return int(array.data.ptr)

    def free_bytes(self) -> int:
        """Return how much memory is left: what nobody has, and what CuPy keeps for later."""
        free, _ = self.cupy.cuda.runtime.memGetInfo()
        return int(free + self.cupy.get_default_memory_pool().free_bytes())

    @contextmanager
    def _enough_memory(self) -> Iterator[None]:
        try:
            yield
        except self.cupy.cuda.memory.OutOfMemoryError as error:
            free, total = self.cupy.cuda.runtime.memGetInfo()
            size = f"{free / 2**30:.2f} GiB of its {total / 2**30:.1f} GiB are free"
            way_out = "take fewer rows at once (batch_size, when it learns), or a smaller model"
            raise MemoryError(f"the GPU has too little memory, {size}: {way_out}, {OTHERWISE}") from error

    # -------------------------------------------------------------------------------------------- products

    @lazy
    def _cublas(self) -> Any:
        """CuPy's calls of cuBLAS."""
        try:
            return self.cupy.cuda.cublas
        except ImportError as error:
            raise ImportError(_no_libraries(error)) from error

    def product(self, a: Any, b: Any, out: Any, *, add: bool = False) -> None:
        """Multiply two matrices by cuBLAS, where they lie."""
        name = out.dtype.name
        if not (a.dtype == b.dtype == out.dtype and name in self._factors):
            raise TypeError(f"dtypes of a product: {a.dtype}, {b.dtype}, {out.dtype}")
        call = gemm(_matrix(a), _matrix(b), _matrix(out))
        if out.size == 0 or (a.size == 0 and add):
            return
        if a.size == 0:
            out.fill(0)
            return
        first, second = (b, a) if call.swapped else (a, b)
        with self._exact() as handle:
            self._gemm(handle, name, call, (first.data.ptr, second.data.ptr, out.data.ptr), add)

    def aside(self, work: Callable[[], None]) -> Any:
        """Do a piece of work; in a recording on a stream of its own, one of `LANES`, until `join`."""
        cublas = self._recording.cublas
        if cublas is None:
            work()
            return None
        main = self.cupy.cuda.get_current_stream()
        turn = self._recording.turn = self._recording.turn % LANES + 1
        stream = self._lanes[turn - 1]
        stream.wait_event(main.record())
        with stream:
            cublas.begin(stream.ptr, turn)
            work()
        cublas.begin(main.ptr)
        return stream.record()

    def join(self, pieces: Iterable[Any]) -> None:
        """Let the current stream wait for what was done aside."""
        for event in pieces:
            if event is not None:
                self.cupy.cuda.get_current_stream().wait_event(event)

    @lazy
    def _lanes(self) -> list[Any]:
        """Streams for what runs side by side."""
        return [self.cupy.cuda.Stream(non_blocking=True) for _ in range(LANES)]

    def _gemm(self, handle: int, name: str, call: Gemm, at: tuple[int, int, int], add: bool) -> None:
        cublas = self._cublas
        op_a = cublas.CUBLAS_OP_T if call.transpose_a else cublas.CUBLAS_OP_N
        op_b = cublas.CUBLAS_OP_T if call.transpose_b else cublas.CUBLAS_OP_N
        zero = self._factors[name].__array_interface__["data"][0]
        one = zero + self._factors[name].itemsize
        A, B, C = at
        given = (
            handle, op_a, op_b, call.m, call.n, call.k,
            one, A, call.lda, B, call.ldb, one if add else zero, C, call.ldc,
        )  # fmt: skip
        recording = self._recording.cublas
        if recording is not None:
            recording.multiply(name, given)
            return
        multiply = cublas.sgemm if name == "float32" else cublas.dgemm
        multiply(*given)

    @contextmanager
    def _exact(self) -> Iterator[int]:
        """Give a handle of cuBLAS that multiplies float32 as such, whatever a program has told CuPy."""
        cublas = self._cublas
        handle: int = self.cupy.cuda.device.get_cublas_handle()
        before = cublas.getMathMode(handle)
        if before == cublas.CUBLAS_DEFAULT_MATH:
            yield handle
            return
        cublas.setMathMode(handle, cublas.CUBLAS_DEFAULT_MATH)
        try:
            yield handle
        finally:
            cublas.setMathMode(handle, before)

    def _library(self) -> Cublas | None:
        """Return cuBLAS itself, with the handle that CuPy has for this thread; None where it is not found."""
        handle: int = self.cupy.cuda.device.get_cublas_handle()
        if handle not in self._libraries:
            workspaces = [self.empty(WORKSPACE, np.uint8).data for _ in range(1 + LANES)]
            self._libraries[handle] = find_cublas(handle, workspaces)
        return self._libraries[handle]

    # -------------------------------------------------------------------------------------------- launches

    def launch(
        self, name: str, dtype: DTypeLike, grid: int | tuple[int, int], block: int, *args: Any, shared: int = 0
    ) -> None:
        """Enqueue a kernel, compiled when the first of its file is."""
        size = grid if isinstance(grid, tuple) else (grid,)
        if 0 in size:
            return
        key = (name, np.dtype(dtype).name)
        kernel = self._kernels.get(key)
        if kernel is None:
            kernel = self._kernels[key] = self._kernel(*key)
        if shared > self._granted.get(key, GRANTED):
            kernel.max_dynamic_shared_size_bytes = shared
            self._granted[key] = shared
        kernel(size, (block,), tuple(map(_argument, args)), shared_mem=shared)

    def _kernel(self, name: str, dtype: str) -> Any:
        file = file_of(name)
        module = self._modules.get((file, dtype))
        if module is None:
            source = program(dtype, "draws") + self._extra if file is None else program(dtype, file)
            module = self.cupy.RawModule(code=source, options=("-std=c++17",))
            self._modules[file, dtype] = module
        try:
            return module.get_function(name)
        except ImportError as error:
            raise ImportError(_no_libraries(error)) from error

    def record(self, work: Callable[[], None]) -> Callable[[], None]:
        """Return what does the same again: a graph of CUDA's; the work itself where cuBLAS cannot be recorded."""
        library = self._library()
        if library is None:
            return work
        stream = self.cupy.cuda.Stream(non_blocking=True)
        self.wait()  # what stands on another stream is no part of it
        with stream:
            stream.begin_capture()
            library.begin(stream.ptr)
            self._recording.cublas = library
            try:
                work()
            finally:
                self._recording.cublas = None
                graph = stream.end_capture()

        def again() -> None:
            """Launch all of it; `work` is kept, as its arrays are."""
            _ = work
            graph.launch()

        return again


def _no_libraries(error: ImportError) -> str:
    way_out = 'install CUDA, or run pip install "cupy-cuda12x[ctk]", which brings them'
    return f"CuPy does not find the libraries of CUDA ({_why(error)}): {way_out}, {OTHERWISE}"


def _matrix(array: Any) -> Matrix:
    return Matrix(array.shape, tuple(stride // array.itemsize for stride in array.strides))


def _argument(value: Any) -> Any:
    """Return an argument as CuPy hands it over: CuPy itself would make a Python int 64 bits long."""
    if value is None:
        return NULL
    if isinstance(value, float):
        return np.float64(value)
    return np.int32(value) if isinstance(value, int) else value
