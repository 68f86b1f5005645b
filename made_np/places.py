"""Where files are written, looked at before any work."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from made_np.files import as_target
from made_np.values import as_path

__all__ = ["check_places", "check_writable"]


def check_places(reads: Mapping[str, Any], writes: Mapping[str, Any]) -> None:
    """Raise unless each file of `writes` can be written, and is neither one of `reads` nor another one of `writes`.

    Parameters
    ----------
    reads, writes : mapping of str to path or None
        How messages call the file (the name of an argument or of an option), and its path; None: not given.

    Raises
    ------
    ValueError
        One file has two of these names, by whatever path, link or spelling.
    TypeError, ValueError, OSError
        As `check_writable`.
    """
    known = [(name, as_path(path, name)) for name, path in reads.items() if path is not None]
    for name, path in writes.items():
        if path is None:
            continue
        for other, its_path in known:
            if _is_same(as_path(path, name), its_path):
                raise ValueError(f"{name} {path} is {other} ({its_path}), which would be lost: give another path")
        check_writable(path, name)
        known.append((name, path))


def check_writable(path: Any, name: str = "path") -> None:
    """Raise unless a file can be written at `path`, or replaced there; `name` is that of the argument.

    Whether its folder takes a new file is tried out: what permissions say is not all that a disk may mind.

    Raises
    ------
    TypeError, ValueError
        `path` is no path of a file, or something else than an ordinary file stands there.
    OSError
        The folder is missing or takes no files, `path` is a folder, or a file that may not be written to.
    """
    try:
        target = as_target(path, name)
        _check_present(target, f"{name} {os.fspath(path)}")
        _try_out(target.parent)
    except OSError as error:
        if error.strerror is None:
            raise
        reason = error.strerror.lower()
        raise type(error)(f"{name}: cannot write {os.fspath(path)}: {reason}; give another path") from error


def _is_same(path: str, other: str) -> bool:
    try:
        return os.path.samefile(path, other)
    except OSError:  # one of them is not there, or not yet
        one, two = (os.path.normcase(os.path.realpath(each)) for each in (path, other))
        return one == two


def _check_present(target: Path, what: str) -> None:
    """Raise if what stands at `target` is to stay; that nothing does is fine."""
    # The superuser may write to all files, and yet somebody has said that this one is to stay.
    if target.exists() and not (target.stat().st_mode & 0o222 and os.access(target, os.W_OK)):
        raise PermissionError(f"{what} is a read-only file: make it writable first, or give another path")


def _try_out(folder: Path) -> None:
    """Put an empty file into the folder and take it out again."""
    trial = folder / f".made_np-{secrets.token_hex(6)}.tmp"
    os.close(os.open(trial, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    trial.unlink()
