"""What a mixture holds back for values that its components find impossible."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

from made_np import MADE, MixtureOfGaussians, MixtureOfLogistics, fit
from made_np.distributions.mixtures import BROAD_KNOTS, RealMixture, broad_log_density, broad_mass_below
from made_np.testing import check_vjp

both_kinds = pytest.mark.parametrize("kind", [MixtureOfGaussians, MixtureOfLogistics])
FAR = np.array([-1e6, -300.0, -9, -1, 0, 0.1, 2, 300, 1e6])


def random_raw(output: RealMixture, *shape: int) -> Any:
    return np.random.default_rng(0).standard_normal((*shape, output.n_raw))


def test_the_broad_density_is_students_with_two_degrees_of_freedom() -> None:
    np.testing.assert_allclose(broad_log_density(FAR), stats.t.logpdf(FAR, 2), rtol=1e-12)
    np.testing.assert_allclose(broad_mass_below(FAR), stats.t.cdf(FAR, 2), rtol=1e-9)


@both_kinds
@pytest.mark.parametrize("n", [1, 3])
def test_the_density_has_the_share_that_is_reserved(kind: Any, n: int) -> None:
    plain = kind(n, 0.05)
    output = kind(n, 0.05, reserve=0.2)
    raw = random_raw(output, len(FAR))
    with np.errstate(under="ignore"):
        want = 0.8 * np.exp(plain.log_prob(raw, FAR)) + 0.2 * stats.t.pdf(FAR, 2)
    np.testing.assert_allclose(output.log_prob(raw, FAR), np.log(want), rtol=1e-12)


@both_kinds
def test_the_mass_is_one_and_below_each_value_what_the_cdf_says(kind: Any) -> None:
    output = kind(2, 0.05, reserve=0.3)
    raw = random_raw(output)
    places = np.concatenate([-BROAD_KNOTS[::-1], np.linspace(-0.9, 0.9, 37), BROAD_KNOTS])
    total = 0.0
    for low, high in itertools.pairwise(places):
        total += integrate.quad(lambda x: math.exp(output.log_prob(raw, np.array(x))), low, high, epsabs=1e-13)[0]
        assert output.cdf_bounds(raw, np.array(high))[0] == pytest.approx(total, abs=1e-9)
    assert total == pytest.approx(1, abs=1e-9)


@both_kinds
@pytest.mark.parametrize("method", ["central", "complex"])
def test_the_gradient_is_that_of_the_nll(kind: Any, method: str) -> None:
    output = kind(3, 0.05, reserve=0.1)
    x = np.array([-8.0, -2, -0.3, 0, 0.4, 3, 9])
    check_vjp(
        lambda raw: output.nll_and_grad(raw, x)[0],
        lambda dy, raw: dy[:, None] * output.nll_and_grad(raw, x)[1],
        (random_raw(output, 7),),
        names=["raw"],
        method=method,
    ).raise_if_failed()


@both_kinds
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_draws_are_the_quantiles(kind: Any, dtype: str) -> None:
    output = kind(2, 0.05, reserve=0.2)
    u = np.concatenate([[1e-9, 1e-4], np.linspace(0.01, 0.99, 50), [1 - 1e-4, 1 - 1e-7]])
    raw = np.tile(random_raw(output), (len(u), 1)).astype(dtype)
    x = output.inverse_cdf(raw, u)
    assert x.dtype == dtype
    assert (np.diff(x) > 0).all()
    tolerance = 1e-12 if dtype == "float64" else 1e-5
    np.testing.assert_allclose(output.cdf_bounds(raw, x)[0], u, rtol=tolerance, atol=tolerance / 10)


@both_kinds
def test_a_quarter_of_the_broad_draws_lies_where_students_does(kind: Any) -> None:
    output = kind(1, 1e-3, reserve=0.5)
    raw = np.tile([0.0, -30.0], (3, 1))  # all of the rest is at 0
    u = np.array([0.125, 0.875, 0.005])
    p = np.array([0.25, 0.75, 0.01])
    np.testing.assert_allclose(output.inverse_cdf(raw, u), (2 * p - 1) / np.sqrt(2 * p * (1 - p)), rtol=1e-9)


@both_kinds
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_no_value_costs_more_than_the_broad_density_says_or_teaches_from_afar(kind: Any, dtype: str) -> None:
    output = kind(2, reserve=1e-3)
    raw = np.tile([0.0, 0, 0, 1, -9, -9], (4, 1)).astype(dtype)
    x = np.array([0.0, 5, 1e3, 1e6], dtype=dtype)
    nll, d_raw = output.nll_and_grad(raw, x)
    assert (nll <= -math.log(1e-3) + 1.5 * np.log(2 + x.astype(float) ** 2) + 1e-4).all()
    assert (np.abs(d_raw[1:]) < 1e-6).all()
    assert np.abs(d_raw[0]).max() > 0.1


def test_the_mean_is_that_of_both_parts() -> None:
    raw = np.array([[4.0, 0.0]])
    assert MixtureOfGaussians(1, reserve=0.25).mean(raw)[0] == pytest.approx(3)


@both_kinds
def test_a_file_of_a_mixture_without_a_reserve_does_not_name_it(kind: Any) -> None:
    assert kind(2).config() == {"n": 2, "min_scale": 1e-3}
    assert kind(2, reserve=1e-3).config() == {"n": 2, "min_scale": 1e-3, "reserve": 1e-3}
    assert kind.from_config(kind(2, reserve=1e-3).config()) == kind(2, reserve=1e-3)


@both_kinds
@pytest.mark.parametrize("share", [-0.1, 1.0, math.nan])
def test_a_share_that_is_none_is_refused(kind: Any, share: float) -> None:
    with pytest.raises(ValueError, match=r"reserve"):
        kind(2, reserve=share)


def test_one_value_far_out_does_not_spoil_a_fit() -> None:
    x = np.random.default_rng(0).normal(size=(500, 1))
    x[0] = 1e4
    found = {}
    for reserve in (0.0, 1e-3):
        made = MADE(1, (), MixtureOfGaussians(1, reserve=reserve), direct=True)
        theta = made.init()
        made.layout.views(theta)["b0"][:] = 0, 0.5
        result = fit(made, x, theta=theta, max_epochs=20, learning_rate=0.02)
        found[reserve] = made.log_prob(result.theta, x[1:]).mean()
    assert found[1e-3] == pytest.approx(-0.5 * math.log(2 * math.pi * math.e), abs=0.05)
    assert found[0.0] < found[1e-3] - 0.1
