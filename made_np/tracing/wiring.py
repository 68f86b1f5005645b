"""The step that has wires: a masked layer, hidden or output, with all that may lead into it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from made_np.backends._numpy.panels import Wires
from made_np.layers import mask_bias, mask_bias_backward
from made_np.tracing.steps import Arrow, Index, Step, Values
from made_np.typing import Array, Bools, Ints

__all__ = ["Cable", "Layer"]


@dataclass(frozen=True, eq=False)
class Cable:
    """Wires from one value to a layer: weights with their mask, and what tells the layer this mask.

    Attributes
    ----------
    below : str
        The value that they come from.
    W : str
        Their weights.
    U : str or None
        Their mask weights, which act as a bias.
    wires : Wires
    units : ndarray of int, or None
        The columns of `below` that W has columns for; None: all.
    """

    below: str
    W: str
    U: str | None
    wires: Wires
    units: Ints | None = None

    def taken(self, values: Values) -> Array:
        """Return the columns of the value below that are wired."""
        below = values[self.below]
        return below if self.units is None else below[:, self.units]

    def spread(self, dx: Array, values: Values) -> Array:
        """Return the gradient of all columns of the value below, from that of those that are wired."""
        if self.units is None:
            return dx
        every = np.zeros_like(values[self.below])
        every[:, self.units] = dx
        return every

    def arrows(self, values: Values, source: str, index: Index, rows: range) -> Iterator[Arrow]:
        """Yield on what an entry of the value below, of W, or of U acts in the layer."""
        mask = self.wires.mask
        if source == self.below:
            columns = np.arange(mask.shape[1])[self.units_of(index[1])]
            for column in columns.tolist():
                for out in np.flatnonzero(mask[:, column]).tolist():
                    yield Arrow((index[0], out), float(values[self.W][out, column]), f"{self.W}[{out}, {column}]")
        elif source == self.W and mask[index]:
            unit = index[1] if self.units is None else int(self.units[index[1]])
            for row in rows:
                yield Arrow((row, index[0]), float(values[self.below][row, unit]), f"{self.below}[{row}, {unit}]")
        elif source == self.U and mask[index]:
            yield from (Arrow((row, index[0]), 1.0, "1") for row in rows)

    def units_of(self, unit: int) -> slice | Bools:
        """Return which columns of W are those of a column of the value below: one, or none."""
        return slice(unit, unit + 1) if self.units is None else self.units == unit


@dataclass(frozen=True, eq=False)
class Layer(Step):
    """``y = below (W * M)^T + b``, and what mask weights and direct wires add to it.

    Attributes
    ----------
    b : str
    main : Cable or None
        From the layer below; a network without hidden layers has none.
    direct : Cable or None
        From the inputs to the output, past all layers.
    """

    b: str
    main: Cable | None
    direct: Cable | None = None

    @property
    def cables(self) -> list[Cable]:
        """Those that there are."""
        return [cable for cable in (self.main, self.direct) if cable is not None]

    def forward(self, values: Values) -> Array:
        """Return ``y`` (B, O)."""
        bias = values[self.b]
        for cable in self.cables:
            if cable.U is not None:
                bias = bias + mask_bias(values[cable.U], cable.wires.mask)
        if self.main is None:
            y = np.tile(bias, (len(values["x"]), 1))
        else:
            y = self.main.wires.product(self.main.taken(values), values[self.main.W], bias)
        if self.direct is None:
            return y
        return y + self.direct.wires.product(self.direct.taken(values), values[self.direct.W], None)

    def backward(self, dy: Array, values: Values) -> dict[str, Array]:
        """Return the gradients of all that leads here, as `masked_linear_backward` has them."""
        db = np.empty_like(values[self.b])
        found = {self.b: db}
        for cable in self.cables:
            x = cable.taken(values)
            dW = np.empty_like(values[cable.W])
            dx = np.empty_like(x)
            own = db if cable is self.main else None
            cable.wires.product_backward(dy, x, values[cable.W], dW=dW, db=own, dx=dx)
            found[cable.W] = dW
            found[cable.below] = cable.spread(dx, values)
        if self.main is None:
            np.sum(dy, axis=0, out=db)
        for cable in self.cables:
            if cable.U is not None:
                found[cable.U] = mask_bias_backward(db, None, cable.wires.mask)
        return found

    def arrows(self, values: Values, source: str, index: Index) -> Iterator[Arrow]:
        """Yield on what one entry acts here."""
        rows = range(len(values["x"]))
        if source == self.b:
            yield from (Arrow((row, index[0]), 1.0, "1") for row in rows)
        for cable in self.cables:
            yield from cable.arrows(values, source, index, rows)
