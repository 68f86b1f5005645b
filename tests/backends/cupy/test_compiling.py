"""NVRTC, which compiles where there is a GPU, takes all programs, here for two generations of them."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, files
from typing import Any

import pytest

from made_np.backends._cupy.source import FILES, file_of, kernels_of, program

WHEEL = "nvidia-cuda-nvrtc-cu12"
OPTIONS = [b"-std=c++17"]
"""Those that `cuda` gives."""
OWN = {file for file in map(file_of, kernels_of(program("float32"))) if file is not None}
"""The files that have kernels, and so are compiled."""


@pytest.fixture(scope="module")
def nvrtc() -> ctypes.CDLL:
    """The library of the wheel; others of it are loaded by itself."""
    try:
        found = [path for path in files(WHEEL) or [] if path.name.startswith("libnvrtc.so")]
    except PackageNotFoundError:
        pytest.skip(f"{WHEEL} is not installed")
    if not found:
        pytest.skip(f"{WHEEL} holds no library for Linux")
    library = ctypes.CDLL(str(found[0].locate()))
    library.nvrtcGetErrorString.restype = ctypes.c_char_p
    library.nvrtcCreateProgram.argtypes = [
        ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p,
    ]  # fmt: skip
    library.nvrtcCompileProgram.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p]
    return library


def text(size: Callable[..., int], get: Callable[..., int], handle: ctypes.c_void_p) -> bytes:
    """What one pair of NVRTC's functions says of a program."""
    n = ctypes.c_size_t()
    assert size(handle, ctypes.byref(n)) == 0
    said = ctypes.create_string_buffer(n.value)
    assert get(handle, said) == 0
    return said.raw


def compiled(nvrtc: ctypes.CDLL, source: str, *options: bytes) -> tuple[bool, str, bytes]:
    """Whether a source compiles, what the compiler says, and the code."""
    handle = ctypes.c_void_p()
    assert nvrtc.nvrtcCreateProgram(ctypes.byref(handle), source.encode(), b"program.cu", 0, None, None) == 0
    every = (ctypes.c_char_p * (len(OPTIONS) + len(options)))(*OPTIONS, *options)
    status = nvrtc.nvrtcCompileProgram(handle, len(every), every)
    log = text(nvrtc.nvrtcGetProgramLogSize, nvrtc.nvrtcGetProgramLog, handle).rstrip(b"\0").decode()
    code = b"" if status else text(nvrtc.nvrtcGetCUBINSize, nvrtc.nvrtcGetCUBIN, handle)
    nvrtc.nvrtcDestroyProgram(ctypes.byref(handle))
    return status == 0, log, code


@pytest.mark.parametrize("file", sorted(OWN))
@pytest.mark.parametrize(("architecture", "dtype"), [("sm_80", "float32"), ("sm_90", "float32"), ("sm_90", "float64")])
def test_programs_compile(nvrtc: Any, architecture: str, dtype: str, file: str) -> None:
    """Each with no more than it says that it needs, and without a warning."""
    source = program(dtype, file)
    fine, log, code = compiled(nvrtc, source, f"--gpu-architecture={architecture}".encode())
    assert fine, log
    assert not log, log
    assert [name for name in kernels_of(source) if b"\0" + name.encode() + b"\0" not in code] == []


def test_every_file_is_in_a_program_and_every_kernel_in_one() -> None:
    names = kernels_of(program("float32"))
    assert len(names) == len(set(names)) > 0
    assert "common" not in OWN
    used = "".join(program("float32", file) for file in OWN)
    assert [file for file in FILES if f'#line 1 "{file}.cu"' not in used] == []
    assert file_of("no_such_kernel") is None


def test_a_mistake_is_told_with_its_file_and_line(nvrtc: Any) -> None:
    source = program("float32", "learn").replace('#line 1 "learn.cu"\n', '#line 1 "learn.cu"\nthis is wrong;\n')
    fine, log, _ = compiled(nvrtc, source, b"--gpu-architecture=sm_80")
    assert not fine
    assert "learn.cu(1): error" in log
