"""`mpiexec -n N made-np train`: N processes learn from one file what one process learns; one of them speaks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from people_file import NAMES, lines, text

from made_np import MADEDensity
from made_np.cli import launcher, main
from made_np.cli.launcher import launched
from made_np.messages import install
from made_np.table.files import read_table

MPIEXEC = shutil.which("mpiexec", path=os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", "")]))
HOW = ["--hidden", "8", "--batch-size", "16", "--learning-rate", "0.02", "--order", "natural", "--weight-decay", "0"]
SAME = ["--dtype", "float64", "--backend", "numpy", "--averaging", "0", "--dropout", "0.1"]


def has_mpi() -> bool:
    """Whether there is an mpiexec, with an mpi4py that finds its library."""
    if MPIEXEC is None or find_spec("mpi4py") is None:
        return False
    return subprocess.run([sys.executable, "-c", "from mpi4py import MPI"], capture_output=True).returncode == 0


needs_mpi = pytest.mark.skipif(not has_mpi(), reason='no MPI here: pip install ".[mpi]" mpich brings one')


def mpiexec(n: int, *argv: object, program: tuple[str, ...] = ("-m", "made_np")) -> subprocess.CompletedProcess[str]:
    """What becomes of a program that so many processes run."""
    command = [str(MPIEXEC), "-n", str(n), sys.executable, *program, *map(str, argv)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100)


def train(data: Path, out: Path, *more: object, epochs: int = 4) -> list[object]:
    return ["train", data, "-o", out, *HOW, *SAME, "--epochs", epochs, *more]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same people in a file of text and one of Parquet; numbers in one of NumPy. One row alone has a level."""
    folder = tmp_path_factory.mktemp("ranks")
    rows = lines(101)
    rows[100][1] = "X"
    rows[99][2] = "94"
    (folder / "t.csv").write_text(text(rows))
    x = np.array([[float(row[2]), row[4] == ">50K", 1 + k % 3] for k, row in enumerate(rows)])
    np.save(folder / "t.npy", x)
    if find_spec("pyarrow") is not None:
        import pyarrow
        import pyarrow.parquet

        columns = {name: pyarrow.array([row[d] or None for row in rows]) for d, name in enumerate(NAMES)}
        columns |= {"age": pyarrow.array(x[:, 0].astype(int)), "counts": pyarrow.array(x[:, 2])}
        pyarrow.parquet.write_table(pyarrow.table(columns), folder / "t.parquet", row_group_size=30)
    return folder


@needs_mpi
@pytest.mark.parametrize("name", ["t.csv", "t.npy", "t.parquet"])
def test_ranks_learn_from_a_file_what_one_process_learns(
    folder: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if name != "t.npy":
        pytest.importorskip("pyarrow")
    more = ["--weights", "counts", "--valid", folder / name] if name == "t.parquet" else []
    done = mpiexec(2, *train(folder / name, tmp_path / "two.npz", *more))
    assert done.returncode == 0, done.stderr
    assert main(list(map(str, train(folder / name, tmp_path / "one.npz", *more)))) == 0
    said = capsys.readouterr()
    one, two = (MADEDensity.load(tmp_path / each) for each in ("one.npz", "two.npz"))
    assert two.columns_ == one.columns_
    assert_allclose(two.theta_, one.theta_, rtol=1e-8, atol=1e-8)
    assert_allclose(two.history_["train"], one.history_["train"], rtol=1e-8)
    assert np.ptp(one.history_["train"]) > 0.01
    assert_allclose(two.score_samples(_of(folder / name, one)), one.score_samples(_of(folder / name, one)), rtol=1e-8)
    # What is said is said once, and is what one process says, but for the time.
    assert _timeless(done.stdout, "two") == _timeless(said.out, "one")
    assert [line for line in done.stderr.splitlines() if line.startswith("made-np")] == [
        line for line in said.err.splitlines() if line.startswith("made-np")
    ]
    assert done.stderr.count("| 0/") == said.err.count("| 0/")  # where a bar begins: those of rank 0 alone


def _of(path: Path, model: MADEDensity) -> object:
    table = read_table(path)
    n = model.n_features_in_
    return table if table.names is None else table.picked(range(n), table.names[:n])


def _timeless(out: str, name: str) -> list[str]:
    kept = [line.replace(f"{name}.npz", "m.npz") for line in out.splitlines()]
    return [line.split(" in ")[0] if " epochs in " in line else line.split(" to /")[0] for line in kept]


def _signalled(folder: Path, checkpoint: Path, name: str, ranks: tuple[int, ...]) -> str:
    """Write a program that is made-np, but some ranks get a signal once there is a checkpoint; return its path."""
    program = folder / "signalled.py"
    program.write_text(
        "import os, signal, sys, threading, time\n"
        "from made_np.cli import launcher, main\n"
        "from made_np.training import checkpoints\n"
        "checkpoints.EVERY = checkpoints.TIMES = 0.0\n"
        "def signal_it():\n"
        f"    while not os.path.exists({str(checkpoint)!r}):\n"
        "        time.sleep(0.001)\n"
        f"    os.kill(os.getpid(), signal.{name})\n"
        f"if launcher.launched().rank in {ranks}:\n"
        "    threading.Thread(target=signal_it, daemon=True).start()\n"
        "sys.exit(main())\n"
    )
    return str(program)


@needs_mpi
def test_ranks_that_are_asked_to_stop_save_what_they_have_learned(folder: Path, tmp_path: Path) -> None:
    program = _signalled(tmp_path, tmp_path / "c.npz", "SIGTERM", (0, 1))
    argv = train(folder / "t.npy", tmp_path / "m.npz", "--checkpoint", tmp_path / "c.npz", "--quiet", epochs=100_000)
    done = mpiexec(2, *argv, "--patience", 100_000, program=(program,))
    assert done.stderr == "made-np train: stopped by SIGTERM\n"
    assert done.returncode == 143
    assert "ended by SIGTERM" in done.stdout
    assert 0 < MADEDensity.load(tmp_path / "m.npz").n_iter_ < 100_000


@needs_mpi
def test_a_rank_that_is_killed_ends_all_and_the_rest_is_learned_later_by_others(folder: Path, tmp_path: Path) -> None:
    checkpoint = tmp_path / "c.npz"
    program = _signalled(tmp_path, checkpoint, "SIGKILL", (1,))
    argv = train(folder / "t.npy", tmp_path / "m.npz", "--checkpoint", checkpoint, "--quiet", epochs=30)
    dead = mpiexec(2, *argv, program=(program,))
    assert dead.returncode not in (0, 2)
    assert not (tmp_path / "m.npz").exists()
    done = mpiexec(3, *argv)
    assert done.returncode == 0, done.stderr
    alone = train(folder / "t.npy", tmp_path / "one.npz", "--quiet", epochs=30)
    assert main(list(map(str, alone))) == 0
    one, three = (MADEDensity.load(tmp_path / each) for each in ("one.npz", "m.npz"))
    assert three.n_iter_ == one.n_iter_
    seconds = np.array(three.history_["seconds"])
    assert (np.diff(seconds) >= 0).all()
    assert_allclose(three.theta_, one.theta_, rtol=1e-6, atol=1e-6)


@needs_mpi
def test_what_is_wrong_on_one_rank_is_said_once(folder: Path, tmp_path: Path) -> None:
    x = np.load(folder / "t.npy")
    x[97, 1] = np.inf
    np.save(tmp_path / "bad.npy", x)
    done = mpiexec(2, *train(tmp_path / "bad.npy", tmp_path / "m.npz"))
    assert (done.returncode, done.stdout) == (2, "")
    where = f"{tmp_path / 'bad.npy'}, row 97 (counted from 0), column 1 = inf"
    assert done.stderr == f"made-np train: rank 1: {where}: infinity has no place here: clip or drop it\n"
    assert not (tmp_path / "m.npz").exists()
    done = mpiexec(2, "train", tmp_path / "bad.npy", "-o", tmp_path / "m.npz", "--hidden", "x")
    assert done.returncode == 2
    assert done.stderr.count("\n") == done.stderr.count("--hidden") == 1
    done = mpiexec(2, *train(folder / "t.npy", tmp_path / "none" / "m.npz"))
    assert done.returncode == 2
    assert done.stderr.startswith("made-np train: -o: cannot write")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({"PMI_RANK": "1", "PMI_SIZE": "3"}, (1, 3)),
        ({"OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "2", "PMIX_RANK": "0"}, (0, 2)),
        ({"PMIX_RANK": "5", "SLURM_STEP_NUM_TASKS": "8", "SLURM_NTASKS": "9"}, (5, 8)),
        ({"PMIX_RANK": "0"}, (0, None)),
        ({"PMI_RANK": "0", "PMI_SIZE": "1"}, None),
        ({"SLURM_PROCID": "0", "SLURM_NTASKS": "8"}, None),
        ({"PMI_RANK": ""}, None),
        ({}, None),
    ],
)
def test_a_launcher_is_seen_by_its_environment(environ: dict[str, str], found: object) -> None:
    assert launched(environ) == found


@pytest.mark.parametrize("rank", [0, 1])
def test_what_is_missing_is_said_by_rank_0(
    rank: int, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in os.environ if name in launcher.SIGNS]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PMI_RANK", str(rank))
    monkeypatch.setenv("PMI_SIZE", "2")
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    assert main(list(map(str, train(folder / "t.npy", tmp_path / "m.npz")))) == 2
    said = f"made-np train: several ranks need mpi4py, which is not installed: {install('mpi')}\n"
    assert capsys.readouterr().err == (said if rank == 0 else "")
    assert list(tmp_path.iterdir()) == []
