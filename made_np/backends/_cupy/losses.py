"""Launches of the kernels of `losses.cu`: what every value of a batch costs, with the gradient of the raw outputs."""

from __future__ import annotations

from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from made_np.backends._cupy.desk import Desk
from made_np.backends._cupy.device import Device
from made_np.backends._cupy.wiring import Wiring, put
from made_np.backends.tables import (
    BERNOULLI,
    CATEGORICAL,
    DISCRETIZED,
    GAUSSIAN,
    GAUSSIAN_EXP,
    GAUSSIANS,
    LOGISTICS,
)

__all__ = ["losses", "spread"]

KERNELS = {
    BERNOULLI: "loss_bernoulli",
    CATEGORICAL: "loss_categorical",
    GAUSSIAN: "loss_gaussian",
    GAUSSIANS: "loss_gaussians",
    LOGISTICS: "loss_logistics",
    DISCRETIZED: "loss_discretized",
    GAUSSIAN_EXP: "loss_gaussian_exp",
}
WARP = 32
BLOCK = 128
"""Threads of a block."""
BLOCKS = 16
"""So many blocks a multiprocessor has at once; where there are more values, threads take several rows in turn."""


class Group(NamedTuple):
    """The features of one distribution."""

    kernel: str
    places: Any
    """(n,) int32, in the order."""
    n: int
    lanes: int
    """Threads that share a value."""

    def grid(self, device: Device, n_rows: int) -> int:
        """Return how many blocks share the values of these features: threads for all places, if there is a row."""
        threads = self.n * self.lanes
        most = max(-(-threads // BLOCK), BLOCKS * device.n_multiprocessors)
        return min(-(-n_rows * threads // BLOCK), most)


def losses(wiring: Wiring, desk: Desk, row_weights: Any = None, *, learning: bool) -> None:
    """Fill `nll` and `row_nll` of a desk; if it is for learning, also the gradient of the raw outputs.

    Parameters
    ----------
    row_weights : array, shape (B,), optional
        What each row's nll counts in the loss, of which that is the gradient; 1/B by default.
    """
    device = wiring.device
    d_raw = desk.dlayers[-1] if learning else None
    weights = row_weights, 1.0 / max(desk.n, 1)
    sizes = desk.n, wiring.n_features, wiring.widths[-1]
    for group in _groups_of(wiring):
        tables = wiring.features, wiring.numbers, group.places, group.n
        given = desk.layers[-1], desk.values, *tables, *weights, d_raw, desk.nll, *sizes
        device.launch(group.kernel, desk.dtype, group.grid(device, desk.n), BLOCK, *given)
    summed = desk.nll, desk.row_nll, desk.n, wiring.n_features
    device.launch("row_sums", desk.dtype, -(-desk.n * WARP // BLOCK), BLOCK, *summed)


def spread(wiring: Wiring, desk: Desk, nll: Any) -> None:
    """Write a desk's nll to `nll` (B, D), feature by feature."""
    n_blocks = -(-desk.n * wiring.n_features // BLOCK)
    given = desk.nll, wiring.features, nll, desk.n, wiring.n_features
    wiring.device.launch("spread_places", desk.dtype, n_blocks, BLOCK, *given)


_groups: WeakKeyDictionary[Wiring, list[Group]] = WeakKeyDictionary()


def _groups_of(wiring: Wiring) -> list[Group]:
    """Return the features by distribution, put on the device when they are first asked for."""
    if wiring not in _groups:
        kinds = wiring.tables.features[:, 1]
        places = {kind: np.flatnonzero(kinds == kind) for kind in np.unique(kinds).tolist()}
        _groups[wiring] = [
            Group(KERNELS[kind], put(wiring.device, own), len(own), WARP if kind == CATEGORICAL else 1)
            for kind, own in places.items()
        ]
    return _groups[wiring]
