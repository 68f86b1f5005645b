"""Ranks that talk through sockets of the standard library, in a star around rank 0.

Rank 0 listens at an address, the others connect to it; who does not know the key is turned away. What is sent is
pickled, so whoever knows the key can run code on every rank: keep it secret.

A sum is added up by rank 0 in the sequence of the ranks, and sent back, so all get the same bits. A thread of each rank
does that while the rank computes.
"""

from __future__ import annotations

import pickle
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

import numpy as np

from made_np.ranks.comm import Comm, LostRank, Pending, lost
from made_np.ranks.lines import GONE, Address, Line, free_address, knock, listen
from made_np.values import as_a, as_count, as_number

__all__ = ["Sockets", "connect", "free_address"]


def connect(rank: int, size: int, address: Address, key: bytes, timeout: float = 60.0) -> Sockets:
    """Return the line of a rank once all of them are there.

    Parameters
    ----------
    rank, size : int
        Rank 0 listens, the others connect to it.
    address : (str, int)
        Host and port of rank 0, as the others reach it.
    key : bytes
        A secret that all ranks know.
    timeout : float
        Seconds to wait for the others.

    Raises
    ------
    TimeoutError
        Somebody did not come in time.
    ValueError
        Two ranks say that they are the same one, or count differently, or have another key.
    LostRank
        Somebody came, and went again.
    OSError
        Rank 0 cannot listen there.

    Examples
    --------
    >>> from threading import Thread
    >>> address = free_address()
    >>> other = Thread(target=lambda: connect(1, 2, address, b"secret").share(None))
    >>> other.start()
    >>> with connect(0, 2, address, b"secret") as comm:
    ...     print(comm.share("hello"))
    hello
    >>> other.join()
    """
    size = as_count(size, "size")
    rank = as_count(rank, "rank", 0, size - 1)
    as_a(key, "key", bytes, "give a secret of bytes, the same on all ranks")
    until = time.monotonic() + as_number(timeout, "timeout", "(0, inf)")
    lines = listen(size, address, key, until) if rank == 0 else [knock(rank, size, address, key, until)]
    return Sockets(rank, size, lines)


class Sockets(Comm):
    """A rank of a star.

    Parameters
    ----------
    rank, size : int
    lines : list of Line
        Of rank 0, those to ranks 1, 2, ...; of another, the one to rank 0.
    """

    def __init__(self, rank: int, size: int, lines: list[Line]) -> None:
        self.rank = rank
        self.size = size
        self._lines = lines
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=f"made_np rank {rank}", daemon=True)
        self._thread.start()

    def __enter__(self) -> Sockets:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, array: Any) -> Pending:
        """Begin to replace a vector by its sum over the ranks."""
        return self._begin(lambda: self._add(array))

    def share(self, value: Any) -> Any:
        """Return rank 0's value on every rank."""
        told = self._begin(lambda: self._share(value)).result()
        return value if self.rank == 0 else told

    def gather(self, value: Any) -> list[Any]:
        """Return the values of all ranks, in their sequence, on every rank."""
        return list(self._begin(lambda: self._gather(value)).result())

    def abort(self) -> None:
        """Cut all lines: whoever waits at one of them raises `LostRank`."""
        for line in self._lines:
            line.cut()

    def close(self) -> None:
        """Finish what has begun, and hang up."""
        self._jobs.put(None)
        self._thread.join()
        for line in self._lines:
            line.cut()
            line.close()

    # ------------------------------------------------------------------------------------------ in the thread

    def _begin(self, work: Callable[[], Any]) -> _Job:
        job = _Job(work)
        self._jobs.put(job)
        return job

    def _work(self) -> None:
        """Do one job after the other; once a rank is lost, none can be done any more."""
        error: BaseException | None = None
        while (job := self._jobs.get()) is not None:
            error = job.do(error)
            if error is not None:
                self.abort()

    def _add(self, array: Any) -> None:
        view = memoryview(array).cast("B")
        if self.rank != 0:
            self._to(0, lambda line: line.send(view))
            self._to(0, lambda line: line.receive_into(view))
            return
        other = np.empty_like(array)
        for k in range(1, self.size):
            self._to(k, lambda line: line.receive_into(memoryview(other).cast("B")))
            with np.errstate(all="ignore"):  # who trains looks for inf and NaN
                array += other
        for k in range(1, self.size):
            self._to(k, lambda line: line.send(view))

    def _share(self, value: Any) -> Any:
        if self.rank != 0:
            return pickle.loads(self._to(0, lambda line: line.receive()))
        told = pickle.dumps(value)
        for k in range(1, self.size):
            self._to(k, lambda line: line.send(told))
        return value

    def _gather(self, value: Any) -> list[Any]:
        if self.rank != 0:
            told = pickle.dumps(value)
            self._to(0, lambda line: line.send(told))
            return list(self._share(None))
        return list(self._share([value, *(pickle.loads(self._to(k, Line.receive)) for k in range(1, self.size))]))

    def _to(self, rank: int, use: Callable[[Line], Any]) -> Any:
        """Use the line to a rank."""
        try:
            return use(self._lines[rank - 1 if self.rank == 0 else 0])
        except GONE as error:
            raise lost(f"rank {rank}" if self.rank == 0 else "rank 0, or one that it has lost,") from error


class _Job(Pending):
    """Something to be done by the thread of a rank."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._work = work
        self._done = threading.Event()
        self._result: Any = None
        self._error: BaseException | None = None

    def do(self, error: BaseException | None) -> BaseException | None:
        """Do it, if nothing has gone wrong before; return what has gone wrong by then."""
        try:
            if error is None:
                self._result = self._work()
        except BaseException as own:
            error = own
        self._error = error
        self._done.set()
        return error

    def wait(self) -> None:
        """Wait until it is done."""
        self._done.wait()
        if isinstance(self._error, LostRank):
            raise LostRank(str(self._error)) from self._error  # a fresh one: several may wait
        if self._error is not None:
            raise self._error

    def result(self) -> Any:
        """Return what came of it."""
        self.wait()
        return self._result
