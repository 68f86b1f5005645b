"""check_calibrated: right conditionals pass but for the stated share, wrong ones are named with their direction."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from math import comb
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from made_np.testing import Adapter, check_calibrated, suite
from made_np.testing.bands import N_CELLS, POINTS, counts_of, p_value, smallest_tail
from made_np.testing.compare import Floats
from made_np.testing.mutants.mutant import standard
from made_np.testing.networks import Network, random_network, sigmoid
from made_np.testing.sampler import ancestral

NET = standard(np.random.default_rng(0))
REAL = random_network(np.random.default_rng(3), n_features=4, n_params=2, n_context=0)


def test_the_tail_of_a_band_is_that_of_all_ways_to_place_few_numbers() -> None:
    n = 3
    cells = np.array(list(product(range(N_CELLS), repeat=n)))
    counts = (cells[:, :, None] <= np.arange(N_CELLS - 1)).sum(axis=1)
    below = np.array([[sum(_binomial(n, j, p) for j in range(k + 1)) for k in range(n + 1)] for p in POINTS])
    above = np.array([[sum(_binomial(n, j, p) for j in range(k, n + 1)) for k in range(n + 1)] for p in POINTS])
    tails = np.minimum(below, above)[np.arange(N_CELLS - 1), counts].min(axis=1)
    for tail in (0.09, 0.02, 0.003):
        assert p_value(tail, n) == pytest.approx((tails <= tail).mean(), abs=1e-12)


def _binomial(n: int, k: int, p: float) -> float:
    return comb(n, k) * p**k * (1 - p) ** (n - k)


def test_uniform_numbers_leave_their_band_as_often_as_is_stated() -> None:
    rng = np.random.default_rng(0)
    found = np.array([p_value(smallest_tail(counts_of(rng.random(500)), 500), 500) for _ in range(2000)])
    for level in (0.2, 0.1, 0.05, 0.01):
        assert abs((found <= level).mean() - level) < 4 * np.sqrt(level * (1 - level) / 2000)


def test_false_alarms_of_right_networks_are_as_rare_as_is_stated() -> None:
    failed = 0
    for seed in range(400):
        net = NET if seed % 2 else REAL
        u = np.random.default_rng([seed, 1]).random((300, net.plan.n_features))
        failed += not check_calibrated(
            lambda n, net=net, u=u: _drawn(net, u), net.cdf, u.shape[1], n=300, false_alarms=0.1, rng=seed
        ).ok
    assert failed <= 60, "40 are expected, and 58 are three standard deviations more"
    assert failed >= 10, "the band is not much wider than it says"


def _drawn(net: Network, u: Floats) -> Floats:
    return ancestral(net.inverse, u, net.plan.order)


@pytest.mark.parametrize("net", [NET, REAL], ids=["binary", "real"])
def test_a_right_model_passes(net: Network) -> None:
    report = check_calibrated(net.draw, net.cdf, net.plan.n_features)
    assert report.ok, report
    assert report.n_checked == 2 * net.plan.n_features * len(POINTS)
    assert "p-value" in report.notes[0]


def one_off(change: Callable[[Floats], Floats]) -> Callable[[int], Floats]:
    """Standard normal columns, of which column 1 is changed."""

    def draw(n: int) -> Floats:
        x = np.random.default_rng(0).standard_normal((n, 3))
        x[:, 1] = change(x[:, 1])
        return x

    return draw


def normal_cdf(x: Floats) -> tuple[Floats, Floats]:
    up_to = np.vectorize(NormalDist().cdf)(x)
    return up_to, up_to


@pytest.mark.parametrize(
    ("change", "direction"),
    [
        (lambda x: x - 0.1, "too low"),
        (lambda x: x + 0.1, "too high"),
        (lambda x: 0.9 * x, "spread too little"),
        (lambda x: 1.1 * x, "spread too much"),
    ],
)
def test_the_column_and_the_direction_are_named(change: Callable[[Floats], Floats], direction: str) -> None:
    report = check_calibrated(one_off(change), normal_cdf, 3)
    assert report.hint.startswith(f"column 1 is {direction}: "), report
    assert {failure.where.split(",")[0] for failure in report.failures} == {"column 1"}


def test_masses_are_spread_over_their_jumps() -> None:
    def draw(n: int) -> Floats:
        return (np.random.default_rng(0).random((n, 1)) < 0.3) * 1.0

    assert check_calibrated(draw, lambda x: (0.7 * x, 0.7 + 0.3 * x), 1).ok
    report = check_calibrated(draw, lambda x: (0.6 * x, 0.6 + 0.4 * x), 1)
    assert report.hint.startswith("column 0 is too low"), report


def test_a_column_of_one_value_shows_nothing() -> None:
    def sure(x: Floats) -> tuple[Floats, Floats]:
        return np.zeros_like(x), np.ones_like(x)

    report = check_calibrated(lambda n: np.zeros((n, 2)), sure, 2)
    assert report.failures[0].where == "exercised"


@pytest.mark.parametrize(
    ("answer", "where"),
    [
        (lambda x: x, "cdf(x).shape"),
        (lambda x: (x + 2, x + 3), "cdf at x[0, 0]"),
        (lambda x: (0 * x + 0.6, 0 * x + 0.4), "cdf at x[0, 0]"),
        (lambda x: (0 * x, np.where(np.arange(len(x))[:, None] == 7, np.nan, 1.0) + 0 * x), "cdf at x[7, 0]"),
        (lambda x: None, "cdf(x)"),
    ],
)
def test_what_is_no_pair_of_probabilities_is_a_finding(answer: Any, where: str) -> None:
    report = check_calibrated(lambda n: np.random.default_rng(0).random((n, 2)), answer, 2)
    assert report.failures[0].where.startswith(where), report


def test_rows_of_another_shape_are_a_finding() -> None:
    assert check_calibrated(lambda n: np.zeros((n, 3)), normal_cdf, 2).failures[0].where == "draw(n).shape"


def test_the_suite_draws_by_uniforms_where_there_is_no_draw() -> None:
    assert suite(NET.adapter(cdf=NET.cdf))["calibrated"].status == "passed"
    assert suite(NET.adapter(cdf=NET.cdf, draw=NET.draw))["calibrated"].status == "passed"
    assert suite(NET.adapter(cdf=NET.cdf, sample=None))["calibrated"].reason == "needs draw or sample"
    assert suite(Adapter(n_features=2))["calibrated"].reason == "needs cdf"


def test_the_suite_draws_as_many_rows_as_the_adapter_says() -> None:
    found = []
    suite(NET.adapter(cdf=lambda x: found.append(len(x)) or NET.cdf(x), n_draws=123))
    assert found == [123]
    with pytest.raises(ValueError, match="n_draws=99"):
        NET.adapter(n_draws=99)


def test_a_report_says_the_same_again() -> None:
    def tempered(n: int) -> Floats:
        u = np.random.default_rng(0).random((n, 5))
        x = np.zeros_like(u)
        for d in NET.plan.order:
            x[:, d] = u[:, d] < sigmoid(0.7 * NET.params(x)[:, d])
        return x

    first = check_calibrated(tempered, NET.cdf, 5, rng=3)
    assert not first.ok
    assert first == check_calibrated(tempered, NET.cdf, 5, rng=first.seed or 0)
