"""check_autoregressive and check_context: by function alone, to the bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from made_np.testing import Interval, Report, check_autoregressive, check_context, strategies
from made_np.testing.networks import Network
from made_np.testing.wiring import before, position_of

Array = NDArray[Any]
ORDER = [2, 0, 3, 1, 4]
STRICT = before(ORDER).astype(float)


def linear(weights: Array, x: Array) -> Array:
    return np.asarray(np.tanh(x) @ weights.T)


def check(weights: Array = STRICT, **options: Any) -> Report:
    options = {"order": ORDER} | options
    return check_autoregressive(lambda x: linear(weights, x), 5, **options)


@given(strategies.networks())
def test_every_correct_network_passes_with_its_order_and_without(net: Network) -> None:
    options: dict[str, Any] = {"n_params": net.plan.n_params, "lost": "ignore"}
    assert check_autoregressive(net.params, net.plan.n_features, order=net.plan.order, **options).ok
    assert check_autoregressive(net.params, net.plan.n_features, **options).ok


@given(st.integers(0, 4), st.integers(0, 4), st.floats(1e-12, 1.0))
def test_the_faintest_leak_is_found(i: int, j: int, size: float) -> None:
    weights = STRICT.copy()
    if weights[i, j]:
        return
    weights[i, j] = size
    report = check(weights)
    assert [failure.where for failure in report.failures] == [f"output {i} <- input {j}"]
    assert check(weights, order=None).ok == (i != j and not _closes_a_circle(i, j))


def _closes_a_circle(i: int, j: int) -> bool:
    return bool(position_of(ORDER)[i] < position_of(ORDER)[j])


def test_a_relu_that_is_dead_at_one_point_is_seen_at_another() -> None:
    rng = np.random.default_rng(0)
    bias = rng.standard_normal(5) - 1
    leaking = STRICT + np.diag([0, 0, 1, 0, 0])
    report = check_autoregressive(lambda x: np.maximum(np.maximum(x + bias, 0) @ leaking.T, 0), 5, order=ORDER)
    assert "output 2 <- input 2" in [failure.where for failure in report.failures]


def test_extreme_values_are_tried() -> None:
    report = check_autoregressive(lambda x: x @ STRICT.T + (np.abs(x) > 100), 5, order=ORDER)
    assert report.n_failed == 5


def test_a_lost_pair_is_a_note_a_failure_or_nothing() -> None:
    thin = STRICT.copy()
    thin[4, 0] = 0
    noted = check(thin)
    assert noted.ok
    assert "output 4 <- input 0" in noted.notes[0]
    failed = check(thin, lost="fail")
    assert [failure.where for failure in failed.failures] == ["output 4 <- input 0"]
    assert "capacity is lost" in failed.hint
    assert check(thin, order=None, lost="fail").n_failed == 1


def test_a_feature_that_nobody_hears_fails_unless_that_is_ignored() -> None:
    for d in ORDER[:-1]:
        deaf = STRICT.copy()
        deaf[:, d] = 0
        assert [failure.where for failure in check(deaf).failures] == [f"input {d}"]
        assert "nobody hears" in check(deaf).hint
        assert not check(deaf, order=None).ok
        assert check(deaf, lost="ignore").ok
    assert not check(0 * STRICT).ok


@pytest.mark.parametrize("place", [(3, 3), (63, 64), (0, 69), (65, 69), (69, 69)])
def test_inputs_that_share_a_call_are_told_apart(place: tuple[int, int]) -> None:
    weights = np.tril(np.ones((70, 70)), -1)
    calls: list[int] = []

    def fn(x: Array) -> Array:
        calls.append(len(x))
        return linear(weights, x)

    assert check_autoregressive(fn, 70, order=np.arange(70)).ok
    assert len(calls) == 2 + 2
    assert len(set(calls)) == 1
    weights[place] = 1e-9
    report = check_autoregressive(fn, 70, order=np.arange(70))
    assert [failure.where for failure in report.failures] == [f"output {place[0]} <- input {place[1]}"]


def test_order_for_position_and_a_reversed_order_are_recognised() -> None:
    assert "order used for position" in check(before(position_of(ORDER)).astype(float)).hint
    assert "reversed order" in check(STRICT.T).hint
    assert "their own input" in check(STRICT + np.eye(5)).hint
    assert "every output sees every input" in check(np.ones((5, 5))).hint


def test_a_circle_is_shown_where_the_order_is_unknown() -> None:
    circle = np.tril(np.ones((5, 5)), -1)
    circle[0, 1] = 1
    report = check(circle, order=None)
    assert report.failures[0].where == "outputs 0 <- 1 <- 0"


@pytest.mark.parametrize(("layout", "other"), [("interleaved", "blocked"), ("blocked", "interleaved")])
def test_the_layout_of_parameters_matters_and_a_mixture_is_recognised(layout: str, other: str) -> None:
    def fn(x: Array) -> Array:
        y = linear(STRICT, x)
        return np.repeat(y, 2, axis=1) if layout == "interleaved" else np.tile(y, 2)

    assert check_autoregressive(fn, 5, order=ORDER, n_params=2, layout=layout).ok
    report = check_autoregressive(fn, 5, order=ORDER, n_params=2, layout=other)
    assert not report.ok
    assert "two conventions are mixed" in report.hint


def test_features_may_have_different_numbers_of_parameters() -> None:
    counts = [1, 3, 2, 1, 2]
    assert check_autoregressive(
        lambda x: np.repeat(linear(STRICT, x), counts, axis=1), 5, order=ORDER, n_params=counts
    ).ok
    assert not check_autoregressive(
        lambda x: np.repeat(linear(STRICT, x), counts[::-1], axis=1), 5, order=ORDER, n_params=counts
    ).ok


def test_inputs_stay_within_their_support() -> None:
    seen: list[Array] = []

    def fn(x: Array) -> Array:
        seen.append(x)
        return linear(STRICT, x)

    columns: Any = [(0, 1), (0, 1, 2), (3,), Interval(-1, 1), (0, 5)]
    check_autoregressive(fn, 5, order=ORDER, support=columns, lost="ignore")
    for d, values in enumerate(columns):
        column = np.concatenate([x[:, d] for x in seen])
        if not isinstance(values, Interval):
            assert set(column) == set(values)


def test_bits_that_vary_fail_with_advice() -> None:
    rng = np.random.default_rng(0)
    report = check_autoregressive(lambda x: linear(STRICT, x) + 1e-12 * rng.random(), 5, order=ORDER)
    assert "give atol" in report.hint
    assert check_autoregressive(lambda x: linear(STRICT, x) + 1e-12 * rng.random(), 5, order=ORDER, atol=1e-9).ok
    assert check(STRICT + 1e-9 * np.eye(5), atol=1e-6).ok
    assert not check(STRICT + 1e-9 * np.eye(5), atol=1e-12).ok


@pytest.mark.parametrize(
    ("fn", "where"),
    [(lambda x: x[:, :3], "fn(x).shape"), (lambda x: x[0], "fn(x).shape"), (lambda x: x * np.nan, "fn(x)")],
)
def test_an_answer_of_the_wrong_kind_fails(fn: Any, where: str) -> None:
    assert [failure.where for failure in check_autoregressive(fn, 5, order=ORDER).failures] == [where]


def test_nan_that_appears_is_a_change() -> None:
    def fn(x: Array) -> Array:
        y = linear(STRICT, x)
        y[:, 2] = np.where(np.abs(x[:, 4]) > 100, np.nan, 0.0)
        return y

    assert [failure.where for failure in check_autoregressive(fn, 5, order=ORDER).failures] == ["output 2 <- input 4"]


def test_one_feature_may_depend_on_nothing() -> None:
    assert check_autoregressive(lambda x: 0 * x + 3, 1, order=[0]).ok
    assert not check_autoregressive(lambda x: x, 1, order=[0]).ok
    assert not check_autoregressive(lambda x: x, 1).ok


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"order": [1, 2, 3, 4, 5]}, "permutation"),
        ({"lost": "maybe"}, "lost='maybe' is unknown"),
        ({"points": 0}, "points=0: give an integer in 1"),
        ({"support": [(0, 1)]}, "speaks of 1 columns"),
        ({"support": [(0, np.nan)] * 5}, "support of column 0"),
        ({"support": [()] * 5}, "support of column 0"),
        ({"layout": "x"}, "layout='x' is unknown"),
    ],
)
def test_bad_arguments_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check(**change)


# ---------------------------------------------------------------------------------------------------- context


def given_context(x: Array, y: Array, weights: Any = 1.0) -> Array:
    return linear(STRICT, x) + weights * y.sum(axis=1, keepdims=True)


def test_context_that_reaches_everyone_passes() -> None:
    report = check_context(given_context, 5, 2)
    assert report.ok
    assert (report.n_checked, report.n_exercised, report.notes) == (10, 10, ())


def test_context_that_misses_the_first_feature_is_found() -> None:
    report = check_context(lambda x, y: given_context(x, y, np.array([1, 1, 0, 1, 1])), 5, 2)
    assert [failure.where for failure in report.failures] == ["feature 2"]
    assert "degree 0" in report.hint


def test_context_that_nobody_hears_is_found() -> None:
    report = check_context(lambda x, y: given_context(x, y[:, :1]), 5, 2)
    assert [failure.where for failure in report.failures] == ["context 1"]
    assert report.n_failed == 1
    assert report.n_exercised == 5
    assert report.notes == ("5 of 10 pairs of a feature and a context input carried nothing",)


def test_one_of_several_parameters_is_enough() -> None:
    weights = np.array([0, 1] * 5)
    assert check_context(lambda x, y: np.repeat(given_context(x, 0 * y), 2, axis=1) + weights * y, 5, 1, n_params=2).ok


def test_a_wrong_shape_is_reported() -> None:
    assert check_context(lambda x, y: x[:, :2], 5, 1).failures[0].where == "fn(x, context).shape"


def alive_where_all_are_one(x: Array) -> Array:
    """Feature 7 hears a relu that is live where all bits before it are 1: one row in 128."""
    return np.concatenate([np.zeros((len(x), 7)), np.maximum(x[:, :7].sum(axis=1, keepdims=True) - 6, 0)], axis=1)


def test_an_input_is_called_unheard_only_after_a_closer_look() -> None:
    report = check_autoregressive(alive_where_all_are_one, 8, order=range(8), support=(0, 1))
    assert report.ok, report
    assert report.n_exercised == 7
    dead = check_autoregressive(lambda x: alive_where_all_are_one(x * 0.5), 8, order=range(8), support=(0, 1))
    assert [failure.where for failure in dead.failures] == [f"input {j}" for j in range(7)]
    lost = check_autoregressive(alive_where_all_are_one, 8, order=range(8), support=(0, 1), lost="fail")
    assert lost.n_failed == 28 - 7


def test_context_is_called_unheard_only_after_a_closer_look() -> None:
    def far(x: Array, y: Array) -> Array:
        return np.maximum(y[:, :1] - 30, 0) + 0 * x

    assert check_context(far, 3, 1).ok
    deaf = check_context(lambda x, y: far(x, y) * [0, 1, 1], 3, 1)
    assert [failure.where for failure in deaf.failures] == ["feature 0"]
    overflow = check_context(lambda x, y: np.where(y[:, :1] > 30, np.nan, 1.0) + 0 * x, 3, 1)
    assert overflow.n_failed == 4
