"""Residual blocks of relu, written as the plain layers that answer alike.

A block gives ``h + B relu(A h)``, or ``h + B relu(A relu(h))``. Whatever h is, ``h = p - n`` with ``p = relu(h)`` and
``n = relu(-h)``, and relu leaves p and n as they are. So a layer of units (p, n) hands h on, one of (relu(A h), p, n)
computes the block and keeps h beside it, and the next one of (p, n) adds both up. Nothing is rounded but the sums.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from made_np.interop.given import Layer

__all__ = ["unrolled"]

Steps = tuple[tuple[Layer, ...], ...]


def unrolled(chain: list[Layer]) -> Iterator[tuple[list[Layer], int]]:
    """Yield the plain layers, with relu between them, of all ways to read a chain as linear maps and residual blocks.

    Each comes with the number of its blocks, which is 1 at least.
    """
    for steps in _readings(tuple(chain)):
        n_blocks = sum(len(step) == 2 for step in steps)
        for is_bent in (True, False) if n_blocks else ():
            yield _plain(steps, is_bent), n_blocks


def _readings(chain: tuple[Layer, ...]) -> Iterator[Steps]:
    """Yield all ways to divide a chain into single layers and blocks of two, with single ones at its ends."""

    def rest(k: int) -> Iterator[Steps]:
        if k == len(chain) - 1:
            yield ((chain[k],),)
            return
        if k > 0 and k + 2 < len(chain) and len(chain[k + 1].W) == chain[k].W.shape[1]:
            yield from ((chain[k : k + 2], *more) for more in rest(k + 2))
        yield from (((chain[k],), *more) for more in rest(k + 1))

    yield from rest(0)


def _plain(steps: Steps, is_bent: bool) -> list[Layer]:
    """Return the layers; in bent blocks h goes through relu before A."""
    layers = [_signed(steps[0][0])]
    for step in steps[1:]:
        if len(step) == 1:
            layers.append(_signed(_of_both(step[0])))
            continue
        (A, B) = step
        n = A.W.shape[1]
        layers += [_beside(_of_first(A) if is_bent else _of_both(A)), _signed(_added(B, n))]
    last = layers[-1]
    half = len(last.W) // 2
    layers[-1] = Layer(last.W[:half], None if last.b is None else last.b[:half], last.masks[:, :half])
    return layers


def _signed(layer: Layer) -> Layer:
    """Return the layer of (z, -z): behind relu these are p and n."""
    b = None if layer.b is None else np.concatenate([layer.b, -layer.b])
    return Layer(np.concatenate([layer.W, -layer.W]), b, np.concatenate([layer.masks, layer.masks], axis=1))


def _of_both(layer: Layer) -> Layer:
    """Return the layer that reads h as p - n."""
    W = np.concatenate([layer.W, -layer.W], axis=1)
    return Layer(W, layer.b, np.concatenate([layer.masks, layer.masks], axis=2))


def _of_first(layer: Layer) -> Layer:
    """Return the layer that reads p alone."""
    W = np.concatenate([layer.W, np.zeros_like(layer.W)], axis=1)
    return Layer(W, layer.b, np.concatenate([layer.masks, np.zeros_like(layer.masks)], axis=2))


def _beside(layer: Layer) -> Layer:
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
