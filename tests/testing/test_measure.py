"""Probabilities of ranges and sets: what is a measure passes, and each rule that is broken is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from made_np.testing import Adapter, Interval, check_measure, suite
from made_np.testing.counting import share
from made_np.testing.networks import random_network
from made_np.testing.questions import askable, can_be_cut, cut, draw_test, everything, nothing

N = 400
RNG = np.random.default_rng(0)
WORDS = ("ash", "birch", "cedar")
SUPPORT: list[Any] = [(0, 1), Interval(-3, 3), (1, 2, 3, 10), list(WORDS)]
ROWS = np.stack(
    [RNG.integers(0, 2, N), np.where(RNG.random(N) < 0.4, 0, RNG.normal(size=N)), RNG.choice((1, 2, 3, 10), N)], axis=1
)
TREES = RNG.choice(WORDS, N)
WEIGHTS = RNG.random(N)


def passes(where: dict[Any, Any], rows: Any = ROWS) -> Any:
    """Which rows pass, of numbers and words."""
    found = np.ones(len(rows), dtype=bool)
    for d, test in where.items():
        if isinstance(test, set):
            found &= np.isin(TREES, sorted(test))
        else:
            low, high = (
                end if end is not None else beyond for end, beyond in zip(test, (-np.inf, np.inf), strict=True)
            )
            found &= (rows[:, d] >= low) & (rows[:, d] <= high)
    return found


def weighed(where: dict[Any, Any]) -> float:
    return float(WEIGHTS[passes(where)].sum() / WEIGHTS.sum())


def test_a_weighted_set_of_rows_is_a_measure_whatever_its_columns_hold() -> None:
    for seed in range(10):
        report = check_measure(weighed, 4, support=SUPPORT, rng=seed)
        assert report.ok, report
        assert report.n_exercised > 100


def test_columns_are_asked_for_by_their_names() -> None:
    names = ["sex", "money", 2, "tree"]
    asked: set[Any] = set()

    def probability(where: dict[Any, Any]) -> float:
        asked.update(where)
        return weighed({names.index(name): test for name, test in where.items()})

    assert check_measure(probability, 4, support=SUPPORT, names=names).ok
    assert asked == set(names)


def test_an_open_range_need_not_hold_the_gaps() -> None:
    gone = RNG.random(N) < 0.3

    def probability(where: dict[Any, Any]) -> float:
        return float((passes(where) & ~(gone & (1 in where))).mean())

    report = check_measure(probability, 4, support=SUPPORT)
    assert report.hint.startswith("weights are not divided")
    assert report.failures[0].where.startswith("everything: P({1: (None, None)})")
    assert check_measure(probability, 4, support=SUPPORT, gaps=True).ok


def half_open(where: dict[Any, Any]) -> float:
    """A value at the upper end is left out."""
    return weighed(
        {d: t if isinstance(t, set) or t[1] is None else (t[0], np.nextafter(t[1], -9)) for d, t in where.items()}
    )


def writes(where: dict[Any, Any]) -> float:
    answer = weighed(where)
    for test in where.values():
        if isinstance(test, set):
            test.clear()
    where.clear()
    return answer


BROKEN: list[tuple[Callable[[dict[Any, Any]], Any], str, str]] = [
    (lambda where: weighed(where) + 1e-6 * RNG.random(), "stable: P(", "draws anew"),
    (lambda where: weighed(where) * 0.999, "everything: P({})", "weights are not divided"),
    (lambda where: max(weighed(where), 1e-6), "nothing: P(", "no answer is let below a floor"),
    (lambda where: weighed(where) ** 2, "additive: P(", "an answer is clipped"),
    (half_open, "additive: P(", "the ends: a range (low, high) holds both"),
    (lambda where: weighed(where) * (1 + len(where) / 9), "P(", "a probability is one number"),
    (lambda where: -weighed(where), "P(", "a probability is one number"),
]


@pytest.mark.parametrize(("probability", "where", "hint"), BROKEN)
def test_each_broken_rule_is_told(probability: Callable[[Any], Any], where: str, hint: str) -> None:
    report = check_measure(probability, 3, support=SUPPORT[:3])
    assert any(failure.where.startswith(where) for failure in report.failures), report
    assert hint in report.hint


def test_more_tests_with_a_larger_answer_are_told() -> None:
    def probability(where: dict[Any, Any]) -> float:
        return weighed({d: test for d, test in where.items() if d != 1 or len(where) < 3})

    report = check_measure(probability, 3, support=SUPPORT[:3])
    assert any(failure.where.startswith("monotone: P(") and failure.hint for failure in report.failures), report


def test_a_cut_at_a_tie_is_asked_for_in_a_column_of_real_numbers() -> None:
    """Zeros of money lie at an end of few ranges that are drawn blindly."""
    report = check_measure(half_open, 1, support=[SUPPORT[1]], names=[1], n=200)
    assert not report.ok


def test_the_question_may_be_written_to() -> None:
    assert check_measure(writes, 4, support=SUPPORT).ok


@pytest.mark.parametrize("answer", [None, "x", [0.5, 0.5], np.array([0.5]), 1j, np.nan])
def test_what_is_no_number_ends_the_check(answer: Any) -> None:
    report = check_measure(lambda where: answer, 2)
    assert not report.ok
    assert report.n_failed == 1


def test_an_answer_that_is_never_between_0_and_1_proves_nothing() -> None:
    report = check_measure(lambda where: share(np.full((9, 1), 0.5), where), 1, support=Interval(10, 11), n=64)
    assert report.failures[0].where == "exercised"


@pytest.mark.parametrize("column", askable(SUPPORT, 4), ids=["bits", "real", "numbers", "words"])
def test_of_a_cut_every_value_passes_one_part(column: Any) -> None:
    rng = np.random.default_rng(1)
    words = isinstance(column, tuple)
    values = np.array(column) if words else np.unique(np.concatenate([ROWS.ravel(), np.arange(-3, 11, 0.25)]))

    def inside(test: Any) -> Any:
        if words:
            return np.isin(values, sorted(test))
        return (values >= (-np.inf if test[0] is None else test[0])) & (
            values <= (np.inf if test[1] is None else test[1])
        )

    for _ in range(200):
        test = draw_test(column, rng)
        whole = test if can_be_cut(test) else everything(column)
        first, second = (inside(part) for part in cut(whole, column, rng))
        assert not (first & second).any()
        assert np.array_equal(first | second, inside(whole))
        assert not inside(nothing(column, rng)).any()
    assert inside(everything(column)).all()


def test_correct_networks_pass_as_a_part_of_the_suite() -> None:
    adapter = random_network(np.random.default_rng(3)).adapter()
    assert suite(adapter)["measure"].status == "passed"
    assert suite(Adapter(n_features=2))["measure"].reason == "needs probability"


REFUSED: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"probability": 3}, TypeError, "probability=3"),
    ({"n_features": 0}, ValueError, "n_features=0"),
    ({"support": [("a", "a"), (0, 1)]}, ValueError, "support of column 0 lists a word twice"),
    ({"support": [("a", "b")]}, ValueError, "support speaks of 1 columns, there are 2"),
    ({"support": [("a", 3), (0, 1)]}, TypeError, "support of column 0"),
    ({"names": ["a"]}, ValueError, "names has 1 entries for 2 columns"),
    ({"names": ["a", "a"]}, ValueError, "two columns have one name"),
    ({"names": ["a", 1.5]}, TypeError, r"names\[1\]=1.5"),
    ({"names": "ab"}, TypeError, "names='ab'"),
    ({"gaps": 1}, TypeError, "gaps=1"),
    ({"n": 0}, ValueError, "n=0"),
    ({"atol": -1}, ValueError, "atol=-1"),
    ({"rng": "0"}, TypeError, "rng='0'"),
]


@pytest.mark.parametrize(("given", "error", "match"), REFUSED)
def test_arguments_that_cannot_be_meant_are_refused(given: dict[str, Any], error: type[Exception], match: str) -> None:
    arguments: dict[str, Any] = {"probability": lambda where: 1.0, "n_features": 2, **given}
    with pytest.raises(error, match=match):
        check_measure(**arguments)


def test_the_line_that_reproduces_runs_the_same_check() -> None:
    report = check_measure(half_open, 3, support=[(0, 1), Interval(-3, 3), (1, 2, 3, 10)], rng=5)
    support = SUPPORT[:3]
    again = eval(report.reproduce, {"check_measure": check_measure, "half_open": half_open, "support": support})
    assert again.to_dict() == report.to_dict()
