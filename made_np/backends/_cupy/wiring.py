"""A network under a mask set in the memory of a device: the tables of `backends.tables` as kernels there take them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from made_np.backends._cupy.device import Device
from made_np.backends.tables import FROM_Z, Plan, Tables, make_plan
from made_np.masks.sets import MaskSet
from made_np.network.network import Network
from made_np.typing import Ints

__all__ = ["Product", "Wiring"]

FULL = 1 << 24
"""A product of fewer weights than this is done whole, those off the mask as well: one launch costs more than they."""
PANELS = 6
"""A larger one is done in so many panels, each as wide as its longest row: 7/12 of the multiplications."""


@dataclass(frozen=True, eq=False)
class Product:
    """The wires from one layer to another.

    Attributes
    ----------
    name : str
        That of the weights, such as "W0".
    weights, mask_weights : slice or None
        Their parts of theta.
    source, target : int
        Layers: 0 are the inputs, L + 1 the raw outputs.
    columns_at : int
        Where in the source layer its columns begin.
    n_out, n_in : int
    rows, columns, reach : arrays of the device
        Theta's numbers of the units, and how many columns each row sees.
    stops : array of the device
        The column at which the last panel of each row ends: what lies behind is not looked at.
    row_panels : list of (slice, int)
        Rows, and the column at which those that they see end.
    column_panels : list of (slice, int)
        Columns, and the row at which those that see them begin.
    """

    name: str
    weights: slice
    mask_weights: slice | None
    source: int
    target: int
    columns_at: int
    n_out: int
    n_in: int
    rows: Any
    columns: Any
    reach: Any
    stops: Any
    row_panels: list[tuple[slice, int]]
    column_panels: list[tuple[slice, int]]


class Wiring:
    """Everything that kernels must know of a network and a mask set besides theta.

    Attributes
    ----------
    plan : Plan
    device : Device
    products : list of Product
        From the inputs to the output; that of the direct wires comes last.
    biases : list of slice
        The part of theta that holds the biases of each layer above the inputs.
    residual : bool
        Whether mask sets of the network may have skips.
    units, skips : list of arrays of the device
        Of each layer: theta's numbers of its units, and the unit below that each adds; None where none does.
    features, numbers : arrays of the device
        As in the tables.
    """

    def __init__(self, network: Network, mask_set: MaskSet, device: Device) -> None:
        self.device = device
        self.plan: Plan = make_plan(network.plain, mask_set)
        t = self.tables
        self.n_features = len(t.features)
        self.depth = network.depth
        self.residual = network.residual
        layers = [slice(int(t.starts[k]), int(t.starts[k + 1])) for k in range(self.depth + 2)]
        self.units = [put(device, t.units[layer]) for layer in layers]
        self.skips = [put(device, t.skips[layer]) if (t.skips[layer] >= 0).any() else None for layer in layers]
        self.features = put(device, t.features)
        self.numbers = device.put(t.numbers)
        self.direct_from = put(device, t.direct_from)
        parts = network.layout.slices
        self.biases = [parts[f"b{layer}"] for layer in range(self.depth + 1)]
        self.products = list(_products(network, t, device, layers))
        # What the slopes of activations are computed from stands in the layers' results, unless those were changed.
        self.is_changed = t.has_skips or t.activation >= FROM_Z

    @property
    def tables(self) -> Tables:
        """The tables of the plan."""
        return self.plan.tables

    @property
    def widths(self) -> list[int]:
        """Units of each layer."""
        return [int(width) for width in self.tables.widths]


def put(device: Device, integers: Ints) -> Any:
    """Return a table of integers as kernels take it."""
    return device.put(np.ascontiguousarray(integers, dtype=np.int32))


def _products(network: Network, t: Tables, device: Device, layers: list[slice]) -> Iterator[Product]:
    """Yield the products that multiply."""
    parts = network.layout.slices
    for q, (_, _, n_out, n_in, source, target, begin, _) in enumerate(t.products.tolist()):
        if not n_in:
            continue
        is_direct = network.direct and q == len(t.products) - 1
        letters = "_direct" if is_direct else str(source)
        first = layers[source].start + begin
        reach = t.reach[t.reach_at[q] : t.reach_at[q] + n_out]
        begins = t.first[t.first_at[q] : t.first_at[q] + n_in]
        panels = row_panels(reach, PANELS if n_out * n_in >= FULL else 1)
        sides = column_panels(begins, n_out, len(panels))
        yield Product(
            name=f"W{letters}",
            weights=parts[f"W{letters}"],
            mask_weights=parts.get(f"U{letters}"),
            source=source,
            target=target,
            columns_at=begin,
            n_out=n_out,
            n_in=n_in,
            rows=put(device, t.units[layers[target]]),
            columns=put(device, t.units[first : first + n_in]),
            reach=put(device, reach),
            stops=put(device, stops(n_out, panels, sides)),
            row_panels=panels,
            column_panels=sides,
        )


def row_panels(reach: Ints, n_panels: int) -> list[tuple[slice, int]]:
    """Cut rows into panels, each with the column at which those that it sees end: at least one, whose weights are 0.

    Examples
    --------
    >>> row_panels(np.arange(64), 2)
    [(slice(0, 32, None), 31), (slice(32, 64, None), 63)]
    """
    return [(part, max(int(reach[part.stop - 1]), 1)) for part in _cut(len(reach), n_panels)]


def column_panels(begins: Ints, n_out: int, n_panels: int) -> list[tuple[slice, int]]:
    """Cut columns into panels, each with the row at which those that see it begin: at most the last one.

    Examples
    --------
    >>> column_panels(1 + np.arange(64), 64, 2)
    [(slice(0, 32, None), 1), (slice(32, 64, None), 33)]
    """
    return [(part, min(int(begins[part.start]), n_out - 1)) for part in _cut(len(begins), n_panels)]


def stops(n_out: int, across: list[tuple[slice, int]], down: list[tuple[slice, int]]) -> Ints:
    """Return for each row the column at which those end that a panel of rows, or one of columns, has of it.

    Examples
    --------
    >>> stops(4, [(slice(0, 2), 1), (slice(2, 4), 3)], [(slice(0, 2), 1), (slice(2, 4), 3)])
    array([1, 2, 3, 4])
    """
    ends = np.zeros(n_out, dtype=np.int64)
    for rows, stop in across:
        ends[rows] = stop
    for columns, start in down:
        ends[start:] = np.maximum(ends[start:], columns.stop)
    return ends


def _cut(n: int, n_panels: int) -> list[slice]:
    """Cut ``range(n)`` into panels of about the same size, the first ones multiples of 32."""
    size = max(-(-n // n_panels), 1)
    size = size if n_panels == 1 else -(-size // 32) * 32
    return [slice(first, min(first + size, n)) for first in range(0, n, size)]
