"""The way of the sampler through the places of an order: what is complete where, group by group.

Places come in groups, in which a row has a warp of its own; groups make up stretches, each one launch. What the units
of a stretch get from places before it is a matrix product, made before the launch.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from made_np.backends.tables import CATEGORICAL, Plan
from made_np.typing import Ints

__all__ = ["MOST_PLACES", "WIDE", "Link", "Stretch", "Trail", "cut"]

MOST_PLACES = 32
"""Places of a group: each has a lane of a warp."""
WIDE = 128
"""A group of more than one place has no more units than this in any layer above the inputs."""
MOST_INPUTS = 512
"""And no more input units."""


class Link(NamedTuple):
    """A product of the network: from which layer to which.

    Layers are numbered as in the tables; `source` is one more than the last where columns are copies of inputs.
    """

    source: int
    target: int
    n_in: int
    n_out: int
    at: int
    """Where its weights (n_in, n_out) begin among those of all products."""
    columns_at: int
    """Where in the source layer its columns begin."""


class Trail:
    """A network under a mask set, as it is walked through.

    Parameters
    ----------
    plan : Plan
    places : int
        Those of a group, at most.

    Attributes
    ----------
    known : ndarray of int, shape (L + 3, D + 1)
        How many units of each layer, and last of the copies with direct wires, come before those of a place: inputs and
        copies that the places before it fill, hidden units of a smaller degree, raw outputs of the places before it.
    links : list of Link
        Those of hidden layers by source, then that of the direct wires.
    direct : int
        The number of that one; -1 if there is none.
    has_copies : bool
    steps : ndarray of int, shape (D + 1, ...)
        A place's row of the features, and its column of `known`.
    groups : list of int
        The places at which groups begin, and the number of places.
    sparse : bool
        True if the network sees some features as one unit of many.
    columns : ndarray of int
        How many columns each group brings: units below the output, and copies.
    staged : int
        Weights within a group, of the group that has the most.
    """

    def __init__(self, plan: Plan, places: int = MOST_PLACES) -> None:
        t = plan.tables
        self.plan = plan
        self.depth = len(t.widths) - 2
        self.n_features = len(t.features)
        self.widths = [int(width) for width in t.widths]
        self.has_copies = len(t.direct_from) > 0
        self.links = list(_links(plan))
        last = self.links[-1] if self.links else None
        is_direct = last is not None and last.target == self.depth + 1 and last.source in (0, self.depth + 2)
        self.direct = len(self.links) - 1 if is_direct else -1
        self.known = _known(plan)
        self.steps = _steps(plan, self.known)
        self.groups = list(_groups(self.known, places))
        self.sparse = bool((t.features[:, 1] == CATEGORICAL).any())
        own = np.diff(self.known[:, self.groups])
        self.staged = int(sum((own[link.source] * own[link.target] for link in self.links), np.zeros(1, int)).max())
        self.columns = own[: self.depth + 1].sum(axis=0) + own[-1] * self.has_copies

    @property
    def n_weights(self) -> int:
        """How many weights all products have."""
        return sum(link.n_in * link.n_out for link in self.links)

    @property
    def n_biases(self) -> int:
        """How many biases all layers above the inputs have."""
        return sum(self.widths[1:])

    def header(self, n_group: int) -> list[int]:
        """Return the header that the kernel takes."""
        copies_at = self.links[self.direct].columns_at if self.has_copies else 0
        activation = self.plan.tables.activation
        n_step = self.steps.shape[1]
        numbers = [self.depth, self.n_features, len(self.links), activation, n_step, n_group]
        numbers += [self.direct, int(self.has_copies), copies_at, 0]
        size = len(numbers) - 1
        for link in self.links:
            is_sparse = self.sparse and link.source in (0, self.depth + 2)
            numbers += [link.target, link.n_out, link.at & 0x7FFFFFFF, link.at >> 31, int(is_sparse)]
        below = self.widths[: self.depth + 1]
        numbers += [*below, *np.cumsum([0, *below[:-1]]).tolist()]
        numbers[size] = len(numbers)
        return numbers


def _links(plan: Plan) -> Iterator[Link]:
    """Yield the products that multiply; direct wires begin at copies, if there are some."""
    t = plan.tables
    depth = len(t.widths) - 2
    at = 0
    for q, (_, _, n_out, n_in, source, target, begin, _) in enumerate(t.products.tolist()):
        if not n_in:
            continue
        is_direct = source == 0 and target == depth + 1 and q == len(t.products) - 1
        copied = is_direct and len(t.direct_from) > 0
        yield Link(depth + 2 if copied else source, target, n_in, n_out, at, begin)
        at += n_in * n_out


def _known(plan: Plan) -> Ints:
    """Return how much comes before each place, and before the end."""
    t = plan.tables
    depth = len(t.widths) - 2
    n_places = len(t.features)
    known = np.zeros((depth + 3, n_places + 1), dtype=np.int64)
    known[0] = [*plan.known[0], t.n_inputs]
    known[1 : depth + 1, 1:] = plan.known[1 : depth + 1]
    known[depth + 1] = [*t.features[:, 2], t.widths[-1]]
    known[depth + 2] = [*plan.known[depth + 1], len(t.direct_from) or t.n_inputs]
    return known


def _steps(plan: Plan, known: Ints) -> Ints:
    """Return the table of the places; its last row ends them."""
    t = plan.tables
    end = np.array([[0, 0, t.widths[-1], 0, t.n_inputs, 0, 0, 0]])
    return np.concatenate([np.concatenate([t.features, end]), known.T], axis=1)


def _groups(known: Ints, places: int) -> Iterator[int]:
    """Yield the places at which groups begin, and the number of places."""
    limits = np.array([MOST_INPUTS, *[WIDE] * (len(known) - 2)])
    counted = known[:-1].T
    n_places = len(counted) - 1
    first = 0
    while first < n_places:
        yield first
        ahead = counted[first + 1 : first + places + 1] - counted[first]
        first += max(int((ahead <= limits).all(axis=1).sum()), 1)
    yield n_places


class Stretch(NamedTuple):
    """Places that one launch takes rows through."""

    place: int
    groups: tuple[int, int]
    """The first, and the one behind the last."""
    units: list[tuple[int, int]]
    """Of each layer above the inputs: the first unit, and the one behind the last."""

    @property
    def size(self) -> int:
        """How many units that are."""
        return sum(last - first for first, last in self.units)


def cut(trail: Trail, n_stretches: int) -> list[Stretch]:
    """Cut the groups into stretches of about as many units each."""
    known = trail.known
    units = known[1 : trail.depth + 2, trail.groups].sum(axis=0)
    marks = units[-1] * np.arange(1, n_stretches) / n_stretches
    inner = np.searchsorted(units, marks, side="left")
    ends = np.unique([0, *inner, len(trail.groups) - 1]).tolist()
    layers = range(1, trail.depth + 2)
    return [
        Stretch(
            place=trail.groups[first],
            groups=(first, last),
            units=[(int(known[t, trail.groups[first]]), int(known[t, trail.groups[last]])) for t in layers],
        )
        for first, last in pairwise(ends)
    ]
