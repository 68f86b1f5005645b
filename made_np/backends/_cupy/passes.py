"""A batch on its way through the network on a device: forward, backward, one step.

What each kernel does stands in the files of `kernels`: `layers.cu` and `learn.cu` for what is called here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from made_np.backends._cupy.desk import Desk, Store
from made_np.backends._cupy.device import Device, len_of
from made_np.backends._cupy.wiring import Product, Wiring
from made_np.backends.rules import NONE

__all__ = ["Learning", "backward", "forward", "sort"]

BLOCK = 256
"""Threads of a block, where nothing else decides."""
EACH = 4
"""Weights that a thread moves: enough of them are on their way at once. As in `learn.cu`."""
WARPS = 16
"""Warps that add up the gradient of 32 biases."""


def blocks(n: int) -> int:
    """Return how many blocks n threads make."""
    return -(-n // BLOCK)


def sort(wiring: Wiring, store: Store, theta: Any) -> None:
    """Write theta's weights and biases by degree."""
    device = store.device
    dtype = store.dtype
    for layer, (part, bias) in enumerate(zip(wiring.biases, store.biases, strict=True), start=1):
        n = len_of(bias)
        device.launch("sort_biases", dtype, blocks(n), BLOCK, theta[part], wiring.units[layer], n, bias)
    for one in wiring.products:
        units = one.rows, one.columns, one.reach
        grid = one.n_out, blocks(-(-one.n_in // EACH))
        given = theta[one.weights], *units, one.stops, one.n_in, store.weights[one.name]
        device.launch("sort_weights", dtype, grid, BLOCK, *given)
        if one.mask_weights is not None:
            bias = store.biases[one.target - 1]
            own = theta[one.mask_weights]
            device.launch(
                "add_mask_weights", dtype, blocks(32 * one.n_out), BLOCK, own, *units, one.n_in, one.n_out, bias
            )


def forward(
    wiring: Wiring, store: Store, desk: Desk, x: Any, context: Any, keeps: Sequence[Any], *, learning: bool
) -> None:
    """Fill all layers of the desk; `keeps` are L + 1 dropout masks or None, those of the inputs first."""
    device = store.device
    dtype = store.dtype
    t = wiring.tables
    n = desk.n
    widths = wiring.widths
    begun = device.aside(partial(begin_raw, store, desk))
    n_context = 0 if context is None else context.shape[1]
    units = wiring.units[0]
    sizes = n, wiring.n_features, n_context, t.n_inputs, widths[0]
    told = x, context, wiring.features, wiring.numbers, keeps[0], units, *sizes, desk.values, desk.layers[0]
    device.launch("load_rows", dtype, blocks(n * (wiring.n_features + n_context)), BLOCK, *told)
    n_copies = len(t.direct_from)
    if n_copies:
        copied = desk.layers[0], wiring.direct_from, n, n_copies, widths[0]
        device.launch("copy_direct", dtype, blocks(n * n_copies), BLOCK, *copied)
    dropped = any(keep is not None for keep in keeps[1:])
    plain = desk.own_plain(wiring, dropped=dropped) if learning else [None] * len(desk.layers)
    for one in wiring.products:
        if one.target > wiring.depth:
            device.join([begun])
        multiply(one, store, desk)
        if one.target <= wiring.depth:
            layer = one.target
            own = desk.layers[layer], store.biases[layer - 1], plain[layer], keeps[layer], wiring.units[layer]
            below = desk.layers[layer - 1], wiring.skips[layer], n, widths[layer], widths[layer - 1]
            device.launch("finish_layer", dtype, blocks(n * widths[layer]), BLOCK, *own, *below, t.activation)
    device.join([begun])  # of a network without wires


def begin_raw(store: Store, desk: Desk) -> None:
    """Begin the raw outputs with their biases."""
    raw = desk.layers[-1]
    bias = store.biases[-1]
    width = len_of(bias)
    store.device.launch("begin_raw", store.dtype, blocks(desk.n * width), BLOCK, raw, bias, desk.n, width)


def multiply(one: Product, store: Store, desk: Desk) -> None:
    """Write what a product's rows get from its columns; to raw outputs it is added."""
    out = desk.layers[one.target]
    inputs = desk.layers[one.source]
    W = store.weights[one.name]
    panels = [
        (inputs[:, one.columns_at : one.columns_at + stop], W[rows, :stop].T, out[:, rows])
        for rows, stop in one.row_panels
    ]
    if one.target < len(desk.layers) - 1:
        side_by_side(store.device, panels)
        return
    for a, b, part in panels:
        store.device.product(a, b, part, add=True)


def side_by_side(device: Device, products: list[tuple[Any, Any, Any]]) -> None:
    """Do ``out = a @ b`` for each (a, b, out): a panel alone does not fill a GPU."""
    *others, last = products
    pieces = [device.aside(partial(device.product, *each)) for each in others]
    device.product(*last)
    device.join(pieces)


class Learning(NamedTuple):
    """What becomes of a gradient: it is written to `grad`, or theta moves by a rule."""

    theta: Any
    grad: Any = None
    first: Any = None
    second: Any = None
    decay: Any = None
    kind: int = NONE
    decoupled: bool = False
    only_live: bool = False

    def parts(self, own: slice) -> tuple[Any, ...]:
        """Return the part of each vector, as kernels take them."""
        vectors = self.theta, self.first, self.second, self.decay, self.grad
        return tuple(None if vector is None else vector[own] for vector in vectors)


def backward(wiring: Wiring, store: Store, desk: Desk, keeps: Sequence[Any], how: Learning) -> None:
    """Go from the gradient of the raw outputs to that of each layer's z, and learn from them on the way.

    The way down waits for nothing but itself: gradients of weights, and what is done with them, go aside.
    """
    device = store.device
    dropped = any(keep is not None for keep in keeps[1:])
    plain = desk.own_plain(wiring, dropped=dropped)
    last = wiring.depth + 1
    biases = device.aside(partial(learn_biases, wiring, store, desk, how, last))
    pieces = [biases]
    for one in reversed(wiring.products):
        found = device.aside(partial(weights_backward, one, store, desk))
        if one.source > 0:  # nobody asks for the gradient of the data
            inputs_backward(one, store, desk)
        # Where the weights are written by degree as well, they are no longer asked for.
        pieces += [found, device.aside(partial(learn_weights, one, store, how, [found, biases]))]
        if one.source > 0:
            finish_backward(one, wiring, store, desk, plain, keeps)
            biases = device.aside(partial(learn_biases, wiring, store, desk, how, one.source))
            pieces.append(biases)
    device.join(pieces)


def weights_backward(one: Product, store: Store, desk: Desk) -> None:
    """Write the gradient of a product's weights, those off the mask apart."""
    dz = desk.dz[one.target]
    inputs = desk.layers[one.source]
    dW = store.gradient(one)
    for rows, stop in one.row_panels:
        columns = slice(one.columns_at, one.columns_at + stop)
        store.device.product(dz[:, rows].T, inputs[:, columns], dW[rows, :stop])


def inputs_backward(one: Product, store: Store, desk: Desk) -> None:
    """Write the gradient of what a product was given."""
    dz = desk.dz[one.target]
    dh = desk.dlayers[one.source]
    W = store.weights[one.name]
    panels = [(dz[:, start:], W[start:, columns], dh[:, columns]) for columns, start in one.column_panels]
    side_by_side(store.device, panels)


def finish_backward(
    one: Product, wiring: Wiring, store: Store, desk: Desk, plain: Sequence[Any], keeps: Sequence[Any]
) -> None:
    """Go from the gradient of the layer that a product was given to that of its z."""
    device = store.device
    widths = wiring.widths
    layer = one.source
    above = one.target
    dh = desk.dlayers[layer]
    if wiring.skips[above] is not None:
        sizes = desk.n, widths[above], widths[layer]
        given = desk.dlayers[above], wiring.skips[above], dh, *sizes
        device.launch("add_skips_backward", store.dtype, blocks(desk.n * widths[above]), BLOCK, *given)
    slopes = desk.layers[layer] if plain[layer] is None else plain[layer]
    sizes = desk.n, widths[layer], wiring.tables.activation
    own = dh, slopes, keeps[layer], wiring.units[layer], desk.dz[layer], *sizes
    device.launch("finish_layer_backward", store.dtype, blocks(desk.n * widths[layer]), BLOCK, *own)


def learn_biases(wiring: Wiring, store: Store, desk: Desk, how: Learning, layer: int) -> None:
    """Do with the gradient of a layer's biases what is to be done."""
    dtype = store.dtype
    n_out = wiring.widths[layer]
    bias = None if how.kind == NONE else store.biases[layer - 1]
    rule = how.kind, store.numbers, how.decoupled
    summed = desk.dz[layer], desk.n, n_out, store.dbiases[layer - 1]
    given = *summed, *how.parts(wiring.biases[layer - 1]), wiring.units[layer], *rule, bias
    shared = 32 * WARPS * dtype.itemsize
    store.device.launch("learn_biases", dtype, -(-n_out // 32), 32 * WARPS, *given, shared=shared)


def learn_weights(one: Product, store: Store, how: Learning, needed: Sequence[Any]) -> None:
    """Do with the gradient of a product's weights what is to be done, when pieces that are `needed` are done."""
    device = store.device
    device.join(needed)
    rule = how.kind, store.numbers, how.decoupled
    units = one.rows, one.columns, one.reach, one.n_in
    grid = one.n_out, blocks(-(-one.n_in // EACH))
    weights = store.weights[one.name] if how.only_live else None  # else the next step has another mask set
    given = store.gradient(one), None, *how.parts(one.weights), *units, *rule, how.only_live, weights
    device.launch("learn_weights", store.dtype, grid, BLOCK, *given)
    if one.mask_weights is not None:
        db = store.dbiases[one.target - 1]
        told = None, db, *how.parts(one.mask_weights), *units, *rule, how.only_live, None
        device.launch("learn_weights", store.dtype, grid, BLOCK, *told)
