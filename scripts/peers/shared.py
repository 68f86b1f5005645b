"""What the adapters of several libraries have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from made_np.testing import Adapter, Interval
from made_np.testing.frameworks import torch_adapter, uniforms

D = 4
ORDER = (2, 0, 3, 1)
POSITION = tuple(int(place) for place in np.argsort(ORDER))
WIDE = Interval(-60, 60)
"""Of a real column: beyond it nothing is left of a density with weights of the size that these have."""

Cases = dict[str, Callable[[], Adapter]]


def in_double() -> Any:
    """Return torch, which makes float64 from now on: some libraries draw in the usual dtype whatever the model has."""
    import torch

    torch.set_default_dtype(torch.float64)
    return torch


def seeded(sample: Callable[[int], Any]) -> Callable[[int], Any]:
    """Return a sampler that draws the same rows each time."""

    def draw(n: int) -> Any:
        in_double().manual_seed(0)
        return sample(n)

    return draw


def fed(sample: Callable[[int], Any], order: Any = None) -> Callable[[Any], Any]:
    """Return a sampler as a function of the uniforms that it is given for its random numbers."""

    def draw(u: Any) -> Any:
        with uniforms(np.asarray(u), order):
            return sample(len(u))

    return draw


def normal_rows(n_features: int) -> Any:
    """Return the rows behind the loss: where splines bend, within the limits that scales are clamped to."""
    return np.random.default_rng(1).standard_normal((7, n_features))


def torch_flow(
    model: Any,
    n_features: int,
    log_prob: Callable[[Any], Any],
    draw: Callable[[int], Any],
    noise: Callable[[Any], Any] | None = None,
    **fields: Any,
) -> Adapter:
    """Return the adapter of a density of real columns; ``noise`` is what its rows are turned into.

    With the noise, the sampler is fed with uniforms, and each row that it draws must be turned back into their
    quantiles.
    """
    torch = in_double()
    if noise is not None:
        normal = torch.distributions.Normal(0.0, 1.0)
        fields |= {"sample": fed(draw), "inverse": lambda x, u: x + normal.icdf(u.clamp(1e-16)) - noise(x)}
    given = {"support": WIDE, "order": range(n_features), "empty": False, "rows": normal_rows(n_features)} | fields
    return torch_adapter(model, n_features, log_prob=log_prob, draw=seeded(draw), **given)
