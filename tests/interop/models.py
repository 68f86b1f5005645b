"""Models of ours that go out: every distribution, every activation, all kinds of wires, several mask sets, context."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from made_np import MADE, Categorical, DiscretizedLogistic, Gaussian, MixtureOfGaussians, MixtureOfLogistics, WithAtoms
from made_np.distributions.distribution import Distribution

ORDER = [2, 0, 3, 1]
REAL = [Gaussian(), Gaussian(0, scale="exp"), MixtureOfGaussians(3), MixtureOfLogistics(2, reserve=0.01)]
ATOMS = [WithAtoms(), WithAtoms(MixtureOfLogistics(2, reserve=0.01), (-1.0, 0.5)), "bernoulli"]
ATOMS = [*ATOMS, WithAtoms(MixtureOfGaussians(2), (0.0, 1.0, 3.0))]

MODELS: dict[str, dict[str, Any]] = {
    "bits": {"activation": "tanh"},
    "no hidden layer": {"hidden": ()},
    "codes": {"output": [Categorical(3), "bernoulli", Categorical(2), Categorical(4)], "activation": "elu"},
    "wide codes": {"output": [Categorical(3), "bernoulli", Categorical(2), Categorical(9)], "direct": True}
    | {"direct_limit": 5},
    "real numbers": {"output": REAL, "activation": "softplus"},
    "levels": {"output": [DiscretizedLogistic(5), DiscretizedLogistic(16, 3), "bernoulli", "gaussian"]},
    "atoms": {"output": ATOMS, "activation": "tanh"},
    "gaps": {"gap_inputs": [1, 3], "output": [*REAL[:2], "bernoulli", "bernoulli"]},
    "residual": {"hidden": (9, 9, 7), "residual": True, "activation": "gelu", "direct": True},
    "some skips": {"hidden": (4, 4), "residual": True, "degrees": [[3, 2, 1, 1], [1, 2, 3, 1]]},
    "several mask sets": {"order": "random", "n_masks": 3, "degrees": "random", "mask_weights": True},
    "context": {"n_context": 2, "activation": "silu", "output": "gaussian"},
    "leaky": {"activation": "leaky_relu"},
    "selu": {"activation": "selu"},
    "sigmoid": {"activation": "sigmoid"},
    "identity": {"activation": "identity"},
}


def model(kind: str, dtype: str) -> tuple[MADE, NDArray[Any]]:
    """A model with random parameters, those off its masks not 0."""
    arguments = {"hidden": (9, 7), "order": ORDER, "dtype": dtype, "backend": "numpy", **MODELS[kind]}
    made = MADE(4, **arguments)
    theta = np.random.default_rng(0).normal(size=made.n_params).astype(made.dtype)
    return made, theta


def values_of(output: Distribution) -> NDArray[Any]:
    """Legal values, among them those that a distribution names itself."""
    places = list(getattr(output, "places", []))
    return np.concatenate([output.values(20), *[places] * 4])


def rows(made: MADE, n: int = 12) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Rows of legal values, and their context."""
    rng = np.random.default_rng(1)
    x = np.stack([rng.choice(values_of(output), n) for output in made.outputs.feature_outputs], axis=1)
    return x.astype(made.dtype), rng.normal(size=(n, made.n_context)).astype(made.dtype) if made.n_context else None
