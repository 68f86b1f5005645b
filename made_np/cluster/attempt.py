"""One try of a fit on the workers that are there, until it ends, or a worker goes."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from made_np.cluster import rank
from made_np.cluster.collections import Partitions
from made_np.cluster.rank import Place, Written
from made_np.estimator import MADEDensity
from made_np.ranks.comm import LostRank

__all__ = ["Attempt", "Lost", "Shares"]

GLANCE = 1.0
"""Seconds between looks at the workers, with their checkpoint."""


class Lost(Exception):
    """A worker has gone in the middle of a try."""


@dataclass(frozen=True)
class Shares:
    """What the ranks share out.

    Attributes
    ----------
    table : Partitions
        The rows to learn from.
    valid : Partitions, optional
        Rows for early stopping.
    weights : list of Delayed, optional
        What each row counts, in the partitions of `table`.
    """

    table: Partitions
    valid: Partitions | None = None
    weights: list[Any] | None = None


class Attempt:
    """One try.

    Parameters
    ----------
    client : distributed.Client
    shares : Shares
    density : MADEDensity
    arguments : dict
        Of `MADEDensity.fit`, the same on all ranks.
    timeout : float
        Seconds that ranks wait for each other to come.
    keep : callable (Written)
        Is told each state of the checkpoint that is seen.
    """

    def __init__(
        self,
        client: Any,
        shares: Shares,
        density: MADEDensity,
        arguments: Mapping[str, Any],
        timeout: float,
        keep: Callable[[Written], object],
    ) -> None:
        self.client = client
        self.shares = shares
        self.density = density
        self.arguments = arguments
        self.timeout = timeout
        self.keep = keep
        self.job = secrets.token_hex(8)

    def run(self, files: Mapping[str, bytes]) -> tuple[MADEDensity, Written]:
        """Return the fitted density, with the last state of its checkpoint; `files` are the one to go on from.

        Raises
        ------
        Lost
            A worker has gone, or none is there.
        Exception
            What a rank raised for any other reason.
        """
        workers = self._present()
        n = min(len(workers), self.shares.table.n)
        workers = workers[:n]
        tables = [self._table(k, n, worker) for k, worker in enumerate(workers)]
        self._wait([(worker, each) for worker, own in zip(workers, tables, strict=True) for each in own.values()])
        places = self._places(workers)
        trained = [
            self._on(worker, rank.train, place, self.density, table, self.arguments, {} if place.rank else dict(files))
            for worker, place, table in zip(workers, places, tables, strict=True)
        ]
        del tables  # so that a worker frees its share when it has learned from it
        stamp: tuple[Any, ...] = ()

        def look() -> None:
            nonlocal stamp
            written = self.client.run(rank.latest, self.job, stamp, workers=[workers[0]])[workers[0]]
            if written is not None:
                stamp = written.stamp
                self.keep(written)

        self._wait(list(zip(workers, trained, strict=True)), look)
        answer: tuple[MADEDensity, Written] = self._result(trained[0])
        return answer

    # ------------------------------------------------------------------------------------------ before the fit

    def _present(self) -> list[str]:
        """Return the addresses of the workers that answer."""
        with suppress(TimeoutError):
            self.client.wait_for_workers(1, timeout=self.timeout)
        answers = self.client.run(rank.present, on_error="return")
        found = sorted(worker for worker, answer in answers.items() if answer is True)
        if not found:
            raise Lost("no worker is there")
        return found

    def _table(self, k: int, n: int, worker: str) -> dict[str, Any]:
        """Return the share of rank k of n, as futures of tables on its worker; each share follows the one before."""
        found = {"X": self._joined(self.shares.table, self.shares.table.each, k, n, worker)}
        if self.shares.valid is not None:
            found["X_val"] = self._joined(self.shares.valid, self.shares.valid.each, k, n, worker)
        if self.shares.weights is not None:
            found["sample_weight"] = self._joined(None, self.shares.weights, k, n, worker)
        return found

    def _joined(self, table: Partitions | None, each: Sequence[Any], k: int, n: int, worker: str) -> Any:
        """Return the partitions of rank k of n as one table on its worker."""
        own = each[len(each) * k // n : len(each) * (k + 1) // n]
        # Partitions may be made elsewhere, if two ranks need the same rows of a file. None is held longer than needed.
        parts = self.client.compute(list(own), workers=[worker], allow_other_workers=True)
        return self._on(worker, rank.joined, parts, None if table is None else table.like)

    def _places(self, workers: list[str]) -> list[Place]:
        """Return which rank each worker is, where they meet, and a key that they alone know."""
        from distributed.comm import get_address_host, parse_address

        first = workers[0]
        scheme, _ = parse_address(first)
        host = "127.0.0.1" if scheme == "inproc" else get_address_host(first)
        port = self.client.run(rank.free_port, host, workers=[first])[first]
        key = secrets.token_bytes(32)
        return [Place(self.job, k, len(workers), (host, port), key, self.timeout) for k in range(len(workers))]

    def _on(self, worker: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """Begin a task on a worker."""
        return self.client.submit(function, *arguments, workers=[worker], pure=False)

    # ------------------------------------------------------------------------------------------ while it runs

    def _wait(self, tasks: Sequence[tuple[str, Any]], look: Callable[[], object] | None = None) -> None:
        """Wait for all tasks, and `look` now and then.

        Raises
        ------
        Lost
            A worker has gone. Those that are left have ended their tasks, or been told to.
        """
        futures = [future for _, future in tasks]
        workers = {worker for worker, _ in tasks}
        gone: set[str] = set()
        while not gone and not _has_failed(futures) and not all(future.done() for future in futures):
            _pause(futures)
            gone = workers - set(self.client.nthreads())
            if look is not None and not gone:
                with suppress(OSError, KeyError):  # the first worker has gone just now
                    look()
        if not gone and not _has_failed(futures):
            return
        errors = self._ended(tasks)
        own = [error for error in errors if not isinstance(error, LostRank)]
        if own and not gone:
            raise own[0]
        self.client.cancel(list(futures), force=True)
        raise Lost(f"worker {min(gone)} has gone" if gone else str(errors[0]))

    def _ended(self, tasks: Sequence[tuple[str, Any]]) -> list[BaseException]:
        """Return the errors of the tasks, once the workers that are there have ended theirs."""
        until = time.monotonic() + self.timeout
        while time.monotonic() < until:
            there = set(self.client.nthreads())
            waited = [future for worker, future in tasks if worker in there]
            if all(future.done() for future in waited):
                break
            _pause(waited)
        return [future.exception() for _, future in tasks if future.status == "error"]

    def _result(self, future: Any) -> Any:
        """Return what a task has returned, which may have gone with its worker meanwhile."""
        from distributed import TimeoutError as Late

        try:
            return future.result(timeout=self.timeout)
        except Late:
            raise Lost(f"the result of {future.key} has gone") from None


def _has_failed(futures: Sequence[Any]) -> bool:
    return any(future.status in ("error", "cancelled", "lost") for future in futures)


def _pause(futures: Sequence[Any]) -> None:
    """Wait for a moment, or until a task ends."""
    from distributed import TimeoutError as Late
    from distributed import wait

    pending = [future for future in futures if not future.done()]
    if not pending:
        return
    with suppress(Late), pending[0].client.as_current():
        wait(pending, timeout=GLANCE, return_when="FIRST_COMPLETED")
