"""A `MADE` of a module of torch: its masked layers, in the composition that answers as the module does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from made_np.interop.codes import one_hot, without_dummy
from made_np.interop.compositions import Net, Reading, compositions, readings
from made_np.interop.given import Layer
from made_np.interop.importing import Imported, from_layers
from made_np.interop.modules import as_array, read
from made_np.layers import ACTIVATIONS, find_activation
from made_np.typing import Array, Bools, Floats
from made_np.values import as_a, as_count, as_sequence

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
    n_context: int = 0,
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
    n_context : int
        C. Where it is not 0, `model` or `forward` takes a second tensor, the context (n, C). That may stand among
        the inputs of the first layer, before or behind the input units, or have layers of its own.

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
    found = read(model, names, as_count(n_context, "n_context", 0))
    kinds = sorted(set(found.activations)) if activation is None else [activation]
    if len(kinds) > 1:
        raise ValueError(f"model has activations {kinds}: all hidden layers of a MADE have one; name it by activation=")
    possible, padded = without_dummy(readings(found.layers, found.sides), output, n_context)
    asked = _ask(model if forward is None else forward, possible[0], n_context, as_tensor_of(model))
    net = _match(possible, kinds, asked, n_context)
    layers, coded = one_hot(_finite(net.layers, asked), output, n_context)
    imported = from_layers(
        [(layer.W, layer.b, layer.masks) for layer in layers],
        output,
        layout=layout,
        direct=None if net.direct is None else (net.direct.W, None, net.direct.masks),
        activation=net.activation,
        raw_order=raw_order,
        raw_factors=raw_factors,
        n_context=n_context,
    )
    unread = [f"{name}: said to be unused" for name in names]
    told = [*unread, *filter(None, [net.told, padded, coded]), asked.told]
    return Imported(imported.made, imported.theta, (*imported.account, *told))


@dataclass(frozen=True)
class _Asked:
    """Input units with context behind them, what the module answered (or None), what is said of that."""

    units: Array
    raw: Floats | None
    told: str


def as_tensor_of(model: Any) -> Callable[[Array], Any]:
    """Return what makes tensors like the parameters of a module."""
    like = next(iter(model.parameters()))
    return lambda array: like.detach().new_tensor(array.tolist())


def _ask(forward: Callable[..., Any], reading: Reading, n_context: int, tensor: Callable[[Array], Any]) -> _Asked:
    """Return the answer of a module, or in words why there is none."""
    n_own = reading.n_own(n_context)
    units = np.random.default_rng(0).normal(size=(ROWS, n_own + n_context))
    n_raw = len(reading.chain[-1].W)
    given = [units[:, :n_own], units[:, n_own:]] if n_context else [units]
    try:
        answer = forward(*map(tensor, given))
        parts = answer if isinstance(answer, (tuple, list)) else [answer]
        arrays = [as_array(part).reshape(len(units), -1) for part in parts]
    except Exception as error:  # the code of somebody else
        return _Asked(units, None, _not_compared(f"raises {type(error).__name__} at input units", n_context))
    raw = np.concatenate(arrays, axis=1).astype(np.float64)
    if raw.shape != (len(units), n_raw):
        return _Asked(
            units, None, _not_compared(f"answers {raw.shape[1]} numbers a row in place of {n_raw}", n_context)
        )
    return _Asked(units, raw, f"compared with the module at {ROWS} random rows: it agrees")


def _not_compared(why: str, n_context: int) -> str:
    """Return that a module was not compared, or raise where only a comparison tells where the context enters."""
    if n_context:
        raise ValueError(
            f"model {why}, with {n_context} of context: give forward=, which takes a tensor of input units and one of "
            "context, and returns raw outputs. Without it nobody knows where the context enters"
        )
    return f"not compared with the module, which {why} (give forward=)"


def _match(possible: list[Reading], kinds: list[str], asked: _Asked, n_context: int) -> Net:
    """Return the composition that answers as the module did; if it did not, the one with all activations."""
    first = possible[0]
    if asked.raw is None:
        if not kinds and len(first.chain) > 1:
            raise ValueError(f"model has no module that is an activation, and was {asked.told}: name it by activation=")
        return Net(first.chain, first.direct, kinds[0] if kinds else "relu")
    is_double = all(layer.W.dtype == np.float64 for layer in first.chain)
    is_told = _is_told(asked.raw)
    raw = asked.raw[:, is_told]
    scale = max(1.0, float(np.abs(raw).max(initial=0)))
    least = np.inf
    for net in (net for reading in possible for net in compositions(reading, n_context, kinds or list(ACTIVATIONS))):
        far = float(np.abs(net.answer(asked.units)[:, is_told] - raw).max(initial=0)) / scale
        if far < (1e-10 if is_double else 1e-4):
            return net
        least = min(least, far)
    where = ", or context that enters behind an activation other than relu" if n_context else ""
    raise ValueError(
        f"model answers otherwise than its masked layers with {' or '.join(kinds) or 'any activation'} between them "
        f"(by {least:.2g} at best): a residual block without relu or with a gate, a scale, or masks that it does not "
        f"use{where}? Give forward= if it encodes its rows, or its arrays to from_layers"
    )


def _is_told(raw: Floats) -> Bools:
    return np.asarray((raw != -np.inf).any(axis=0))


def _finite(layers: list[Layer], asked: _Asked) -> list[Layer]:
    """Return the layers without logits that are -inf at every row: those of values that a feature does not have."""
    if asked.raw is None or _is_told(asked.raw).all():
        return layers
    places = np.flatnonzero(_is_told(asked.raw))
    return [*layers[:-1], layers[-1].rows(places, np.ones(len(places)))]
