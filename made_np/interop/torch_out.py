"""A model of ours as a module of torch."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from made_np.interop.answers import Answers, as_leaving
from made_np.interop.torch_ops import TorchOps
from made_np.messages import not_installed
from made_np.model.made import MADE
from made_np.typing import Array

__all__ = ["to_torch"]


def to_torch(made: MADE, theta: Array) -> Any:
    """Return a ``torch.nn.Module`` that is this model: it scores, draws, and can be trained further.

    ``module(x)`` returns raw outputs (n, O), ``module.log_prob(x)`` (n,) nats, ``module.sample(n)`` rows (n, D),
    ``module.theta()`` the parameters as a theta of `made`. The parameters have the names of ``made.layout``; masks are
    buffers, so weights off them have the gradient 0. Several mask sets are a mixture, as in ``MADE.log_prob``.

    Parameters
    ----------
    made : MADE
        With any of our distributions, and with a number of mask sets.
    theta : ndarray, shape (P,)
        It is copied.

    Raises
    ------
    ImportError
        torch is not installed.
    ValueError, TypeError
        What `made` has, torch is not told here: a distribution or an activation of your own, endlessly many
        mask sets. The message says which.
    """
    return _module_class()(made, as_leaving(made, theta, "torch"))


def __getattr__(name: str) -> Any:
    """Return the class of modules, which pickle looks for here; it is made when torch is first needed."""
    if name == "TorchMADE":
        return _module_class()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@cache
def _module_class() -> type:
    try:
        import torch
    except ImportError as error:
        raise not_installed("a module of torch needs", "torch", "torch") from error

    class TorchMADE(_Answers, torch.nn.Module):  # type: ignore[misc]
        """A `made_np.MADE` whose parameters are torch's."""

        def __init__(self, made: MADE, theta: Array) -> None:
            super().__init__()
            self.made = made
            self.answers = Answers(made, TorchOps())
            for name, value in made.layout.views(theta).items():
                self.register_parameter(name, torch.nn.Parameter(torch.from_numpy(value.copy())))
            masks = [made.network.masks(made.mask_sets[k]) for k in range(made.n_masks or 0)]
            for name in masks[0]:
                self.register_buffer(f"{name}_mask", torch.from_numpy(np.stack([each[name] for each in masks])))

    TorchMADE.__qualname__ = "TorchMADE"
    return TorchMADE


class _Answers:
    """What a module answers, given its `made`, its `answers`, and its parameters by their names."""

    made: MADE
    answers: Answers
    __call__: Any

    def forward(self, x: Any, context: Any = None, mask_set: int = 0) -> Any:
        """Return raw outputs (n, O) under a mask set, as `MADE.raw_outputs`."""
        units = self.answers.encode(x, context)
        return self.answers.raw_outputs(self._product, lambda layer: getattr(self, f"b{layer}"), units, mask_set)

    def log_prob(self, x: Any, context: Any = None) -> Any:
        """Return log p(x) of rows (n, D) in nats, shape (n,): of the mixture, if there are several mask sets."""
        return self.answers.log_prob([self(x, context, k) for k in range(self.made.n_masks or 0)], x)

    def sample(self, n: int, context: Any = None, *, generator: Any = None, uniforms: Any = None) -> Any:
        """Return n rows (n, D), feature by feature: as many passes as there are features.

        `generator` is torch's; `uniforms` (n, D) decide the features, as in `MADE.sample`. Each row draws its mask set.
        """
        import torch

        like = next(self.parameters())  # type: ignore[attr-defined]
        shape = (n, self.made.n_features)
        u = torch.rand(shape, generator=generator, dtype=torch.float64, device=like.device)
        u = u if uniforms is None else torch.as_tensor(uniforms, dtype=torch.float64, device=like.device)
        n_sets = self.made.n_masks or 0
        sets = torch.randint(n_sets, (n,), generator=generator, device=like.device) if n_sets > 1 else None
        x = like.new_zeros(shape)
        with torch.no_grad():
            for k in range(n_sets):
                rows = torch.arange(n, device=like.device) if sets is None else (sets == k).nonzero()[:, 0]
                own = x[rows]
                for feature in self.made.mask_sets[k].order.tolist():
                    raw = self(own, None if context is None else context[rows], k)
                    own[:, feature] = self.answers.draw_one(raw, u[rows], feature)
                x[rows] = own
        return x

    def theta(self) -> Array:
        """Return the parameters as a theta of `made`."""
        theta = np.empty(self.made.n_params, self.made.dtype)
        for name, view in self.made.layout.views(theta).items():
            view[...] = getattr(self, name).detach().cpu().numpy()
        return theta

    def _product(self, name: str, h: Any, mask_set: int) -> Any:
        mask = getattr(self, f"{name}_mask")[mask_set]
        z = h @ (getattr(self, name) * mask).T
        return z + (getattr(self, f"U{name[1:]}") * mask).sum(1) if self.made.mask_weights else z
