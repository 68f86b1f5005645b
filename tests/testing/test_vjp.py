"""check_vjp: each promise of a backward pass is broken once, and kept once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from made_np.testing import Report, check_vjp
from made_np.testing.naming import N_POINTS

Array = NDArray[Any]
RNG = np.random.default_rng(0)
x, W, b = RNG.standard_normal((3, 4)), RNG.standard_normal((5, 4)), RNG.standard_normal(5)
MASK = RNG.random((5, 4)) < 0.6
MASK[0, 0], MASK[1, 1] = True, False


def forward(x: Array, W: Array, b: Array, mask: Array) -> Array:
    return np.asarray(x @ (W * mask).T + b)


def backward(dy: Array, x: Array, W: Array, b: Array, mask: Array) -> tuple[Array, ...]:
    return dy @ (W * mask), (dy.T @ x) * mask, dy.sum(axis=0)


def check(vjp: Callable[..., Any] = backward, **options: Any) -> Report:
    options = {"frozen": [None, ~MASK, None, None]} | options
    return check_vjp(forward, vjp, (x, W, b, MASK), **options)


@pytest.mark.parametrize("method", ["central", "complex", "directions"])
def test_a_right_pair_passes_and_every_entry_is_exercised(method: str) -> None:
    report = check(method=method)
    assert report.ok, report
    assert report.check == "check_vjp"
    if method != "directions":
        assert report.n_checked == 12 + 20 + 5
        assert report.n_exercised == 12 + MASK.sum() + 5


@pytest.mark.parametrize(
    ("vjp", "where", "hint"),
    [
        (lambda dy, x, W, b, m: (dy @ W, (dy.T @ x) * m, dy.sum(0)), "x[", "dx: mask is missing"),
        (lambda dy, x, W, b, m: (dy @ (W * m), dy.T @ x, dy.sum(0)), "W[", "dW: mask is missing"),
        (
            lambda dy, x, W, b, m: (dy @ (W * m), (dy.T @ x) * m, dy.mean(0)),
            "b[",
            "db: it is 1/B of what it should be: a mean over rows",
        ),
        (
            lambda dy, x, W, b, m: (dy @ (W * m), (dy.T @ x) * m * 3, dy.sum(0)),
            "W[",
            "dW: a factor B is too much: was the mean over rows (1/B) forgotten?",
        ),
        (lambda dy, x, W, b, m: (-dy @ (W * m), (dy.T @ x) * m, dy.sum(0)), "x[", "dx: the sign is wrong"),
        (lambda dy, x, W, b, m: (dy @ (W * m), (dy.T @ x) * m, dy.sum(0)[::-1]), "b[", "at other places"),
        (lambda dy, x, W, b, m: ((dy > 0) @ (W * m), (dy.T @ x) * m, dy.sum(0)), "x[", ""),
    ],
)
def test_a_wrong_backward_pass_is_found_named_and_explained(vjp: Callable[..., Any], where: str, hint: str) -> None:
    report = check(vjp)
    wrong = [failure.where for failure in report.failures if failure.where[0] in "xWb"]
    assert wrong
    assert all(name.startswith(where) for name in wrong)
    assert hint in report.hint


def test_a_forward_pass_that_ignores_the_mask_is_found() -> None:
    report = check_vjp(lambda x, W, b, mask: x @ W.T + b, backward, (x, W, b, MASK), frozen=[None, ~MASK, None, None])
    assert "not applied in the forward pass" in report.hint


def test_a_term_that_does_not_pass_through_dy_is_found() -> None:
    report = check(lambda dy, x, W, b, m: (dy @ (W * m), (dy.T @ x + 0.1 * W) * m, dy.sum(0)))
    assert "gradient for dy = 0" in [failure.where for failure in report.failures]


def test_a_backward_pass_that_is_not_linear_is_found() -> None:
    report = check(lambda dy, x, W, b, m: (np.maximum(dy, 0) @ (W * m), (dy.T @ x) * m, dy.sum(0)))
    assert "vjp(2u - v)" in [failure.where for failure in report.failures]


@pytest.mark.parametrize("which", range(3))
def test_arguments_must_not_be_written_to(which: int) -> None:
    def vjp(*arguments: Array) -> tuple[Array, ...]:
        answer = backward(*arguments)
        arguments[which][0] += 1
        return answer

    report = check(vjp)
    assert "arguments after vjp" in [failure.where for failure in report.failures]


def test_an_accumulating_backward_pass_is_found() -> None:
    dW = np.zeros_like(W)

    def vjp(dy: Array, x: Array, W: Array, b: Array, mask: Array) -> tuple[Array, ...]:
        dW[...] += (dy.T @ x) * mask
        return dy @ (W * mask), dW, dy.sum(axis=0)

    assert not check(vjp).ok


def test_a_gradient_that_is_not_offered_is_noted() -> None:
    report = check(lambda *a: (None, *backward(*a)[1:]))
    assert report.ok
    assert "no gradient for x: not checked" in report.notes
    assert report.n_checked == 25


def test_a_gradient_of_the_wrong_shape_is_a_failure() -> None:
    report = check(lambda dy, x, W, b, m: (dy @ (W * m), (dy.T @ x).T, dy.sum(0)))
    assert [failure.where for failure in report.failures] == ["dW.shape"]


def test_a_backward_function_that_wants_the_output_is_told_apart() -> None:
    z = RNG.standard_normal((3, 4))

    def tanh_backward(dy: Array, y: Array) -> Array:
        return dy * (1 - y * y)

    report = check_vjp(np.tanh, tanh_backward, (z,), names=["z"])
    assert not report.ok
    says = "wants the output of the forward function, not its input z: pass lambda dy, z: tanh_backward(dy, tanh(z))"
    assert says in report.hint
    assert check_vjp(np.tanh, lambda dy, z: tanh_backward(dy, np.tanh(z)), (z,)).ok

    def masked(z: Array, skip: Array) -> Array:
        return np.exp(z) * skip

    def masked_backward(dy: Array, y: Array, skip: Array) -> Array:
        return dy * y

    skip = np.array([True, False, True, True])
    hint = check_vjp(masked, masked_backward, (z, skip)).hint
    assert "not its input z: pass lambda dy, z, skip: masked_backward(dy, masked(z, skip), skip)" in hint


@pytest.mark.parametrize("wrong", [lambda dy, y: dy * (1 - y), lambda dy, y: 1 - y * y, lambda dy, y: dy * np.inf])
@pytest.mark.filterwarnings("ignore:invalid value")
def test_one_that_is_wrong_with_the_output_as_well_is_not_told_to_take_it(wrong: Callable[..., Any]) -> None:
    report = check_vjp(np.tanh, wrong, (RNG.standard_normal((3, 4)),))
    assert not report.ok
    assert "the output of the forward function" not in report.hint


def test_a_right_pair_is_not_run_twice() -> None:
    calls = []

    def counting(*arguments: Array) -> tuple[Array, ...]:
        calls.append(1)
        return backward(*arguments)

    assert check(counting).ok
    n = len(calls)
    assert not check(lambda *a: tuple(-each for each in counting(*a))).ok
    assert len(calls) <= 2 * n + N_POINTS, "no input has the shape of the output, so there is no other vjp to try"


@pytest.mark.parametrize(
    ("vjp", "hint"),
    [
        (lambda *a: backward(*a)[:2], "return (dx, dW, db): one gradient for each float input, in their order"),
        (lambda *a: backward(*a)[0], "return (dx, dW, db): one gradient for each float input, in their order"),
        (lambda *a: None, "returned None: is a return missing? return (dx, dW, db)"),
    ],
)
def test_too_few_gradients_are_counted_and_the_right_ones_named(vjp: Callable[..., Any], hint: str) -> None:
    report = check(vjp)
    assert not report.ok
    assert hint in report.hint


def test_a_backward_function_that_takes_other_arguments_is_refused() -> None:
    def linear_backward(dy: Array, x: Array, W: Array, mask: Array) -> Array:
        return dy

    called = r"linear_backward\(dy, x, W, b, mask\), and does not take that: too many positional"
    with pytest.raises(TypeError, match=called):
        check(linear_backward)


def test_a_function_of_one_input_is_asked_for_one_array() -> None:
    for answer in (None, (1, 2, 3)):
        assert "return dz, an array" in check_vjp(np.tanh, lambda dy, z, a=answer: a, (x,), names=["z"]).hint


def test_one_row_is_refused_unless_it_is_asked_for() -> None:
    with pytest.raises(ValueError, match="one row, which hides"):
        check_vjp(forward, backward, (x[:1], W, b, MASK))
    assert check_vjp(forward, backward, (x[:1], W, b, MASK), one_row=True).ok


def test_one_row_indeed_hides_a_mean() -> None:
    def by_mean(dy: Array, x: Array, W: Array, b: Array, m: Array) -> tuple[Array, ...]:
        return dy @ (W * m), (dy.T @ x) * m, dy.mean(axis=0)

    assert check_vjp(forward, by_mean, (x[:1], W, b, MASK), one_row=True).ok
    assert not check_vjp(forward, by_mean, (x[:2], W, b, MASK)).ok


@pytest.mark.parametrize(
    ("inputs", "options", "message"),
    [
        ((x.astype(np.float32), W, b, MASK), {}, r"inputs\[0\] is float32"),
        ((x, W.astype(complex), b, MASK), {}, r"inputs\[1\] is complex128"),
        ((x, W, b, MASK), {"names": ["x"]}, "names has 1 entries for 4 inputs"),
        ((x, W, b, MASK), {"frozen": [None]}, "frozen has 1 entries for 4 inputs"),
        ((x, W, b, MASK), {"frozen": [None, MASK.T, None, None]}, r"frozen for W must be boolean \(5, 4\)"),
        ((x, W, b, MASK), {"frozen": [None, 1.0 * MASK, None, None]}, "frozen for W must be boolean"),
    ],
)
def test_bad_arguments_are_refused(inputs: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_vjp(forward, backward, inputs, **options)


def test_the_number_of_gradients_must_fit() -> None:
    (failure,) = check(lambda *a: backward(*a)[:2]).failures
    assert (failure.where, failure.got) == ("vjp(dy, *inputs)", 2)
    assert failure.want == "one gradient for each of 4 inputs, or of the 3 float inputs"


def test_names_come_from_the_signature_or_are_numbered() -> None:
    wrong = check(lambda *a: (0 * backward(*a)[0], *backward(*a)[1:]), names=["in", "out", "c", "m"])
    assert wrong.failures[0].where.startswith("in[")
    report = check_vjp(np.multiply, lambda dy, p, q: (dy * q, -dy * p), (x, x + 1), names=None)
    assert report.failures[0].where.startswith(("input1[", "x2["))


def test_a_single_input_needs_no_tuple() -> None:
    assert check_vjp(np.tanh, lambda dy, x: dy * (1 - np.tanh(x) ** 2), (x,)).ok
    assert not check_vjp(np.tanh, lambda dy, x: dy * (1 - np.tanh(x)), (x,)).ok
