"""How the sampler's work is shared out among blocks, as tables of numbers that its kernel takes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from made_np.backends._cupy.walks import MOST_PLACES, WIDE, Stretch, Trail, cut
from made_np.backends.tables import BERNOULLI
from made_np.typing import Ints

__all__ = ["Layout", "Limits", "Shape", "lay_out", "memory_of", "tables_of"]

ANY_WAY, IN_REGISTERS, BINARY_128, BINARY_64, BINARY_32 = range(5)
"""What the kernel calls its ways through a group."""
WARP = 32
WARPS = 16
"""Warps of all blocks that a multiprocessor has at once: each may use a quarter of the registers that there can be."""
RESERVED = 1 << 10
"""Bytes of shared memory that CUDA takes for itself with each block."""
UNITS = 64
"""Units of a row that are work enough for a warp."""


class Shape(NamedTuple):
    """How the work is shared out, where somebody says so."""

    rows: int
    """Of a block: one of `ROWS`."""
    n_stretches: int
    """At most."""
    places: int = MOST_PLACES
    """Of a group, at most."""
    shared: int | None = None
    """Bytes of shared memory that blocks take at most, if those that there are are not meant."""
    resident: int = 1
    """Blocks that a multiprocessor has room for."""


class Layout(NamedTuple):
    """How the work is shared out, and the tables that the kernel takes."""

    rows: int
    """Of a block."""
    resident: int
    """Blocks that a multiprocessor has room for."""
    threads: int
    in_shared: bool
    """True if shared memory holds the states of a block's rows."""
    held: int
    """Numbers that hold them, with the columns of a group."""
    shared: int
    """Bytes of shared memory."""
    stretches: list[Stretch]
    stretch_tables: list[Ints]
    header: Ints
    groups: Ints


class Limits(NamedTuple):
    """What a device has."""

    n_multiprocessors: int
    shared_limit: int
    itemsize: int
    """Bytes of a number."""

    def of_block(self, resident: int) -> int:
        """Return the bytes of shared memory that each of so many blocks can have on one multiprocessor."""
        return (self.shared_limit + RESERVED) // resident - RESERVED


def lay_out(trail: Trail, limits: Limits, rows: int, n_stretches: int, resident: int = 1) -> Layout:
    """Return the layout with so many rows in a block, about so many stretches, and room for so many blocks at once."""
    stretches = cut(trail, n_stretches)
    size = max(stretch.size for stretch in stretches)
    columns_begin, held = memory_of(trail, size, rows)
    n_ints = tables_of(trail, rows)
    item = limits.itemsize
    limit = limits.of_block(resident)
    in_shared = held * item + 4 * n_ints <= limit
    staged_begin = held if in_shared else 0
    room = (limit - 4 * n_ints - staged_begin * item) // (4 * item) * 4
    groups, staged = _group_table(trail, stretches, room)
    tables_begin = staged_begin + -(-staged // 4) * 4
    begins = rows, size, columns_begin, held, staged_begin, tables_begin
    return Layout(
        rows=rows,
        resident=resident,
        threads=WARP * max(rows, min(WARPS // resident, -(-size // UNITS))),
        in_shared=in_shared,
        held=held,
        shared=tables_begin * item + 4 * n_ints,
        stretches=stretches,
        stretch_tables=[_stretch_table(trail, stretch, begins) for stretch in stretches],
        header=np.array(trail.header(groups.shape[1])),
        groups=groups,
    )


def memory_of(trail: Trail, size: int, rows: int) -> tuple[int, int]:
    """Return where the columns of a group begin behind the states of a block's rows, each of a size; and the end."""
    begin = -(-rows * size // 4) * 4
    return begin, begin + -(-rows * int(trail.columns.max()) // 4) * 4


def tables_of(trail: Trail, rows: int) -> int:
    """Return how many integers a block keeps in shared memory."""
    n_layers = trail.depth + 1
    n_links = len(trail.links)
    header = 10 + 5 * n_links + 2 * n_layers
    group = 3 + 4 * n_layers + 5 * n_links
    own_steps = (int(np.diff(trail.groups).max()) + 1) * trail.steps.shape[1]
    return header + 8 + 5 * n_layers + 3 * group + 2 * rows + WARP + own_steps


def _stretch_table(trail: Trail, stretch: Stretch, begins: tuple[int, ...]) -> Ints:
    """Return the table of a stretch."""
    table = [*stretch.groups, *begins]
    base = 0
    bias = 0
    for t, (first, last) in enumerate(stretch.units, start=1):
        comes = any(link.target == t and trail.known[link.source, stretch.place] > 0 for link in trail.links)
        table += [base, first, last - first, bias + first, int(comes and last > first)]
        base += last - first
        bias += trail.widths[t]
    return np.array(table)


def _group_table(trail: Trail, stretches: list[Stretch], room: int) -> tuple[Ints, int]:
    """Return the table of all groups, and how much of the room for staged weights is used."""
    rows = []
    used = 0
    known = trail.known
    for stretch in stretches:
        for g in range(*stretch.groups):
            begin = known[:, trail.groups[g]].tolist()
            end = known[:, trail.groups[g + 1]].tolist()
            row = []
            base = 0
            for t, (first, last) in enumerate(stretch.units, start=1):
                row += [base + begin[t] - first, begin[t], end[t] - begin[t], last - end[t]]
                base += last - first
            columns, staged = _group_columns(trail, g, begin, end, room)
            used = max(used, staged)
            way = _way(trail, g, all_staged=min(columns[3::5], default=0) >= 0)
            rows.append([trail.groups[g], trail.groups[g + 1] - trail.groups[g], way, *row, *columns])
    return np.array(rows), used


def _way(trail: Trail, g: int, *, all_staged: bool) -> int:
    """Return which of the kernel's ways leads through a group: the more is known of it, the quicker."""
    first, last = trail.groups[g : g + 2]
    own = trail.known[1 : trail.depth + 2, last] - trail.known[1 : trail.depth + 2, first]
    if not all_staged or trail.depth not in (1, 2) or trail.plan.tables.has_skips or own.max() > WIDE:
        return ANY_WAY
    features = trail.plan.tables.features[first:last]
    if trail.has_copies or features[:, 7].any() or (features[:, 1] != BERNOULLI).any():
        return IN_REGISTERS
    return BINARY_128 if own.max() > 64 else BINARY_64 if own.max() > 32 else BINARY_32


def _group_columns(trail: Trail, g: int, begin: list[int], end: list[int], room: int) -> tuple[list[int], int]:
    """Return what the table holds of a group's columns, and how many weights of theirs are staged."""
    at = np.cumsum([0, *(end[k] - begin[k] for k in range(trail.depth + 1))]).tolist()
    at[-1:] = [0, at[-1]]  # raw outputs are no columns: behind the last layer stand the copies
    before_last = trail.known[:, trail.groups[g + 1] - 1].tolist()
    columns: list[int] = []
    staged = 0
    for link in trail.links:
        source = link.source
        n = end[source] - begin[source]
        # What the last place shows is for later groups.
        asked = n if 0 < source <= trail.depth else before_last[source] - begin[source]
        size = asked * (end[link.target] - begin[link.target])
        fits = size <= room - staged
        columns += [begin[source], n, at[source], staged if fits else -1, asked]
        staged += size * fits
    return columns, staged
