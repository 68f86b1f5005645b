"""sample draws rows that hold a condition, or that complete some, as the estimator does."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from made_np import MADEDensity
from made_np.cli import main


def drawn(path: Path) -> list[dict[str, str]]:
    """The rows of a file."""
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_rows_look_like_those_of_fit(people: Path, tmp_path: Path) -> None:
    assert main(["sample", str(people / "people.npz"), "-n", "50", "-o", str(tmp_path / "s.csv")]) == 0
    rows = drawn(tmp_path / "s.csv")
    assert list(rows[0]) == ["sex", "age", "hours-week", "income", "member", "born"]  # without the id
    assert {row["sex"] for row in rows} == {"F", "M"}
    assert all(17 <= int(row["age"]) < 60 for row in rows)
    assert {row["member"] for row in rows} == {"True", "False"}
    assert all(row["born"].startswith("2020-01-0") for row in rows)
    model = MADEDensity.load(people / "people.npz").sample(50, random_state=0)
    assert [row["age"] for row in rows] == list(map(str, model["age"].to_pylist()))


def test_given_a_condition(people: Path, tmp_path: Path) -> None:
    for condition in ("sex=F,age=40..", "sex=F,age=40..59"):
        argv = ["sample", str(people / "people.npz"), "-n", "30", "-o", str(tmp_path / "s.csv"), "--given", condition]
        assert main(argv) == 0
        rows = drawn(tmp_path / "s.csv")
        assert len(rows) == 30
        assert all(row["sex"] == "F" and int(row["age"]) >= 40 for row in rows)


def test_given_rows(people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "some.csv").write_text("income,age,more\n>50K,31,1\n,old,1\n<=50K,,1\n")
    argv = ["sample", str(people / "people.npz"), "-o", str(tmp_path / "s.csv")]
    assert main([*argv, "--given-rows", str(tmp_path / "some.csv"), "-n", "3"]) == 0
    rows = drawn(tmp_path / "s.csv")
    assert [row["income"] for row in rows] == [">50K"] * 3 + ["<=50K"] * 3
    assert [row["age"] for row in rows[:3]] == ["31"] * 3
    assert all(row["age"] for row in rows)
    assert "line 3, column age = 'old'" in capsys.readouterr().err
    assert main([*argv, "--given-rows", str(tmp_path / "some.csv")]) == 0
    assert len(drawn(tmp_path / "s.csv")) == 2


def test_what_is_missing_or_too_much(people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["sample", str(people / "people.npz"), "-o", str(tmp_path / "s.csv")]
    assert main(argv) == 2
    assert capsys.readouterr().err == "made-np sample: -n is missing: say how many rows\n"
    with pytest.raises(SystemExit):
        main([*argv, "--given", "sex=F", "--given-rows", "x.csv"])
    assert main([*argv, "-n", "2", "--given", "sex=X"]) == 2
    assert "--given: column sex is to be 'X'" in capsys.readouterr().err
    assert not (tmp_path / "s.csv").exists()
