"""Layers of others become a MADE with the same function, and with the same gradient; what is none is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from interop.nets import answer, by_numbers, interleaved, one_hot
from numpy.typing import NDArray

from made_np import Bernoulli, Categorical, Gaussian, MixtureOfGaussians, interop
from made_np.interop.ordering import Wiring, order_of

Array = NDArray[Any]

ORDERS = [[0, 1, 2, 3, 4], [2, 0, 3, 1, 4]]


def drawn(order: list[int], widths: tuple[int, ...], seed: int) -> list[Array]:
    """Numbers of units as karpathy draws them: random, each layer from the least of the one below on."""
    rng = np.random.default_rng(seed)
    numbers = [np.argsort(order)]
    for width in widths:
        numbers.append(rng.integers(numbers[-1].min(), len(order) - 1, size=width))
    return numbers


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("widths", [(), (12,), (3,), (16, 9), (9, 9, 9)])
@pytest.mark.parametrize("activation", ["relu", "elu", "tanh"])
def test_karpathys_net(order: list[int], widths: tuple[int, ...], activation: str) -> None:
    triples = by_numbers(drawn(order, widths, seed=3), seed=1)
    made, theta = interop.from_layers(triples, "bernoulli", activation=activation)
    x = np.random.default_rng(0).integers(0, 2, (20, 5)).astype(float)
    np.testing.assert_allclose(made.raw_outputs(theta, x), answer(triples, x, activation), atol=1e-12, rtol=1e-12)
    depends = made.mask_sets[0].reachability()
    theirs = np.linalg.multi_dot([np.eye(5), *[m for _, _, m in triples[::-1]], np.eye(5)]) > 0
    np.testing.assert_array_equal(depends, theirs)


def test_masks_are_theirs_where_degrees_give_them() -> None:
    numbers = drawn(ORDERS[1], (20, 30), seed=0)
    found = interop.from_layers(by_numbers(numbers), "bernoulli")
    assert list(found.made.order) == ORDERS[1]
    for own, theirs in zip(found.made.degrees, numbers[1:], strict=True):
        assert list(own) == sorted((theirs + 1).tolist())
    assert "more than there" not in str(found)


def test_a_missing_wire_tells_degrees_that_no_wire_tells() -> None:
    """The second layer has a unit of degree 2 that sees what one of degree 1 would: only those above it know."""
    numbers = [np.arange(4), np.array([0, 2]), np.array([0, 1, 2]), np.array([0, 1, 2])]
    found = interop.from_layers(by_numbers(numbers), "bernoulli")
    assert found.made.degrees == ((1, 3), (1, 2, 3), (1, 2, 3))
    assert "more than there" not in str(found)


def test_float32_stays_float32() -> None:
    triples = by_numbers(drawn(ORDERS[1], (12,), 0), n_blocks=2, dtype="float32")
    made, theta = interop.from_layers(triples, "gaussian", layout="blocked")
    assert theta.dtype == np.float32
    x = np.random.default_rng(0).normal(size=(9, 5)).astype(np.float32)
    theirs = interleaved(answer(triples, x), 2)
    np.testing.assert_allclose(made.raw_outputs(theta, x), theirs, atol=1e-6, rtol=1e-5)


def test_gradients_are_theirs() -> None:
    """The gradient of our log-likelihood is the difference quotient of theirs, weight by weight; off masks it is 0."""
    numbers = drawn(ORDERS[1], (7,), seed=2)
    numbers[1].sort()  # so that units stand where they stood
    triples = by_numbers(numbers)
    found = interop.from_layers(triples, "bernoulli", activation="tanh")
    x = np.random.default_rng(0).integers(0, 2, (6, 5)).astype(float)
    _, grad = found.made.loss_and_grad(found.theta, x)
    views = found.made.layout.views(grad)

    def loss() -> float:
        z = answer(triples, x, "tanh")
        return float((np.logaddexp(0, z) - x * z).sum() / len(x))

    h = 1e-5
    for k, (W, _, mask) in enumerate(triples):
        for place in np.ndindex(W.shape):
            kept = W[place]
            W[place] = kept + h
            up = loss()
            W[place] = kept - h
            slope = (up - loss()) / (2 * h)
            W[place] = kept
            assert abs(views[f"W{k}"][place] - slope) < 1e-8
            assert mask[place] or views[f"W{k}"][place] == 0


def test_ragged_columns_one_hot_with_direct_wires_that_are_not_all() -> None:
    """Naru's: each column its own number of values, direct wires of some pairs only."""
    sizes = [3, 2, 4]
    features = np.repeat(np.arange(3), sizes)
    rng = np.random.default_rng(0)
    hidden = rng.integers(0, 2, 10)
    masks = [hidden[:, None] >= features, features[:, None] > hidden]
    triples = [(rng.normal(size=m.shape), rng.normal(size=len(m)), m) for m in masks]
    partly = (features[:, None] == 2) & (features == 1)
    direct = (rng.normal(size=(9, 9)), None, partly)
    found = interop.from_layers(triples, [Categorical(n) for n in sizes], direct=direct)
    x = np.stack([rng.integers(0, n, 30) for n in sizes], axis=1).astype(float)
    theirs = answer(triples, one_hot(x, sizes), direct=direct)
    np.testing.assert_allclose(found.made.raw_outputs(found.theta, x), theirs, atol=1e-12)
    n_further = int((features[:, None] > features).sum() - partly.sum())
    assert f"W_direct: {partly.sum()} of 81 weights used" in str(found)
    assert f"{n_further} wires more than there" in str(found)


def test_components_that_stand_one_behind_the_other() -> None:
    """nflows': (weight, mean, scale) of the first component, then of the second."""
    numbers = drawn([1, 0, 2], (8,), seed=1)
    rng = np.random.default_rng(0)
    (W0, b0, m0), (_, _, last) = by_numbers(numbers)
    m1 = np.repeat(last, 6, axis=0)
    triples = [(W0, b0, m0), (rng.normal(size=m1.shape), rng.normal(size=18), m1)]
    output = MixtureOfGaussians(2, min_scale=0.01)
    made, theta = interop.from_layers(triples, output, raw_order=[0, 3, 1, 4, 2, 5])
    x = rng.normal(size=(11, 3))
    raw = answer(triples, x).reshape(11, 3, 2, 3)
    w = np.exp(raw[..., 0]) / np.exp(raw[..., 0]).sum(-1, keepdims=True)
    s = np.log1p(np.exp(raw[..., 2])) + 0.01
    density = w / s / np.sqrt(2 * np.pi) * np.exp(-(((x[..., None] - raw[..., 1]) / s) ** 2) / 2)
    np.testing.assert_allclose(made.log_prob(theta, x), np.log(density.sum(-1)).sum(-1), atol=1e-11)


@pytest.mark.parametrize("factor", [1.0, 0.5, -0.5])
def test_gaussians_with_the_logarithm_of_scale_variance_precision(factor: float) -> None:
    triples = by_numbers(drawn(ORDERS[1], (12,), 0), n_blocks=2)
    output = Gaussian(0, scale="exp")
    made, theta = interop.from_layers(triples, output, layout="blocked", raw_factors=[1, factor])
    x = np.random.default_rng(0).normal(size=(9, 5))
    raw = answer(triples, x)
    log_s = raw[:, 5:] * factor
    theirs = -(((x - raw[:, :5]) / np.exp(log_s)) ** 2) / 2 - log_s - np.log(2 * np.pi) / 2
    np.testing.assert_allclose(made.log_prob(theta, x), theirs.sum(1), rtol=1e-12)


def test_an_ensemble_with_degrees_of_its_own_for_each_mask_set() -> None:
    sets = [drawn(order, (12, 9), seed) for seed, order in enumerate([*ORDERS, [4, 3, 1, 0, 2]])]
    each = [by_numbers(numbers) for numbers in sets]
    triples = [(W, b, np.stack([one[k][2] for one in each])) for k, (W, b, _) in enumerate(each[0])]
    made, theta = interop.from_layers(triples, "bernoulli")
    x = np.random.default_rng(0).integers(0, 2, (20, 5)).astype(float)
    for k, one in enumerate(each):
        theirs = answer([(W, b, own[2]) for (W, b, _), own in zip(triples, one, strict=True)], x)
        np.testing.assert_allclose(made.raw_outputs(theta, x, mask_set=k), theirs, atol=1e-12)


def test_an_ensemble_whose_masks_no_degrees_give_is_refused() -> None:
    triples = by_numbers(drawn(ORDERS[0], (6,), 0))
    masks = np.stack([triples[1][2], triples[1][2]])
    masks[1, -1, np.flatnonzero(masks[1, -1])[0]] = 0
    with pytest.raises(ValueError, match=r"layers have masks of W. that no degrees give, and 2 mask sets share"):
        interop.from_layers([triples[0], (*triples[1][:2], masks)], "bernoulli")


def test_without_masks_wires_are_where_weights_are() -> None:
    triples = by_numbers(drawn(ORDERS[1], (12,), 0))
    masked = [(W * mask, None, None) for W, _, mask in triples]
    found = interop.from_layers(masked, "bernoulli")
    x = np.random.default_rng(0).integers(0, 2, (7, 5)).astype(float)
    theirs = answer([(W, np.zeros(len(W)), mask) for W, _, mask in triples], x)
    np.testing.assert_allclose(found.made.raw_outputs(found.theta, x), theirs, atol=1e-12)
    assert "b0: none there, 0 here" in found.account


def test_units_that_see_nothing_tell_the_first_feature_by_its_bias() -> None:
    numbers = [np.array([0, 1, 2]), np.array([-1, 0, 1, -1]), np.array([-1, 0, 1])]
    triples = by_numbers(numbers)
    found = interop.from_layers(triples, Bernoulli(), activation="tanh")
    x = np.array([[0, 1, 1], [1, 1, 0]])
    np.testing.assert_allclose(found.made.raw_outputs(found.theta, x), answer(triples, x, "tanh"), atol=1e-12)
    assert "from units that see no input to feature 0 are in its bias" in found.account[0]
    assert "lead to no output" not in str(found)


def test_units_that_lead_nowhere_are_left_out_in_words() -> None:
    triples = by_numbers([np.array([0, 1, 2]), np.array([0, 1, 2, 2])])
    found = interop.from_layers(triples, "bernoulli")
    x = np.array([[0, 1, 1], [1, 1, 0]])
    np.testing.assert_allclose(found.made.raw_outputs(found.theta, x), answer(triples, x), atol=1e-12)
    assert "of units that lead to no output left out" in str(found)


@pytest.mark.parametrize("density", [0.15, 0.4])
def test_any_net_without_circles_comes_in(density: float) -> None:
    """Sparse masks of no rule at all: the function is the same, and further wires are told."""
    rng = np.random.default_rng(1)
    for _ in range(20):
        position = np.argsort(rng.permutation(5))
        numbers = [position + 1, rng.integers(1, 5, 8), rng.integers(1, 5, 6)]
        triples = [(W, b, m * (rng.random(m.shape) < density)) for W, b, m in by_numbers(numbers)]
        made, theta = interop.from_layers(triples, "bernoulli")
        x = rng.integers(0, 2, (4, 5)).astype(float)
        np.testing.assert_allclose(made.raw_outputs(theta, x), answer(triples, x), atol=1e-12)


def test_residual_layers() -> None:
    numbers = [np.array([0, 1, 2]), np.array([0, 1, 0, 1]), np.array([0, 1, 1, 1])]
    triples = by_numbers(numbers)
    made, theta = interop.from_layers(triples, "bernoulli", residual=True, activation="tanh")
    x = np.array([[0, 1, 1], [1, 1, 0]])
    (W0, b0, m0), (W1, b1, m1), (W2, b2, m2) = triples
    h = np.tanh(x @ (W0 * m0).T + b0)
    h = h + np.tanh(h @ (W1 * m1).T + b1)
    np.testing.assert_allclose(made.raw_outputs(theta, x), h @ (W2 * m2).T + b2, atol=1e-12)


# ------------------------------------------------------------------------------------------ what is refused


def test_an_output_that_sees_its_own_input_is_named() -> None:
    triples = by_numbers(drawn(ORDERS[1], (12,), 0))
    (W0, b0, m0), (W1, b1, m1) = triples
    m1 = m1.copy()
    m1[3] = 1
    with pytest.raises(ValueError, match="no order permits: the outputs of feature 3 see its own inputs"):
        interop.from_layers([(W0, b0, m0), (W1, b1, m1)], "bernoulli")


def test_a_circle_is_named() -> None:
    depends = np.zeros((4, 4), dtype=bool)
    depends[[0, 2, 3, 1], [2, 3, 0, 0]] = True
    with pytest.raises(ValueError, match=r"those of feature 0 see feature 2, .* 2 see feature 3, .* 3 see feature 0"):
        order_of(depends, np.arange(4))


def test_the_wrong_layout_is_named() -> None:
    triples = by_numbers(drawn(ORDERS[1], (12,), 0), n_blocks=2)
    with pytest.raises(ValueError, match="layout='interleaved'"):
        interop.from_layers(triples, "gaussian")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layers": []}, "layers is empty"),
        ({"layers": [(np.ones((2, 3)), None)]}, r"layers\[0\] has 2 parts"),
        ({"layers": [(np.ones((2, 3)), np.ones(3), None)]}, r"layers\[0\]\[1\] has shape"),
        ({"layers": [(np.ones((2, 3)), None, np.ones((3, 2)))]}, r"layers\[0\]\[2\] has shape"),
        ({"layers": [(np.full((2, 3), np.nan), None, None)]}, "NaN is not allowed"),
        ({"output": [Bernoulli(), Bernoulli()]}, "output lists 2 distributions, seen through 2 input units"),
        ({"output": Categorical(2)}, "no multiple"),
        ({"output": "gaussian"}, "output has 10 raw outputs in all: the last of layers has 5 rows"),
        ({"layout": "rows"}, "layout='rows'"),
        ({"activation": "step"}, "activation='step' is unknown"),
        ({"raw_order": [1]}, "raw_order"),
        ({"raw_factors": [1, 2]}, "raw_factors has shape"),
        ({"direct": (np.ones((2, 2)), None, None)}, "direct has a W of shape"),
        ({"direct": (np.zeros((5, 5)), np.ones(5), None)}, "direct has a b"),
    ],
)
def test_what_does_not_fit_is_named(change: dict[str, Any], message: str) -> None:
    good: dict[str, Any] = {"layers": by_numbers(drawn(ORDERS[0], (6,), 0)), "output": "bernoulli"}
    with pytest.raises(ValueError, match=message):
        interop.from_layers(**{**good, **change})


def test_masks_alone_say_who_sees_whom() -> None:
    masks = (np.array([[0, 1, 0], [1, 1, 0]], dtype=bool), np.array([[1, 0], [0, 0], [1, 1]], dtype=bool))
    wiring = Wiring(masks, None, np.arange(3), np.arange(3))
    np.testing.assert_array_equal(wiring.order(), [1, 0, 2])
    np.testing.assert_array_equal(wiring.degrees(wiring.order())[0], [1, 2])
