"""One rank of a fit, as a task on a worker: it joins its partitions, trains on them, keeps a checkpoint."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from made_np.cluster.carried import carried
from made_np.cluster.looks import alike
from made_np.estimator import MADEDensity
from made_np.estimator.remembering import trials_path
from made_np.ranks.sockets import Sockets, connect

__all__ = ["Place", "Written", "free_port", "joined", "latest", "present", "train"]

Files = Mapping[str, bytes]
"""What a checkpoint is written to: its file, and the one of its trials, by what they are."""
RUN = "run"
TRIALS = "trials"

_paths: dict[str, str] = {}
"""Where rank 0 of each job that runs in this process writes its checkpoint."""


@dataclass(frozen=True)
class Place:
    """Which rank of which job a task is.

    Attributes
    ----------
    job : str
        The name of this try; each has another.
    rank, size : int
    address : (str, int)
        Of rank 0.
    key : bytes
        Known to the ranks of this job alone.
    timeout : float
        Seconds to wait for the other ranks.
    """

    job: str
    rank: int
    size: int
    address: tuple[str, int]
    key: bytes
    timeout: float


@dataclass(frozen=True)
class Written:
    """The files of a checkpoint, with what tells one state of them from another."""

    stamp: tuple[Any, ...]
    files: Files


def present() -> bool:
    """Return that this worker answers."""
    return True


def free_port(host: str) -> int:
    """Return a port of this machine, as it is called by `host`, where nobody listens at the moment."""
    with socket.create_server((host, 0)) as server:
        return int(server.getsockname()[1])


def joined(parts: Sequence[Any], like: Any) -> Any:
    """Return partitions as one table, each behind the one before, in the dtypes of `like` unless that is None."""
    tables = list(parts) if like is None else [alike(part, like) for part in parts]
    if isinstance(tables[0], np.ndarray):
        return np.concatenate(tables)
    from dask.dataframe.dispatch import concat

    return tables[0] if len(tables) == 1 else concat(tables)


def train(
    place: Place, density: MADEDensity, table: Mapping[str, Any], arguments: Mapping[str, Any], files: Files
) -> tuple[MADEDensity, Written] | None:
    """Return the density that all ranks have learned, with the last state of its checkpoint; None but on rank 0.

    Parameters
    ----------
    place : Place
    density : MADEDensity
        With an integer as random state.
    table : dict
        The rows of this rank: `X`, perhaps with `X_val`, `sample_weight`.
    arguments : dict
        Of `MADEDensity.fit`, the same on all ranks.
    files : dict
        The checkpoint to go on from; none begins anew.
    """
    with tempfile.TemporaryDirectory(prefix="made_np-") as folder:
        path = os.path.join(folder, "checkpoint.npz")
        if place.rank == 0:
            for what, data in files.items():
                Path(_path(path, what)).write_bytes(data)
            _paths[place.job] = path
        try:
            with _line(place) as comm:
                own = {name: part if len(part) else None for name, part in table.items()}
                density.fit(**own, checkpoint=path, comm=comm, **arguments)
            return (carried(density), _read(path)) if place.rank == 0 else None
        finally:
            _paths.pop(place.job, None)


@contextmanager
def _line(place: Place) -> Iterator[Sockets | None]:
    """Give the block the line to the other ranks, None for a single one; an error ends all of them."""
    if place.size == 1:
        yield None
        return
    comm = connect(place.rank, place.size, place.address, place.key, place.timeout)
    try:
        yield comm
    except BaseException:
        comm.abort()
        raise
    finally:
        comm.close()


def latest(job: str, stamp: tuple[Any, ...]) -> Written | None:
    """Return the checkpoint that rank 0 of a job has in this process, None if it is still the one of that stamp."""
    path = _paths.get(job)
    if path is None:
        return None
    with suppress(OSError):  # the fit has just ended, and its folder with it
        return None if _stamp(path) == stamp else _read(path)
    return None


def _read(path: str) -> Written:
    """Return the files of a checkpoint. Each appears at once, and is of use without the other."""
    stamp = _stamp(path)
    files = {}
    for what in (RUN, TRIALS):
        with suppress(FileNotFoundError):
            files[what] = Path(_path(path, what)).read_bytes()
    return Written(stamp, files)


def _stamp(path: str) -> tuple[Any, ...]:
    """Return what changes whenever one of the files is written."""
    states = []
    for what in (RUN, TRIALS):
        with suppress(FileNotFoundError):
            state = os.stat(_path(path, what))
            states.append((what, state.st_mtime_ns, state.st_ino, state.st_size))
    return tuple(states)


def _path(path: str, what: str) -> str:
    """Return the path of one of the files."""
    return str(trials_path(path)) if what == TRIALS else path
