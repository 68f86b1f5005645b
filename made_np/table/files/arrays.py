"""Tables in files of arrays, .npy or .npz."""

from __future__ import annotations

import io
import math
import os
import zipfile
from collections.abc import Iterable, Sequence
from typing import IO

import numpy as np

from made_np.cells import FileSource
from made_np.table.files import NAMES, TableError, check_size, reading, table_of
from made_np.table.table import Table
from made_np.typing import Array

WAY_OUT = "save it again with numpy.save or numpy.savez, as numbers, not as objects"
HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
"""Readers of the header of an array, by the version of its format; the third one is for names within a dtype."""


def read_numpy(path: str, name: str | None, *, mapped: bool = False) -> Table:
    """Return the array of a .npy, or the one called `name` of a .npz (None: "x", or the only one).

    A `mapped` .npy stays in its file, which is read where rows are asked for.
    """
    with reading(path, WAY_OUT), open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        is_archive = file.read(2) == b"PK"
        file.seek(0)
        if is_archive:
            return _read_archive(path, file, size, name)
        if mapped:
            _check_header(file, size)
            return table_of(FileSource(path), np.load(path, mmap_mode="r", allow_pickle=False))
        return table_of(FileSource(path), _read_array(file, size))


def _read_archive(path: str, file: IO[bytes], size: int, name: str | None) -> Table:
    """Return the table that an archive of `size` bytes holds; nothing but its array and its names is read."""
    with zipfile.ZipFile(file) as archive:
        entries = {entry.filename.removesuffix(".npy"): entry for entry in archive.infolist()}
        if len(entries) < len(archive.infolist()):
            raise TableError(f"{path} holds two arrays of one name: {WAY_OUT}")

        def read(entry: zipfile.ZipInfo) -> Array:
            check_size(path, entry.file_size, min(entry.compress_size, size))
            with archive.open(entry) as stream:
                return _read_array(stream, entry.file_size)

        values = read(entries[_pick(path, entries, name)])
        names = _as_names(path, read(entries[NAMES])) if NAMES in entries else None
        return table_of(FileSource(path, names), values)


def _read_array(stream: IO[bytes], size: int) -> Array:
    """Return the array in a stream of `size` bytes, which its header is held against before memory is taken."""
    _check_header(stream, size)
    stream.seek(0)
    return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))


def _check_header(stream: IO[bytes], size: int) -> None:
    """Raise an error unless a stream of `size` bytes begins with the header of an array that has so many."""
    version = np.lib.format.read_magic(stream)
    if version not in HEADERS:
        raise ValueError(f"version {version} of the format is unknown")
    try:
        shape, _, dtype = HEADERS[version](stream)
    except MemoryError:  # of a parser that met too many brackets
        raise ValueError("its header is damaged") from None
    n_bytes = math.prod(shape) * dtype.itemsize
    there = size - stream.tell()
    if not dtype.hasobject and n_bytes != there:
        raise ValueError(f"shape {shape} of dtype {dtype} would take {n_bytes} bytes, but there are {there}")


def _as_names(path: str, names: Array) -> list[str]:
    """Return the names of columns as strings."""
    if names.dtype.kind not in "SU" or names.ndim != 1:
        raise TableError(
            f"{path}: its array {NAMES!r} has dtype {names.dtype} and shape {names.shape}: give one string per column"
        )
    return [name.decode() if isinstance(name, bytes) else name for name in names.tolist()]


def _pick(path: str, stored: Iterable[str], name: str | None) -> str:
    """Return which array of an archive is meant."""
    arrays = [each for each in stored if each != NAMES]
    if name is not None and name in arrays:
        return name
    if name is None and "x" in arrays:
        return "x"
    if name is None and len(arrays) == 1:
        return arrays[0]
    listed = ", ".join(arrays) or "none"
    if name is None:
        raise TableError(f"{path} holds several arrays or none ({listed}): say which, as {path}:NAME")
    raise TableError(f"{path} holds no array {name!r}: it has {listed}")


def numpy_bytes(suffix: str, values: Array, names: Sequence[str] | None) -> bytes:
    """Return the content of the file; a .npy has no room for names."""
    buffer = io.BytesIO()
    if suffix == ".npy":
        np.save(buffer, values, allow_pickle=False)
    else:
        more = {} if names is None else {NAMES: np.array(names, dtype=np.str_)}
        np.savez(buffer, x=values, **more)  # type: ignore[arg-type]
    return buffer.getvalue()
