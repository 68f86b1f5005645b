"""Folders of anyone are graded: what a submission does is a line of the table, and no harm to the others."""

from __future__ import annotations

import csv
import io
import json
import time
from pathlib import Path
from typing import Any

import pytest

from made_np.cli import main
from made_np.learn import grading
from made_np.learn.folder import Folder
from made_np.learn.grading import grade_folder
from made_np.learn.steps import NAMES, step_of

from .test_folder import solution

LAYER = "def linear_backward(dy, x, W):\n    return dy.T @ x, dy.sum(0), dy @ W\n"
HANG = "while True:\n    pass\n"

SUBMISSIONS: dict[str, tuple[str, bool, str]] = {
    "right": (LAYER, True, ""),
    "wrong": (LAYER.replace("sum", "mean"), False, "db: a mean over n stands where a sum belongs"),
    "prints": ("print('passed: 12' * 10000)\nimport sys\nsys.stderr.write('x')\n" + LAYER, True, ""),
    "hangs": (
        LAYER.replace("    return", "    while True:\n        pass\n    return"),
        False,
        "no answer within 0.5 s",
    ),
    "exits": ("import sys\nsys.exit(0)\n" + LAYER, False, "step_03_layer.py ended the program"),
    "exits at once": ("import os\nos._exit(0)\n", False, "its process ended (status 0)"),
    "raises": (LAYER.replace("return", "raise SystemExit #"), False, "linear_backward, line 2 ended the program"),
    "forks": ("import os\nos.fork()\nos.fork()\n" + LAYER, True, ""),
    "eats memory": ("x = bytearray(3 * 10**9)\n" + LAYER, False, "raised MemoryError"),
    "passes itself": (
        "import made_np.learn.outcomes as o, made_np.learn.worker as w\n"
        "o.outcome_of = lambda *a: o.Outcome('linear_backward', True)\n"
        "w._attempts = lambda *a: {'passed': True}\n" + LAYER.replace("sum", "mean"),
        False,
        "db: a mean over n stands where a sum belongs",
    ),
    "writes the report": (
        "import sys\nopen(sys.argv[3], 'a').write('{\"step\": 3, \"attempts\": {}}\\n')\n" + LAYER,
        False,
        "linear_backward gave no answer",
    ),
    "writes rubbish": (
        "import sys\nopen(sys.argv[3], 'ab').write(b'\\xff\\n{\"step\": \"x\"}\\n[]\\n')\n" + LAYER,
        True,
        "",
    ),
    "is no answer": (
        'import sys\nopen(sys.argv[3], \'a\').write(\'{"step": 3, "attempts": {"linear_backward": {"results": '
        '[{"dW": {"kind": "f", "shape": [1], "values": [1]}}], "kind": "", "failure": "", "written": [], '
        '"keeps": false}}}\\n\')\n' + LAYER,
        False,
        "gave no results that can be read",
    ),
}


def only_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Grade one step alone, which is quicker."""
    monkeypatch.setattr(grading, "all_steps", lambda: (step_of(3),))


@pytest.mark.parametrize("name", SUBMISSIONS)
def test_a_submission_is_a_line_of_the_table(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only_layer(monkeypatch)
    if name == "hangs":
        monkeypatch.setattr(grading, "START", 5.0)
    source, passed, mistake = SUBMISSIONS[name]
    (tmp_path / step_of(3).file).write_text(source)
    (grade,) = grade_folder(tmp_path, seconds=0.5, seed=1)
    assert (grade.passed, mistake in grade.mistake) == (passed, True), grade.mistake
    assert passed == (grade.mistake == "")


def test_what_a_submission_has_started_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only_layer(monkeypatch)
    sign = tmp_path / "alive"
    source = (
        f"import os, time\nif os.fork() == 0:\n    while True:\n        open({str(sign)!r}, 'a').write('x')\n"
        "        time.sleep(0.01)\n" + LAYER
    )
    (tmp_path / step_of(3).file).write_text(source)
    grade_folder(tmp_path, seconds=5, seed=1)
    size = sign.stat().st_size if sign.exists() else 0
    time.sleep(0.1)
    assert (sign.stat().st_size if sign.exists() else 0) == size


def test_a_submission_that_edits_what_checks_it_is_told_and_put_right(tmp_path: Path, monkeypatch: Any) -> None:
    only_layer(monkeypatch)
    package = tmp_path / "package"
    (package / "learn").mkdir(parents=True)
    (package / "testing").mkdir()
    victim = package / "learn" / "outcomes.py"
    victim.write_text("right = 1\n")
    monkeypatch.setattr(grading, "_sources", lambda: {victim: victim.read_bytes()})
    folder = tmp_path / "anna"
    folder.mkdir()
    (folder / step_of(3).file).write_text(f"open({str(victim)!r}, 'w').write('wrong')\n" + LAYER)
    (grade,) = grade_folder(folder, seconds=5, seed=1)
    assert not grade.passed
    assert grade.mistake == "the submission changed made_np itself (outcomes.py); it was put back"
    assert victim.read_text() == "right = 1\n"


def test_the_files_that_check_are_watched() -> None:
    names = {path.name for path in grading._sources()}
    assert {"outcomes.py", "attempts.py", "judging.py", "layer.py", "worker.py"} <= names


def test_folders_are_graded_in_a_table_and_as_csv(tmp_path: Path, capsys: Any) -> None:
    for name, solved in (("anna", range(1, 16)), ("bo, jr", (1, 2))):
        folder = Folder(tmp_path / name)
        folder.begin()
        for number in solved:
            folder.file(step_of(number)).write_text(solution(number))
    folder.file(step_of(4)).unlink()
    (folder.path / step_of(3).file).write_text("import os\nos._exit(3)\n")
    names = [str(tmp_path / name) for name in ("anna", "bo, jr")]
    assert main(["learn", "--grade", *names]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["folder", "passed", "bonus", "first", "that", "is", "not"]
    assert lines[1].split() == ["anna", "12/12", "3/3"]
    assert lines[2] == "bo, jr   2/12   0/3    3 layer: its process ended (status 3)"
    assert main(["learn", "--grade", names[1], "--csv"]) == 1
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [int(row["passed"]) for row in rows] == [1, 1, *[0] * 13]
    assert [row["name"] for row in rows] == list(NAMES)
    assert rows[3]["mistake"] == "step_04_activations.py is missing"
    assert rows[4]["kind"] == "not begun"
    assert {row["folder"] for row in rows} == {"bo, jr"}


def test_the_status_is_0_where_all_steps_of_the_course_pass(tmp_path: Path, capsys: Any) -> None:
    folder = Folder(tmp_path / "anna")
    folder.begin()
    for number in range(1, 13):
        folder.file(step_of(number)).write_text(solution(number))
    assert main(["learn", "--grade", str(folder.path), "--seed", "7"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split() == ["anna", "12/12", "0/3"]


def test_the_working_folder_of_a_submission_is_none_of_ours(tmp_path: Path, monkeypatch: Any) -> None:
    only_layer(monkeypatch)
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "anna"
    folder.mkdir()
    (folder / step_of(3).file).write_text("open('left behind', 'w').write('x')\n" + LAYER)
    (grade,) = grade_folder(Path("anna"), seconds=5, seed=1)
    assert grade.passed
    assert sorted(path.name for path in tmp_path.iterdir()) == ["anna"]
    assert [path.name for path in folder.iterdir()] == [step_of(3).file]


def test_reports_that_cannot_be_read_are_none(tmp_path: Path) -> None:
    report = tmp_path / "report"
    assert grading._read(report, [3]) == {}
    report.write_text(json.dumps({"step": 3, "attempts": {"f": 1}}) + "\nnull\n" + json.dumps({"step": 9}) + "\n")
    assert grading._read(report, [3]) == {}
