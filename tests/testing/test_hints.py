"""Each classic mistake is recognised from the pattern of its errors, as it is after `check_gradient`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from made_np.testing import check_close
from made_np.testing.compare import Floats
from made_np.testing.hints import Case, gradient_hint

SHAPES = {"W0": (4, 3), "b0": (4,), "W1": (4, 4), "b1": (4,)}
NAMES = [f"{name}[{', '.join(map(str, place))}]" for name, shape in SHAPES.items() for place in np.ndindex(shape)]
BLOCKS = np.array([name.split("[")[0] for name in NAMES])
RIGHT = np.random.default_rng(0).standard_normal(len(NAMES))
THETA = np.random.default_rng(1).standard_normal(len(NAMES))
MASKED = (np.arange(len(NAMES)) % 5 == 0) & np.char.startswith(BLOCKS, "W")


def hint_of(
    got: Floats, want: Floats = RIGHT, *, masked: bool = False, rows: int | None = None, x: Floats | None = None
) -> str:
    flags = MASKED if masked else np.zeros(len(NAMES), dtype=bool)
    want = np.where(flags, 0.0, want)
    with np.errstate(invalid="ignore"):
        bad = ~(np.abs(got - want) <= 1e-9)
    return gradient_hint(Case(got, want, bad, flags, NAMES, x, rows))


def in_block(name: str, change: Callable[[Floats], Floats]) -> Floats:
    out = RIGHT.copy()
    members = name == BLOCKS
    out[members] = change(out[members].reshape(SHAPES[name])).ravel()
    return out


@pytest.mark.parametrize(
    ("got", "part"),
    [
        (5 * RIGHT, "constant ratio got / want = 5: the batch size? mean over the batch (1/B) missing?"),
        (2 * RIGHT, "= 2: the batch size? mean over the batch (1/B) missing, or added to an old gradient (+=)?"),
        (RIGHT / 5, "= 0.2 = 1/5: one over the batch size, or the number of features? A mean where a sum belongs"),
        (-RIGHT, "sign flipped?"),
        (1.3 * RIGHT, "= 1.3: a constant factor"),
        (0 * RIGHT, "got is 0 where it should not be"),
        (in_block("b1", lambda d: d / 5), "in b1 only: constant ratio got / want = 0.2 = 1/5"),
        (in_block("b0", lambda d: -d), "in b0 only: constant ratio got / want = -1: sign flipped?"),
        (in_block("W1", lambda d: d.T), "in W1: transposed?"),
        (in_block("W0", lambda d: d.T), "in W0: transposed?"),
        (in_block("b1", lambda d: d[::-1]), "in b1: the right numbers at other places"),
        (in_block("W1", lambda d: d + np.arange(16.0).reshape(4, 4)), "all errors are in W1: look at its own formula"),
        (in_block("W1", lambda d: np.where(np.eye(4) > 0, np.nan, d)), "in W1 only: the gradient holds NaN"),
    ],
)
def test_a_pattern_is_recognised(got: Floats, part: str) -> None:
    assert part in hint_of(got)


def test_the_batch_size_is_named_where_it_is_known() -> None:
    assert "= 5 = batch size: was the mean over the batch (1/B) forgotten?" in hint_of(5 * RIGHT, rows=5)
    assert "= batch size" not in hint_of(5 * RIGHT, rows=4)


def test_masked_cells_are_recognised_before_all_else() -> None:
    assert "all on masked cells: is dW multiplied by the mask?" in hint_of(RIGHT, masked=True)


def test_a_fault_in_what_is_passed_down_is_told_from_one_in_the_layer() -> None:
    below = np.isin(BLOCKS, ("W0", "b0"))
    hint = hint_of(np.where(below, RIGHT + np.sin(RIGHT), RIGHT))
    assert "wrong in W0, b0, right above (W1, b1): look at dx" in hint


def test_weight_decay_in_the_gradient_alone_is_recognised() -> None:
    assert "0.01 times the parameter: weight decay" in hint_of(RIGHT + 0.01 * THETA, x=THETA)
    assert "weight decay" not in hint_of(RIGHT + 0.01 * np.abs(THETA), x=THETA)


def test_a_function_that_does_not_depend_on_its_parameters_is_recognised() -> None:
    assert "a stale copy of the parameters (a cache)" in hint_of(RIGHT, 0 * RIGHT)


@pytest.mark.parametrize("ratio", [1 + 1e-5, 1 - 1e-5, 1.0001, 0.9999])
def test_a_ratio_of_one_is_no_constant_factor(ratio: float) -> None:
    assert hint_of(ratio * RIGHT) == ""
    assert hint_of(ratio * RIGHT, rows=1) == ""
    assert "weight decay" in hint_of(RIGHT + 1e-5 * THETA, x=THETA)


def test_no_pattern_no_hint() -> None:
    noise = np.random.default_rng(2).standard_normal(len(NAMES))
    assert hint_of(RIGHT + noise) == ""
    assert hint_of(RIGHT) == ""


def test_names_that_are_no_blocks_do_no_harm() -> None:
    for names in (
        [str(k) for k in range(4)],
        ["W[0, 0]", "W[0, 1]", "W[5, 5]", "b"],
        ["a[0]"] * 4,
        [f"a[{10**400}]"] * 4,
        [f"a[{'9' * 5000}]"] * 4,
    ):
        want = np.array([1.0, 2.0, 3.0, 4.0])
        report = check_close(want + np.array([0.0, 0.1, 0.3, 0.0]), want, names=names)
        assert report.n_failed == 2
        assert str(report)
