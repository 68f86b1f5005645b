"""Parameters of an estimator survive JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from made_np.distributions.levels import DiscretizedLogistic
from made_np.distributions.plain import Categorical
from made_np.estimator.params import from_json, to_json
from made_np.optim import SGD
from made_np.schedules import ReduceOnPlateau, Warmup, cosine, linear


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        3,
        0.1,
        "auto",
        (500, 20),
        (),
        [2, 0, 1],
        ["auto", Categorical(3), DiscretizedLogistic(17, n=2)],
        {"W0": 1e-4},
        SGD(momentum=0.9),
        cosine,
        Warmup(3, then=linear),
        Warmup(3, then=ReduceOnPlateau(0.3)),
    ],
)
def test_comes_back_equal_and_of_its_type(value: Any) -> None:
    again = from_json(json.loads(json.dumps(to_json(value))))
    assert again == value
    assert type(again) is type(value)


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (np.float64(0.25), 0.25),
        (np.array([[1, 0]]), [[1, 0]]),
        (np.float32, "float32"),
        (np.dtype("float64"), "float64"),
        (np.random.default_rng(0), None),
        (np.random.RandomState(0), None),
    ],
)
def test_what_json_lacks_is_stored_by_its_value(value: Any, stored: Any) -> None:
    assert to_json(value) == stored


def test_an_optimizer_of_ones_own_cannot_be_stored() -> None:
    @dataclass(frozen=True)
    class Mine(SGD):
        pass

    with pytest.raises(TypeError, match=r"optimizer=.*Mine"):
        to_json(Mine())


@pytest.mark.parametrize("schedule", [lambda step, total: 1.0, Warmup(3, then=lambda step, total: 1.0)])
def test_a_schedule_of_ones_own_cannot_be_stored(schedule: Any) -> None:
    with pytest.raises(TypeError, match=r"schedule=.*none of made_np.schedules"):
        to_json(schedule)


def test_places_of_columns_stay_numbers() -> None:
    params = {1: "drop", "age": "count"}
    assert from_json(json.loads(json.dumps(to_json(params)))) == params
