"""Residual blocks of relu, written as the plain layers that answer alike.

A block gives ``h + B relu(A h)``, or ``h + B relu(A relu(h))``. Whatever h is, ``h = p - n`` with ``p = relu(h)`` and
``n = relu(-h)``, and relu leaves p and n as they are. So a layer of units (p, n) hands h on, one of (relu(A h), p, n)
computes the block and keeps h beside it, and the next one of (p, n) adds both up. Nothing is rounded but the sums.

Context that enters later than at the first layer is handed on in the same way: it stands behind h. What is added to the
answer of the first layer as ``relu(S c)`` is a block that reads the context alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from made_np.interop.given import Layer

__all__ = ["beside", "carried", "unrolled"]

Places = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Block:
    """The two layers of ``h + B relu(A h)``; the first `n_bent` numbers of h go through relu before A."""

    A: Layer
    B: Layer
    n_bent: int


def unrolled(chain: list[Layer], sides: Mapping[int, Layer], n_context: int) -> Iterator[tuple[list[Layer], int]]:
    """Yield the plain layers, with relu between them, of all ways to read a chain as linear maps and residual blocks.

    Each comes with the number of its blocks. ``sides[k]`` reads the context alone, and is added to the answer of the
    k-th layer; without any, context is among the inputs of the first layer.
    """
    carried = n_context if sides else 0
    for places in _readings(chain):
        n_blocks = sum(len(place) == 2 for place in places)
        if any(place[-1] in sides for place in places if len(place) == 2):
            continue
        for is_first_bent in (True, False) if 0 in sides and len(chain) > 1 else (False,):
            for is_bent in (True, False) if n_blocks else (False,) if is_first_bent else ():
                yield _plain(_steps(chain, sides, carried, places, is_bent, is_first_bent)), n_blocks


def carried(chain: list[Layer], sides: Mapping[int, Layer], n_context: int) -> list[Layer]:
    """Return the layers with relu between them that hand context on, as relu(c) and relu(-c), to those that read it."""
    first = _handing_on(beside(chain[0], sides.get(0), n_context), n_context)
    places = np.concatenate([np.arange(len(first.W)), np.arange(len(chain[0].W), len(first.W))])
    signs = np.where(np.arange(len(places)) < len(first.W), 1, -1)
    layers = [first.rows(places, signs)]
    for k, layer in enumerate(chain[1:], 1):
        side = sides.get(k)
        wide = beside(layer, None if side is None else _of_both(side, 0), 2 * n_context)
        layers.append(wide if k == len(chain) - 1 else _handing_on(wide, 2 * n_context))
    return layers


def beside(layer: Layer, side: Layer | None, n: int) -> Layer:
    """Return the layer that reads n numbers more, the context, by a layer of their own, or not at all."""
    if not n:
        return layer
    nothing = np.zeros((len(layer.W), n), dtype=layer.W.dtype)
    S = nothing if side is None else side.W
    wires = nothing[None] > 0 if side is None else side.masks
    parts = [part.b for part in (layer, side) if part is not None and part.b is not None]
    b = np.sum(parts, axis=0, dtype=layer.W.dtype) if parts else None
    return Layer(np.concatenate([layer.W, S], axis=1), b, np.concatenate([layer.masks, wires], axis=2))


def _readings(chain: list[Layer]) -> Iterator[Places]:
    """Yield all ways to divide a chain into single layers and blocks of two, with single ones at its ends."""

    def rest(k: int) -> Iterator[Places]:
        if k == len(chain) - 1:
            yield ((k,),)
            return
        if k > 0 and k + 2 < len(chain) and len(chain[k + 1].W) == chain[k].W.shape[1]:
            yield from (((k, k + 1), *more) for more in rest(k + 2))
        yield from (((k,), *more) for more in rest(k + 1))

    yield from rest(0)


def _steps(
    chain: list[Layer], sides: Mapping[int, Layer], n: int, places: Places, is_bent: bool, is_first_bent: bool
) -> list[Layer | Block]:
    """Return the linear maps and the blocks of h with n numbers of context behind it."""
    steps: list[Layer | Block] = []
    for place in places:
        k = place[0]
        layer = beside(chain[k], None if k == 0 and is_first_bent else sides.get(k), n)
        if len(place) == 2:
            steps.append(Block(layer, _heightened(chain[k + 1], n), chain[k].W.shape[1] if is_bent else 0))
        else:
            steps.append(layer if place is places[-1] else _handing_on(layer, n))
        if k == 0 and is_first_bent:
            steps.append(_of_context(sides[0]))
    return steps


def _handing_on(layer: Layer, n: int) -> Layer:
    """Return the layer that has the last n of its inputs behind its answer."""
    kept = np.eye(n, layer.W.shape[1], layer.W.shape[1] - n, dtype=layer.W.dtype)
    b = None if layer.b is None else np.concatenate([layer.b, np.zeros(n, layer.b.dtype)])
    wires = np.broadcast_to(kept > 0, (len(layer.masks), *kept.shape))
    return Layer(np.concatenate([layer.W, kept]), b, np.concatenate([layer.masks, wires], axis=1))


def _heightened(layer: Layer, n: int) -> Layer:
    """Return the layer with n units more that see nothing and answer 0."""
    b = None if layer.b is None else np.pad(layer.b, (0, n))
    return Layer(np.pad(layer.W, ((0, n), (0, 0))), b, np.pad(layer.masks, ((0, 0), (0, n), (0, 0))))


def _of_context(side: Layer) -> Block:
    """Return the block that adds ``relu(S c)`` to h."""
    width = len(side.W)
    n = side.W.shape[1]
    A = Layer(np.pad(side.W, ((0, 0), (width, 0))), side.b, np.pad(side.masks, ((0, 0), (0, 0), (width, 0))))
    one = np.eye(width, dtype=side.W.dtype)
    return Block(A, _heightened(Layer(one, None, one[None] > 0), n), 0)


def _plain(steps: list[Layer | Block]) -> list[Layer]:
    """Return the layers with relu between them."""
    layers: list[Layer] = []
    for step in steps:
        if isinstance(step, Block):
            n = step.A.W.shape[1]
            layers += [_with_h(_of_both(step.A, step.n_bent)), _signed(_added(step.B, n))]
        else:
            layers.append(_signed(_of_both(step, 0) if layers else step))
    last = layers[-1]
    half = len(last.W) // 2
    layers[-1] = Layer(last.W[:half], None if last.b is None else last.b[:half], last.masks[:, :half])
    return layers


def _signed(layer: Layer) -> Layer:
    """Return the layer of (z, -z): behind relu these are p and n."""
    b = None if layer.b is None else np.concatenate([layer.b, -layer.b])
    return Layer(np.concatenate([layer.W, -layer.W]), b, np.concatenate([layer.masks, layer.masks], axis=1))


def _of_both(layer: Layer, n_bent: int) -> Layer:
    """Return the layer that reads h as p - n, but of the first `n_bent` numbers p alone."""
    below = layer.masks.copy()
    below[:, :, :n_bent] = False
    W = np.concatenate([layer.W, -layer.W], axis=1)
    return Layer(W, layer.b, np.concatenate([layer.masks, below], axis=2))


def _with_h(layer: Layer) -> Layer:
    """Return the layer with the units (p, n) below it handed on behind its own."""
    kept = np.eye(layer.W.shape[1], dtype=layer.W.dtype)
    b = None if layer.b is None else np.concatenate([layer.b, np.zeros_like(kept[0])])
    masks = np.concatenate([layer.masks, np.broadcast_to(kept > 0, (len(layer.masks), *kept.shape))], axis=1)
    return Layer(np.concatenate([layer.W, kept]), b, masks)


def _added(layer: Layer, n: int) -> Layer:
    """Return the layer that reads its own units, then p and n (n each), and adds p - n to its answer."""
    one = np.eye(n, dtype=layer.W.dtype)
    wires = np.broadcast_to(one > 0, (len(layer.masks), n, n))
    return Layer(
        np.concatenate([layer.W, one, -one], axis=1), layer.b, np.concatenate([layer.masks, wires, wires], axis=2)
    )
