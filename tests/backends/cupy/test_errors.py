"""What someone is told who asks for the GPU and cannot have it: one line, with the way out."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from made_np.backends._cupy import cuda

ROOT = Path(__file__).resolve().parents[3]
INSTALLED = find_spec("cupy") is not None

with_cupy = pytest.mark.skipif(not INSTALLED, reason="CuPy is not installed")


def one_line(error: BaseException) -> str:
    """The text of an error, which is one line that names a way out."""
    text = str(error)
    assert "\n" not in text
    assert "or use backend='numba'" in text
    return text


@pytest.mark.skipif(INSTALLED, reason="CuPy is installed")
def test_no_cupy() -> None:
    with pytest.raises(ImportError) as info:
        cuda.get_device()
    assert one_line(info.value) == (
        "backend='cupy' needs cupy-cuda12x, which is not installed: "
        """run pip install ".[cupy]" in made_np's source folder, or use backend='numba'"""
    )


def test_a_cupy_that_cannot_be_imported(tmp_path: Path) -> None:
    (tmp_path / "cupy.py").write_text('raise ImportError("\\n====\\nlibcuda.so.1: cannot open\\n\\nOriginal error:")\n')
    program = "from made_np.backends._cupy import cuda\ncuda.get_device()"
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert done.stderr.splitlines()[-1] == (
        "ImportError: CuPy cannot be imported (libcuda.so.1: cannot open): install it anew, or use backend='numba'"
    )


@with_cupy
def test_no_driver_or_no_device() -> None:
    """On a machine without a GPU, whether it has a driver or not; where there is one, it is hidden."""
    program = "from made_np.backends._cupy import cuda\ncuda.get_device()"
    environment = os.environ | {"PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "-1"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert done.stderr.splitlines()[-1] in (
        "RuntimeError: backend='cupy' found no driver of an NVIDIA GPU: install it, or use backend='numba'",
        "RuntimeError: backend='cupy' found no GPU among CUDA_VISIBLE_DEVICES='-1': "
        "let the process see one, or use backend='numba'",
    )


def test_a_driver_that_is_too_old() -> None:
    text = cuda._too_old(11080, 12090)
    assert text == (
        "the driver of the GPU is of CUDA 11.8, and CuPy needs one of 12: "
        "update the driver, install the CuPy of that CUDA (cupy-cuda11x), or use backend='numba'"
    )


@with_cupy
def test_cupy_has_all_that_is_asked_of_it() -> None:
    """Names that no machine without a GPU would miss otherwise, of the oldest CuPy and the newest."""
    import cupy

    memory = cupy.cuda.MemoryPointer
    stream = cupy.cuda.Stream
    wanted: list[tuple[Any, str]] = [
        (cupy, "array asnumpy copyto empty get_default_memory_pool ndarray RawModule zeros"),
        (cupy.RawModule, "get_function"),
        (cupy.RawKernel, "max_dynamic_shared_size_bytes"),
        (cupy.ndarray, "data device fill flags reshape strides"),
        (cupy.cuda, "alloc_pinned_memory Device Graph get_current_stream"),
        (cupy.cuda.Device, "attributes id"),
        (cupy.cuda.device, "get_cublas_handle"),
        (cupy.cuda.memory, "OutOfMemoryError"),
        (memory, "copy_from_device_async copy_from_host_async ptr"),
        (stream, "begin_capture end_capture synchronize"),
        (cupy.cuda.Graph, "launch"),
        (cupy.cuda.runtime, "CUDARuntimeError driverGetVersion getDevice getDeviceCount memGetInfo runtimeGetVersion"),
    ]
    assert [name for owner, names in wanted for name in names.split() if not hasattr(owner, name)] == []
    assert issubclass(cupy.cuda.memory.OutOfMemoryError, MemoryError)
    try:
        cublas = cupy.cuda.cublas
    except ImportError as error:
        one_line(ImportError(cuda._no_libraries(error)))
        pytest.skip("the libraries of CUDA are not here: the names of cuBLAS are not looked at")
    names = "CUBLAS_DEFAULT_MATH CUBLAS_OP_N CUBLAS_OP_T dgemm getMathMode setMathMode sgemm"
    assert [name for name in names.split() if not hasattr(cublas, name)] == []


@pytest.mark.gpu
class TestOnAGpu:
    """Where there is one."""

    @pytest.fixture
    def device(self) -> cuda.Cuda:
        try:
            return cuda.get_device()
        except (ImportError, RuntimeError) as error:
            pytest.skip(str(error))

    def test_too_little_memory(self, device: cuda.Cuda) -> None:
        with pytest.raises(MemoryError, match=r"the GPU has too little memory, .* GiB of its .* GiB are free") as info:
            device.empty((1 << 22, 1 << 22), np.float32)
        one_line(info.value)
        assert device.get(device.zeros(3, np.float32)).tolist() == [0, 0, 0]

    def test_a_fork(self, device: cuda.Cuda) -> None:
        program = """
import os
from made_np.backends._cupy import cuda
cuda.get_device()
if os.fork():
    os.wait()
else:
    cuda.get_device()
"""
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
        words = "RuntimeError: a forked process cannot use the GPU of its parent: start it by 'spawn', "
        assert words + "or use backend='numba'" in done.stderr
