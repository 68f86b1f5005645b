"""The standard normal's quantile, against the standard library and scipy."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from scipy import special

from made_np.normal import inverse_normal_cdf


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
