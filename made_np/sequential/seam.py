"""Layers in the place of a backend: so the training loop finds a model in them, as does the property suite."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from made_np.backends.bound import Bound
from made_np.backends.memory import Host, Memory
from made_np.lazy import lazy
from made_np.masks.sets import MaskSet
from made_np.model.binding import BoundSets
from made_np.model.made import MADE
from made_np.network.network import Network
from made_np.typing import Array

if TYPE_CHECKING:
    from made_np.sequential.container import Sequential

__all__ = ["learner_of"]


def learner_of(net: Sequential) -> MADE:
    """Return a model that a copy of these layers computes."""
    made = net._shape
    return _Learner(
        made.n_features, made.hidden, made.output, activation=made.activation, order=made.order,
        degrees=made.degrees, seed=made.seed, direct=False, dtype="float64", net=deepcopy(net))  # fmt: skip


@dataclass(frozen=True)
class _Learner(MADE):
    """The layers as `made_np.fit` and the property suite see them: a model that they compute."""

    net: Any = field(default=None, kw_only=True, compare=False, repr=False)

    @lazy
    def bound(self) -> BoundSets:
        """What computes: the layers."""
        return BoundSets(_Layers(self.net), self.network, self.mask_sets)


class _Layers:
    """A backend of one net."""

    __name__ = "made_np.sequential"

    def __init__(self, net: Sequential) -> None:
        self.net = net

    def bind(self, network: Network, mask_set: MaskSet) -> Bound:
        return _Bound(self.net, network, mask_set)

    def memory_of(self, network: Network) -> Memory:
        return Host()


class _Bound(Bound):
    """The seam of the backends, for one net: theta is written into its layers before they are asked."""

    def __init__(self, net: Sequential, network: Network, mask_set: MaskSet) -> None:
        super().__init__(network, mask_set)
        self.net = net

    def raw_outputs(self, theta: Array, x: Array, context: Array | None, keeps: Any = None) -> Array:
        self.net.theta = theta
        return self.net._up(x)

    def nll(self, theta: Array, x: Array, context: Array | None, keeps: Any = None) -> Array:
        return self.network.outputs.nll(self.raw_outputs(theta, x, context), x)

    def row_nll(self, theta: Array, x: Array, context: Array | None, keeps: Any = None) -> Array:
        return np.asarray(self.nll(theta, x, context).sum(axis=1))

    def loss_and_grad(
        self,
        theta: Array,
        x: Array,
        context: Array | None,
        grad: Array,
        keeps: Any = None,
        row_weights: Array | None = None,
        ready: Callable[[slice], object] | None = None,
    ) -> Array:
        self.net.theta = theta
        nll = self.net._learn(x, np.full(len(x), 1 / max(len(x), 1)) if row_weights is None else row_weights)
        grad[:] = self.net._joined("dW", "db")
        return nll

    def sample(self, theta: Array, uniforms: Array, given: Array | None = None, context: Array | None = None) -> Array:
        self.net.theta = theta
        return self.net._draw(uniforms)

    def propagate_means(self, theta: Array, given: Array, context: Array | None = None) -> Array:
        raise NotImplementedError("layers fill no gaps: ask net.made")
