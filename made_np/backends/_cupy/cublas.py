"""cuBLAS itself, beside CuPy: its calls can be recorded, which CuPy refuses to do."""

from __future__ import annotations

import ctypes
import re
from pathlib import Path
from typing import Any

__all__ = ["WORKSPACE", "Cublas", "find_cublas"]

WORKSPACE = 32 << 20
"""Bytes that products may use between their launches: as much as NVIDIA advises."""
MAPS = Path("/proc/self/maps")
LIBRARY = re.compile(r"\S*/libcublas\.so[.\d]*")
POINTER = ctypes.c_void_p
NUMBER = ctypes.c_int


class Cublas:
    """The library that this process has loaded already, with CuPy's handle.

    Parameters
    ----------
    library : ctypes.CDLL
    handle : int
    workspaces : list of cupy.cuda.MemoryPointer
        `WORKSPACE` bytes each; a recorded product goes on using one. Those that run side by side need their own.
    """

    def __init__(self, library: Any, handle: int, workspaces: list[Any]) -> None:
        self.library = library
        self.handle = handle
        self.workspaces = workspaces
        self.calls = {"float32": library.cublasSgemm_v2, "float64": library.cublasDgemm_v2}
        for call in self.calls.values():
            call.argtypes = (
                POINTER, NUMBER, NUMBER, NUMBER, NUMBER, NUMBER,
                POINTER, POINTER, NUMBER, POINTER, NUMBER, POINTER, POINTER, NUMBER,
            )  # fmt: skip

    def begin(self, stream: int, workspace: int = 0) -> None:
        """Let products go to a stream, and use a workspace."""
        self._check(self.library.cublasSetStream_v2(POINTER(self.handle), POINTER(stream)))
        size = ctypes.c_size_t(WORKSPACE)
        self._check(
            self.library.cublasSetWorkspace_v2(POINTER(self.handle), POINTER(self.workspaces[workspace].ptr), size)
        )

    def multiply(self, name: str, given: tuple[int, ...]) -> None:
        """Multiply matrices of this dtype: arguments are those of cublasSgemm."""
        self._check(self.calls[name](*given))

    def _check(self, status: int) -> None:
        if status:
            raise RuntimeError(f"cuBLAS has failed with status {status}")


def find_cublas(handle: int, workspaces: list[Any]) -> Cublas | None:
    """Return the library that CuPy has loaded; None where it cannot be told which."""
    if not MAPS.exists():
        return None
    found = LIBRARY.search(MAPS.read_text())
    return None if found is None else Cublas(ctypes.CDLL(found.group()), handle, workspaces)
