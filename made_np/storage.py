"""Save and load: a model, its parameters and what belongs to them, in one .npz file.

The file is an ordinary ``.npz`` archive that holds no pickle, so that opening one never runs code:

==============  ==========================================================================
``header``      JSON text as bytes: format version, package version, ``made.config()``, extra
``theta``       (P,) the parameters, in their own dtype
``array.NAME``  the arrays given by name, if any
``sha256``      (32,) checksum over names, dtypes, shapes and bytes of all of the above
==============  ==========================================================================
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from made_np._version import __version__
from made_np.model import MADE

__all__ = ["FORMAT_VERSION", "Stored", "atomic_write", "load", "save"]

FORMAT_VERSION = 1
"""Version of the file's layout; it grows when an older release could no longer read the file."""

_FORMAT = "made_np model"
_ARRAY = "array."

Entries = dict[str, NDArray[Any]]


class Stored(NamedTuple):
    """What a file holds.

    Attributes
    ----------
    made : MADE
        The model, equal to the one that was saved.
    theta : ndarray, shape (P,)
        Its parameters: dtype and bits as saved, in this machine's byte order.
    extra : dict
        The JSON values given to `save`. As JSON has it, tuples come back as lists.
    arrays : dict of str to ndarray
        The arrays given to `save`.
    """

    made: MADE
    theta: NDArray[Any]
    extra: dict[str, Any]
    arrays: Entries


def save(
    path: str | os.PathLike[str],
    made: MADE,
    theta: NDArray[Any],
    *,
    extra: Mapping[str, Any] | None = None,
    arrays: Mapping[str, NDArray[Any]] | None = None,
) -> None:
    """Write a model and its parameters to one file, completely or not at all.

    Parameters
    ----------
    path : str or path-like
        The file, under exactly this name; a file that is there already is replaced at the end.
    made : MADE
        The model.
    theta : ndarray of float32 or float64, shape (P,)
        Its parameters; any strides, any byte order.
    extra : dict of JSON values, optional
        What else belongs to the model: strings, numbers, booleans, None, lists, dicts.
    arrays : dict of str to ndarray, optional
        Arrays of any dtype except object.

    Raises
    ------
    FileNotFoundError
        If the folder is missing.
    TypeError, ValueError
        If `theta` does not fit `made`, or `extra` or `arrays` cannot be stored.
    OSError
        If the disk refuses; what stood at `path` before is then still there, untouched.

    Examples
    --------
    >>> import tempfile, made_np
    >>> made = made_np.MADE(3, hidden=(4,))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made_np.save(f"{folder}/model.npz", made, made.init(rng=0), extra={"by": "me"})
    ...     stored = made_np.load(f"{folder}/model.npz")
    >>> stored.made == made, stored.theta.shape == (made.n_params,), stored.extra
    (True, True, {'by': 'me'})
    """
    entries = {"header": _encode_header(made, extra or {}), "theta": _check_theta(theta, made)}
    entries |= {f"{_ARRAY}{name}": _check_array(a, name) for name, a in (arrays or {}).items()}
    entries["sha256"] = _checksum(entries)
    named: dict[str, Any] = {**entries}  # the stubs of savez would take arrays for its options
    with atomic_write(path) as file:
        np.savez(file, **named)


def load(path: str | os.PathLike[str]) -> Stored:
    """Read a file that `save` wrote.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    Stored
        ``made``, ``theta``, ``extra`` and ``arrays``.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged, cut short, of another kind, or from a newer made_np.
    """
    entries = _read_entries(path)
    header = _decode_header(path, entries)
    checksum = entries.pop("sha256", np.empty(0, dtype=np.uint8))
    if not np.array_equal(checksum, _checksum(entries)):
        raise ValueError(_damaged(path, "its checksum does not match its content"))
    try:
        made = MADE.from_config(header["made"])
        theta = _check_theta(entries["theta"], made)
    except (KeyError, TypeError, ValueError) as error:
        writer = header.get("made_np")
        raise ValueError(
            f"{os.fspath(path)}: made_np {__version__} cannot rebuild the model that made_np "
            f"{writer} saved there ({error}): install made_np {writer} to read it"
        ) from error
    given = [name for name in entries if name.startswith(_ARRAY)]
    arrays = {name.removeprefix(_ARRAY): _native(entries[name]) for name in given}
    return Stored(made, theta, header["extra"], arrays)


@contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file for writing bytes that appears under its name only when all is on the disk.

    The bytes go to a temporary file in the same folder, which is synced and then renamed over
    `path`. If the block raises, the temporary file is removed and `path` stays as it was.

    Parameters
    ----------
    path : str or path-like
        The file to create or to replace. A symbolic link is followed.

    Raises
    ------
    FileNotFoundError
        If the folder is missing.
    ValueError
        If something other than an ordinary file stands at `path`.
    """
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(f"cannot write {target}: make the folder {target.parent} first")
    if target.exists() and not target.is_file():
        raise ValueError(f"cannot write {target}: it is not a file; give the path of a file")
    temporary = target.with_name(f".made_np-{secrets.token_hex(6)}.tmp")
    try:
        with open(temporary, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:  # Ctrl-C as well: nothing half-written is left behind
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Put a rename on the disk; only POSIX systems can, and need to, sync a folder."""
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _native(array: NDArray[Any]) -> NDArray[Any]:
    """The same values in this machine's byte order, without a copy where nothing changes."""
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _check_theta(theta: NDArray[Any], made: MADE) -> NDArray[Any]:
    """`theta` as it is stored: native and contiguous; TypeError or ValueError if it cannot be."""
    theta = np.asarray(theta)
    if theta.dtype.newbyteorder("=") not in (np.float32, np.float64):
        raise TypeError(f"theta has dtype {theta.dtype}: give float32 or float64")
    if theta.shape != (made.n_params,):
        raise ValueError(
            f"theta has shape {theta.shape}, but the model has {made.n_params} parameters: "
            f"give the theta of this model, of shape ({made.n_params},)"
        )
    return np.ascontiguousarray(_native(theta))


def _check_array(array: NDArray[Any], name: str) -> NDArray[Any]:
    """One of `arrays` as it is stored; TypeError if it holds Python objects."""
    if not isinstance(name, str):
        raise TypeError(f"arrays has the name {name!r}: names are strings")
    array = np.asarray(array)
    if array.dtype.hasobject:
        raise TypeError(f"arrays[{name!r}] has dtype object: convert it first, text to str")
    return _native(array)


def _encode_header(made: MADE, extra: Mapping[str, Any]) -> NDArray[np.uint8]:
    """The JSON header as an array of bytes; TypeError names `extra` if it is not JSON."""
    header = {"format": _FORMAT, "version": FORMAT_VERSION, "made_np": __version__}
    try:
        text = json.dumps({**header, "made": made.config(), "extra": dict(extra)})
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"extra holds what JSON cannot ({error}): give strings, numbers, booleans, None, "
            f"lists and dicts, and NumPy arrays through arrays="
        ) from error
    return np.frombuffer(text.encode(), dtype=np.uint8)


def _read_entries(path: str | os.PathLike[str]) -> Entries:
    """All arrays of the archive; ValueError if it is no archive or not a sound one."""
    with open(path, "rb") as file:
        if file.read(2) != b"PK":
            raise ValueError(_foreign(path))
        file.seek(0)
        try:
            with np.load(file, allow_pickle=False) as archive:
                # Before any array is made: a damaged shape could ask for all the memory there is.
                if archive.zip.testzip() is not None:
                    raise zipfile.BadZipFile("an entry fails its own checksum")
                entries = {name: archive[name] for name in archive.files}
        except MemoryError:
            raise
        except Exception as error:  # a broken archive speaks through a dozen types
            raise ValueError(_damaged(path, str(error))) from error
    # A zip of another kind has entries that are bare bytes; they are none of ours.
    return {name: entry for name, entry in entries.items() if isinstance(entry, np.ndarray)}


def _decode_header(path: str | os.PathLike[str], entries: Entries) -> dict[str, Any]:
    """The header of a file of ours that this release can read; ValueError for any other."""
    try:
        header = json.loads(entries["header"].tobytes())
        is_ours = header["format"] == _FORMAT
        version = int(header["version"])
    except (KeyError, TypeError, ValueError):
        is_ours = False
    if not is_ours:
        raise ValueError(_foreign(path))
    if version > FORMAT_VERSION:
        raise ValueError(
            f"{os.fspath(path)} was written by made_np {header.get('made_np')} in format "
            f"{version}; this is made_np {__version__}, which reads formats up to "
            f"{FORMAT_VERSION}: pip install --upgrade made_np"
        )
    return dict(header)


def _checksum(entries: Entries) -> NDArray[np.uint8]:
    """SHA-256 over name, dtype, shape and bytes of every entry, in the order of the names."""
    digest = hashlib.sha256()
    for name, array in sorted(entries.items()):
        digest.update(f"{name}\0{array.dtype.str}\0{array.shape}\0".encode())
        digest.update(array.tobytes())
    return np.frombuffer(digest.digest(), dtype=np.uint8)


def _damaged(path: str | os.PathLike[str], why: str) -> str:
    """Message for a file that was ours and is no longer whole."""
    return (
        f"{os.fspath(path)} is damaged or cut short ({why}): copy it again from where it came, or save the model again"
    )


def _foreign(path: str | os.PathLike[str]) -> str:
    """Message for a file of another kind."""
    return f"{os.fspath(path)} is not a made_np model: give a file written by made_np.save"
