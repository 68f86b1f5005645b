"""Planted faults: right networks whose code sets, or draws from, a global random state."""

from __future__ import annotations

import random

import numpy as np

from ..adapter import Adapter
from ..compare import Floats
from ..networks import Network
from .mutant import planted, standard

STATE = "global_state"


@planted("the constructor sets the seed of np.random", STATE)
def _constructor_seeds(rng: np.random.Generator) -> Adapter:
    net = standard(rng)

    def build() -> Network:
        np.random.seed(0)  # noqa: NPY002 - that is the fault
        return net

    return net.adapter(build=build)


@planted("the constructor draws its degrees from random", STATE)
def _constructor_draws(rng: np.random.Generator) -> Adapter:
    net = standard(rng)

    def build() -> Network:
        random.shuffle([*net.plan.degrees[0]])
        return net

    return net.adapter(build=build)


@planted("the gradient draws from np.random, to no effect", "gradient")
def _gradient_draws(rng: np.random.Generator) -> Adapter:
    net = standard(rng)

    def grad(theta: Floats) -> Floats:
        np.random.random()  # noqa: NPY002 - that is the fault
        return net.grad(theta)

    return net.adapter(grad=grad)
