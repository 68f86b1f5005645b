"""Sampling on a device: every unit computed once, by a kernel that takes rows from the first place to the last.

See `_numpy.sampling` for the idea, `walks`, `layouts` and `choices` for how the work is shared out, and `sampler.cu`
for the kernel.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from made_np.backends._cupy.choices import choose
from made_np.backends._cupy.device import Device, dtype_of
from made_np.backends._cupy.layouts import Layout, Limits, Shape, lay_out
from made_np.backends._cupy.walks import MOST_PLACES, Stretch, Trail
from made_np.backends._cupy.wiring import Wiring, put
from made_np.lazy import lazy
from made_np.typing import Ints

__all__ = ["Sampler"]

BLOCK = 256
"""Threads of a block, where nothing else decides."""
TILE = 32
"""Weights are put in another order by tiles of so many rows and columns."""
AT_ONCE = 1 << 30
"""Bytes for what later stretches need of rows: of more rows, some are drawn after the others."""


class Sampler:
    """What draws the rows of a network under a mask set.

    Parameters
    ----------
    wiring : Wiring
    shape : Shape, optional
        How the work is shared out; by default as `choose` finds best.
    """

    def __init__(self, wiring: Wiring, shape: Shape | None = None) -> None:
        self.wiring = wiring
        self.shape = shape
        self.device: Device = wiring.device
        self.layouts: dict[tuple[int, int], _Placed] = {}

    def sample(self, theta: Any, uniforms: Any, given: Any = None, context: Any = None) -> Any:
        """Draw one row per row of `uniforms` (B, D), as `Bound.sample` does.

        Parameters
        ----------
        theta : array of the device
        uniforms, given, context : arrays of the device or of NumPy
            On a device, `uniforms` are float64, the others of theta's dtype.

        Returns
        -------
        array (B, D)
            Of the device if `uniforms` is.
        """
        x = self._fill(theta, uniforms, given, context, self.placed(theta, int(uniforms.shape[0])))
        return x if self.device.owns(uniforms) else self.device.get(x)

    def propagate_means(self, theta: Any, given: Any, context: Any = None) -> Any:
        """Fill each gap of `given` (B, D) with the centre of its conditional, as `Bound.propagate_means` does."""
        x = self._fill(theta, None, given, context, self.placed(theta, int(given.shape[0])))
        return x if self.device.owns(given) else self.device.get(x)

    @lazy
    def trail(self) -> Trail:
        """The way through the network."""
        return Trail(self.wiring.plan, MOST_PLACES if self.shape is None else self.shape.places)

    @lazy
    def _tables(self) -> _Tables:
        return _Tables(self.wiring, self.trail)

    def placed(self, theta: Any, n: int) -> _Placed:
        """Return how n rows are drawn; numbers that need not differ share one way."""
        device = self.device
        rounded = 1 << max(-(-n // device.n_multiprocessors) - 1, 0).bit_length()
        key = rounded, dtype_of(theta).itemsize
        if key not in self.layouts:
            self.layouts[key] = _Placed(device, self._layout(rounded * device.n_multiprocessors, key[1]))
        return self.layouts[key]

    def _layout(self, n: int, itemsize: int) -> Layout:
        """Return how the work of n rows is shared out."""
        shape = self.shape
        limits = Limits(self.device.n_multiprocessors, self.device.shared_limit, itemsize)
        if shape is None:
            return choose(self.trail, limits, n)
        own = limits if shape.shared is None else limits._replace(shared_limit=shape.shared)
        return lay_out(self.trail, own, shape.rows, shape.n_stretches, shape.resident)

    def _fill(self, theta: Any, uniforms: Any, given: Any, context: Any, placed: _Placed) -> Any:
        """Fill gaps: with what `uniforms` decide, or, where there are none, with centres."""
        device = self.device
        dtype = dtype_of(theta)
        n = int((given if uniforms is None else uniforms).shape[0])
        x = device.empty((n, self.wiring.n_features), dtype)
        if not n:
            return x
        weights, biases = self._sorted(theta, dtype)
        told = self._held(uniforms, np.dtype(np.float64)), self._held(given, dtype), self._held(context, dtype)
        each = self._bytes(placed.layout) * dtype.itemsize
        step = max(AT_ONCE // max(each, 1), 1)
        for first in range(0, n, step):
            own = slice(first, min(first + step, n))
            rows = [None if part is None else part[own, :] for part in told]
            self._walk(placed, weights, biases, rows, x[own, :], dtype)
        return x

    def _held(self, array: Any, dtype: np.dtype[Any]) -> Any:
        if array is None or self.device.owns(array):
            return array
        return self.device.put(np.ascontiguousarray(array, dtype=dtype))

    def _bytes(self, layout: Layout) -> int:
        """Return how many numbers of a row lie outside the blocks."""
        if len(layout.stretches) == 1 and not self._n_context:
            return 0
        return sum(self.trail.widths) + max(stretch.size for stretch in layout.stretches)

    @property
    def _n_context(self) -> int:
        return int(self.trail.known[0, 0])

    # ------------------------------------------------------------------------------------------ parameters

    def _sorted(self, theta: Any, dtype: np.dtype[Any]) -> tuple[Any, Any]:
        """Return all weights by degree, column by column, and all biases."""
        device = self.device
        trail = self.trail
        weights = device.empty(max(trail.n_weights, 1), dtype)
        biases = device.empty(trail.n_biases, dtype)
        tables = self._tables
        given = theta, tables.sorting, tables.units, weights, biases, tables.n_parts
        shared = TILE * (TILE + 1) * dtype.itemsize
        device.launch("sort_for_sampling", dtype, tables.n_tiles, BLOCK, *given, shared=shared)
        at = 0
        for layer, width in enumerate(trail.widths[1:], start=1):
            for one in self.wiring.products:
                if one.target == layer and one.mask_weights is not None:
                    known = one.rows, one.columns, one.reach, one.n_in, one.n_out
                    grid = -(-32 * one.n_out // BLOCK)
                    own = theta[one.mask_weights], *known, biases[at : at + width]
                    device.launch("add_mask_weights", dtype, grid, BLOCK, *own)
            at += width
        return weights, biases

    # ------------------------------------------------------------------------------------------ the walk

    def _walk(self, placed: _Placed, weights: Any, biases: Any, rows: list[Any], x: Any, dtype: np.dtype[Any]) -> None:
        """Take rows through all stretches."""
        device = self.device
        layout = placed.layout
        n = int(x.shape[0])
        uniforms, given, context = rows
        tables = self._tables
        grid = -(-n // layout.rows)
        scratch = None if layout.in_shared else device.empty(grid * layout.held, dtype)
        below = self._below(layout, n, context, dtype)
        size = max(stretch.size for stretch in layout.stretches)
        before = device.empty(n * size, dtype) if below else None
        shared_below = below.flat if below and len(layout.stretches) > 1 else None
        for stretch, table in zip(layout.stretches, placed.stretches, strict=True):
            self._multiply(stretch, weights, below, before, n)
            device.launch(
                "sample_rows", dtype, grid, layout.threads, weights, biases, placed.header, table, placed.groups,
                tables.steps, tables.skips, tables.direct_of, self.wiring.numbers, uniforms, given, before,
                shared_below, scratch, x, n, int(uniforms is None), shared=layout.shared,
            )  # fmt: skip

    def _below(self, layout: Layout, n: int, context: Any, dtype: np.dtype[Any]) -> _Below | None:
        """Return memory for the inputs and the hidden layers, with the context, if products ask for any of them."""
        trail = self.trail
        if len(layout.stretches) == 1 and not self._n_context:
            return None
        below = _Below(self.device, trail.widths[:-1] if len(layout.stretches) > 1 else trail.widths[:1], n, dtype)
        if self._n_context:
            n_copies = int(trail.known[-1, 0]) if trail.has_copies else 0
            copies_at = trail.links[trail.direct].columns_at if trail.has_copies else 0
            sizes = n, self._n_context, n_copies, copies_at, trail.widths[0]
            copies = self.wiring.direct_from if n_copies else None
            given = context, copies, *sizes, below.layers[0]
            grid = -(-n * (self._n_context + n_copies) // BLOCK)
            self.device.launch("tell_context", dtype, grid, BLOCK, *given)
        return below

    def _multiply(self, stretch: Stretch, weights: Any, below: _Below | None, before: Any, n: int) -> None:
        """Write what the units of a stretch get from everything before it."""
        device = self.device
        at = 0
        for t, (first, last) in enumerate(stretch.units, start=1):
            width = last - first
            adds = False
            for link in self.trail.links:
                known = int(self.trail.known[link.source, stretch.place])
                if below is None or link.target != t or not known or not width:
                    continue
                source = below.layers[link.source if link.source <= self.trail.depth else 0]
                whole = device.reshape(weights[link.at : link.at + link.n_in * link.n_out], (link.n_in, link.n_out))
                out = device.reshape(before[at : at + n * width], (n, width))
                columns = slice(link.columns_at, link.columns_at + known)
                device.product(source[:, columns], whole[:known, first:last], out, add=adds)
                adds = True
            at += n * width


class _Tables:
    """The tables of a trail on the device."""

    def __init__(self, wiring: Wiring, trail: Trail) -> None:
        device = wiring.device
        t = wiring.tables
        hidden = slice(int(t.starts[1]), int(t.starts[-3]))
        self.steps = put(device, trail.steps)
        self.skips = put(device, t.skips[hidden]) if t.has_skips else None
        direct_of = np.full(t.n_inputs, -1)
        direct_of[t.direct_from] = np.arange(len(t.direct_from))
        self.direct_of = put(device, direct_of) if trail.has_copies else None
        sorting, units, self.n_tiles = _sorting(wiring, trail)
        self.n_parts = len(sorting)
        self.sorting = put(device, sorting)
        self.units = put(device, units)


def _sorting(wiring: Wiring, trail: Trail) -> tuple[Ints, Ints, int]:
    """Return where each part of theta stands, the numbers of units that it asks for, and how many blocks sort it.

    Biases are weights of a single column.
    """
    rows: list[list[int]] = []
    units: list[Ints] = []
    at = 0
    tiles = 0

    def add(part: slice, n_in: int, n_out: int, target: int, is_bias: bool, *numbers: Ints) -> None:
        nonlocal at, tiles
        places = []
        for each in numbers:
            places.append(at)
            units.append(each)
            at += len(each)
        rows.append([*_halves(part.start), n_in, n_out, *_halves(target), int(is_bias), *places, tiles])
        tiles += -(-n_in // TILE) * -(-n_out // TILE)

    t = wiring.tables
    own = [t.units[t.starts[layer] : t.starts[layer + 1]] for layer in range(trail.depth + 2)]
    multiplied = [q for q, table in enumerate(t.products) if table[3]]
    for one, link, q in zip(wiring.products, trail.links, multiplied, strict=True):
        columns = own[one.source][one.columns_at : one.columns_at + one.n_in]
        reach = t.reach[t.reach_at[q] : t.reach_at[q] + one.n_out]
        add(one.weights, one.n_in, one.n_out, link.at, False, own[one.target], columns, reach)
    at_bias = 0
    for layer, part in enumerate(wiring.biases, start=1):
        n = trail.widths[layer]
        add(part, 1, n, at_bias, True, own[layer], np.zeros(1, np.int64), np.ones(n, np.int64))
        at_bias += n
    return np.array(rows), np.concatenate(units), tiles


def _halves(number: int) -> tuple[int, int]:
    """Return the lower 31 bits of a number, and the rest."""
    return number & 0x7FFFFFFF, number >> 31


class _Placed:
    """A layout, with its tables on the device."""

    def __init__(self, device: Device, layout: Layout) -> None:
        self.layout = layout
        self.header = put(device, layout.header)
        self.groups = put(device, layout.groups)
        self.stretches = [put(device, table) for table in layout.stretch_tables]


class _Below:
    """The inputs and the hidden layers of some rows: matrices (n, width), one after the other."""

    def __init__(self, device: Device, widths: list[int], n: int, dtype: np.dtype[Any]) -> None:
        self.flat = device.empty(n * sum(widths), dtype)
        self.layers = []
        at = 0
        for width in widths:
            self.layers.append(device.reshape(self.flat[at : at + n * width], (n, width)))
            at += n * width
