"""Columns are found by name: permuted, too many and too few of them are fine, and what does not fit is said."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from people_file import NAMES, lines, text

from made_np import MADEDensity
from made_np.cli import main
from made_np.table.files import read_table


def scores(model: Path, data: Path, folder: Path) -> np.ndarray:
    assert main(["score", str(model), str(data), "-o", str(folder / "s.npy")]) == 0
    return np.load(folder / "s.npy")[:, 0]


def test_permuted_columns_and_one_more_are_scored_alike(
    people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    order = [4, 2, 6, 1, 3, 0, 5]
    moved = [["spare", *(row[k] for k in order)] for row in lines()]
    (tmp_path / "moved.csv").write_text(text(moved, ["more", *(NAMES[k] for k in order)]))
    expected = scores(people / "people.npz", people / "people.csv", tmp_path)
    capsys.readouterr()
    np.testing.assert_array_equal(scores(people / "people.npz", tmp_path / "moved.csv", tmp_path), expected)
    assert capsys.readouterr().err == f"made-np: {tmp_path / 'moved.csv'}: not of the model, and not looked at: more\n"


def test_columns_that_lack_are_gaps(people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few = [[row[2], row[1]] for row in lines(20)]
    (tmp_path / "few.csv").write_text(text(few, ["age", "sex"]))
    found = scores(people / "people.npz", tmp_path / "few.csv", tmp_path)
    captured = capsys.readouterr()
    assert captured.err.endswith("few.csv lacks hours-week, income, member, born: taken as gaps\n")  # no id: left out
    assert "80 values are not observed" in captured.out
    whole = text([["", row[1], row[2], "", "", "", ""] for row in lines(20)])
    (tmp_path / "gaps.csv").write_text(whole)
    np.testing.assert_allclose(found, scores(people / "people.npz", tmp_path / "gaps.csv", tmp_path), rtol=1e-12)


def test_complete_keeps_columns_and_adds_those_that_lack(people: Path, tmp_path: Path) -> None:
    rows = [["x1", "41", "", "F"], ["x2", "", "2020-01-03", "M"]]
    (tmp_path / "some.csv").write_text(text(rows, ["more", "age", "born", "sex"]))
    out = tmp_path / "full.csv"
    assert main(["complete", str(people / "people.npz"), str(tmp_path / "some.csv"), "-o", str(out)]) == 0
    with open(out, newline="") as file:
        header, *full = csv.reader(file)
    assert header == ["more", "age", "born", "sex", "hours-week", "income", "member"]
    assert [row[0] for row in full] == ["x1", "x2"]
    assert (full[0][1], full[1][2], full[0][3], full[1][3]) == ("41", "2020-01-03", "F", "M")
    for more, age, born, sex, hours, income, member in full:
        assert more
        assert sex
        assert 17 <= int(age) <= 60  # an integer, as in the table of fit
        assert 10 <= int(hours) <= 60
        assert born.startswith("2020-01-0")
        assert income in ("<=50K", ">50K")
        assert member in ("True", "False")


def test_statistics_and_draws(people: Path, tmp_path: Path) -> None:
    (tmp_path / "some.csv").write_text("age,income\n41,\n,>50K\n")
    model = MADEDensity.load(people / "people.npz")
    filled = {}
    for how in (["--statistic", "median"], ["--statistic", "mode"], ["--draws", "3", "--seed", "2"]):
        argv = ["complete", str(people / "people.npz"), str(tmp_path / "some.csv"), "-o", str(tmp_path / "o.csv"), *how]
        assert main(argv) == 0
        filled[how[1]] = read_table(tmp_path / "o.csv")
    assert [filled[key].n_rows for key in ("median", "mode", "3")] == [2, 2, 6]
    gaps = {name: [None, None] for name in model.feature_names_in_}
    frame = {**gaps, "age": [41, None], "income": [None, ">50K"]}
    for statistic in ("median", "mode"):
        expected = model.impute(frame, statistic=statistic)
        for name in ("age", "income", "sex", "hours-week"):
            d = filled[statistic].names.index(name)
            found = filled[statistic].cells(d).known().tolist()
            assert found == list(expected[name])


def test_a_table_without_names_is_taken_by_place(people: Path, tmp_path: Path) -> None:
    (tmp_path / "plain.csv").write_text(text(lines())[len(",".join(NAMES)) + 1 :])
    expected = scores(people / "people.npz", people / "people.csv", tmp_path)
    assert main(["score", str(people / "people.npz"), str(tmp_path / "plain.csv"), "--header", "no"]) == 0
    argv = ["score", str(people / "people.npz"), str(tmp_path / "plain.csv"), "--header", "no"]
    assert main([*argv, "-o", str(tmp_path / "p.npy")]) == 0
    np.testing.assert_array_equal(np.load(tmp_path / "p.npy")[:, 0], expected)
