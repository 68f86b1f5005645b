"""The forward pass over panels of rows, layer by layer.

The rows of a batch stand in panels of `width` rows side by side (16 in float32). A panel holds every unit of every
layer, unit by unit, so that one unit of all its rows is two vector registers: `acts` is (panels, units, width), flat.
Rows do not meet before the gradient of the weights, so each thread takes panels of its own from the first layer to the
last without waiting for another.

Places in flat arrays are unsigned: a compiler that knows that none is negative makes vector instructions.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from made_np.backends._numba.compiling import index, inner, kernel, width
from made_np.backends._numba.elementary import expm1, gelu, sigmoid, softplus, tanh
from made_np.backends._numba.few import FEW, product_few
from made_np.backends._numba.ones import list_room, note, product_ones
from made_np.backends._numba.tile import ROWS, add_stairs, bias_stairs, half_add_stairs, half_bias_stairs
from made_np.backends.tables import (
    CATEGORICAL,
    DISCRETIZED,
    ELU,
    FROM_Z,
    GELU,
    IDENTITY,
    LEAKY_RELU,
    RELU,
    SELU,
    SIGMOID,
    SILU,
    TANH,
)
from made_np.layers import LEAK, SELU_ALPHA, SELU_SCALE


@kernel
def forward(
    theta: Any, x: Any, context: Any, keeps: Any, keep_at: Any, tables: Any, acts: Any, plain: Any, ones: Any,
    begin: int, end: int,
) -> None:  # fmt: skip
    """Compute all layers of panels begin..end-1.

    Parameters
    ----------
    theta : (P,), in the tables' numbering
    x : (B, D); context : (B, C)
    keeps : dropout masks (B, units) of some layers, one after the other, flat
    keep_at : (L + 1,) where those of the inputs and of each hidden layer begin in `keeps`, -1 if it has none
    acts : (panels * units * width,)
        Filled with every layer's result, after dropout and the residual add.
    plain : like acts, or empty
        Filled with what the activations' slopes are computed from, where that is not in `acts`: their results before
        those two, or (from `FROM_Z` on) z.
    ones : (panels * room,)
        Filled with the lists of inputs that are not 0: see `ones`.
    """
    w = width(acts)
    n = len(x)
    size = tables.starts[-1] * width(acts)
    products = tables.products
    starts = tables.starts
    room = list_room(ones, n, w)
    for panel in range(begin, end):
        load(x, context, tables, acts, panel)
        if keep_at[0] >= 0:
            drop(acts, index(panel * size), tables.units[: tables.n_inputs], keeps, keep_at[0], panel * w, n)
        copy_direct(acts, panel * size, starts[1], tables.direct_from, 0, len(tables.direct_from))
    note(acts, size, tables.n_inputs, n, ones, room, begin, end)
    is_sparse = begin < end and ones[begin * room] >= 0
    for q in range(len(products)):
        layer = products[q, 5]
        reach = tables.reach[tables.reach_at[q] : tables.reach_at[q] + products[q, 2]]
        places = (starts[products[q, 4]] + products[q, 6]) * w, starts[layer] * w, size
        at = products[q, 0], products[q, 1], products[q, 3]
        if is_sparse and products[q, 4] == 0 and products[q, 6] == 0:
            product_ones(theta, at, reach, acts, places, ones, room, begin, end)
        elif n <= FEW and begin < end:
            product_few(theta, at, reach, n, acts, places)
        else:
            product_rows(theta, at, reach, n, acts, places, begin, end)
        if layer < len(tables.widths) - 1:
            for panel in range(begin, end):
                finish(layer, tables, keeps, keep_at[layer], acts, plain, panel, n)


@inner
def product_rows(theta: Any, at: Any, reach: Any, n: int, acts: Any, places: Any, begin: int, end: int) -> None:
    """Compute (without a bias: add) a product by tiles."""
    w = width(acts)
    (W, b, n_in) = at
    (source, target, size) = places
    for row in range(0, len(reach), ROWS):
        A = W + row * n_in
        rows = min(ROWS, len(reach) - row)
        bias = b + row
        seen = reach[row]
        for panel in range(begin, end):
            u = panel * size + source
            v = panel * size + target + row * w
            if n - panel * w > w // 2:
                if b >= 0:
                    bias_stairs(theta, A, rows, n_in, 1, acts, u, w, acts, v, w, 0, seen, reach, row, theta, bias)
                else:
                    add_stairs(theta, A, rows, n_in, 1, acts, u, w, acts, v, w, 0, seen, reach, row, theta, 0)
            elif b >= 0:
                half_bias_stairs(theta, A, rows, n_in, 1, acts, u, w, acts, v, w, 0, seen, reach, row, theta, bias)
            else:
                half_add_stairs(theta, A, rows, n_in, 1, acts, u, w, acts, v, w, 0, seen, reach, row, theta, 0)


@inner
def finish(layer: int, tables: Any, keeps: Any, keep_at: int, acts: Any, plain: Any, panel: int, n: int) -> None:
    """Turn what a hidden layer's product left in a panel into its result: activation, dropout, the layer below."""
    w = width(acts)
    starts = tables.starts
    base = panel * starts[-1] * w
    at = base + starts[layer] * w
    n_units = tables.widths[layer]
    if len(plain) and tables.activation >= FROM_Z:
        copy(acts, index(at), plain, index(at), index(n_units * w))
    activate(acts, index(at), index(n_units * w), tables.activation)
    if len(plain) and tables.activation < FROM_Z:
        copy(acts, index(at), plain, index(at), index(n_units * w))
    if keep_at >= 0:
        units = tables.units[starts[layer] : starts[layer] + n_units]
        drop(acts, index(at), units, keeps, keep_at, panel * w, n)
    if tables.has_skips:
        skips = tables.skips[starts[layer] : starts[layer] + n_units]
        add_below(acts, index(at), index(base + starts[layer - 1] * w), skips)


@inner
def load(x: Any, context: Any, tables: Any, acts: Any, panel: int) -> None:
    """Put rows and their context into a panel: the values in order, and what the network sees of them."""
    w = width(acts)
    units = panel * tables.starts[-1] * w
    values = units + tables.starts[-2] * w
    load_values(x, tables.features, acts, values, panel)
    load_context(context, acts, units, panel)
    if tables.seen_as_is:
        first = units + tables.features[0, 4] * w
        copy_told(acts, index(values), acts, index(first), index(len(tables.features) * w))
    else:
        encode_all(acts, values, units, tables.features, tables.numbers, tables.atoms, tables.atoms_at)


@inner
def copy_direct(acts: Any, at: int, end: int, direct_from: Any, first: int, last: int) -> None:
    """Copy the first..last-1 of the inputs with direct wires to their places, which end at `end`, in a panel."""
    w = width(acts)
    for k in range(first, last):
        source = at + direct_from[k] * w
        copy(acts, index(source), acts, index(at + (end - len(direct_from) + k) * w), index(w))


@inner
def load_values(x: Any, features: Any, acts: Any, values: int, panel: int) -> None:
    """Put rows into a panel, in order. Rows beyond the last are 0."""
    w = width(acts)
    first = panel * width(acts)
    zero = acts.dtype.type(0)
    here = min(w, len(x) - first)
    for place in range(len(features)):
        to = index(values + place * w)
        feature = index(features[place, 0])
        for lane in range(here):
            acts[to + index(lane)] = x[index(first + lane), feature]
        for lane in range(here, w):
            acts[to + index(lane)] = zero


@inner
def load_context(context: Any, acts: Any, units: int, panel: int) -> None:
    """Put rows of context into a panel: they are its first units."""
    w = width(acts)
    first = panel * width(acts)
    zero = acts.dtype.type(0)
    here = min(w, len(context) - first)
    for unit in range(context.shape[1]):
        to = index(units + unit * w)
        for lane in range(here):
            acts[to + index(lane)] = context[index(first + lane), unit]
        for lane in range(here, w):
            acts[to + index(lane)] = zero


@inner
def encode_all(acts: Any, values: int, units: int, features: Any, numbers: Any, atoms: Any, atoms_at: Any) -> None:
    """Write what the network sees of a panel's values to its input units."""
    w = width(acts)
    for place in range(len(features)):
        value = index(values + place * w)
        unit = index(units + features[place, 4] * w)
        own = atoms[atoms_at[place] : atoms_at[place + 1]]
        encode(acts, value, unit, features[place, 1], features[place, 5], features[place, 7], numbers[place, 1], own)


@inner
def encode(acts: Any, value: Any, unit: Any, kind: int, n_inputs: int, tells: int, levels: float, atoms: Any) -> None:
    """Write what the network sees of a feature's values to its input units: of a NaN zeros, and that it is one."""
    w = index(width(acts))
    real = acts.dtype.type
    if tells:
        to = unit + index(n_inputs) * w
        for lane in range(w):
            acts[to + lane] = real(1) if np.isnan(acts[value + lane]) else real(0)
    if kind == CATEGORICAL:
        for k in range(n_inputs):
            code = real(k)
            to = unit + index(k) * w
            for lane in range(w):
                acts[to + lane] = real(1) if acts[value + lane] == code else real(0)
    elif kind == DISCRETIZED:
        scale = real(2 / (levels - 1))
        for lane in range(w):
            seen = acts[value + lane] * scale - real(1)
            acts[unit + lane] = real(0) if np.isnan(seen) else seen
    else:
        rest = unit + index(len(atoms)) * w
        copy_told(acts, value, acts, rest, w)
        for k in range(len(atoms)):
            atom = real(atoms[k])
            to = unit + index(k) * w
            for lane in range(w):
                is_atom = acts[value + lane] == atom
                acts[to + lane] = real(1) if is_atom else real(0)
                acts[rest + lane] = real(0) if is_atom else acts[rest + lane]


@inner
def copy(source: Any, at: Any, target: Any, to: Any, n: Any) -> None:
    """Copy n numbers."""
    for i in range(n):
        target[to + i] = source[at + i]


@inner
def copy_told(source: Any, at: Any, target: Any, to: Any, n: Any) -> None:
    """Copy n numbers, with 0 for each NaN."""
    zero = source.dtype.type(0)
    for i in range(n):
        target[to + i] = zero if np.isnan(source[at + i]) else source[at + i]


@inner
def activate(z: Any, at: Any, n: Any, activation: int) -> None:
    """Apply the activation to n numbers in place."""
    zero = z.dtype.type(0)
    if activation == RELU:
        for i in range(n):
            z[at + i] = zero if z[at + i] < zero else z[at + i]
    elif activation == TANH:
        for i in range(n):
            z[at + i] = tanh(z[at + i])
    elif activation == SIGMOID:
        for i in range(n):
            z[at + i] = sigmoid(z[at + i])
    elif activation == ELU:
        for i in range(n):
            z[at + i] = expm1(z[at + i]) if z[at + i] < zero else z[at + i]
    elif activation == LEAKY_RELU:
        leak = z.dtype.type(LEAK)
        for i in range(n):
            z[at + i] = leak * z[at + i] if z[at + i] < zero else z[at + i]
    elif activation == SELU:
        scale = z.dtype.type(SELU_SCALE)
        alpha = z.dtype.type(SELU_ALPHA)
        for i in range(n):
            z[at + i] = scale * (alpha * expm1(z[at + i]) if z[at + i] < zero else z[at + i])
    elif activation == GELU:
        for i in range(n):
            z[at + i] = gelu(z[at + i])
    elif activation == SILU:
        for i in range(n):
            z[at + i] *= sigmoid(z[at + i])
    elif activation != IDENTITY:
        for i in range(n):
            z[at + i] = softplus(z[at + i])


@inner
def drop(y: Any, at: Any, units: Any, keeps: Any, begin: int, first: int, n: int) -> None:
    """Multiply a layer (or its gradient) by its dropout masks (n, H), which begin at `begin`."""
    w = width(y)
    for unit in range(len(units)):
        for lane in range(min(w, n - first)):
            y[at + index(unit * w + lane)] *= keeps[begin + (first + lane) * len(units) + units[unit]]


@inner
def add_below(acts: Any, at: Any, below: Any, skips: Any) -> None:
    """Add to each unit the one below that its skip names."""
    w = index(width(acts))
    for unit in range(len(skips)):
        if skips[unit] >= 0:
            x = below + index(skips[unit]) * w
            y = at + index(unit) * w
            for lane in range(w):
                acts[y + lane] += acts[x + lane]
