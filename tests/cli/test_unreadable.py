"""Rows that cannot be read are told with file, line, column and value; all others are answered."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from people_file import lines, text

from made_np.cli import main
from made_np.cli.unreadable import HOPELESS, MOST_SHOWN, refused


def spoilt(folder: Path) -> Path:
    """Twenty rows, of which three cannot be read: a word, an infinity, a date as nobody writes it here."""
    rows = lines(20)
    rows[3][2] = "old"
    rows[7][3] = "inf"
    rows[12][6] = "9/1/2020"
    (folder / "spoilt.csv").write_text(text(rows))
    return folder / "spoilt.csv"


def test_score_answers_the_other_rows(people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "good.csv").write_text(text(lines(20)))
    found = {}
    for data in (tmp_path / "good.csv", spoilt(tmp_path)):
        capsys.readouterr()
        assert main(["score", str(people / "people.npz"), str(data), "-o", str(tmp_path / "s.csv")]) == 0
        found[data.stem] = np.array((tmp_path / "s.csv").read_text().split()[1:], dtype=float)
    captured = capsys.readouterr()
    assert np.flatnonzero(np.isnan(found["spoilt"])).tolist() == [3, 7, 12]
    known = ~np.isnan(found["spoilt"])
    np.testing.assert_allclose(found["spoilt"][known], found["good"][known], rtol=1e-12)
    assert captured.err.splitlines() == [
        f"made-np: {tmp_path / 'spoilt.csv'}, line 5, column age = 'old': this column holds numbers; give "
        "one, or leave it empty",
        f"made-np: {tmp_path / 'spoilt.csv'}, line 9, column hours-week = inf: infinity has no place here: "
        "clip or drop it",
        f"made-np: {tmp_path / 'spoilt.csv'}, line 14, column born = '9/1/2020': this column holds dates; "
        "give a datetime, a date, or 2024-05-31",
        "made-np: 3 of 20 rows cannot be read: their answers are empty",
    ]
    assert "20 rows of 7 columns, 17 of them scored" in captured.out


def test_complete_and_explain_leave_them_empty(people: Path, tmp_path: Path) -> None:
    data = str(spoilt(tmp_path))
    for command in ("complete", "explain"):
        assert main([command, str(people / "people.npz"), data, "-o", str(tmp_path / f"{command}.csv")]) == 0
    with open(tmp_path / "complete.csv", newline="") as file:
        full = list(csv.reader(file))[1:]
    assert [k for k, row in enumerate(full) if not any(row)] == [3, 7, 12]
    assert all(all(row) for k, row in enumerate(full) if k not in (3, 7, 12))
    with open(tmp_path / "explain.csv", newline="") as file:
        reasons = list(csv.DictReader(file))
    assert [each["line"] for each in reasons if not each["column"]] == ["5", "9", "14"]
    assert len({each["line"] for each in reasons}) == 20


def test_an_unseen_word_is_no_fault(people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = lines(10)
    rows[4][4] = "a million"
    (tmp_path / "t.csv").write_text(text(rows))
    capsys.readouterr()
    assert main(["score", str(people / "people.npz"), str(tmp_path / "t.csv"), "-o", str(tmp_path / "s.npy")]) == 0
    assert capsys.readouterr().err == ""
    assert np.isfinite(np.load(tmp_path / "s.npy")).all()


def test_a_model_that_refuses_unseen_words_tells_the_row(
    tmp_path: Path, people: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fast = ["--hidden", "4", "--epochs", "1", "--quiet", "--order", "natural", "--weight-decay", "0"]
    argv = ["train", str(people / "people.csv"), "-o", str(tmp_path / "m.npz"), "--handle-unknown", "error", *fast]
    assert main(argv) == 0
    rows = lines(10)
    rows[4][4] = "a million"
    (tmp_path / "t.csv").write_text(text(rows))
    capsys.readouterr()
    assert main(["score", str(tmp_path / "m.npz"), str(tmp_path / "t.csv")]) == 0
    err = capsys.readouterr().err
    assert "t.csv, line 6, column income" in err
    assert "made_np" not in err
    assert err.endswith("made-np: 1 of 10 rows cannot be read: their answers are empty\n")


@pytest.mark.parametrize("n", [1, 3, HOPELESS + 5])
def test_where_no_row_can_be_read_the_command_gives_up(
    people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], n: int
) -> None:
    (tmp_path / "t.csv").write_text("sex,age\n" + "F,old\n" * n)
    capsys.readouterr()
    assert main(["score", str(people / "people.npz"), str(tmp_path / "t.csv"), "-o", str(tmp_path / "s.csv")]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "t.csv, line 2, column age = 'old'" in captured.err
    assert not (tmp_path / "s.csv").exists()


def test_many_rows_are_counted(people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "t.csv").write_text("sex,age\n" + "F,old\nM,30\n" * 30)
    capsys.readouterr()
    assert main(["score", str(people / "people.npz"), str(tmp_path / "t.csv")]) == 0
    err = capsys.readouterr().err.splitlines()
    assert sum("'old'" in line for line in err) == MOST_SHOWN
    assert err[-1] == "made-np: 10 more not shown; 30 of 60 rows cannot be read: their answers are empty"


def test_refused_finds_each_row_once() -> None:
    wrong = {0, 5, 6, 99}

    def look(start: int, stop: int) -> None:
        for row in range(start, stop):
            if row in wrong:
                raise TypeError(f"row {row}")

    assert list(refused(look, 0, 100)) == [(row, f"row {row}") for row in sorted(wrong)]
