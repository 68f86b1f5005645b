"""Planted faults: right networks that are others once they were stored, or copied."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..adapter import Adapter
from ..networks import Network, make_network
from ..plans import make_plan
from .mutant import planted, standard

COPIES = "roundtrip"


def stored(net: Network, path: str) -> None:
    """Write theta as it is."""
    np.save(f"{path}.npy", net.theta)


@planted("parameters are stored in float32", COPIES)
def _stored_in_single(rng: np.random.Generator) -> Adapter:
    net = standard(rng)

    def save(model: Network, path: str) -> None:
        np.save(f"{path}.npy", model.theta.astype(np.float32))

    def load(path: str) -> Network:
        return replace(net, theta=np.load(f"{path}.npy").astype(np.float64))

    return net.adapter(model=net, save=save, load=load)


@planted("the order is not stored: what is loaded has the natural one", COPIES)
def _order_not_stored(rng: np.random.Generator) -> Adapter:
    net = standard(rng)

    def load(path: str) -> Network:
        return replace(net, theta=np.load(f"{path}.npy"), plan=make_plan(range(5), net.plan.degrees))

    return net.adapter(model=net, save=stored, load=load)


@planted("a clone draws its parameters anew", COPIES)
def _clone_drawn_anew(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    return net.adapter(model=net, clone=lambda model: make_network(rng, model.plan))


@dataclass(frozen=True)
class _Forgetful(Network):
    """A network whose copies keep what was given to its constructor, and not what was learned."""

    def __reduce__(self) -> Any:
        return _Forgetful, (self.plan, np.zeros_like(self.theta), self.x, self.context)


@planted("pickle makes a new model that was never fitted", COPIES)
def _pickled_unfitted(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    return net.adapter(model=_Forgetful(net.plan, net.theta, net.x, net.context))
