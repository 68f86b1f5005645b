"""Files that may be compressed, opened as the bytes that are in them."""

from __future__ import annotations

import gzip
import io
import sys
from collections.abc import Callable
from importlib import import_module
from typing import IO, Any

from made_np.messages import not_installed

__all__ = ["PACKED", "STREAM", "open_bytes", "pack"]

STREAM = "-"
"""The path of the standard streams."""

_given: list[tuple[Any, bytes]] = []
"""What came from standard input, which can be read once, with the stream that it was."""


def open_bytes(path: str) -> IO[bytes]:
    """Open a file, unpacked if its name says that it is compressed; "-" is what came from standard input."""
    if path == STREAM:
        if not _given or _given[0][0] is not sys.stdin:
            _given[:] = [(sys.stdin, sys.stdin.buffer.read())]
        return io.BytesIO(_given[0][1])
    for suffix, opened in PACKED.items():
        if path.lower().endswith(suffix):
            return opened(path)
    return open(path, "rb")


def pack(content: bytes, path: str) -> bytes:
    """Return content compressed as the name of its file says."""
    lower = path.lower()
    if lower.endswith(".gz"):
        return gzip.compress(content, mtime=0)
    if lower.endswith(".bz2"):
        return bytes(_standard("bz2", ".bz2").compress(content))
    if lower.endswith(".xz"):
        return bytes(_standard("lzma", ".xz").compress(content))
    if lower.endswith(".zst"):
        return bytes(_pyarrow().compress(content, codec="zstd", asbytes=True))
    return content


def _standard(name: str, suffix: str) -> Any:
    """Return a module of the standard library that not every Python is built with."""
    try:
        return import_module(name)
    except ImportError as error:
        text = f"{suffix} needs the module {name}, which this Python was built without: use .gz, or unpack the file"
        raise ImportError(text) from error


def _bz2(path: str) -> Any:
    return _standard("bz2", ".bz2").open(path)


def _xz(path: str) -> Any:
    return _standard("lzma", ".xz").open(path)


def _pyarrow() -> Any:
    try:
        import pyarrow
    except ImportError as error:
        raise not_installed(".zst needs", "pyarrow", "tables") from error
    return pyarrow


def _zstd(path: str) -> Any:
    return io.BufferedReader(_pyarrow().input_stream(path, compression="zstd"))


PACKED: dict[str, Callable[[str], Any]] = {".gz": gzip.open, ".bz2": _bz2, ".xz": _xz, ".zst": _zstd}
"""How files of these endings are opened."""
