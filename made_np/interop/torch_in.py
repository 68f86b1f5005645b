"""A `MADE` of a module of torch: its masked layers, in the composition that answers as the module does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

import numpy as np

from made_np.interop.blocks import unrolled
from made_np.interop.given import Layer
from made_np.interop.importing import Imported, from_layers
from made_np.interop.modules import as_array, read
from made_np.layers import ACTIVATIONS, find_activation
from made_np.typing import Array, Floats
from made_np.values import as_a, as_sequence

__all__ = ["from_torch"]

ROWS = 16
"""Random rows at which a module and its layers are compared."""


def from_torch(
    model: Any,
    output: Any,
    *,
    layout: str = "interleaved",
    activation: str | None = None,
    raw_order: Any = None,
    raw_factors: Any = None,
    forward: Callable[[Any], Any] | None = None,
    unused: Any = (),
) -> Imported:
    """Return the `MADE` that answers as a module of torch, with its theta.

    Whatever has a ``weight`` (out, in) is a layer, with the mask that it holds (``mask``, ``_mask``, ``mask_``,
    ``weight_mask``; without one, a wire is where the weight is not 0). One layer more, from input to output, is taken
    for direct wires. Between which layers there is an activation is found by comparing: the module is called with
    random input units, and layers that follow each other without one are multiplied. Residual blocks of relu, which add
    what they are given to their answer, become plain layers that answer alike.

    Parameters
    ----------
    model : torch.nn.Module
        In ``eval`` mode. It is called, and left as it is.
    output, layout, raw_order, raw_factors
        As in `from_layers`.
    activation : str, optional
        That of the module; by default it is found.
    forward : callable, optional
        Takes a tensor of input units (n, I), and returns raw outputs (n, O); by default `model`. It is for modules
        that encode their rows themselves, or answer with a distribution.
    unused : sequence of str
        Names of parameters that the answer does not depend on.

    Returns
    -------
    Imported
        ``made, theta = from_torch(...)``; ``print`` it to see what became of each parameter.

    Raises
    ------
    ValueError, TypeError
        The module holds what no MADE has, answers otherwise than its layers, or has masks that no order permits.
    """
    if not hasattr(type(model), "named_modules"):  # of the type: an instance may answer with any error
        raise TypeError(f"model is a {type(model).__name__}: give a torch.nn.Module")
    given = as_sequence(unused, "unused", "a list of names of parameters")
    names = tuple(as_a(name, f"unused[{k}]", str, "give the name of a parameter") for k, name in enumerate(given))
    if forward is not None and not callable(forward):
        raise TypeError(f"forward is a {type(forward).__name__}: give what takes a tensor of input units, or None")
    if activation is not None:
        find_activation(activation)
    found = read(model, names)
    kinds = sorted(set(found.activations)) if activation is None else [activation]
    if len(kinds) > 1:
        raise ValueError(f"model has activations {kinds}: all hidden layers of a MADE have one; name it by activation=")
    readings = _readings(found.layers)
    chain = readings[0][0]
    units = np.random.default_rng(0).normal(size=(ROWS, chain[0].W.shape[1]))
    asked = _ask(model if forward is None else forward, units, as_tensor_of(model), len(chain[-1].W))
    net = _match(readings, kinds, units, asked)
    imported = from_layers(
        [(layer.W, layer.b, layer.masks) for layer in net.layers],
        output,
        layout=layout,
        direct=None if net.direct is None else (net.direct.W, None, net.direct.masks),
        activation=net.activation,
        raw_order=raw_order,
        raw_factors=raw_factors,
    )
    n_layers = len((readings[0] if net.direct is None else readings[-1])[0])
    told = (*(f"{name}: said to be unused" for name in names), *_told(net, n_layers), _compared(asked))
    return Imported(imported.made, imported.theta, (*imported.account, *told))


@dataclass(frozen=True)
class _Net:
    """Layers with an activation between all of them, and direct wires; so many residual blocks became layers."""

    layers: list[Layer]
    direct: Layer | None
    activation: str
    n_blocks: int = 0

    def answer(self, units: Array) -> Floats:
        """Return raw outputs (n, O), in float64."""
        h = units
        for k, layer in enumerate(self.layers):
            h = h if k == 0 else find_activation(self.activation).forward(h)
            h = h @ (layer.W * layer.masks[0]).T.astype(np.float64) + (0 if layer.b is None else layer.b)
        if self.direct is not None:
            h = h + units @ (self.direct.W * self.direct.masks[0]).T
        return np.asarray(h, dtype=np.float64)


def _told(net: _Net, n_layers: int) -> Iterator[str]:
    """Yield what became of so many layers, where there are as many no more."""
    if net.n_blocks:
        yield (
            f"{net.n_blocks} residual blocks are plain layers of relu here, {len(net.layers)} in all: "
            "the same function, with more weights, each of which training may move"
        )
    elif len(net.layers) < n_layers:
        yield f"{n_layers} layers are {len(net.layers)} here: those without an activation between are multiplied"


def _compared(asked: Floats | str) -> str:
    return asked if isinstance(asked, str) else f"compared with the module at {ROWS} random rows: it agrees"


def as_tensor_of(model: Any) -> Callable[[Array], Any]:
    """Return what makes tensors like the parameters of a module."""
    like = next(iter(model.parameters()))
    return lambda array: like.detach().new_tensor(array.tolist())


def _readings(layers: dict[str, Layer]) -> list[tuple[list[Layer], Layer | None]]:
    """Return what may be the layers from the input to the output, each time with those that are direct wires then."""
    found: list[tuple[list[Layer], Layer | None]] = []
    if _fits(list(layers.values())):
        found.append((list(layers.values()), None))
    for name, direct in layers.items():
        rest = [layer for other, layer in layers.items() if other != name]
        if _fits(rest) and direct.W.shape == (len(rest[-1].W), rest[0].W.shape[1]):
            parts = [b for b in (rest[-1].b, direct.b) if b is not None]
            b = np.sum(parts, axis=0) if parts else None
            found.append(([*rest[:-1], Layer(rest[-1].W, b, rest[-1].masks)], Layer(direct.W, None, direct.masks)))
    if not found:
        shapes = {name: layer.W.shape for name, layer in layers.items()}
        raise ValueError(
            f"model has weights (out, in) that do not follow each other: {shapes}; give them to from_layers"
        )
    return found


def _fits(layers: list[Layer]) -> bool:
    return bool(layers) and all(len(below.W) == above.W.shape[1] for below, above in pairwise(layers))


def _ask(forward: Callable[[Any], Any], units: Array, tensor: Callable[[Array], Any], n_raw: int) -> Floats | str:
    """Return the answer of a module (n, O), or in words why there is none."""
    try:
        answer = forward(tensor(units))
        parts = answer if isinstance(answer, (tuple, list)) else [answer]
        arrays = [as_array(part).reshape(len(units), -1) for part in parts]
    except Exception as error:  # the code of somebody else
        return f"not compared with the module, which raises {type(error).__name__} at input units (give forward=)"
    raw = np.concatenate(arrays, axis=1).astype(np.float64)
    if raw.shape != (len(units), n_raw):
        size = f"{raw.shape[1]} numbers a row in place of {n_raw}"
        return f"not compared with the module, which answers {size} (give forward=)"
    return raw


def _match(
    readings: list[tuple[list[Layer], Layer | None]], kinds: list[str], units: Array, asked: Floats | str
) -> _Net:
    """Return the composition that answers as the module did; if it did not, the one with all activations."""
    if isinstance(asked, str):
        if not kinds and len(readings[0][0]) > 1:
            raise ValueError(f"model has no module that is an activation, and was {asked}: name it by activation=")
        return _Net(*readings[0], kinds[0] if kinds else "relu")
    is_double = all(layer.W.dtype == np.float64 for layer in readings[0][0])
    scale = max(1.0, float(np.abs(asked).max()))
    least = np.inf
    for net in (net for reading in readings for net in _compositions(*reading, kinds or list(ACTIVATIONS))):
        far = float(np.abs(net.answer(units) - asked).max()) / scale
        if far < (1e-10 if is_double else 1e-4):
            return net
        least = min(least, far)
    raise ValueError(
        f"model answers otherwise than its masked layers with {' or '.join(kinds) or 'any activation'} between them "
        f"(by {least:.2g} at best): a residual block without relu, a scale, or masks that it does not use? "
        "Give forward= if it encodes its rows, or its arrays to from_layers"
    )


def _compositions(chain: list[Layer], direct: Layer | None, kinds: list[str]) -> Iterator[_Net]:
    """Yield all that the layers may be, those with most activations first, then those with residual blocks."""
    gaps = range(len(chain) - 1)
    for n in range(len(chain) - 1, -1, -1):
        for active in combinations(gaps, n):
            layers = chain[:1]
            for k in gaps:
                layers = [*layers, chain[k + 1]] if k in active else [*layers[:-1], _product(layers[-1], chain[k + 1])]
            for kind in kinds if n else kinds[:1]:
                yield _Net(layers, direct, kind)
    if "relu" in kinds:
        yield from (_Net(layers, direct, "relu", n_blocks) for layers, n_blocks in unrolled(chain))


def _product(below: Layer, above: Layer) -> Layer:
    """Return the one layer that two without an activation between them are."""
    W = (above.W * above.masks[0]).astype(np.float64)
    b = np.zeros(len(W)) if above.b is None else above.b
    if below.b is not None:
        b = b + W @ below.b
    paths = above.masks[0].astype(np.float32) @ below.masks[0].astype(np.float32) > 0
    dtype = np.result_type(above.W, below.W)
    return Layer((W @ (below.W * below.masks[0])).astype(dtype), b.astype(dtype), paths[None])
