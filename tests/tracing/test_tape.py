"""A tape holds what `loss_and_grad` computes, and every gradient on it is a difference quotient."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from traced import CASES, SHAPES, Problem

from made_np import layers
from made_np.tracing import Tape, UnknownName, Value
from made_np.tracing.steps import TARGET

Array = NDArray[Any]
GOLDEN = Path(__file__).with_name("golden.txt")
EVERYTHING = "all, mixed"
SMALL = [name for name in CASES if name != "wide" and (name == EVERYTHING or not name.endswith(", mixed"))]


def tapes(problem: Problem) -> dict[str, Tape]:
    return {name: problem.made.trace(problem.theta, **way) for name, way in problem.ways().items()}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES)
def test_parameters_have_the_gradient_of_loss_and_grad_bit_for_bit(case: str, dtype: str) -> None:
    problem = Problem(CASES[case], dtype)
    for name, way in problem.ways().items():
        tape = problem.made.trace(problem.theta, **way)
        loss, grad = problem.made.loss_and_grad(problem.theta, **way)
        assert tape.loss == loss, name
        for each, dW in problem.made.layout.views(grad).items():
            assert np.array_equal(tape[each].grad, dW), (name, each)
            assert np.array_equal(tape[each].value, problem.made.layout.views(problem.theta)[each])


@pytest.mark.parametrize("backend", ["numba", "auto"])
def test_a_tape_is_the_same_whatever_the_backend(backend: str) -> None:
    pytest.importorskip("numba")
    problem = Problem(CASES["two layers"])
    other = replace(problem.made, backend=backend)
    same = other.trace(problem.theta, problem.x)
    for name, value in problem.made.trace(problem.theta, problem.x).items():
        assert np.array_equal(same[name].value, value.value)


@pytest.mark.parametrize("case", SMALL)
def test_every_gradient_on_the_tape_is_a_difference_quotient(case: str) -> None:
    problem = Problem(CASES[case])
    ways = {"dropout": problem.made.trace(problem.theta, **problem.ways()["dropout"])}
    if case == EVERYTHING:
        ways |= {way: tape for way, tape in tapes(problem).items() if way in ("plain", "gaps", "another order")}
    for way, tape in ways.items():
        for name, value in tape.items():
            if value.grad is None:
                continue
            difference = differences(tape, name, value.value.shape)
            assert np.allclose(value.grad, difference, rtol=1e-6, atol=2e-9), (way, name)
    names = {name for tape in ways.values() for name, value in tape.items() if value.grad is not None}
    assert {"raw", "nll", "loss", "b0"} <= names


def differences(tape: Tape, name: str, shape: tuple[int, ...]) -> Array:
    """The slope of the loss in each entry of a value, by adding a little to it when it is there."""
    found = np.zeros(shape)
    h = 1e-5
    for index in np.ndindex(shape):
        move = np.zeros(shape)
        move[index] = h
        up, down = (tape.program.run(None, {name: sign * move})["loss"] for sign in (1, -1))
        found[index] = (up - down) / (2 * h)
    return found


def test_a_nudge_of_x_is_one_of_x_as_input() -> None:
    problem = Problem(CASES["one layer"])
    tape = problem.made.trace(problem.theta, problem.x)
    moved = tape.program.run(None, {"x": np.ones_like(problem.x)})
    assert np.array_equal(moved[TARGET], problem.x)
    assert np.array_equal(moved["x"], problem.x + 1)


@pytest.mark.parametrize("case", CASES)
def test_values_stand_behind_those_that_they_are_computed_from(case: str) -> None:
    for tape in tapes(Problem(CASES[case])).values():
        seen: list[str] = []
        for name, value in tape.items():
            assert name == value.name
            assert set(value.inputs) <= set(seen)
            seen.append(name)
            assert value.grad is None or value.grad.shape == value.value.shape
            assert value.mask is None or value.mask.shape == value.value.shape
        assert seen[-3:] == ["raw", "nll", "loss"]


def test_every_value_but_the_loss_is_read_by_another() -> None:
    for case in sorted(set(CASES) - {"nothing but a bias"}):
        for tape in tapes(Problem(CASES[case])).values():
            read = {name for value in tape.values() for name in value.inputs}
            assert set(tape) - read == {"loss"}, case


def told(tape: Tape) -> list[str]:
    """A line for each value: name, formula, what it is computed from, shape, whether there is a gradient, masked."""
    return [
        f"{v.name}: {v.op} <- {', '.join(v.inputs)} | {v.value.shape} {'-' if v.grad is None else 'grad'} {v.n_masked}"
        for v in tape.values()
    ]


def test_names_formulas_and_shapes_are_those_of_the_golden_file() -> None:
    lines = []
    for case in [*SHAPES, EVERYTHING, "categorical"]:
        for way, tape in tapes(Problem(CASES[case])).items() if case != "wide" else ():
            if way in ("plain", "gaps", "dropout"):
                lines += [f"# {case}: {way}", *told(tape)]
    assert len(lines) > 300
    assert GOLDEN.read_text(encoding="utf-8").splitlines() == lines, "if that is meant, write the lines to the file"


def test_the_names_of_a_plain_model() -> None:
    problem = Problem({"hidden": (6, 5)})
    tape = problem.made.trace(problem.theta, problem.x)
    plain = ["x", "W0", "b0", "z0", "h0", "W1", "b1", "z1", "h1", "W2", "b2", "raw", "nll", "loss"]
    assert list(tape) == plain
    assert tape["x"].op == "data; its gradient: as input"
    assert tape["W1"].mask is not None
    assert np.array_equal(tape["W1"].mask, problem.made.mask_sets[0].masks[1])
    assert tape["nll"].value.shape == (3, 4)
    log_prob = problem.made.log_prob(problem.theta, problem.x)
    assert np.allclose(tape["nll"].value.sum(axis=1), -log_prob, rtol=1e-14)
    assert np.array_equal(tape["raw"].value, problem.made.raw_outputs(problem.theta, problem.x))


def test_two_calls_give_the_same_bits() -> None:
    problem = Problem(CASES[EVERYTHING], "float32")
    one, two = (
        json.dumps(problem.made.trace(problem.theta, **way).to_dict()) for way in [problem.ways()["dropout"]] * 2
    )
    assert one == two


def test_dropout_is_drawn_from_a_seed() -> None:
    problem = Problem(CASES["two layers"])
    tape = problem.made.trace(problem.theta, problem.x, dropout=0.5, rng=1)
    same = problem.made.trace(problem.theta, problem.x, dropout=0.5, rng=np.random.default_rng(1))
    other = problem.made.trace(problem.theta, problem.x, dropout=0.5, rng=2)
    assert np.array_equal(tape["keep1"].value, same["keep1"].value)
    assert not np.array_equal(tape["keep1"].value, other["keep1"].value)
    keeps = [tape["keep0"].value, tape["keep1"].value]
    assert set(np.unique(keeps[0])) == {0, 2}
    assert tape["keep0"].grad is None
    loss, grad = problem.made.loss_and_grad(problem.theta, problem.x, dropout=keeps)
    assert tape.loss == loss
    assert np.array_equal(tape["W1"].grad, problem.made.layout.views(grad)["W1"])


def test_an_activation_of_ones_own_is_traced() -> None:
    layers.register_activation("softsign", lambda z: z / (1 + np.abs(z)), lambda dy, z: dy / (1 + np.abs(z)) ** 2)
    try:
        problem = Problem({"hidden": (6, 5), "activation": "softsign"})
        tape = problem.made.trace(problem.theta, problem.x)
        assert tape["h1"].op == "softsign(z1)"
        assert np.allclose(tape["z0"].grad, differences(tape, "z0", (3, 6)), atol=1e-9)
        assert tape.compare("h0", tape["z0"].value).text == "that is z0 itself: the activation is missing"
    finally:
        layers.unregister_activation("softsign")


def test_a_tape_belongs_to_nobody_else() -> None:
    problem = Problem(CASES[EVERYTHING])
    way = problem.ways()["dropout"]
    tape = problem.made.trace(problem.theta, **way)
    before = json.dumps(tape.to_dict())
    gradient = tape.nudge("b2[0]")
    assert gradient.difference != 0
    for array in (problem.theta, problem.x, problem.context, *problem.keeps):
        assert array is not None
        array += 1
    assert json.dumps(tape.to_dict()) == before
    assert tape.nudge("b2[0]") == gradient
    for value in tape.values():
        for array in (value.value, value.grad):
            assert array is None or (array.dtype == np.float64 and not array.flags.writeable)


def test_a_tape_as_a_dict_is_json_and_holds_everything() -> None:
    problem = Problem(CASES["all"])
    tape = problem.made.trace(problem.theta, **problem.ways()["gaps"])
    read = json.loads(json.dumps(tape.to_dict(), allow_nan=False))
    assert list(read) == ["values", "order", "degrees", "loss"]
    assert read["order"] == problem.made.mask_sets[0].order.tolist()
    assert read["degrees"] == [layer.tolist() for layer in problem.made.mask_sets[0].degrees]
    assert read["loss"] == tape.loss
    for value, (name, kept) in zip(read["values"], tape.items(), strict=True):
        assert list(value) == ["name", "op", "inputs", "shape", "value", "grad", "mask"]
        assert value["name"] == name
        assert value["shape"] == list(kept.value.shape)
        numbers = np.array(value["value"], dtype=float)  # None is NaN
        assert np.array_equal(numbers, kept.value, equal_nan=True)
        assert value["grad"] is None or np.array_equal(value["grad"], kept.grad)
        assert value["mask"] is None or np.array_equal(value["mask"], kept.mask)
    assert read["values"][0]["value"][0][1] is None


def test_one_row_is_a_batch_of_one() -> None:
    problem = Problem(CASES["one layer"])
    tape = problem.made.trace(problem.theta, problem.x[0])
    assert tape["x"].value.shape == (1, 4)
    assert tape.loss == problem.made.loss_and_grad(problem.theta, problem.x[:1])[0]


def test_no_rows_have_no_loss() -> None:
    problem = Problem(CASES["two layers"])
    tape = problem.made.trace(problem.theta, problem.x[:0])
    assert tape.loss == 0
    assert not tape["W0"].grad.any()
    assert "z0" in str(tape)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"mask_set": None}, "mask_set=None (the mixture) has no single network"),
        ({"mask_set": 7}, "mask_set=7: give an integer in 0..0"),
        ({"dropout": 1.0}, "dropout=1.0: give a number in [0, 1)"),
        ({"dropout": [None]}, "dropout has 1 entries"),
        ({"x": [[0, 1, 2, 0]]}, "x[0, 2] = 2: column 2 has Bernoulli values"),
        ({"x": [[0, 1, np.nan, 0]]}, "NaN"),
        ({"rng": "no"}, "rng='no'"),
    ],
)
def test_what_cannot_be_traced_is_refused(arguments: dict[str, Any], says: str) -> None:
    problem = Problem({"hidden": (6, 5)})
    with pytest.raises((ValueError, TypeError)) as error:
        problem.made.trace(problem.theta, **{"x": problem.x, **arguments})
    assert says in str(error.value)


def test_a_name_that_is_not_there_is_answered_with_those_that_are() -> None:
    problem = Problem(CASES["one layer"])
    tape = problem.made.trace(problem.theta, problem.x)
    assert "w0" not in tape
    with pytest.raises(UnknownName) as error:
        tape["w0"]
    names = "x, W0, b0, z0, h0, W1, b1, raw, nll, loss"
    assert str(error.value) == f"name='w0': this tape has no such value. Is 'W0' meant? There are {names}"
    assert isinstance(error.value, KeyError)
    assert isinstance(error.value, ValueError)
    with pytest.raises(TypeError, match="give the name of a value"):
        tape[3]  # type: ignore[index]


def test_a_tape_prints_a_line_for_each_value() -> None:
    problem = Problem(CASES["one layer"])
    tape = problem.made.trace(problem.theta, problem.x)
    lines = str(tape).splitlines()
    assert repr(tape) == str(tape)
    assert lines[0].split() == ["name", "what", "it", "is", "shape", "|value|", "|grad|", "dead"]
    assert len(lines) == 1 + len(tape) + 2
    assert lines[2].split()[:4] == ["W0", "weights", "x", "->"]
    off = int((~problem.made.mask_sets[0].masks[0]).sum())
    dead = int((tape["W0"].grad == 0).sum())
    assert lines[2].endswith(f"{dead} ({off} masked)")
    assert f"{np.abs(tape['W0'].grad).max():.4f}" in lines[2]
    assert f"{np.abs(tape['W0'].value).max():.4f}" in lines[2]


def test_a_notebook_is_given_a_table() -> None:
    problem = Problem(CASES["one layer"])
    html = problem.made.trace(problem.theta, problem.x)._repr_html_()
    assert html.count("<tr>") == 11
    assert "<td>-log p(x_d | x before d), Bernoulli</td>" in html
    assert "weights x -&gt; z0" in html


def test_a_value_shows_itself_in_a_line() -> None:
    problem = Problem(CASES["one layer"])
    value: Value = problem.made.trace(problem.theta, problem.x)["z0"]
    assert repr(value).startswith("Value(z0: x (W0 * M0)^T + b0, (3, 6), |value| <= ")
