"""What a launcher of MPI, such as mpiexec or srun, has started: this process, as one rank of several."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from made_np.ranks.comm import Comm

__all__ = ["Launch", "launched", "ranks", "speaks"]

SIGNS = {
    "PMI_RANK": ("PMI_SIZE",),
    "OMPI_COMM_WORLD_RANK": ("OMPI_COMM_WORLD_SIZE",),
    "MV2_COMM_WORLD_RANK": ("MV2_COMM_WORLD_SIZE",),
    "PMIX_RANK": ("SLURM_STEP_NUM_TASKS", "SLURM_NTASKS"),
}
"""Variables of the environment that hold a rank, and those that hold how many there are.

They are those of MPICH and its kin (Intel, Microsoft, Cray), of Open MPI, of MVAPICH, of srun with PMIx. What Slurm
sets in every job is no sign: a script may start one process in a job of many.
"""


class Launch(NamedTuple):
    """Which rank this is, and how many there are; None where only MPI knows."""

    rank: int
    size: int | None


def launched(environ: Mapping[str, str] | None = None) -> Launch | None:
    """Return what a launcher has said in the environment; None where there is none, or where it started one process.

    Examples
    --------
    >>> launched({"PMI_RANK": "2", "PMI_SIZE": "4"}), launched({"PMI_RANK": "0", "PMI_SIZE": "1"}), launched({})
    (Launch(rank=2, size=4), None, None)
    """
    said = os.environ if environ is None else environ
    for name, sizes in SIGNS.items():
        if said.get(name, "").isdecimal():
            size = next((int(said[each]) for each in sizes if said.get(each, "").isdecimal()), None)
            return None if size == 1 else Launch(int(said[name]), size)
    return None


def speaks() -> bool:
    """Return whether this process is the one of all ranks that speaks to people."""
    launch = launched()
    return launch is None or launch.rank == 0


def ranks() -> Comm | None:
    """Return the line to the other ranks; None for a process that stands alone.

    Raises
    ------
    ImportError
        Several ranks were started, and mpi4py, or a library of MPI, is not there.
    ValueError
        The launcher is not that of the library.
    """
    launch = launched()
    if launch is None:
        return None
    from made_np.messages import not_installed  # these import NumPy, which --help does without
    from made_np.ranks.comm import as_comm

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what it says of a launcher of another library is an error here
            from mpi4py import MPI
    except ImportError as error:
        raise not_installed("several ranks need", "mpi4py", "mpi") from error
    except RuntimeError as error:  # its own words for a library that is not there
        raise ImportError(f"mpi4py finds no library of MPI ({error}): install one, such as MPICH") from error
    if launch.size not in (None, MPI.COMM_WORLD.Get_size()):
        raise ValueError(
            f"the launcher has started {launch.size} processes, and the MPI library of mpi4py ({_library(MPI)}) sees "
            f"{MPI.COMM_WORLD.Get_size()}: start them by the mpiexec of that library"
        )
    return as_comm(MPI.COMM_WORLD)


def _library(mpi: object) -> str:
    """Return what a library of MPI calls itself, on one line."""
    text: str = mpi.Get_library_version()  # type: ignore[attr-defined]
    return (text.strip("\0 \n").splitlines() or ["unknown"])[0].strip()[:60]
