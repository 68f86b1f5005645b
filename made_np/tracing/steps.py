"""The steps of a network: each computes one value, then hands its gradient back.

A step is a formula of `layers`, of a distribution, or of the loss, with the names of the values that it reads.
`forward` and `backward` are what every backpropagation is made of. `arrows` says the same for a single number: on which
entries of the step's value it acts, and with which slope. The gradient of a number is a sum over its arrows, of all
steps that read it: the slope times the gradient at the arrow's head.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from made_np.distributions.distribution import Distribution
from made_np.distributions.together import Outputs
from made_np.layers import Activation, dropout, dropout_backward, residual_add, residual_add_backward
from made_np.typing import Array

__all__ = ["TARGET", "Act", "Arrow", "Drop", "Encode", "Index", "Loss", "Nll", "Skip", "Step", "Values"]

Values = Mapping[str, Array]
Index = tuple[int, ...]

TARGET = "target"
"""The name of x as what is predicted. A nudge of x is one of x as input: what is predicted stays."""


class Arrow(NamedTuple):
    """A number acts on an entry of a step's value."""

    head: Index
    """Which entry."""
    slope: float
    """How fast it changes with the number."""
    says: str
    """What the slope is, in a word or two."""


@dataclass(frozen=True, eq=False)
class Step(ABC):
    """What computes one value.

    Attributes
    ----------
    name : str
        Of the value.
    inputs : tuple of str
        Names of the values that it is computed from.
    op : str
        The formula.
    """

    name: str
    inputs: tuple[str, ...]
    op: str

    @abstractmethod
    def forward(self, values: Values) -> Array:
        """Return the value, from those that are there."""

    @abstractmethod
    def backward(self, dy: Array, values: Values) -> dict[str, Array]:
        """Return what each input gets for the gradient `dy` of this value; inputs without a gradient are left out."""

    @abstractmethod
    def arrows(self, values: Values, source: str, index: Index) -> Iterator[Arrow]:
        """Yield on what the entry `index` of the input `source` acts here."""


@dataclass(frozen=True, eq=False)
class Encode(Step):
    """What the network sees of x and of the context: one-hot units, numbers, ones that say that a value is not told."""

    outputs: Outputs
    known: Array | None
    """(B, D) booleans, False for gaps; None if columns are not taken as they are, and x has no gradient."""

    def forward(self, values: Values) -> Array:
        """Return the input units (B, I + C)."""
        return self.outputs.encode(values["x"], values.get("context"))

    def backward(self, dy: Array, values: Values) -> dict[str, Array]:
        """Return d_x where columns are taken as they are, and d_context."""
        n = self.outputs.n_inputs
        found = {"context": dy[:, n:]} if "context" in values else {}
        if self.known is not None:
            found["x"] = np.where(self.known, dy[:, :n], 0)
        return found

    def arrows(self, values: Values, source: str, index: Index) -> Iterator[Arrow]:
        """Yield on what one entry acts here."""
        row, column = index
        if source == "context":
            yield Arrow((row, self.outputs.n_inputs + column), 1.0, "1")
        elif self.known is not None and self.known[index]:
            yield Arrow(index, 1.0, "1")

    @staticmethod
    def takes_as_they_are(outputs: Outputs) -> bool:
        """Return whether the network sees the values of x themselves."""
        plain = all(type(output).encode is Distribution.encode for output in outputs.feature_outputs)
        return plain and not outputs.gap_features


@dataclass(frozen=True, eq=False)
class Act(Step):
    """An activation: entry by entry, h = g(z)."""

    activation: Activation

    def forward(self, values: Values) -> Array:
        """Return ``g(z)``."""
        return self.activation.forward(values[self.inputs[0]])

    def backward(self, dy: Array, values: Values) -> dict[str, Array]:
        """Return ``dz = dh g'(z)``."""
        z = self.inputs[0]
        if self.activation.from_output:
            return {z: self.activation.backward(dy, None, y=values[self.name])}
        return {z: self.activation.backward(dy, values[z])}

    def arrows(self, values: Values, source: str, index: Index) -> Iterator[Arrow]:
        """Yield on what one entry acts here."""
        slopes = self.backward(np.ones_like(values[self.name]), values)[source]
        yield Arrow(index, float(slopes[index]), f"the slope of {self.op.split('(')[0]}")


@dataclass(frozen=True, eq=False)
class Drop(Step):
    """Dropout: units are switched off, those that stay are scaled."""

    def forward(self, values: Values) -> Array:
        """Return ``x * keep``."""
        x, keep = self.inputs
        return dropout(values[x], values[keep])

    def backward(self, dy: Array, values: Values) -> dict[str, Array]:
        """Return ``dx = dy * keep``; what is kept was drawn, not learned."""
        x, keep = self.inputs
        return {x: dropout_backward(dy, None, values[keep], dkeep=False)[0]}

    def arrows(self, values: Values, source: str, index: Index) -> Iterator[Arrow]:
        """Yield on what one entry acts here."""
        x, keep = self.inputs
        if source == x:
            yield Arrow(index, float(values[keep][index]), f"{keep}[{', '.join(map(str, index))}]")


@dataclass(frozen=True, eq=False)
class Skip(Step):
    """A residual layer: the units below are added, where they may be seen."""

    def forward(self, values: Values) -> Array:
        """Return ``y + below * skip``."""
        y, below, skip = self.inputs
        return residual_add(values[y], values[below], values[skip])

    def backward(self, dy: Array, values: Values) -> dict[str, Array]:
        """Return ``dy``, and ``dy * skip`` for the layer below."""
        y, below, skip = self.inputs
        to_y, to_below = residual_add_backward(dy, None, None, values[skip])
        return {y: to_y, below: to_below}

    def arrows(self, values: Values, source: str, index: Index) -> Iterator[Arrow]:
        """Yield on what one entry acts here."""
        y, below, skip = self.inputs
        if source == y:
            yield Arrow(index, 1.0, "1")
        elif source == below and values[skip][index[1]]:
            yield Arrow(index, 1.0, f"{skip}[{index[1]}]")


@dataclass(frozen=True, eq=False)
class Nll(Step):
    """What each value of x costs: ``-log p(x_d | x before d)`` in nats."""

    outputs: Outputs

    def forward(self, values: Values) -> Array:
        """Return -log p of each value, (B, D)."""
        return self.outputs.nll_and_grad(values["raw"], values[TARGET])[0]

    def backward(self, dy: Array, values: Values) -> dict[str, Array]:
        """Return d_raw: the slope of -log p of the feature that a raw output belongs to, times its gradient."""
        slopes = self.outputs.nll_and_grad(values["raw"], values[TARGET])[1]
        return {"raw": slopes * np.repeat(dy, self._sizes, axis=1)}

    def arrows(self, values: Values, source: str, index: Index) -> Iterator[Arrow]:
        """Yield on what one entry acts here."""
        if source != "raw":  # x is what it is: as a target it is not moved
            return
        row, unit = index
        slopes = self.outputs.nll_and_grad(values["raw"], values[TARGET])[1]
        feature = int(np.repeat(np.arange(len(self._sizes)), self._sizes)[unit])
        yield Arrow((row, feature), float(slopes[index]), "the slope of -log p")

    @property
    def _sizes(self) -> list[int]:
        return [own.stop - own.start for own in self.outputs.slices]


@dataclass(frozen=True, eq=False)
class Loss(Step):
    """The loss: features are summed, rows are averaged. The one place where 1/B enters."""

    def forward(self, values: Values) -> Array:
        """Return the mean over rows of the sum over features."""
        nll = values["nll"]
        # Added up in double precision, as backends do it.
        rows = nll.sum(axis=1, dtype=np.result_type(nll.dtype, np.float64))
        return np.asarray(rows.sum() / max(len(rows), 1))

    def backward(self, dy: Array, values: Values) -> dict[str, Array]:
        """Return d_nll: 1/B everywhere."""
        nll = values["nll"]
        return {"nll": np.full_like(nll, nll.dtype.type(1 / max(len(nll), 1)))}

    def arrows(self, values: Values, source: str, index: Index) -> Iterator[Arrow]:
        """Yield on what one entry acts here."""
        yield Arrow((), 1 / len(values["nll"]), "1/B")
