"""Ranks that a real mpiexec starts: as one process, and what becomes of them where one breaks."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from rank_problems import assert_same_result, draw
from rank_threads import on_ranks

JOB = Path(__file__).with_name("job.py")
ENVIRONMENT = {
    **os.environ,
    "OMP_NUM_THREADS": "1",
    # what Open MPI is to be asked for, in a container and with few cores
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
}
SOON = 60.0
"""Seconds within which a job has ended after one of its ranks."""


@cache
def launcher() -> str | None:
    """Return the mpiexec of this environment, if mpi4py works with it."""
    beside = Path(sys.executable).with_name("mpiexec")
    found = str(beside) if beside.exists() else shutil.which("mpiexec")
    imported = subprocess.run([sys.executable, "-c", "from mpi4py import MPI"], capture_output=True, check=False)
    return found if imported.returncode == 0 else None


@pytest.fixture(autouse=True)
def _needs_mpi() -> None:
    if launcher() is None:
        pytest.skip('there is no mpiexec with an mpi4py: pip install ".[mpi]" and mpich')


def start(size: int, *args: str) -> subprocess.Popen[str]:
    """Start a job."""
    command = [str(launcher()), "-n", str(size), sys.executable, str(JOB), *args]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=ENVIRONMENT, text=True, stdout=pipe, stderr=pipe, start_new_session=True)


def end(job: subprocess.Popen[str], seconds: float = 60.0) -> tuple[int, str, str]:
    """Return the status of a job, with what it said; one that hangs is ended."""
    try:
        out, err = job.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(job.pid, signal.SIGKILL)
        pytest.fail(f"the job hangs: {job.communicate()}")
    return job.returncode, out, err


@pytest.mark.parametrize("size", [2, 4])
def test_ranks_do_what_they_are_to_and_train_as_one_process(size: int) -> None:
    status, out, err = end(start(size, "words"))
    assert (status, out.strip()) == (0, "done"), err
    seeds = [str(seed) for seed in range(9)] if size == 2 else ["3", "4", "6"]
    status, out, err = end(start(size, "fits", *seeds))
    assert (status, out.strip()) == (0, "done"), err


@pytest.mark.parametrize("size", [2, 4])
def test_a_rank_that_is_killed_ends_the_job_and_others_go_on(size: int, tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    begin = time.perf_counter()
    status, out, _ = end(start(size, "train", str(path), "kill"), SOON)
    assert time.perf_counter() - begin < SOON
    assert status != 0
    assert "stopped by" not in out
    problem = draw(0, "numpy")
    more = {"patience": 10**6, "schedule": None}
    both = problem.cuts(3, np.random.default_rng(1))
    found = on_ranks(3, lambda comm: problem.share(comm, *both, checkpoint=path, max_epochs=6, **more))
    for each in found:
        assert_same_result(each, problem.one(max_epochs=6, **more))
    assert_same_result(problem.one(checkpoint=path, max_epochs=8, **more), problem.one(max_epochs=8, **more))


@pytest.mark.parametrize(("how", "error"), [("raise", "the callback"), ("raise elsewhere", "the update")])
def test_an_error_on_one_rank_ends_the_job(how: str, error: str, tmp_path: Path) -> None:
    status, out, err = end(start(3, "train", str(tmp_path / "run.npz"), how), SOON)
    assert status != 0
    assert "stopped by" not in out
    assert f"ZeroDivisionError: {error}" in err


@pytest.mark.parametrize("of_whom", ["all", "rank 1"])
def test_ctrl_c_ends_all_ranks_at_one_step(of_whom: str, tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    job = start(3, "train", str(path), "wait")
    until = time.perf_counter() + SOON
    while not path.with_suffix(".runs").exists() and time.perf_counter() < until:
        time.sleep(0.02)
    if of_whom == "all":
        os.killpg(job.pid, signal.SIGINT)  # as a terminal does it
    else:  # as a scheduler may
        os.kill(int(path.with_suffix(".pid").read_text()), signal.SIGTERM)
    _, out, err = end(job, SOON)
    assert "stopped by interrupt" in out, err
