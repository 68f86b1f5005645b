"""What right models of others do, and no check may call a fault; beside it the fault that it must still see."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from made_np.testing import Adapter, check_autoregressive, check_consistency, check_gradient, check_masks, suite

Array = NDArray[Any]
LOW = np.tril(np.ones((3, 3)), -1)


def empty_raises(x: Array) -> Array:
    return np.asarray(np.tanh(x).reshape(len(x), -1))


def test_an_empty_batch_that_raises_is_one_finding_which_an_adapter_may_rule_out() -> None:
    report = check_consistency(empty_raises, 3)
    assert report.n_failed == 1
    assert report.failures[0].where == "a batch of 0"
    assert report.hint.startswith("batches of 0 rows raise")
    assert check_consistency(empty_raises, 3, empty=False).ok
    assert suite(Adapter(n_features=3, params=empty_raises, empty=False))["consistency_params"].status == "passed"
    assert suite(Adapter(n_features=3, params=empty_raises))["consistency_params"].status == "FAILED"
    mixed = check_consistency(lambda x: empty_raises(x) - empty_raises(x).mean(axis=0), 3, empty=False)
    assert "statistic over the batch" in mixed.hint


def padded(x: Array, filler: float = -np.inf) -> Array:
    logits = np.stack([x @ LOW.T, x @ LOW.T + 1, np.full(x.shape, filler)], 2)
    return logits.reshape(len(x), 9)


def test_categories_that_do_not_exist_have_logits_of_minus_infinity() -> None:
    assert check_autoregressive(padded, 3, order=range(3), n_params=3).ok
    assert check_consistency(padded, 3).ok
    for odd in (np.inf, np.nan):
        assert check_autoregressive(lambda x, odd=odd: padded(x, odd), 3, order=range(3), n_params=3).n_failed == 1
        assert check_consistency(lambda x, odd=odd: padded(x, odd), 3).n_failed == 1

    def leaks(x: Array) -> Array:
        """Whether a category exists depends on the value itself."""
        out = padded(x)
        out[:, 2] = np.where(x[:, 0] > 0, -np.inf, 0.0)
        return out

    assert check_autoregressive(leaks, 3, order=range(3), n_params=3).failures[0].where == "output 0 <- input 0"


def test_an_answer_that_is_no_number_names_its_row() -> None:
    def far(x: Array) -> Array:
        return np.where(x[:, 0] > 1, -np.inf, -(x[:, 0] ** 2))

    failure = check_consistency(far, 2).failures[0]
    said, _, x = str(failure.got).partition(", [")
    assert said.startswith("-inf in row ")
    assert float(x.split(",")[0]) > 1


def test_a_column_with_one_value_is_not_judged() -> None:
    support = [(0, 1), (1,), (0, 1)]
    report = check_autoregressive(lambda x: x @ LOW.T, 3, order=range(3), support=support)
    assert report.ok
    assert "[1] have one value" in report.notes[0]
    assert check_autoregressive(lambda x: x @ LOW.T, 3, support=support, lost="fail").ok
    deaf = LOW * [0, 1, 1]
    report = check_autoregressive(lambda x: x @ deaf.T, 3, order=range(3), support=support)
    assert [failure.where for failure in report.failures] == ["input 0"]


def test_a_block_that_the_loss_does_not_notice_is_named() -> None:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((7, 3))
    names = [f"W[{i}]" for i in range(3)] + [f"U[{i}]" for i in range(6)]

    def loss(t: Array) -> float:
        return float(np.sum((X @ t[:3]) ** 2) / 7)

    def grad(t: Array) -> Array:
        return np.append(2 * X.T @ (X @ t[:3]) / 7, np.zeros(6))

    report = check_gradient(loss, grad, rng.standard_normal(9), names=names)
    assert [note for note in report.notes if note.startswith("U: the loss does not notice it, all 6")]
    assert not [note for note in report.notes if note.startswith("W:")]
    frozen = np.arange(9) > 2
    masked = check_gradient(loss, grad, rng.standard_normal(9), names=names, frozen=frozen)
    assert not masked.notes


@pytest.mark.parametrize("single", [np.float32, np.float16])
def test_a_loss_in_single_precision_is_skipped_with_a_reason(single: Any) -> None:
    adapter = Adapter(n_features=3, loss=lambda t: single((t**2).sum()), grad=lambda t: 2 * t, theta=np.ones(3))
    result = suite(adapter)["gradient"]
    assert result.status == "skipped"
    assert "no correct digits" in result.reason
    wrong = Adapter(n_features=3, loss=lambda t: (t**2).sum(), grad=lambda t: 3 * t, theta=np.ones(3))
    assert suite(wrong)["gradient"].status == "FAILED"


def blocked_masks() -> list[Array]:
    degrees = np.arange(12) % 5
    return [degrees[:, None] >= np.arange(6), np.tile(np.arange(6)[:, None] > degrees, (2, 1))]


def test_masks_in_the_other_layout_are_told_from_masks_that_leak() -> None:
    masks = blocked_masks()
    mixed = "no leak if the output units are blocked, not interleaved"
    for order in (range(6), None):
        report = check_masks(masks, order, n_inputs=[1] * 6, n_outputs=2)
        assert report.n_failed
        assert report.hint.startswith(mixed)
        assert check_masks(masks, order, n_inputs=[1] * 6, n_outputs=2, layout="blocked").ok
        leaking = [masks[0], np.ones_like(masks[1])]
        assert mixed not in check_masks(leaking, order, n_inputs=[1] * 6, n_outputs=2).hint
    adapter = Adapter(n_features=6, order=range(6), masks=masks, n_params=2, masks_layout="blocked")
    assert suite(adapter)["masks"].status == "passed"
    with pytest.raises(ValueError, match="masks_layout"):
        Adapter(n_features=6, masks_layout="block")


def test_direct_wires_that_are_missing_are_counted() -> None:
    low = np.tril(np.ones((6, 6), dtype=bool), -1)
    direct = low & (np.arange(6) > 2)
    report = check_masks([blocked_masks()[0], blocked_masks()[1][:6]], range(6), direct=direct)
    assert report.ok
    assert report.notes == ("direct holds 3 of 15 allowed wires",)
    assert not check_masks([blocked_masks()[0], blocked_masks()[1][:6]], range(6), direct=low).notes


def test_a_suite_runs_what_it_is_asked_for_and_ends_in_time() -> None:
    adapter = Adapter(n_features=3, order=range(3), params=lambda x: x @ LOW.T)

    def reasons(**options: Any) -> dict[str, str]:
        results = suite(adapter, **options).results
        return {result.name: result.reason for result in results if result.status == "skipped"}

    assert "autoregressive" not in reasons()
    assert reasons(only=["autoregressive"])["consistency_params"] == "not asked for"
    assert "autoregressive" not in reasons(only=["autoregressive"])
    assert reasons(skip=["autoregressive"])["autoregressive"] == "not asked for"
    assert reasons(max_seconds=0)["consistency_params"] == "not begun: 0 s were over"
    assert not suite(adapter, max_seconds=0).ok
    for option in ("only", "skip"):
        with pytest.raises(ValueError, match=f"{option} names 'mask', which is no check"):
            suite(adapter, **{option: ["mask"]})  # type: ignore[arg-type]


COUPLED = np.zeros(
    (4, 4), dtype=bool
)  # a coupling layer: the second half hears the first, and nobody else hears anybody
COUPLED[2:, :2] = True


@pytest.mark.parametrize("wires", [COUPLED, np.eye(4, k=-1, dtype=bool), np.tri(4, k=-2, dtype=bool)])
def test_where_less_is_allowed_than_an_order_permits_that_is_what_is_proved(wires: Any) -> None:
    def model(A: Any) -> Adapter:
        # A hidden unit for each feature, which hears what that feature may hear.
        return Adapter(
            n_features=4, params=lambda x: np.tanh(x @ A.T), masks=[A, np.eye(4)], allowed=wires, lost="fail"
        )

    def judged(A: Any) -> list[bool]:
        adapter = model(A)
        masks = check_masks([A, np.eye(4)], None, allowed=wires, dead="note")
        return [masks.ok, suite(adapter)["autoregressive"].status == "passed"]

    assert judged(wires.astype(float)) == [True, True]
    for i, j in np.ndindex(4, 4):
        other = wires.astype(float)
        other[i, j] = 1 - other[i, j]
        masks = check_masks([other, np.eye(4)], None, allowed=wires, dead="note")
        assert masks.failures[0].where == f"output {i} <- input {j}"
        assert masks.failures[0].got == ("lost" if wires[i, j] else "leaks")
        assert judged(other) == [False, False]


def test_without_limits_a_coupling_layer_loses_what_an_order_permits() -> None:
    A = COUPLED.astype(float)
    assert check_autoregressive(lambda x: x @ A.T, 4, order=range(4), lost="fail").n_failed == 2
    report = check_autoregressive(lambda x: x @ A.T, 4, allowed=COUPLED, order=range(4))
    assert report.ok
    for line in (report.reproduce, check_masks([A], None, allowed=COUPLED).reproduce):
        assert "allowed=allowed" in line
    assert (
        "no leak if the columns are blocked"
        in check_autoregressive(
            lambda x: np.repeat(x @ A.T, 2, axis=1)[:, [0, 2, 4, 6, 1, 3, 5, 7]], 4, n_params=2, allowed=COUPLED
        ).hint
    )


@pytest.mark.parametrize(
    ("wires", "order", "message"),
    [
        (np.eye(3), None, r"allowed holds a circle, outputs 0 <- 0"),
        (np.eye(3, k=1) + np.eye(3, k=-2), None, "allowed holds a circle, outputs 0 <- 1 <- 2 <- 0"),
        (LOW, [2, 1, 0], r"allowed\[1, 0\] is True, and in order=\[2, 1, 0\] feature 0 does not come before feature 1"),
        (LOW[:2], None, r"give a \(3, 3\) boolean array"),
        (2 * LOW, None, r"give a \(3, 3\) boolean array"),
    ],
)
def test_limits_that_no_density_has_are_refused(wires: Any, order: Any, message: str) -> None:
    for asked in (
        lambda: Adapter(n_features=3, order=order, allowed=wires),
        lambda: check_autoregressive(lambda x: x, 3, order=order, allowed=wires),
    ):
        with pytest.raises(ValueError, match=message):
            asked()
    with pytest.raises(TypeError, match="allowed"):
        Adapter(n_features=3, allowed="everything")
