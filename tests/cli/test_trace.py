"""made-np trace sends a row through a stored network and back, and answers about the numbers on the way."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import made_np
from made_np import MADE, Categorical, MADEDensity
from made_np.cli import main

MODEL = MADE(4, hidden=(5,), order=[2, 0, 3, 1], activation="tanh", dtype="float64", n_masks=1)
THETA = MODEL.init(rng=0) + 0.1
ROWS = np.array([[0, 1, 1, 0], [1, 1, 0, 0], [1, 0, np.nan, 1]])


@pytest.fixture
def place(tmp_path: Path) -> Path:
    made_np.save(tmp_path / "m.npz", MODEL, THETA)
    text = "\n".join(",".join("" if np.isnan(v) else f"{v:g}" for v in row) for row in ROWS)
    (tmp_path / "t.csv").write_text(f"a,b,c,d\n{text}\n")
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *argv: object) -> list[str]:
    assert main(["trace", *map(str, argv)]) == 0
    return capsys.readouterr().out.splitlines()


def refused(capsys: pytest.CaptureFixture[str], *argv: object) -> str:
    with pytest.raises(SystemExit) as stopped:
        raise SystemExit(main(["trace", *map(str, argv)]))
    assert stopped.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    return error


def test_the_tape_of_a_row_is_printed(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, place / "m.npz", place / "t.csv", "--row", 1)
    assert lines[0] == f"row 1 of {place / 't.csv'}"
    assert lines[1:5] == ["  x[0, 0] = 1", "  x[0, 1] = 1", "  x[0, 2] = 0", "  x[0, 3] = 0"]
    assert "\n".join(lines[5:]) == str(MODEL.trace(THETA, ROWS[1]))


def test_without_data_a_row_is_drawn(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, place / "m.npz", "--seed", 3, "--row", 2)
    assert lines[0] == "row 2 of the model, drawn with seed 3"
    row = MODEL.sample(THETA, 3, rng=3, mask_set=0)[2]
    assert "\n".join(lines[5:]) == str(MODEL.trace(THETA, row))


def test_numbers_are_followed_and_nudged(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--follow", "x2", "--follow", "W0[3, 0]", "--nudge", "b1[2]"]
    text = "\n".join(said(capsys, place / "m.npz", place / "t.csv", *asked))
    tape = MODEL.trace(THETA, ROWS[0])
    answers = [tape.follow("x[0, 2]"), tape.follow("W0[3, 0]"), str(tape.nudge("b1[2]"))]
    assert text.endswith("\n\n".join(["", *answers]))


def test_a_gap_is_not_told(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, place / "m.npz", place / "t.csv", "--row", 2)
    assert lines[3] == "  x[0, 2] = nan"
    assert any(line.startswith("units  [x]; 0 where x is not known") for line in lines)


def test_json_is_the_tape(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = said(capsys, place / "m.npz", place / "t.csv", "--json")
    assert json.loads(line) == MODEL.trace(THETA, ROWS[0]).to_dict()


def test_columns_are_followed_by_name(people: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, people / "people.npz", people / "people.csv", "--row", 3, "--follow", "age")
    density = MADEDensity.load(people / "people.npz")
    x = density.columns_.encode(density.columns_.read(made_np.table.table.Table.of(_people(3))).read())
    tape = density.made_.trace(density.theta_, x, gaps="skip")
    assert "\n".join(lines).count(str(tape)) == 1
    (name,) = [line for line in lines if line.endswith("  age")]
    d = int(name.split(",")[1].split("]")[0])
    own = density.made_.input_slices[d]
    unit = own.start + int(x[0, d])
    assert lines[-2 - len(tape.follow(f"units[0, {unit}]").splitlines())].endswith("hear of it")
    assert "\n".join(lines).endswith(tape.follow(f"units[0, {unit}]"))


def _people(row: int) -> object:
    pandas = pytest.importorskip("pandas")
    from people_file import NAMES, lines

    cells = dict(zip(NAMES, lines()[row], strict=True))
    typed = {**cells, "age": int(cells["age"]), "hours-week": float(cells["hours-week"] or "nan")}
    typed["member"] = cells["member"] == "True"
    return pandas.DataFrame({name: [value] for name, value in typed.items()})


def test_what_cannot_be_meant_is_one_line(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = place / "m.npz"
    assert "has the rows 0..2" in refused(capsys, model, place / "t.csv", "--row", 3)
    assert "give a column (x0, x1, x2, x3)" in refused(capsys, model, "--follow", "age")
    assert "no such value. Is 'W0' meant?" in refused(capsys, model, "--follow", "w0[0, 0]")
    assert "W0 has the entries W0[0, 0] to W0[4, 3]" in refused(capsys, model, "--nudge", "W0[9, 9]")
    assert "--mask-set 1 does not exist" in refused(capsys, model, "--mask-set", 1)
    assert "no such file" in refused(capsys, place / "missing.npz")
    told = MADE(2, n_context=1)
    made_np.save(place / "context.npz", told, told.init(rng=0))
    assert "give DATA" in refused(capsys, place / "context.npz")
    assert "use made.trace in Python" in refused(capsys, place / "context.npz", place / "t.csv")
    other = MADE(4, output=Categorical(3))
    made_np.save(place / "other.npz", other, other.init(rng=0))
    (place / "bad.csv").write_text("a,b,c,d\n0,1,7,0\n")
    assert "column 2 has Categorical values" in refused(capsys, place / "other.npz", place / "bad.csv")
