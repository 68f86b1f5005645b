"""One number of a tape moved by a little: how the loss answers, beside its gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from made_np.tracing.names import written
from made_np.tracing.steps import Index
from made_np.tracing.value import Value

if TYPE_CHECKING:
    from made_np.tracing.tape import Tape

__all__ = ["Nudge", "nudge"]

STEP = float(np.finfo(np.float64).eps ** (1 / 3))
"""Where rounding, which grows as 1 / h, meets what the quotient leaves out, which shrinks as h^2."""

KINK = 1e-3
"""So far, relatively, the slopes from both sides may lie apart."""


@dataclass(frozen=True)
class Nudge:
    """What the loss does when one number moves.

    Attributes
    ----------
    entry : str
        Which number, such as "W0[3, 1]".
    value : float
    gradient : float
        The gradient on the tape.
    difference : float
        ``(loss(value + h) - loss(value - h)) / 2h``, computed in float64.
    h : float
    note : str
        What must be known to compare them: a mask, a kink, x as input; else "".
    """

    entry: str
    value: float
    gradient: float
    difference: float
    h: float
    note: str = ""

    @property
    def error(self) -> float:
        """How far they are apart."""
        return abs(self.gradient - self.difference)

    def __str__(self) -> str:
        lines = [
            f"{self.entry} = {self.value:+.6g}, moved by h = {self.h:.2g} up and down",
            f"  gradient    {self.gradient:+.12f}",
            f"  difference  {self.difference:+.12f}   (loss up - loss down) / 2h",
            f"  apart       {self.error:.1e}",
        ]
        return "\n".join([*lines, *([f"  {self.note}"] if self.note else [])])

    __repr__ = __str__


def nudge(tape: Tape, name: str, index: Index) -> Nudge:
    """Return how the loss answers to a nudge of one entry.

    Raises
    ------
    ValueError
        It has no gradient.
    """
    kept = tape.kept[name]
    if kept.grad is None:
        raise ValueError(f"entry='{written(name, index)}': {name} ({kept.op}) has no gradient to compare with")
    value = float(tape.exact[name][index])
    h = STEP * max(1.0, abs(value))
    move = np.zeros(kept.value.shape)
    move[index] = h
    dtype = move.dtype
    up, down = (float(tape.program.run(dtype, {name: sign * move})["loss"]) for sign in (1, -1))
    here = float(tape.exact["loss"])
    note = _note(kept, index, (up - here) / h, (here - down) / h)
    return Nudge(written(name, index), value, float(kept.grad[index]), (up - down) / (2 * h), h, note)


def _note(kept: Value, index: Index, right: float, left: float) -> str:
    if kept.mask is not None and not kept.mask[index]:
        return "there is no wire: nothing notices this number, and its gradient is exactly 0"
    if kept.name == "x" and np.isnan(kept.value[index]):
        return "x is not known there: the network is not told it"
    if abs(right - left) > KINK * max(1.0, abs(right), abs(left)):
        return f"there is a kink within h: the slope is {left:+.6f} below and {right:+.6f} above"
    if kept.name == "x":
        return "x is moved as input: as what is predicted it stays"
    return ""
