"""Questions as people ask them, on columns of each kind and names of any letters."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pytest

from made_np import MADEDensity

N = 150


@pytest.fixture(scope="module")
def model() -> MADEDensity:
    """A density of columns of each kind, learned at once."""
    rng = np.random.default_rng(0)
    day = datetime.datetime(2020, 1, 1)
    rows = [
        {
            "age": int(rng.integers(18, 90)),
            "education-num": int(rng.integers(1, 5)),
            "Jitter(%)": float(rng.normal()),
            "select": "ab"[k % 2],
            'a"b c': k % 3,
            "day": day + datetime.timedelta(int(rng.integers(0, 300))),
            "start": datetime.time(int(rng.integers(0, 24)), 30),
            "ill": bool(rng.random() < 0.3),
        }
        for k in range(N)
    ]
    return MADEDensity((8,), max_epochs=2, order="natural", random_state=0, dropout=0.0).fit(rows)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('"education-num" > 2', {"education-num": (">", 2)}),
        ("`Jitter(%)` < 0.5", {"Jitter(%)": ("<", 0.5)}),
        ("\"select\" = 'a'", {"select": "a"}),
        ('"a""b c" IN (0, 2)', {'a"b c': {0, 2}}),
        ("\"day\" >= '2020-05-01'", {"day": (datetime.date(2020, 5, 1), None)}),
        ("start >= '07:30'", {"start": (datetime.time(7, 30), None)}),
        ("start < '18:00'", {"start": ("<", datetime.timedelta(hours=18))}),
        ("NOT (age > 30 AND ill = TRUE)", "age <= 30 OR ill = FALSE"),
        ("age > 30 AND age < 20", {"age": []}),
        ("30 <= age", {"age": (30, None)}),
    ],
)
def test_two_ways_to_ask_are_one_question(model: MADEDensity, one: Any, other: Any) -> None:
    assert model.probability(one) == pytest.approx(model.probability(other), abs=1e-12)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"start": 5}, r"column 6 \('start'\) is to be 5: this column holds spans of time; give a timedelta, a time"),
        ({"day": 5}, r"column 5 \('day'\) is to be 5: this column holds dates; give a datetime"),
        ({"age": ("=<", 30)}, r"column 0 \('age'\) is to be \('=<', 30\): '=<' is none of =, !=, <, <=, >, >="),
        ({"select": ("a", "b")}, r"column 3 \('select'\) .*a pair is a range, .*do you mean a set"),
        ({"select": "A"}, r"column 3 \('select'\) is to be 'A', a value that it does not have: it has 'a', 'b'"),
        ({"Age": 30}, "there is no column 'Age': the columns are called 'age'"),
        ({"age": None}, r"column 0 \('age'\) is to be a gap, but gaps were not learned: fit with missing='level'"),
    ],
)
def test_what_cannot_be_meant_is_told_with_column_value_and_way_out(model: MADEDensity, asked: Any, words: str) -> None:
    with pytest.raises((TypeError, ValueError), match=f"where: {words}"):
        model.probability(asked)
