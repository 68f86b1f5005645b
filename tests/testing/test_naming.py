"""A wrong backward function is answered with its mistake, however it is written, and never with one that it has not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from made_np import layers
from made_np.testing import Report, check_vjp

Array = NDArray[Any]
Backward = Callable[..., Any]

B, I, O = 4, 3, 5  # inputs, outputs
RNG = np.random.default_rng(0)
X, W, BIAS = RNG.standard_normal((B, I)), RNG.standard_normal((O, I)), RNG.standard_normal(O)
MASK = np.arange(O * I).reshape(O, I) * 7 % 5 < 3
Z = RNG.standard_normal((B, I))
BITS = RNG.integers(0, 2, (B, I)).astype(float)

VAGUE = ("look at its own formula", "a stale copy", "one over the batch size", "a constant factor is missing")


def sigmoid(z: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-z)))


def linear(x: Array, W: Array, b: Array, mask: Array) -> Array:
    return np.asarray(x @ (W * mask).T + b)


def relu(z: Array) -> Array:
    return np.maximum(z, 0)


def loss(z: Array, x: Array) -> Array:
    return np.asarray((np.logaddexp(0, z) - x * z).sum() / len(z))


def dot(a: Array, b: Array) -> Array:
    return np.asarray((a * b).sum(axis=1))


def asked(forward: Callable[..., Any], backward: Backward, *inputs: Any, **options: Any) -> Report:
    return check_vjp(forward, backward, inputs, **options)


def of_layer(dx: Any = None, dW: Any = None, db: Any = None) -> Backward:
    """A backward function of `linear`, with some of its lines replaced."""
    right = (lambda dy, x, W, m: dy @ (W * m), lambda dy, x, W, m: dy.T @ x * m, lambda dy, x, W, m: dy.sum(axis=0))

    def backward(dy: Array, x: Array, W: Array, b: Array, mask: Array) -> tuple[Any, ...]:
        own = zip((dx, dW, db), right, strict=True)
        return tuple((other or line)(dy, x, W, mask) for other, line in own)

    return backward


LAYERS: dict[str, tuple[Backward, tuple[str, ...]]] = {
    "db a mean": (
        of_layer(db=lambda dy, x, W, m: dy.mean(0)),
        ("db: it is 1/B of what it should be: a mean over rows",),
    ),
    "db of the first row": (of_layer(db=lambda dy, x, W, m: dy[0]), ("db: the first entry along rows alone",)),
    "db of the last row": (of_layer(db=lambda dy, x, W, m: dy[-1]), ("db: the last entry along rows alone",)),
    "dW of the last row": (
        of_layer(dW=lambda dy, x, W, m: np.outer(dy[-1], x[-1]) * m),
        ("dW: the last entry along rows alone stands where a sum belongs",),
    ),
    "dW of the first row": (
        of_layer(dW=lambda dy, x, W, m: dy[0][:, None] * x[0] * m),
        ("dW: the first entry along rows alone stands where a sum belongs",),
    ),
    "dx a sum of dy": (
        of_layer(dx=lambda dy, x, W, m: np.repeat(dy.sum(1)[:, None], I, axis=1)),
        ("dx: it is the sum of dy alone: W and mask are missing",),
    ),
    "db over the wrong axis": (
        of_layer(db=lambda dy, x, W, m: dy.sum(1)),
        ("db: the sum is taken over o, not over rows; got db[o] = sum[o](dy[n, o])",),
    ),
    "dW transposed": (of_layer(dW=lambda dy, x, W, m: x.T @ dy), ("dW: (3, 5) is the transpose of (5, 3)",)),
    "dW transposed, with its mask": (of_layer(dW=lambda dy, x, W, m: (dy.T @ x * m).T), ("dW: it is transposed",)),
    "both shapes": (
        of_layer(dW=lambda dy, x, W, m: x.T @ dy, db=lambda dy, x, W, m: dy.sum(1)),
        ("(3, 5) is the transpose of (5, 3)", "db: the sum is taken over o, not over rows"),
    ),
    "dW not masked": (of_layer(dW=lambda dy, x, W, m: dy.T @ x), ("dW: mask is missing; got dW[o, i] = sum[n](",)),
    "dx not masked": (
        of_layer(dx=lambda dy, x, W, m: dy @ W),
        ("dx: mask is missing; got dx[n, i] = sum[o](dy[n, o] * W[o, i]), right is dx[n, i] = sum[o](dy[n, o] * W[",),
    ),
    "neither masked": (
        of_layer(dx=lambda dy, x, W, m: dy @ W, dW=lambda dy, x, W, m: dy.T @ x),
        ("dx, dW: mask is missing",),
    ),
    "the other mask": (of_layer(dW=lambda dy, x, W, m: dy.T @ x * ~m), ("dW: mask is the wrong way round",)),
    "dx without W": (of_layer(dx=lambda dy, x, W, m: dy @ (W * 0 + m)), ("dx: ", "W")),
    "all means": (
        of_layer(lambda dy, x, W, m: dy @ (W * m) / B, lambda dy, x, W, m: dy.T @ x * m / B, lambda dy, *_: dy.mean(0)),
        ("dx, dW, db: it is 1/B of what it should be",),
    ),
    "dW B times": (
        of_layer(dW=lambda dy, x, W, m: dy.T @ x * m * len(x)),
        ("dW: a factor B is too much: was the mean over rows (1/B) forgotten?",),
    ),
    "sign of dx": (of_layer(dx=lambda dy, x, W, m: -dy @ (W * m)), ("dx: the sign is wrong",)),
    "x squared": (of_layer(dW=lambda dy, x, W, m: dy.T @ x**2 * m), ("dW: the factor x[n, i] stands twice",)),
    "W where x belongs": (of_layer(dW=lambda dy, x, W, m: W * dy.sum(0)[:, None] * m), ()),
    "a sign of x": (of_layer(dx=lambda dy, x, W, m: np.abs(dy) @ (W * m)), ()),
}
ACTIVATIONS: dict[str, tuple[Callable[[Array], Array], Backward, tuple[str, ...]]] = {
    "tanh: 1 - z^2": (
        np.tanh,
        lambda dy, z: dy * (1 - z**2),
        ("the backward function wants the output of the forward function, not its input z",),
    ),
    "tanh: 1 - y": (np.tanh, lambda dy, z: dy * (1 - np.tanh(z)), ("got dz[n, o] = dy[n, o] * (1 - y[n, o])",)),
    "tanh: no dy": (np.tanh, lambda dy, z: 1 - np.tanh(z) ** 2, ("dz: the factor dy[n, o] is missing",)),
    "tanh: dy": (np.tanh, lambda dy, z: dy, ("dz: the derivative of the activation is missing",)),
    "tanh: y": (np.tanh, lambda dy, z: dy * np.tanh(z), ("dz: dy times the output itself, where the slope belongs",)),
    "relu: dy > 0": (relu, lambda dy, z: dy * (dy > 0), ("dz: dy stands where z belongs",)),
    "relu: dy": (relu, lambda dy, z: dy, ("dz: the derivative of the activation is missing",)),
    "relu: no dy": (relu, lambda dy, z: (z > 0).astype(float), ("dz: the factor dy[n, o] is missing",)),
    "sigmoid: 1 - p": (sigmoid, lambda dy, z: dy * (1 - sigmoid(z)), ("dz: ", "missing")),
    "sigmoid: z (1 - z)": (
        sigmoid,
        lambda dy, z: dy * z * (1 - z),
        ("the backward function wants the output of the forward function, not its input z",),
    ),
    "gelu: dy": (layers.gelu, lambda dy, z: dy, ("dz: the derivative of the activation is missing",)),
    "gelu: slope alone": (
        layers.gelu,
        lambda dy, z: layers.gelu_backward(np.ones_like(z), z),
        ("dz: dy is missing: it is the derivative of the activation alone",),
    ),
    "silu as tanh": (layers.silu, lambda dy, z: dy * (1 - layers.silu(z) ** 2), ("that is the slope of tanh",)),
}
LOSSES: dict[str, tuple[Backward, tuple[str, ...]]] = {
    "x - p": (lambda dy, z, x: dy * (x - sigmoid(z)) / B, ("dz: the sign is wrong",)),
    "no 1/B": (lambda dy, z, x: dy * (sigmoid(z) - x), ("dz: the factor 1 / B is missing: was the mean over rows",)),
    "1/B twice": (lambda dy, z, x: dy * (sigmoid(z) - x) / B**2, ("dz: the factor 1 / B stands twice",)),
    "a mean over everything": (
        lambda dy, z, x: dy * (sigmoid(z) - x) / x.size,
        ("was the mean taken over features too?",),
    ),
    "p (1 - p) again": (
        lambda dy, z, x: dy * (sigmoid(z) - x) * sigmoid(z) * (1 - sigmoid(z)) / B,
        ("dz: the slope of sigmoid at z[n, o] is too much",),
    ),
    "p alone": (lambda dy, z, x: dy * sigmoid(z) / B, ("dz: the term x[n, o] is missing",)),
    "no dy": (lambda dy, z, x: (sigmoid(z) - x) / B, ("dz: the factor dy is missing",)),
    "p without 1/B": (lambda dy, z, x: dy * sigmoid(z), ("dz: the term x[n, o] is missing", "it is B times")),
}


def says(report: Report, parts: tuple[str, ...]) -> None:
    """These parts are in the hint, and nothing vague; without parts: it names no mistake."""
    assert not report.ok
    for part in parts:
        assert part in report.hint
    assert not parts or not any(vague in report.hint for vague in VAGUE)
    assert parts or report.hint.startswith("all errors are in")


FROZEN = ("db a mean", "dW not masked", "dx not masked", "dW transposed", "a sign of x")


@pytest.mark.parametrize(
    ("mistake", "frozen"), [*((name, False) for name in LAYERS), *((name, True) for name in FROZEN)]
)
def test_mistakes_in_a_masked_layer(mistake: str, frozen: bool) -> None:
    backward, parts = LAYERS[mistake]
    options = {"frozen": [None, ~MASK, None, None]} if frozen else {}
    says(asked(linear, backward, X, W, BIAS, MASK, **options), parts)


@pytest.mark.parametrize("mistake", ACTIVATIONS)
def test_mistakes_in_activations(mistake: str) -> None:
    forward, backward, parts = ACTIVATIONS[mistake]
    says(asked(forward, backward, Z, names=["z"]), parts)


@pytest.mark.parametrize("targets", [BITS, BITS.astype(bool)], ids=["float", "bool"])
@pytest.mark.parametrize("mistake", LOSSES)
def test_mistakes_in_a_loss(mistake: str, targets: Array) -> None:
    backward, parts = LOSSES[mistake]

    def both(dy: Array, z: Array, x: Array) -> tuple[Any, ...]:
        dz = backward(dy, z, x)
        return (dz, None) if targets.dtype == np.float64 else (dz,)

    says(asked(loss, both, Z, targets), parts)


def test_a_mask_that_no_input_holds_is_known_from_frozen() -> None:
    report = asked(
        lambda x, W: x @ (W * MASK).T, lambda dy, x, W: (dy @ (W * MASK), dy.T @ x), X, W, frozen=[None, ~MASK]
    )
    assert "dW: mask_W is missing" in report.hint


def test_no_return() -> None:
    assert "a return missing?" in asked(np.tanh, lambda dy, z: None, Z, names=["z"]).hint


@pytest.mark.parametrize(
    ("wrong", "name"),
    [(lambda dy, x, W, b, m: dy.__imul__(2), "dy"), (lambda dy, x, W, b, m: W.__imul__(m), "W")],
)
def test_what_was_written_to_is_named(wrong: Backward, name: str) -> None:
    def backward(dy: Array, *inputs: Array) -> Any:
        answers = of_layer()(dy, *inputs)
        wrong(dy, *inputs)
        return answers

    report = asked(linear, backward, X, W, BIAS, MASK)
    assert report.hint == f"{name} was written to (*=, -=, out=): work on a copy"
    (failure,) = report.failures
    assert failure.got == f"{name} changed"


def test_dy_times_mask_in_place() -> None:
    def backward(dy: Array, z: Array) -> Array:
        dy *= z > 0
        return dy

    assert asked(relu, backward, Z, names=["z"]).hint == "dy was written to (*=, -=, out=): work on a copy"


def test_exchanged_gradients() -> None:
    report = asked(dot, lambda dy, a, b: (dy[:, None] * a, dy[:, None] * b), Z, BITS + 0.5)
    assert report.hint == "da and db stand in each other's place"


def test_integers_are_told_by_the_name_of_the_input() -> None:
    with pytest.raises(ValueError, match=r"z is int64, and only float64 arrays are differentiated: write 1\.0 for 1"):
        asked(lambda z: relu(z), lambda dy, z: dy, np.array([[1, -2], [3, 4]], dtype=np.int64))


def test_a_layer_norm_along_the_wrong_axis_is_sent_to_its_own_formula() -> None:
    def forward(x: Array, g: Array) -> Array:
        return np.asarray((x - x.mean(axis=1, keepdims=True)) * g)

    report = asked(
        forward, lambda dy, x, g: (dy * g - (dy * g).mean(0), (dy * (x - x.mean(1, keepdims=True))).sum(0)), X, W[0]
    )
    assert report.hint == "all errors are in x: look at its own formula"


# ------------------------------------------------------------------------------------------ right ones, and no guess


def loops(dy: Array, x: Array, W: Array, b: Array, mask: Array) -> tuple[Array, ...]:
    dx, dW, db = np.zeros_like(x), np.zeros_like(W), np.zeros_like(b)
    for n in range(len(x)):
        for o in range(len(b)):
            db[o] += dy[n, o]
            for i in range(x.shape[1]):
                if mask[o, i]:
                    dx[n, i] += dy[n, o] * W[o, i]
                    dW[o, i] += dy[n, o] * x[n, i]
    return dx, dW, db


def einsums(dy: Array, x: Array, W: Array, b: Array, mask: Array) -> tuple[Array, ...]:
    dx = np.einsum("no,oi,oi->ni", dy, W, mask)
    return dx, np.einsum("no,ni,oi->oi", dy, x, mask), np.einsum("no->o", dy)


def rows(dy: Array, x: Array, W: Array, b: Array, mask: Array) -> list[Array]:
    live = np.where(mask, W, 0)
    dW = sum(np.outer(d, row) for d, row in zip(dy, x, strict=True))
    return [np.stack([d @ live for d in dy]), np.where(mask, dW, 0), np.add.reduce(dy)]


@pytest.mark.parametrize("backward", [of_layer(), loops, einsums, rows])
def test_right_functions_get_no_hint(backward: Backward) -> None:
    for frozen in (None, [None, ~MASK, None, None]):
        report = asked(linear, backward, X, W, BIAS, MASK, frozen=frozen)
        assert report.ok
        assert report.hint == ""


@pytest.mark.parametrize(
    ("forward", "backward"),
    [
        (np.tanh, lambda dy, z: dy / np.cosh(z) ** 2),
        (np.tanh, lambda dy, z: dy - dy * np.tanh(z) ** 2),
        (relu, lambda dy, z: np.where(z > 0, dy, 0)),
        (sigmoid, lambda dy, z: dy * np.exp(-z) / (1 + np.exp(-z)) ** 2),
    ],
)
def test_right_activations_get_no_hint(forward: Any, backward: Backward) -> None:
    report = asked(forward, backward, Z, names=["z"])
    assert report.ok
    assert report.hint == ""


@pytest.mark.parametrize("seed", range(2))
def test_what_is_no_known_mistake_is_not_named(seed: int) -> None:
    """Random changes: the hint may say where, and claims no more."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((O, I))
    report = asked(linear, of_layer(dW=lambda dy, x, W, m: dy.T @ x * m * (1 + 0.3 * noise)), X, W, BIAS, MASK)
    assert report.hint == "all errors are in W: look at its own formula"
    report = asked(np.tanh, lambda dy, z: dy * (1 - np.tanh(z) ** 2) * (1 + 0.3 * noise[:B, :I]), Z, names=["z"])
    assert "got dz" not in report.hint
    assert not report.ok


def test_what_agrees_at_the_given_inputs_alone_is_not_named() -> None:
    """Where all weights are 2, half of dx looks like dx without W."""
    report = asked(linear, of_layer(dx=lambda dy, x, W, m: dy @ (W * m) / 2), X, np.full((O, I), 2.0), BIAS, MASK)
    assert "W[o, i] is missing" not in report.hint
    assert "2" in report.hint.split("; got")[0]


def test_equal_sizes_confuse_nothing() -> None:
    """A square layer with as many rows: what is named is still what was done."""
    x, V, b = (RNG.standard_normal(shape) for shape in ((4, 4), (4, 4), 4))
    mask = np.tri(4, dtype=bool)
    wrong = {
        "dW: it is transposed": of_layer(dW=lambda dy, x, W, m: (dy.T @ x * m).T),
        "dW: mask is missing": of_layer(dW=lambda dy, x, W, m: dy.T @ x),
        "dx: mask is missing": of_layer(dx=lambda dy, x, W, m: dy @ W),
        "db: it is 1/B of what it should be": of_layer(db=lambda dy, x, W, m: dy.mean(0)),
    }
    for part, backward in wrong.items():
        assert part in asked(linear, backward, x, V, b, mask).hint
    turned = asked(linear, of_layer(dx=lambda dy, x, W, m: dy @ (W * m).T), x, V, b, mask)
    assert turned.hint == "all errors are in x: look at its own formula"
    z, t = RNG.standard_normal((4, 4)), RNG.integers(0, 2, (4, 4))
    assert "1 / B is missing" in asked(loss, lambda dy, z, x: (dy * (sigmoid(z) - x),), z, t).hint
    exchanged = asked(dot, lambda dy, a, b: (dy[:, None] * a, dy[:, None] * b), z, z + t)
    assert exchanged.hint == "da and db stand in each other's place"


def test_a_forward_function_that_refuses_other_inputs_is_no_error() -> None:
    def picky(z: Array) -> Array:
        assert np.abs(z).max() <= 1.01 * np.abs(Z).max()
        return np.tanh(z)

    assert not asked(picky, lambda dy, z: dy * z, Z).ok


def test_a_forward_function_without_its_mask_is_not_put_on_the_backward_one() -> None:
    report = asked(lambda x, W, b, mask: x @ W.T + b, of_layer(), X, W, BIAS, MASK, frozen=[None, ~MASK, None, None])
    assert "not applied in the forward pass" in report.hint
    assert "does not belong" not in report.hint
    report = asked(lambda x, W, b, mask: x @ W.T + b, of_layer(), X, W, BIAS, MASK)
    assert "or the forward function forgets it" in report.hint
