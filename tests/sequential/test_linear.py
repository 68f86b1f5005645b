"""Layers that own their weights do what the functions of `layers` do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from made_np import MaskedLinear, layers
from made_np.sequential import Elementwise
from made_np.testing import check_vjp

RNG = np.random.default_rng(0)


def masked() -> MaskedLinear:
    rng = np.random.default_rng(1)
    layer = MaskedLinear(3, 5)
    layer.W = rng.standard_normal((5, 3))
    layer.b = rng.standard_normal(5)
    layer.mask = rng.random((5, 3)) < 0.6
    return layer


def test_a_masked_layer_is_masked_linear() -> None:
    layer = masked()
    x = RNG.standard_normal((4, 3))
    np.testing.assert_array_equal(layer.forward(x), layers.masked_linear(x, layer.W, layer.b, layer.mask))
    dy = RNG.standard_normal((4, 5))
    dx = layer.backward(dy)
    want = layers.masked_linear_backward(dy, x, layer.W, layer.b, layer.mask)
    for got, right in zip((dx, layer.dW, layer.db), want, strict=True):
        np.testing.assert_array_equal(got, right)
    layer.backward(dy)
    np.testing.assert_array_equal(layer.dW, want[1])  # overwritten, not added to


def test_backward_is_the_derivative_of_forward() -> None:
    layer = masked()

    def forward(x: Any, W: Any, b: Any) -> Any:
        layer.W, layer.b = W, b
        return layer.forward(x)

    def backward(dy: Any, x: Any, W: Any, b: Any) -> Any:
        forward(x, W, b)
        return layer.backward(dy), layer.dW, layer.db

    inputs = (RNG.standard_normal((4, 3)), layer.W, layer.b)
    assert check_vjp(forward, backward, inputs, frozen=(None, ~layer.mask, None)).ok


@pytest.mark.parametrize("activation", ["relu", "elu", "tanh", "gelu", "identity"])
def test_an_activation_is_that_of_the_page(activation: str) -> None:
    layer = Elementwise(activation)
    z = RNG.standard_normal((4, 3))
    before = z.copy()

    def backward(dy: Any, z: Any) -> Any:
        layer.forward(z)
        return layer.backward(dy)

    assert check_vjp(layer.forward, backward, (z,)).ok
    np.testing.assert_array_equal(layer.forward(z), layers.find_activation(activation).forward(z))
    np.testing.assert_array_equal(z, before)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: MaskedLinear(0, 3), ValueError, "n_inputs=0"),
        (lambda: MaskedLinear(3, 2.5), TypeError, "n_outputs=2.5"),
        (lambda: Elementwise("rely"), ValueError, "rely"),
        (lambda: masked().backward(np.ones((4, 5))), ValueError, "dy came before any forward"),
        (lambda: Elementwise("relu").backward(np.ones((4, 5))), ValueError, "dy came before any forward"),
        (lambda: masked().forward(np.ones((4, 5))), ValueError, r"x has shape \(4, 5\): this layer needs \(B, 3\)"),
        (lambda: masked().forward(np.ones(3)), ValueError, r"x has shape \(3,\)"),
        (lambda: masked().forward("a"), TypeError, "x has dtype"),
    ],
)
def test_what_cannot_be_meant_is_said_in_one_line(call: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message) as raised:
        call()
    assert "\n" not in str(raised.value)


def test_a_gradient_of_other_rows_is_refused() -> None:
    layer = masked()
    layer.forward(np.ones((4, 3)))
    with pytest.raises(ValueError, match=r"dy has 2 rows, the latest forward had 4"):
        layer.backward(np.ones((2, 5)))
    act = Elementwise("relu")
    act.forward(np.ones((4, 3)))
    with pytest.raises(ValueError, match=r"dy has shape \(2, 3\), the latest forward had \(4, 3\)"):
        act.backward(np.ones((2, 3)))
