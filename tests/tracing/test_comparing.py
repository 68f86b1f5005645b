"""Somebody's numbers beside the tape: right ones are equal, wrong ones are named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from traced import CASES, Problem

from made_np.tracing import Tape, UnknownName
from made_np.tracing.wrong import wrong_gradients, wrong_values

Array = NDArray[Any]


class Numbers:
    """The values and gradients of a tape, by attribute; of a square layer where that matters."""

    def __init__(self, tape: Tape, mask: Array) -> None:
        for name, value in tape.items():
            setattr(self, name, value.value)
            setattr(self, f"d{name}", value.grad)
        self.M0 = mask

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


def numbers(case: str = "one layer", **more: Any) -> tuple[Tape, Numbers]:
    problem = Problem({**CASES[case], **more})
    tape = problem.made.trace(problem.theta, problem.x)
    return tape, Numbers(tape, problem.made.mask_sets[0].masks[0])


RIGHT = {
    "z0": lambda n: n.x @ (n.W0 * n.M0).T + n.b0,
    "h0": lambda n: (np.exp(2 * n.z0) - 1) / (np.exp(2 * n.z0) + 1),
    "nll": lambda n: np.log1p(np.exp(n.raw)) - n.x * n.raw,
    "loss": lambda n: n.nll.sum() / 3,
    "d_raw": lambda n: (1 / (1 + np.exp(-n.raw)) - n.x) / 3,
    "dz0": lambda n: n.dh0 * (1 - n.h0**2),
    "dW0": lambda n: np.einsum("no,ni->oi", n.dz0, n.x) * n.M0,
    "db0": lambda n: sum(n.dz0),
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_numbers_are_equal_however_they_are_computed(name: str) -> None:
    tape, own = numbers()
    found = tape.compare(name, RIGHT[name](own))
    assert found.ok, str(found)
    assert found.text.startswith("equal")
    assert str(found).startswith(f"{name}: equal")
    assert tape.compare(name, np.asarray(RIGHT[name](own)).tolist()).ok


def test_the_same_bits_are_told() -> None:
    tape, own = numbers()
    assert tape.compare("z0", own.z0).text == "equal, bit for bit"  # type: ignore[attr-defined]


WRONG: dict[str, tuple[str, Any, str]] = {
    "no mask": ("z0", lambda n: n.x @ n.W0.T + n.b0, "the mask is missing: W0 where W0 * mask belongs"),
    "no bias": ("z0", lambda n: n.x @ (n.W0 * n.M0).T, "the bias b0 is missing"),
    "transposed": ("z0", lambda n: n.z0.T, "transposed: yours has the shape (6, 3), it is (3, 6)"),
    "no activation": ("h0", lambda n: n.z0, "that is z0 itself: the activation is missing"),
    "sigmoid": ("h0", lambda n: 1 / (1 + np.exp(-n.z0)), "that is sigmoid(z0), and this layer has tanh(z0)"),
    "probability": ("nll", lambda n: np.exp(-n.nll), "that is the probability itself: its -log is missing"),
    "bits": ("nll", lambda n: n.nll / np.log(2), "in bits: the logarithm is the natural one, in nats"),
    "sign": ("nll", lambda n: -n.nll, "the sign is flipped"),
    "added up": ("nll", lambda n: n.nll.sum(axis=1), "already added up over features"),
    "sum": ("loss", lambda n: n.nll.sum(), "the sum over rows, where their mean belongs (1/B is missing)"),
    "mean": ("loss", lambda n: n.nll.mean(), "the mean over features too, which are summed"),
    "no 1/B": ("d_raw", lambda n: 1 / (1 + np.exp(-n.raw)) - n.x, "B = 3 times too large: the mean over rows (1/B)"),
    "p (1 - p)": (
        "d_raw",
        lambda n: (1 / (1 + np.exp(-n.raw)) - n.x) / 3 / (1 + np.exp(-n.raw)) / (1 + np.exp(n.raw)),
        "times p (1 - p) once more",
    ),
    "p": ("d_raw", lambda n: 1 / (1 + np.exp(-n.raw)) / 3, "p alone: x is to be taken from it"),
    "slope missing": ("dz0", lambda n: n.dh0, "the slope of the activation is missing"),
    "1 - y": ("dz0", lambda n: n.dh0 * (1 - n.h0), "1 - y, where tanh has the slope 1 - y^2"),
    "1 - z^2": ("dz0", lambda n: n.dh0 * (1 - n.z0**2), "1 - z^2, where tanh has the slope 1 - y^2"),
    "slope alone": ("dz0", lambda n: 1 - n.h0**2, "that is the slope alone: times dh0"),
    "dW unmasked": ("dW0", lambda n: n.dz0.T @ n.x, "dW0 is not masked: where there is no wire it is 0"),
    "dW transposed": ("dW0", lambda n: n.dW0.T, "transposed: yours has the shape (4, 6), it is (6, 4)"),
    "last row": ("db0", lambda n: n.dz0[-1], "only the last row counts: sum over rows"),
    "first row": ("dW0", lambda n: np.outer(n.dz0[0], n.x[0]) * n.M0, "only the first row counts: sum over rows"),
    "mean over rows": ("db0", lambda n: n.dz0.mean(axis=0), "B = 3 times too small: 1/B twice, or a mean"),
    "wrong axis": ("db0", lambda n: n.dz0.sum(axis=1), "summed over the wrong axis: sum over rows, axis 0"),
    "dh unmasked": (
        "dh0",
        lambda n: n.draw @ n.W1,
        "it came back through wires that are not there: W1 where W1 * mask",
    ),
    "+=": ("dW0", lambda n: 2 * n.dW0, "twice as large as it should be"),
    "another value": ("z0", lambda n: n.dh0, "these are the numbers of dh0"),
    "another place": ("b0", lambda n: n.b0[::-1], "the right numbers at other places: a wrong order, or a wrong index"),
    "one row": ("z0", lambda n: n.z0 + np.eye(3)[:, [1]], "6 of 18 entries differ, all in row 1: z0[1, 0] is"),
    "one column": ("z0", lambda n: n.z0 + np.eye(6)[2], "3 of 18 entries differ, all in column 2: z0[0, 2] is"),
    "NaN": ("z0", lambda n: n.z0 * np.nan, "18 of 18 entries differ: z0[0, 0] is nan, and should be"),
    "shape": ("z0", lambda n: n.z0[:2], "of the shape (2, 6), where (3, 6) belongs"),
    "noise": ("loss", lambda n: n.loss + 0.1234, "times what it should be"),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_a_mistake_is_named(mistake: str) -> None:
    name, wrong, says = WRONG[mistake]
    tape, own = numbers()
    found = tape.compare(name, wrong(own))
    assert not found.ok
    assert says in found.text


def test_mistakes_of_square_layers_direct_wires_skips_dropout() -> None:
    problem = Problem({**CASES["all"], "gap_inputs": False, "n_context": 0})
    tape = problem.made.trace(problem.theta, problem.x, dropout=problem.keeps)
    kept = {name: value.value for name, value in tape.items()}
    mask = tape["W1"].mask
    rest = tape["z1"].value - kept["h0"] @ (kept["W1"] * mask).T
    asked = {
        "W1 is not transposed": ("z1", kept["h0"] @ (kept["W1"] * mask) + rest),
        "what U1 adds is missing": ("z1", tape["z1"].value - (kept["U1"] * mask).sum(axis=1)),
        "nothing is dropped": ("x_kept", kept["x"]),
        "what stays is not scaled by 1 / (1 - rate)": ("x_kept", kept["x"] * (kept["keep_inputs"] > 0)),
        "h0 is added everywhere: an identity is a wire, and needs its mask": ("h1", kept["k1"] + kept["h0"]),
        "the direct wires are missing": (
            "raw",
            kept["raw"] - kept["x_kept"] @ (kept["W_direct"] * tape["W_direct"].mask).T,
        ),
        "dropout is forgotten on the way back: times keep": ("da1", tape["k1"].grad),
    }
    for says, (name, mine) in asked.items():
        assert tape.compare(name, mine).text == says


@pytest.mark.parametrize("case", ["one layer", "two layers", "all", "all, mixed", "relu", "gaussian"])
def test_known_wrong_answers_are_told_apart_from_right_ones(case: str) -> None:
    """Each known wrong answer is answered with a sentence, and never with that of a right one."""
    problem = Problem(CASES[case])
    tape = problem.made.trace(problem.theta, **problem.ways()["dropout"])
    n = 0
    for name, value in tape.items():
        for answers, label, want in ((wrong_values, name, value.value), (wrong_gradients, f"d{name}", value.grad)):
            for sentence, wrong in answers(tape, name):
                found = tape.compare(label, wrong)
                if want is None or np.array_equal(np.asarray(wrong), want) or found.ok:
                    continue
                n += found.text == sentence
                assert found.text
    assert n >= 15


def test_right_values_are_never_called_wrong() -> None:
    for case in ["two layers", "all, mixed", "linear", "atoms", "relu", "silu", "softplus", "gaussian"]:
        arguments = CASES[case]
        for way, given in Problem(arguments, "float32").ways().items():
            problem = Problem(arguments, "float32")
            tape = problem.made.trace(problem.theta, **given)
            noise = np.random.default_rng(0)
            for name, value in tape.items():
                near = value.value * (1 + 1e-7 * noise.standard_normal(value.value.shape))
                assert tape.compare(name, near).ok, (case, way, name)
                assert value.grad is None or tape.compare(f"d{name}", value.grad).ok, (case, way, name)


def test_bad_names_and_numbers_are_refused() -> None:
    tape, own = numbers()
    with pytest.raises(UnknownName, match="Is 'z0' meant"):
        tape.compare("z9", own.z0)  # type: ignore[attr-defined]
    with pytest.raises(UnknownName, match="Is 'dW0' meant"):
        tape.compare("dw0", own.dW0)  # type: ignore[attr-defined]
    with pytest.raises((TypeError, ValueError), match="mine"):
        tape.compare("z0", "no")
    dropped = Problem(CASES["one layer"])
    with pytest.raises(UnknownName, match="dkeep0"):
        dropped.made.trace(dropped.theta, dropped.x, dropout=0.5).compare("dkeep0", [1.0])
