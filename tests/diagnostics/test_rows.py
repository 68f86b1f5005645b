"""Means over many rows, in whatever sequence they come."""

from __future__ import annotations

import math
import tracemalloc
from typing import Any

import numpy as np
import pytest
from installed import each_backend
from numpy.typing import NDArray

from made_np import MADE, MixtureOfGaussians
from made_np.diagnostics.evaluation import evaluate
from made_np.distributions.distribution import Distribution

Array = NDArray[Any]

OUTPUTS: list[str | Distribution] = ["bernoulli", "gaussian", MixtureOfGaussians(2)]


def model(output: str | Distribution, backend: str, dtype: str, **arguments: Any) -> tuple[MADE, Array]:
    made = MADE(4, (6,), output, activation="tanh", dtype=dtype, backend=backend, **arguments)
    return made, made.init(rng=0)


def rows_of(n: int, dtype: str, output: str | Distribution = "bernoulli") -> Array:
    rng = np.random.default_rng(1)
    if output == "bernoulli":
        return rng.integers(0, 2, (n, 4)).astype(dtype)
    return rng.standard_normal((n, 4)).astype(dtype)


def assert_mean_is_exact(n: int, backend: str) -> int:
    """The mean over n rows in float32 beside the sum without rounding; return the peak of memory in bytes."""
    made, theta = model("gaussian", backend, "float32")
    x = rows_of(n, "float32", "gaussian")
    evaluate(made, theta, x[:10])  # compiled, and out of the way
    tracemalloc.start()
    found = evaluate(made, theta, x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    each = made.log_prob(theta, x)
    assert each.dtype == np.float32
    exact = -math.fsum(each.tolist()) / n
    assert found.nll == pytest.approx(exact, rel=1e-6, abs=0)
    assert math.fsum(found.per_feature) == pytest.approx(exact, rel=1e-6, abs=0)
    assert found.nll == pytest.approx(math.fsum(found.row_nll) / n, rel=1e-14, abs=0)
    return peak


@each_backend
def test_the_mean_over_many_rows_in_single_precision_is_exact(backend: str) -> None:
    """100 000 of them, in the memory of one number each with that of a block."""
    assert assert_mean_is_exact(100_000, backend) < 40e6


@pytest.mark.slow
@each_backend
def test_the_mean_over_ten_million_rows_is_exact(backend: str) -> None:
    """The answers are 8 bytes a row, and a copy of them to be joined; rows are looked at block by block."""
    assert assert_mean_is_exact(10_000_000, backend) < 3 * 8 * 10_000_000 + 40e6


@each_backend
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("output", OUTPUTS, ids=str)
def test_rows_in_another_sequence_have_the_same_numbers(output: str | Distribution, dtype: str, backend: str) -> None:
    made, theta = model(output, backend, dtype)
    x = rows_of(3000, dtype, output)
    shuffled = np.random.default_rng(2).permutation(len(x))
    tolerance = 1e-13 if dtype == "float64" else 1e-5
    there = made.log_prob(theta, x[shuffled])
    np.testing.assert_allclose(there, made.log_prob(theta, x)[shuffled], rtol=tolerance, atol=tolerance)
    one = evaluate(made, theta, x)
    other = evaluate(made, theta, x[shuffled])
    np.testing.assert_allclose(other.row_nll, one.row_nll[shuffled], rtol=tolerance, atol=tolerance)
    assert other.nll == pytest.approx(one.nll, rel=1e-12 if dtype == "float64" else 1e-7, abs=0)
    np.testing.assert_allclose(other.per_feature, one.per_feature, rtol=1e-12 if dtype == "float64" else 1e-7)


@each_backend
@pytest.mark.parametrize("size", [1.0, 30.0, 300.0])
def test_one_joint_has_the_same_digits_in_either_order(size: float, backend: str) -> None:
    """Two coins that hear of each other: what Bayes' rule makes of one order's parameters is the other's."""
    first, second, wire = size * np.array([0.3, -0.2, 0.9])
    logit = np.array([second, second + wire])
    logs = -np.logaddexp(0, np.array([first, -first]))[:, None] - np.logaddexp(0, np.stack([logit, -logit], axis=1))
    one_first = np.logaddexp(logs[0, 1], logs[1, 1]) - np.logaddexp(logs[0, 0], logs[1, 0])
    given = logs[1] - logs[0]
    parameters = {(0, 1): (first, second, wire), (1, 0): (one_first, given[0], given[1] - given[0])}
    x = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    found = []
    for order, (alone, bias, weight) in parameters.items():
        made = MADE(2, (), "bernoulli", order=order, direct=True, dtype="float64", backend=backend)
        theta = np.zeros(made.n_params)
        views = made.layout.views(theta)
        views["b0"][list(order)] = alone, bias
        views["W_direct"][order[1], order[0]] = weight
        found.append(made.log_prob(theta, x))
    np.testing.assert_allclose(found[1], found[0], rtol=1e-12, atol=1e-12)
    assert np.logaddexp.reduce(found[0]) == pytest.approx(0, abs=1e-12)


@each_backend
def test_two_orders_have_the_log_mean_of_both_for_every_sequence_of_rows(backend: str) -> None:
    made, theta = model("bernoulli", backend, "float64", n_masks=2, order="random")
    x = rows_of(500, "float64")
    each = np.stack([made.log_prob(theta, x, mask_set=k) for k in range(2)])
    assert not np.allclose(each[0], each[1])
    both = made.log_prob(theta, x)
    np.testing.assert_allclose(both, np.logaddexp(*each) - np.log(2), rtol=1e-13)
    np.testing.assert_allclose(made.log_prob(theta, x[::-1])[::-1], both, rtol=1e-13)
    assert evaluate(made, theta, x[::-1]).nll == pytest.approx(-math.fsum(both) / len(both), rel=1e-12, abs=0)
