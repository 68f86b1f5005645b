"""Which steps a network is made of, in the sequence in which they are computed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from made_np.backends._numpy.panels import Wires
from made_np.distributions.together import Outputs
from made_np.masks.sets import MaskSet
from made_np.network.network import Network
from made_np.tracing.steps import TARGET, Act, Drop, Encode, Loss, Nll, Skip, Step, Values
from made_np.tracing.wiring import Cable, Layer
from made_np.typing import Array, Bools

__all__ = ["Leaf", "Program", "build"]


@dataclass(frozen=True, eq=False)
class Leaf:
    """A value that nothing computes: data, weights, a dropout mask."""

    name: str
    op: str
    value: Array
    mask: Bools | None = None


@dataclass(frozen=True, eq=False)
class Program:
    """The values of a network in topological order: each stands behind those that it is computed from."""

    items: tuple[Leaf | Step, ...]

    @property
    def steps(self) -> list[Step]:
        """What is computed."""
        return [item for item in self.items if isinstance(item, Step)]

    @property
    def outputs(self) -> Outputs:
        """The distributions of the features."""
        return next(step.outputs for step in self.steps if isinstance(step, Nll))

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the parameters."""
        return next(item.value.dtype for item in self.items if item.name == "b0" and isinstance(item, Leaf))

    def run(self, dtype: np.dtype[Any] | None = None, nudge: Mapping[str, Array] | None = None) -> Values:
        """Return all values by name, forward.

        Parameters
        ----------
        dtype : dtype, optional
            Of all arithmetic; that of the leaves by default.
        nudge : dict of str to ndarray, optional
            What is added to a value once it is there, before anything reads it.
        """
        values: dict[str, Array] = {}
        for item in self.items:
            if isinstance(item, Leaf):
                value = item.value if dtype is None else item.value.astype(dtype)
                if item.name == "x":
                    values[TARGET] = value
            else:
                value = item.forward(values)
            if nudge is not None and item.name in nudge:
                value = value + nudge[item.name]
            values[item.name] = value
        return values

    def backward(self, values: Values) -> dict[str, Array]:
        """Return the gradient of the loss by name, of all values that it depends on."""
        grads: dict[str, Array] = {"loss": np.ones_like(values["loss"])}
        for step in reversed(self.steps):
            if step.name not in grads:
                continue
            for name, share in step.backward(grads[step.name], values).items():
                # A value that is used twice has two ways to the loss: its gradients add.
                grads[name] = grads[name] + share if name in grads else share
        return grads


def build(
    network: Network,
    mask_set: MaskSet,
    theta: Array,
    x: Array,
    context: Array | None,
    keeps: Sequence[Array | None],
) -> Program:
    """Return the program of a network under a mask set; `keeps` are L + 1 dropout masks or None, the inputs' first."""
    return Program(tuple(_Builder(network, mask_set, network.layout.views(theta), x, context, keeps).items()))


@dataclass(eq=False)
class _Builder:
    network: Network
    mask_set: MaskSet
    views: Mapping[str, Array]
    x: Array
    context: Array | None
    keeps: Sequence[Array | None]
    inputs: str = field(default="x", init=False)
    """The value that the first layer and direct wires read."""

    def items(self) -> Iterator[Leaf | Step]:
        yield from self._inputs()
        below = self.inputs
        for layer in range(self.network.depth):
            yield from self._layer(f"z{layer}", layer, below, None)
            yield from self._activated(layer, below)
            below = f"h{layer}"
        direct = self._direct() if self.mask_set.direct_wires is not None else None
        yield from self._layer("raw", self.network.depth, below, direct)
        yield Nll(
            "nll", ("raw", "x"), f"-log p(x_d | x before d), {_named(self.network.outputs)}", self.network.outputs
        )
        yield Loss("loss", ("nll",), "mean over rows of the sum over features of nll, in nats")

    def _inputs(self) -> Iterator[Leaf | Step]:
        outputs = self.network.outputs
        takes = Encode.takes_as_they_are(outputs)
        known = ~np.isnan(self.x)
        as_input = "; its gradient: as input" if takes else ""
        yield Leaf("x", f"data{as_input}", self.x)
        if self.context is not None:
            yield Leaf("context", "data, seen by every output", self.context)
        if not takes or self.context is not None or not known.all():
            inputs = ("x",) if self.context is None else ("x", "context")
            op = ", ".join(["x" if takes else "x one-hot or scaled", *inputs[1:]])
            gaps = "" if known.all() else "; 0 where x is not known"
            yield Encode("units", inputs, f"[{op}]{gaps}", outputs, known if takes else None)
            self.inputs = "units"
        keep = self.keeps[0]
        if keep is not None:
            yield from self._dropped(self.inputs, f"{self.inputs}_kept", "keep_inputs", keep)
            self.inputs = f"{self.inputs}_kept"

    def _dropped(self, before: str, after: str, name: str, keep: Array) -> Iterator[Leaf | Step]:
        yield Leaf(name, "dropout: 0, or 1 / (1 - rate)", keep)
        yield Drop(after, (before, name), f"{before} * {name}")

    def _layer(self, name: str, layer: int, below: str, direct: Cable | None) -> Iterator[Leaf | Step]:
        main = self._cable(below, str(layer), self.mask_set.masks[layer]) if self.network.depth else None
        bias = f"b{layer}"
        inputs: list[str] = []
        terms: list[str] = []
        if main is not None:
            yield from self._weights(main, name, inputs, terms)
        yield Leaf(bias, f"bias of {name}", self.views[bias])
        inputs.append(bias)
        terms.append(bias)
        if direct is not None:
            yield from self._weights(direct, name, inputs, terms)
        for cable in (main, direct):
            if cable is not None and cable.U is not None:
                yield Leaf(cable.U, f"mask weights of {name}", self.views[cable.U], cable.wires.mask)
                inputs.append(cable.U)
                terms.append(f"({cable.U} * {_mask_of(cable)}) 1")
        yield Layer(name, tuple(inputs), " + ".join(terms), bias, main, direct)

    def _weights(self, cable: Cable, name: str, inputs: list[str], terms: list[str]) -> Iterator[Leaf]:
        yield Leaf(cable.W, f"weights {cable.below} -> {name}", self.views[cable.W], cable.wires.mask)
        inputs += [cable.below, cable.W]
        columns = "" if cable.units is None else f"[:, {cable.units.tolist()}]"
        terms.append(f"{cable.below}{columns} ({cable.W} * {_mask_of(cable)})^T")

    def _cable(self, below: str, suffix: str, mask: Bools) -> Cable:
        U = f"U{suffix}" if self.network.mask_weights else None
        units = self.network.direct_units if suffix == "_direct" else None
        return Cable(below, f"W{suffix}", U, Wires(mask), units)

    def _direct(self) -> Cable:
        assert self.mask_set.direct_wires is not None
        return self._cable(self.inputs, "_direct", self.mask_set.direct_wires)

    def _activated(self, layer: int, below: str) -> Iterator[Leaf | Step]:
        """Yield h: the activation of z, then dropout, then the layer below where there are skips."""
        keep = self.keeps[layer + 1]
        skip = self.mask_set.skips[layer]
        names = [f"h{layer}"]  # the last is h, and what comes before it has a name of its own
        names = [f"k{layer}", *names] if keep is not None and skip is not None else names
        names = [f"a{layer}", *names] if keep is not None or skip is not None else names
        yield Act(names[0], (f"z{layer}",), f"{self.network.activation}(z{layer})", self.network.act)
        if keep is not None:
            yield from self._dropped(names[0], names[1], f"keep{layer}", keep)
        if skip is not None:
            own = f"skip{layer}"
            yield Leaf(own, f"1 where h{layer} may see {below}, else 0", skip.astype(self.x.dtype))
            yield Skip(names[-1], (names[-2], below, own), f"{names[-2]} + {below} * {own}")


def _mask_of(cable: Cable) -> str:
    """Return what formulas call the mask of these weights."""
    return "M" + cable.W[1:]


def _named(outputs: Outputs) -> str:
    """Return the distributions of the features in a few words."""
    kinds = list(dict.fromkeys(type(output).__name__ for output in outputs.feature_outputs))
    return kinds[0] if len(kinds) == 1 else f"{len(kinds)} distributions"
