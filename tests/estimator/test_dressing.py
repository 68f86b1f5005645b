"""What comes back: the caller's container, its names, its index, its dtypes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from people import NAMES, frame, quick

from made_np import MADEDensity


@pytest.fixture(scope="module")
def table() -> Any:
    return frame().set_index(np.arange(200) + 500)


@pytest.fixture(scope="module")
def fitted(table: Any) -> MADEDensity:
    return quick(max_epochs=2).fit(table)


def test_drawn_rows_have_the_dtypes_of_fit(fitted: MADEDensity, table: Any) -> None:
    rows = fitted.sample(30)
    assert rows.dtypes.to_dict() == table.dtypes.drop("id").to_dict()
    assert list(rows.columns) == list(NAMES[1:])
    assert list(rows["city"].cat.categories) == list(table["city"].cat.categories)
    assert (rows["unit"] == "kg").all()
    assert rows["born"].between(table["born"].min(), table["born"].max()).all()


def test_completions_keep_what_is_known_the_index_and_the_dtypes(fitted: MADEDensity, table: Any) -> None:
    gaps = table.copy()
    gaps.loc[503, "born"] = None
    filled = fitted.impute(gaps)
    assert filled.dtypes.to_dict() == table.dtypes.to_dict()
    assert filled.index.equals(table.index)
    assert filled["id"].equals(table["id"])
    assert filled.loc[503, "born"] == filled.loc[503, "born"].normalize()  # a whole day, as all of them
    assert filled.drop(columns=["city", "pay", "born"]).equals(table.drop(columns=["city", "pay", "born"]))


def test_whole_numbers_and_booleans_stay_what_they_are_where_gaps_make_floats_of_them() -> None:
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    table = pandas.DataFrame({"n": rng.integers(0, 50, 120), "b": rng.random(120) < 0.4})
    model = quick(order=[0, 1], max_epochs=1).fit(table)
    gaps = table.astype({"n": float, "b": object})
    gaps.loc[:4, ["n", "b"]] = None
    filled = model.impute(gaps)
    assert (filled["n"] == filled["n"].round()).all()
    assert set(filled["b"]) <= {True, False}


def test_columns_that_are_left_out_are_gaps_of_an_array() -> None:
    rng = np.random.default_rng(0)
    X = np.column_stack([np.arange(300) + 10**9, rng.normal(size=300), rng.integers(0, 2, 300)]).astype(float)
    model = quick(order=[0, 1], max_epochs=1).fit(X)
    rows = model.sample(4)
    assert rows.shape == (4, 3)
    assert np.isnan(rows[:, 0]).all()
    assert not np.isnan(rows[:, 1:]).any()
    gaps = X[:3].copy()
    gaps[:, 1] = np.nan
    assert_array_equal(model.impute(gaps)[:, [0, 2]], X[:3, [0, 2]])
