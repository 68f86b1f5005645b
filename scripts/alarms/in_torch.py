"""A drawn network as a module of torch, with the gradient of autograd."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from made_np.testing import Adapter
from made_np.testing.frameworks import torch_adapter

from .arrays import InTorch
from .density import Density
from .drawn import Drawn
from .in_numpy import asked, fields


def adapter(net: Drawn) -> Adapter:
    """Return all that the suite may know of it."""
    import torch

    torch.set_num_threads(1)
    density = Density(net, InTorch())
    weights = torch.nn.ParameterList([torch.as_tensor(w) for w in net.weights.values()])
    module = torch.nn.Module()
    module.weights = weights
    made = torch_adapter(
        module,
        log_prob=lambda x: density.log_prob(weights, x),
        rows=net.x,
        std=None,
        **{name: bound(fn, weights) for name, fn in asked(density).items()},
        **fields(net),
    )
    return replace(made, model=module, log_prob_of=lambda model, x: told(density, model, x))


def bound(fn: Any, weights: Any) -> Any:
    """A function whose first argument is given."""
    return lambda *arguments: fn(weights, *arguments)


def told(density: Density, model: Any, x: Any) -> Any:
    """(B,) what a copy of the module says of rows."""
    import torch

    with torch.no_grad():
        return density.log_prob(model.weights, torch.as_tensor(np.array(x, dtype=np.float64))).numpy()
