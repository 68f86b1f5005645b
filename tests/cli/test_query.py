"""Probabilities at the command line are those of the estimator, whichever way a condition is written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from made_np import MADEDensity
from made_np.cli import main
from made_np.cli.conditions import as_condition

ASKED = {
    "sex=F": {"sex": "F"},
    "age=30..40": {"age": (30, 40)},
    "age=50..": {"age": (50, None)},
    "age=..30": {"age": (None, 30)},
    "income=>50K": {"income": ">50K"},
    "income=<=50K": {"income": "<=50K"},
    "age=<30": {"age": ("<", 30)},
    "sex=!=F,age=>= 30": {"sex": ("!=", "F"), "age": (">=", 30)},
    "age == 30": "age == 30",
    "hours-week=40|41": {"hours-week": {40, 41}},
    "born=2020-01-03..2020-01-05": {"born": ("2020-01-03", "2020-01-05")},
    "sex=F,age=50..": {"sex": "F", "age": (50, None)},
    "member=true": {"member": 1.0},
    " sex = F ": {"sex": "F"},
    "income=": {"income": None},
    "age BETWEEN 30 AND 40": "age BETWEEN 30 AND 40",
    "age=30 AND sex='F'": "age=30 AND sex='F'",
    "age >= 30": "age >= 30",
    "sex = 'F'": "sex = 'F'",
}


@pytest.mark.parametrize("text", ASKED)
def test_a_condition_is_a_dict_or_sql(people: Path, text: str) -> None:
    assert as_condition(MADEDensity.load(people / "people.npz").columns_, text) == ASKED[text]


def test_query_prints_what_the_estimator_says(people: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = MADEDensity.load(people / "people.npz")
    where = ["sex=F", "age=30..40,member=True", "income=>50K"]
    assert main(["query", str(people / "people.npz"), *where, "--given", "age=20.."]) == 0
    lines = capsys.readouterr().out.splitlines()
    dicts = [{"sex": "F"}, {"age": (30, 40), "member": True}, {"income": ">50K"}]
    p, error = model.probability(dicts, given={"age": (20, None)}, return_std=True)
    for k, line in enumerate(lines):
        assert line == f"{p[k]:.6f} +- {error[k]:.6f} (standard error)  {where[k]} given age=20.."
    assert len(lines) == 3
    assert 0 < p[1] < 1


def test_query_takes_sql(people: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("sqlglot")
    sql = 'age BETWEEN 30 AND 40 AND "hours-week" = 40'
    assert main(["query", str(people / "people.npz"), sql, "age=30..40,hours-week=40"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.split("(")[0] == second.split("(")[0]


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["sex=X"], "WHERE: column sex is to be 'X', a value that it does not have: it has 'F', 'M'"),
        (["age=old"], "WHERE: column age is to be 'old': this column holds numbers"),
        (["id=p00001"], "is not in the model"),
        (["sex=F,sex=M"], "says two things of column sex"),
        (["age=40..30"], "30"),
        (["sex=F", "--given", "income=1"], "--given: column income is to be '1'"),
    ],
)
def test_query_refuses(people: Path, capsys: pytest.CaptureFixture[str], argv: list[str], message: str) -> None:
    status = main(["query", str(people / "people.npz"), *argv])
    captured = capsys.readouterr()
    if argv == ["age=40..30"]:  # between 40 and 30 there is nothing
        assert status == 2 or captured.out.startswith("0.000000")
        return
    assert (status, captured.out, captured.err.count("\n")) == (2, "", 1)
    assert message in captured.err
    assert not re.search(r"columns=|None|made_np\.", captured.err)
