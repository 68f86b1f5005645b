"""What is said of one number adds up: all that comes back along its arrows is its gradient."""

from __future__ import annotations

import re

import numpy as np
import pytest
from traced import CASES, Problem

from made_np.tracing import Tape, UnknownName
from made_np.tracing.steps import TARGET

CHECKED = ["one layer", "all, mixed", "linear", "gelu", "all"]


def arrows_sum(tape: Tape, name: str, index: tuple[int, ...]) -> float:
    values = {key: value.value for key, value in tape.items()} | {TARGET: tape["x"].value}
    total = 0.0
    for step in tape.program.steps:
        if name in step.inputs:
            grad = tape[step.name].grad
            assert grad is not None
            total += sum(arrow.slope * float(grad[arrow.head]) for arrow in step.arrows(values, name, index))
    return total


@pytest.mark.parametrize("case", CHECKED)
@pytest.mark.parametrize("way", ["plain", "gaps", "dropout"])
def test_what_comes_back_along_all_arrows_is_the_gradient(case: str, way: str) -> None:
    problem = Problem(CASES[case])
    tape = problem.made.trace(problem.theta, **problem.ways()[way])
    for name, value in tape.items():
        if value.grad is None or name == "loss":
            continue
        for index in np.ndindex(value.value.shape):
            assert arrows_sum(tape, name, index) == pytest.approx(value.grad[index], abs=1e-12), (name, index)


def test_an_input_is_followed_to_the_units_that_see_it() -> None:
    problem = Problem(CASES["one layer"])  # order 2, 0, 3, 1
    tape = problem.made.trace(problem.theta, problem.x)
    lines = tape.follow("x[0, 2]").splitlines()
    mask = problem.made.mask_sets[0].masks[0]
    assert mask[:, 2].all()
    assert lines[0].startswith("x[0, 2] = ")
    assert lines[1] == "it acts on z0 = x (W0 * M0)^T + b0"
    assert [re.match(r"  z0\[0, (\d)\]", line)[1] for line in lines[2:8]] == list("012345")  # type: ignore[index]
    W0 = tape["W0"].value
    d_z0 = tape["z0"].grad
    assert d_z0 is not None
    assert f"times W0[0, 2] = {W0[0, 2]:+.4f}: {W0[0, 2] * d_z0[0, 0]:+.4f}" in lines[2]
    assert tape["x"].grad is not None
    total = f"dx[0, 2] = {tape['x'].grad[0, 2]:+.4f}"
    assert lines[8] == f"{total}: the sum of what comes back (as input: as what is predicted it stays)"
    assert lines[9] == "x2 is number 1 of 4 in the order; the predictions of x0, x3, x1 hear of it"
    assert len(lines) == 10


def test_the_last_in_the_order_acts_on_nothing() -> None:
    problem = Problem(CASES["one layer"])
    lines = problem.made.trace(problem.theta, problem.x).follow("x[1, 1]").splitlines()
    assert lines[1] == "in z0 = x (W0 * M0)^T + b0 it has no part"
    assert lines[-1] == "x1 is number 4 of 4 in the order; the predictions of no feature hear of it"


def test_a_weight_without_a_wire_is_told() -> None:
    problem = Problem(CASES["one layer"])
    tape = problem.made.trace(problem.theta, problem.x)
    assert tape["W0"].mask is not None
    row, column = np.argwhere(~tape["W0"].mask)[0]
    lines = tape.follow(f"W0[{row}, {column}]").splitlines()
    assert lines[1] == f"there is no wire: W0[{row}, {column}] acts on nothing, and dW0[{row}, {column}] is exactly 0"


def test_a_category_sends_on_to_its_units() -> None:
    problem = Problem(CASES["categorical"])
    lines = problem.made.trace(problem.theta, problem.x).follow("x[0, 1]").splitlines()
    assert lines[1] == "what the network sees of it is units[0, 3] to units[0, 5]: follow these"
    assert lines[2] == "x has no gradient of its own"


def test_all_rows_of_a_large_batch_are_not_listed() -> None:
    problem = Problem(CASES["one layer"], n=40)
    tape = problem.made.trace(problem.theta, problem.x)
    lines = tape.follow("b0[0]").splitlines()
    assert len(lines) == 2 + 12 + 2
    assert lines[14].startswith("  ... 28 more, which bring back ")
    grad = tape["z0"].grad
    assert grad is not None
    assert lines[14].endswith(f"{grad[12:, 0].sum():+.4f}")


def test_the_loss_is_the_end() -> None:
    problem = Problem(CASES["one layer"])
    tape = problem.made.trace(problem.theta, problem.x)
    assert tape.follow("loss").splitlines()[1] == "it is the loss: its gradient is 1"
    assert "times 1/B = +0.3333" in tape.follow("nll[0, 0]")


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("W0", "entry='W0': W0 has the entries W0[0, 0] to W0[5, 3]"),
        ("W0[6, 0]", "entry='W0[6, 0]': W0 has the entries W0[0, 0] to W0[5, 3]"),
        ("W0[1]", "W0 has the entries W0[0, 0] to W0[5, 3]"),
        ("W0[-1, 0]", "write a name with an index, such as 'W0[3, 1]'"),
        ("", "write a name with an index, such as 'W0[3, 1]'"),
        ("W9[0, 0]", "name='W9': this tape has no such value. Is 'W"),
        ("W0[99999999999, 0]", "write a name with an index"),
    ],
)
def test_an_entry_that_is_not_there_is_answered_with_those_that_are(what: str, says: str) -> None:
    problem = Problem(CASES["one layer"])
    tape = problem.made.trace(problem.theta, problem.x)
    for ask in (tape.follow, tape.nudge):
        with pytest.raises(ValueError) as error:  # noqa: PT011  # the text is compared below
            ask(what)
        assert says in str(error.value)
        assert isinstance(error.value, UnknownName) == ("name=" in says)


def test_nothing_is_followed_where_there_are_no_rows() -> None:
    problem = Problem(CASES["one layer"])
    tape = problem.made.trace(problem.theta, problem.x[:0])
    with pytest.raises(ValueError, match=r"x has no entries: its shape is \(0, 4\)"):
        tape.follow("x[0, 0]")
    assert "in z0" in tape.follow("b0[0]")
