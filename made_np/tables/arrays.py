"""Tables in .npy and .npz files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable

import numpy as np

from made_np.tables.table import NAMES, Array, Table, as_table


def read_numpy(path: str, name: str | None) -> Table:
    """Return the array of a .npy, or the one called `name` of a .npz (None: "x", or the only one)."""
    names = None
    try:
        with open(path, "rb") as file:
            stored = np.load(file, allow_pickle=False)
            if isinstance(stored, np.ndarray):
                values = stored
            else:
                name = _pick(path, stored.files, name)
                values = stored[name]
                names = [str(each) for each in stored[NAMES]] if NAMES in stored.files else None
    except (zipfile.BadZipFile, EOFError, ValueError, KeyError) as error:
        if isinstance(error, _TableError):
            raise
        raise ValueError(
            f"{path} cannot be read as an array ({error}): save it again with numpy.save or numpy.savez, "
            "as numbers, not as objects"
        ) from None
    return as_table(path, values, names)


class _TableError(ValueError):
    """A `ValueError` whose message already names the file."""


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
        raise _TableError(f"{path} holds several arrays or none ({listed}): say which, as {path}:NAME")
    raise _TableError(f"{path} holds no array {name!r}: it has {listed}")


def numpy_bytes(suffix: str, values: Array, names: list[str] | None) -> bytes:
    """Return the content of the file; a .npy has no room for names."""
    buffer = io.BytesIO()
    if suffix == ".npy":
        np.save(buffer, values, allow_pickle=False)
    else:
        more = {} if names is None else {NAMES: np.array(names, dtype=np.str_)}
        np.savez(buffer, x=values, **more)  # type: ignore[arg-type]
    return buffer.getvalue()
