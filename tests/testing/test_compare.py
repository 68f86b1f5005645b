"""The rule that decides, and the small tools around it."""

from __future__ import annotations

import numpy as np
import pytest

from made_np.testing.compare import call_line, callable_name, excess, failures_of, namer, same, seed_of, worst_of

from .hostile import Odd


def test_the_rule_is_the_formula() -> None:
    got, want = np.array([1.0, 1.0, 0.0]), np.array([1.5, 0.5, 0.25])
    expected = [0.5 / (0.1 + 0.2 * 1.5), 0.5 / (0.1 + 0.2 * 1.0), 0.25 / (0.1 + 0.2 * 0.25)]
    np.testing.assert_allclose(excess(got, want, 0.2, 0.1), expected)
    np.testing.assert_allclose(excess(got, want, 0.2, 0.1, noise=1.0), [0.5 / 1.4, 0.5 / 1.3, 0.25 / 1.15])


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_fails_on_either_side(odd: float) -> None:
    for got, want in ((odd, 1.0), (1.0, odd), (odd, odd)):
        assert excess(got, want, 1e3, 1e3) == np.inf


def test_equal_numbers_pass_at_zero_tolerance_and_others_do_not() -> None:
    np.testing.assert_array_equal(excess([1.0, 0.0, 1.0], [1.0, 0.0, 1.1], 0.0, 0.0), [0, 0, np.inf])


def test_same_is_about_bits() -> None:
    got = np.array([1.0, np.nan, 0.0, 1.0])
    want = np.array([1.0, np.nan, -0.0, 1.0 + 1e-16 + 2.3e-16])
    np.testing.assert_array_equal(same(got, want), [True, True, True, False])


def test_seed_of_takes_a_seed_or_a_generator() -> None:
    assert seed_of(7) == 7
    assert seed_of(np.int64(7)) == 7
    assert seed_of(np.random.default_rng(1)) == seed_of(np.random.default_rng(1))
    for bad in (None, 1.5, True, "1", np.array([1])):
        with pytest.raises(TypeError, match=r"rng=.*: give an integer >= 0"):
            seed_of(bad)  # type: ignore[arg-type]
    for outside in (-1, 2**128 + 1, 10**5000):
        with pytest.raises(ValueError, match=r"rng=.*: give "):
            seed_of(outside)


def test_namer_takes_a_callable_a_sequence_or_nothing() -> None:
    assert namer(None, 3)(2) == "x[2]"
    assert namer(str, 3)(2) == "2"
    assert namer(["a", "b", "c"], 3)(2) == "c"
    with pytest.raises(ValueError, match="2 entries for 3 numbers"):
        namer(["a", "b"], 3)


def test_failures_come_worst_first_and_nan_before_all() -> None:
    got, want = np.array([1.0, 3.0, np.nan, 2.0]), np.array([1.0, 1.0, 1.0, 1.0])
    ratio = excess(got, want, 0.1, 0.1)
    assert [failure.where for failure in failures_of(got, want, ratio, str)] == ["2", "1", "3"]
    assert worst_of(np.abs(got - want), ratio, str)[1] == "2"
    assert worst_of(np.zeros(0), np.zeros(0), str) == (0.0, "")


def test_call_line_can_be_typed_again() -> None:
    line = call_line("check", "f", rng=1, order=None, layout="blocked", masks=np.ones(3), rtol=float("inf"))
    assert line == "check(f, rng=1, order=None, layout='blocked', masks=masks, rtol=float('inf'))"
    assert callable_name(np.sum, "f") == "sum"
    assert callable_name(lambda x: x, "f") == "f"
    assert callable_name(Odd(), "f") == "f"
