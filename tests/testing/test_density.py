"""check_normalised: sums over all states, integrals, and what a wrong sum tells."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from numpy.typing import NDArray

from made_np.testing import Interval, check_normalised, strategies
from made_np.testing.networks import Network, make_network
from made_np.testing.plans import make_plan

Array = NDArray[Any]
P = np.random.default_rng(0).dirichlet(np.ones(24)).reshape(2, 3, 4)
SUPPORT: list[Any] = [(0, 1), (-1, 0, 2), (5, 6, 7, 8)]


def log_table(x: Array) -> Array:
    places = [np.searchsorted(np.array(values), x[:, d]) for d, values in enumerate(SUPPORT)]
    return np.asarray(np.log(P[tuple(places)]))


def gaussian(x: Array, scale: float = 1.0) -> Array:
    return np.asarray((-0.5 * (x / scale) ** 2 - np.log(scale) - 0.5 * np.log(2 * np.pi)).sum(axis=1))


def test_every_state_is_counted_once() -> None:
    report = check_normalised(log_table, 3, support=SUPPORT)
    assert report.ok, report
    assert report.n_checked == report.n_exercised == 24
    assert report.worst_error < 1e-12


@given(strategies.networks(n_params=1))
def test_every_correct_network_is_a_density(net: Network) -> None:
    assert check_normalised(net.log_prob, net.plan.n_features).ok


@pytest.mark.parametrize("error", [1e-8, -1e-8, 0.1])
def test_a_sum_that_is_off_fails(error: float) -> None:
    report = check_normalised(lambda x: log_table(x) + np.log1p(error), 3, support=SUPPORT)
    assert report.failures[0].where == "sum of p(x)"
    assert report.failures[0].got == pytest.approx(1 + error)
    assert check_normalised(lambda x: log_table(x) + np.log1p(error), 3, support=SUPPORT, atol=0.2).ok


@pytest.mark.parametrize(
    ("wrong", "part"),
    [
        (lambda x: log_table(x) / np.log(2), "in bits"),
        (lambda x: -log_table(x), "sign flipped"),
        (lambda x: log_table(x) / 3, "the mean over features"),
        (lambda x: log_table(x) - 0.3, "below 1"),
        (lambda x: log_table(x) + 0.3, "above 1"),
    ],
)
def test_a_wrong_unit_is_recognised(wrong: Any, part: str) -> None:
    assert part in check_normalised(wrong, 3, support=SUPPORT).hint


def leaking(seed: int) -> Network:
    """Every output sees its own input: the comparison at the output is not strict."""
    plan = make_plan([0, 1, 2, 3], [[1, 2, 3, 1, 2, 3]])
    masks = (plan.masks[0], np.arange(1, 5)[:, None] >= np.array([1, 2, 3, 1, 2, 3]))
    return make_network(np.random.default_rng(seed), replace(plan, masks=masks))


def test_a_leak_is_named_whether_the_sum_is_above_one_or_below() -> None:
    reports = [check_normalised(leaking(seed).log_prob, 4) for seed in range(8)]
    assert {report.failures[0].got > 1 for report in reports} == {True, False}
    for report in reports:
        side = "above 1" if report.failures[0].got > 1 else "below 1"
        assert report.hint.startswith(f"{side}: a leak (check_autoregressive tells), averaged logits")


def test_mass_beyond_the_interval_is_named() -> None:
    assert "beyond the interval" in check_normalised(gaussian, 1, support=Interval(-9, 0.5)).undecided
    assert "beyond the interval" in check_normalised(lambda x: gaussian(x) - 0.3, 1, support=Interval(-9, 9)).hint
    assert "beyond the interval" not in check_normalised(lambda x: log_table(x) - 0.3, 3, support=SUPPORT).hint


def test_an_average_of_logits_over_orders_is_no_density() -> None:
    rng = np.random.default_rng(0)
    nets = [make_network(rng, make_plan(order, [[1, 2, 3, 1, 2, 3]])) for order in ([0, 1, 2, 3], [3, 2, 1, 0])]

    def averaged(x: Array) -> Array:
        a = np.mean([net.params(x) for net in nets], axis=0)
        return -np.asarray((np.logaddexp(0, a) - x * a).sum(axis=1))

    assert not check_normalised(averaged, 4).ok
    assert check_normalised(lambda x: np.logaddexp(*(net.log_prob(x) for net in nets)) - np.log(2), 4).ok


def test_impossible_states_are_welcome_but_nothing_else_that_is_not_finite() -> None:
    def certain(x: Array) -> Array:
        return np.where(x.sum(axis=1) == 0, 0.0, -np.inf)

    report = check_normalised(certain, 3)
    assert report.ok
    assert report.n_exercised == 1
    for odd in (np.nan, np.inf):
        report = check_normalised(lambda x, odd=odd: np.where(x[:, 0] == 1, odd, -3.0), 3)
        assert report.failures[0].where == "log_prob([1.0, 0.0, 0.0])"


def test_a_probability_above_one_fails_even_if_the_sum_is_right() -> None:
    report = check_normalised(lambda x: np.where(x[:, 0] == 1, np.log(2.0), -np.inf), 1)
    assert "largest log_prob" in [failure.where for failure in report.failures]


def test_an_answer_of_the_wrong_shape_fails() -> None:
    report = check_normalised(lambda x: np.zeros((len(x), 1)), 2)
    assert report.failures[0].where == "log_prob(x).shape"


@pytest.mark.parametrize("n", [1, 2])
def test_a_continuous_density_is_integrated(n: int) -> None:
    report = check_normalised(gaussian, n, support=Interval(-9, 9))
    assert report.ok, report
    assert report.notes[0].startswith("the integral is 1, known to ")
    assert not check_normalised(lambda x: gaussian(x) + 1e-6, n, support=Interval(-9, 9)).ok


def test_a_mixed_table_is_summed_and_integrated() -> None:
    def log_prob(x: Array) -> Array:
        return np.log(np.where(x[:, 0] == 1, 0.3, 0.7)) + gaussian(x[:, 1:] - x[:, :1])

    assert check_normalised(log_prob, 2, support=[(0, 1), Interval(-10, 10)]).ok
    assert not check_normalised(log_prob, 2, support=[(0, 1), Interval(-10, 0.5)]).ok


def test_points_fill_the_interval_and_keep_within_it() -> None:
    seen: list[Array] = []

    def log_prob(x: Array) -> Array:
        seen.append(x)
        return gaussian(x)

    check_normalised(log_prob, 1, support=Interval(-3, 5))
    points = np.concatenate(seen).ravel()
    assert -3 < points.min() < -2.99
    assert 4.99 < points.max() < 5


def test_bounds_that_do_not_vanish_are_no_obstacle() -> None:
    assert check_normalised(lambda x: np.full(len(x), -np.log(4.0)), 1, support=Interval(-1, 3)).ok


def flow(seed: int, scale: float, h: Any) -> Any:
    """Two columns, the second with a mean and a logarithmic scale out of a hidden layer with such weights."""
    rng = np.random.default_rng(seed)
    W, b, U, V, c = (scale * rng.standard_normal(8) for _ in range(5))

    def log_prob(x: Array) -> Array:
        hidden = h(x[:, :1] * W + b)
        first = gaussian((x[:, :1] - c[0]), np.exp(c[1]))
        log_scale = hidden @ U + c[2]
        z = (x[:, 1] - hidden @ V - c[3]) / np.exp(log_scale)
        return np.asarray(first - 0.5 * z**2 - log_scale - 0.5 * np.log(2 * np.pi))

    return log_prob


@pytest.mark.parametrize("scale", [0.1, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("h", [np.tanh, lambda z: np.maximum(z, 0)])
def test_a_right_density_on_a_wide_interval_never_fails_and_a_wrong_one_does(scale: float, h: Any) -> None:
    passed = 0
    for seed in range(4):
        log_prob = flow(seed, scale, h)
        if h is not np.tanh and scale > 0.3:
            continue  # a scale without bounds, whose mass lies beyond any interval
        report = check_normalised(log_prob, 2, support=Interval(-40, 40))
        assert not report.failures or "beyond the interval" in report.hint, report
        passed += report.ok
        wrong = check_normalised(lambda x, right=log_prob: right(x) + np.log(0.87), 2, support=Interval(-40, 40))
        assert wrong.failures, wrong
    assert passed >= 3 or scale > 0.3


def test_panels_go_where_the_density_is() -> None:
    def two_peaks(x: Array) -> Array:
        peaks = np.logaddexp(gaussian(x[:, :1] + 1, 0.15), gaussian(x[:, :1] - 1, 0.15)) - np.log(2)
        return np.asarray(peaks + gaussian(x[:, 1:] - x[:, :1], 0.15))

    def curved(x: Array) -> Array:
        return gaussian(x[:, :1]) + gaussian(x[:, 1:] - np.tanh(x[:, :1]), 0.2)

    for log_prob in (two_peaks, curved):
        assert check_normalised(log_prob, 2, support=Interval(-40, 40)).ok
        assert check_normalised(lambda x, f=log_prob: f(x) + 1e-6, 2, support=Interval(-40, 40)).failures
    for scale in (0.01, 1e-6):
        assert check_normalised(lambda x, s=scale: gaussian(x - 0.123, s), 1, support=Interval(-50, 50)).ok


def test_an_integral_that_misses_one_by_far_more_than_it_may_be_off_is_believed() -> None:
    report = check_normalised(lambda x: np.log(0.87) + gaussian(x - 0.1, 0.45), 1, support=Interval(-40, 40))
    assert report.n_failed == 1
    assert report.hint.startswith("below 1: a leak")


def in_a_disc(x: Array) -> Array:
    """A density that jumps along a curve: no panels follow that."""
    return np.where((x**2).sum(axis=1) < 1, -np.log(np.pi), -np.inf)


def test_an_integral_that_has_not_settled_decides_nothing() -> None:
    report = check_normalised(in_a_disc, 2, support=Interval(-50, 50))
    assert not report.ok
    assert not report.n_failed
    assert report.undecided.startswith("not settled: the integral is 0.99")
    assert "narrower interval" in report.undecided
    assert "decided nothing" in str(report)
    assert check_normalised(lambda x: in_a_disc(x) + np.log(0.9), 2, support=Interval(-50, 50)).n_failed == 1


def test_a_tail_beyond_the_interval_decides_nothing_but_covers_no_fault() -> None:
    report = check_normalised(gaussian, 1, support=Interval(-4, 4))
    assert "beyond the interval; give a wider one" in report.undecided
    assert check_normalised(lambda x: gaussian(x) + np.log(0.9), 1, support=Interval(-4, 4)).n_failed == 1


def scaled(s: float) -> Any:
    """Two normal columns, the second of scale s where the first is above 2: it hardly falls towards the ends."""

    def log_prob(x: Array) -> Array:
        return gaussian(x[:, :1]) + gaussian(x[:, 1:] / (scale := np.where(x[:, :1] > 2, s, 1.0))) - np.log(scale[:, 0])

    return log_prob


@pytest.mark.parametrize("s", [25, 40, 60, 200, 1e4, 5e5])
def test_mass_beyond_ends_where_the_density_hardly_falls_decides_nothing(s: float) -> None:
    report = check_normalised(scaled(s), 2, support=Interval(-60, 60))
    assert "beyond the interval; give a wider one" in report.undecided, report
    assert not report.n_failed


def test_mass_beyond_covers_no_fault() -> None:
    for s in (40, 200):
        for kept in (0.9, 0.99):
            report = check_normalised(
                lambda x, s=s, kept=kept: scaled(s)(x) + np.log(kept), 2, support=Interval(-60, 60)
            )
            assert report.n_failed == 1, report
    assert check_normalised(lambda x: gaussian(x) + np.log(0.99), 1, support=Interval(-9, 9)).n_failed == 1
    flat = check_normalised(lambda x: np.logaddexp(gaussian(x) + np.log(0.99), -25), 1, support=Interval(-9, 9))
    assert flat.n_failed == 1, flat


@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.parametrize("beyond", [-np.inf, np.nan, np.inf, 0.0, -5.0, 800.0, "raises"])
def test_a_density_that_stops_at_its_bounds_fails_whatever_it_answers_beyond(n: int, beyond: Any) -> None:
    def uniform(x: Array) -> Array:
        inside = ((x >= 0) & (x <= 1)).all(axis=1)
        if beyond == "raises" and not inside.all():
            raise ValueError("x lies beyond 0..1")
        return np.where(inside, 0.0, 0.0 if beyond == "raises" else beyond) + np.log(0.99)

    assert check_normalised(uniform, n, support=Interval(0, 1)).n_failed == 1


@pytest.mark.parametrize("tail", ["cauchy", "both columns", "one end"])
def test_mass_is_found_wherever_it_lies(tail: str) -> None:
    def cauchy(x: Array) -> Array:
        return np.asarray(-np.log(np.pi * (1 + x[:, 0] ** 2)))

    def both(x: Array) -> Array:
        """A narrow normal, and a hundredth of a wide one."""
        return np.logaddexp(gaussian(x) + np.log(0.99), gaussian(x, 100) + np.log(0.01))

    def one(x: Array) -> Array:
        """Exponential above 0; a hundredth has a scale of 500."""
        mixed = np.logaddexp(-x[:, 0] + np.log(0.99), -x[:, 0] / 500 + np.log(0.01 / 500))
        return np.where(x[:, 0] < 0, -np.inf, mixed)

    density, n, support = {
        "cauchy": (cauchy, 1, Interval(-60, 60)),
        "both columns": (both, 2, Interval(-60, 60)),
        "one end": (one, 1, Interval(0, 60)),
    }[tail]
    report = check_normalised(density, n, support=support)
    assert "beyond the interval; give a wider one" in report.undecided, report
    for kept in (0.9, 0.99):
        report = check_normalised(lambda x, kept=kept: density(x) + np.log(kept), n, support=support)
        assert report.n_failed == 1, report


@pytest.mark.parametrize(
    ("n", "support", "message"),
    [
        (23, (0, 1), "too many to add up"),
        (3, Interval(-1, 1), "3 continuous columns"),
        (2, [(0, 1)], "speaks of 1 columns, there are 2"),
    ],
)
def test_too_much_is_refused(n: int, support: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_normalised(log_table, n, support=support)


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ((0, np.inf), r"high=inf: give a number in \[-1e100, 1e100\]"),
        ((np.nan, 1), "low=nan: give a number in"),
        ((0, 10**400), r"high=1000.*: give a number in"),
        ((1, 1), "low=1, high=1: take bounds low < high"),
        ((2, 1), "low=2, high=1: take bounds low < high"),
        ((-1e308, 1e308), "high=1e\\+308|low=-1e\\+308"),  # so wide that its width is infinite
    ],
)
def test_an_interval_is_finite_and_not_empty(bounds: tuple[float, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Interval(*bounds)


@pytest.mark.parametrize("level", [1e3, 1e308, -1e308, -np.inf])
def test_a_sum_beyond_all_numbers_is_a_failure_like_any_other(level: float) -> None:
    for support in ((0, 1), Interval(0, 1)):
        report = check_normalised(lambda x: np.full(len(x), level), 2, support=support)
        assert not report.ok
        assert str(report)


def test_a_sum_over_many_states_goes_in_pieces() -> None:
    sizes: list[int] = []

    def log_prob(x: Array) -> Array:
        sizes.append(len(x))
        return np.full(len(x), -16 * np.log(2))

    assert check_normalised(log_prob, 16).ok
    assert sum(sizes) == 2**16
    assert max(sizes) <= 2**14
