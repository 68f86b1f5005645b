"""What a module may compute with the layers that it holds: all compositions that could be its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations, pairwise

import numpy as np

from made_np.interop.blocks import beside, carried, unrolled
from made_np.interop.given import Layer
from made_np.layers import find_activation
from made_np.typing import Array, Floats

__all__ = ["Net", "Reading", "compositions", "readings"]


@dataclass(frozen=True)
class Reading:
    """Layers from the input to the output, and direct wires; ``sides[k]`` reads the context alone.

    Attributes
    ----------
    chain : list of Layer
    direct : Layer, optional
    sides : dict
        What is added to the answer of the k-th layer.
    """

    chain: list[Layer]
    direct: Layer | None
    sides: dict[int, Layer] = field(default_factory=dict)

    def n_own(self, n_context: int) -> int:
        """Return I, how many inputs are no context."""
        return self.chain[0].W.shape[1] - (0 if self.sides else n_context)


@dataclass(frozen=True)
class Net:
    """Layers with an activation between all of them, and direct wires; `told` says what else they were."""

    layers: list[Layer]
    direct: Layer | None
    activation: str
    told: str = ""

    def answer(self, units: Array) -> Floats:
        """Return raw outputs (n, O), in float64, of input units with the context behind them."""
        h = units
        for k, layer in enumerate(self.layers):
            h = h if k == 0 else find_activation(self.activation).forward(h)
            h = h @ (layer.W * layer.masks[0]).T.astype(np.float64) + (0 if layer.b is None else layer.b)
        if self.direct is not None:
            h = h + units @ (self.direct.W * self.direct.masks[0]).T
        return np.asarray(h, dtype=np.float64)


def readings(layers: dict[str, Layer], sides: Mapping[str, Layer]) -> list[Reading]:
    """Return what may be the layers from the input to the output, each time with those that are direct wires then."""
    found: list[Reading] = []
    if _fits(list(layers.values())):
        found.append(Reading(list(layers.values()), None, _placed(sides, layers)))
    for name, direct in layers.items():
        rest = {other: layer for other, layer in layers.items() if other != name}
        chain = list(rest.values())
        if _fits(chain) and direct.W.shape == (len(chain[-1].W), chain[0].W.shape[1]):
            parts = [b for b in (chain[-1].b, direct.b) if b is not None]
            b = np.sum(parts, axis=0) if parts else None
            chain[-1] = Layer(chain[-1].W, b, chain[-1].masks)
            found.append(Reading(chain, Layer(direct.W, None, direct.masks), _placed(sides, rest)))
    if not found:
        shapes = {name: layer.W.shape for name, layer in layers.items()}
        raise ValueError(
            f"model has weights (out, in) that do not follow each other: {shapes}; give them to from_layers"
        )
    return found


def compositions(reading: Reading, n_context: int, kinds: list[str]) -> Iterator[Net]:
    """Yield all that the layers may be, those with most activations first, then those with residual blocks."""
    chain = reading.chain
    direct = reading.direct
    sides = reading.sides
    if not sides:
        for is_first in (False, True) if n_context else (False,):
            moved = [_behind(chain[0], n_context if is_first else 0), *chain[1:]]
            yield from _plain(moved, None if direct is None else _behind(direct, n_context if is_first else 0), kinds)
        return
    direct = None if direct is None else beside(direct, None, n_context)
    if set(sides) == {0}:
        yield from _plain([beside(chain[0], sides[0], n_context), *chain[1:]], direct, kinds)
    if "relu" in kinds:
        if set(sides) == {0} and len(chain) > 1:
            bent = [*_bent(chain[0], sides[0]), *chain[1:]]
            yield Net(bent, direct, "relu", "relu of a layer of the context is a part of the first layer here")
        if max(sides) > 0:
            on = carried(chain, sides, n_context)
            yield Net(on, direct, "relu", "units of degree 0 hand context on to the layers that read it")
        yield from _residual(reading, direct, n_context)


def _plain(chain: list[Layer], direct: Layer | None, kinds: list[str]) -> Iterator[Net]:
    gaps = range(len(chain) - 1)
    for n in range(len(chain) - 1, -1, -1):
        for active in combinations(gaps, n):
            layers = chain[:1]
            for k in gaps:
                layers = [*layers, chain[k + 1]] if k in active else [*layers[:-1], _product(layers[-1], chain[k + 1])]
            fewer = f"{len(chain)} layers are {n + 1} here: those without an activation between are multiplied"
            for kind in kinds if n else kinds[:1]:
                yield Net(layers, direct, kind, fewer if n + 1 < len(chain) else "")
    if "relu" in kinds:
        yield from _residual(Reading(chain, direct), direct, 0)


def _residual(reading: Reading, direct: Layer | None, n_context: int) -> Iterator[Net]:
    for layers, n_blocks in unrolled(reading.chain, reading.sides, n_context):
        yield Net(
            layers, direct, "relu",
            f"{n_blocks} residual blocks are plain layers of relu here, {len(layers)} in all: the same function, with "
            "more weights, each of which training may move",
        )  # fmt: skip


def _fits(layers: list[Layer]) -> bool:
    return bool(layers) and all(len(below.W) == above.W.shape[1] for below, above in pairwise(layers))


def _placed(sides: Mapping[str, Layer], layers: Mapping[str, Layer]) -> dict[int, Layer]:
    """Return each layer of the context by the number of the one whose answer it is added to.

    That is the first that is as wide, among those of the modules that hold it, the innermost that holds any.
    """
    placed: dict[int, Layer] = {}
    for name, side in sides.items():
        fitting = [(k, other) for k, (other, layer) in enumerate(layers.items()) if len(layer.W) == len(side.W)]
        if not fitting:
            raise ValueError(
                f"model holds {name}, from the context to {len(side.W)} units: no masked layer has as many; give "
                "from_layers one W for both, with the context behind the input units"
            )
        k = max(fitting, key=lambda each: (_n_shared(name, each[1]), -each[0]))[0]
        if k in placed:
            raise ValueError(
                f"model holds several layers from the context to the units that {name} leads to: add them up"
            )
        placed[k] = side
    return placed


def _n_shared(name: str, other: str) -> int:
    """Return how many modules hold both, by their names."""
    pairs = zip(name.split("."), other.split("."), strict=False)
    return next((k for k, (own, its) in enumerate(pairs) if own != its), min(name.count("."), other.count(".")) + 1)


def _behind(layer: Layer, n: int) -> Layer:
    """Return the layer with the first n of its inputs behind the others."""
    return Layer(np.roll(layer.W, -n, axis=1), layer.b, np.roll(layer.masks, -n, axis=2))


def _bent(layer: Layer, side: Layer) -> list[Layer]:
    """Return two layers with relu between them that answer ``W x + b + relu(S c)``."""
    one = np.eye(len(layer.W), dtype=layer.W.dtype)
    b = np.zeros_like(layer.W[:, 0]) if layer.b is None else layer.b
    b_side = np.zeros_like(b) if side.b is None else side.b
    W = np.concatenate([np.concatenate([layer.W, -layer.W]), np.zeros_like(layer.W)])
    S = np.concatenate([np.zeros_like(side.W), np.zeros_like(side.W), side.W])
    wires = np.concatenate([np.concatenate([layer.masks[0]] * 2), np.zeros_like(layer.masks[0])])
    first = Layer(
        np.concatenate([W, S], axis=1), np.concatenate([b, -b, b_side]), np.concatenate([wires, S != 0], 1)[None]
    )
    W = np.concatenate([one, -one, one], axis=1)
    return [first, Layer(W, None, (W != 0)[None])]


def _product(below: Layer, above: Layer) -> Layer:
    """Return the one layer that two without an activation between them are."""
    W = (above.W * above.masks[0]).astype(np.float64)
    b = np.zeros(len(W)) if above.b is None else above.b
    if below.b is not None:
        b = b + W @ below.b
    paths = above.masks[0].astype(np.float32) @ below.masks[0].astype(np.float32) > 0
    dtype = np.result_type(above.W, below.W)
    return Layer((W @ (below.W * below.masks[0])).astype(dtype), b.astype(dtype), paths[None])
