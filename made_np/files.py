"""Ordinary files: opened to be read, or written completely or not at all."""

from __future__ import annotations

import hashlib
import os
import platform
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from made_np.values import as_path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

__all__ = ["as_target", "atomic_write", "open_file"]

StrPath = str | os.PathLike[str]

# Of this machine alone: where a network file system keeps locks to each machine, those of others say nothing here.
_PREFIX = f".made_np-{hashlib.sha256(platform.node().encode(errors='replace')).hexdigest()[:8]}-"
_SUFFIX = ".tmp"


def open_file(path: StrPath, name: str = "path") -> BinaryIO:
    """Open a file for reading bytes; nothing that could wait for ever or never end, such as a pipe or a device.

    Raises
    ------
    TypeError
        If `path` is no path.
    OSError
        If there is no such file, it cannot be read, or it is a folder.
    ValueError
        If something else than an ordinary file stands at `path`.
    """
    text = as_path(path, name)
    if not stat.S_ISREG(os.stat(text).st_mode):
        raise _no_file(text, name)
    return open(text, "rb")


def as_target(path: StrPath, name: str = "path") -> Path:
    """Return where a file is to be written, all symbolic links followed, or raise as `atomic_write` does."""
    text = as_path(path, name)
    target = Path(os.path.realpath(text))
    if target.is_dir() or text.endswith(("/", os.sep)):
        raise _no_file(text, name)
    if not target.parent.is_dir():
        raise FileNotFoundError(f"{name}: cannot write {text}: make the folder {target.parent} first")
    with suppress(FileNotFoundError):  # any other error, such as a circle of links, is told
        if not stat.S_ISREG(os.stat(target).st_mode):
            raise _no_file(text, name)
    return target


@contextmanager
def atomic_write(path: StrPath) -> Iterator[BinaryIO]:
    """Open a file for writing bytes that appears under its name only when all is on the disk.

    The bytes go to a temporary file in the same folder, which is synced and then renamed over
    `path`. If the block raises, the temporary file is removed and `path` stays as it was. What a
    writer left behind that was killed, the next one in that folder removes.

    Parameters
    ----------
    path : str or path-like
        The file to create or to replace. A symbolic link is followed.

    Raises
    ------
    TypeError
        If `path` is no path.
    FileNotFoundError
        If the folder is missing.
    IsADirectoryError, ValueError
        If a folder, or something else than an ordinary file, stands at `path`.
    """
    target = as_target(path)
    _sweep(target.parent)
    temporary, lock = _create(target.parent)
    try:
        with open(temporary, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:  # Ctrl-C as well: nothing half-written is left behind
        temporary.unlink(missing_ok=True)
        raise
    finally:
        if lock is not None:
            os.close(lock)
    _sync_folder(target.parent)


def _create(folder: Path) -> tuple[Path, int | None]:
    """Create a temporary file, and return its path and what holds its lock (None on Windows, which has other locks).

    The system lets the lock go when the process ends, however it ends: whoever can take it knows that nobody writes.
    """
    while True:
        path = folder / f"{_PREFIX}{secrets.token_hex(6)}{_SUFFIX}"
        lock = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666)
        if fcntl is None:
            os.close(lock)
            return path, None
        with suppress(OSError):  # a file system without locks, where no one else will get one either
            fcntl.flock(lock, fcntl.LOCK_EX)
        if path.exists():
            return path, lock
        os.close(lock)  # the file was swept away before it had its lock


def _sweep(folder: Path) -> None:
    """Remove the temporary files of writers that are no more."""
    if fcntl is None:
        return
    with suppress(OSError), os.scandir(folder) as entries:  # a folder may be open to writing, and not to listing
        for entry in entries:
            if entry.name.startswith(_PREFIX) and entry.name.endswith(_SUFFIX):
                with suppress(OSError):  # someone else's, or someone writes it
                    _remove_unlocked(entry.path)


def _remove_unlocked(path: str) -> None:
    """Remove a file, or raise an `OSError` if a writer holds its lock."""
    handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(path)  # while its lock is held, so that no writer can have begun
    finally:
        os.close(handle)


def _sync_folder(folder: Path) -> None:
    """Put a rename on the disk; only POSIX systems can, and need to, sync a folder."""
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _no_file(path: str, name: str) -> OSError | ValueError:
    """Return the error for a path that no ordinary file stands at."""
    if path.endswith(("/", os.sep)) or os.path.isdir(path):
        return IsADirectoryError(f"{name} {path} is a folder: give the path of a file")
    return ValueError(f"{name} {path} is no ordinary file, but a pipe, a socket or a device: give the path of a file")
