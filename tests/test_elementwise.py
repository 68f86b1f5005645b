"""What is registered as an activation is looked at then and there: each promise is broken once, and named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from made_np import layers
from made_np.elementwise import check_elementwise

Array = NDArray[Any]


def softsign(z: Array) -> Array:
    return z / (1 + np.abs(z))


def softsign_backward(dy: Array, z: Array) -> Array:
    return dy / (1 + np.abs(z)) ** 2


def hard_tanh(z: Array) -> Array:
    return np.clip(z, -1, 1)


def hard_tanh_backward(dy: Array, z: Array) -> Array:
    return dy * (np.abs(z) < 1)


@pytest.fixture(autouse=True)
def _nothing_stays() -> Iterator[None]:
    before = dict(layers.ACTIVATIONS)
    yield
    assert before == layers.ACTIVATIONS


@pytest.mark.parametrize("name", sorted(layers.BUILT_IN))
def test_ours_are_what_is_asked_of_others(name: str) -> None:
    act = layers.ACTIVATIONS[name]
    check_elementwise(act.forward, act.backward)


@pytest.mark.parametrize(
    ("forward", "backward"),
    [
        (softsign, softsign_backward),
        (hard_tanh, hard_tanh_backward),
        (np.arctan, lambda dy, z: dy / (1 + z * z)),
        (lambda z: np.sin(z), lambda dy, z: dy * np.cos(z)),
        (lambda z: z * z, lambda dy, z: 2 * dy * z),
        (lambda z: np.array([abs(v) for v in z.flat], z.dtype).reshape(z.shape), lambda dy, z: dy * np.sign(z)),
    ],
)
def test_any_function_of_one_number_will_do(forward: Callable[..., Any], backward: Callable[..., Any]) -> None:
    check_elementwise(forward, backward)


def in_place(z: Array) -> Array:
    z /= 1 + np.abs(z)
    return z.copy()


FORWARD: list[tuple[Callable[..., Any], str]] = [
    (lambda z: np.float64(1) * z.astype("f8"), "returns an array of float64 of shape .* give the same as z has"),
    (lambda z: z.ravel(), r"returns an array of float32 of shape \(20,\)"),
    (lambda z: z.sum(), "forward.*returns .* give the same"),
    (lambda z: z.tolist(), "forward.*returns .* give the same"),
    (lambda z: None, "returns None"),
    (lambda z: z, r"forward\(z\) writes to its arguments, or returns one of them"),
    (in_place, r"forward\(z\) writes to its arguments"),
    (lambda z: z - z.mean(), "does not depend on its own place in z alone"),
    (lambda z: z / np.abs(z).max(axis=1, keepdims=True, initial=1e-9), "own place in z alone"),
    (lambda z: z * np.arange(z.shape[-1], dtype=z.dtype), "own place in z alone"),
    (lambda z: z[:, ::-1].copy(), "own place in z alone"),
    (lambda z: z + np.random.default_rng().random(z.shape, dtype=z.dtype), "something else at each call"),
    (lambda z: np.log(np.abs(z) - np.abs(z).min()), r"forward\(z\) is -inf in float32 at z = "),
    (lambda z: z[0, 0] * z, r"forward\(z\) with z of shape \(0, 5\) fails: IndexError|own place"),
    (lambda z, mask: z, r"forward\(z\) with z of shape \(4, 5\) fails: TypeError: .*mask"),
]


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize(("forward", "message"), FORWARD)
def test_a_forward_function_that_is_none_is_refused(forward: Callable[..., Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        layers.register_activation("mine", forward, softsign_backward)


BACKWARD: list[tuple[Callable[..., Any], str]] = [
    (lambda dy, z: dy / (1 + np.abs(z)), "backward is not the slope of forward"),
    (lambda dy, z: 1 / (1 + np.abs(z)) ** 2, "backward is not the slope of forward"),
    (lambda dy, z: -dy / (1 + np.abs(z)) ** 2, "sign flipped"),
    (
        lambda dy, y: dy * (1 - np.abs(y)) ** 2,
        "wants the output of .*, not its input z: pass lambda dy, z: vjp.dy, softsign.z..",
    ),
    (lambda dy: dy, r"backward\(dy, z\) with z of shape \(4, 5\) fails: TypeError"),
    (lambda dy, z: np.float64(1) * (dy / (1 + np.abs(z)) ** 2).astype("f8"), r"backward\(dy, z\) .*float64"),
    (lambda dy, z: dy, r"backward\(dy, z\) writes to its arguments, or returns one"),
    (lambda dy, z: np.zeros_like(z), "backward is not the slope"),
    (lambda dy, z: dy.mean() / (1 + np.abs(z)) ** 2, "own place|each call|not the slope|fails"),
]


@pytest.mark.filterwarnings("ignore:Mean of empty slice", "ignore:invalid value")
@pytest.mark.parametrize(("backward", "message"), BACKWARD)
def test_a_backward_function_that_is_not_its_slope_is_refused(backward: Callable[..., Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        layers.register_activation("mine", softsign, backward)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"name": 3}, TypeError, "name is a int"),
        ({"name": ""}, ValueError, "name=''"),
        ({"name": "soft sign"}, ValueError, "name='soft sign': give a name of letters"),
        ({"name": "relu"}, ValueError, "name='relu' is taken"),
        ({"forward": "softsign"}, TypeError, "forward='softsign'.*cannot be called"),
        ({"backward": None}, TypeError, "backward=None.*cannot be called"),
        ({"gain": 0}, ValueError, "gain=0"),
        ({"gain": np.nan}, ValueError, "gain=nan"),
        ({"gain": "he"}, TypeError, "gain='he'"),
    ],
)
def test_arguments_are_looked_at(changes: dict[str, Any], error: type[Exception], message: str) -> None:
    good = {"name": "mine", "forward": softsign, "backward": softsign_backward, "gain": 2.0}
    with pytest.raises(error, match=message):
        layers.register_activation(**(good | changes))


def test_a_name_is_taken_once_and_can_be_given_back() -> None:
    layers.register_activation("mine", softsign, softsign_backward, gain=3)
    assert layers.ACTIVATIONS["mine"] == layers.Activation(softsign, softsign_backward, 3.0)
    with pytest.raises(ValueError, match="name='mine' is taken"):
        layers.register_activation("mine", softsign, softsign_backward)
    layers.unregister_activation("mine")
    with pytest.raises(ValueError, match="name='mine' is unknown"):
        layers.unregister_activation("mine")


@pytest.mark.parametrize("name", sorted(layers.BUILT_IN))
def test_ours_stay(name: str) -> None:
    with pytest.raises(ValueError, match=f"name='{name}' belongs to made_np"):
        layers.unregister_activation(name)


def test_nobody_writes_to_the_list_itself() -> None:
    with pytest.raises(TypeError):
        layers.ACTIVATIONS["mine"] = layers.ACTIVATIONS["tanh"]  # type: ignore[index]
