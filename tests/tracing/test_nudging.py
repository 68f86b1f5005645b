"""A nudge is a difference of the loss, whatever is moved, and says what must be known to compare it."""

from __future__ import annotations

import numpy as np
import pytest
from traced import CASES, Problem

from made_np.tracing import UnknownName


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_difference_stands_beside_the_gradient(dtype: str) -> None:
    problem = Problem(CASES["two layers"], dtype)
    tape = problem.made.trace(problem.theta, problem.x)
    for entry in ("W0[3, 0]", "b1[2]", "z1[1, 2]", "h0[2, 5]", "raw[0, 1]", "nll[2, 3]", "W_direct[1, 2]", "loss"):
        nudged = tape.nudge(entry)
        assert nudged.entry == entry
        assert nudged.error < (1e-8 if dtype == "float64" else 1e-6), entry
        assert nudged.note == ""


def test_the_numbers_are_those_of_the_loss() -> None:
    problem = Problem(CASES["one layer"])
    tape = problem.made.trace(problem.theta, problem.x)
    nudged = tape.nudge("b0[4]")
    h = nudged.h
    up, down = problem.theta.copy(), problem.theta.copy()
    place = problem.made.layout.slices["b0"].start + 4
    up[place] += h
    down[place] -= h
    losses = [problem.made.loss_and_grad(theta, problem.x)[0] for theta in (up, down)]
    assert nudged.difference == pytest.approx((losses[0] - losses[1]) / (2 * h), abs=1e-12)
    assert nudged.gradient == tape["b0"].grad[4]  # type: ignore[index]
    assert nudged.value == tape["b0"].value[4]


def test_what_must_be_known_is_said() -> None:
    problem = Problem(CASES["one layer"])
    tape = problem.made.trace(problem.theta, **{**problem.ways()["gaps"]})
    mask = tape["W0"].mask
    assert mask is not None
    row, column = np.argwhere(~mask)[0]
    assert "there is no wire" in tape.nudge(f"W0[{row}, {column}]").note
    assert tape.nudge(f"W0[{row}, {column}]").difference == 0
    plain = problem.made.trace(problem.theta, problem.x)
    assert "as what is predicted it stays" in plain.nudge("x[0, 0]").note


def test_a_kink_is_told() -> None:
    problem = Problem({"hidden": (6,), "activation": "relu"})
    theta = problem.theta.copy()
    problem.made.layout.views(theta)["b0"][:] = 0
    problem.made.layout.views(theta)["W0"][:] = 0
    tape = problem.made.trace(theta, problem.x)
    nudged = tape.nudge("b0[2]")
    assert nudged.note.startswith("there is a kink within h: the slope is +0.000000 below and ")
    assert nudged.note in str(nudged)


def test_a_nudge_prints_both_numbers() -> None:
    problem = Problem(CASES["one layer"])
    nudged = problem.made.trace(problem.theta, problem.x).nudge("W1[3, 2]")
    lines = str(nudged).splitlines()
    assert repr(nudged) == str(nudged)
    assert lines[1].split() == ["gradient", f"{nudged.gradient:+.12f}"]
    assert lines[2].split()[:2] == ["difference", f"{nudged.difference:+.12f}"]


def test_what_has_no_gradient_is_not_nudged() -> None:
    problem = Problem(CASES["categorical"])
    tape = problem.made.trace(problem.theta, problem.x, dropout=0.5)
    for entry in ("x[0, 0]", "keep0[0, 0]"):
        with pytest.raises(ValueError, match="has no gradient to compare with"):
            tape.nudge(entry)
    with pytest.raises(UnknownName, match="Is 'keep0' meant"):
        tape.nudge("keep[0, 0]")
