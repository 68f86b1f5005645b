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
