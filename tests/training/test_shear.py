"""Sheared rows: a density of them is one of the rows, a model of them becomes one of the rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from made_np import MADE, Categorical, Gaussian, MixtureOfGaussians, MixtureOfLogistics
from made_np.model.rows import Rows
from made_np.training.shear import can_shear, explained, regressions, sheared, unsheared

RNG = np.random.default_rng(0)
MIX = RNG.standard_normal((4, 4))
X = RNG.standard_normal((500, 4)) @ MIX
ORDER = np.array([2, 0, 3, 1])
OUTPUTS = [Gaussian(), MixtureOfGaussians(3), MixtureOfLogistics(1), MixtureOfLogistics(2)]


def model(**options: Any) -> MADE:
    return MADE(
        4, **{"hidden": (7, 9), "output": OUTPUTS, "direct": True, "order": ORDER, "dtype": "float64", **options}
    )


def random_theta(made: MADE) -> Any:
    theta = np.random.default_rng(1).standard_normal(made.n_params)
    views = made.layout.views(theta)
    for name, mask in made.network.masks(made.mask_sets[0]).items():
        views[name][~mask] = 0
    return theta


def test_each_row_of_weights_is_the_regression_on_what_comes_before() -> None:
    A = regressions(Rows(X), ORDER)
    centred = X - X.mean(axis=0)
    for k, feature in enumerate(ORDER):
        before = ORDER[:k]
        wanted = np.zeros(4)
        wanted[before] = np.linalg.lstsq(centred[:, before], centred[:, feature], rcond=None)[0]
        assert_allclose(A[feature], wanted, atol=1e-4)


def test_what_is_left_is_uncorrelated() -> None:
    left = np.corrcoef(sheared(Rows(X), regressions(Rows(X), ORDER)).x.T)
    assert_allclose(left, np.eye(4), atol=1e-4)


def test_the_gain_is_that_of_the_full_covariance() -> None:
    A = regressions(Rows(X), ORDER)
    independent = np.log(X.var(axis=0)).sum() / 2
    full = np.linalg.slogdet(np.cov(X.T, bias=True))[1] / 2
    assert explained(Rows(X), A) == pytest.approx((independent - full) / 4, abs=1e-5)


def test_a_row_that_weighs_two_is_two_rows() -> None:
    weights = np.where(np.arange(len(X)) % 3, 1.0, 2.0)
    weighted = Rows(X, weights=weights / weights.mean())
    twice = Rows(np.repeat(X, weights.astype(int), axis=0))
    A = regressions(twice, ORDER)
    assert_allclose(regressions(weighted, ORDER), A, rtol=1e-10, atol=1e-12)
    assert explained(weighted, A) == pytest.approx(explained(twice, A), rel=1e-10)
    assert np.abs(A - regressions(Rows(X), ORDER)).max() > 1e-3


@pytest.mark.parametrize("options", [{}, {"hidden": ()}, {"gap_inputs": True}, {"output": "gaussian"}])
def test_a_model_of_sheared_rows_says_the_same_of_the_rows(options: dict[str, Any]) -> None:
    made = model(**options)
    theta = random_theta(made)
    A = regressions(Rows(X), ORDER)
    rows = X[:50]
    own = unsheared(made, theta, A)
    assert_allclose(made.log_prob(own, rows), made.log_prob(theta, sheared(Rows(rows), A).x), rtol=1e-9)
    off = made.network.masks(made.mask_sets[0])
    for name, view in made.layout.views(own).items():
        if name in off:
            assert_array_equal(view[~off[name]], 0)  # it sees no more than it saw


def test_columns_that_say_the_same_are_no_trouble() -> None:
    twice = np.column_stack([X[:, 0], X[:, 0], np.zeros(len(X))])
    A = regressions(Rows(twice), np.arange(3))
    assert A[1, 0] == pytest.approx(1, abs=1e-3)
    assert np.isfinite(A).all()
    assert np.isfinite(explained(Rows(twice), A))


def test_values_keep_their_dtype_in_all_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = sheared(Rows(X), regressions(Rows(X), ORDER)).x
    monkeypatch.setattr("made_np.training.shear.AT_ONCE", 7)
    parts = sheared(Rows(X.astype(np.float32)), regressions(Rows(X), ORDER)).x
    assert parts.dtype == np.float32
    assert_allclose(parts, whole, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "may"),
    [
        ({}, True),
        ({"direct": False}, False),
        ({"n_context": 1}, False),
        ({"mask_weights": True}, False),
        ({"output": [*OUTPUTS[:3], Categorical(3)]}, False),
    ],
)
def test_which_models_can_learn_of_sheared_rows(options: dict[str, Any], may: bool) -> None:
    assert can_shear(model(**options)) is may
