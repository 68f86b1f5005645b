"""A frame that comes out looks like the one that went in."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from small import small

from made_np import MADEDensity
from made_np.estimator.look import Look

pd = pytest.importorskip("pandas")

X = np.array([[1, 3, 0.5], [0, 0, 1.25]])


def frame(**columns: Any) -> Any:
    """Three columns of 80 rows: of bits, of codes and of real numbers."""
    rng = np.random.default_rng(0)
    known = {"a": rng.random(80) < 0.5, "b": rng.integers(0, 4, 80), "c": rng.normal(size=80)}
    return pd.DataFrame({**known, **columns})


def again(look: Look | None) -> Look:
    """The same look, out of a file."""
    assert look is not None
    return Look.from_config(json.loads(json.dumps(look.config())))


@pytest.mark.parametrize(
    "names",
    [
        ["a", "b", "c"],
        [0, 1, 2],
        [7, -1, 2],
        [0.5, 1, 2],
        [("x", "a"), ("x", "b"), ("y", 3)],
        ["a", "a", "b"],
    ],
)
@pytest.mark.parametrize(
    "dtypes", [["bool", "int64", "float32"], ["boolean", "UInt8", "Float64"], ["int8", "object", "float16"]]
)
def test_names_and_dtypes_come_back_from_a_file_too(names: list[Any], dtypes: list[str]) -> None:
    columns = {d: pd.Series(X[:, d]).astype(dtype) for d, dtype in enumerate(dtypes)}
    table = pd.DataFrame(columns).set_axis(pd.Index(names), axis=1)
    look = Look.of(table)
    assert again(look) == look
    put_on = again(look).put_on(X, index=table.index)
    assert isinstance(put_on, pd.DataFrame)
    assert put_on.columns.equals(table.columns)
    assert [str(dtype) for dtype in put_on.dtypes] == [d if d != "object" else "float64" for d in dtypes]
    assert_array_equal(put_on.to_numpy(dtype=float), X)


def test_a_dtype_that_does_not_hold_the_values_is_left() -> None:
    look = Look(
        "pandas", tuple(range(8)), ("bool", "int64", "uint8", "Int64", "boolean", "float16", "category", "no dtype")
    )
    row = np.array([[0.3, 0.3, -1.0, 0.3, 2.0, 1e6, 1.0, 1.0]])
    assert list(look.put_on(row).dtypes) == [np.float64] * 8
    assert_array_equal(look.put_on(row), row)
    assert [str(d) for d in look.put_on(np.ones((1, 8))).dtypes[:6]] == list(look.dtypes[:6])


def test_a_file_cannot_have_anything_imported() -> None:
    for library in ("this", "made_np", "pandas.core", 3, None):
        with pytest.raises(ValueError, match="library="):
            Look.from_config({"library": library, "names": ["a"], "dtypes": ["bool"]})


def test_what_is_no_frame_has_no_look() -> None:
    for x in (X, X.tolist(), None, "x", pd.Series([1.0])):
        assert Look.of(x) is None
    dates = pd.DataFrame(X, columns=pd.date_range("2020-01-01", periods=3))
    assert Look.of(dates) is None
    assert isinstance(small().fit(dates).sample(2), np.ndarray)


@pytest.mark.parametrize("names", [["a", "b", "c"], [0, 1, 2], [("x", "a"), ("x", "b"), ("y", "c")]])
def test_samples_and_completions_look_like_the_frame_of_fit(names: list[Any], tmp_path: Path) -> None:
    table = frame().set_axis(pd.Index(names), axis=1)
    fitted = small().fit(table)
    fitted.save(tmp_path / "model.npz")
    gaps = table.astype(float).set_axis(table.index[::-1])
    gaps.iloc[3:9, 2] = np.nan
    for model in (fitted, MADEDensity.load(tmp_path / "model.npz"), small().partial_fit(table).partial_fit(table)):
        for found in (model.sample(5), model.impute(table), model.impute(gaps), *model.impute(gaps, n_draws=2)):
            assert found.columns.equals(table.columns)
            assert found.dtypes.tolist() == table.dtypes.tolist()
        assert model.impute(gaps).index.equals(gaps.index)
        with pytest.raises(ValueError, match=r"as column 0, but fit saw"):
            model.score(table.iloc[:, ::-1])


def test_a_later_fit_takes_the_look_of_its_own_table() -> None:
    model = small().fit(frame())
    assert isinstance(model.fit(frame().to_numpy(dtype=float)).sample(2), np.ndarray)
    assert model.fit(frame(a=0.5)).sample(2).dtypes.tolist() == [np.float64, np.int64, np.float64]


def test_given_values_stay_exactly_whatever_the_dtype_of_fit() -> None:
    table = frame()
    model = small().fit(table.astype({"c": "float32"}))
    assert model.sample(2).c.dtype == np.float32
    gaps = table.assign(b=table.b.astype("Int64"), a=table.a.astype(object))
    gaps.loc[3, ["a", "b", "c"]] = None
    gaps.loc[4, "c"] = np.nan
    filled = model.impute(gaps)
    assert filled.c.dtype == np.float64
    known = ~gaps.isna().to_numpy()
    assert_array_equal(filled.to_numpy(dtype=float)[known], table.to_numpy(dtype=float)[known])
    assert filled.b.dtype == np.int64  # the likeliest code
    assert filled.a.dtype == np.float64  # the probability of a 1
    assert model.impute(gaps, 1)[0].a.dtype == bool


def test_whole_numbers_that_are_real_to_the_model_are_drawn_as_they_are() -> None:
    table = frame(b=np.random.default_rng(1).integers(0, 500, 80))
    drawn = small().fit(table).sample(20)
    assert drawn.b.dtype == np.float64
    assert (drawn.b % 1 != 0).any()


def test_frames_of_polars_come_back(tmp_path: Path) -> None:
    pl = pytest.importorskip("polars")
    types = {"a": pl.Boolean, "b": pl.UInt8, "c": pl.Float32}
    table = pl.DataFrame({name: frame()[name].to_list() for name in types}, schema=types)
    fitted = small().fit(table)
    fitted.save(tmp_path / "model.npz")
    gaps = table.with_columns(pl.when(pl.int_range(80) == 3).then(None).otherwise(pl.col("c")).alias("c"))
    for model in (fitted, MADEDensity.load(tmp_path / "model.npz")):
        for found in (model.sample(5), model.impute(gaps), model.impute(gaps, 1)[0]):
            assert isinstance(found, pl.DataFrame)
            assert dict(found.schema) == types
        assert model.impute(gaps)["c"].null_count() == 0
        assert model.impute(gaps)["c"].to_list()[4:] == table["c"].to_list()[4:]


def test_files_from_before_looks_were_kept_still_name_their_columns(tmp_path: Path) -> None:
    model = small().fit(frame())
    model._fitted = replace(model._fitted, look=None)
    model.save(tmp_path / "model.npz")
    found = MADEDensity.load(tmp_path / "model.npz").sample(2)
    assert list(found.columns) == ["a", "b", "c"]
    assert list(found.dtypes) == [np.float64] * 3
