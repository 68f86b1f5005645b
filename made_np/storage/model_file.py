"""A model with its parameters in one .npz file.

The file is an ordinary ``.npz`` archive that holds no pickle, so that opening one never runs code, and that is not
compressed, so that opening one takes no more memory than its size:

==============  ==========================================================================
``header``      JSON text as bytes: format version, package version, ``made.config()``, extra
``theta``       (P,) the parameters, in their own dtype
``array.NAME``  the arrays given by name, if any
``sha256``      (32,) checksum over names, dtypes, shapes and bytes of all of the above
==============  ==========================================================================
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from made_np.backends import BACKENDS, get_backend
from made_np.files import as_target, atomic_write, open_file
from made_np.messages import warn
from made_np.model.made import MADE
from made_np.storage.archive import MAX_ENTRIES, Entries, TooLarge, check_entry, read_entries, write_entries
from made_np.storage.header import FORMAT_VERSION, Header, decode_header, encode_header, foreign, rebuilding
from made_np.validation import as_dense
from made_np.values import as_a, as_choice, as_count, as_path, show

__all__ = ["FORMAT_VERSION", "Stored", "check_theta", "is_model", "load", "rebuild", "save"]

MAX_ARRAYS = MAX_ENTRIES - 100
"""So many arrays may be given; the rest of what a file may hold is for entries of our own."""

_ARRAY = "array."
_AT_ONCE = 1 << 16  # numbers that are hashed together


class Stored(NamedTuple):
    """What a file holds.

    Attributes
    ----------
    made : MADE
        The model, equal to the one that was saved, but for its backend if another one had to be taken.
    theta : ndarray, shape (P,)
        Its parameters: dtype and bits as saved, in this machine's byte order.
    extra : dict
        The JSON values given to `save`. As JSON has it, tuples come back as lists, and keys as strings.
    arrays : dict of str to ndarray
        The arrays given to `save`.
    """

    made: MADE
    theta: NDArray[Any]
    extra: dict[str, Any]
    arrays: Entries

    def __repr__(self) -> str:
        held = [
            f"theta={self.theta.size} {self.theta.dtype}",
            f"extra={list(self.extra)}",
            f"arrays={list(self.arrays)}",
        ]
        return f"Stored(made={self.made!r}, {', '.join(held)})"


def save(
    path: str | os.PathLike[str],
    made: MADE,
    theta: NDArray[Any],
    *,
    extra: Mapping[str, Any] | None = None,
    arrays: Mapping[str, NDArray[Any]] | None = None,
) -> None:
    """Write a model and its parameters to one file, completely or not at all.

    An array is copied only if it has another byte order than this machine; nothing else takes memory to speak of.

    Parameters
    ----------
    path : str or path-like
        The file, under exactly this name; a file that is there already is replaced at the end.
    made : MADE
        The model.
    theta : ndarray of float32 or float64, shape (P,)
        Its parameters; any strides, any byte order.
    extra : dict of JSON values, optional
        What else belongs to the model: strings, numbers, booleans, None, lists, dicts; up to 64 MiB as JSON.
    arrays : dict of str to ndarray, optional
        Up to 9,900 arrays of any dtype except object.

    Raises
    ------
    FileNotFoundError
        If the folder is missing.
    TypeError, ValueError
        If `theta` does not fit `made`, or `extra` or `arrays` cannot be stored; nothing has been written then.
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
    target = as_target(path)
    as_a(made, "made", MADE, "give a made_np.MADE; an estimator has a method save of its own")
    entries = {
        "header": np.frombuffer(encode_header(made.config(), {} if extra is None else extra), dtype=np.uint8),
        "theta": check_theta(theta, made),
    }
    entries |= _check_arrays({} if arrays is None else arrays)
    entries["sha256"] = _checksum(entries)
    with atomic_write(target) as file:
        write_entries(file, entries)


def load(path: str | os.PathLike[str], *, backend: str | None = None) -> Stored:
    """Read a file that `save` wrote.

    It takes as much memory as the arrays in the file, which are no larger than the file.

    Parameters
    ----------
    path : str or path-like
        The file.
    backend : {None, "auto", "numba", "bfloat16", "numpy", "cupy"}
        Of the model. None: as saved, or "numpy" where that cannot be imported.

    Returns
    -------
    Stored
        ``made``, ``theta``, ``extra`` and ``arrays``.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged, cut short, compressed, of another kind, or from a newer made_np.
    TypeError
        If `path` is no path.

    Warns
    -----
    RuntimeWarning
        The backend that the model was saved with cannot be imported, and NumPy is taken.
    """
    return read(path, backend)[0]


def is_model(path: str | os.PathLike[str]) -> bool:
    """Whether a file has the entries of one that `save` wrote; what is in them may still be damaged."""
    text = as_path(path)
    if not zipfile.is_zipfile(text):
        return False
    with zipfile.ZipFile(text) as archive:
        return {"header.npy", "theta.npy", "sha256.npy"} <= set(archive.namelist())


def read(path: str | os.PathLike[str], backend: str | None) -> tuple[Stored, Header]:
    """Return what `load` does, and what the file says about itself."""
    text = as_path(path)
    if backend is not None:
        as_choice(backend, "backend", ("auto", *BACKENDS))
    entries = _read_entries(text)
    entry = entries.get("header")
    header = decode_header(text, None if entry is None else entry.tobytes(), foreign(text))
    checksum = entries.pop("sha256", None)
    if checksum is None or checksum.tobytes() != _checksum(entries).tobytes():
        raise ValueError(_damaged(text, "its checksum does not match its content"))
    with rebuilding(text, header.writer, "model"):
        theta = entries["theta"]
        extra = dict(as_a(header.extra, "extra", dict, "it has to be one"))
    made = rebuild(text, header, theta.size, backend)
    with rebuilding(text, header.writer, "model"):
        theta = check_theta(theta, made)
    given = [name for name in entries if name.startswith(_ARRAY)]
    arrays = {name.removeprefix(_ARRAY): _native(entries[name]) for name in given}
    return Stored(made, theta, extra, arrays), header


def rebuild(path: str, header: Header, n_params: int, backend: str | None = None) -> MADE:
    """Return the model of a header that stands beside so many parameters; ValueError if none can be built."""
    with rebuilding(path, header.writer, "model"):
        config = dict(header.made)
        # Each feature owns parameters: a number beyond them is none of a model, and takes for ever to build.
        as_count(config["n_features"], "n_features", 1, n_params)
    chosen = _usable(path, config.get("backend", "auto")) if backend is None else backend
    with rebuilding(path, header.writer, "model"):
        return MADE.from_config({**config, "backend": chosen})


def _usable(path: str, saved: Any) -> Any:
    """Return the backend of a file, or "numpy" with a warning if that is one of ours that cannot be imported here."""
    if saved not in BACKENDS:
        return saved
    try:
        get_backend(saved)
    except Exception as error:  # such as a NumPy that is too new for this numba
        text = f"{path} was saved with backend={saved!r}, and NumPy is taken, which gives the same to rounding: {error}"
        warn(text, RuntimeWarning)
        return "numpy"
    return saved


def _native(array: NDArray[Any]) -> NDArray[Any]:
    """The same values in this machine's byte order, without a copy where nothing changes."""
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def check_theta(theta: NDArray[Any], made: MADE) -> NDArray[Any]:
    """Return `theta` as it is stored: native and contiguous; TypeError or ValueError if it cannot be."""
    theta = as_dense(theta, "theta")
    if theta.dtype.newbyteorder("=") not in (np.float32, np.float64):
        raise TypeError(f"theta has dtype {theta.dtype}: give float32 or float64")
    if theta.shape != (made.n_params,):
        raise ValueError(
            f"theta has shape {theta.shape}, but the model has {made.n_params} parameters: "
            f"give the theta of this model, of shape ({made.n_params},)"
        )
    return np.ascontiguousarray(_native(theta))


def _check_arrays(arrays: Mapping[str, NDArray[Any]]) -> Entries:
    """`arrays` as they are stored; TypeError or ValueError if they cannot be."""
    as_a(arrays, "arrays", Mapping, "give a dict of names and arrays")  # type: ignore[type-abstract]
    if len(arrays) > MAX_ARRAYS:
        raise ValueError(f"arrays holds {len(arrays)}: give at most {MAX_ARRAYS}, joined where there are more")
    entries = {}
    for name, given in arrays.items():
        if not isinstance(name, str):
            raise TypeError(f"arrays has the name {show(name)}: names are strings")
        array = as_dense(given, f"arrays[{show(name)}]")
        check_entry(_ARRAY + name, array, f"arrays[{show(name)}]")
        entries[_ARRAY + name] = _native(array)
    return entries


def _read_entries(path: str) -> Entries:
    """All arrays of the archive; ValueError if it is no archive or not a sound one."""
    with open_file(path) as file:
        if file.read(2) != b"PK":
            raise ValueError(foreign(path))
        file.seek(0)
        try:
            return read_entries(file)
        except MemoryError:
            raise
        except TooLarge as error:
            raise ValueError(f"{path} cannot be read: {error}") from None
        except Exception as error:  # a broken archive speaks through a dozen types
            raise ValueError(_damaged(path, str(error))) from error


def _checksum(entries: Entries) -> NDArray[np.uint8]:
    """SHA-256 over name, dtype, shape and bytes of every entry, in the order of the names; copies no array."""
    digest = hashlib.sha256()
    for name, array in sorted(entries.items()):
        digest.update(f"{name}\0{array.dtype.str}\0{array.shape}\0".encode())
        if array.dtype.itemsize:
            flags: Any = ["external_loop", "buffered", "zerosize_ok"]
            part: Any
            for part in np.nditer(array, flags=flags, order="C", buffersize=_AT_ONCE):
                digest.update(part.tobytes())
    return np.frombuffer(digest.digest(), dtype=np.uint8)


def _damaged(path: str, why: str) -> str:
    """Message for a file that was ours and is no longer whole."""
    return f"{path} is damaged or cut short ({why}): copy it again from where it came, or save the model again"
