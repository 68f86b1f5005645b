"""What comes back: the caller's container, its names, its index, its dtypes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from every_dtype import of_arrow, of_pandas, of_polars
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


def fitted_on_numbers_and_bits() -> tuple[Any, Any, Any]:
    """A model, the table behind it, and that table with gaps, which make floats and objects of its columns."""
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    table = pandas.DataFrame({"n": rng.integers(0, 50, 120), "b": rng.random(120) < 0.4})
    gaps = table.astype({"n": float, "b": object})
    gaps.loc[:4, ["n", "b"]] = None
    return quick(order=[0, 1], max_epochs=1).fit(table), table, gaps


def test_whole_numbers_and_booleans_stay_what_they_are_where_gaps_make_floats_of_them() -> None:
    model, _, gaps = fitted_on_numbers_and_bits()
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


REPEATS = 40


def in_pandas() -> tuple[Any, dict[str, Any]]:
    pandas = pytest.importorskip("pandas")
    columns = {name: pandas.concat([pandas.Series(each)] * REPEATS) for name, each in of_pandas().items()}
    X = pandas.DataFrame({name: each.set_axis(range(7, 7 + len(each))) for name, each in columns.items()})
    return X, X.dtypes.to_dict()


def in_polars() -> tuple[Any, dict[str, Any]]:
    polars = pytest.importorskip("polars")
    X = polars.DataFrame({name: polars.concat([each] * REPEATS) for name, each in of_polars().items()})
    return X, dict(X.schema)


def in_arrow() -> tuple[Any, dict[str, Any]]:
    pyarrow = pytest.importorskip("pyarrow")
    X = pyarrow.table({name: pyarrow.concat_arrays([each] * REPEATS) for name, each in of_arrow().items()})
    return X, dict(zip(X.column_names, X.schema.types, strict=True))


@pytest.mark.parametrize("make", [in_pandas, in_polars, in_arrow])
def test_a_column_of_any_dtype_is_predicted_in_its_dtype(make: Any) -> None:
    X, dtypes = make()
    large = {name: "drop" for name in dtypes if "large" in name or name in ("integers", "Int128", "decimal, whole")}
    model = quick(order="natural", max_epochs=1, columns=large).fit(X)
    rows = X[:1]
    modelled = [list(dtypes)[d] for d in model._answers.subject.feature_of]
    assert len(modelled) > 20
    for name in modelled:
        found = model.predict(rows, name)
        assert (found.dtype if make is not in_arrow else found.type) == dtypes[name], name
        if make is in_pandas:
            assert found.name == name
            assert found.index.equals(rows.index)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float32"])
def test_a_column_of_an_array_is_predicted_in_its_dtype(dtype: str) -> None:
    rng = np.random.default_rng(0)
    X = rng.integers(0, 2, size=(120, 3)).astype(dtype)
    model = quick(order=[0, 1, 2], max_epochs=1).fit(X)
    assert model.predict(X, 1).dtype == np.dtype(dtype)
    assert model.conditional(1, X).mode().tolist() == model.predict(X, 1).tolist()
    half = model.conditional(0).mean()
    assert 0 < half < 1


def test_a_mean_of_whole_numbers_is_one_in_the_dtype_of_fit_even_where_gaps_make_floats_of_them() -> None:
    model, table, gaps = fitted_on_numbers_and_bits()
    assert [model.predict(gaps, name).dtype for name in table] == [np.int64, bool]
    assert_array_equal(model.predict(gaps, "n"), np.rint(model.conditional("n", gaps).mean()))
    assert model.predict(table.to_numpy(), "b").dtype == bool  # of another container, as it comes
    assert model.predict(table[["n"]], "b").dtype == bool  # of a frame that lacks it
    assert type(model.conditional("b").mode()) is np.bool_
    assert set(model.conditional("b").rvs(50, random_state=0).tolist()) == {True, False}
