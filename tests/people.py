"""A table as people have one: words, dates, booleans, money, gaps, ids, a constant."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from made_np import MADEDensity

NAMES = ("id", "sex", "city", "born", "member", "age", "pay", "unit")
QUICK: dict[str, Any] = {
    "hidden_layer_sizes": (12,),
    "order": [0, 1, 2, 3, 4, 5],
    "early_stopping": False,
    "weight_decay": 0.0,
    "max_epochs": 25,
    "batch_size": 20,
    "learning_rate": 0.02,
    "random_state": 0,
}
"""Nothing left to choose; the order is one of features, of which ids and constants are none."""


def cells(n: int = 200, seed: int = 0) -> dict[str, list[Any]]:
    """The columns as lists of Python's own values, None where there is a gap."""
    rng = np.random.default_rng(seed)
    sex = rng.choice(["F", "M"], n)
    member = (sex == "F") ^ (rng.random(n) < 0.15)
    days = np.datetime64("2000-01-01") + rng.integers(0, 60, n)
    pay = np.where(sex == "F", 30.0, 20.0) * np.exp(rng.normal(0, 0.5, n))
    city = rng.choice(["Bern", "Oslo", "Rome"], n, p=[0.5, 0.3, 0.2]).tolist()
    table: dict[str, list[Any]] = {
        "id": [f"x{k:04}y" for k in range(n)],
        "sex": sex.tolist(),
        "city": [None if k % 7 == 0 else each for k, each in enumerate(city)],
        "born": days.tolist(),
        "member": member.tolist(),
        "age": rng.integers(20, 40, n).tolist(),
        "pay": [None if k % 9 == 0 else float(each) for k, each in enumerate(pay)],
        "unit": ["kg"] * n,
    }
    return table


def frame(n: int = 200, seed: int = 0) -> Any:
    """The same as a data frame of pandas."""
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(cells(n, seed))
    table["born"] = pandas.to_datetime(table["born"])
    return table.astype({"city": "category"})


def quick(**changes: Any) -> MADEDensity:
    """A small estimator with nothing left to choose."""
    return MADEDensity(**{**QUICK, **changes})
