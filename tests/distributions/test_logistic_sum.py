"""The mean of binned logistics for any number of levels: against the sum of all its terms."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest

from made_np.distributions.levels import DiscretizedLogistic
from made_np.distributions.logistic_sum import NARROW, logistic_sum
from made_np.layers import sigmoid


@pytest.mark.parametrize("n", [1, 2, 3, 10, 459, 3000])
def test_it_is_the_sum_of_its_terms(n: int) -> None:
    rng = np.random.default_rng(n)
    m = rng.uniform(-2 * n - 300, 3 * n + 300, 300)
    m[::2] = rng.uniform(0, n, 150)
    s = np.exp(rng.uniform(np.log(0.02), np.log(20 * n + 20), 300))
    s[:40] = NARROW * np.exp(rng.uniform(-1e-3, 0.3, 40))
    want = [math.fsum(sigmoid((each - np.arange(n) - 0.5) / scale)) for each, scale in zip(m, s, strict=True)]
    np.testing.assert_allclose(logistic_sum(m, s, n), want, rtol=0, atol=1e-14 * n)


def test_a_curve_far_away_is_all_or_nothing() -> None:
    m = np.array([-1e9, 1e9, -1e300, 1e300])
    for s in (0.02, 5.0, 7.0):
        np.testing.assert_allclose(logistic_sum(m, np.full(4, s), 1000), [0, 1000, 0, 1000], rtol=1e-14, atol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("output", [DiscretizedLogistic(2), DiscretizedLogistic(7, 3), DiscretizedLogistic(2000, 2)])
def test_the_mean_is_the_expected_level(output: DiscretizedLogistic, dtype: str) -> None:
    rng = np.random.default_rng(0)
    raw = (2 * rng.standard_normal((20, output.n_raw)) - 1).astype(dtype)
    x = np.arange(output.levels, dtype=np.float64)
    p = np.exp(-output.nll(np.repeat(raw[:, None].astype(np.float64), len(x), axis=1), np.tile(x, (20, 1))))
    mean = output.mean(raw)
    assert mean.dtype == dtype
    np.testing.assert_allclose(mean, p @ x, rtol=1e-10 if dtype == "float64" else 1e-6)
    np.testing.assert_array_equal(output.centre(raw), mean)


def test_levels_cost_nothing() -> None:
    output = DiscretizedLogistic(10**5, 5)
    raw = np.random.default_rng(0).standard_normal((200, output.n_raw)).astype("float32")
    begin = time.process_time()  # other processes may be at work
    output.mean(raw)
    assert time.process_time() - begin < 1.0  # 10 s, where each level is a term
