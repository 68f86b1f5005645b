"""A list of layers that is told its masks is a MADE: the same numbers, the same draws, the same proofs."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from made_np import MADE, Autoencoder, Categorical, MaskedLinear, Sequential, fit
from made_np.sequential import Elementwise
from made_np.testing import suite

Array = NDArray[Any]

ORDER = [2, 0, 3, 1]
KINDS: dict[str, tuple[Any, list[Any]]] = {
    "bits": ("bernoulli", [MaskedLinear, (4, 7), "elu", (7, 6), "elu", (6, 4)]),
    "real numbers": ("gaussian", [MaskedLinear, (4, 7), "tanh", (7, 8)]),
    "no activation": ("bernoulli", [MaskedLinear, (4, 5), (5, 6), (6, 4)]),
    "mixed": (["bernoulli", Categorical(3), "gaussian", "bernoulli"], [MaskedLinear, (6, 9), "relu", (9, 7)]),
}


def net_of(kind: str, **more: Any) -> Sequential:
    output, (_, *parts) = KINDS[kind]
    built = [part if isinstance(part, str) else MaskedLinear(*part) for part in parts]
    return Sequential(*built, **{"output": output, "order": ORDER, **more})


def rows_of(kind: str, n: int = 6, seed: int = 0) -> Array:
    rng = np.random.default_rng(seed)
    bits = rng.integers(0, 2, (n, 4)) * 1.0
    if kind == "real numbers":
        return rng.standard_normal((n, 4))
    if kind == "mixed":
        bits[:, 1] = rng.integers(0, 3, n)
        bits[:, 2] = rng.standard_normal(n)
    return bits


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("degrees", ["spread", "random"])
def test_numbers_are_those_of_made_with_the_same_weights(kind: str, degrees: str) -> None:
    net = net_of(kind, degrees=degrees, seed=3, rng=1)
    made = replace(net.made, backend="numpy")
    assert isinstance(made, MADE)
    assert (made.order, made.degrees, made.seed) == (tuple(ORDER), degrees, 3)
    net.theta = net.theta + 0.1
    x = rows_of(kind)
    theta = net.theta
    np.testing.assert_allclose(net.forward(x), made.raw_outputs(theta, x), rtol=0, atol=1e-12)
    np.testing.assert_allclose(net.log_prob(x), made.log_prob(theta, x), rtol=0, atol=1e-12)
    loss, grad = net.loss_and_grad(x)
    want, want_grad = made.loss_and_grad(theta, x)
    assert loss == pytest.approx(want, abs=1e-12)
    assert net.loss(x) == pytest.approx(want, abs=1e-12)
    np.testing.assert_allclose(grad, want_grad, rtol=0, atol=1e-12)
    u = np.random.default_rng(5).random((20, 4))
    np.testing.assert_allclose(net.sample(u), made.sample(theta, 20, uniforms=u), rtol=0, atol=1e-12)


def test_a_start_is_that_of_made() -> None:
    net = net_of("bits", rng=4)
    np.testing.assert_array_equal(net.theta, net.made.init(4))


@pytest.mark.parametrize("kind", KINDS)
def test_the_property_suite_passes(kind: str) -> None:
    report = suite(net_of(kind).adapter())
    assert report.ok, report
    ran = {result.name for result in report.results if result.status == "passed"}
    summed = set() if kind == "real numbers" else {"normalised"}  # four integrals at once are too many points
    assert {"masks", "autoregressive", "gradient", "sampler"} | summed <= ran


def test_a_density_of_two_real_numbers_integrates_to_one() -> None:
    net = Sequential(MaskedLinear(2, 5), "tanh", MaskedLinear(5, 4), output="gaussian", order=[1, 0])
    assert suite(net.adapter())["normalised"].status == "passed"


class Reversed:
    """A layer of somebody's own that mixes units."""

    def forward(self, x: Array) -> Array:
        return x[:, ::-1]

    def backward(self, dy: Array) -> Array:
        return dy[:, ::-1]


class Doubled:
    """One that does not, with parameters that nobody trains."""

    def forward(self, x: Array) -> Array:
        return 2 * x

    def backward(self, dy: Array) -> Array:
        return 2 * dy


class Halved(Doubled):
    """One whose backward pass is wrong."""

    def backward(self, dy: Array) -> Array:
        return dy


def failed(net: Sequential) -> set[str]:
    return {result.name for result in suite(net.adapter()).results if result.status == "FAILED"}


def test_a_layer_of_ones_own_stands_between() -> None:
    net = Sequential(MaskedLinear(4, 7), "tanh", Doubled(), MaskedLinear(7, 4), order=ORDER)
    assert not failed(net)
    with pytest.raises(ValueError, match="made: there is a MADE of layers with an order, and with one activation"):
        net.made  # noqa: B018 - the lookup itself is the test
    both = Sequential(MaskedLinear(4, 7), "tanh", MaskedLinear(7, 5), "relu", MaskedLinear(5, 4), order=ORDER)
    assert not failed(both)
    with pytest.raises(ValueError, match="made: "):
        both.made  # noqa: B018 - the lookup itself is the test


def test_the_suite_sees_what_is_wrong_with_layers() -> None:
    leaking = Sequential(MaskedLinear(4, 7), "tanh", Reversed(), MaskedLinear(7, 4), order=ORDER)
    assert {"autoregressive", "normalised"} <= failed(leaking)
    wrong = Sequential(MaskedLinear(4, 7), "tanh", Halved(), MaskedLinear(7, 4), order=ORDER)
    assert "gradient" in failed(wrong)
    assert "autoregressive" not in failed(wrong)


def test_the_suite_sees_a_mask_that_was_broken() -> None:
    net = net_of("bits")
    net.layers[0].mask[:] = True
    assert {"masks", "autoregressive", "normalised"} <= failed(net)
    assert failed(net_of("bits", order=None)) >= {"masks", "autoregressive", "normalised"}


def test_the_adapter_leaves_the_layers_alone() -> None:
    net = net_of("bits")
    before = net.theta
    adapter = net.adapter(rows=3, rng=1)
    assert adapter.rows == 3
    assert not np.array_equal(adapter.theta, net.adapter(rows=3, rng=2).theta)
    suite(adapter)
    np.testing.assert_array_equal(net.theta, before)
    assert net.layers[0].dW is None


def test_masks_follow_from_the_degrees_that_layers_show() -> None:
    net = net_of("bits")
    first, middle, last = (net.layers[k] for k in (0, 2, 4))
    position = np.argsort(ORDER) + 1
    np.testing.assert_array_equal(first.mask, first.degrees[:, None] >= position)
    np.testing.assert_array_equal(middle.mask, middle.degrees[:, None] >= first.degrees)
    np.testing.assert_array_equal(last.mask, last.degrees[:, None] > middle.degrees)
    np.testing.assert_array_equal(last.degrees, position)
    _, grad = net.loss_and_grad(rows_of("bits"))
    for layer in (first, middle, last):
        assert (layer.dW[~layer.mask] == 0).all()
    np.testing.assert_array_equal(grad[:28], first.dW.ravel())
    np.testing.assert_array_equal(grad[-4:], last.db)


def test_without_an_order_it_is_an_autoencoder() -> None:
    net = net_of("bits", order=None)
    ae = Autoencoder(4, (7, 6), activation="elu", dtype="float64")
    x = rows_of("bits")
    np.testing.assert_allclose(-net.log_prob(x), ae.row_loss(net.theta, x), atol=1e-12)
    np.testing.assert_allclose(net.loss_and_grad(x)[1], ae.loss_and_grad(net.theta, x)[1], atol=1e-12)
    assert net.adapter().sample is None
    with pytest.raises(ValueError, match="order=None no feature comes first"):
        net.sample(np.full((1, 4), 0.5))
    with pytest.raises(ValueError, match="made: "):
        net.made  # noqa: B018 - the lookup itself is the test


def test_all_rows_add_up_to_one_after_training_too() -> None:
    every = np.array(list(itertools.product((0.0, 1.0), repeat=4)))
    net = net_of("bits")
    before = net.loss(every[:5])
    result = net.fit(every[:5], max_epochs=100, learning_rate=1e-2)
    assert net.loss(every[:5]) < before - 0.5
    np.testing.assert_array_equal(net.theta, result.theta)
    assert np.exp(net.log_prob(every)).sum() == pytest.approx(1, abs=1e-12)


def test_training_makes_the_steps_of_made() -> None:
    x = rows_of("bits", 40)
    weights = np.arange(40.0)
    net = net_of("bits", rng=2)
    made = replace(net.made, backend="numpy")
    options: dict[str, Any] = {"max_epochs": 3, "batch_size": 7, "sample_weight": weights, "averaging": 0.9}
    want = fit(made, x, theta=net.theta, **options).theta
    np.testing.assert_allclose(net.fit(x, **options).theta, want, atol=1e-12)


def test_a_training_that_diverges_is_told() -> None:
    net = net_of("real numbers")
    with pytest.warns(RuntimeWarning, match="the loss was not finite"):
        net.fit(rows_of("real numbers", 40), optimizer="sgd", learning_rate=1e200, max_epochs=3)
    assert np.isfinite(net.theta).all()


def test_backward_gives_the_gradient_of_the_input_units() -> None:
    net = net_of("bits")
    x = rows_of("bits")
    seed = np.random.default_rng(1).standard_normal((6, 4))
    net.forward(x)
    want = np.einsum("bo,boi->bi", seed, net.made.jacobian(net.theta, x))
    np.testing.assert_allclose(net.backward(seed), want, atol=1e-12)


def test_no_rows_have_no_loss() -> None:
    loss, grad = net_of("bits").loss_and_grad(np.empty((0, 4)))
    assert loss == net_of("bits").loss(np.empty((0, 4))) == 0
    assert not grad.any()


def test_theta_is_a_copy_that_can_be_set() -> None:
    net = net_of("bits")
    theta = net.theta
    theta[:] = 1
    assert not (net.theta == 1).any()
    net.theta = theta
    assert (net.layers[2].W == 1).all()
    theta[:] = 2
    assert (net.layers[2].W == 1).all()
    net.layers[2].W[0, 0] = 5
    assert net.theta[net.made.layout.slices["W1"].start] == 5


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Sequential(), ValueError, "begin and end with a MaskedLinear"),
        (lambda: Sequential(MaskedLinear(4, 4)), ValueError, "at least two"),
        (lambda: Sequential("relu", MaskedLinear(4, 3), MaskedLinear(3, 4)), ValueError, "begin and end"),
        (lambda: Sequential(MaskedLinear(4, 3), 7, MaskedLinear(3, 4)), TypeError, r"layers\[1\]=7 is a int"),
        (lambda: Sequential(MaskedLinear(4, 3), "rely", MaskedLinear(3, 4)), ValueError, "rely"),
        (
            lambda: Sequential(MaskedLinear(4, 3), MaskedLinear(5, 4)),
            ValueError,
            "MaskedLinear 0 has 3 outputs, the next one 5 inputs",
        ),
        (lambda: Sequential(MaskedLinear(4, 3), MaskedLinear(3, 5)), ValueError, "last of layers has 5 outputs.* 4 "),
        (
            lambda: Sequential(MaskedLinear(4, 3), MaskedLinear(3, 4), output=Categorical(3)),
            ValueError,
            "first of layers has 4 inputs: this output needs 3",
        ),
        (lambda: Sequential(*[MaskedLinear(4, 4)] * 2), ValueError, "one of them twice"),
        (lambda: net_of("bits", order=[0, 1]), ValueError, "order"),
        (lambda: net_of("bits", degrees="many"), ValueError, "degrees"),
        (lambda: net_of("bits", output="bernoully"), ValueError, "bernoully"),
        (lambda: net_of("bits").forward(np.ones((2, 3))), ValueError, r"x has shape \(2, 3\)"),
        (lambda: net_of("bits").forward(np.full((2, 4), 0.5)), ValueError, r"x\[0, 0\] = 0.5"),
        (lambda: net_of("bits").fit(rows_of("bits"), dropout=0.5), TypeError, "dropout is no argument of Sequential"),
        (lambda: setattr(net_of("bits"), "theta", np.ones(3)), ValueError, r"theta has shape \(3,\)"),
        (lambda: net_of("bits", output=[]), ValueError, r"output=\[\] has no features"),
        (lambda: net_of("bits").backward(np.ones((2, 3))), ValueError, r"d_raw has shape \(2, 3\)"),
        (lambda: net_of("bits").sample(np.ones((2, 3))), ValueError, "uniforms"),
    ],
)
def test_what_cannot_be_meant_is_said_in_one_line(call: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message) as raised:
        call()
    assert "\n" not in str(raised.value)


def test_weights_of_another_shape_are_noticed() -> None:
    net = net_of("bits")
    net.layers[0].W = np.ones((3, 3))
    with pytest.raises(ValueError, match=r"the layers hold 92 numbers in \('W', 'b'\), and need 111"):
        net.theta  # noqa: B018 - the lookup itself is the test


def test_it_prints_its_wires() -> None:
    assert str(net_of("bits")).splitlines()[1:3] == ["  MaskedLinear(4, 7), 14 of 28 wires", "  Elementwise('elu')"]
    assert isinstance(net_of("bits").layers[1], Elementwise)
