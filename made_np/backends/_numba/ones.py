"""Sparse rows: products with the inputs that are not 0, as additions of the weights that they meet.

In a table of words or of clicks nearly all inputs are 0, and of the K inputs of a categorical column all but one. A
multiplication by 0 changes no sum. So each panel whose inputs are sparse has a list of those that are not, and what is
wired to the inputs is computed from it: a weight is added where a 1 is, in the sequence in which a tile would add it.
Hence the sums have the same bits, and it changes nothing but the time which of two ways a panel takes.

A list holds how many there are, -1 if they are too many; whether all are 1; then the unit, with the row, of each: unit
by unit, so that the weights of a unit are looked for once, and row by row of a unit. Each thread has a list, of its
panels, where the room of these begins.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from made_np.backends._numba.compiling import exact, index, inner, width
from made_np.backends._numba.tile import LANES, add_times

SHARE = 25
"""One input of so many may be other than 0: above, tiles are as fast."""


def list_size(n_inputs: int, lanes: int) -> int:
    """Return the room that a list takes for each panel."""
    return 2 * (1 + n_inputs * lanes // SHARE)


@inner
def list_room(ones: Any, n: int, w: int) -> int:
    """Return that room, where there are lists for n rows in panels of w."""
    return len(ones) // max(1, -(-n // w))


@inner
def note(acts: Any, size: int, n_inputs: int, n: int, ones: Any, room: int, begin: int, end: int) -> None:
    """List the inputs of panels begin..end-1 that are not 0, in lanes that stand for a row."""
    w = index(width(acts))
    zero = acts.dtype.type(0)
    n_rows = min(n, end * int(w)) - begin * int(w)  # of the last panel some lanes stand for none
    most = min((end - begin) * room // 2 - 1, n_rows * n_inputs // SHARE)
    at = begin * room
    count = 0
    one = acts.dtype.type(1)
    all_one = 1
    for unit in range(n_inputs):
        for panel in range(begin, end):
            x = index(panel * size) + index(unit) * w
            found = 0
            for lane in range(w):
                found += acts[x + lane] != zero
            if found == 0:
                continue
            if count + found > most:
                ones[at] = -1
                return
            for lane in range(index(min(int(w), n - panel * int(w)))):
                if acts[x + lane] != zero:
                    all_one = all_one if acts[x + lane] == one else 0
                    ones[index(at + 2 + 2 * count)] = unit
                    ones[index(at + 3 + 2 * count)] = index(panel) * w + lane
                    count += 1
    if begin < end:
        ones[at] = count
        ones[at + 1] = all_one


@inner
def product_ones(
    theta: Any, at: Any, reach: Any, acts: Any, places: Any, ones: Any, room: int, begin: int, end: int
) -> None:
    """Compute (without a bias: add) a product with the inputs in the list of panels begin..end-1."""
    w = width(acts)
    (W, b, n_in) = at
    (source, target, size) = places
    total = np.zeros((end - begin) * w * LANES, acts.dtype)
    for row in range(0, len(reach), LANES):
        rows = min(LANES, len(reach) - row)
        for panel in range(begin, end):
            here = index((panel - begin) * w * LANES)
            there = index(panel * size + target + row * w)
            for r in range(index(rows)):
                for lane in range(index(w)):
                    first = theta[index(b + row) + r] if b >= 0 else acts[there + r * index(w) + lane]
                    total[here + lane * index(LANES) + r] = first
        seen = reach[row : row + rows]
        add_wires(theta, W + row * n_in, n_in, seen, ones, begin * room, acts, source, size, total, begin * w)
        for panel in range(begin, end):
            here = index((panel - begin) * w * LANES)
            there = index(panel * size + target + row * w)
            for r in range(index(rows)):
                for lane in range(index(w)):
                    acts[there + r * index(w) + lane] = total[here + lane * index(LANES) + r]


@exact
def add_wires(
    theta: Any, W: int, n_in: int, reach: Any, ones: Any, at: int, acts: Any, source: int, size: int, total: Any, n: int
) -> None:
    """Add to each row of a batch, from row n on, the weights that its inputs meet: at most LANES of each input."""
    w = width(acts)
    rows = len(reach)
    wires = np.zeros(LANES, acts.dtype)
    zero = acts.dtype.type(0)
    value = acts.dtype.type(1)
    all_one = ones[at + 1] == 1
    k = at + 2
    end = k + 2 * ones[at]
    first = 0
    while k < end and ones[index(k)] < reach[rows - 1]:
        unit = ones[index(k)]
        while unit >= reach[first]:
            wires[index(first)] = zero
            first += 1
        for r in range(index(first), index(rows)):
            wires[r] = theta[index(W + unit) + r * index(n_in)]
        while k < end and ones[index(k)] == unit:
            row = ones[index(k + 1)]
            if not all_one:
                value = acts[index(row // w * size + source + unit * w + row % w)]
            add_times(total, (row - n) * LANES, wires, 0, value)
            k += 2


@inner
def take_lanes(start: int, size: int, rows: int, n: int, dacts: Any, dy: Any) -> None:
    """Copy rows of dy out of the panels, LANES of them side by side for each row of the batch."""
    w = width(dacts)
    zero = dacts.dtype.type(0)
    for panel in range(-(-n // w)):
        at = index((panel * size + start) * w)
        to = index(panel * w * LANES)
        for lane in range(index(min(w, n - panel * w))):
            for r in range(index(rows)):
                dy[to + lane * index(LANES) + r] = dacts[at + r * index(w) + lane]
            for r in range(index(rows), index(LANES)):
                dy[to + lane * index(LANES) + r] = zero


@exact
def multiply_ones(
    dy: Any, strip: Any, below: int, n: int, reach: Any, column: int, dW: Any, wide: int, ones: Any, parts: int
) -> None:
    """Overwrite dW (rows, wide) with dy^T x, from `column` on, as far as any row sees."""
    w = width(dW)
    zero = dW.dtype.type(0)
    rows = len(reach)
    last = min(reach[rows - 1], column + wide)
    total = np.zeros(LANES, dW.dtype)
    for r in range(rows):
        for c in range(index(r * wide), index(r * wide + last - column)):
            dW[c] = zero
    n_panels = -(-n // w)
    room = list_room(ones, n, w)
    is_first = True
    for part in range(parts):
        at = part * n_panels // parts * room
        if part * n_panels // parts == (part + 1) * n_panels // parts:
            continue
        all_one = ones[at + 1] == 1
        value = dW.dtype.type(1)
        k = at + 2
        end = k + 2 * ones[at]
        while k < end and ones[index(k)] < column:
            k += 2
        while k < end and ones[index(k)] < last:
            unit = ones[index(k)]
            to = index(unit - column)
            for r in range(index(rows)):
                total[r] = zero if is_first else dW[to + r * index(wide)]
            while k < end and ones[index(k)] == unit:
                row = ones[index(k + 1)]
                if not all_one:
                    value = strip[index(below + (unit // w * n + row) * w + unit % w)]
                add_times(total, 0, dy, row * LANES, value)
                k += 2
            for r in range(index(rows)):
                dW[to + r * index(wide)] = total[r]
        is_first = False


@inner
def all_sparse(ones: Any, n: int, w: int, parts: int) -> bool:
    """Return whether every thread has a list."""
    n_panels = -(-n // w)
    room = list_room(ones, n, w)
    for part in range(parts):
        begin = part * n_panels // parts
        if begin < (part + 1) * n_panels // parts and ones[begin * room] < 0:
            return False
    return True
