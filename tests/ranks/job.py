"""What each rank of a job under mpiexec does: see `test_mpi`."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rank_problems import assert_same_result, draw

import made_np
from made_np.cli.signals import stops
from made_np.ranks.comm import Comm, as_comm

WORLD = MPI.COMM_WORLD


def words() -> None:
    """Sums, values, lists."""
    comm = as_comm(WORLD)
    assert isinstance(comm, Comm)
    assert (comm.rank, comm.size) == (WORLD.rank, WORLD.size)
    assert as_comm(MPI.COMM_SELF) is None
    for bad in (MPI.COMM_NULL, MPI.SUM):
        with pytest.raises(TypeError, match="give a communicator of mpi4py"):
            as_comm(bad)
    assert comm.share({"rank": comm.rank}) == {"rank": 0}
    assert comm.gather(comm.rank) == list(range(comm.size))
    sums = [added(comm, dtype) for dtype in ("float32", "float64") for _ in range(2)]
    assert sums[0] == sums[1]
    assert sums[2] == sums[3]
    assert len(set(comm.gather(tuple(sums)))) == 1
    assert not comm.adds(np.ones(3))


def added(comm: Comm, dtype: str) -> bytes:
    """The bits of sums that were begun together."""
    each = [np.random.default_rng(rank).normal(size=70_001).astype(dtype) for rank in range(comm.size)]
    mine = each[comm.rank].copy()
    cuts = [0, 1, 1000, 70_001]
    begun = [comm.add(mine[first:last]) for first, last in pairwise(cuts)]
    for pending in begun:
        pending.wait()
    np.testing.assert_allclose(mine, np.sum(each, axis=0), rtol=1e-4 if dtype == "float32" else 1e-12, atol=1e-6)
    return mine.tobytes()


def fits(*seeds: str) -> None:
    """Drawn problems: as one process, the same on all ranks, the same twice."""
    for seed in map(int, seeds):
        problem = draw(seed, "numpy")
        both = problem.cuts(WORLD.size, np.random.default_rng(seed))
        got = problem.share(WORLD, *both)
        again = problem.share(WORLD, *both)
        assert_same_result(again, got, exactly=True)
        assert len(set(WORLD.allgather((got.theta.tobytes(), got.stopped_by, got.seconds)))) == 1
        if WORLD.rank == 0:
            assert_same_result(got, problem.one())


def train(path: str, how: str) -> None:
    """A run that goes on until something happens."""
    problem = draw(0, "numpy")
    both = problem.cuts(WORLD.size, np.random.default_rng(0))
    more: dict[str, Any] = {"max_epochs": 10**6, "patience": 10**6, "schedule": None, "max_seconds": 60}

    def call(info: made_np.EpochInfo) -> None:
        if info.epoch == 3:
            Path(path).with_suffix(".runs").touch()
            if how == "raise":
                raise ZeroDivisionError("the callback")

    if how == "kill" and WORLD.rank == WORLD.size - 1:
        threading.Thread(target=die_after, args=(Path(path),), daemon=True).start()
    if how == "raise elsewhere" and WORLD.rank == 1:
        more["optimizer"] = Breaking()
    elif how == "raise elsewhere":
        more["optimizer"] = type("Breaking", (made_np.optim.SGD,), {})()
    if WORLD.rank == 1:
        Path(path).with_suffix(".pid").write_text(str(os.getpid()))
    with stops():
        result = problem.share(WORLD, *both, checkpoint=path, callbacks=[call], **more)
    assert len(set(WORLD.allgather((result.theta.tobytes(), result.stopped_by)))) == 1
    if WORLD.rank == 0:
        print("stopped by", result.stopped_by)


class Breaking(made_np.optim.SGD):
    """Breaks in a step."""

    def _update(self, theta: Any, g: Any, state: Any, learning_rate: float, t: int) -> None:
        if t == 50:
            raise ZeroDivisionError("the update")
        super()._update(theta, g, state, learning_rate, t)


def die_after(path: Path) -> None:
    """Die in the middle of the work, once there is a checkpoint."""
    while not path.exists():
        time.sleep(0.01)
    time.sleep(0.3)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    {"words": words, "fits": fits, "train": train}[sys.argv[1]](*sys.argv[2:])
    WORLD.Barrier()
    if WORLD.rank == 0:
        print("done")
