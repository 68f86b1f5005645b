"""What masks alone say about a network: in which order it generates, what degree each unit has.

A wire tells that the unit above may see all that the unit below sees, a wire that is missing tells that some unit below
sees more. So whoever sees whom follows from the masks, an order is one in which nobody sees himself or what comes
later, and degrees are the least numbers that agree with all wires. Nothing has to be known about how masks were drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from made_np.masks.masks import connectivity, make_mask, position_of
from made_np.typing import Bools, Ints

__all__ = ["Wiring", "order_of"]


@dataclass(frozen=True)
class Wiring:
    """The masks of a network, with the feature that each input unit and each output unit belongs to.

    Attributes
    ----------
    masks : tuple of ndarray of bool, each (out, in)
        From the input to the output; empty if all wires are direct.
    direct : ndarray of bool, optional
        Wires from input to output.
    inputs, outputs : ndarray of int
        The feature of each input unit, and of each output unit.
    residual : bool
        Whether units of hidden layers add the unit of the same number below, where widths agree.
    n_context : int
        How many inputs stand behind those units, of degree 0: every output may see them.
    """

    masks: tuple[Bools, ...]
    direct: Bools | None
    inputs: Ints
    outputs: Ints
    residual: bool = False
    n_context: int = 0

    @property
    def n_features(self) -> int:
        """D."""
        return int(self.inputs.max()) + 1

    def joined(self) -> tuple[Bools, ...]:
        """Return the masks, with residual wires."""
        if not self.residual:
            return self.masks
        inner = range(1, len(self.masks) - 1)
        skips = {k for k in inner if self.masks[k].shape[0] == self.masks[k].shape[1]}
        return tuple(m | np.eye(len(m), dtype=bool) if k in skips else m for k, m in enumerate(self.masks))

    def units(self) -> Bools:
        """Return which output unit sees which input unit, (O, I)."""
        return connectivity(self.joined(), self.direct)[:, : len(self.inputs)]

    def depends(self) -> Bools:
        """Return which feature's outputs see which feature's inputs, (D, D)."""
        found = np.zeros((self.n_features, self.n_features), dtype=bool)
        above, below = np.nonzero(self.units())
        found[self.outputs[above], self.inputs[below]] = True
        return found

    def order(self) -> Ints:
        """Return the order, or raise a `ValueError` that names the leak. Where masks leave a choice, wires decide."""
        first = self.masks[0] if self.masks else self.direct
        last = self.masks[-1] if self.masks else self.direct
        assert first is not None
        assert last is not None
        heard = np.bincount(self.inputs, first.sum(axis=0)[: len(self.inputs)], self.n_features)
        hears = np.bincount(self.outputs, last.sum(axis=1), self.n_features)
        return order_of(self.depends(), np.lexsort((hears, -heard)))

    def degrees(self, order: Ints) -> tuple[Ints, ...]:
        """Return the degrees of the hidden units: with the masks that follow they are these, if that can be.

        If it cannot, the masks that follow have further wires, but lack none that leads to an output.
        """
        if not self.masks:
            return ()
        position = position_of(order)
        first = np.concatenate([position[self.inputs] + 1, np.zeros(self.n_context, dtype=np.int64)])
        last = position[self.outputs] + 1
        exact = _least(self.joined(), first, last, also_missing=True)
        is_legal = all(int(layer.max()) <= max(self.n_features - 1, 1) for layer in exact)
        masks = _masks_of((first, *exact), last)
        if is_legal and all(np.array_equal(own, mask) for own, mask in zip(masks, self.masks, strict=True)):
            return exact
        return _least(self._live(), first, last, also_missing=False)

    def _live(self) -> tuple[Bools, ...]:
        """Return the wires that lead on to an output."""
        masks = list(self.joined())
        for k in range(len(masks) - 2, -1, -1):
            masks[k] = masks[k] & masks[k + 1].any(axis=0, keepdims=True).T
        return tuple(masks)


def order_of(depends: Bools, preferred: Ints) -> Ints:
    """Return the order in which each feature comes after those that it depends on.

    Parameters
    ----------
    depends : ndarray of bool, shape (D, D)
        ``[i, j]``: outputs of feature i see inputs of feature j.
    preferred : ndarray of int, shape (D,)
        The features, those first that come first where there is a choice.

    Raises
    ------
    ValueError
        There is no such order; the message names a feature that sees itself, or a circle.

    Examples
    --------
    >>> depends = np.array([[0, 0, 1], [1, 0, 1], [0, 0, 0]], dtype=bool)
    >>> order_of(depends, np.arange(3))
    array([2, 0, 1])
    """
    waits = depends.sum(axis=1)
    placed = np.zeros(len(depends), dtype=bool)
    order: list[int] = []
    while len(order) < len(depends):
        ready = preferred[(waits[preferred] == 0) & ~placed[preferred]]
        if not len(ready):
            raise ValueError(_circle(depends & ~placed))
        feature = int(ready[0])
        order.append(feature)
        placed[feature] = True
        waits = waits - depends[:, feature]
    return np.array(order)


def _circle(depends: Bools) -> str:
    """Return in words that a feature sees itself, directly or around: one does, since each that is left waits."""
    itself = np.flatnonzero(depends.diagonal())
    if len(itself):
        return f"the outputs of feature {itself[0]} see its own inputs"
    feature = int(np.flatnonzero(depends.any(axis=1))[0])
    walk: list[int] = []
    while feature not in walk:
        walk.append(feature)
        feature = int(np.flatnonzero(depends[feature])[0])
    circle = [*walk[walk.index(feature) :], feature]
    return "outputs see inputs in a circle: " + ", ".join(
        f"those of feature {above} see feature {below}" for above, below in pairwise(circle)
    )


def _least(masks: Sequence[Bools], first: Ints, last: Ints, *, also_missing: bool) -> tuple[Ints, ...]:
    """Return the least degrees that agree with all wires, and with those that are missing.

    They begin at 1, or, for units that context alone may reach, at 0.

    A wire says that the unit above has no smaller degree. A missing one says that it has a smaller degree, or of an
    output, that it has no larger one. Each says that some degree is at least another: so raise what is too small until
    nothing is. Numbers beyond D-1 show that there are no such degrees.
    """
    lowest = int(first.min(initial=1))
    degrees = [np.full(len(mask), lowest, dtype=np.int64) for mask in masks[:-1]]
    limit = int(last.max(initial=1))
    while True:
        before = [layer.copy() for layer in degrees]
        below = first
        for k, layer in enumerate(degrees):
            np.maximum(layer, np.where(masks[k], below, 0).max(axis=1, initial=0), out=layer)
            below = layer
        above = last - 1  # an output of degree m sees what a hidden unit of degree m - 1 would see
        for k in range(len(degrees) - 1, -1 if also_missing else len(degrees) - 1, -1):
            least = np.where(masks[k + 1], 0, above[:, None] + 1).max(axis=0, initial=0)
            np.maximum(degrees[k], least, out=degrees[k])
            above = degrees[k]
        is_too_large = any(int(layer.max()) > limit for layer in degrees)
        if is_too_large or all((a == b).all() for a, b in zip(before, degrees, strict=True)):
            return tuple(degrees)


def _masks_of(below: tuple[Ints, ...], last: Ints) -> list[Bools]:
    """Return the masks that follow from the degrees of inputs, of hidden layers, and of outputs."""
    hidden = [make_mask(above, under) for above, under in zip(below[1:], below, strict=False)]
    return [*hidden, make_mask(last, below[-1], strict=True)]
