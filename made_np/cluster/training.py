"""A density fitted by the workers of a Dask cluster, each of them on its own partitions.

The partitions are shared out in their sequence, so rank 0 has the first rows, and the table that is learned from is the
whole one, however many workers there are. Rank 0 writes a checkpoint, whose bytes the client fetches while the fit
runs. If a worker goes, the others notice within seconds; the client shares the partitions out again among those that
are left, Dask makes those that were lost anew, and the fit goes on from the checkpoint.
"""

from __future__ import annotations

import copy
import logging
import os
from pathlib import Path
from typing import Any

from made_np.cluster.attempt import Attempt, Lost, Shares
from made_np.cluster.collections import Partitions
from made_np.cluster.rank import RUN, TRIALS, Written
from made_np.estimator import MADEDensity
from made_np.estimator.conventions import seed_of
from made_np.estimator.remembering import check_checkpoint, trials_path
from made_np.files import atomic_write
from made_np.messages import not_installed, tell
from made_np.ranks.comm import LostRank
from made_np.values import as_a, as_count, as_number, show

__all__ = ["fit"]

_logger = logging.getLogger("made_np.cluster")


def fit(
    X: Any,
    density: MADEDensity | None = None,
    *,
    client: Any = None,
    X_val: Any = None,
    sample_weight: Any = None,
    checkpoint: str | os.PathLike[str] | None = None,
    max_seconds: float | None = None,
    retries: int = 10,
    timeout: float = 60.0,
) -> MADEDensity:
    """Learn the density of the rows of `X` on all workers of a cluster, as `MADEDensity.fit` does on one machine.

    Each worker needs memory for its share of the rows, a free thread, and made_np. The model is the same to rounding on
    any number of workers, whether some of them go or not.

    Parameters
    ----------
    X : dask.dataframe.DataFrame, or dask.array.Array (n, D)
        Where workers may go, partitions have to be such as Dask can make anew: read from files, not scattered.
    density : MADEDensity, optional
        How to learn. It is fitted itself, and returned. None: with nothing set.
    client : distributed.Client, optional
        None: the one that was made last.
    X_val : as `X`, optional
        Rows for early stopping; by default some of `X` are held out.
    sample_weight : dask.dataframe.Series or dask.array.Array (n,), optional
        What each row counts, with the partitions of `X`.
    checkpoint : path, optional
        A file of the client that the fit is written to every few seconds, with ``checkpoint.trials`` beside it. If the
        client is killed and the fit called again, it goes on from there, on any number of workers. `random_state` of
        the density cannot be None then. Without a path the bytes are kept in memory.
    max_seconds : float, optional
        As in `MADEDensity.fit`.
    retries : int
        How often the fit goes on after workers have gone.
    timeout : float
        Seconds that workers may take to find each other once all of them have their rows.

    Returns
    -------
    MADEDensity

    Raises
    ------
    TypeError, ValueError, OSError
        Input, a parameter or a checkpoint that cannot be meant, as in `MADEDensity.fit`; no client.
    LostRank
        Workers went more often than `retries`, or none is left.
    ImportError
        Dask is not installed.
    """
    density = MADEDensity() if density is None else as_a(density, "density", MADEDensity, "give one, fitted or not")
    retries = as_count(retries, "retries", 0)
    as_number(timeout, "timeout", "(0, inf)")
    table = Partitions.of(X)
    shares = Shares(table, *_beside(table, X_val, sample_weight))
    client = _as_client(client)
    if checkpoint is not None:
        check_checkpoint(checkpoint, density.random_state)
    kept = Kept(checkpoint)
    arguments = {} if max_seconds is None else {"max_seconds": max_seconds}
    with seed_of(density.random_state) as seed:
        learner = _learner(density, seed)
        for _ in range(retries + 1):
            attempt = Attempt(client, shares, learner, arguments, timeout, kept.keep)
            try:
                learned, written = attempt.run(kept.files)
            except Lost as lost:
                tell(_logger, f"{lost}: the fit goes on from its checkpoint", shown=bool(density.verbose))
                why = str(lost)
                continue
            kept.keep(written)
            density._fitted = learned._fitted
            return density
    raise LostRank(f"{why}, after retries={retries}: mend the cluster, and call again with the same checkpoint")


def _beside(table: Partitions, X_val: Any, sample_weight: Any) -> tuple[Partitions | None, list[Any] | None]:
    """Return the partitions of validation rows, and those of weights, as many as the table has."""
    weights = None
    if sample_weight is not None:
        if not hasattr(sample_weight, "to_delayed") or getattr(sample_weight, "ndim", 0) != 1:
            raise TypeError(
                f"sample_weight is a {type(sample_weight).__name__} ({show(sample_weight)}): give a Dask Series or "
                "array (n,) with the partitions of X"
            )
        found = sample_weight.to_delayed()
        weights = list(found.ravel() if hasattr(found, "ravel") else found)
        if len(weights) != table.n:
            raise ValueError(f"sample_weight has {len(weights)} partitions, and X {table.n}: give both the same")
    return None if X_val is None else Partitions.of(X_val, "X_val"), weights


def _as_client(client: Any) -> Any:
    """Return a client of Dask's: the one that is given, or that was made last."""
    try:
        from distributed import Client, default_client
    except ImportError as error:
        raise not_installed("a fit on Dask's workers needs", "distributed", "dask") from error
    if client is None:
        try:
            client = default_client()
        except ValueError:
            raise ValueError(
                "client is None, and there is no client: make one, such as distributed.Client(n_workers=2)"
            ) from None
    as_a(client, "client", Client, "give a distributed.Client")
    if client.asynchronous:
        raise ValueError("client is asynchronous: give one that waits, such as distributed.Client(address)")
    return client


def _learner(density: MADEDensity, seed: int) -> MADEDensity:
    """Return the estimator that workers fit: with a seed, so that each try is the same fit."""
    learner = copy.copy(density)
    learner.random_state = seed
    if not density.warm_start:
        vars(learner).pop("_fitted", None)
    return learner


class Kept:
    """The checkpoint on the side of the client.

    Parameters
    ----------
    path : path, optional
        Where it is written to; what is there already is read. None: memory alone keeps it.
    """

    def __init__(self, path: str | os.PathLike[str] | None) -> None:
        self._paths = {} if path is None else {RUN: os.fspath(path), TRIALS: trials_path(path)}
        self.files = {what: Path(each).read_bytes() for what, each in self._paths.items() if Path(each).exists()}

    def keep(self, written: Written) -> None:
        """Keep what rank 0 has written."""
        for what, data in written.files.items():
            if self.files.get(what) == data:
                continue
            self.files[what] = data
            if what in self._paths:
                with atomic_write(self._paths[what]) as file:
                    file.write(data)
