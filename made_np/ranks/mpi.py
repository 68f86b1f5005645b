"""Ranks that mpiexec has started, which talk through mpi4py."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from typing import Any, TypeVar

from made_np.ranks.comm import Comm, Pending, lost

__all__ = ["Mpi", "is_of_mpi4py"]

T = TypeVar("T")

STATUS = 1
"""What the shell is told of a job that was aborted."""


def is_of_mpi4py(comm: Any) -> bool:
    """Return whether this is a communicator of mpi4py; without importing it, since its import starts MPI."""
    module = sys.modules.get("mpi4py.MPI")
    return module is not None and isinstance(comm, module.Intracomm) and comm != module.COMM_NULL


class Mpi(Comm):
    """A rank of a communicator of mpi4py.

    Parameters
    ----------
    comm : mpi4py.MPI.Intracomm
        Nobody else may use it meanwhile: give a `Dup` of it if somebody might.
    """

    def __init__(self, comm: Any) -> None:
        from mpi4py import MPI

        self._mpi = MPI
        self._comm = comm
        self._begun: list[Any] = []
        self.rank = comm.Get_rank()
        self.size = comm.Get_size()

    def add(self, array: Any) -> Pending:
        """Begin to replace a vector by its sum over the ranks."""
        # Most libraries go on with a sum only while they are called.
        self._begun = [request for request in self._begun if not self._ask(request.Test)]
        request = self._ask(lambda: self._comm.Iallreduce(self._mpi.IN_PLACE, array, self._mpi.SUM))
        self._begun.append(request)
        return _Sum(self, request, array)

    def share(self, value: Any) -> Any:
        """Return rank 0's value on every rank."""
        told = self._ask(lambda: self._comm.bcast(value if self.rank == 0 else None, 0))
        return value if self.rank == 0 else told

    def gather(self, value: Any) -> list[Any]:
        """Return the values of all ranks, in their sequence, on every rank."""
        return list(self._ask(lambda: self._comm.allgather(value)))

    def abort(self) -> None:
        """End the job on all ranks at once; if an error is the reason, it is printed before."""
        if sys.exc_info()[0] is not None and sys.stderr is not None:
            traceback.print_exc()
            sys.stderr.flush()
        if sys.stdout is not None:
            sys.stdout.flush()
        self._comm.Abort(STATUS)

    def adds(self, array: Any) -> bool:
        """Return whether the library says that it takes memory of CUDA devices, and `array` lies on one."""
        return hasattr(array, "__cuda_array_interface__") and "cuda" in self._kinds()

    def _kinds(self) -> str:
        """Return the kinds of memory that the library takes, as MPI 4.1 has it answer: "mpi,system,cuda:device"."""
        info = self._comm.Get_info()
        try:
            return info.Get("mpi_memory_alloc_kinds") or ""
        finally:
            info.Free()

    def _ask(self, work: Callable[[], T]) -> T:
        """Call the library; that it fails means that a rank has gone, if it says so at all."""
        try:
            return work()
        except self._mpi.Exception as error:
            raise lost("a rank") from error


class _Sum(Pending):
    def __init__(self, comm: Mpi, request: Any, array: Any) -> None:
        self._comm = comm
        self._request = request
        self._array = array  # which MPI writes to: it lives as long as the sum

    def wait(self) -> None:
        self._comm._ask(self._request.Wait)
