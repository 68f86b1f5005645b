"""Rows from the tails, with their weights: what lies between the points there is weighed rightly."""

from __future__ import annotations

import numpy as np
import pytest

from made_np.normal import inverse_normal_cdf
from made_np.testing import Adapter, Interval, check_normalised, suite
from made_np.testing.compare import Floats
from made_np.testing.tails import stretched, weighed_rows

N = 100_000


def test_weights_make_up_for_what_is_drawn_more_often() -> None:
    u, weights = stretched(N, 2, np.random.default_rng(0))
    assert (u > 0).all()
    assert (u < 1).all()
    for event, p in ((u[:, 0] < 1e-8, 1e-8), (1 - u[:, 1] < 1e-5, 1e-5), (u.max(axis=1) < 0.5, 0.25)):
        assert np.mean(weights * event) == pytest.approx(p, rel=0.2)
    assert np.mean(u[:, 0] < 1e-6) > 0.1


def test_rows_of_a_sampler_without_uniforms_weigh_one() -> None:
    x, weights = weighed_rows(None, lambda n: np.arange(n)[:, None], 5, 1, 0)
    np.testing.assert_array_equal(x[:, 0], np.arange(5))
    np.testing.assert_array_equal(weights, 1)


def scale(x: Floats) -> Floats:
    """Of one component of column 1: narrow where column 0 is above 4.5, which is 3e-6 of its mass."""
    return np.asarray(np.exp(-7 / (1 + np.exp(-8 * (x - 4.5)))))


def log_prob(x: Floats) -> Floats:
    s = scale(x[:, 0])
    z = x[:, 1] - 0.3
    bells = 0.5 * np.exp(-0.5 * (z / s) ** 2) / s + 0.5 * np.exp(-0.5 * z**2)
    return np.asarray(np.log(bells) - 0.5 * x[:, 0] ** 2 - np.log(2 * np.pi))


def sample(u: Floats) -> Floats:
    first = inverse_normal_cdf(u[:, 0])
    is_narrow = u[:, 1] < 0.5
    within = np.where(is_narrow, 2 * u[:, 1], 2 * u[:, 1] - 1).clip(1e-15, 1 - 1e-15)
    second = 0.3 + np.where(is_narrow, scale(first), 1.0) * inverse_normal_cdf(within)
    return np.stack([first, second], axis=1)


def test_a_narrow_bell_in_a_tail_is_told_by_the_sampler() -> None:
    interval = Interval(-36, 37)
    assert check_normalised(log_prob, 2, support=interval).n_failed == 1
    model = {"n_features": 2, "support": interval, "log_prob": log_prob}
    assert suite(Adapter(**model, sample=sample), only=["normalised"])["normalised"].status == "skipped"
    for off in (-1e-3, 1e-3):  # far more than lies between the points
        wrong = model | {"log_prob": lambda x, off=off: log_prob(x) + off}
        assert suite(Adapter(**wrong, sample=sample), only=["normalised"])["normalised"].status == "FAILED"
