"""MADEDensity keeps scikit-learn's contract: its own checks, and the tools that rely on it."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import made_np
from made_np import MADEDensity

pytest.importorskip("sklearn", minversion="1.6")

from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import (
    check_dataframe_column_names_consistency,
    check_dict_unchanged,
    check_estimator_sparse_array,
    check_estimator_sparse_matrix,
    check_estimators_dtypes,
    check_fit_idempotent,
    check_methods_sample_order_invariance,
    check_methods_subset_invariance,
    parametrize_with_checks,
)
from small import small


def fast(**changes: Any) -> MADEDensity:
    """A plain estimator that is smaller still."""
    return small(**{"hidden_layer_sizes": (8,), "max_epochs": 3, **changes})


ESTIMATORS = [
    MADEDensity((8,), max_epochs=3, random_state=0),  # all else as it is by default: what is "auto" is tried out
    fast(binarize=0.0),
    fast(columns="gaussian"),
    fast(),
    fast(n_masks=None, order="random", early_stopping=False),
]

WEIGHTS = "a fit is stochastic: rows that count twice and rows that stand there twice are dealt to other batches"
CLASSES = "whatever has predict_proba is taken for a classifier there, or the last column has no classes"
GAPS = "a model of one order, such as one of bits alone, is asked about gaps, and says that it cannot answer"
CLASSIFIER = check_estimator_sparse_array, check_estimator_sparse_matrix
PROBABLE = (
    check_dict_unchanged,
    check_estimators_dtypes,
    check_fit_idempotent,
    check_methods_sample_order_invariance,
    check_methods_subset_invariance,
)
"""Checks that call predict_proba."""


def expected_failures(estimator: MADEDensity) -> dict[str, str]:
    """What scikit-learn asks for that is not meant here: the checks by name, with the reason."""
    failures = {f"check_sample_weight_equivalence_on_{kind}_data": WEIGHTS for kind in ("dense", "sparse")}
    unclassed = (*CLASSIFIER, *PROBABLE) if estimator.columns == "gaussian" else CLASSIFIER
    failures |= {check.__name__: CLASSES for check in unclassed}
    return failures | ({} if estimator.n_masks is None else {"check_estimators_pickle": GAPS})


class Unclassed(MADEDensity):
    """An estimator that has no predict_proba."""

    @property
    def predict_proba(self) -> Any:  # type: ignore[override]
        """What it has not."""
        raise AttributeError("not here")


class Unpredicting(Unclassed):
    """An estimator that predicts nothing either: its predict takes columns in any order, and may lack the target."""

    @property
    def predict(self) -> Any:  # type: ignore[override]
        """What it has not."""
        raise AttributeError("not here")


with warnings.catch_warnings():
    # That it does not inherit from BaseEstimator is on purpose: made_np imports no scikit-learn.
    warnings.filterwarnings("ignore", "Estimator .* does not inherit", UserWarning)
    for_each_check = parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failures)


@for_each_check
def test_scikit_learn_finds_nothing_to_object_to(estimator: Any, check: Any) -> None:
    if check.func.__name__.startswith("check_sample_weight_equivalence"):
        pytest.xfail(WEIGHTS)  # it takes a third of the time of all checks, to fail as it must
    check(estimator)


@pytest.mark.parametrize("check", [*CLASSIFIER, *PROBABLE])
def test_that_only_classes_are_in_the_way(check: Callable[[str, Any], None]) -> None:
    for estimator in ESTIMATORS[1:]:
        check("MADEDensity", Unclassed(**estimator.get_params()))


@pytest.mark.parametrize("early_stopping", [True, False])  # without it, partial_fit is checked too
def test_names_of_columns_are_kept_and_checked(early_stopping: bool) -> None:
    pytest.importorskip("pandas")
    options = fast(early_stopping=early_stopping).get_params()
    check_dataframe_column_names_consistency("MADEDensity", Unpredicting(**options))


@pytest.fixture(scope="module")
def X() -> Any:
    rng = np.random.default_rng(0)
    a = rng.standard_normal(120)
    return np.column_stack([a, 3 * a + rng.standard_normal(120), rng.integers(0, 2, 120)])


@pytest.fixture(scope="module")
def fitted(X: Any) -> MADEDensity:
    return fast().fit(X)


@pytest.mark.parametrize("method", ["score_samples", "score", "impute"])
def test_unfitted_is_their_error(method: str, X: Any) -> None:
    with pytest.raises(NotFittedError, match="MADEDensity is not fitted"):
        getattr(MADEDensity(), method)(X)
    with pytest.raises(NotFittedError, match="call fit"):
        MADEDensity().sample()


def test_partial_fit_fixes_the_number_of_columns(X: Any) -> None:
    estimator = fast().partial_fit(X)
    assert estimator.n_features_in_ == 3
    with pytest.raises(ValueError, match="X has 2 features, but MADEDensity is expecting 3"):
        estimator.partial_fit(X[:, :2])
    assert estimator.n_features_in_ == 3


def test_tags_say_density_estimator() -> None:
    tags = get_tags(MADEDensity())
    assert tags.estimator_type == "density_estimator"
    assert not tags.target_tags.required
    assert tags.input_tags.sparse


def test_clone_has_the_parameters_and_nothing_learned(fitted: MADEDensity) -> None:
    copy = clone(fitted)
    assert copy.get_params() == fitted.get_params()
    assert not hasattr(copy, "theta_")


def test_clone_keeps_lists_of_distributions() -> None:
    columns = ["auto", made_np.Categorical(3), made_np.DiscretizedLogistic(256)]
    assert clone(MADEDensity(columns=columns)).columns == columns


def test_scoring_in_a_pipeline_is_scoring_what_comes_before(X: Any) -> None:
    scaler = StandardScaler().fit(X)
    pipe = make_pipeline(StandardScaler(), fast()).fit(X)
    alone = fast().fit(scaler.transform(X))
    assert_array_equal(pipe.score_samples(X), alone.score_samples(scaler.transform(X)))
    assert pipe.score(X) == alone.score(scaler.transform(X))
    assert "MADEDensity" in pipe._repr_html_()


def test_scaling_before_changes_the_score_by_its_jacobian_only(X: Any) -> None:
    scaler = StandardScaler().fit(X[:, :2])
    pipe = make_pipeline(scaler, fast(dtype="float64")).fit(X[:, :2])
    alone = fast(dtype="float64").fit(X[:, :2])
    assert_allclose(
        pipe.score_samples(X[:, :2]) - np.log(scaler.scale_).sum(), alone.score_samples(X[:, :2]), rtol=1e-6
    )


def test_grid_search_takes_the_best_mean_score(X: Any) -> None:
    grid = GridSearchCV(fast(), {"hidden_layer_sizes": [(2,), (16, 16)], "learning_rate": [1e-5, 0.05]})
    grid.fit(X)
    assert grid.best_params_["learning_rate"] == 0.05
    assert np.isfinite(grid.cv_results_["mean_test_score"]).all()
    assert grid.score(X) == grid.best_estimator_.score(X)


def test_cross_validation_scores_the_rows_left_out(X: Any) -> None:
    scores = cross_val_score(fast(), X, cv=3)
    by_hand = [fast().fit(np.delete(X, rows, axis=0)).score(X[rows]) for rows in np.split(np.arange(120), 3)]
    assert_array_equal(scores, by_hand)


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_joblib_gives_the_same_bits(backend: str, X: Any, fitted: MADEDensity) -> None:
    joblib = pytest.importorskip("joblib")
    run = joblib.Parallel(n_jobs=2, backend=backend)
    scores = run(joblib.delayed(fitted.score_samples)(part) for part in np.split(X, 4))
    assert_allclose(np.concatenate(scores), fitted.score_samples(X), rtol=1e-12)
    thetas = [copy.theta_ for copy in run(joblib.delayed(clone(fitted).fit)(X) for _ in range(3))]
    for theta in thetas:
        assert_array_equal(theta, fitted.theta_)


def test_pickle_keeps_every_bit(X: Any, fitted: MADEDensity) -> None:
    again = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(again.score_samples(X), fitted.score_samples(X))
    assert_array_equal(again.sample(5), fitted.sample(5))


def out_of_band(estimator: MADEDensity, folder: Path) -> Any:
    """A pickle whose arrays lie in memory that belongs to someone else."""
    buffers: list[pickle.PickleBuffer] = []
    content = pickle.dumps(estimator, protocol=5, buffer_callback=buffers.append)
    return pickle.loads(content, buffers=[bytes(buffer.raw()) for buffer in buffers])


def memory_mapped(estimator: MADEDensity, folder: Path) -> Any:
    """A file of joblib's that is read where it lies, as `joblib.Parallel` does with what is large."""
    joblib = pytest.importorskip("joblib")
    joblib.dump(estimator, folder / "estimator")
    return joblib.load(folder / "estimator", mmap_mode="r")


def read_only_theta(estimator: MADEDensity, folder: Path) -> Any:
    """An estimator whose owner wants nobody to change what it has learned."""
    again = pickle.loads(pickle.dumps(estimator))
    again.theta_.flags.writeable = False
    return again


@pytest.mark.parametrize("again", [out_of_band, memory_mapped, read_only_theta])
@pytest.mark.parametrize("options", [{}, {"dtype": "float64", "optimizer": "sgd", "weight_decay": 0.1}])
def test_an_estimator_in_memory_that_cannot_be_written_does_all_it_can(
    again: Callable[[MADEDensity, Path], Any], options: dict[str, Any], X: Any, tmp_path: Path
) -> None:
    gaps = X.copy()
    gaps[:9, 2] = np.nan
    gaps.flags.writeable = False
    original = fast(**options).partial_fit(X)
    questions: list[Callable[[Any], Any]] = [
        lambda model: model.score_samples(gaps),
        lambda model: model.sample(5),
        lambda model: model.impute(gaps),
        lambda model: model.impute(gaps, 2),
        lambda model: model.partial_fit(X).partial_fit(X).theta_,
        lambda model: model.set_params(warm_start=True).fit(X).theta_,
    ]
    for ask in questions:
        stored = again(original, tmp_path)
        assert not stored.theta_.flags.writeable
        assert_array_equal(ask(stored), ask(pickle.loads(pickle.dumps(original))))


def test_a_random_state_instance_is_consumed_by_fit(X: Any) -> None:
    state = np.random.RandomState(0)
    options: dict[str, Any] = {"hidden_layer_sizes": (4,), "columns": "gaussian", "max_epochs": 1}
    estimator = MADEDensity(random_state=state, **options)
    first = estimator.fit(X).theta_
    assert (estimator.fit(X).theta_ != first).any()
    again = MADEDensity(random_state=np.random.RandomState(0), **options).fit(X).theta_
    assert_array_equal(again, first)
