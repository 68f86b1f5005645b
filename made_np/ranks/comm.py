"""What processes that train one model together ask of each other.

Each of them is a *rank*, 0..size-1, and all call the same methods in the same sequence. `mpi` and `sockets` say how the
words travel.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from made_np.values import show

__all__ = ["Comm", "LostRank", "Pending", "agree", "as_comm", "ending_all", "lost"]

T = TypeVar("T")


class LostRank(RuntimeError):
    """A process of the job has gone, so the others cannot go on; the message says what to do."""


class Pending(ABC):
    """A sum that has begun."""

    @abstractmethod
    def wait(self) -> None:
        """Wait until the array holds the sum.

        Raises
        ------
        LostRank
            Another rank has gone.
        """


class Comm(ABC):
    """A rank's line to the others.

    Attributes
    ----------
    rank : int
        Which one this is, 0..size-1.
    size : int
        How many there are.

    Notes
    -----
    All ranks call the same methods in the same sequence; each of them raises `LostRank` where another rank has gone.
    """

    rank: int
    size: int
    refusal: Exception | None = None
    """What all ranks have raised together, here: see `agree`."""

    @abstractmethod
    def add(self, array: Any) -> Pending:
        """Begin to replace a vector by its sum over the ranks; nobody may touch it before that has been waited for.

        The sum has the same bits on all ranks, and in each run on as many of them.

        Parameters
        ----------
        array : ndarray, shape (n,)
            C-contiguous, of the same length and dtype on all ranks.
        """

    @abstractmethod
    def share(self, value: Any) -> Any:
        """Return rank 0's value on every rank; what the others give does not count. It must be one to pickle."""

    @abstractmethod
    def gather(self, value: Any) -> list[Any]:
        """Return the values of all ranks, in their sequence, on every rank. They must be such as to pickle."""

    @abstractmethod
    def abort(self) -> None:
        """End the job on all ranks at once. Who calls it says why."""

    def adds(self, array: Any) -> bool:
        """Return whether `add` takes an array that lies on a device, such as a GPU, as it is."""
        return False


def as_comm(comm: Any) -> Comm | None:
    """Return what `comm` is to made_np: None where one process stands alone.

    Parameters
    ----------
    comm : Comm, mpi4py.MPI.Comm or None
        With a single rank it is None too: there is nobody to ask.

    Raises
    ------
    TypeError
        It is something else.
    """
    if comm is None:
        return None
    if not isinstance(comm, Comm):
        from made_np.ranks.mpi import Mpi, is_of_mpi4py  # which imports this file

        if not is_of_mpi4py(comm):
            raise TypeError(
                f"comm={show(comm)} is a {type(comm).__name__}: give a communicator of mpi4py, such as "
                "mpi4py.MPI.COMM_WORLD, one of made_np.ranks, or None"
            )
        comm = Mpi(comm)
    return None if comm.size == 1 else comm


def lost(who: str) -> LostRank:
    """Return the error to raise where `who`, such as "rank 3", has gone."""
    return LostRank(f"{who} has gone: call again with the same checkpoint, on as many ranks as there are then")


def agree(comm: Comm | None, work: Callable[[], T]) -> T:
    """Return what `work` returns if it succeeds on all ranks; otherwise raise on all of them.

    So nobody waits for a rank that has refused its arguments. `work` asks the others nothing.

    Raises
    ------
    Exception
        What `work` raised here; else one of the same kind, with what it said on the first rank where it raised.
    """
    if comm is None:
        return work()
    error: Exception | None = None
    try:
        result = work()
    except Exception as own:
        error = own
    refusals = comm.gather(None if error is None else _told(error))
    first = next((rank for rank, refusal in enumerate(refusals) if refusal is not None), None)
    if first is None:
        return result
    name, text = refusals[first]
    comm.refusal = error or _KINDS.get(name, RuntimeError)(f"rank {first}: {text}")
    raise comm.refusal


_KINDS: dict[str, type[Exception]] = {kind.__name__: kind for kind in (TypeError, FileNotFoundError, ValueError)}


def _told(error: Exception) -> tuple[str, str]:
    """Return the kind of an error, with its text, as every rank understands them."""
    name = next((name for name, kind in _KINDS.items() if isinstance(error, kind)), type(error).__name__)
    return name, str(error)


@contextmanager
def ending_all(comm: Comm | None) -> Iterator[None]:
    """End the job on all ranks if what is done here raises, unless all do: the others would wait for ever."""
    try:
        yield
    except BaseException as error:
        if comm is not None and error is not comm.refusal:
            comm.abort()
        raise
