"""A model of ours as a module of torch."""

from __future__ import annotations

from functools import cache
from math import log
from typing import Any

import numpy as np

from made_np.distributions.registry import output_config
from made_np.distributions.together import Outputs
from made_np.interop.torch_heads import HEADS, Head, softplus
from made_np.messages import not_installed
from made_np.model.made import MADE, as_model
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
        With any of our distributions but ``WithAtoms``, and with a number of mask sets.
    theta : ndarray, shape (P,)
        It is copied.

    Raises
    ------
    ImportError
        torch is not installed.
    ValueError, TypeError
        What `made` has, torch is not told here: a distribution or an activation of your own, ``WithAtoms``, endlessly
        many mask sets. The message says which.
    """
    as_model(made)
    theta = made.fetch(made.hold(theta))
    if made.n_masks is None:
        raise ValueError(f"made has n_masks=None, endlessly many mask sets: give made.mixture({made.n_mixed})")
    parts = heads_of(made.outputs)
    if made.activation not in ACTIVATIONS:
        raise ValueError(f"made has activation={made.activation!r}: torch has one of {ACTIVATIONS} here")
    return _module_class()(made, theta, parts)


ACTIVATIONS = ("relu", "tanh", "sigmoid", "softplus", "elu", "leaky_relu", "selu", "gelu", "silu", "identity")


def heads_of(outputs: Outputs) -> list[tuple[dict[str, Any], list[int]]]:
    """Return the config of each distribution, with its features, or raise a `ValueError` where torch has none."""
    found = []
    for group in outputs.groups:
        config = output_config(group.output)
        if config["name"] not in HEADS:
            raise ValueError(f"made has the distribution {group.output!r}: torch has one of {tuple(HEADS)} here")
        features = np.arange(len(outputs.feature_outputs))[group.features]
        found.append((config, features.tolist()))
    return found


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

        def __init__(self, made: MADE, theta: Array, parts: list[tuple[dict[str, Any], list[int]]]) -> None:
            super().__init__()
            self.made = made
            self.parts = parts
            for name, value in made.layout.views(theta).items():
                self.register_parameter(name, torch.nn.Parameter(torch.from_numpy(value.copy())))
            masks = [made.network.masks(made.mask_sets[k]) for k in range(made.n_masks or 0)]
            for name in masks[0]:
                self.register_buffer(f"{name}_mask", torch.from_numpy(np.stack([each[name] for each in masks])))

    TorchMADE.__qualname__ = "TorchMADE"
    return TorchMADE


class _Answers:
    """What a module answers, given its `made`, its `parts`, and its parameters by their names."""

    made: MADE
    parts: list[tuple[dict[str, Any], list[int]]]
    __call__: Any

    def forward(self, x: Any, context: Any = None, mask_set: int = 0) -> Any:
        """Return raw outputs (n, O) under a mask set, as `MADE.raw_outputs`."""
        network = self.made.network
        skips = self.made.mask_sets[mask_set].skips
        units = self.encode(x, context)
        h = units
        for k in range(network.depth):
            y = self._activate(self._bias(k) + self._product(str(k), h, mask_set))
            skip = skips[k]
            h = y if skip is None else y + h * h.new_tensor(skip.tolist())
        raw = self._bias(network.depth)
        if network.depth:
            raw = raw + self._product(str(network.depth), h, mask_set)
        if network.direct:
            wired = units if network.direct_units is None else units[:, network.direct_units.tolist()]
            raw = raw + self._product("_direct", wired, mask_set)
        return raw.expand(len(units), -1)

    def encode(self, x: Any, context: Any = None) -> Any:
        """Return input units (n, I + C)."""
        outputs = self.made.outputs
        units = x.new_zeros((len(x), self.made.network.n_inputs))
        for config, features in self.parts:
            own = _head(config).encode(config, x[:, features])
            starts = np.array([outputs.input_slices[d].start for d in features])
            places = (starts[:, None] + np.arange(own.shape[-1])).ravel()
            units[:, places.tolist()] = own.reshape(len(x), len(places))
        if context is not None:
            units[:, outputs.n_inputs :] = context
        return units

    def log_prob(self, x: Any, context: Any = None) -> Any:
        """Return log p(x) of rows (n, D) in nats, shape (n,): of the mixture, if there are several mask sets."""
        import torch

        each = []
        for k in range(self.made.n_masks or 0):
            raw = self(x, context, k)
            each.append(
                sum(
                    _head(config).log_prob(config, self._raw_of(raw, features), x[:, features]).sum(-1)
                    for config, features in self.parts
                )
            )
        return torch.stack(each).logsumexp(0) - log(len(each))

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
                    config = next(config for config, features in self.parts if feature in features)
                    drawn = _head(config).draw(config, self._raw_of(raw, [feature]), u[rows][:, [feature]])
                    own[:, feature] = drawn[:, 0]
                x[rows] = own
        return x

    def theta(self) -> Array:
        """Return the parameters as a theta of `made`."""
        theta = np.empty(self.made.n_params, self.made.dtype)
        for name, view in self.made.layout.views(theta).items():
            view[...] = getattr(self, name).detach().cpu().numpy()
        return theta

    def _bias(self, layer: int) -> Any:
        return getattr(self, f"b{layer}")

    def _product(self, name: str, h: Any, mask_set: int) -> Any:
        mask = getattr(self, f"W{name}_mask")[mask_set]
        z = h @ (getattr(self, f"W{name}") * mask).T
        return z + (getattr(self, f"U{name}") * mask).sum(1) if self.made.mask_weights else z

    def _activate(self, z: Any) -> Any:
        from torch.nn import functional

        name = self.made.activation
        if name == "identity":
            return z
        return softplus(z) if name == "softplus" else getattr(functional, name)(z)

    def _raw_of(self, raw: Any, features: list[int]) -> Any:
        """Return the raw outputs (n, d, K) of some features that share a distribution."""
        slices = [self.made.outputs.slices[d] for d in features]
        places = [place for own in slices for place in range(own.start, own.stop)]
        return raw[:, places].reshape(len(raw), len(features), len(places) // len(features))


def _head(config: dict[str, Any]) -> Head:
    return HEADS[config["name"]]
