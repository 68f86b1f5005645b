"""Every value of one pass through a model, with its gradient, as plain lists."""

from __future__ import annotations

from typing import Any

import numpy as np

from made_np.layers import masked_linear, masked_linear_backward
from made_np.model.made import MADE
from made_np.typing import Array

__all__ = ["tape_of"]


def tape_of(made: MADE, theta: Array, x: Array) -> dict[str, Any]:
    """Return the values of rows x (B, D) under mask set 0 in the sequence in which they are computed.

    The gradient of x is that of x as input: x is the target as well, and that share is left out. Values of parameters,
    which are in theta, are left out too.
    """
    masks = made.network.masks(made.mask_sets[0])
    values = {"x": x, **made.layout.views(theta)}
    _forward(made, masks, values)
    grads = _backward(made, masks, values)
    parameters = made.layout.names
    return {
        "values": [
            {
                "name": name,
                "shape": list(np.shape(values[name])),
                "value": None if name in parameters else np.asarray(values[name]).tolist(),
                "grad": np.asarray(grads[name]).tolist(),
            }
            for name in _names(made)
        ],
        "order": made.mask_sets[0].order.tolist(),
        "degrees": [layer.tolist() for layer in made.mask_sets[0].degrees],
        "loss": float(values["loss"]),
    }


def _names(made: MADE) -> list[str]:
    """Return the names of all values, each after those that it is computed from."""
    hidden = [f"{letter}{layer}" for layer in range(len(made.hidden)) for letter in ("W", "b", "z", "h")]
    last = [name for name in made.layout.names if name not in hidden]
    return ["x", *hidden, *last, "raw", "nll", "loss"]


def _forward(made: MADE, masks: dict[str, Any], values: dict[str, Any]) -> None:
    """Compute the values from x to the loss."""
    x = values["x"]
    h = x
    for layer in range(len(made.hidden)):
        values[f"z{layer}"] = masked_linear(h, values[f"W{layer}"], values[f"b{layer}"], masks[f"W{layer}"])
        values[f"y{layer}"] = made.network.act.forward(values[f"z{layer}"])
        skip = made.mask_sets[0].skips[layer]
        h = values[f"y{layer}"] if skip is None else values[f"y{layer}"] + h * skip
        values[f"h{layer}"] = h
    depth = len(made.hidden)
    bias = values[made.network.output_bias]
    raw = masked_linear(h, values[f"W{depth}"], bias, masks[f"W{depth}"]) if depth else np.tile(bias, (len(x), 1))
    if made.direct:
        raw = raw + masked_linear(x, values["W_direct"], None, masks["W_direct"])
    values["raw"] = raw
    values["nll"] = made.outputs.nll(raw, x)
    values["loss"] = values["nll"].sum() / len(x)


def _backward(made: MADE, masks: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """Return the gradient of the loss by every value."""
    x = values["x"]
    grads: dict[str, Any] = {"loss": 1.0, "nll": np.full(x.shape, 1 / len(x)), "x": np.zeros(x.shape)}
    dy = made.outputs.nll_and_grad(values["raw"], x)[1] / len(x)
    grads["raw"] = dy
    if made.direct:
        back = masked_linear_backward(dy, x, values["W_direct"], None, masks["W_direct"])
        grads["x"] = back[0]
        grads["W_direct"] = back[1]
    if not made.hidden:
        return {**grads, "b0": dy.sum(axis=0)}
    above = dy
    for layer in range(len(made.hidden), -1, -1):
        below = values[f"h{layer - 1}"] if layer else x
        W = f"W{layer}"
        b = f"b{layer}"
        dx, grads[W], grads[b] = masked_linear_backward(dy, below, values[W], values[b], masks[W])
        skip = made.mask_sets[0].skips[layer] if layer < len(made.hidden) else None
        if skip is not None:
            dx = dx + np.where(skip, above, 0)
        if layer:
            grads[f"h{layer - 1}"] = above = dx
            dy = made.network.act.backward(dx, values[f"z{layer - 1}"])
            grads[f"z{layer - 1}"] = dy
    grads["x"] = grads["x"] + dx
    return grads
