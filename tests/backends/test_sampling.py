"""Ancestral sampling against the slow way: one whole pass through the network for every feature."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from installed import each_backend
from numpy.typing import NDArray
from strategies import DISCRETE, models, random_context, random_rows, random_theta, seeds

from made_np import layers
from made_np.distributions.levels import DiscretizedLogistic
from made_np.distributions.mixtures import MixtureOfGaussians
from made_np.distributions.plain import Categorical
from made_np.model.made import MADE
from made_np.testing import check_sampler

Array = NDArray[Any]

MIXED = ["gaussian", Categorical(3), "bernoulli", DiscretizedLogistic(4, 2), "gaussian"]


def problem(made: MADE, n: int, seed: int) -> tuple[Array, Array, Array | None]:
    """theta, uniforms and context; the uniforms keep clear of the jumps that rounding could move."""
    rng = np.random.default_rng(seed)
    return random_theta(made, rng), rng.random((n, made.n_features)), random_context(made, n, rng)


@settings(max_examples=60)
@given(models(), seeds)
def test_rows_are_those_of_the_slow_sampler(made: MADE, seed: int) -> None:
    theta, u, context = problem(made, 4, seed)
    one = made.mask_sets[0]
    got = made.sample(theta, 4, uniforms=u, context=context, mask_set=0)
    np.testing.assert_allclose(got, naive.sample(made, theta, u, one, None, context), rtol=1e-12, atol=1e-12)


@settings(max_examples=60)
@given(models(), seeds)
def test_given_values_are_put_in_as_they_are_reached(made: MADE, seed: int) -> None:
    theta, u, context = problem(made, 4, seed)
    rng = np.random.default_rng(seed + 1)
    rows = random_rows(made, 4, rng)
    gappy = np.where(rng.random(rows.shape) < 0.5, rows, np.nan)
    got = made.sample(theta, 4, uniforms=u, given=gappy, conditioning="clamp", context=context, mask_set=0)
    want = naive.sample(made, theta, u, made.mask_sets[0], gappy, context)
    np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(got[~np.isnan(gappy)], rows[~np.isnan(gappy)])


@settings(max_examples=60)
@given(models(outputs=DISCRETE, max_features=6), seeds)
def test_a_sample_is_the_fixed_point_of_its_own_conditionals(made: MADE, seed: int) -> None:
    """Exact, without statistics: row x was drawn with u if and only if every x_d is the quantile of u_d given x."""
    theta, u, context = problem(made, 16, seed)
    x = made.sample(theta, 16, uniforms=u, context=context, mask_set=0)
    raw = made.raw_outputs(theta, x, context=context)
    for d, output in enumerate(made.outputs.feature_outputs):
        np.testing.assert_array_equal(x[:, d], output.inverse_cdf(raw[:, made.output_slices[d]], u[:, d]))


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-4), ("float64", 1e-12)])
@pytest.mark.parametrize("order", ["natural", [3, 0, 4, 1, 2]])
def test_a_sample_is_a_fixed_point_in_every_dtype(order: Any, dtype: str, tolerance: float) -> None:
    made = MADE(5, (20, 20), MIXED, order=order, residual=True, dtype=dtype)
    theta, _, _ = problem(made, 0, 0)

    def inverse(x: Array, u: Array) -> Array:
        raw = made.raw_outputs(theta, x)
        columns = zip(made.outputs.feature_outputs, made.output_slices, u.T, strict=True)
        return np.stack([output.inverse_cdf(raw[:, own], column) for output, own, column in columns], axis=1)

    def sample(u: Array) -> Array:
        return made.sample(theta, len(u), uniforms=u)

    assert sample(np.zeros((1, 5))).dtype == dtype
    report = check_sampler(
        sample, None, 5, inverse=inverse, order=made.mask_sets[0].order, rtol=tolerance, atol=tolerance
    ).raise_if_failed()
    assert report.n_exercised > 256


def test_the_uniform_of_a_feature_decides_that_feature_whatever_the_order() -> None:
    made = MADE(4, (), order=[2, 3, 0, 1], direct=False, dtype="float64")
    theta = np.array([0.0, 1, -1, 2])  # biases alone: p = sigmoid(bias)
    p = 1 / (1 + np.exp(-theta))
    u = np.array([p * (1 - 2e-15), p * (1 + 2e-15)])  # as close to the jump as rounding lets a backend know it
    assert made.sample(theta, 2, uniforms=u).tolist() == [[1, 1, 1, 1], [0, 0, 0, 0]]


@pytest.mark.parametrize("degrees", ["spread", "random", [[3, 1, 2, 1, 3, 2], [1, 3, 1, 2, 2, 3]]])
@pytest.mark.parametrize("direct", [True, False])
def test_every_hidden_unit_is_computed_once(degrees: Any, direct: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """About one forward pass in all: each activation is asked for each unit of each row a single time."""
    counted: list[int] = []

    def counting(z: Array, *, out: Array | None = None) -> Array:
        counted.append(z.shape[1])
        return layers.tanh(z, out=out)

    monkeypatch.setitem(layers._ACTIVATIONS, "tanh", layers.Activation(counting, layers.tanh_backward))
    made = MADE(
        4, (6, 6), order="random", degrees=degrees, direct=direct, activation="tanh", residual=True, backend="numpy"
    )
    made.sample(made.init(), 7, rng=0)
    assert sum(counted) == 12


def test_as_few_rows_as_one_and_none() -> None:
    made = MADE(5, (8,), MIXED, n_context=1, dtype="float64")
    theta, u, context = problem(made, 9, 3)
    assert context is not None
    rows = made.sample(theta, 9, uniforms=u, context=context)
    for r in range(9):
        own = made.sample(theta, 1, uniforms=u[r : r + 1], context=context[r : r + 1])
        np.testing.assert_allclose(own, rows[r : r + 1], rtol=1e-12)
    assert made.sample(theta, 0, context=context[:0]).shape == (0, 5)
    assert made.sample(theta, 0, uniforms=u[:0], given=np.empty((0, 5)), context=context[:0]).shape == (0, 5)


@pytest.mark.parametrize("n_masks", [1, 3, None])
def test_draws_are_a_function_of_the_seed(n_masks: int | None) -> None:
    made = MADE(6, (12,), order="random", n_masks=n_masks)
    theta = made.init()
    a, b = made.sample(theta, 20, rng=5), made.sample(theta, 20, rng=np.random.default_rng(5))
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, made.sample(theta, 20, rng=6))
    assert not np.array_equal(made.sample(theta, 20), made.sample(theta, 20))  # rng=None: fresh each time


def test_a_fully_given_row_comes_back_as_it_is() -> None:
    made = MADE(5, (8,), MIXED, order="random", dtype="float64")
    rng = np.random.default_rng(0)
    theta, rows = random_theta(made, rng), random_rows(made, 3, rng)
    np.testing.assert_array_equal(made.sample(theta, 3, given=rows), rows)
    np.testing.assert_array_equal(made.fill_means(theta, rows), rows)


# ------------------------------------------------------------------------------------------------- means


def naive_means(made: MADE, theta: Array, rows: Array, context: Array) -> Iterator[list[float]]:
    """Each gap filled with the centre of its conditional, one whole pass per feature."""
    one = made.mask_sets[0]
    for row, y in zip(rows.tolist(), context.tolist(), strict=True):
        x = [0.0 if np.isnan(value) else value for value in row]
        for feature in one.order.tolist():
            if np.isnan(row[feature]):
                raw = np.array(naive.forward(made, theta, x, one, y))[made.output_slices[feature]]
                x[feature] = float(made.outputs.feature_outputs[feature].centre(raw))
        yield x


def test_gaps_are_filled_with_the_centre_of_each_conditional() -> None:
    made = MADE(5, (8, 8), MIXED, order=[3, 0, 4, 1, 2], activation="tanh", n_context=2, dtype="float64")
    rng = np.random.default_rng(1)
    theta, rows, y = random_theta(made, rng), random_rows(made, 6, rng), rng.standard_normal((6, 2))
    gappy = np.where(rng.random(rows.shape) < 0.5, rows, np.nan)
    want = list(naive_means(made, theta, gappy, y))
    got = made.bound[0].propagate_means(theta, gappy, y)
    np.testing.assert_allclose(got, want, rtol=1e-12)
    np.testing.assert_allclose(made.fill_means(theta, gappy, conditioning="clamp", context=y), want, rtol=1e-12)
    alone = made.fill_means(theta, gappy[2], conditioning="clamp", context=y[2:3])
    np.testing.assert_allclose(alone, want[2], rtol=1e-12)


def test_the_propagated_mean_of_a_linear_gaussian_model_is_its_conditional_mean() -> None:
    made = MADE(3, (), "gaussian", dtype="float64")
    rng = np.random.default_rng(2)
    theta = made.init()
    views = made.layout.views(theta)
    views["W_direct"][::2] = rng.standard_normal((3, 3))  # means are linear in x, scales constant
    given = np.array([0.7, np.nan, np.nan])
    draws = made.sample(theta, 40_000, rng=0, given=given)
    filled = made.fill_means(theta, given)
    np.testing.assert_allclose(filled, draws.mean(axis=0), atol=5 * draws.std(axis=0).max() / 200)


@pytest.mark.parametrize(
    "output", ["bernoulli", Categorical(3), "gaussian", MixtureOfGaussians(2), DiscretizedLogistic(4)]
)
@each_backend
def test_a_network_that_overflows_decides_nothing(output: Any, backend: str) -> None:
    made = MADE(3, (4,), output, dtype="float32", backend=backend)
    theta = made.init(rng=0)
    made.layout.views(theta)["b0"][:] = 1e38
    made.layout.views(theta)["W1"][:] = [[1e38, -1e38] * 2] * made.outputs.n_raw
    with np.errstate(all="ignore"):
        drawn = made.sample(theta, 2, uniforms=np.full((2, 3), 0.5))
        filled = made.bound[0].propagate_means(theta, np.full((2, 3), np.nan))
    assert np.isfinite(drawn[:, 0]).all()  # the first feature has its bias alone
    assert np.isnan(drawn[:, 2]).all()
    assert np.isnan(filled[:, 2]).all()
