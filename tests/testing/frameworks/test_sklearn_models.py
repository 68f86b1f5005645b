"""sklearn_adapter: fitted estimators of scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from made_np.testing import Interval, suite
from made_np.testing.frameworks import sklearn_adapter

pytest.importorskip("sklearn", reason="its models are scikit-learn's")

X = np.random.default_rng(0).normal(size=(60, 2)) @ np.array([[1.0, 0.5], [0.0, 0.8]])


def estimators() -> list[Any]:
    from sklearn.mixture import GaussianMixture
    from sklearn.neighbors import KernelDensity

    return [GaussianMixture(2, random_state=0).fit(X), KernelDensity(bandwidth=0.5).fit(X)]


@pytest.mark.parametrize("k", [0, 1])
def test_a_right_estimator_passes(k: int) -> None:
    report = suite(sklearn_adapter(estimators()[k], support=Interval(-9, 9)))
    assert report.ok, report
    ran = {result.name for result in report.results if result.ran}
    assert ran == {"normalised", "sampler_counts", "consistency_log_prob"}


@pytest.mark.parametrize("k", [0, 1])
def test_a_wrong_sampler_is_caught(k: int) -> None:
    right = sklearn_adapter(estimators()[k])
    assert right.draw is not None
    draw = right.draw
    wrong = sklearn_adapter(estimators()[k], draw=lambda n: draw(n) * [1, -1])
    assert [report.check for report in suite(wrong).failures] == ["sampler_counts"]


def test_an_estimator_is_fitted_and_has_a_density() -> None:
    from sklearn.linear_model import LinearRegression
    from sklearn.mixture import GaussianMixture

    with pytest.raises(TypeError, match="score_samples"):
        sklearn_adapter(LinearRegression())
    with pytest.raises(ValueError, match="has no n_features_in_: fit it first"):
        sklearn_adapter(GaussianMixture())


class Closed:
    """An object that answers no question."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("closed")


def test_nothing_is_drawn_before_all_is_looked_at() -> None:
    rng = np.random.default_rng(0)
    odd = estimators()[0]
    odd.n_features_in_ = "two"
    for estimator, fields, said in (
        (Closed(), {}, "score_samples"),
        (odd, {}, "estimator.n_features_in_='two'"),
        (estimators()[0], {"support": 3}, "support=3"),
        (estimators()[0], {"loss": np.sum}, "loss=.* cannot be given here"),
    ):
        with pytest.raises(TypeError, match=said):
            sklearn_adapter(estimator, rng=rng, **fields)
    assert rng.random() == np.random.default_rng(0).random()
