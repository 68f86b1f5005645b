"""What functions under test return: whatever it is, the report says what came back, and nothing is raised."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from made_np.testing import (
    Adapter,
    Report,
    check_autoregressive,
    check_consistency,
    check_context,
    check_gradient,
    check_normalised,
    check_sampler,
    check_vjp,
    suite,
)
from made_np.testing.mutants.mutant import standard

from .hostile import ANSWERS, Own, Shrinks, raises, writes

NET = standard(np.random.default_rng(0), (4,), (1, 2, 0), n_context=1)
RIGHT = NET.adapter()
X = np.random.default_rng(0).standard_normal((2, 2))


def is_numeric(answer: Any) -> bool:
    """Whether NumPy makes an array of real numbers of it."""
    try:
        return np.asarray(answer).dtype.kind in "biuf"
    except Exception:
        return False


CHECKS: dict[str, tuple[Callable[[Any], Report], Any]] = {
    "autoregressive": (lambda fn: check_autoregressive(fn, 3, order=NET.plan.order, points=2), RIGHT.params),
    "consistency": (lambda fn: check_consistency(fn, 3), RIGHT.params),
    "context": (lambda fn: check_context(fn, 3, 1, points=2), RIGHT.params_given),
    "gradient": (lambda fn: check_gradient(NET.loss, fn, NET.theta, entries=5), RIGHT.grad),
    "directions": (lambda fn: check_gradient(NET.loss, fn, NET.theta, method="directions"), RIGHT.grad),
    "normalised": (lambda fn: check_normalised(fn, 3), RIGHT.log_prob),
    "sampler": (lambda fn: check_sampler(fn, RIGHT.conditional, 3, n=8), RIGHT.sample),
    "conditional": (lambda fn: check_sampler(RIGHT.sample, fn, 3, n=8), RIGHT.conditional),
    "inverse": (lambda fn: check_sampler(RIGHT.sample, None, 3, inverse=fn, n=8), NET.inverse),
    "vjp": (lambda fn: check_vjp(np.tanh, fn, (X,), names=["x"]), lambda dy, x: dy / np.cosh(x) ** 2),
}
"""A check with the function under test left open, and the right one."""


class Late:
    """The right function, but from call ``k`` on what it returns is ``answer``."""

    def __init__(self, right: Callable[..., Any], k: int, answer: Any) -> None:
        self.right = right
        self.left = k
        self.answer = answer

    def __call__(self, *arguments: Any) -> Any:
        self.left -= 1
        return self.right(*arguments) if self.left >= 0 else self.answer


@pytest.mark.parametrize("name", CHECKS)
def test_the_right_function_passes(name: str) -> None:
    check, right = CHECKS[name]
    assert check(right).ok


@pytest.mark.parametrize("k", [0, 1, 2, 3, 5])
@pytest.mark.parametrize("name", CHECKS)
def test_an_answer_that_is_no_array_of_numbers_is_a_failure_whenever_it_comes(name: str, k: int) -> None:
    check, right = CHECKS[name]
    for answer in ANSWERS:
        late = Late(right, k, answer)
        report = check(late)
        assert str(report)
        if late.left < 0 and not is_numeric(answer):
            assert not report.ok, answer


@pytest.mark.parametrize("name", CHECKS)
def test_the_failure_says_what_came_back(name: str) -> None:
    check, _ = CHECKS[name]
    ragged = "2 " if name == "vjp" else "[[1.0], [1.0, 2.0]]"  # of several inputs each has its gradient
    for answer, word in (
        (None, "no gradient" if name == "vjp" else "None"),
        ("x", "'x'"),
        (1j, "complex128"),
        ([[1.0], [1.0, 2.0]], ragged),
    ):
        assert word in str(check(lambda *_, answer=answer: answer)), answer
    assert "(3, 5)" in str(check(lambda *_: np.zeros((3, 5))))


@pytest.mark.parametrize("name", CHECKS)
def test_what_a_function_does_to_its_arguments_ends_no_check(name: str) -> None:
    check, right = CHECKS[name]
    for spoil in (writes, Shrinks()):

        def spoiling(*arguments: Any, spoil: Any = spoil) -> Any:
            answer = np.array(right(*arguments))
            spoil(*arguments)
            return answer

        str(check(spoiling))
        str(check(spoil))


@pytest.mark.parametrize("name", CHECKS)
def test_an_exception_of_their_own_leads_to_their_line(name: str) -> None:
    if name == "consistency":
        assert "Own" in str(CHECKS[name][0](raises))
    else:
        with pytest.raises(Own):
            CHECKS[name][0](raises)


@pytest.mark.parametrize("name", CHECKS)
def test_a_work_buffer_is_no_fault_where_rows_are_not_compared(name: str) -> None:
    check, right = CHECKS[name]
    buffers: dict[tuple[int, ...], Any] = {}

    def in_buffer(*arguments: Any) -> Any:
        answer = np.asarray(right(*arguments), dtype=np.float64)
        buffer = buffers.setdefault(answer.shape, np.empty(answer.shape))
        buffer[...] = answer
        return buffer

    report = check(in_buffer)
    assert report.ok == (name != "consistency")
    assert report.n_exercised == check(right).n_exercised


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (None, "f must return one number, got None"),
        ([[1.0], [1.0, 2.0]], r"f must return one number, got \[\[1.0\], \[1.0, 2.0\]\]"),
        ("1", "f must return one number, got '1'"),
        (1j, "f must return a real number at a real x, got 1j"),
        (10**400, "f must return one number"),
    ],
)
def test_without_a_number_of_f_there_is_nothing_to_compare(answer: Any, message: str) -> None:
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    with pytest.raises(ValueError, match=message):
        check_gradient(lambda x: answer, np.sin, X[0], rng=rng)
    assert rng.bit_generator.state == before
    with pytest.raises(ValueError, match="forward must return an array of real numbers"):
        check_vjp(lambda x: "x", lambda dy, x: dy, (X,), rng=rng)
    assert rng.bit_generator.state == before


def test_a_forward_pass_of_changing_shape_is_named() -> None:
    with pytest.raises(
        ValueError, match=r"forward must return an array of real numbers of shape \(2, 2\) at each call"
    ):
        check_vjp(Late(np.tanh, 1, np.zeros(3)), lambda dy, x: dy / np.cosh(x) ** 2, (X,))


@pytest.mark.parametrize("kind", [bool, int, np.uint8, np.float64, np.longdouble])
def test_a_function_may_return_any_real_number(kind: Any) -> None:
    weights = np.array([0.0, 1.0])
    report = check_gradient(lambda x: kind(3), lambda x: 0 * weights, X[0])
    assert [failure.where for failure in report.failures] == ["exercised"]


def test_whole_numbers_are_compared_as_numbers() -> None:
    # An unsigned difference below 0 would be a very large one.
    assert check_gradient(lambda x: np.uint8(x[0] < 1), lambda x: 0 * x, np.array([1.0, 2.0])).n_kinks == 1


FUNCTIONS = ("params", "log_prob", "sample", "conditional", "loss", "grad", "params_given")


@pytest.mark.parametrize("field", FUNCTIONS)
def test_a_suite_never_ends_in_an_error_of_its_own(field: str) -> None:
    for answer in ANSWERS:
        report = suite(NET.adapter(**{field: lambda *_, answer=answer: answer}))
        single = isinstance(answer, np.float32) and field == "loss"  # that is no fault: its gradient is skipped
        assert not report.ok or (single and report["gradient"].status == "skipped"), answer
        for error in ("AttributeError", "IndexError", "TypeError", "RuntimeWarning"):
            assert error not in str(report), answer


def test_an_exception_without_words_is_a_failure_too() -> None:
    class Wordless(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    def fails(x: Any) -> Any:
        raise Wordless

    assert "Wordless" in str(suite(Adapter(n_features=2, log_prob=fails)))


def test_columns_of_one_value_may_be_many() -> None:
    assert check_normalised(lambda x: np.zeros(len(x)), 70, support=(5,)).ok
    report = check_normalised(lambda x: x[:, 0] * 0 - np.log(2), 70, support=[(0, 1), *[(5,)] * 69])
    assert report.ok
    assert report.n_checked == 2
