"""The imputer: gaps filled in any container, alone and among other steps, as scikit-learn's do it."""

from __future__ import annotations

import pickle
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from small import small

from made_np import MADEDensity, MADEImputer

pytest.importorskip("sklearn", minversion="1.6")

import sklearn
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_dataframe_column_names_consistency, parametrize_with_checks

pd = pytest.importorskip("pandas")


def fast(**changes: Any) -> MADEDensity:
    """A density that answers any gaps."""
    answers_any = {"n_masks": None, "order": "random"}
    return small(**{"hidden_layer_sizes": (8,), "max_epochs": 3, "backend": "numpy", **answers_any, **changes})


IMPUTERS = [MADEImputer(fast(), random_state=0)]

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "Estimator MADEImputer does not inherit", UserWarning)
    for_each_check = parametrize_with_checks(IMPUTERS)


@for_each_check
def test_scikit_learn_finds_nothing_to_object_to(estimator: Any, check: Callable[[Any], None]) -> None:
    check(estimator)


def test_names_of_columns_are_kept_and_checked() -> None:
    check_dataframe_column_names_consistency("MADEImputer", MADEImputer(fast(), random_state=0))


def rows(n: int = 200, seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    a = rng.standard_normal(n)
    return np.column_stack([a, 2 * a + 0.1 * rng.standard_normal(n), rng.integers(0, 2, n)])


def holes(X: Any, seed: int = 1) -> Any:
    X = X.copy()
    X[np.random.default_rng(seed).random(X.shape) < 0.2] = np.nan
    X[:2] = np.nan_to_num(X[:2])
    return X


def frame(n: int = 120) -> Any:
    X = rows(n)
    words = np.where(X[:, 0] > 0, "up", "down").astype(object)
    found = pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "way": words}, index=np.arange(n) * 2)
    found.loc[found.index[::7], "a"] = np.nan
    found.loc[found.index[3::7], "way"] = None
    return found


def test_gaps_are_filled_and_all_else_stays() -> None:
    X = holes(rows(300))
    before = X.copy()
    imputer = MADEImputer(fast(max_epochs=40, learning_rate=4e-2), random_state=0).fit(rows(400))
    filled = imputer.transform(X)
    known = ~np.isnan(X)
    assert_array_equal(filled[known], X[known])
    assert_array_equal(X, before)
    assert not np.isnan(filled).any()
    lone = known[:, 0] & ~known[:, 1]
    assert np.abs(filled - rows(300))[lone, 1].mean() < 0.5 * np.abs(rows(300)[lone, 1]).mean()
    assert_array_equal(filled, imputer.density_.impute(X, random_state=0))


def test_it_learns_from_rows_with_gaps() -> None:
    truth = rows(300)[:, :2]
    X = holes(truth)
    imputer = MADEImputer(fast(max_epochs=60, learning_rate=2e-2), random_state=0).fit(X)
    lone = np.flatnonzero(~np.isnan(X[:, 0]) & np.isnan(X[:, 1]))
    off = imputer.transform(X[lone])[:, 1] - truth[lone, 1]
    assert np.abs(off).mean() < 0.5 * np.abs(truth[lone, 1]).mean()


def test_a_draw_keeps_the_spread_of_a_column_and_a_mean_does_not() -> None:
    X = np.random.default_rng(0).normal(size=(300, 2))
    gaps = np.where([[False, True]], np.nan, X[:100])
    density = small(hidden_layer_sizes=(8,), max_epochs=40, columns="gaussian", backend="numpy")
    drawn, mean = (
        MADEImputer(density, statistic=each, random_state=0).fit(X).transform(gaps)[:, 1].std()
        for each in ("draw", "mean")
    )
    assert mean < 0.5 < drawn < 1.5


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_a_frame_comes_back_as_one_of_its_library(library: str) -> None:
    pytest.importorskip(library)
    X = frame()
    if library == "polars":
        X = pytest.importorskip("polars").from_pandas(X)
    if library == "pyarrow":
        X = pytest.importorskip("pyarrow").Table.from_pandas(X, preserve_index=False)
    filled = MADEImputer(fast(), add_indicator=True, random_state=0).fit_transform(X)
    assert type(filled) is type(X)
    filled = filled if library == "pandas" else filled.to_pandas()
    assert list(filled.columns) == ["a", "b", "way", "missingindicator_a", "missingindicator_way"]
    assert not filled.isna().any().any()
    assert set(filled["way"]) == {"up", "down"}
    assert_array_equal(filled["missingindicator_a"], frame()["a"].isna())
    assert filled["missingindicator_way"].dtype == bool
    if library == "pandas":
        assert_array_equal(filled.index, frame().index)


def test_the_indicator_tells_gaps_of_columns_that_had_some_in_fit() -> None:
    X = rows(50)
    X[0, 1] = np.nan
    imputer = MADEImputer(fast(), add_indicator=True, random_state=0).fit(X)
    filled = imputer.transform([[np.nan, 1.0, 0.0], [0.0, np.nan, 1.0]])
    assert filled.shape == (2, 4)
    assert filled[:, 3].tolist() == [0, 1]
    assert imputer.get_feature_names_out().tolist() == ["x0", "x1", "x2", "missingindicator_x1"]
    assert imputer.get_feature_names_out(["a", "b", "c"])[-1] == "missingindicator_b"


@pytest.mark.parametrize("wanted", ["pandas", "polars"])
@pytest.mark.parametrize("given", ["numpy", "pandas", "polars"])
def test_the_container_can_be_set(wanted: str, given: str) -> None:
    polars = pytest.importorskip("polars")
    X: Any = rows(60)
    if given != "numpy":
        X = pd.DataFrame(X, columns=["a", "b", "c"], index=np.arange(60) + 5)
        X = polars.from_pandas(X) if given == "polars" else X
    imputer = MADEImputer(fast(), random_state=0).set_output(transform=wanted)
    filled = clone(imputer).set_output().fit(X).transform(X)
    assert type(filled).__module__.startswith(wanted)
    assert list(filled.columns) == (["x0", "x1", "x2"] if given == "numpy" else ["a", "b", "c"])
    assert_array_equal(np.asarray(filled), rows(60))
    if wanted == given == "pandas":
        assert_array_equal(filled.index, X.index)
    assert isinstance(imputer.set_output(transform="default").fit_transform(rows(60)), np.ndarray)
    with sklearn.config_context(transform_output=wanted):
        assert type(MADEImputer(fast()).fit(X).transform(X)).__module__.startswith(wanted)


def test_a_container_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    imputer = MADEImputer(fast(), random_state=0).set_output(transform="polars").fit(rows(60))
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(ImportError, match=r"set_output\(transform='polars'\) needs polars, which is not installed"):
        imputer.transform(rows(60))


def test_a_regression_learns_from_what_was_filled() -> None:
    X = holes(rows(120))
    y = rows(120)[:, 1]
    steps = make_pipeline(MADEImputer(fast(max_epochs=40), random_state=0), StandardScaler(), LinearRegression())
    assert cross_val_score(steps, X, y, cv=2).min() > 0.5
    assert clone(steps).get_params()["madeimputer__density__max_epochs"] == 40


def test_words_pass_through_a_column_transformer() -> None:
    X = frame()
    parts = ColumnTransformer(
        [
            ("rest", MADEImputer(fast(), random_state=0), ["a", "b"]),
            ("way", make_pipeline(MADEImputer(fast(), random_state=0), OneHotEncoder(sparse_output=False)), ["way"]),
        ]
    ).set_output(transform="pandas")
    filled = parts.fit_transform(X)
    assert list(filled.columns) == ["rest__a", "rest__b", "way__way_down", "way__way_up"]
    assert not filled.isna().any().any()


class Asked:
    """A density that remembers how it was asked."""

    n_features_in_ = 1

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        return {}

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Asked:
        self.weights = sample_weight
        return self

    def impute(self, X: Any, **options: Any) -> Any:
        self.options = options
        return np.asarray(X)


@pytest.mark.parametrize(
    ("parameters", "options"),
    [
        ({}, {}),
        ({"random_state": 3}, {"random_state": 3}),
        ({"statistic": "median"}, {"statistic": "median"}),
        ({"statistic": "draw"}, {"n_draws": 1}),
    ],
)
def test_the_density_is_asked_for_what_was_set(parameters: dict[str, Any], options: dict[str, Any]) -> None:
    imputer = MADEImputer(Asked(), **parameters).fit([[1.0], [2.0]], sample_weight=[1, 2])
    imputer.transform([[1.0]])
    assert imputer.density_.options == options
    assert imputer.density_.weights == [1, 2]


def test_it_pickles_and_says_that_it_is_a_transformer() -> None:
    imputer = MADEImputer(fast(), random_state=0).fit(rows())
    again = pickle.loads(pickle.dumps(imputer))
    assert_array_equal(again.transform(holes(rows(20))), imputer.transform(holes(rows(20))))
    tags = get_tags(imputer)
    assert tags.transformer_tags is not None
    assert tags.input_tags.allow_nan


@pytest.mark.parametrize(
    ("parameters", "error", "match"),
    [
        ({"statistic": "modus"}, ValueError, "statistic='modus' is unknown"),
        ({"add_indicator": 1}, TypeError, "add_indicator=1"),
        ({"density": StandardScaler()}, TypeError, "density=.*StandardScaler.* give a made_np.MADEDensity"),
    ],
)
def test_what_cannot_be_meant_is_refused(parameters: dict[str, Any], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        MADEImputer(**{"density": fast(), **parameters}).fit(rows(20))
    with pytest.raises(ValueError, match="transform='numpy' is unknown"):
        MADEImputer().set_output(transform="numpy")
