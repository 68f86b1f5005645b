"""What check_gradient demands beside right numbers: masked entries, the same bits again, hands off x."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from made_np.testing import check_gradient
from made_np.testing.compare import Floats

from .functions import X, slope, smooth

# --------------------------------------------------------------------------------------------------- frozen


def masked_pair(forward: bool = True, backward: bool = True) -> tuple[Any, Any, Any]:
    frozen = np.arange(12) % 3 == 0
    keep, pass_on = np.where(frozen & forward, 0.0, 1.0), np.where(frozen & backward, 0.0, 1.0)
    return (lambda x: smooth(x * keep)), (lambda x: slope(x * keep) * pass_on), frozen


@pytest.mark.parametrize("method", ["central", "directions"])
def test_frozen_entries_pass_if_the_gradient_is_0_and_the_function_does_not_care(method: str) -> None:
    f, grad, frozen = masked_pair()
    report = check_gradient(f, grad, X, frozen=frozen, method=method)
    assert report.ok, report
    assert report.n_checked == 12


@pytest.mark.parametrize("method", ["central", "complex", "directions"])
def test_a_gradient_on_a_frozen_entry_fails_whatever_the_tolerance(method: str) -> None:
    f, grad, frozen = masked_pair(backward=False)
    report = check_gradient(f, lambda x: 1e-12 * grad(x) * frozen + grad(x) * ~frozen, X, frozen=frozen, method=method)
    assert report.n_failed == 4
    assert all(failure.where.endswith("masked") and failure.want == 0 for failure in report.failures)
    assert "masked cells" in report.hint


@pytest.mark.parametrize("method", ["central", "directions"])
def test_a_function_that_notices_a_frozen_entry_fails(method: str) -> None:
    f, grad, frozen = masked_pair(forward=False)
    names = [f"W[{k}]" for k in range(12)]
    report = check_gradient(f, lambda x: grad(x) * ~frozen, X, frozen=frozen, method=method, names=names)
    noticed = [failure.where for failure in report.failures if failure.where.startswith("f, changing")]
    assert noticed == [f"f, changing W[{k}], masked" for k in (0, 3, 6, 9)]
    assert "not applied in the forward pass" in report.hint


def test_a_single_leaking_entry_is_singled_out() -> None:
    frozen = np.arange(12) > 0
    report = check_gradient(lambda x: x[0] ** 2 + 1e-3 * x[7], lambda x: 2 * x * ~frozen, X, frozen=frozen)
    assert [failure.where for failure in report.failures] == ["f, changing x[7], masked"]


# ------------------------------------------------------------------------------------- promises of f and grad


def test_a_gradient_that_accumulates_fails() -> None:
    buffer = np.zeros(12)

    def grad(x: Floats) -> Floats:
        buffer[...] += slope(x)
        return buffer

    report = check_gradient(smooth, grad, X)
    assert "accumulate" in report.hint
    assert "grad(x), called again" in [failure.where for failure in report.failures]


def test_a_gradient_buffer_that_is_overwritten_is_fine() -> None:
    buffer = np.full(12, np.nan)

    def grad(x: Floats) -> Floats:
        buffer[...] = slope(x)
        return buffer

    assert check_gradient(smooth, grad, X).ok


def test_a_gradient_that_lives_on_the_last_forward_pass_fails() -> None:
    last = [X]

    def f(x: Floats) -> Any:
        last[0] = x.copy()
        return smooth(x)

    report = check_gradient(f, lambda x: slope(last[0]), X)
    assert "keeps state" in report.hint


def test_a_function_that_draws_fails() -> None:
    rng = np.random.default_rng(0)
    report = check_gradient(lambda x: smooth(x) * rng.random(), slope, X)
    assert "dropout" in report.hint


@pytest.mark.parametrize("who", ["f", "grad"])
def test_x_must_not_be_written_to(who: str) -> None:
    def spoil(fn: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def wrapped(x: Any) -> Any:
            value = fn(x)
            x[0] = 0
            return value

        return wrapped

    pair = (spoil(smooth), slope) if who == "f" else (smooth, spoil(slope))
    x = X.copy()
    report = check_gradient(*pair, x)
    assert f"x after {who}(x)" in [failure.where for failure in report.failures]
    np.testing.assert_array_equal(x, X)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_loss_that_is_not_finite_fails(value: float) -> None:
    report = check_gradient(lambda x: value, slope, X)
    assert report.failures[0].where == "f(x)"
    assert not report.ok


def test_a_gradient_of_the_wrong_shape_or_kind_fails() -> None:
    report = check_gradient(smooth, lambda x: slope(x)[:, None], X)
    assert report.failures[0].where == "grad(x).shape"
    report = check_gradient(smooth, lambda x: slope(x) + 0j, X)
    assert report.failures[0].where == "grad(x).dtype"
