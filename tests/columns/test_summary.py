"""What was learned of columns is shown as a table, one line for each."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from made_np.columns.columns import Columns
from made_np.distributions.plain import Gaussian

N = 120
rng = np.random.default_rng(0)


def rows() -> list[dict[str, Any]]:
    """A table with a column of most kinds."""
    return [
        {
            "id": f"customer {k}",
            "sex": "FM"[k % 2],
            "job": ["clerk", "farmer", "nurse", "a very long word for a job that nobody has"][k % 4],
            "age": 20 + (k * 7) % 60,
            "price": round(1.25 + (k * 37) % 97 / 10, 2),
            "day": np.datetime64("2024-01-01") + (k * 5) % 91,
            "rating": None if k % 10 == 0 else 1 + k % 5,
            "unit": "cm",
            "nothing": None,
        }
        for k in range(N)
    ]


LEFT_OUT = "left out: an id: all 120 of them are different"
SHOWN = f"""
column   kind         distribution  values                                    resolution  missing
id       id                         120 different                                                  {LEFT_OUT}
sex      binary       Bernoulli     2: F, M
job      categorical  Categorical   4: a very long word for a job that no...
age      count        Categorical   20 to 79                                  1
price    real         Categorical   1.25 to 10.85                             0.1
day      date         Categorical   2024-01-01 to 2024-03-31                  1 D
rating   ordinal      Categorical   5: 1, 2, 3, ...                                       10.0%
unit     constant                   cm
nothing  constant                   none                                                  100.0%
"""


def test_a_table_has_a_line_for_each_column() -> None:
    assert str(Columns.learn(rows())).split("\n") == SHOWN.strip("\n").split("\n")


def test_a_line_that_nobody_needs_is_not_there() -> None:
    shown = str(Columns.learn(np.column_stack([rng.normal(size=N), rng.integers(0, 2, N)]), ["gaussian", "auto"]))
    assert shown.split("\n")[0].split() == ["column", "kind", "distribution", "values"]
    assert shown.split("\n")[1].split()[:3] == ["0", "gaussian", "Gaussian"]
    assert shown.split("\n")[2].split() == ["1", "binary", "Bernoulli", "2:", "0,", "1"]


def test_a_group_is_one_line_and_many_lines_are_cut() -> None:
    x = np.hstack([np.eye(4)[np.arange(N) % 4], rng.normal(size=(N, 200))])
    names = [*(f"job_{k}" for k in range(4)), *(f"x{k}" for k in range(200))]
    shown = str(Columns.learn(x, "auto", names, one_hot="auto")).split("\n")
    assert shown[1].split() == ["job_0..job_3", "one-hot", "Categorical", "4", "columns"]
    assert len(shown) == 62
    assert "... 141 more" in shown[31]
    assert shown[-1].startswith("x199")


def test_programs_get_the_same_as_values() -> None:
    columns = Columns.learn(rows())
    each = json.loads(json.dumps(columns.to_dict()))
    assert [about["name"] for about in each] == list(rows()[0])
    by_name = {about["name"]: about for about in each}
    assert by_name["sex"]["levels"] == ["F", "M"]
    assert by_name["age"]["low"] == "20"
    assert by_name["price"]["resolution"] == pytest.approx(0.1)
    assert by_name["day"]["high"] == "2024-03-31"
    assert by_name["rating"]["share_missing"] == pytest.approx(0.1)
    assert by_name["id"]["left_out"] == "an id: all 120 of them are different"
    assert by_name["unit"]["distribution"] is None


def test_columns_of_older_files_are_shown_too() -> None:
    old = [{"output": {"name": "gaussian", **Gaussian().config()}, "mean": 3.0, "scale": 2.0, "name": "size"}]
    columns = Columns.from_config(old)
    assert str(columns).split("\n")[1].split() == ["size", "Gaussian"]
    assert columns.encode([[5.0]]) == [[1.0]]
    json.dumps(columns.to_dict())
