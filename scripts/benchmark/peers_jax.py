"""JAX as a contender: the whole step, Adam included, in one jitted function whose state is donated."""

from __future__ import annotations

from functools import partial
from math import log, pi

import jax
import jax.numpy as jnp
import numpy as np

from benchmark.cores import BF16
from benchmark.problem import Array, Output, Problem

Arrays = dict[str, jax.Array]
LEARNING_RATE = 1e-3
BETA1 = 0.9
BETA2 = 0.999
EPS = 1e-8


def raw_outputs(params: Arrays, masks: Arrays, x: jax.Array, rounded: bool = False) -> jax.Array:
    """Return the raw outputs (B, O) of encoded rows (B, I). `rounded`: with products of bf16, as autocast has them."""

    def product(x: jax.Array, name: str) -> jax.Array:
        W = params[name] * masks[name]
        return (x.astype(jnp.bfloat16) @ W.astype(jnp.bfloat16).T).astype(W.dtype) if rounded else x @ W.T

    top = sum(name.startswith("b") for name in params) - 1
    h = x
    for layer in range(top):
        h = jax.nn.relu(product(h, f"W{layer}") + params[f"b{layer}"])
    raw = product(h, f"W{top}") + params[f"b{top}"]
    return raw + product(x, "W_direct") if "W_direct" in params else raw


def feature_nll(output: Output, raw: jax.Array, x: jax.Array) -> jax.Array:
    """Return -log p of each value given the encoded rows; categories as a product with one-hot, as no gather is."""
    if output.kind == "Bernoulli":
        return jax.nn.softplus(raw) - x * raw
    if output.kind == "Categorical":
        shape = (len(raw), -1, output.n)
        return -(jax.nn.log_softmax(raw.reshape(shape)) * x.reshape(shape)).sum(-1)
    parts = raw.reshape(*x.shape, 3, output.n)
    scale = jax.nn.softplus(parts[..., 2, :]) + output.min_scale
    error = (x[..., None] - parts[..., 1, :]) / scale
    log_p = jax.nn.log_softmax(parts[..., 0, :]) - 0.5 * error * error - jnp.log(scale) - 0.5 * log(2 * pi)
    return -jax.nn.logsumexp(log_p, axis=-1)


def mean_nll(output: Output, params: Arrays, masks: Arrays, x: jax.Array, rounded: bool = False) -> jax.Array:
    """Return the mean over rows of -log p(x)."""
    return feature_nll(output, raw_outputs(params, masks, x, rounded), x).sum() / len(x)


def train_step(
    output: Output, params: Arrays, m: Arrays, v: Arrays, t: jax.Array, masks: Arrays, x: jax.Array,
    rounded: bool = False,
) -> tuple[Arrays, Arrays, Arrays, jax.Array, jax.Array]:  # fmt: skip
    """Return parameters and state of Adam after step t = 1, 2, ..., the next t, and the loss before the step."""
    loss, grad = jax.value_and_grad(partial(mean_nll, rounded=rounded), argnums=1)(output, params, masks, x)
    m = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, m, grad)
    v = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, v, grad)
    rate = LEARNING_RATE / (1 - BETA1**t)
    unbias = 1 / (1 - BETA2**t)
    params = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v * unbias) + EPS), params, m, v)
    return params, m, v, t + 1, loss


class JaxTrainer:
    """JAX, jitted."""

    def __init__(self, problem: Problem, rounded: bool = False) -> None:
        self.name = "JAX jit" + (BF16 if rounded else "")
        self.rounded = rounded
        self.output = problem.output
        self.arrays = {name: jnp.array(value) for name, value in problem.start().items()}
        self.m, self.v = (jax.tree.map(jnp.zeros_like, self.arrays) for _ in range(2))
        self.t = jnp.ones(())
        self.masks = [{name: jnp.asarray(mask) for name, mask in masks.items()} for masks in problem.masks]
        self.batches = [jnp.asarray(x) for x in problem.encoded()]
        self._gradient = jax.jit(jax.value_and_grad(partial(mean_nll, self.output, rounded=rounded)))
        self._step = jax.jit(partial(train_step, self.output, rounded=rounded), donate_argnums=(0, 1, 2, 3))

    def gradient(self) -> tuple[float, dict[str, Array]]:
        """Return loss and gradients by name at the present parameters, first batch, first mask set."""
        loss, grad = self._gradient(self.arrays, self.masks[0], self.batches[0])
        return float(loss), {name: np.array(value) for name, value in grad.items()}

    def step(self, i: int) -> float:
        """Do step `i`, wait for its end, and return the loss before it."""
        x = self.batches[i % len(self.batches)]
        masks = self.masks[i % len(self.masks)]
        self.arrays, self.m, self.v, self.t, loss = self._step(self.arrays, self.m, self.v, self.t, masks, x)
        jax.block_until_ready((self.arrays, self.m, self.v))
        return float(loss)

    def params(self) -> dict[str, Array]:
        """Return the present parameters by name."""
        return {name: np.array(value) for name, value in self.arrays.items()}


class JaxLogProb:
    """log p(x) of binary rows, jitted."""

    def __init__(self, params: dict[str, Array], masks: dict[str, Array], x: Array, rounded: bool = False) -> None:
        self.args = jax.tree.map(jnp.asarray, (params, masks, x))

        def score(params: Arrays, masks: Arrays, x: jax.Array) -> jax.Array:
            return -feature_nll(BERNOULLI, raw_outputs(params, masks, x, rounded), x).sum(1)

        self._run = jax.jit(score)

    def __call__(self) -> Array:
        """Return (n,)."""
        return np.asarray(self._run(*self.args))


BERNOULLI = Output("Bernoulli")
