"""check_conditionals: a table of probabilities obeys every rule, and each mistake is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from made_np.testing import Adapter, Interval, check_conditionals, suite
from made_np.testing.conditionals import MOST_TERMS
from made_np.testing.mutants.mutant import standard
from made_np.testing.networks import random_network

P = np.random.default_rng(0).dirichlet(np.ones(24)).reshape(2, 3, 4)
NET = standard(np.random.default_rng(0))
SUPPORT: list[Any] = [(0, 1), (-1, 0, 2), (0, 6, 7, 8)]


def kept(values: dict[int, float]) -> Any:
    """The probabilities of all rows that hold these values."""
    places = [list(SUPPORT[d]).index(values[d]) if d in values else slice(None) for d in range(3)]
    return P[tuple(places)]


def log_marginal(values: dict[int, float]) -> float:
    return float(np.log(kept(values).sum()))


def log_conditional(asked: dict[int, float], given: dict[int, float]) -> float:
    return log_marginal({**asked, **given}) - log_marginal(given)


def test_a_table_passes() -> None:
    report = check_conditionals(log_marginal, log_conditional, 3, support=SUPPORT)
    assert report.ok, report
    assert report.n_exercised > 32


@pytest.mark.parametrize(
    ("wrong", "part"),
    [
        (lambda values: np.log(kept(values).max()) if values else 0.0, "the largest term"),
        (lambda values: np.log(kept(values).mean()) if values else 0.0, "take the sum"),
        (lambda values: log_marginal({0: 0, 1: 0, 2: 0} | values) if values else 0.0, "set to 0"),
        (lambda values: log_marginal(values) - 0.01 * (0 < len(values) < 3), "not summed out"),
        (lambda values: log_marginal(values) - 0.01, "no value at all"),
        (lambda values: log_marginal(values) - 0.01 * bool(values), "not those of a density"),
    ],
)
def test_a_wrong_marginal_is_named(wrong: Any, part: str) -> None:
    report = check_conditionals(
        wrong, lambda asked, given: wrong({**asked, **given}) - wrong(given), 3, support=SUPPORT
    )
    assert report.n_failed
    assert part in report.hint


@pytest.mark.parametrize(
    ("wrong", "part"),
    [
        (lambda asked, given: log_marginal(asked), "is ignored"),
        (lambda asked, given: log_marginal({**asked, **given}), "divide by that of the condition"),
        (lambda asked, given: log_conditional(given, asked), "different networks"),
        (lambda asked, given: log_conditional(asked, dict(list(given.items())[:1])), "different networks"),
    ],
)
def test_a_wrong_conditional_is_named(wrong: Any, part: str) -> None:
    report = check_conditionals(log_marginal, wrong, 3, support=SUPPORT)
    assert report.n_failed
    assert part in report.hint


def test_independent_columns_prove_nothing_of_conditions_but_sums_do() -> None:
    def independent(values: dict[int, float]) -> float:
        return -len(values) * float(np.log(2))

    assert check_conditionals(independent, lambda asked, given: independent(asked), 3).ok


def test_impossible_values_are_welcome_but_nothing_is_asked_given_them() -> None:
    def certain(values: dict[int, float]) -> float:
        return -np.inf if any(values.values()) else 0.0

    def given_what_is_possible(asked: dict[int, float], given: dict[int, float]) -> float:
        assert not any(given.values())
        return certain(asked)

    assert not check_conditionals(certain, given_what_is_possible, 3).n_failed


def normal(z: float) -> float:
    return -0.5 * z**2 - 0.5 * float(np.log(2 * np.pi))


def both_normal(values: dict[int, float], slope: float = 0.5) -> float:
    """A standard normal column, and a normal one around `slope` times the first."""
    spread = float(np.hypot(1, slope))
    if 0 in values:
        return normal(values[0]) + (normal(values[1] - slope * values[0]) if 1 in values else 0.0)
    return normal(values[1] / spread) - float(np.log(spread)) if values else 0.0


def ratio_of(marginal: Any) -> Any:
    return lambda asked, given: marginal({**asked, **given}) - marginal(given)


@pytest.mark.parametrize("order", [None, [0, 1], [1, 0]])
@pytest.mark.parametrize("slope", [0.5, 30.0])
@pytest.mark.parametrize("support", [Interval(-9, 9), Interval(-200, 200), Interval(-1, 1), None])
def test_real_columns_that_are_left_out_are_no_fault(order: Any, slope: float, support: Any) -> None:
    def marginal(values: dict[int, float]) -> float:
        return both_normal(values, slope)

    report = check_conditionals(marginal, ratio_of(marginal), 2, order=order, support=support)
    assert report.ok, report


def modes(x: float, far: float, width: float) -> float:
    """Half a standard normal, half a far one of another width."""
    return float(np.logaddexp(normal(x), normal((x - far) / width) - np.log(width)) - np.log(2))


def pole(x: float) -> float:
    distance = abs(x - 0.1234)
    return float(np.log(0.05) - 0.9 * np.log(distance)) if 0 < distance < 1 else -np.inf


DENSITIES: dict[str, tuple[Callable[[float], float], Any]] = {
    "a spike between the points": (lambda x: modes(x, 5.123, 1e-2), Interval(-30, 30)),
    "far modes": (lambda x: modes(x, 300.0, 1.0), Interval(-1e4, 1e4)),
    "a mode that nobody promised": (lambda x: modes(10 * x, 100.0, 1.0) + np.log(10), None),
    "a pole": (pole, Interval(-1.3, 2)),
    "steps": (lambda x: np.log(0.3) if 0 <= x < 1 else np.log(0.7 / 3) if 1 <= x < 4 else -np.inf, Interval(-1, 5)),
    "uniform": (lambda x: 0.0 if 0 <= x <= 1 else -np.inf, Interval(-1, 2)),
    "tails that are cut off": (normal, Interval(-3.5, 3.5)),
    "heavy tails": (lambda x: -float(np.log(np.pi) + np.log1p(x * x)), Interval(-40, 40)),
}


@pytest.mark.parametrize("name", DENSITIES)
def test_no_density_of_a_real_column_is_a_fault(name: str) -> None:
    log_density, support = DENSITIES[name]

    def marginal(values: dict[int, float]) -> float:
        return float(sum(map(log_density, values.values())))

    report = check_conditionals(marginal, lambda asked, given: marginal(asked), 2, support=support)
    assert report.ok, report


@pytest.mark.parametrize(
    ("wrong", "column"),
    [
        (lambda values: both_normal({0: 0.0, 1: 0.0, **values}) if values else 0.0, 0),
        (lambda values: both_normal(values) - 0.01 * (0 in values), 0),
        (lambda values: both_normal(values) - 0.01 * (len(values) == 1), 1),
    ],
)
def test_a_wrong_marginal_of_real_columns_is_seen_by_its_integral(wrong: Any, column: int) -> None:
    report = check_conditionals(wrong, ratio_of(wrong), 2, support=Interval(-12, 12))
    assert f"x{column} summed out" in " ".join(failure.where for failure in report.failures), report


def test_real_columns_are_conditioned_on() -> None:
    def marginal(values: dict[int, float]) -> float:
        """A coin c, and a normal value around 2 c."""
        coins = [values[0]] if 0 in values else [0.0, 1.0]
        terms = [np.log(0.3 if c else 0.7) + (normal(values[1] - 2 * c) if 1 in values else 0.0) for c in coins]
        return float(np.logaddexp.reduce(terms))

    def conditional(asked: dict[int, float], given: dict[int, float]) -> float:
        return marginal({**asked, **given}) - marginal(given)

    support = [(0, 1), Interval(-3, 5)]
    assert check_conditionals(marginal, conditional, 2, support=support).ok
    assert check_conditionals(marginal, lambda asked, given: marginal(asked), 2, support=support).n_failed


@pytest.mark.parametrize("odd", [np.nan, np.inf, "text", [0.0, 0.0]])
def test_an_answer_that_is_no_number_is_a_failure(odd: Any) -> None:
    assert check_conditionals(lambda values: odd, log_conditional, 3, support=SUPPORT).n_failed == 1
    assert check_conditionals(log_marginal, lambda asked, given: odd, 3, support=SUPPORT).n_failed == 1


def test_one_column_has_no_conditionals() -> None:
    with pytest.raises(ValueError, match="give 2 or more"):
        check_conditionals(log_marginal, log_conditional, 1)


def test_right_networks_raise_no_alarm() -> None:
    for seed in range(100):
        net = random_network(np.random.default_rng(seed), n_params=1, n_features=2 + seed % 4)
        order = net.plan.order if seed % 2 else None
        answers = (net.log_marginal, net.log_conditional, net.plan.n_features)
        report = check_conditionals(*answers, log_prob=net.log_prob, order=order, n=8, rng=seed)
        assert report.ok, report


def test_single_precision_is_no_fault_where_the_answers_show_it() -> None:
    def marginal(values: dict[int, float]) -> Any:
        return np.float32(log_marginal(values))

    def conditional(asked: dict[int, float], given: dict[int, float]) -> Any:
        return np.float32(log_conditional(asked, given))

    assert check_conditionals(marginal, conditional, 3, support=SUPPORT).ok
    hidden = check_conditionals(
        lambda values: float(marginal(values)), lambda *question: float(conditional(*question)), 3, support=SUPPORT
    )
    assert hidden.n_failed
    assert "give atol" in hidden.hint
    wrong = check_conditionals(
        marginal, lambda *question: conditional(*question) - np.float32(1e-3), 3, support=SUPPORT
    )
    assert wrong.n_failed


def test_questions_about_what_leads_are_all_that_is_asked_in_an_order() -> None:
    order = [2, 0, 1]
    leading = [set(order[:k]) for k in range(4)]

    def marginal(values: dict[int, float]) -> float:
        assert set(values) in leading
        return log_marginal(values)

    def conditional(asked: dict[int, float], given: dict[int, float]) -> float:
        assert {*given} in leading
        return marginal({**asked, **given}) - marginal(given)

    report = check_conditionals(marginal, conditional, 3, order=order, support=SUPPORT)
    assert report.ok, report
    assert report.n_exercised > 16
    undivided = {"order": order, "support": SUPPORT}
    wrong = check_conditionals(marginal, lambda asked, given: marginal({**asked, **given}), 3, **undivided)
    assert "divide by" in wrong.hint


def test_the_answer_about_all_is_that_of_log_prob() -> None:
    answers = (NET.log_marginal, NET.log_conditional, 5)
    assert check_conditionals(*answers, log_prob=NET.log_prob).ok
    report = check_conditionals(*answers, log_prob=lambda x: NET.log_prob(x) / np.log(2))
    assert "otherwise than log_prob" in report.hint
    assert check_conditionals(*answers, log_prob=lambda x: NET.log_prob(x)[:3]).failures[0].where == "log_prob(x).shape"


def test_what_only_wrong_answers_have_in_common_is_told() -> None:
    def deaf_to_3(asked: dict[int, float], given: dict[int, float]) -> float:
        return NET.log_conditional(asked, {d: value for d, value in given.items() if d != 3})

    report = check_conditionals(NET.log_marginal, deaf_to_3, 5)
    assert report.notes == ("only answers are wrong that are given column 3",)
    assert all("x3 = " in failure.where.split("|")[1] for failure in report.failures)
    assert report.worst_error == max(failure.error for failure in report.failures)


def test_nothing_is_told_where_right_answers_have_it_in_common_too() -> None:
    def wrong_of_ones(asked: dict[int, float], given: dict[int, float]) -> float:
        return NET.log_conditional(asked, given) - 0.1 * given.get(2, 0.0)

    report = check_conditionals(NET.log_marginal, wrong_of_ones, 5, order=NET.plan.order)
    assert report.n_failed
    assert report.notes == ()


def test_a_whole_that_can_be_has_parts_that_can() -> None:
    def marginal(values: dict[int, float]) -> float:
        return -np.inf if len(values) == 1 else -float(sum(value**2 for value in values.values()))

    def conditional(asked: dict[int, float], given: dict[int, float]) -> float:
        return marginal({**asked, **given})  # nothing is asked given what has probability 0

    report = check_conditionals(marginal, conditional, 2, support=None)
    assert all(failure.where.endswith(" summed out") for failure in report.failures), report
    assert {failure.got for failure in report.failures} == {-np.inf}


def test_both_routes_are_asked_and_so_is_no_condition() -> None:
    asked_for: set[tuple[tuple[int, ...], tuple[int, ...]]] = set()

    def conditional(asked: dict[int, float], given: dict[int, float]) -> float:
        asked_for.add((tuple(sorted(asked)), tuple(sorted(given))))
        return log_conditional(asked, given)

    assert check_conditionals(log_marginal, conditional, 3, support=SUPPORT).ok
    with_condition = {question for question in asked_for if question[1]}
    assert with_condition == {(given, asked) for asked, given in with_condition}
    assert asked_for != with_condition


@pytest.mark.parametrize("n_values", [2, 16, 300, 1000])
def test_sums_are_of_a_moderate_number_of_terms(n_values: int) -> None:
    questions: list[int] = []

    def independent(values: dict[int, float]) -> float:
        questions.append(len(values))
        return -len(values) * float(np.log(n_values))

    def conditional(asked: dict[int, float], given: dict[int, float]) -> float:
        return -len(asked) * float(np.log(n_values))

    report = check_conditionals(independent, conditional, 12, support=range(n_values))
    assert report.ok, report
    assert len(questions) < MOST_TERMS + 8 * 32


def test_the_suite_asks_it_of_models_that_answer() -> None:
    answers: dict[str, Any] = {"log_marginal": NET.log_marginal, "log_conditional": NET.log_conditional}
    assert suite(NET.adapter(**answers))["conditionals"].status == "passed"
    assert suite(NET.adapter(**answers, leading=True))["conditionals"].status == "passed"
    assert suite(NET.adapter())["conditionals"].reason == "needs log_marginal, log_conditional"
    one = Adapter(n_features=1, **answers)
    assert suite(one)["conditionals"].reason == "of one column there is nothing to be conditioned on"
    with pytest.raises(ValueError, match="leading=True, but order=None"):
        Adapter(n_features=2, leading=True)


def test_a_report_says_the_same_again() -> None:
    wrong = (NET.log_marginal, lambda asked, given: NET.log_marginal(asked), 5)
    first = check_conditionals(*wrong, rng=np.random.default_rng(3))
    assert first == check_conditionals(*wrong, rng=first.seed or 0)
