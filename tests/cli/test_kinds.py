"""What the command line says of columns reaches the model: those that are given, not modelled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from people_file import FAST

from made_np import MADEDensity
from made_np.cli import main


@pytest.fixture(scope="module")
def told(people: Path) -> Path:
    """A model of people, given their sex and their age."""
    path = people / "told.npz"
    assert main(["train", str(people / "people.csv"), "-o", str(path), "--context", "sex,age", *FAST]) == 0
    return path


def test_train_and_describe_take_a_context(people: Path, told: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = MADEDensity.load(told)
    assert [model.columns_.each[d].name for d in model.columns_.context] == ["sex", "age"]
    capsys.readouterr()
    for data, more in ((told, []), (people / "people.csv", ["--context", "age,sex"])):
        assert main(["describe", str(data), *more]) == 0
        lines = capsys.readouterr().out.splitlines()
        given = [line.split()[0] for line in lines if line.endswith("context: given, not modelled")]
        assert given == ["sex", "age"]
    assert main(["inspect", str(told)]) == 0
    shown = capsys.readouterr().out
    assert f"context     {model.made_.n_context}\n" in shown
    assert main(["describe", str(told)]) == 0
    assert "; what is given has to say " in capsys.readouterr().out.splitlines()[-1]


def test_a_context_that_is_not_there_is_named(people: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe", str(people / "people.csv"), "--context", "agee"]) == 2
    assert "--context" in capsys.readouterr().err


def test_questions_take_the_context(people: Path, told: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = MADEDensity.load(told)
    assert main(["query", str(told), "member=true", "--given", "sex=F,age=30"]) == 0
    p = model.probability({"member": True}, {"sex": "F", "age": 30})
    assert capsys.readouterr().out.startswith(f"{p:.6f} ")
    assert main(["query", str(told), "member=true", "--given", "sex=F"]) == 2
    assert "--given: column age is context, without which nothing is known" in capsys.readouterr().err
    assert main(["query", str(told), "age=30..", "--given", "sex=F,age=30"]) == 2
    assert "WHERE: column age is context: it is given, not modelled" in capsys.readouterr().err


def test_rows_are_scored_drawn_and_completed_under_their_context(
    people: Path, told: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pandas = pytest.importorskip("pandas")
    out = tmp_path / "out.csv"
    assert main(["sample", str(told), "-n", "5", "--given", "sex=M,age=30", "-o", str(out)]) == 0
    drawn = pandas.read_csv(out)
    assert (drawn["sex"] == "M").all()
    assert (drawn["age"] == 30).all()
    (tmp_path / "rows.csv").write_text("age,sex\n20,F\n40,M\n,F\n")
    capsys.readouterr()
    assert main(["complete", str(told), str(tmp_path / "rows.csv"), "-o", str(out)]) == 0
    filled = pandas.read_csv(out)
    np.testing.assert_array_equal(filled["age"][:2], [20, 40])
    assert filled["member"][:2].notna().all()
    assert filled["member"].isna()[2]
    assert "rows.csv, line 4, column age is missing: column age is context" in capsys.readouterr().err
    assert main(["score", str(told), str(people / "people.csv")]) == 0
    assert "mean log-probability" in capsys.readouterr().out


def test_a_gap_in_the_context_is_not_counted_as_filled(
    people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pandas = pytest.importorskip("pandas")
    model = tmp_path / "told.npz"
    assert main(["train", str(people / "people.csv"), "-o", str(model), "--context", "hours-week", *FAST]) == 0
    rows = pandas.read_csv(people / "people.csv", dtype=str).head(10)
    rows.loc[3, "age"] = None
    rows.to_csv(tmp_path / "rows.csv", index=False)
    capsys.readouterr()
    out = tmp_path / "out.csv"
    assert main(["complete", str(model), str(tmp_path / "rows.csv"), "-o", str(out)]) == 0
    assert "1 gaps in 10 rows" in capsys.readouterr().out
    filled = pandas.read_csv(out)
    assert filled["age"].notna().all()
    np.testing.assert_array_equal(filled["hours-week"], rows["hours-week"].astype(float))
    assert rows["hours-week"].isna().sum() == 2
