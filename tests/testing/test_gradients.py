"""check_gradient and check_close: each promise is broken once, and kept once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_np.testing import check_close, check_gradient
from made_np.testing.compare import Floats
from made_np.testing.differences import STEP

from .functions import X, off, one_changed, slope, smooth


@pytest.mark.parametrize("method", ["central", "complex", "directions"])
def test_a_right_gradient_passes(method: str) -> None:
    report = check_gradient(smooth, slope, X, method=method)
    assert report.ok, report
    n = 8 if method == "directions" else 12
    assert (report.n_checked, report.n_exercised, report.n_kinks) == (n, n, 0)
    assert report.worst_error < {"central": 1e-8, "complex": 1e-13, "directions": 1e-8}[method]


@pytest.mark.parametrize("method", ["central", "complex"])
@pytest.mark.parametrize("change", [lambda g: 1.00001 * g, lambda g: -g, lambda g: 0.0, lambda g: np.nan])
@pytest.mark.parametrize("k", [0, 5, 11])
def test_one_wrong_entry_is_found_and_named(method: str, change: Callable[[float], float], k: int) -> None:
    names = [f"W[{i // 4}, {i % 4}]" for i in range(12)]
    report = check_gradient(smooth, one_changed(k, change), X, method=method, names=names)
    assert report.n_failed == 1
    assert report.failures[0].where == report.worst_where == names[k]


def test_one_wrong_entry_is_found_by_directions() -> None:
    report = check_gradient(smooth, one_changed(3, lambda g: 1.01 * g), X, method="directions")
    assert report.n_failed == 8
    assert any("no proof" in note for note in report.notes)


@pytest.mark.parametrize("factor", [1 + 3e-6, 1 + 1e-4])
def test_failures_are_counted_whatever_their_size(factor: float) -> None:
    report = check_gradient(smooth, off(lambda g: np.append(factor * g[:4], g[4:])), X)
    assert report.n_failed == len(report.failures) == 4
    assert check_gradient(smooth, off(lambda g: (1 + 3e-7) * g), X).ok


def test_broken_promises_and_wrong_entries_add_up() -> None:
    frozen = np.arange(12) == 7
    report = check_gradient(smooth, off(lambda g: np.append(-g[:2], g[2:] * ~frozen[2:])), X, frozen=frozen)
    where = [failure.where for failure in report.failures]
    assert sorted(where) == ["f, changing x[7], masked", "x[0]", "x[1]"]
    assert report.n_failed == 3


@pytest.mark.parametrize("method", ["central", "directions"])
def test_with_every_entry_frozen_nothing_is_exercised(method: str) -> None:
    report = check_gradient(lambda x: 1.0, np.zeros_like, X, frozen=np.ones(12, dtype=bool), method=method)
    assert [failure.where for failure in report.failures] == ["exercised"]
    assert report.n_checked == 12


def test_steps_grow_with_the_size_of_x() -> None:
    x, scale = np.array([0.5, -3e4]), np.array([1, 3e4])
    seen: list[Floats] = []

    def grad(at: Floats) -> Floats:
        return np.asarray(np.cos(at / scale) / scale)

    def f(at: Floats) -> Any:
        seen.append(at.copy())
        return np.sum(np.sin(at / scale))

    assert check_gradient(f, grad, x).ok
    alone = [np.abs(at - x) for at in seen if np.count_nonzero(at != x) == 1]
    assert {round(float(step.max() / STEP), 3) for step in alone} == {1.0, 30000.0}
    seen.clear()
    assert check_gradient(f, grad, x, method="directions").ok
    moves = np.abs(seen[-16:] - x) / (STEP * np.abs([1, 3e4]))
    assert 0.02 < moves.min() < moves.max() < 10


def test_got_and_want_are_the_two_sides_of_the_failure() -> None:
    failure = check_gradient(smooth, one_changed(2, lambda g: 3 * g), X).failures[0]
    right = slope(X)[2]
    assert failure.got == 3 * right
    assert failure.want == pytest.approx(right, rel=1e-8)
    assert failure.ratio == pytest.approx(3)
    assert failure.error == pytest.approx(2 * abs(right))


def test_nothing_exercised_fails() -> None:
    report = check_gradient(lambda x: 1.0, np.zeros_like, X)
    assert report.n_failed == 1
    assert report.failures[0].where == "exercised"
    assert "every derivative is 0" in report.hint


def test_few_exercised_is_noted() -> None:
    report = check_gradient(lambda x: x[0] ** 2, lambda x: 2 * x * (np.arange(12) == 0), X)
    assert report.ok
    assert report.n_exercised == 1
    assert "only 1 of 12" in report.notes[0]


# ---------------------------------------------------------------------------------------------------- kinks


def kinked(at: float) -> tuple[Callable[[Any], Any], Callable[[Floats], Floats]]:
    """A relu whose kink lies at x[0] = at, with the slope of the right side at the kink itself."""

    def f(x: Any) -> Any:
        return np.maximum(x[0] - at, 0) + np.sum(x[1:] ** 2)

    def grad(x: Floats) -> Floats:
        return np.append((x[0] - at >= 0) * 1.0, 2 * x[1:])

    return f, grad


@pytest.mark.parametrize("distance", [0.0, 0.1, -0.1, 0.6, -0.6])
def test_a_kink_within_the_step_is_skipped_and_counted(distance: float) -> None:
    x = np.array([0.5, 1.0, 2.0])
    report = check_gradient(*kinked(0.5 + distance * STEP), x)
    assert report.ok, report
    assert report.n_kinks == (1 if abs(distance) < 0.25 else 0)
    assert report.worst_error < 1e-8


def test_a_kink_beyond_the_step_hides_nothing() -> None:
    f, grad = kinked(0.5 + 1.5 * STEP)
    assert check_gradient(f, grad, np.array([0.5, 1.0, 2.0])).ok
    report = check_gradient(f, lambda x: grad(x) + np.array([0.1, 0, 0]), np.array([0.5, 1.0, 2.0]))
    assert (report.n_failed, report.n_kinks) == (1, 0)


def test_a_wrong_entry_beside_a_kink_is_still_found() -> None:
    f, grad = kinked(0.5)
    report = check_gradient(f, lambda x: grad(x) + np.array([0, 0.1, 0]), np.array([0.5, 1.0, 2.0]))
    assert [failure.where for failure in report.failures] == ["x[1]"]
    assert report.n_kinks == 1


def test_the_complex_step_sees_a_kink_at_the_point() -> None:
    def f(x: Any) -> Any:
        return np.sum(np.where(x.real > 0, x, 0)) + np.sum(np.where((x.real == 0) & (x.imag > 0), x, 0)) + x @ x

    x = np.array([0.0, 1.0, 2.0])
    report = check_gradient(f, lambda x: (x > 0) + 2 * x, x, method="complex")
    assert report.ok
    assert report.n_kinks == 1


def test_a_function_full_of_kinks_fails() -> None:
    report = check_gradient(lambda x: np.sum(np.abs(x - X) + x), lambda x: np.ones(12) * 2, X)
    assert report.n_kinks == 12
    assert not report.ok
    assert any(failure.where == "kinks" for failure in report.failures)


# -------------------------------------------------------------------------------------------------- arguments


def test_float32_is_refused_with_advice() -> None:
    with pytest.raises(ValueError, match=r"float32.*float64.*check_close"):
        check_gradient(smooth, slope, X.astype(np.float32))
    with pytest.raises(ValueError, match=r"f returns float32.*check_close"):
        check_gradient(lambda x: np.float32(smooth(x)), slope, X)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": X[None]}, "must be a float64 vector"),
        ({"x": [1, 2]}, "must be a float64 vector"),
        ({"x": np.append(X[1:], np.nan)}, "x holds nan"),
        ({"method": "forward"}, "method='forward' is unknown"),
        ({"n_directions": 7}, r"n_directions=7: give an integer in 8\.\.10000"),
        ({"frozen": np.zeros(12)}, "frozen must be boolean"),
        ({"frozen": np.zeros(11, dtype=bool)}, "frozen must be boolean"),
        ({"names": ["a"]}, "1 entries for 12 numbers"),
        ({"entries": [12]}, "indices in 0..11"),
        ({"entries": [-1]}, "indices in 0..11"),
        ({"entries": [0.5]}, "indices in 0..11"),
        ({"f": lambda x: x}, "must return one number"),
    ],
)
def test_bad_arguments_are_refused(change: dict[str, Any], message: str) -> None:
    given_: dict[str, Any] = {"f": smooth, "grad": slope, "x": X} | change
    with pytest.raises(ValueError, match=message):
        check_gradient(given_.pop("f"), given_.pop("grad"), given_.pop("x"), **given_)


def test_the_complex_step_refuses_what_takes_no_complex_numbers() -> None:
    with pytest.raises(TypeError, match="use method='central'"):
        check_gradient(lambda x: np.logaddexp(0, x).sum(), slope, X, method="complex")
    with pytest.raises(TypeError, match="use method='central'"):
        check_gradient(lambda x: smooth(x.astype(np.float64)), slope, X, method="complex")


def test_entries_can_be_chosen_or_counted() -> None:
    wrong = one_changed(5, lambda g: -g)
    assert not check_gradient(smooth, wrong, X, entries=[5]).ok
    report = check_gradient(smooth, wrong, X, entries=[4, 6])
    assert report.ok
    assert report.n_checked == 2
    assert "2 of 12 entries were swept" in report.notes
    assert check_gradient(smooth, slope, X, entries=7).n_checked == 7
    assert check_gradient(smooth, slope, X, entries=99).n_checked == 12
    assert check_gradient(smooth, slope, X, entries=[0, 11], frozen=np.arange(12) == 12).n_checked == 2
    assert check_gradient(smooth, slope, X, entries=[4]).reproduce.endswith("rng=0, entries=entries)")
    assert check_gradient(smooth, slope, X, entries=4).reproduce.endswith("rng=0, entries=4)")


def test_a_report_can_be_repeated_from_its_line() -> None:
    first = check_gradient(smooth, off(lambda g: 2 * g), X, method="directions", rng=np.random.default_rng(3))
    line = first.reproduce.replace("<lambda>", "grad")
    names = {"check_gradient": check_gradient, "smooth": smooth, "grad": off(lambda g: 2 * g), "x": X}
    assert eval(line, names) == first


# ------------------------------------------------------------------------------------------------ the numbers


@given(st.integers(0, 2**32 - 1), st.floats(-3, 3))
def test_no_false_alarm_at_any_scale(seed: int, power: float) -> None:
    rng = np.random.default_rng(seed)
    scale, W = 10.0**power, rng.standard_normal((5, 4))
    x = rng.standard_normal(4)
    report = check_gradient(
        lambda x: scale * np.sum(np.tanh(W @ x)), lambda x: scale * (W.T @ (1 - np.tanh(W @ x) ** 2)), x
    )
    assert report.ok, report


def test_cancellation_inside_f_is_no_false_alarm() -> None:
    report = check_gradient(lambda x: (1e8 + np.sum(x**2)) - 1e8, lambda x: 2 * x, X)
    assert report.ok, report


def test_close_compares_single_with_double_precision() -> None:
    right = slope(X)
    assert check_close(right.astype(np.float32), right).ok
    assert not check_close(right * (1 + 1e-4), right).ok
    assert check_close(right * (1 + 1e-4), right, rtol=1e-3).ok
    assert not check_close(np.where(np.arange(12) == 3, np.nan, right), right).ok
    assert check_close(right.reshape(3, 4), right).failures[0].where == "shape"
    assert check_close(-right, right, names=[f"W[{k}]" for k in range(12)]).failures[0].where.startswith("W[")


@pytest.mark.parametrize("method", ["central", "directions"])
@pytest.mark.parametrize("odd", [np.inf, -np.inf, np.nan, 1e308])
def test_what_is_beyond_all_numbers_nearby_is_a_failure_and_no_warning(method: str, odd: float) -> None:
    def cliff(x: Floats) -> Any:
        return smooth(x) if np.array_equal(x, X) else odd * np.sign(x[0] - X[0] + 1e-300)

    frozen = np.arange(12) == 3
    assert not check_gradient(cliff, slope, X, method=method, frozen=frozen).ok
    assert not check_gradient(smooth, lambda x: np.where(frozen, odd, -odd), X, method=method).ok
    assert not check_close(np.full(2, odd), np.full(2, -odd)).ok


def test_close_of_nothing_but_zeros_is_not_exercised() -> None:
    assert not check_close(np.zeros(3), np.zeros(3)).ok
