"""A mutant is a network with one planted fault; here is the list that they enter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from ..adapter import Adapter
from ..compare import Ints
from ..networks import Network, make_network
from ..plans import make_plan

ORDER = (2, 0, 3, 1, 4)
"""Not its own inverse: order used for position shows."""

Build: TypeAlias = Callable[[np.random.Generator], Adapter]


@dataclass(frozen=True)
class Mutant:
    """A planted fault: what it is, how to build it, and checks of the suite that must catch it."""

    name: str
    fault: str
    build: Build
    caught_by: tuple[str, ...]


PLANTED: list[Mutant] = []


def planted(fault: str, *caught_by: str) -> Callable[[Build], Build]:
    """Enter a function that builds a faulty network in the list; its name is the mutant's."""

    def enter(build: Build) -> Build:
        PLANTED.append(Mutant(build.__name__.strip("_"), fault, build, caught_by))
        return build

    return enter


def degrees_of(rng: np.random.Generator, n_features: int, width: int, lowest: int = 1) -> Ints:
    """Degrees of one layer, in random order; none is missing if the width permits."""
    every = np.arange(lowest, n_features)
    spare = rng.choice(every, max(width - len(every), 0))
    return rng.permutation(np.append(every, spare)[:width])


def standard(
    rng: np.random.Generator,
    hidden: Sequence[int] = (7, 7),
    order: Sequence[int] = ORDER,
    *,
    with_relu: bool = False,
    **kind: Any,
) -> Network:
    """The correct network that most faults are planted in: D = 5, two hidden layers of 7."""
    lowest = 0 if kind.get("n_context") else 1
    degrees = [degrees_of(rng, len(order), width, lowest) for width in hidden]
    return make_network(rng, make_plan(order, degrees, **kind), with_relu=with_relu)
