"""A model behind a Keras-like interface: `model(rows)` in float32, one Gaussian per column, blocked outputs.

Nothing but predictions is known of it: no masks, no order, no gradient.
"""

from __future__ import annotations

import math

import numpy as np

from made_np.testing import Adapter, Interval

D = 2


class MaskedDense:
    """kernel (in, out), as Keras has it, masked on every call."""

    def __init__(self, mask, activation=None, seed=0):
        rng = np.random.default_rng(seed)
        self.mask = np.asarray(mask, dtype="float32")
        self.kernel = rng.standard_normal(self.mask.shape).astype("float32")
        self.bias = rng.standard_normal(self.mask.shape[1]).astype("float32")
        self.activation = activation

    def __call__(self, x):
        z = x @ (self.kernel * self.mask) + self.bias
        return z if self.activation is None else self.activation(z)


class Normalisation:
    """Mean 0 and variance 1 over the batch, as in training mode."""

    def __call__(self, x):
        return (x - x.mean(axis=0)) / (x.std(axis=0) + np.float32(1e-3))


class Sequential:
    """Layer after layer."""

    def __init__(self, layers):
        self.layers = layers

    def __call__(self, x):
        """float32 out, whatever comes in."""
        out = np.asarray(x, dtype="float32")
        for layer in self.layers:
            out = layer(out)
        return out


def build(*extra):
    """Means of all columns, then log standard deviations of all columns."""
    inputs, hidden = np.arange(1, D + 1), np.ones(8, dtype=int)  # degrees
    outputs = np.tile(inputs, 2)
    first = MaskedDense(hidden >= inputs[:, None], np.tanh, seed=1)
    last = MaskedDense(outputs > hidden[:, None], seed=2)
    return Sequential([first, *extra, last])


def factory(model=None) -> Adapter:
    """What the suite is given."""
    model = build() if model is None else model

    def log_prob(x):
        mean, log_std = np.split(model(x), 2, axis=1)
        z = (x - mean) * np.exp(-log_std)
        # float32, as the model is: the dtype of an answer says how many digits to expect of it.
        return (-0.5 * z**2 - log_std - 0.5 * math.log(2 * math.pi)).sum(axis=1).astype("float32")

    return Adapter(
        name="Keras-like MADE",
        n_features=D,
        n_params=2,
        layout="blocked",
        params=model,
        log_prob=log_prob,
        support=Interval(-40, 40),
        atol=1e-5,
    )


def faulty() -> Adapter:
    """The same with a normalisation left in training mode: each row hears of the other rows."""
    return factory(build(Normalisation()))
