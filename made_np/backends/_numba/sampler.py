"""Ancestral sampling on panels: features outermost, rows innermost; see `_numpy.sampling` for the idea.

Places in the order are taken a few at a time. What the units of such a group get from everything before it is a product
like those of the forward pass, tile by tile; only what they get from one another has to wait for the draws.

The functions take the few arrays that they need, not all tables: handing those over costs more than a place's work.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from made_np.backends._numba.compiling import index, inner, kernel, width
from made_np.backends._numba.draws import draw
from made_np.backends._numba.elementary import sigmoid
from made_np.backends._numba.forward import activate, copy_direct, encode, load_context, load_values
from made_np.backends._numba.tile import ROWS, add, bias, half_add, half_bias
from made_np.backends.tables import BERNOULLI

GROUP = 24
"""Places that are begun together: enough rows for whole tiles, few enough that little waits for the draws."""


@kernel
def ancestral(
    theta: Any,
    uniforms: Any,
    given: Any,
    context: Any,
    tables: Any,
    known: Any,
    acts: Any,
    x: Any,
    begin: int,
    end: int,
) -> None:
    """Draw the rows of panels begin..end-1.

    Parameters
    ----------
    theta : (P,), in the tables' numbering
    uniforms : (B, D) float64, in feature order
    given : (B, D)
        NaN where a value is to be drawn, inf where the network is not told it.
    known : (L + 2, D)
        How many units of the inputs, of each hidden layer, and of the inputs with direct wires are complete when the
        features before a place are known.
    acts : (panels * units * width,)
    x : (B, D)
        Overwritten with the rows.
    """
    w = width(acts)
    n = len(x)
    products = tables.products
    starts = tables.starts
    features = tables.features
    own = n, begin, end
    skips = tables.skips[: starts[-3] * tables.has_skips]
    gaps = find_gaps(given, features, begin * w, min(n, end * w))
    u = np.zeros((end - begin) * len(features) * w, np.float64)
    for panel in range(begin, end):
        load_context(context, acts, panel * starts[-1] * w, panel)
        load_values(given, features, acts, (panel * starts[-1] + starts[-2]) * w, panel)
        load_uniforms(uniforms, features, w, panel, u, (panel - begin) * len(features) * w)
    tell_direct(acts, starts, tables.direct_from, (0, known[-1, 0]), begin, end)
    for first in range(0, len(features), GROUP):
        last = min(first + GROUP, len(features))
        begin_group(theta, products, starts, known, features, gaps, first, last, acts, own)
        for place in range(first, last):
            finish_hidden(theta, products, starts, known, first, place, acts, own, tables.activation, skips)
            if gaps[place]:
                rows = features[place, 2], features[place, 2] + features[place, 3]
                finish_raw(theta, products, starts, known, first, place, rows, acts, own)
            numbers = tables.numbers[place, 0], tables.numbers[place, 1], tables.numbers[place, 2]
            atoms = tables.atoms[tables.atoms_at[place] : tables.atoms_at[place + 1]]
            decide(u, features[place], numbers, atoms, starts, place, len(features), acts, begin, end)
            if place + 1 < len(features):
                copies = known[-1, place], known[-1, place + 1]
                tell_direct(acts, starts, tables.direct_from, copies, begin, end)
    store_values(acts, features, starts, begin, end, x)


@inner
def tell_direct(acts: Any, starts: Any, direct_from: Any, copies: Any, begin: int, end: int) -> None:
    """Copy inputs with direct wires, from one to before another, in every panel, if they are apart from the others."""
    (first, last) = copies
    if len(direct_from):
        for panel in range(begin, end):
            copy_direct(acts, panel * starts[-1] * width(acts), starts[1], direct_from, first, last)


@inner
def load_uniforms(uniforms: Any, features: Any, w: int, panel: int, u: Any, at: int) -> None:
    """Put a panel's uniforms in order, w rows side by side; they stay in double precision."""
    first = panel * w
    for place in range(len(features)):
        to = index(at + place * w)
        feature = index(features[place, 0])
        for lane in range(min(w, len(uniforms) - first)):
            u[to + index(lane)] = uniforms[index(first + lane), feature]


@inner
def find_gaps(given: Any, features: Any, first: int, last: int) -> Any:
    """Say for each place whether any of these rows has a gap there: where none has, nothing need be computed."""
    gaps = np.zeros(len(features), np.bool_)
    for place in range(len(features)):
        for row in range(first, last):
            if np.isnan(given[row, features[place, 0]]):
                gaps[place] = True
                break
    return gaps


@inner
def before(known: Any, layer: int, first: int) -> int:
    """Return how many units of a row of `known` are complete when a group begins."""
    if layer == 0 or layer == len(known) - 1:
        return known[layer, first]
    return known[layer, first - 1] if first > 0 else 0


@inner
def begin_group(
    theta: Any, products: Any, starts: Any, known: Any, features: Any, gaps: Any, first: int, last: int, acts: Any,
    own: Any,
) -> None:  # fmt: skip
    """Give the units of a group what they get from everything that is complete; no raw outputs where no gap is."""
    for q in range(len(products)):
        columns = 0, before(known, products[q, 7], first) if products[q, 3] > 0 else 0
        if products[q, 5] < len(known) - 1:
            rows = before(known, products[q, 5], first), known[products[q, 5], last - 1]
            product(theta, products[q], starts, rows, columns, True, acts, own)
            continue
        place = first
        while place < last:
            to = place + 1
            while gaps[place] and to < last and gaps[to]:
                to += 1
            if gaps[place]:
                rows = features[place, 2], features[to - 1, 2] + features[to - 1, 3]
                product(theta, products[q], starts, rows, columns, True, acts, own)
            place = to


@inner
def finish_hidden(
    theta: Any, products: Any, starts: Any, known: Any, first: int, place: int, acts: Any, own: Any, activation: int,
    skips: Any,
) -> None:  # fmt: skip
    """Complete the hidden units whose degree is the number of features that are known by now."""
    w = width(acts)
    (_, begin, end) = own
    for layer in range(1, len(known) - 1):
        unit = known[layer, place - 1] if place > 0 else 0
        stop = known[layer, place]
        if unit < stop:
            columns = before(known, layer - 1, first), known[layer - 1, place]
            product(theta, products[layer - 1], starts, (unit, stop), columns, False, acts, own)
            for panel in range(begin, end):
                at = (panel * starts[-1] + starts[layer] + unit) * w
                activate(acts, index(at), index((stop - unit) * w), activation)
                for k in range(unit, stop if len(skips) else unit):
                    skip = skips[starts[layer] + k]
                    if skip >= 0:
                        to = index(at + (k - unit) * w)
                        below = (panel * starts[-1] + starts[layer - 1] + skip) * w
                        for lane in range(index(w)):
                            acts[to + lane] += acts[index(below) + lane]


@inner
def finish_raw(
    theta: Any, products: Any, starts: Any, known: Any, first: int, place: int, rows: Any, acts: Any, own: Any
) -> None:
    """Complete the raw outputs of a feature."""
    for q in range(len(products)):
        source = products[q, 7]
        if products[q, 5] == len(known) - 1 and products[q, 3] > 0:
            columns = before(known, source, first), known[source, place]
            product(theta, products[q], starts, rows, columns, False, acts, own)


@inner
def product(theta: Any, table: Any, starts: Any, rows: Any, columns: Any, fresh: bool, acts: Any, own: Any) -> None:
    """Add W x over a range of columns to a range of rows in every panel; `fresh`: begin them with their bias."""
    (row, last) = rows
    (start, stop) = columns
    (n, begin, end) = own
    w = width(acts)
    size = starts[-1] * width(acts)
    W = table[0]
    b = table[1]
    n_in = table[3]
    source = (starts[table[4]] + table[6]) * w
    target = starts[table[5]] * w
    if start >= stop and not fresh:
        return
    for r in range(row, last, ROWS):
        here = min(ROWS, last - r)
        A = W + r * n_in
        for panel in range(begin, end):
            u = panel * size + source
            v = panel * size + target + r * w
            if n - panel * w > w // 2:
                if fresh and b >= 0:
                    bias(theta, A, here, n_in, 1, acts, u, w, acts, v, w, start, stop, starts, 0, theta, b + r)
                else:
                    add(theta, A, here, n_in, 1, acts, u, w, acts, v, w, start, stop, starts, 0, theta, 0)
            elif fresh and b >= 0:
                half_bias(theta, A, here, n_in, 1, acts, u, w, acts, v, w, start, stop, starts, 0, theta, b + r)
            else:
                half_add(theta, A, here, n_in, 1, acts, u, w, acts, v, w, start, stop, starts, 0, theta, 0)


@inner
def decide(
    u: Any, table: Any, numbers: Any, atoms: Any, starts: Any, place: int, n_places: int, acts: Any, begin: int,
    end: int,
) -> None:  # fmt: skip
    """Fill the gaps of a feature in every panel, and let the network see it."""
    w = width(acts)
    real = acts.dtype.type
    (_, levels, _) = numbers
    zero = real(0)
    one = real(1)
    for panel in range(begin, end):
        at = panel * starts[-1]
        own = index(((panel - begin) * n_places + place) * w)
        value = index((at + starts[-2] + place) * w)
        raw = index((at + starts[-3] + table[2]) * w)
        if table[1] == BERNOULLI:
            for lane in range(index(w)):
                drawn = one if u[own + lane] < sigmoid(acts[raw + lane]) else zero
                drawn = drawn if acts[raw + lane] * zero == zero else real(np.nan)  # the network has overflowed
                held = acts[value + lane]
                acts[value + lane] = drawn if np.isnan(held) else real(np.nan) if np.isinf(held) else held
        else:
            for lane in range(index(w)):
                if np.isnan(acts[value + lane]):
                    one_row = raw + lane, table[1], table[3], table[6]
                    acts[value + lane] = real(draw(acts, one_row, numbers, atoms, u[own + lane]))
                elif np.isinf(acts[value + lane]):
                    acts[value + lane] = real(np.nan)
        encode(acts, value, index((at + table[4]) * w), table[1], table[5], table[7], levels, atoms)


@inner
def store_values(acts: Any, features: Any, starts: Any, begin: int, end: int, x: Any) -> None:
    """Write the rows of the panels to x, feature by feature."""
    w = width(acts)
    for panel in range(begin, end):
        values = (panel * starts[-1] + starts[-2]) * w
        first = panel * w
        for place in range(len(features)):
            feature = index(features[place, 0])
            for lane in range(min(w, len(x) - first)):
                x[index(first + lane), feature] = acts[index(values + place * w + lane)]
