"""explain names the value that fits the rest of its row worst."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from people_file import lines, text

from made_np import MADEDensity
from made_np.cli import main


def test_explain_prints_the_worst_value_of_each_row(people: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(people / "people.npz"), str(people / "people.csv")]) == 0
    out = capsys.readouterr().out.splitlines()
    assert len(out) == 21
    assert out[-1] == "and 100 rows more: -o writes all"
    first = lines(1)[0]
    names = ["id", "sex", "age", "hours-week", "income", "member", "born"]
    shown = [f"{people / 'people.csv'}, line 2: {name} is {cell}, expected " for name, cell in zip(names, first)]  # noqa: B905
    assert out[0].startswith(tuple(shown))
    assert out[0].endswith("nats given the rest)")


def test_an_unseen_word_is_named(people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = lines(3)
    rows[1][4] = "a million"
    (tmp_path / "t.csv").write_text(text(rows))
    assert main(["explain", str(people / "people.npz"), str(tmp_path / "t.csv")]) == 0
    assert "line 3: income is a million, expected " in capsys.readouterr().out


def test_explain_writes_all_values(people: Path, tmp_path: Path) -> None:
    argv = ["explain", str(people / "people.npz"), str(people / "people.csv"), "-o", str(tmp_path / "e.csv")]
    assert main(argv) == 0
    with open(tmp_path / "e.csv", newline="") as file:
        found = list(csv.DictReader(file))
    table = {name: [row[k] or None for row in lines()] for k, name in enumerate(("id", "sex"))}
    assert table["sex"][0] in ("F", "M")
    n_known = sum(cell != "" for row in lines() for cell in row[1:])  # the id is not in the model
    assert len(found) == n_known
    assert list(found[0]) == ["line", "column", "value", "expected", "log_prob", "rank"]
    assert [each["rank"] for each in found[:5]] == ["1", "2", "3", "4", "5"]
    values = {(int(each["line"]), each["column"]): each["value"] for each in found}
    assert values[5, "sex"] == lines()[3][1]
    assert values[5, "born"] == lines()[3][6]
    model = MADEDensity.load(people / "people.npz")
    assert {each["column"] for each in found} == {column.name for column in model.columns_.each if not column.left_out}
