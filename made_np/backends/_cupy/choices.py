"""Which layout of the sampler's work draws rows soonest.

Rows that a block takes together share what it reads, and wait for one another; the more stretches, the less a block has
to read, and the more launches there are. A count of cycles weighs that.
"""

from __future__ import annotations

from itertools import product
from math import ceil
from typing import NamedTuple

import numpy as np

from made_np.backends._cupy.layouts import WARP, WARPS, Layout, Limits, lay_out, memory_of, tables_of
from made_np.backends._cupy.walks import Stretch, Trail, cut
from made_np.backends.tables import BERNOULLI
from made_np.typing import Ints

__all__ = ["choose", "estimate"]

ROWS = 1, 2, 4, 8, 16
"""Rows of a block; the kernel knows these."""
STRETCHES = 1, 2, 4, 8, 12, 16, 24, 32, 64
RESIDENT = 1, 2, 4
"""Blocks that a multiprocessor has at once."""

# What things cost, in cycles of a multiprocessor, to the precision that a choice needs.
PER_STEP = 120.0
"""What a row waits for at a place,"""
PER_LAYER = 60.0
"""for each hidden layer there,"""
PER_UNIT = 20.0
"""for each hidden unit that it finishes,"""
DECIDED = 400.0
"""for each feature that is not binary."""
WORK_STEP = 40.0
"""Instructions of its warp at a place,"""
WORK_LAYER = 15.0
"""for each hidden layer there,"""
WORK_UNIT = 25.0
"""for each hidden unit that it finishes."""
UNSTAGED = 4.0
"""How much slower a walk is if weights of a group do not fit shared memory."""
PER_READ = 400.0
"""What a warp waits for weights that are on their way at once."""
L1_BYTES = 64.0
"""What a multiprocessor reads in a cycle,"""
L2_BYTES = 2500.0
"""what all together read from the second cache,"""
MEMORY_BYTES = 1700.0
"""and what they read from memory."""
MULTIPLIED = 64.0
"""Multiplications of a multiprocessor in a cycle, as far as is reached."""
PER_LAUNCH = 9000.0
TILE = 128
"""A product is computed in pieces of so many rows and columns."""


class _Course(NamedTuple):
    """What counts of a trail that is cut into stretches."""

    stretches: list[Stretch]
    waits: float
    works: float
    """Cycles that one row waits for, and instructions of its warp, on the whole way."""
    own: float
    """Wires within stretches."""
    others: float
    width: float
    """Units of a layer in a stretch."""
    size: int
    """Units of the largest stretch."""
    left: Ints
    """Units of the stretch that come after each group."""


def choose(trail: Trail, limits: Limits, n: int) -> Layout:
    """Return the layout that draws n rows soonest."""
    best: tuple[float, int, int, int] | None = None
    for n_stretches in STRETCHES:
        if n_stretches >= max(len(trail.groups), 2):
            break
        course = _course(trail, n_stretches)
        for rows, resident in product(ROWS, RESIDENT):
            if rows * resident <= WARPS and _room(trail, course, limits, rows, resident) >= 0:
                found = _cycles(trail, course, limits, rows, resident, n), rows, n_stretches, resident
                best = found if best is None else min(best, found)
    if best is None:  # a single place has more units than shared memory holds
        return lay_out(trail, limits, 1, len(trail.groups) - 1)
    return lay_out(trail, limits, *best[1:])


def estimate(trail: Trail, limits: Limits, layout: Layout, n: int) -> float:
    """Return about how many cycles n rows take."""
    return _cycles(trail, _course(trail, len(layout.stretches)), limits, layout.rows, layout.resident, n)


def _room(trail: Trail, course: _Course, limits: Limits, rows: int, resident: int) -> int:
    """Return how many bytes of shared memory a block has for weights."""
    held = memory_of(trail, course.size, rows)[1]
    return limits.of_block(resident) - held * limits.itemsize - 4 * tables_of(trail, rows)


def _course(trail: Trail, n_stretches: int) -> _Course:
    """Return what counts."""
    known = trail.known
    stretches = cut(trail, n_stretches)
    n = trail.n_features
    others = DECIDED * int((trail.plan.tables.features[:, 1] != BERNOULLI).sum())
    hidden = int(known[1 : trail.depth + 1, -1].sum())
    ends = np.searchsorted([stretch.groups[1] for stretch in stretches], np.arange(len(trail.groups) - 1), side="right")
    units = known[1 : trail.depth + 2].sum(axis=0)
    last = np.array([units[trail.groups[stretch.groups[1]]] for stretch in stretches])
    places = [*(stretch.place for stretch in stretches), n]
    inner = np.diff(known[:, places])
    own = float(sum((inner[link.source] * inner[link.target]).sum() for link in trail.links)) / 2
    return _Course(
        stretches=stretches,
        waits=n * (PER_STEP + PER_LAYER * trail.depth) + PER_UNIT * hidden + others,
        works=n * (WORK_STEP + WORK_LAYER * trail.depth) + WORK_UNIT * hidden + others / 4,
        own=own,
        others=max(trail.plan.n_wires - own, 0),
        width=float(units[-1]) / (trail.depth + 1) / len(stretches),
        size=max(stretch.size for stretch in stretches),
        left=last[ends] - units[trail.groups[1:]],
    )


def _cycles(trail: Trail, course: _Course, limits: Limits, rows: int, resident: int, n: int) -> float:
    """Return about how many cycles n rows take."""
    n_blocks = ceil(n / rows)
    n_waves = ceil(n_blocks / limits.n_multiprocessors / resident)
    n_active = min(resident, ceil(n_blocks / limits.n_multiprocessors))
    n_stretches = len(course.stretches)
    size = course.own * limits.itemsize
    walk = max(course.waits, rows * n_active / 4 * course.works)
    if trail.staged * limits.itemsize > _room(trail, course, limits, rows, resident):
        walk *= UNSTAGED
    read = max(_reading(trail, course, rows, resident), n_active * size / L1_BYTES)
    multiplied = n_active * rows * course.own / MULTIPLIED
    blocks = max(n_waves * (walk + max(read, multiplied)), n_blocks * size / L2_BYTES)
    if n_stretches == 1:
        return blocks + PER_LAUNCH
    wasted = ceil(course.width / TILE) * TILE / course.width
    multiplying = wasted * n * course.others / (MULTIPLIED * limits.n_multiprocessors)
    products = max(multiplying, course.others * limits.itemsize / MEMORY_BYTES)
    return blocks + products + n_stretches * (1 + len(trail.links)) * PER_LAUNCH


def _reading(trail: Trail, course: _Course, rows: int, resident: int) -> float:
    """Return what a block waits for weights between its groups."""
    few = rows <= 2
    left = course.left * (2 if rows > 8 else 1)
    piece = WARP * WARPS / resident
    large = piece * (2 if few else 4)
    fetched = np.ceil(trail.columns / (16 if few else 4)), np.ceil(trail.columns / (16 if few else 8))
    waits = np.where(left >= large, np.ceil(left / large) * fetched[0], np.ceil(left / piece) * fetched[1])
    return float(waits.sum()) * PER_READ
