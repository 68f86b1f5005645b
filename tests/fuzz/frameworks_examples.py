"""Calls that work for everything public of `made_np.testing.frameworks`, where its framework is installed."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from fuzz import models
from fuzz.calls import Call, call
from made_np.testing import frameworks

NEEDS = {
    "testing.frameworks.torch_models.torch_adapter": "torch",
    "testing.frameworks.jax_models.jax_adapter": "jax",
}
"""What an example is about; without it all that comes is an ImportError."""


class Estimator:
    """A density by the conventions of scikit-learn."""

    n_features_in_ = 2

    def score_samples(self, x: Any) -> Any:
        """What it says of rows of 0 and 1, in nats."""
        return models.coin_log_prob(x)

    def sample(self, n: int, random_state: int) -> Any:
        """Rows."""
        return np.random.default_rng(random_state).integers(0, 2, (n, 2))


def _module() -> Any:
    """A module of torch: two coins, each with a logit."""
    if find_spec("torch") is None:
        return None
    torch = import_module("torch")

    class Coins(torch.nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.logits = torch.nn.Parameter(torch.zeros(2))

        def log_prob(self, x: Any) -> Any:
            signs = 2 * x - 1
            return torch.nn.functional.logsigmoid(signs * self.logits).sum(dim=1)

    return Coins()


def _weights() -> Any:
    """Of two coins in JAX, which is imported here: what its import does to the world is not what is looked at."""
    if find_spec("jax") is not None:
        import_module("jax.numpy")
    return {"logits": np.zeros(2)}


def _log_prob(weights: Any, x: Any) -> Any:
    """Two coins, each with a logit, in JAX."""
    jax = import_module("jax")
    return jax.nn.log_sigmoid((2 * x - 1) * weights["logits"]).sum(axis=1)


def _drawn(u: Any, order: Any) -> Any:
    with frameworks.uniforms(u, order) as feed:
        return np.random.default_rng(0).random(feed.u.shape)


FRAMEWORKS: dict[str, Callable[[], Call]] = {
    "testing.frameworks.torch_models.torch_adapter": lambda: call(
        frameworks.torch_adapter,
        may_raise=(ImportError,),
        model=_module(),
        n_features=2,
        log_prob=None,
        rows=3,
        std=0.3,
        rng=np.random.default_rng(0),
        support=(0, 1),
    ),
    "testing.frameworks.jax_models.jax_adapter": lambda: call(
        frameworks.jax_adapter,
        may_raise=(ImportError,),
        weights=_weights(),
        n_features=2,
        log_prob=_log_prob,
        rows=3,
        std=0.3,
        rng=np.random.default_rng(0),
        support=(0, 1),
    ),
    "testing.frameworks.sklearn_models.sklearn_adapter": lambda: call(
        frameworks.sklearn_adapter, estimator=Estimator(), rng=np.random.default_rng(0), support=(0, 1)
    ),
    "testing.frameworks.uniforms.uniforms": lambda: call(
        _drawn, u=[[0.25, 0.5], [0.75, 0.125]], order=[1, 0], or_names=("order",)
    ),
}
