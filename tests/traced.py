"""Models of every kind, with rows, for the tests of tapes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from made_np import MADE, Categorical, DiscretizedLogistic, Gaussian, MixtureOfGaussians, MixtureOfLogistics, WithAtoms
from made_np.layers import BUILT_IN, dropout_mask

Array = NDArray[Any]

ONE = [1, 2, 3, 1, 2, 3]
TWO = [3, 1, 2, 1, 3, 2]

SHAPES: dict[str, dict[str, Any]] = {
    "linear": {"hidden": ()},
    "linear, mask weights": {"hidden": (), "mask_weights": True, "n_masks": 2, "order": "random"},
    "nothing but a bias": {"hidden": (), "direct": False},
    "one layer": {"hidden": (6,), "order": [2, 0, 3, 1]},
    "two layers": {"hidden": (6, 5), "order": [2, 0, 3, 1], "direct": True},
    "three layers, residual": {
        "hidden": (6, 6, 6),
        "residual": True,
        "order": [1, 3, 0, 2],
        "degrees": [ONE, TWO, ONE],
    },
    "wide": {"hidden": (150, 140)},
    "mask weights": {"hidden": (6, 5), "mask_weights": True, "n_masks": 3, "order": "random", "direct": True},
    "context": {"hidden": (6,), "n_context": 2, "direct": True},
    "paths": {"hidden": (8,), "order": [2, 0, 3, 1], "n_masks": None, "gap_inputs": True},
    "all": {
        "hidden": (6, 6),
        "residual": True,
        "degrees": [ONE, TWO],
        "mask_weights": True,
        "n_masks": 2,
        "order": "random",
        "direct": True,
        "n_context": 2,
        "gap_inputs": [1],
    },
}
OUTPUTS: dict[str, Any] = {
    "bernoulli": "bernoulli",
    "categorical": Categorical(3),
    "gaussian": "gaussian",
    "mixture of Gaussians": MixtureOfGaussians(2),
    "mixture of logistics": MixtureOfLogistics(2),
    "levels": DiscretizedLogistic(5, 2),
    "atoms": WithAtoms(Gaussian(), (0.0,)),
    "mixed": ["bernoulli", Categorical(3), "gaussian", DiscretizedLogistic(4)],
}
ACTIVATIONS = sorted(BUILT_IN)
MIXED = {"output": OUTPUTS["mixed"], "direct_limit": 2}

CASES: dict[str, dict[str, Any]] = {
    **SHAPES,
    **{f"{name}, mixed": {**shape, **MIXED} for name, shape in SHAPES.items() if shape["hidden"]},
    **{name: {"hidden": (6,), "output": output} for name, output in OUTPUTS.items()},
    **{name: {"hidden": (6, 5), "activation": name} for name in ACTIVATIONS},
}


class Problem:
    """A model, with theta, rows, context, and dropout for hidden units and inputs."""

    def __init__(self, case: dict[str, Any], dtype: str = "float64", n: int = 3) -> None:
        rng = np.random.default_rng(5)
        self.made = MADE(4, **{"activation": "tanh", "backend": "numpy", "dtype": dtype, "seed": 3, **case})
        self.theta = self.made.init(rng) + rng.normal(0, 0.3, self.made.n_params).astype(dtype)
        self.context = rng.standard_normal((n, self.made.n_context)) if self.made.n_context else None
        self.x = self.made.sample(self.theta, n, rng=rng, context=self.context, mask_set=0)
        self.gappy = self.x.copy()
        self.gappy[0, 1] = np.nan
        self.gappy[1:, 2] = np.nan
        hidden = [dropout_mask(rng, (n, width), 0.4, dtype) for width in self.made.hidden]
        self.keeps = [dropout_mask(rng, (n, self.made.network.n_inputs), 0.3, dtype), *hidden]

    def ways(self) -> dict[str, dict[str, Any]]:
        """The rows with and without gaps, dropout, other mask sets: arguments of `trace` and of `loss_and_grad`."""
        plain = {"x": self.x, "context": self.context, "mask_set": 0}
        return {
            "plain": plain,
            "one row": {**plain, "x": self.x[:1], "context": None if self.context is None else self.context[:1]},
            "gaps": {**plain, "x": self.gappy, "gaps": "skip"},
            "dropout": {**plain, "dropout": self.keeps},
            "dropout of hidden units": {**plain, "dropout": self.keeps[1:]},
            "another order": {**plain, "mask_set": [1, 0, 3, 2]},
        }
