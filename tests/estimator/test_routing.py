"""Weights of rows pass through scikit-learn's tools to whoever asks for them."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from small import small

from made_np import MADEDensity, MADEImputer, MADEOutlierDetector
from made_np.estimator.conventions import Conventions, unfitted

pytest.importorskip("sklearn", minversion="1.6")

import sklearn
from sklearn.base import clone
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

X = np.random.default_rng(0).normal(size=(60, 2))
WEIGHTS = np.arange(60.0)


class Weighed(Conventions):
    """Something that remembers the weights that it was given; a class, since copies are made of it."""

    seen: list[tuple[str, Any]] = []  # noqa: RUF012

    def __init__(self, a: int = 1) -> None:
        self.a = a

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Weighed:
        self.seen.append(("fit", sample_weight))
        self._fitted = True
        return self

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        self.seen.append(("score", sample_weight))
        return 0.0


@pytest.fixture(autouse=True)
def routing() -> Iterator[None]:
    Weighed.seen.clear()
    with sklearn.config_context(enable_metadata_routing=True):
        yield


def test_a_pipeline_hands_weights_to_who_asks() -> None:
    steps = make_pipeline(
        StandardScaler().set_fit_request(sample_weight=False), Weighed().set_fit_request(sample_weight=True)
    )
    steps.fit(X, sample_weight=WEIGHTS)
    ((method, weights),) = Weighed.seen
    assert method == "fit"
    assert_array_equal(weights, WEIGHTS)


def test_who_has_said_nothing_raises() -> None:
    with pytest.raises(UnsetMetadataPassedError, match="Weighed"):
        make_pipeline(Weighed()).fit(X, sample_weight=WEIGHTS)


@pytest.mark.skipif(sklearn.__version__ < "1.7", reason="it does not route weights to a score of the estimator's own")
def test_cross_validation_splits_weights_with_the_rows() -> None:
    model = Weighed().set_fit_request(sample_weight="counts").set_score_request(sample_weight="counts")
    cross_validate(model, X, cv=2, params={"counts": WEIGHTS})
    halves = [weights[0] for _, weights in Weighed.seen]
    assert [method for method, _ in Weighed.seen] == ["fit", "score"] * 2
    assert halves == [30, 0, 0, 30]


def test_what_was_said_is_kept_by_copies() -> None:
    model = Weighed().set_fit_request(sample_weight=True)
    for again in (clone(model), unfitted(model), pickle.loads(pickle.dumps(model))):
        assert again.get_metadata_routing().fit.requests == {"sample_weight": True}
        assert again.get_metadata_routing().score.requests == {"sample_weight": None}
    assert model.set_fit_request() is model
    assert model.get_metadata_routing().fit.requests == {"sample_weight": True}
    search = GridSearchCV(model.set_score_request(sample_weight=False), {"a": [1, 2]}, cv=2)
    search.fit(X, sample_weight=WEIGHTS)
    assert {method for method, weights in Weighed.seen if weights is not None} == {"fit"}


@pytest.mark.parametrize("make", [MADEOutlierDetector, MADEImputer])
def test_what_holds_a_density_hands_weights_on(make: Any) -> None:
    density = small(hidden_layer_sizes=(4,), columns="gaussian", max_epochs=2)
    steps = make_pipeline(make(density, random_state=0).set_fit_request(sample_weight=True))
    steps.fit(X, sample_weight=WEIGHTS)
    alone = make(density, random_state=0).fit(X, sample_weight=WEIGHTS)
    assert_array_equal(steps[-1].density_.theta_, alone.density_.theta_)
    assert (alone.density_.theta_ != make(density, random_state=0).fit(X).density_.theta_).any()


def test_a_density_is_searched_with_weights() -> None:
    density = small(hidden_layer_sizes=(4,), columns="gaussian").set_fit_request(sample_weight=True)
    search = GridSearchCV(density, {"max_epochs": [1, 3]}, cv=2)
    if "score" in MADEDensity._takes_weights():
        density.set_score_request(sample_weight=True)
    assert search.fit(X, sample_weight=WEIGHTS).best_params_ == {"max_epochs": 3}


def test_other_requests_are_refused() -> None:
    with pytest.raises(TypeError, match=r"Weighed.partial_fit takes no sample_weight: only \['fit', 'score'\] do"):
        Weighed().set_partial_fit_request(sample_weight=True)
    with pytest.raises(ValueError, match="sample_weight=3 is unknown"):
        Weighed().set_fit_request(sample_weight=3)  # type: ignore[arg-type]
