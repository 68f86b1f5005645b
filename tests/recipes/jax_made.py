"""A MADE in JAX, functions and a dict of parameters, and its adapter."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from made_np.testing import Adapter

D, H, B = 5, 8, 4
ORDER = np.array([2, 0, 4, 1, 3])  # the feature that comes first, second, ...
DEGREES = 1 + np.argsort(ORDER)  # the place of each feature in the order, 1 first


def make_masks(degrees_in=DEGREES):
    """(out, in), from the degrees of the features and of the hidden units."""
    hidden = 1 + np.arange(H) % (D - 1)
    return hidden[:, None] >= degrees_in, degrees_in[:, None] > hidden


def init(key):
    """Random parameters."""
    shapes = {"W0": (H, D), "b0": (H,), "W1": (D, H), "b1": (D,)}
    keys = jax.random.split(key, len(shapes))
    return {name: jax.random.normal(k, shape) for k, (name, shape) in zip(keys, shapes.items(), strict=True)}


def logits(params, masks, x):
    """(B, D) -> (B, D)."""
    h = jnp.tanh(x @ (params["W0"] * masks[0]).T + params["b0"])
    return h @ (params["W1"] * masks[1]).T + params["b1"]


def log_prob(params, masks, x):
    """Log p(x) in nats, (B,)."""
    z = logits(params, masks, x)
    return jnp.sum(x * z - jax.nn.softplus(z), axis=1)


def sample(params, masks, u):
    """Draw with the uniforms u (n, D), in the order of generation."""
    x = jnp.zeros_like(u)
    for d in ORDER:
        x = x.at[:, d].set(u[:, d] < jax.nn.sigmoid(logits(params, masks, x)[:, d]))
    return x


def factory(masks=None) -> Adapter:
    """What the suite is given; 64 bits, or no difference has a correct digit."""
    masks = make_masks() if masks is None else masks
    with jax.enable_x64(True):
        params = init(jax.random.key(0))
        theta, unravel = ravel_pytree(params)
        x = jax.random.normal(jax.random.key(1), (B, D))

    def loss(theta):
        return -jnp.mean(log_prob(unravel(theta), masks, x))

    def in_numpy(fn):
        fn = jax.jit(fn)

        def call(*arrays):
            with jax.enable_x64(True):
                return np.asarray(fn(*(jnp.asarray(a, dtype=jnp.float64) for a in arrays)))

        return call

    return Adapter(
        name="JAX MADE",
        n_features=D,
        order=ORDER,
        params=in_numpy(lambda x: logits(params, masks, x)),
        log_prob=in_numpy(lambda x: log_prob(params, masks, x)),
        sample=in_numpy(lambda u: sample(params, masks, u)),
        conditional=in_numpy(lambda x: jax.nn.sigmoid(logits(params, masks, x))),
        loss=in_numpy(loss),
        grad=in_numpy(jax.grad(loss)),
        theta=theta,
        masks=masks,
        rows=B,
    )


def faulty() -> Adapter:
    """The same with masks that take the order for the position."""
    return factory(make_masks(1 + ORDER))
