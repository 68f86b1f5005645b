"""made-np learn, as a learner meets it: a folder, checks, hints, progress."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from made_np.cli import main
from made_np.learn import telling
from made_np.learn.folder import Folder
from made_np.learn.steps import N_STEPS, NAMES, all_steps, step_of
from made_np.learn.watching import changes

RIGHT = Path(__file__).parent / "right" / "matrices.py"


def solution(number: int) -> str:
    """A file that solves a step."""
    step = step_of(number)
    source = RIGHT.read_text()
    for task in step.tasks:
        source += (
            f"\n{task.function} = globals().get('{step.name}__{task.function}', globals().get('{task.function}'))\n"
        )
    return source


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, whose name has a space, to work in."""
    place = tmp_path / "my place"
    place.mkdir()
    monkeypatch.chdir(place)
    monkeypatch.setenv("NO_COLOR", "1")
    return place


def said(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> str:
    """What a command prints."""
    assert main(["learn", *words]) == status
    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out.isascii()
    assert "\x1b" not in captured.out
    return captured.out


def complaint(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The one line that a command says of bad input."""
    try:
        status = main(["learn", *words])
    except SystemExit as error:
        status = int(error.code or 0)
    assert status == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    return err


def test_the_way_through_all_steps(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = said(capsys)
    assert "learn is made: a file for each of 12 steps" in first
    assert "next: step 1, a nudge" in first
    assert sorted(path.name for path in (home / "learn").iterdir()) == sorted(step.file for step in all_steps())
    for number in range(1, len(NAMES) + 1):
        file = home / "learn" / step_of(number).file
        assert "not begun" in said(capsys, "check", status=1)
        file.write_text(solution(number))
        text = said(capsys, "check")
        assert f"step {number}, {step_of(number).title}: RIGHT" in text
        assert text.count("***") >= 2
        if number < len(NAMES):
            assert f"next: step {number + 1}, " in text
            assert "not begun" not in text  # the next one is named, not run
        if number == N_STEPS:
            assert "The course is done" in text
    assert "All is done" in said(capsys)
    assert json.loads((home / "learn" / "progress.json").read_text())["passed"] == list(range(1, 16))


def test_any_step_can_be_checked(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys)
    (home / "learn" / step_of(3).file).write_text(solution(3))
    assert "step 3, a layer: RIGHT" in said(capsys, "check", "3")
    assert "passed: [..#.........|...]  1 of 12 steps" in said(capsys)


def test_a_mistake_is_named_with_what_is_right(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys)
    file = home / "learn" / step_of(3).file
    file.write_text("def linear_backward(dy, x, W):\n    return dy.T @ x, dy.mean(0), dy @ W\n")
    text = said(capsys, "check", "3", status=1)
    assert text.splitlines() == [
        "step 3, a layer: not yet",
        "  db: a mean over n stands where a sum belongs",
        "      you compute what this gives:  db[o] = mean[n](dy[n, o])",
        "  dW and dx: right",
        "  made-np learn hint 3 gives a hint",
    ]
    assert not (home / "learn" / "progress.json").exists()


def test_each_function_of_a_step_is_told(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys)
    file = home / "learn" / step_of(4).file
    file.write_text(
        "def relu_backward(dy, y):\n    return dy * (y > 0)\n\ndef tanh_backward(dy, y):\n    return dy * (1 - y)\n\n"
        "def sigmoid_backward(dy, y):\n    raise NotImplementedError\n"
    )
    text = said(capsys, "check", "4", status=1)
    assert "  relu_backward: right\n  tanh_backward:\n    dz: the factor y[n, d] is missing" in text
    assert "sigmoid_backward is not written yet" in text


def test_hints_come_one_at_a_time(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = [said(capsys, "hint", "2") for _ in range(4)]
    assert [re.search(r"hint (\d) of 3", text)[1] for text in texts] == ["1", "2", "3", "3"]  # type: ignore[index]
    assert all(hint in text for hint, text in zip(step_of(2).hints, texts[:3], strict=True))
    assert "hint 1 of 3" in said(capsys, "hint")  # of step 1, which is where I am


def test_reset_keeps_what_was_there(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys)
    file = home / "learn" / step_of(2).file
    for name in ("step_02_unit_old.py", "step_02_unit_old2.py"):
        file.write_text(solution(2))
        said(capsys, "check", "2")
        assert f"yours is kept as {name}" in said(capsys, "reset", "2")
        assert (file.parent / name).read_text() == solution(2)
        assert file.read_text() == step_of(2).stub
    assert "0 of 12" in said(capsys)
    assert "kept" not in said(capsys, "reset", "2")


def test_a_file_that_is_missing_is_written_anew(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys)
    (home / "learn" / step_of(5).file).unlink()
    assert "written anew: step_05_loss.py" in said(capsys)
    assert (home / "learn" / step_of(5).file).read_text() == step_of(5).stub


def test_another_folder_is_told_in_what_comes_next(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "made-np learn check --folder 'a b'" in said(capsys, "--folder", "a b")
    assert (home / "a b" / step_of(1).file).exists()


BAD = {
    ("chek",): "invalid choice: 'chek'",
    ("check", "0"): "'0' is no integer >= 1",
    ("check", "16"): "'16' is more than 15",
    ("check", "1.5"): "'1.5' is no integer",
    ("reset",): "reset needs the number of a step",
    ("--csv",): "--csv belongs to --grade",
    ("--seed", "1"): "--seed belongs to --grade",
    ("--time-limit", "3"): "--time-limit belongs to --grade",
    ("hint", "--watch"): "--watch goes with check, not with hint",
    ("check", "--grade", "x"): "--grade stands alone",
    ("--show", "micromade", "--watch"): "--show stands alone",
    ("--show", "nothing"): "invalid choice: 'nothing'",
    ("--grade", "nowhere"): "--grade 'nowhere': there is no such folder",
    ("--grade", "nowhere", "--time-limit", "0"): "'0' is no finite number",
    ("--folder", "taken"): "taken is a file: give another --folder",
    ("--folder", "damaged"): "progress.json is damaged: delete it",
    ("--folder", "\0"): "null",
}


@pytest.mark.parametrize("words", BAD, ids=" ".join)
def test_bad_input_is_answered_in_one_line(words: tuple[str, ...], home: Path, capsys: Any) -> None:
    (home / "taken").write_text("")
    (home / "damaged").mkdir()
    (home / "damaged" / "progress.json").write_text("[")
    assert BAD[words] in complaint(capsys, *words)


@pytest.mark.parametrize("text", ['{"passed": 3}', "[]", '{"passed": [1', "\0"])
def test_damaged_progress_is_told(text: str, home: Path, capsys: Any) -> None:
    said(capsys)
    (home / "learn" / "progress.json").write_text(text)
    assert "is damaged: delete it, and check again what you have passed" in complaint(capsys)


@pytest.mark.parametrize("text", ['{"passed": [1, 99, "x"], "hints": [1]}', '{"hints": {"1": -5}}'])
def test_progress_that_makes_no_sense_is_not_taken(text: str, home: Path, capsys: Any) -> None:
    said(capsys)
    (home / "learn" / "progress.json").write_text(text)
    assert f"{text.count('1, 99')} of 12 steps" in said(capsys)
    assert "hint 1 of 3" in said(capsys, "hint", "1")


def test_success_is_green_where_a_terminal_shows_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    for name, value, shows in (("NO_COLOR", "1", False), ("TERM", "dumb", False), ("TERM", "xterm", True)):
        with monkeypatch.context() as own:
            own.delenv("NO_COLOR", raising=False)
            own.setenv("TERM", "xterm")
            own.setenv(name, value)
            assert ("\x1b" in telling.coloured("RIGHT", telling.GREEN)) == shows


def test_watching_sees_every_change_of_text(home: Path) -> None:
    folder = Folder(home / "learn")
    folder.begin()
    turns: list[int] = []
    file = folder.file(step_of(2))
    old = file.stat()

    def wait() -> None:
        turns.append(1)
        if len(turns) == 2:  # as some editors do: the same time and size, another text
            file.write_text(file.read_text().replace("raise", "RAISE"))
            os.utime(file, ns=(old.st_atime_ns, old.st_mtime_ns))
        if len(turns) == 4:
            file.unlink()
        if len(turns) == 5:
            file.write_text("x = 1\n")

    seen = changes(folder, wait)
    assert next(seen).number == 2
    assert len(turns) == 2
    assert next(seen).number == 2
    assert len(turns) == 5


def test_watch_checks_at_once_and_at_each_change(home: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def once(folder: Folder) -> Any:
        folder.file(step_of(2)).write_text(solution(2))
        yield step_of(2)

    monkeypatch.setattr("made_np.cli.learn.changes", once)
    text = said(capsys, "--watch", status=1)
    assert "step 1, a nudge: not begun" in text
    assert "watching:" in text
    assert "step 2, one unit: RIGHT" in text


def test_show_prints_the_page(home: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    page = Path(telling.__file__).with_name("micromade.py")
    if page.exists():
        assert said(capsys, "--show", "micromade") == page.read_text()
    else:
        assert "micromade.py is missing" in complaint(capsys, "--show", "micromade")


def run_alone(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    own = {"PATH": os.environ["PATH"], "PYTHONPATH": os.environ.get("PYTHONPATH", ""), **environment}
    command = [sys.executable, "-m", "made_np", "learn", *words]
    return subprocess.run(command, cwd=folder, env=own, capture_output=True, text=True, check=False)


def test_numpy_is_all_that_a_check_needs(tmp_path: Path) -> None:
    folder = tmp_path / "learn"
    Folder(folder).begin()
    for number in range(1, len(NAMES) + 1):
        (folder / step_of(number).file).write_text(solution(number))
    code = (
        "import sys\n"
        "from made_np.learn.checking import check_file\n"
        "from made_np.learn.steps import all_steps\n"
        "from pathlib import Path\n"
        f"assert all(check_file(step, Path({str(folder)!r}) / step.file).passed for step in all_steps())\n"
        "others = ('numba', 'scipy', 'pandas', 'sklearn', 'matplotlib', 'hypothesis', 'pytest', 'pyarrow')\n"
        "print([name for name in others if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")


@pytest.mark.slow
def test_a_read_only_installation_in_an_ascii_terminal(tmp_path: Path) -> None:
    site = tmp_path / "site"
    shutil.copytree(Path(telling.__file__).parents[1], site / "made_np", ignore=shutil.ignore_patterns("__pycache__"))
    for path in [site, *site.rglob("*")]:
        path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    place = tmp_path / "my place"
    place.mkdir()
    try:
        for words in ((), ("hint",), ("reset", "1")):
            done = run_alone(place, *words, PYTHONPATH=str(site), LC_ALL="C", PYTHONIOENCODING="ascii", NO_COLOR="1")
            assert (done.returncode, done.stderr) == (0, ""), done
        (place / "learn" / step_of(3).file).write_text(solution(3))
        done = run_alone(place, "check", "3", PYTHONPATH=str(site), LC_ALL="C", PYTHONIOENCODING="ascii")
        assert (done.returncode, done.stderr) == (0, ""), done
        assert "RIGHT" in done.stdout
    finally:
        for path in [site, *site.rglob("*")]:
            path.chmod(path.stat().st_mode | stat.S_IWUSR)
