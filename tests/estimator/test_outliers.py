"""The detector: thresholds that mean what they say, any density, and scikit-learn's contract."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from small import small

from made_np import MADEDensity, MADEOutlierDetector
from made_np.estimator.conventions import NotFittedError

pytest.importorskip("sklearn", minversion="1.6")

from sklearn.base import clone, is_outlier_detector
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KernelDensity
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks


def fast(**changes: Any) -> MADEDensity:
    return small(**{"hidden_layer_sizes": (8,), "max_epochs": 3, "backend": "numpy", **changes})


ANY = {"n_masks": None, "order": "random"}  # scikit-learn's own checks ask about rows with gaps
DETECTORS = [
    MADEOutlierDetector(fast(**ANY), random_state=0),
    MADEOutlierDetector(fast(early_stopping=False, **ANY), contamination=0.1),
]

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "Estimator MADEOutlierDetector does not inherit", UserWarning)
    for_each_check = parametrize_with_checks(DETECTORS)


@for_each_check
def test_scikit_learn_finds_nothing_to_object_to(estimator: Any, check: Callable[[Any], None]) -> None:
    check(estimator)


def rows(n: int, seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    a = rng.standard_normal(n)
    return np.column_stack([a, 2 * a + 0.3 * rng.standard_normal(n)])


@pytest.fixture(scope="module")
def detector() -> MADEOutlierDetector:
    return MADEOutlierDetector(fast(max_epochs=15, learning_rate=1e-2), random_state=0).fit(rows(2000))


def test_what_is_improbable_is_an_outlier(detector: MADEOutlierDetector) -> None:
    # The second one lies within the range of each column.
    assert detector.predict([[0.5, 1.0], [1.5, -3.0], [9.0, 18.0]]).tolist() == [1, -1, -1]


def test_the_functions_agree(detector: MADEOutlierDetector) -> None:
    X = rows(300, 1)
    scores = detector.score_samples(X)
    assert_array_equal(scores, detector.density_.score_samples(X))
    assert_array_equal(detector.decision_function(X), scores - detector.offset_)
    assert_array_equal(detector.predict(X), np.where(scores < detector.offset_, -1, 1))
    assert (detector.n_features_in_, hasattr(detector, "feature_names_in_")) == (2, False)


def test_of_new_rows_like_those_of_fit_one_in_a_hundred_is_called_an_outlier() -> None:
    """Of a density that overfits, too: KernelDensity shows what a threshold from the rows of fit would do."""
    shares = []
    for seed in range(4):
        detector = MADEOutlierDetector(fast(max_epochs=20), random_state=seed).fit(rows(1000, seed))
        shares.append(np.mean(detector.predict(rows(4000, 100 + seed)) == -1))
    # The k-th of 100 rows: each share has a standard deviation of 1 %, their mean one of 0.5 %.
    assert np.mean(shares) == pytest.approx(0.01, abs=0.015)
    seen = MADEOutlierDetector(KernelDensity(bandwidth=0.05)).fit(rows(1000))
    assert np.mean(seen.predict(rows(4000, 100)) == -1) > 0.05


def test_the_rows_held_out_are_those_that_stop_the_fit(detector: MADEOutlierDetector) -> None:
    held, kept = detector._held_out(fast(), rows(2000))  # type: ignore[misc]
    assert (len(held), len(kept)) == (200, 1800)
    alone = fast(max_epochs=15, learning_rate=1e-2).fit(rows(2000)[kept], X_val=rows(2000)[held])
    assert_array_equal(alone.theta_, detector.density_.theta_)
    scores = np.sort(alone.score_samples(rows(2000)[held]))
    assert scores[0] < detector.offset_ < scores[2]


@pytest.mark.parametrize("share", [0.05, 0.5])
def test_a_number_is_the_share_of_outliers_among_the_rows_of_fit(share: float) -> None:
    detector = MADEOutlierDetector(fast(), contamination=share)
    assert np.mean(detector.fit_predict(rows(400)) == -1) == share


def test_of_few_rows_all_are_fitted() -> None:
    detector = MADEOutlierDetector(fast()).fit(rows(100))
    assert detector.offset_ == np.quantile(detector.score_samples(rows(100)), 0.01)


@pytest.mark.parametrize("container", ["pandas", "polars", "pyarrow", "lists", "sparse"])
def test_tables_of_all_kinds_are_taken_apart(container: str) -> None:
    X = rows(300).round(2)
    wanted = MADEOutlierDetector(fast(), random_state=0).fit(X)
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=["a", "b"], index=np.arange(300) + 7)
    given = {
        "pandas": lambda: frame,
        "polars": lambda: pytest.importorskip("polars").DataFrame({"a": X[:, 0], "b": X[:, 1]}),
        "pyarrow": lambda: pytest.importorskip("pyarrow").table({"a": X[:, 0], "b": X[:, 1]}),
        "lists": lambda: X.tolist(),
        "sparse": lambda: pytest.importorskip("scipy.sparse").csr_matrix(X),
    }[container]()
    detector = MADEOutlierDetector(fast(), random_state=0).fit(given)
    assert detector.offset_ == pytest.approx(wanted.offset_, rel=1e-9)
    assert_array_equal(detector.predict(given), wanted.predict(X))
    if container in ("pandas", "polars"):
        assert detector.feature_names_in_.tolist() == ["a", "b"]


def test_any_density_will_do() -> None:
    X = rows(300)
    mixture = GaussianMixture(2, random_state=0)
    detector = MADEOutlierDetector(mixture).fit(X)
    assert not hasattr(mixture, "means_")
    assert_array_equal(detector.score_samples(X), clone(mixture).fit(X).score_samples(X))
    piped = MADEOutlierDetector(make_pipeline(StandardScaler(), fast())).fit(X)
    assert piped.predict([[0.0, 9.0]]).tolist() == [-1]


def test_parameters_of_the_density_are_searched() -> None:
    detector = MADEOutlierDetector(fast())
    assert clone(detector).get_params()["density__max_epochs"] == 3
    truth = np.tile([1] * 9 + [-1], 12)
    X = np.where(truth[:, None] > 0, rows(120), rows(120)[:, ::-1] * [1, -3])
    search = GridSearchCV(detector, {"density__max_epochs": [1, 2]}, scoring="roc_auc", cv=3).fit(X, truth)
    assert (search.cv_results_["mean_test_score"] > 0.5).all()
    assert search.best_estimator_.density_.n_iter_ == search.best_params_["density__max_epochs"]


def test_it_is_one_of_scikit_learns_detectors_and_pickles(detector: MADEOutlierDetector) -> None:
    assert is_outlier_detector(detector)
    again = pickle.loads(pickle.dumps(detector))
    assert_array_equal(again.decision_function(rows(50)), detector.decision_function(rows(50)))


def test_before_fit_there_is_nothing_to_ask() -> None:
    with pytest.raises((NotFittedError, ValueError), match=r"MADEOutlierDetector is not fitted yet: call fit first$"):
        MADEOutlierDetector().predict(rows(3))


class Weighed:
    """A density that remembers what it was fitted with."""

    early_stopping = True
    validation_fraction = 0.25

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        return {}

    def fit(self, X: Any, y: Any = None, X_val: Any = None, sample_weight: Any = None) -> Weighed:
        self.seen = X, X_val, sample_weight
        return self

    def score_samples(self, X: Any) -> Any:
        return np.asarray(X)[:, 0]


def test_weights_go_with_their_rows() -> None:
    X = np.arange(100.0)[:, None]
    detector = MADEOutlierDetector(Weighed(), random_state=0).fit(X, sample_weight=np.arange(100))
    kept, held, weights = detector.density_.seen
    assert (len(kept), len(held)) == (75, 25)
    assert_array_equal(kept[:, 0], weights)
    assert_array_equal(np.sort(np.concatenate([kept, held]), axis=0), X)
    with_own = MADEOutlierDetector(Weighed()).fit(X, X_val=X[:3])
    assert len(with_own.density_.seen[0]) == 100


@pytest.mark.parametrize(
    ("parameters", "error", "match"),
    [
        ({"contamination": 0.0}, ValueError, "contamination=0.0"),
        ({"contamination": 0.6}, ValueError, "contamination=0.6"),
        ({"contamination": "some"}, TypeError, "contamination='some'"),
        (
            {"density": StandardScaler()},
            TypeError,
            "density=.*StandardScaler.*: give a made_np.MADEDensity, or another",
        ),
        ({"density": "made"}, TypeError, "density='made' is a str"),
        ({"density": MADEDensity}, TypeError, "density="),
    ],
)
def test_what_cannot_be_meant_is_refused(parameters: dict[str, Any], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        MADEOutlierDetector(**parameters).fit(rows(20))
