"""jax_adapter: functions of a tree of weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from made_np.testing import Adapter, suite
from made_np.testing.frameworks import jax_adapter

jax = pytest.importorskip("jax", reason="its models are JAX functions")

D, H = 4, 8
ORDER = [2, 0, 3, 1]
DEGREES = np.argsort(ORDER)
HIDDEN = np.arange(H) % (D - 1)


def logits(weights: Any, x: Any) -> Any:
    first = weights["W0"] * (HIDDEN[:, None] >= DEGREES)
    last = weights["W1"] * (DEGREES[:, None] > HIDDEN)
    return jax.numpy.tanh(x @ first.T + weights["b0"]) @ last.T + weights["b1"]


def log_prob(weights: Any, x: Any) -> Any:
    z = logits(weights, x)
    return (x * z - jax.nn.softplus(z)).sum(axis=1)


def draw(weights: Any, n: int) -> Any:
    x = jax.numpy.zeros((n, D))
    for d, key in zip(ORDER, jax.random.split(jax.random.key(0), D), strict=True):
        x = x.at[:, d].set(jax.random.bernoulli(key, jax.nn.sigmoid(logits(weights, x)[:, d])))
    return x


def adapter(**changes: Any) -> Adapter:
    weights = {"W0": np.zeros((H, D)), "b0": np.zeros(H), "W1": np.zeros((D, H)), "b1": np.zeros(D)}
    return jax_adapter(
        weights, D, **({"std": 1.0, "order": ORDER, "params": logits, "log_prob": log_prob, "draw": draw} | changes)
    )


def test_a_right_model_passes() -> None:
    report = suite(adapter())
    assert report.ok, report
    ran = {result.name for result in report.results if result.ran}
    assert ran >= {"autoregressive", "normalised", "gradient", "sampler_counts"}


def test_a_wrong_sampler_is_caught() -> None:
    wrong = adapter(draw=lambda weights, n: 1 - draw(weights, n))
    assert [report.check for report in suite(wrong).failures] == ["sampler_counts"]


def test_every_number_has_a_name() -> None:
    names = adapter().names
    assert names is not None
    assert names[0] == "['W0'][0, 0]"
    assert len(names) == 2 * H * D + H + D


@pytest.mark.parametrize(
    ("weights", "error", "said"),
    [
        ({"W0": "x"}, TypeError, r"weights\['W0'\] is 'x': give a tree of arrays of real numbers"),
        ({"W0": np.ones(2, complex)}, TypeError, r"weights\['W0'\] is an array"),
        (
            [1.0, np.array([1, np.nan])],
            ValueError,
            r"weights\[1\] holds a number above 1e\+100, or one that is not finite",
        ),
        ({}, ValueError, "weights={} holds no number"),
        (None, ValueError, "weights=None holds no number"),
    ],
)
def test_weights_are_a_tree_of_real_numbers(weights: Any, error: type[Exception], said: str) -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(error, match=said):
        jax_adapter(weights, D, log_prob=log_prob, rng=rng)
    assert rng.random() == np.random.default_rng(0).random()


def test_weights_may_be_of_any_precision() -> None:
    weights = {"a": jax.numpy.ones(2, jax.numpy.bfloat16), "b": np.ones(2, np.float16), "c": 3}
    made = jax_adapter(weights, 1, log_prob=lambda weights, x: x[:, 0] * weights["c"], std=None)
    np.testing.assert_array_equal(np.asarray(made.theta), [1, 1, 1, 1, 3])
