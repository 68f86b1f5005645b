"""Known wrong answers for the values of a tape: the mistakes that people make, computed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from made_np.layers import ACTIVATIONS
from made_np.tracing.names import gradient_of
from made_np.tracing.steps import Act, Drop, Loss, Nll, Skip, Step
from made_np.tracing.wiring import Layer
from made_np.typing import Floats

if TYPE_CHECKING:
    from made_np.tracing.tape import Tape

__all__ = ["wrong_gradients", "wrong_values"]

Wrong = Iterator[tuple[str, Floats]]


def wrong_values(tape: Tape, name: str) -> Wrong:
    """Yield sentences with the numbers that a mistake in computing this value gives."""
    step = _step(tape, name)
    kept = {key: value.value for key, value in tape.items()}
    own = kept[name]
    if isinstance(step, Layer):
        yield from _wrong_layers(step, kept)
    elif isinstance(step, Act):
        (z,) = step.inputs
        yield f"that is {z} itself: the activation is missing", kept[z]
        yield "the activation is applied twice", step.activation.forward(own)
        for other, activation in ACTIVATIONS.items():
            yield f"that is {other}({z}), and this layer has {step.op}", activation.forward(kept[z])
    elif isinstance(step, Drop):
        x, keep = step.inputs
        yield "nothing is dropped", kept[x]
        yield "what stays is not scaled by 1 / (1 - rate)", kept[x] * (kept[keep] != 0)
    elif isinstance(step, Skip):
        y, below, _ = step.inputs
        yield f"{below} is added everywhere: an identity is a wire, and needs its mask", kept[y] + kept[below]
        yield f"{below} is not added", kept[y]
    elif isinstance(step, Nll):
        yield "that is the probability itself: its -log is missing", np.exp(-own)
        yield "already added up over features", own.sum(axis=1)
    elif isinstance(step, Loss):
        yield "the sum over rows, where their mean belongs (1/B is missing)", kept["nll"].sum()
        yield "the mean over features too, which are summed", kept["nll"].mean()


def _wrong_layers(step: Layer, kept: dict[str, Floats]) -> Wrong:
    main = step.main
    bias = kept[step.b]
    y = step.forward(kept)
    yield f"the bias {step.b} is missing", y - bias
    yield f"the bias {step.b} is added twice", y + bias
    if main is not None:
        x = kept[main.below]
        W = kept[main.W]
        mask = main.wires.mask
        rest = y - x @ np.where(mask, W, 0).T
        yield f"the mask is missing: {main.W} where {main.W} * mask belongs", x @ W.T + rest
        yield "the mask is upside down: True is a wire", x @ np.where(mask, 0, W).T + rest
        if W.shape[0] == W.shape[1]:
            yield f"{main.W} is not transposed", x @ np.where(mask, W, 0) + rest
            yield "the mask is transposed", x @ np.where(mask.T, W, 0).T + rest
        for cable in step.cables:
            if cable.U is not None:
                yield f"what {cable.U} adds is missing", y - np.where(cable.wires.mask, kept[cable.U], 0).sum(axis=1)
    if step.direct is not None:
        direct = step.direct
        part = direct.taken(kept)
        W = kept[direct.W]
        add = part @ np.where(direct.wires.mask, W, 0).T
        yield "the direct wires are missing", y - add
        yield f"the mask is missing: {direct.W} where {direct.W} * mask belongs", y - add + part @ W.T


def wrong_gradients(tape: Tape, name: str) -> Wrong:
    """Yield sentences with the numbers that a mistake in computing this gradient gives."""
    kept = {key: value.value for key, value in tape.items()}
    right = tape[name].grad
    if right is None:
        return
    for step in tape.program.steps:
        dy = tape[step.name].grad
        if name not in step.inputs or dy is None:
            continue
        if isinstance(step, Layer):
            yield from _wrong_through_layers(step, name, kept, dy, right)
        elif isinstance(step, Act):
            yield from _wrong_through_activations(step, kept, dy)
        elif isinstance(step, Drop):
            yield "dropout is forgotten on the way back: times keep", dy
        elif isinstance(step, Nll) and name == "raw":
            yield from _wrong_losses(tape, kept)


def _wrong_through_layers(step: Layer, name: str, kept: dict[str, Floats], dy: Floats, right: Floats) -> Wrong:
    if name == step.b:
        yield "only the first row counts: sum over rows", dy[0]
        yield "only the last row counts: sum over rows", dy[-1]
        yield "summed over the wrong axis: sum over rows, axis 0", dy.sum(axis=1)
        return
    for cable in step.cables:
        x = cable.taken(kept)
        W = kept[cable.W]
        mask = cable.wires.mask
        if name == cable.W:
            yield f"d{name} is not masked: where there is no wire it is 0", dy.T @ x
            for row, which in ((0, "first"), (-1, "last")):
                yield f"only the {which} row counts: sum over rows", np.where(mask, np.outer(dy[row], x[row]), 0)
            yield "times the weights: the slope in W is the input alone", np.where(mask, dy.T @ x, 0) * W
        elif name == cable.below and cable.units is None:
            share = dy @ np.where(mask, W, 0)
            yield (
                f"it came back through wires that are not there: {cable.W} where {cable.W} * mask belongs",
                (right - share + dy @ W),
            )
            if W.shape[0] == W.shape[1]:
                yield f"{cable.W} is transposed", right - share + dy @ np.where(mask, W, 0).T
            yield f"what comes back through {cable.W} is missing", right - share


def _wrong_through_activations(step: Act, kept: dict[str, Floats], dy: Floats) -> Wrong:
    (z,) = step.inputs
    y = kept[step.name]
    slope = step.backward(np.ones_like(dy), kept)[z]
    yield "the slope of the activation is missing", dy
    yield f"that is the slope alone: times {gradient_of(step.name)}", slope
    yield f"the slope is taken at {step.name}, where {z} belongs", dy * step.activation.backward(np.ones_like(dy), y)
    yield f"times {step.op} itself, where its slope belongs", dy * y
    yield "1 - y, where tanh has the slope 1 - y^2", dy * (1 - y)
    yield "1 - z^2, where tanh has the slope 1 - y^2", dy * (1 - kept[z] ** 2)
    yield "y (1 - y) is the slope of sigmoid", dy * y * (1 - y)


def _wrong_losses(tape: Tape, kept: dict[str, Floats]) -> Wrong:
    """Yield wrong gradients of raw, where every column is a bit."""
    raw = kept["raw"]
    if not all(output.is_binary for output in tape.program.outputs.feature_outputs):
        return
    n_rows = len(raw)
    p = 1 / (1 + np.exp(-raw))
    yield "times p (1 - p) once more: it has dropped out already", (p - kept["x"]) * p * (1 - p) / n_rows
    yield "p alone: x is to be taken from it", p / n_rows
    yield "the sign is flipped, and 1/B is missing", kept["x"] - p


def _step(tape: Tape, name: str) -> Step | None:
    return next((step for step in tape.program.steps if step.name == name), None)
