"""Weight along a line: even in cells, at single values, falling in two tails."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from made_np.typing import Bools, Floats, Ints

__all__ = ["Pieces", "Spot"]


class Spot(NamedTuple):
    """Where numbers lie: the cell of each (of one beyond, the nearest), a spike near it, and whether it is there."""

    cell: Ints
    spike: Ints
    is_spike: Bools | None


class Pieces(NamedTuple):
    """Cells, spikes and tails; see `Bins`.

    Attributes
    ----------
    edges : ndarray (F + 1,)
    weights : ndarray (F,)
    spikes, spike_weights : ndarray (S,)
    tails, reach : (float, float)
    is_lattice : bool
        Whether the numbers are whole: each then has the weight of a width of 1.
    """

    edges: Floats
    weights: Floats
    spikes: Floats
    spike_weights: Floats
    tails: tuple[float, float]
    reach: tuple[float, float]
    is_lattice: bool

    @property
    def total(self) -> float:
        """The whole weight."""
        return float(self.weights.sum() + self.spike_weights.sum() + sum(self.tails))

    def spot(self, y: Floats) -> Spot:
        """Return where each y lies."""
        cell = np.asarray(np.searchsorted(self.edges, y, "right")) - 1
        cell = np.minimum(np.maximum(cell, 0), len(self.weights) - 1)
        if not len(self.spikes):
            return Spot(cell, cell, None)
        spike = np.minimum(np.searchsorted(self.spikes, y), len(self.spikes) - 1)
        return Spot(cell, spike, np.asarray(self.spikes[spike] == y))

    def density(self, y: Floats, spot: Spot) -> Floats:
        """Return the weight of each y: of a point, where it is a spike or one of a lattice, else for a width of 1."""
        weight = (self.weights / np.diff(self.edges))[spot.cell]
        if spot.is_spike is not None:
            spike = self.spike_weights[spot.spike]
            weight = np.where(spot.is_spike, spike + (weight if self.is_lattice else 0.0), weight)
        for side, distance in enumerate((self.edges[0] - y, y - self.edges[-1])):
            is_beyond = distance > 0
            if is_beyond.any():
                half = 0.5 if self.is_lattice else 0.0
                far = np.maximum(distance[is_beyond], half)
                reach = self.reach[side]
                weight[is_beyond] = self.tails[side] * reach / (reach + far - half) / (reach + far + half)
        return weight
