"""States of the page at random: models of every kind that it shows, with rows of data."""

from __future__ import annotations

from typing import Any

import numpy as np

from made_np import MADE, Bernoulli, Gaussian
from made_np.explore.prefix import Prefix
from made_np.explore.problem import state_of

ACTIVATIONS = (
    "tanh", "relu", "sigmoid", "softplus", "elu", "leaky_relu", "selu", "silu", "gelu", "identity",
)  # fmt: skip


def random_state(seed: int, *, most_features: int = 7) -> dict[str, Any]:
    """A state whose model, parameters, rows and uniforms depend on the seed alone."""
    rng = np.random.default_rng((7, seed))
    D = int(rng.integers(1, most_features + 1))
    hidden = [int(w) for w in rng.integers(1, 13, size=rng.integers(0, 4))]
    residual = len(hidden) > 1 and rng.random() < 0.4
    if residual:
        hidden = [hidden[0]] * len(hidden)
    kinds = [Bernoulli(), Gaussian(), Gaussian(0.01, scale="exp")]
    real = rng.random() < 0.3
    outputs = [kinds[rng.integers(0, 3)] if real else kinds[0] for _ in range(D)]
    made = MADE(
        D,
        hidden,
        outputs,
        activation=str(rng.choice(ACTIVATIONS)),
        order=rng.permutation(D).tolist(),
        degrees=[rng.integers(1, max(D, 2), size=w).tolist() for w in hidden],
        direct=bool(rng.random() < 0.4),
        residual=residual,
        dtype="float64",
        backend="numpy",
    )
    theta = 0.8 * rng.standard_normal(made.n_params)
    is_bit = np.array([output.n_values == 2 for output in outputs])
    B = int(rng.integers(1, 9))
    x = np.where(is_bit, rng.integers(0, 2, (B, D)), rng.standard_normal((B, D)).round(3))
    state = state_of(Prefix(made, theta, list(range(D))), x)
    state["uniforms"] = rng.random(D).tolist()
    state["row"] = int(rng.integers(0, B))
    return state


def break_at_random(state: dict[str, Any], seed: int) -> dict[str, Any]:
    """The same state with some of the mistakes made."""
    rng = np.random.default_rng((8, seed))
    names = [name for name in state["broken"] if name != "open"]
    for name in names:
        state["broken"][name] = bool(rng.random() < 0.3)
    weights = [f"W{k}" for k in range(len(state["degrees"]) + bool(state["degrees"]))]
    if rng.random() < 0.3 and weights:
        state["broken"]["open"] = str(rng.choice(weights))
    return state
