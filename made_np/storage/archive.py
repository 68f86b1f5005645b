"""Arrays by name in an .npz archive, read in memory that the file's size bounds.

A zip archive may hold a gigabyte in a kilobyte, and the header of an array may claim any shape. Nothing that is written
here is compressed, so an honest file is as large as what it holds: whatever claims more is refused before an array is
made for it.
"""

from __future__ import annotations

import math
import os
import zipfile
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from made_np.values import show

__all__ = ["MAX_ENTRIES", "Entries", "TooLarge", "check_entry", "read_entries", "write_entries"]

Entries = dict[str, NDArray[Any]]


class TooLarge(ValueError):
    """An archive claims to hold more than its file, or more than is read."""


MAX_ENTRIES = 10_000
"""So many arrays may be in a file."""
MAX_NAME = 1_000
"""Bytes of the longest name of an array."""
MAX_NPY_HEADER = 10_000
"""Characters of what stands before an array, its dtype and shape: NumPy reads no more unless told to."""


def write_entries(file: BinaryIO, entries: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays that `check_entry` has seen; this takes hardly any memory beside them."""
    named: dict[str, Any] = {**entries}  # the stubs of savez would take arrays for its options
    np.savez(file, **named)


def check_entry(name: str, array: NDArray[Any], argument: str) -> None:
    """Raise a `TypeError` or `ValueError` in words about `argument` if `read_entries` could not give this back."""
    if array.dtype.hasobject or not _comes_back(array.dtype):
        raise TypeError(f"{argument} has dtype {array.dtype}: convert it first, text to str")
    if "('', " in str(npy.dtype_to_descr(array.dtype)):  # NumPy does not read what stands there
        raise TypeError(f"{argument} has gaps between its fields: numpy.lib.recfunctions.repack_fields takes them away")
    stored = zipfile.ZipInfo(name).filename.encode(errors="ignore")
    if stored.decode() != name or len(stored) > MAX_NAME:
        raise ValueError(f"{argument} cannot have its name in a zip archive: give it a short one of plain characters")
    if len(str(npy.header_data_from_array_1_0(array))) > MAX_NPY_HEADER - 100:
        raise ValueError(f"{argument} has a dtype of more fields than NumPy reads back: give each field as an array")


def read_entries(file: BinaryIO) -> Entries:
    """Return all arrays of an archive.

    At its peak this takes the arrays and about a megabyte; they are no larger than the file.

    Raises
    ------
    TooLarge
        If an entry is compressed, or entries claim to be larger than the file.
    Exception
        Of nearly any type, from `zipfile` or NumPy, if the archive is damaged.
    """
    entries = {}
    with zipfile.ZipFile(file) as archive:
        infos = [info for info in archive.infolist() if info.filename.endswith(".npy")]
        _check_sizes(infos, os.fstat(file.fileno()).st_size)
        for info in infos:
            with archive.open(info) as entry:
                # Its checksum in the archive is looked at by itself at the end of the entry.
                entries[info.filename.removesuffix(".npy")] = _read_array(entry, info)
    return entries


def _comes_back(dtype: np.dtype[Any]) -> bool:
    """Whether the header of an array has words for its dtype."""
    try:
        return npy.descr_to_dtype(npy.dtype_to_descr(dtype)) == dtype
    except (TypeError, ValueError):
        return False


def _check_sizes(infos: list[zipfile.ZipInfo], available: int) -> None:
    """Raise `TooLarge` if entries could be larger than the file that they are in, or are too many."""
    if len(infos) > MAX_ENTRIES:
        raise TooLarge(f"it has {len(infos)} arrays, and no more than {MAX_ENTRIES} are read")
    for info in infos:
        if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
            raise TooLarge(
                f"its array {show(info.filename)} is compressed, which made_np never does and does not read, since a "
                "small file could then fill the memory. If you trust it: numpy.savez(path, **numpy.load(path))"
            )
    claimed = sum(info.file_size for info in infos)
    if claimed > available:
        raise TooLarge(f"its arrays claim {claimed} bytes, and the file has {available}")


def _read_array(entry: Any, info: zipfile.ZipInfo) -> NDArray[Any]:
    """Return the array of an entry, once its header has been seen to ask for no more than is there."""
    version = npy.read_magic(entry)
    # Later versions differ only in how the names of fields are encoded, which changes no size.
    read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read_header(entry, max_header_size=MAX_NPY_HEADER)
    if entry.tell() + math.prod(shape) * dtype.itemsize != info.file_size:
        raise ValueError(f"the header of {show(info.filename)} does not fit its size")
    entry.seek(0)
    return npy.read_array(entry, allow_pickle=False, max_header_size=MAX_NPY_HEADER)
