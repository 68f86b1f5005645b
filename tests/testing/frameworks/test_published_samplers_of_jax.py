"""Samplers as published code of JAX draws, which take no uniforms: each is checked as it is, beside a faulty twin.

Each is written in our own words. Comments name the code bases of docs/howto/peers.md that draw so.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from made_np.testing import check_sampler, check_sampler_counts
from made_np.testing.frameworks import uniforms

jax = pytest.importorskip("jax", reason="these samplers draw with JAX")
jnp = pytest.importorskip("jax.numpy", reason="these samplers draw with JAX")

W = np.array([[0.0, 0.0, 0.0], [1.5, 0.0, 0.0], [-1.0, 2.0, 0.0]])
"""Of a network without hidden units: what a column hears from those before it."""


def p_of(x: Any) -> Any:
    """Of a 1 in each column, (n, 3)."""
    return jax.nn.sigmoid(x @ W.T)


def against_cumulated_shares(n: int, sign: float = 1.0) -> Any:
    """A uniform number a column, (n, 1), within a scan: NetKet."""

    def step(carry: Any, d: Any) -> Any:
        x, key = carry
        key, own = jax.random.split(key)
        shares = jnp.stack([1 - p_of(sign * x)[:, d], p_of(sign * x)[:, d]], axis=1).cumsum(axis=1)
        value = (jax.random.uniform(own, (n, 1)) >= shares).sum(axis=1)
        return (x.at[:, d].set(value), key), None

    start = jnp.zeros((n, 3)), jax.random.key(0)
    return np.asarray(jax.lax.scan(step, start, jnp.arange(3))[0][0])


def the_same_numbers_in_each_pass(n: int, sign: float = 1.0) -> Any:
    """All columns in each of D passes, with one key, until each is right: TensorFlow Probability."""
    x = jnp.zeros((n, 3))
    for _ in range(3):
        x = 1.0 * (jax.random.uniform(jax.random.key(0), (n, 3)) < p_of(sign * x))
    return np.asarray(x)


WAYS = {
    against_cumulated_shares: lambda p, u: u >= 1 - p,
    the_same_numbers_in_each_pass: lambda p, u: u < p,
}
"""Where a column is 1."""


@pytest.mark.parametrize("draw", WAYS)
def test_coins_are_checked_exactly(draw: Any) -> None:
    def sample(u: Any, sign: float = 1.0) -> Any:
        with uniforms(u):
            return draw(len(u), sign)

    def inverse(x: Any, u: Any) -> Any:
        return 1.0 * WAYS[draw](np.asarray(p_of(x)), u)

    assert check_sampler(sample, None, 3, inverse=inverse, n=64).ok
    assert not check_sampler(lambda u: sample(u, -1.0), None, 3, inverse=inverse, n=64).ok


def test_a_key_for_each_row_is_counted() -> None:
    """All normal numbers of a row by its own key, under vmap, where nothing can be fed: FlowJAX."""

    def draw(n: int, sign: float = 1.0) -> Any:
        def row(key: Any) -> Any:
            z = jax.random.normal(key, (2,))
            return jnp.stack([z[0], jnp.tanh(sign * z[0]) + 0.5 * z[1]])

        return np.asarray(jax.vmap(row)(jax.random.split(jax.random.key(1), n)))

    def log_prob(x: Any) -> Any:
        z = np.stack([x[:, 0], (x[:, 1] - np.tanh(x[:, 0])) / 0.5], axis=1)
        return (-0.5 * z**2).sum(axis=1) - np.log(2 * np.pi) - np.log(0.5)

    assert check_sampler_counts(draw, log_prob, 2, support=None, n=4000).ok
    assert not check_sampler_counts(lambda n: draw(n, -1.0), log_prob, 2, support=None, n=4000).ok
