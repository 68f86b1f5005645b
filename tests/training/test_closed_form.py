"""The closed form against the joint Gaussian that it must be, and against ridge regression."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from made_np import MADE, Gaussian
from made_np.demos.faces.halves import half_orders, missing_halves
from made_np.training.closed_form import fit_linear, set_scales

D = 9


@pytest.fixture
def covariance() -> np.ndarray:
    rng = np.random.default_rng(0)
    factor = rng.standard_normal((D, 30))
    return factor @ factor.T / 30 + 0.1 * np.eye(D)


MIXED = [*[Gaussian()] * 4, *[Gaussian(0.01, scale="exp")] * 3, *[Gaussian(0, scale="exp")] * 2]


@pytest.mark.parametrize("output", ["gaussian", Gaussian(0, scale="exp"), MIXED], ids=["softplus", "exp", "mixed"])
@pytest.mark.parametrize("order", ["natural", "reverse", "random"])
def test_one_order_is_the_joint_gaussian(covariance: np.ndarray, order: str, output: Any) -> None:
    """In any order the chain of regressions multiplies up to the density of N(mean, C)."""
    made = MADE(D, (), output, order=order, dtype="float64")
    mean = np.linspace(-2, 3, D)
    theta = fit_linear(made, covariance, mean=mean)
    x = np.random.default_rng(1).multivariate_normal(mean, covariance, 20)
    residual = x - mean
    quadratic = np.einsum("ni,ij,nj->n", residual, np.linalg.inv(covariance), residual)
    expected = -0.5 * (quadratic + np.linalg.slogdet(2 * np.pi * covariance)[1])
    np.testing.assert_allclose(made.log_prob(theta, x), expected, rtol=1e-9)


def conditional_mean(C: np.ndarray, x: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """E[missing | rest] of N(0, C), row by row."""
    filled = x.copy()
    known = ~missing
    filled[:, missing] = x[:, known] @ np.linalg.solve(C[np.ix_(known, known)], C[np.ix_(known, missing)])
    return filled


def test_ridge_regression_is_the_special_case() -> None:
    """With the sample covariance plus lambda I, propagated means are the ridge from the given to the missing part."""
    rng = np.random.default_rng(2)
    x = rng.standard_normal((12, D)) @ rng.standard_normal((D, D))
    x -= x.mean(axis=0)
    missing, penalty = np.arange(D) >= 5, 3.0
    made = MADE(D, (), "gaussian", dtype="float64")
    theta = fit_linear(made, x.T @ x + penalty * np.eye(D))
    ridge = np.linalg.solve(x[:, :5].T @ x[:, :5] + penalty * np.eye(5), x[:, :5].T @ x[:, 5:])
    filled = made.fill_means(theta, np.where(missing, np.nan, x))
    np.testing.assert_allclose(filled[:, 5:], x[:, :5] @ ridge, rtol=1e-8)


def test_four_orders_share_one_theta_and_two_lose_nothing() -> None:
    """Bottom and left halves get their exact conditional mean; top and right a good one, all from one theta."""
    side = 6
    rng = np.random.default_rng(3)
    factor = rng.standard_normal((side * side, 80))
    C = factor @ factor.T / 80 + 0.2 * np.eye(side * side)
    orders, claims = half_orders(side)
    made = MADE(side * side, (), "gaussian", order=np.stack(orders), n_masks=4, dtype="float64")
    theta = fit_linear(made, C, claims=claims)
    x = rng.multivariate_normal(np.zeros(side * side), C, 40)
    for half, missing in missing_halves(side).items():
        exact = conditional_mean(C, x, missing)
        filled = made.fill_means(theta, np.where(missing, np.nan, x))
        np.testing.assert_array_equal(filled[:, ~missing], x[:, ~missing])
        if half in ("bottom", "left"):
            np.testing.assert_allclose(filled, exact, atol=1e-9)
        else:
            own = np.mean((filled - x)[:, missing] ** 2)
            assert own < np.mean(x[:, missing] ** 2), half
            assert np.abs(filled - exact).max() > 1e-6, "shared weights cost something in the other two orders"


def test_by_default_mask_sets_claim_in_turn(covariance: np.ndarray) -> None:
    """The first order is exact, and the second keeps what is left."""
    orders = np.stack([np.arange(D), np.arange(D)[::-1]])
    made = MADE(D, (), "gaussian", order=orders, n_masks=2, dtype="float64")
    theta = fit_linear(made, covariance)
    alone = MADE(D, (), "gaussian", order="natural", dtype="float64")
    back = MADE(D, (), "gaussian", order="reverse", dtype="float64")
    x = np.random.default_rng(4).standard_normal((5, D))
    np.testing.assert_allclose(
        made.raw_outputs(theta, x, mask_set=0)[:, ::2],
        alone.raw_outputs(fit_linear(alone, covariance), x)[:, ::2],
        atol=1e-12,
    )
    # An order and its reverse use opposite triangles: neither takes anything from the other.
    np.testing.assert_allclose(
        made.raw_outputs(theta, x, mask_set=1)[:, ::2],
        back.raw_outputs(fit_linear(back, covariance), x)[:, ::2],
        atol=1e-12,
    )


def test_scales_are_set(covariance: np.ndarray) -> None:
    made = MADE(D, (), "gaussian", dtype="float64")
    theta = fit_linear(made, covariance)
    scales = np.linspace(0.5, 20, D)
    changed = set_scales(made, theta, scales)
    raw = made.raw_outputs(changed, np.zeros((1, D)))
    np.testing.assert_allclose(np.log1p(np.exp(raw[0, 1::2])) + 1e-3, scales)
    assert not np.shares_memory(changed, theta)


@pytest.mark.parametrize("output", [Gaussian(), Gaussian(scale="exp"), Gaussian(0, scale="exp")], ids=repr)
@pytest.mark.parametrize("scale", [0.0, 1e-9, 0.5, 1e9])
def test_scales_are_set_as_near_as_the_model_goes(output: Gaussian, scale: float) -> None:
    made = MADE(2, (), output, dtype="float64")
    raw = made.raw_outputs(set_scales(made, made.init(), scale), np.zeros((1, 2)))
    got = output.inverse_cdf(raw.reshape(2, 2), np.full(2, 0.8413447460685429))
    np.testing.assert_allclose(got, max(scale, output.min_scale), rtol=1e-9, atol=1.1e-6)


@pytest.mark.parametrize(
    ("kwargs", "change", "message"),
    [
        ({"hidden": (4,)}, {}, "hidden=\\(\\)"),
        ({"output": "bernoulli"}, {}, "gaussian"),
        ({}, {"covariance": np.eye(D - 1)}, "covariance has shape"),
        ({}, {"covariance": -np.eye(D)}, "not positive definite"),
        ({"order": np.stack([np.arange(D)] * 2), "n_masks": 2}, {"mean": np.zeros(D)}, "centre the rows"),
        ({"n_context": 1}, {}, "made has to be"),
        (
            {},
            {"covariance": np.eye(D) + np.eye(D, k=1) / 2},
            r"covariance is not symmetric: \[0, 1\] = 0.5, \[1, 0\] = 0",
        ),
        ({}, {"covariance": np.full((D, D), np.nan)}, r"covariance\[0, 0\] = nan"),
        ({}, {"covariance": np.diag([np.inf] * D)}, r"covariance\[0, 0\] = inf"),
        ({}, {"covariance": np.ones((D, D))}, "covariance is not positive definite"),
        ({}, {"covariance": np.zeros((D, D))}, "covariance is not positive definite"),
        ({}, {"covariance": np.diag([1.0] * (D - 1) + [-1.0]), "claims": []}, "covariance is not positive definite"),
        ({}, {"covariance": np.eye(D) * 1j}, "covariance has dtype complex128"),
        ({}, {"covariance": [["a"] * D] * D}, "covariance has dtype <U1"),
        ({}, {"covariance": None}, "covariance has dtype object"),
        ({}, {"mean": np.full(D, np.nan)}, r"mean\[0\] = nan"),
        ({}, {"mean": np.zeros(D - 1)}, "mean has shape"),
        ({}, {"mean": np.zeros((D, 1))}, "mean has shape"),
        ({}, {"mean": 0.5}, r"mean has shape \(\)"),
        ({}, {"claims": 3}, "claims=3 is a int: give a list"),
        ({}, {"claims": [3]}, r"claims\[0\]=3 is a int"),
        ({}, {"claims": [(1, [0])]}, r"claims\[0\]\[0\]=1: give an integer in 0\.\.0"),
        ({}, {"claims": [(0, [0, D])]}, r"claims\[0\]\[1\] = .*: give features"),
        ({}, {"claims": [(0, [-1])]}, r"claims\[0\]\[1\] = \[-1\]"),
        ({}, {"claims": [(0, [0.5])]}, r"claims\[0\]\[1\] has dtype float64"),
    ],
)
def test_what_cannot_be_fitted_is_refused(kwargs: dict, change: dict, message: str) -> None:
    made = MADE(**{"n_features": D, "hidden": (), "output": "gaussian", "direct": True, **kwargs})
    with pytest.raises((TypeError, ValueError), match=message):
        fit_linear(made, **{"covariance": np.eye(D), **change})


def test_a_covariance_rounded_to_single_precision_is_symmetric_enough(covariance: np.ndarray) -> None:
    made = MADE(D, (), "gaussian", dtype="float64")
    rounded = np.triu(covariance).astype("f4") + np.tril(covariance, -1) * (1 + 1e-7)
    np.testing.assert_allclose(fit_linear(made, rounded), fit_linear(made, covariance), atol=1e-3)


@pytest.mark.parametrize(
    ("scales", "message"),
    [
        (-1.0, r"scales\[0\] = -1\.0: a scale is at least 0"),
        ([1.0] * (D - 1) + [-0.5], "= -0.5"),
        (np.nan, r"scales\[0\] = nan"),
        ([np.inf] * D, r"scales\[0\] = inf"),
        (np.ones(D - 1), "scales has shape"),
        (1j, "scales has dtype complex128"),
        ("1", "scales has dtype <U1"),
        (None, "scales has dtype object"),
    ],
)
def test_scales_that_cannot_be_are_refused(scales: object, message: str) -> None:
    made = MADE(D, (), "gaussian", dtype="float64")
    with pytest.raises((TypeError, ValueError), match=message):
        set_scales(made, made.init(), scales)


def test_scales_need_a_linear_model_and_its_theta() -> None:
    made = MADE(D, (), "gaussian", dtype="float64")
    np.testing.assert_array_equal(set_scales(made, made.init(), 2.0), set_scales(made, made.init(), np.full(D, 2.0)))
    with pytest.raises(TypeError, match="theta is a list"):
        set_scales(made, made.init().tolist(), 1.0)
    with pytest.raises(ValueError, match="made has to be"):
        set_scales(MADE(D, (4,), "gaussian"), made.init(), 1.0)
    with pytest.raises(TypeError, match="made is a ndarray"):
        set_scales(made.init(), made.init(), 1.0)
