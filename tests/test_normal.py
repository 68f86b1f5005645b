"""The standard normal's density, mass and quantile, against the standard library, scipy and 50 digits."""

from __future__ import annotations

import decimal
from statistics import NormalDist

import naive
import numpy as np
import pytest
from scipy import special

from made_np.normal import inverse_normal_cdf, normal_cdf, normal_pdf


@pytest.mark.parametrize(("nearest", "farthest"), [(0, 3), (3, 8.3), (8.3, 37.5)])
def test_the_mass_of_a_tail_is_that_of_50_digits(nearest: float, farthest: float) -> None:
    x = np.random.default_rng(0).uniform(nearest, farthest, 3000)
    want = np.array([float(naive.upper_tail(decimal.Decimal(each))) for each in x.tolist()])
    np.testing.assert_allclose(normal_cdf(-x), want, rtol=1e-15)
    np.testing.assert_allclose(normal_cdf(x), 1 - want, rtol=5e-16)


def test_the_density_is_that_of_50_digits() -> None:
    z = np.random.default_rng(1).uniform(-37.5, 37.5, 3000)
    with decimal.localcontext(decimal.Context(prec=50)):
        exact = [(-(decimal.Decimal(each) ** 2) / 2).exp() / (2 * naive.PI).sqrt() for each in z.tolist()]
    np.testing.assert_allclose(normal_pdf(z), [float(each) for each in exact], rtol=1e-15)
    assert normal_pdf(np.array([-np.inf, -1e4, 0.0, 1e4, np.inf])).tolist() == [0, 0, 1 / np.sqrt(2 * np.pi), 0, 0]
    assert np.isnan(normal_pdf(np.array([np.nan]))).all()


def test_a_complex_step_through_the_mass_finds_the_density() -> None:
    z = np.random.default_rng(2).standard_normal(99) * 4
    step = normal_cdf(z + 1e-30j)
    assert step.dtype == np.complex128
    np.testing.assert_allclose(step.imag / 1e-30, normal_pdf(z), rtol=1e-14)


def test_the_cdf_is_scipys_at_any_real_number() -> None:
    z = np.concatenate([np.linspace(-39, 39, 2001), [-1e300, -1e5, 1e5, 1e300, -np.inf, np.inf]])
    np.testing.assert_allclose(normal_cdf(z), special.ndtr(z), rtol=3e-13, atol=1e-310)
    assert normal_cdf(np.array([-np.inf, -1e4, -40.0])).tolist() == [0, 0, 0]
    assert normal_cdf(np.array([40.0, np.inf, 0.0, -0.0])).tolist() == [1, 1, 0.5, 0.5]
    assert np.isnan(normal_cdf(np.array([np.nan]))).all()


def test_the_cdf_is_the_standard_librarys() -> None:
    z = np.linspace(-8, 8, 999)
    np.testing.assert_allclose(normal_cdf(z), [NormalDist().cdf(each) for each in z.tolist()], atol=5e-16)


def test_the_cdf_rises_and_its_two_sides_add_up() -> None:
    p = normal_cdf(np.linspace(-38, 8, 20001))
    assert (np.diff(p) >= 0).all()
    assert (np.diff(p[p < 0.99]) > 0).all()
    z = np.linspace(-9, 9, 2001)
    np.testing.assert_array_equal(normal_cdf(z) + normal_cdf(-z), 1)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_the_cdf_answers_in_double_precision_and_keeps_the_shape(dtype: str) -> None:
    z = np.ones((2, 0, 3), dtype=dtype)
    assert normal_cdf(z).shape == (2, 0, 3)
    assert normal_cdf(z).dtype == np.float64
    assert normal_cdf(np.array(1, dtype=dtype)).shape == ()
    assert normal_cdf(np.array(1, dtype=dtype)) == pytest.approx(0.8413447460685429, rel=1e-15)


def test_it_equals_the_standard_librarys_over_the_whole_range() -> None:
    # All three approximations are hit: the middle, the near tails, and the far ones below 1e-11.
    u = np.concatenate([np.linspace(0.001, 0.999, 999), 10.0 ** -np.arange(4, 16), 1 - 2.0 ** -np.arange(5, 53)])
    want = np.array([NormalDist().inv_cdf(each) for each in u.tolist()])
    np.testing.assert_allclose(inverse_normal_cdf(u), want, rtol=1e-15, atol=1e-15)


def test_it_inverts_the_cumulative_distribution() -> None:
    q = np.linspace(-8, 5, 1301)
    np.testing.assert_allclose(inverse_normal_cdf(special.ndtr(q)), q, rtol=1e-9, atol=1e-13)


def test_it_is_odd_and_rises() -> None:
    u = np.linspace(2.0**-10, 1 - 2.0**-10, 1023)
    q = inverse_normal_cdf(u)
    np.testing.assert_array_equal(q, -q[::-1])
    assert (np.diff(q) > 0).all()


def test_every_draw_is_finite_even_at_the_ends() -> None:
    ends = inverse_normal_cdf(np.array([0.0, np.nextafter(0, 1), np.nextafter(1, 0), 1.0]))
    assert np.isfinite(ends).all()
    assert ends[0] == ends[1] < -8
    assert ends[3] >= ends[2] > 8


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_it_answers_in_double_precision_and_keeps_the_shape(dtype: str) -> None:
    u = np.full((2, 0, 3), 0.5, dtype=dtype)
    assert inverse_normal_cdf(u).shape == (2, 0, 3)
    assert inverse_normal_cdf(u).dtype == np.float64
