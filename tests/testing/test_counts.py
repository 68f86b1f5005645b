"""check_sampler_counts: right samplers pass but for the share that is stated, wrong ones do not."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from made_np.testing import Adapter, Interval, Report, check_sampler_counts, suite
from made_np.testing.chi_square import upper_tail
from made_np.testing.compare import Floats
from made_np.testing.mutants.mutant import ORDER, standard
from made_np.testing.networks import Network, random_network, sigmoid
from made_np.testing.sampler import ancestral
from made_np.testing.tallies import LEAST, table_tally

NET = standard(np.random.default_rng(0))
REAL = random_network(np.random.default_rng(3), n_features=4, n_params=2, n_context=0)


def drawn(net: Network, seed: int = 0, *, p: Callable[[Floats], Floats] = sigmoid) -> Callable[[int], Floats]:
    """A sampler of a network that takes no uniforms; ``p`` makes probabilities of logits."""
    rng = np.random.default_rng(seed)

    def inverse(x: Floats, u: Floats) -> Floats:
        return net.inverse(x, u) if p is sigmoid else (u < p(net.params(x))) * 1.0

    return lambda n: ancestral(inverse, rng.random((n, net.plan.n_features)), net.plan.order)


def judged(draw: Callable[[int], Any], **options: Any) -> Report:
    return check_sampler_counts(draw, NET.log_prob, 5, **options)


# ------------------------------------------------------------------------------------------------------ the tail


@pytest.mark.parametrize(
    ("statistic", "freedom", "p"),
    [  # tables of the distribution, to the digits that they print
        (3.841458820694124, 1, 0.05),
        (5.991464547107979, 2, 0.05),
        (18.307038053275146, 10, 0.05),
        (135.80672317102676, 100, 0.01),
        (0.0157907740934312, 1, 0.9),
        (1.0, 3, 0.8012519569012009),
    ],
)
def test_the_tail_is_that_of_the_tables(statistic: float, freedom: int, p: float) -> None:
    assert upper_tail(statistic, freedom) == pytest.approx(p, rel=1e-12)


@pytest.mark.parametrize("statistic", [0.1, 2.0, 30.0, 300.0])
def test_the_tail_is_its_closed_form_where_there_is_one(statistic: float) -> None:
    assert upper_tail(statistic, 1) == pytest.approx(math.erfc(math.sqrt(statistic / 2)), rel=1e-12)
    for k in (1, 2, 20):
        terms = [(statistic / 2) ** i / math.factorial(i) for i in range(k)]
        assert upper_tail(statistic, 2 * k) == pytest.approx(math.exp(-statistic / 2) * sum(terms), rel=1e-12)


@pytest.mark.parametrize("z", [-3.0, 0.0, 3.0])
def test_the_tail_of_many_degrees_is_nearly_that_of_a_cube_of_a_normal(z: float) -> None:
    statistic = 4096 * (1 - 2 / (9 * 4096) + z * math.sqrt(2 / (9 * 4096))) ** 3  # Wilson and Hilferty
    assert upper_tail(statistic, 4096) == pytest.approx(NormalDist().cdf(-z), rel=1e-3)


def test_the_tail_ends_where_it_ends() -> None:
    assert upper_tail(math.inf, 3) == 0
    assert upper_tail(0.0, 3) == 1


# ---------------------------------------------------------------------------------------------------- the tables


def test_rare_rows_are_counted_together_and_nothing_is_counted_twice() -> None:
    p = np.array([0.5, 0.3, 0.1, 0.06, 0.03, 0.008, 0.002])
    counts = np.array([480, 310, 110, 60, 30, 8, 2])
    tally = table_tally(p, counts, str)
    assert tally is not None
    assert tally.want.sum() == pytest.approx(1000)
    assert tally.got.sum() == 1000
    assert (tally.want >= LEAST).all()
    assert tally.freedom == len(tally.names) - 1 == 4
    assert tally.names[-1] == "the 3 rows of probability 0.03 to 0.002"


# ------------------------------------------------------------------------------------------------- false alarms


def p_value(net: Network, seed: int, n: int) -> float:
    """What the check says of a right sampler, as a number."""
    support = (0, 1) if net.plan.n_params == 1 else None
    report = check_sampler_counts(
        drawn(net, seed), net.log_prob, net.plan.n_features, support=support, n=n, false_alarms=1e-12, rng=seed
    )
    assert report.ok, report
    return float(report.notes[0].split()[1].rstrip(":"))


@pytest.mark.parametrize("n_params", [1, 2])
def test_right_samplers_fail_no_more_often_than_stated(n_params: int) -> None:
    found = []
    for k in range(200):
        net = random_network(np.random.default_rng(k), n_features=2 + k % 4, n_params=n_params, n_context=0)
        found.append(p_value(net, k, 1000))
    for level in (0.2, 0.05, 0.01):  # three standard deviations of a count of 200
        assert np.mean(np.array(found) < level) <= level + 3 * math.sqrt(level * (1 - level) / 200)
    assert np.mean(np.array(found) < 0.5) > 0.3, "a check that never doubts sees nothing"


def test_the_probability_of_a_false_alarm_is_what_the_report_states() -> None:
    report = judged(drawn(NET))
    assert report.ok, report
    assert report.rule == "p-value >= 1e-06, the probability that a right sampler fails"
    p = float(report.notes[0].split()[1].rstrip(":"))
    assert judged(drawn(NET), false_alarms=p * 0.99).ok
    assert p == 1 or not judged(drawn(NET), false_alarms=min(p * 1.01, 0.999)).ok


def test_the_same_draws_give_the_same_report() -> None:
    assert judged(drawn(NET)) == judged(drawn(NET))


# ------------------------------------------------------------------------------------------------ wrong samplers


def clipped(z: Floats) -> Floats:
    """What a published sampler takes for a sigmoid: every z above 0 is 1."""
    with np.errstate(all="ignore"):
        return np.where(z >= 0, 1.0, np.clip(np.log(np.exp(z) / (1 - np.exp(z))), 0, 1))


def in_order(net: Network, order: Any) -> Callable[[int], Floats]:
    rng = np.random.default_rng(0)
    return lambda n: ancestral(net.inverse, rng.random((n, net.plan.n_features)), np.array(order))


WRONG: dict[str, Callable[[int], Any]] = {
    "a clipped logit in place of a sigmoid": drawn(NET, p=clipped),
    "logits 10 % too large": drawn(NET, p=lambda z: sigmoid(1.3 * z)),
    "drawn in the wrong order": in_order(NET, ORDER[::-1]),
    "drawn all at once": lambda n: np.random.default_rng(0).random((n, 5)) < sigmoid(NET.params(np.zeros((n, 5)))),
    "the likelier value, always": lambda n: ancestral(NET.inverse, np.full((n, 5), 0.5), NET.plan.order),
    "one row in twenty is zeros": lambda n: drawn(NET)(n) * (np.arange(n) % 20 > 0)[:, None],
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_sampler_is_caught(name: str) -> None:
    report = judged(WRONG[name])
    assert not report.ok, report
    assert report.failures[0].error == report.worst_error > 0
    assert "how often" in report.failures[0].where


@pytest.mark.parametrize("name", WRONG)
def test_it_is_caught_in_the_columns_where_the_table_is_too_large(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("made_np.testing.counts.MOST_STATES", 1)
    report = judged(WRONG[name])
    assert not report.ok
    assert "column" in report.failures[0].where


@pytest.mark.parametrize(
    "wrong",
    [lambda x: 1.3 * x, lambda x: x + 0.3, lambda x: x[:, ::-1], lambda x: np.sort(x, axis=0)],
    ids=["wider", "shifted", "reversed", "each column by itself"],
)
def test_a_wrong_sampler_of_real_columns_is_caught(wrong: Callable[[Floats], Floats]) -> None:
    assert check_sampler_counts(drawn(REAL), REAL.log_prob, 4, support=None).ok
    report = check_sampler_counts(lambda n: wrong(drawn(REAL)(n)), REAL.log_prob, 4, support=None)
    assert not report.ok


def test_categories_and_real_columns_side_by_side() -> None:
    shares = np.array([0.5, 0.3, 0.2])

    def log_prob(x: Floats) -> Floats:
        z = x[:, 1] - x[:, 0]
        return np.log(shares[x[:, 0].astype(int)]) - z**2 / 2 - math.log(2 * math.pi) / 2

    def draw(n: int, mean: float = 1.0, p: Floats = shares) -> Floats:
        rng = np.random.default_rng(0)
        k = rng.choice(3, size=n, p=p)
        return np.stack([k, mean * k + rng.standard_normal(n)], axis=1)

    options: dict[str, Any] = {"support": [(0, 1, 2), Interval(-9, 9)]}
    assert check_sampler_counts(draw, log_prob, 2, **options).ok
    assert not check_sampler_counts(lambda n: draw(n, mean=0.8), log_prob, 2, **options).ok
    assert not check_sampler_counts(lambda n: draw(n, p=shares[[1, 0, 2]]), log_prob, 2, **options).ok


@pytest.mark.parametrize(
    ("draw", "hint"),
    [
        (WRONG["the likelier value, always"], "every row is the same"),
        (lambda n: 1 - drawn(NET)(n), "the opposite"),
        (lambda n: drawn(NET)(n)[:, ::-1], "reverse order"),
    ],
)
def test_the_likely_mistake_is_named(draw: Callable[[int], Any], hint: str) -> None:
    assert hint in judged(draw).hint


# --------------------------------------------------------------------------------------------------- odd answers


@pytest.mark.parametrize(
    ("draw", "where"),
    [
        (lambda n: np.full((n, 5), 0.5), "x[0, 0]"),
        (lambda n: np.zeros((n, 4)), "draw(n).shape"),
        (lambda n: None, "draw(n)"),
    ],
)
def test_rows_that_cannot_be_are_named(draw: Callable[[int], Any], where: str) -> None:
    assert judged(draw, n=50).failures[0].where == where


def test_a_row_that_cannot_occur_is_caught_however_many_are_drawn() -> None:
    def log_prob(x: Floats) -> Floats:  # the first column is always 1
        return np.where(x[:, 0] == 1, math.log(0.5), -np.inf)

    def draw(n: int) -> Floats:
        x = (np.random.default_rng(0).random((n, 2)) < 0.5) * 1.0
        x[:, 0] = 1
        return x

    assert check_sampler_counts(draw, log_prob, 2, n=200).ok
    stray = check_sampler_counts(lambda n: draw(n) * (np.arange(n) != 7)[:, None], log_prob, 2, n=200)
    assert "cannot occur" in stray.hint


def test_what_left_nothing_to_chance_is_a_failure() -> None:
    def certain(x: Floats) -> Floats:
        return np.where((x == 1).all(axis=1), 0.0, -np.inf)

    report = check_sampler_counts(lambda n: np.ones((n, 2)), certain, 2)
    assert report.failures[0].where == "exercised"
    assert "too few rows" in judged(drawn(NET), n=2).hint


def test_ten_times_as_many_rows_are_drawn_where_little_is_left_to_chance() -> None:
    p = np.array([0.999, 0.001])  # a random network had such coins

    def log_prob(x: Floats) -> Floats:
        return np.log(np.where(x == 1, p, 1 - p)).sum(axis=1)

    def draw(n: int, wrong: float = 1.0) -> Floats:
        return (np.random.default_rng(0).random((n, 2)) < [0.999, 0.001 * wrong]) * 1.0

    assert check_sampler_counts(draw, log_prob, 2).ok
    assert not check_sampler_counts(lambda n: draw(n, wrong=2.0), log_prob, 2).ok
    assert check_sampler_counts(lambda n: draw(n)[: 10**4], log_prob, 2).failures[0].where == "draw(n).shape"


def test_what_is_no_density_is_said_to_be_none() -> None:
    report = check_sampler_counts(drawn(NET), lambda x: NET.log_prob(x) + 0.1, 5)
    assert report.failures[0].where == "sum of p(x)"
    assert "check_normalised" in report.hint


@pytest.mark.parametrize(
    ("option", "error", "said"),
    [
        ({"false_alarms": 0}, ValueError, "false_alarms=0: give a number in"),
        ({"n": 1}, ValueError, "n=1"),
        ({"support": 3}, TypeError, "support=3"),
    ],
)
def test_arguments_are_looked_at_before_anything_is_drawn(option: Any, error: Any, said: str) -> None:
    with pytest.raises(error, match=said):
        judged(lambda n: pytest.fail("drawn"), **option)


# ------------------------------------------------------------------------------------------------------ the suite


def test_the_suite_counts_what_a_model_draws() -> None:
    adapter = Adapter(n_features=5, log_prob=NET.log_prob, draw=drawn(NET))
    assert suite(adapter)["sampler_counts"].status == "passed"
    wrong = Adapter(n_features=5, log_prob=NET.log_prob, draw=drawn(NET, p=clipped))
    assert suite(wrong)["sampler_counts"].status == "FAILED"
    assert suite(Adapter(n_features=5, log_prob=NET.log_prob))["sampler_counts"].reason == "needs draw"


def test_rows_may_come_sorted() -> None:
    rows = drawn(REAL)(10_000)
    assert check_sampler_counts(lambda n: rows[np.argsort(rows[:, 0])], REAL.log_prob, 4, support=None).ok
