"""What surrounds a command: streams, signals, other files, strange options. Work that is done stays done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from argparse import ArgumentTypeError
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small import small

from made_np import MADEDensity
from made_np.cli import build_parser, checking, inspection, main, options, tables
from made_np.cli.signals import stops

POSIX = pytest.mark.skipif(os.name != "posix", reason="signals, links and descriptors as POSIX has them")
FAST = ["--hidden", "8", "--order", "natural", "--n-masks", "1", "--weight-decay", "0", "--epochs", "3", "--quiet"]


def rows(n: int = 60) -> np.ndarray:
    rng = np.random.default_rng(0)
    first = rng.random(n) < 0.4
    return np.column_stack([first, first ^ (rng.random(n) < 0.2), rng.random(n) < 0.7]).astype(float)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a table and a model of it."""
    monkeypatch.chdir(tmp_path)
    np.savez("data.npz", x=rows(), other=rows())
    small(max_epochs=1).fit(rows()).save("model.npz")
    return tmp_path


def refused(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    """The one line that a command says before it gives up."""
    capsys.readouterr()
    try:
        status = main(list(argv))
    except SystemExit as stop:
        status = stop.code
    captured = capsys.readouterr()
    assert (status, captured.out, captured.err.count("\n")) == (2, "", 1), captured.err
    assert "Traceback" not in captured.err
    return captured.err


# --------------------------------------------------------------------------------------------- outputs and inputs


def content(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@POSIX
@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("sample model.npz -n 2 -o model.npz", "-o model.npz is MODEL"),
        ("sample model.npz -n 2 -o ./folder/../model.npz", "is MODEL"),
        ("sample link.npz -n 2 -o model.npz", "is MODEL (link.npz)"),
        ("train data.npz -o data.npz", "-o data.npz is DATA"),
        ("train data.npz:other -o data.npz", "is DATA"),
        ("train data.npz -o data.npz:other", "is DATA"),
        ("train data.npz -o hard.npz --valid valid.npz", "is DATA"),
        ("train data.npz -o valid.npz --valid valid.npz:x", "is --valid"),
        ("train data.npz -o new.npz --checkpoint new.npz", "--checkpoint new.npz is -o"),
        ("train data.npz -o new.npz --checkpoint data.npz", "--checkpoint data.npz is DATA"),
        ("train data.npz -o new.trials --checkpoint new", "the trials of --checkpoint new.trials is -o"),
        ("score model.npz data.npz -o data.npz", "is DATA"),
        ("score model.npz data.npz -o model.npz", "is MODEL"),
        ("complete model.npz data.npz -o data.npz", "is DATA"),
        ("complete model.npz data.npz:other -o link-to-data.npz", "is DATA"),
        ("inspect model.png --png model.png", "--png model.png is MODEL"),
        ("inspect model.npz --png a.svg --network-png a.svg", "--network-png a.svg is --png"),
        ("train data.npz -o folder", "is a folder"),
        ("train data.npz -o missing/new.npz", "make the folder"),
        ("train data.npz -o pipe", "no ordinary file"),
        ("train data.npz -o new.npz --checkpoint missing/c", "--checkpoint: cannot write missing/c: make the folder"),
        ("sample model.npz -n 2 -o fixed.csv", "read-only"),
        ("score model.npz data.npz -o pipe.csv", "no ordinary file"),
        ("inspect model.npz --png missing/a.png", "make the folder"),
    ],
)
def test_nothing_is_written_over_what_is_read(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, line: str, message: str
) -> None:
    (here / "folder").mkdir()
    np.savez("valid.npz", x=rows(20))
    os.symlink("model.npz", "link.npz")
    os.symlink("data.npz", "link-to-data.npz")
    os.link("data.npz", "hard.npz")
    os.link("model.npz", "model.png")
    os.mkfifo("pipe")
    os.mkfifo("pipe.csv")
    Path("fixed.csv").touch(0o444)
    before = content(here)
    monkeypatch.setattr(tables, "read_table", lambda *_, **__: pytest.fail("work has begun"))
    command, *rest = line.split()
    assert message in refused(capsys, command, *rest, *(FAST if command == "train" else []))
    assert content(here) == before


# -------------------------------------------------------------------------------------------------------- streams


def run(line: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """The result of a line of the shell; ``made-np`` is this made_np."""
    line = line.replace("made-np", f"'{sys.executable}' -m made_np", 1)
    env = {**os.environ, "MADE_NP_BACKEND": "numpy", **more}
    return subprocess.run(["bash", "-c", line], env=env, capture_output=True, text=True)


@POSIX
def test_without_any_stream_the_work_is_done(here: Path) -> None:
    train = "train data.npz -o new.npz --hidden 8 --order natural --n-masks 1 --weight-decay 0 --epochs 3"
    done = run(f"made-np {train} <&- >&- 2>&-")  # with a progress bar, which has nowhere to be
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert MADEDensity.load("new.npz").n_iter_ == 3
    done = run("made-np inspect missing.npz >&- 2>&-")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "")


def test_the_library_shows_progress_to_nobody_where_nobody_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    monkeypatch.setattr(sys, "stdout", None)
    assert small(verbose=1, weight_decay="auto", max_epochs=1).fit(rows()).n_iter_ == 1


@POSIX
def test_who_stops_reading_ends_no_work(here: Path) -> None:
    train = "train data.npz -o new.npz --hidden 8 --order natural --n-masks 1 --weight-decay 0 --epochs 3"
    done = run(f"set -o pipefail; made-np {train} 2>&1 | true")
    assert (done.returncode, done.stderr) == (0, "")
    assert MADEDensity.load("new.npz").n_iter_ == 3


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no disk that is always full")
def test_a_full_disk_behind_stdout_is_one_line(here: Path) -> None:
    done = run("made-np score model.npz data.npz >/dev/full")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "made-np score: standard output: no space left on device\n"
    done = run("made-np score model.npz missing.npz 2>/dev/full")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "")


def test_names_that_stdout_cannot_write(here: Path) -> None:
    Path("данные.csv").write_text("возраст,b\n" + "1,0\n0,1\n" * 20, encoding="utf-8")
    code = f"import sys; from made_np.cli import main; sys.exit(main(sys.argv[1:] + {FAST!r}))"
    command = [sys.executable, "-c", code, "train", "данные.csv", "-o", "модель.npz"]
    done = subprocess.run(command, env={**os.environ, "PYTHONIOENCODING": "cp1252"}, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"saved to \\u043c\\u043e" in done.stdout
    assert Path("модель.npz").exists()


def test_a_name_that_no_encoding_can_write(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "missing\\udce9.npz" in refused(capsys, "score", "model.npz", "missing\udce9.npz")
    assert "\\udce9" in refused(capsys, "score", "model.npz", "data.npz", "surplus\udce9")


# -------------------------------------------------------------------------------------------------------- signals


@POSIX
@pytest.mark.parametrize(("name", "status"), [("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_to_stop_is_as_ctrl_c(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str, status: int
) -> None:
    number = getattr(signal, name)
    before = signal.getsignal(number)
    _after_an_epoch(monkeypatch, lambda: os.kill(os.getpid(), number))
    assert main(["train", "data.npz", "-o", "new.npz", *FAST, "--epochs", "100000"]) == status
    captured = capsys.readouterr()
    assert captured.err == f"made-np train: stopped by {name}\n"
    assert f"ended by {name}" in captured.out
    assert MADEDensity.load("new.npz").n_iter_ == 1
    assert signal.getsignal(number) is before


@POSIX
def test_a_second_signal_ends_at_once(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: Any) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    _after_an_epoch(monkeypatch, stop)
    monkeypatch.setattr(MADEDensity, "save", stop)
    assert main(["train", "data.npz", "-o", "new.npz", *FAST, "--epochs", "100000"]) == 143
    assert capsys.readouterr().err == "made-np train: stopped by SIGTERM\n"
    assert not Path("new.npz").exists()


def _after_an_epoch(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Have something done in the second epoch of every run, and fail where that ends no run."""
    from made_np.training.loop import Run

    epoch = Run._epoch

    def watched(run: Any, number: int, progress: Any) -> Any:
        if number == 2:
            act()
            pytest.fail("training goes on")
        return epoch(run, number, progress)

    monkeypatch.setattr(Run, "_epoch", watched)


@POSIX
def test_a_signal_that_is_ignored_or_handled_stays_so() -> None:
    def handler(*_: Any) -> None: ...

    before = signal.getsignal(signal.SIGHUP), signal.getsignal(signal.SIGTERM)
    try:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup has it
        signal.signal(signal.SIGTERM, handler)
        with stops():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            assert signal.getsignal(signal.SIGTERM) is handler
    finally:
        signal.signal(signal.SIGHUP, before[0])
        signal.signal(signal.SIGTERM, before[1])


def test_a_command_in_another_thread_handles_no_signal(here: Path) -> None:
    found = []
    thread = threading.Thread(target=lambda: found.append(main(["inspect", "model.npz"])))
    thread.start()
    thread.join()
    assert found == [0]


# ----------------------------------------------------------------------------------------------------- checkpoints


LEARNING = "train data.npz --hidden 8 --epochs 60 --quiet"

KILLED = """
import os, signal, sys, threading, time
def watch(path):
    while not os.path.exists(path):
        time.sleep(1e-4)
    os.kill(os.getpid(), signal.SIGKILL)
from made_np.cli import main
threading.Thread(target=watch, args=(sys.argv[1],), daemon=True).start()
main(sys.argv[2:])
"""


@POSIX
def test_a_training_that_was_killed_goes_on_with_the_same_bits(here: Path) -> None:
    assert main([*LEARNING.split(), "-o", "whole.npz"]) == 0
    argv = [*LEARNING.split(), "-o", "new.npz", "--checkpoint", "c.npz"]
    for appears in ("c.npz.trials", "c.npz"):  # after the first trial, and after the first epoch
        Path("c.npz.trials").unlink(missing_ok=True)
        code = subprocess.run([sys.executable, "-c", KILLED, appears, *argv], capture_output=True).returncode
        assert code == -signal.SIGKILL
        assert not Path("new.npz").exists()
    assert main(argv) == 0
    new, whole = MADEDensity.load("new.npz"), MADEDensity.load("whole.npz")
    np.testing.assert_array_equal(new.theta_, whole.theta_)
    assert (new.trials_, new.made_, new.n_iter_) == (whole.trials_, whole.made_, whole.n_iter_)
    assert main([*argv, "--seed", "1"]) == 2  # of another run


def test_a_checkpoint_of_another_run_is_refused(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["train", "data.npz", "-o", "new.npz", "--checkpoint", "c.npz", *FAST]
    assert main(argv) == 0
    line = refused(capsys, *argv, "--hidden", "7")
    assert line.startswith("made-np train: --checkpoint=")
    assert "c.npz is of another run: made.hidden was [8] and is [7]" in line
    assert line.endswith("remove the file to begin anew\n")


# -------------------------------------------------------------------------------------------------------- backends


def test_each_command_computes_with_the_backend_that_is_asked_for(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["train", "data.npz", "-o", "new.npz", *FAST, "--backend", "numpy"]) == 0
    assert MADEDensity.load("new.npz").made_.backend == "numpy"
    used: list[Any] = []

    def watched(load: Callable[..., Any]) -> Callable[..., Any]:
        def loaded(*args: Any, backend: Any) -> Any:
            used.append(backend)
            return load(*args, backend=backend)

        return loaded

    monkeypatch.setattr(MADEDensity, "load", watched(MADEDensity.load))
    for module in (checking, inspection):
        monkeypatch.setattr(module, "load", watched(module.load))
    tables = ["score new.npz data.npz", "sample new.npz -n 2 -o s.npy", "complete new.npz data.npz -o f.npy"]
    for line in (*tables, "inspect new.npz", "check new.npz"):
        assert main([*line.split(), "--backend", "numpy"]) == 0
        assert main(line.split()) == 0
        assert "invalid choice: 'torch'" in refused(capsys, *line.split(), "--backend", "torch")
    stored_again = ["numpy", "numpy", None, None]  # check looks whether a copy answers as the model does
    assert used == ["numpy", None] * 4 + stored_again
    assert "--backend is for a stored model" in refused(capsys, "check", "mine:factory", "--backend", "numpy")
    assert "--mask-set is for a stored model" in refused(capsys, "check", "mine:factory", "--mask-set", "1")


# ------------------------------------------------------------------------------------------------- strange options

NINES = "9" * 400
NASTY = [
    *("", " ", "-", "--", "nan", "inf", "-inf", "1e999", "1_0", "0x10", "1,", ",", "1.5.2", "None", "1e", "[1]", "1;2"),
    *(
        "\uff11\uff12",
        "\u0661",
        "\U0001d7d9",
        "\udce9",
        "\n",
        "\0",
        "5\n6",
        NINES,
        f"-{NINES}",
        f"{NINES}.5",
        "9" * 5000,
    ),
    *("a" * 5000, "categorical:", f"categorical:{NINES}", "gaussian:inf", "gaussian:1e999", "mixture_of_gaussians:1_0"),
]


def complaint(parse: Callable[[str], Any], text: str) -> str:
    """What the type of an option says of a text; nothing if it takes it."""
    try:
        parse(text)
    except ArgumentTypeError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("text", NASTY, ids=lambda text: ascii(text[:12]))
def test_strange_values_of_options_are_refused_in_a_short_line(text: str) -> None:
    kinds: dict[str, Callable[[str], Any]] = {
        "count": options.count(1),
        "seed": options.seed,
        "number": options.number(0),
        "or_auto": options.or_auto(options.count(1)),
        "widths": options.widths,
        "order": options.order,
        "n_masks": options.n_masks,
        "direct": options.direct,
        "columns": options.columns,
    }
    for name, parse in kinds.items():
        assert 0 < len(complaint(parse, text)) < 400, name


@pytest.mark.parametrize("text", ["9" * 400, "9" * 5000, "1_0", "\uff11", "nan", "-1"])
def test_no_number_of_any_command_ends_in_a_traceback(
    here: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    train = ("--hidden", "--epochs", "--seed", "--batch-size", "--patience", "--n-masks", "--learning-rate", "--order")
    for option in train:
        refused(capsys, "train", "data.npz", "-o", "new.npz", *FAST, f"{option}={text}")
    refused(capsys, "sample", "model.npz", "-o", "s.npy", f"-n={text}")
    refused(capsys, "complete", "model.npz", "data.npz", "-o", "s.npy", "-n", f"--draws={text}")
    for option in ("--mask-set", "--seed"):
        refused(capsys, "check", "model.npz", f"{option}={text}")
    assert sorted(path.name for path in here.iterdir()) == ["data.npz", "model.npz"]


def test_demo_and_faces_look_at_their_numbers_first(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--seed=-1: give an integer >= 0" in refused(capsys, "faces", "--seed", "-1")
    for option, text in (("--seed", "-1"), ("--seed", NINES), ("--epochs", "0"), ("--epochs", NINES)):
        assert f"{option}=" in refused(capsys, "demo", option, text)
    assert sorted(path.name for path in here.iterdir()) == ["data.npz", "model.npz"]


def test_numbers_are_read_with_spaces_and_signs() -> None:
    assert options.count(1)(" 12 ") == 12
    assert options.widths("500, 200") == (500, 200)
    assert options.number(0)("+1e-3") == 1e-3
    assert options.seed(str(2**63 - 1)) == 2**63 - 1


# ---------------------------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize("error", [OverflowError("too large"), RecursionError(), KeyError("x"), ZeroDivisionError("0")])
def test_a_fault_in_the_code_is_one_line_too(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(tables, "read_table", broken)
    line = refused(capsys, "score", "model.npz", "data.npz")
    assert f"internal error, {type(error).__name__}" in line
    assert "(test_outside.py, line " in line
    assert "please report it; MADE_NP_TRACEBACK=1" in line
    monkeypatch.setenv("MADE_NP_TRACEBACK", "1")
    with pytest.raises(type(error)):
        main(["score", "model.npz", "data.npz"])


def test_out_of_memory_is_one_line(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(tables, "read_table", full)
    assert "out of memory: try a smaller model" in refused(capsys, "score", "model.npz", "data.npz")


def test_the_parser_lists_the_files_that_are_looked_at() -> None:
    """Every option of a command that is a file is known to the check of files."""
    from made_np.cli.files import READS, WRITES

    (subparsers,) = [a for a in build_parser()._actions if isinstance(a.choices, dict)]
    files = {
        action.dest
        for name, parser in subparsers.choices.items()
        if name not in ("demo", "faces")
        for action in parser._actions
        if action.metavar in ("FILE", "MODEL", "DATA", "OUT")
    }
    assert files == {*READS.values(), *WRITES.values()}
