"""One number of a tape followed forward to all that it acts on, with what comes back from there."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from made_np.tracing.names import gradient_of, written
from made_np.tracing.steps import Arrow, Encode, Index, Nll, Step

if TYPE_CHECKING:
    from made_np.tracing.tape import Tape

__all__ = ["followed"]

SHOWN = 12
"""So many arrows into one value are shown."""


def followed(tape: Tape, name: str, index: Index) -> str:
    """Return the lines about one entry: each arrow forward with what comes back along it, and their sum."""
    return "\n".join(_lines(tape, name, index))


def _lines(tape: Tape, name: str, index: Index) -> Iterator[str]:
    kept = tape.kept[name]
    own = written(name, index)
    yield f"{own} = {_number(kept.value[index])}   ({kept.op})"
    if kept.mask is not None and not kept.mask[index]:
        yield f"there is no wire: {own} acts on nothing, and {gradient_of(own)} is exactly 0"
        return
    values = {key: value.value for key, value in tape.kept.items()} | {"target": tape.kept["x"].value}
    shares: list[float] = []
    for step in tape.program.steps:
        if name not in step.inputs or (name == "x" and isinstance(step, Nll)):
            continue
        if isinstance(step, Encode) and kept.grad is None:
            yield from _encoded(step, index)
            continue
        arrows = list(step.arrows(values, name, index))
        grad = tape.kept[step.name].grad
        assert grad is not None
        shares += [arrow.slope * float(grad[arrow.head]) for arrow in arrows]
        yield from _of_step(tape, step, own, float(kept.value[index]), arrows)
    if kept.grad is None:
        yield f"{name} has no gradient of its own"
        yield from _reached(tape, name, index)
        return
    if name == "loss":
        yield "it is the loss: its gradient is 1"
        return
    what = " (as input: as what is predicted it stays)" if name == "x" else ""
    how = "the sum of what comes back" if len(shares) != 1 else "what comes back"
    yield f"{gradient_of(own)} = {_number(kept.grad[index])}: {how}{what}"
    yield from _reached(tape, name, index)


def _of_step(tape: Tape, step: Step, own: str, value: float, arrows: list[Arrow]) -> Iterator[str]:
    """Say on what a number acts in one step, and what comes back."""
    if not arrows:
        yield f"in {step.name} = {step.op} it has no part"
        return
    yield f"it acts on {step.name} = {step.op}"
    grad = tape.kept[step.name].grad
    assert grad is not None
    is_sum = "^T" in step.op or "+" in step.op
    for arrow in islice(arrows, SHOWN):
        head = written(step.name, arrow.head)
        there = _number(tape.kept[step.name].value[arrow.head])
        slope = _number(arrow.slope)
        factor = "1" if arrow.says == "1" else f"{arrow.says} = {slope}"
        adds = f"{_number(value * arrow.slope)} of it from {own}; " if is_sum else ""
        back = float(grad[arrow.head])
        share = _number(back * arrow.slope)
        yield f"  {head} = {there}: {adds}{gradient_of(head)} = {_number(back)} comes back, times {factor}: {share}"
    if len(arrows) > SHOWN:
        rest = sum(arrow.slope * float(grad[arrow.head]) for arrow in arrows[SHOWN:])
        yield f"  ... {len(arrows) - SHOWN} more, which bring back {_number(rest)}"


def _encoded(step: Encode, index: Index) -> Iterator[str]:
    """Say what the network sees in place of a value."""
    row, feature = index
    own = step.outputs.input_slices[feature]
    yield f"what the network sees of it is units[{row}, {own.start}] to units[{row}, {own.stop - 1}]: follow these"


def _reached(tape: Tape, name: str, index: Index) -> Iterator[str]:
    """Say which features' predictions hear of a value of x."""
    if name != "x":
        return
    reach = tape.mask_set.reachability()
    order = tape.mask_set.order
    heard = [f"x{d}" for d in order.tolist() if reach[d, index[1]]]
    shown = ", ".join(heard[:SHOWN]) + (f" and {len(heard) - SHOWN} more" if len(heard) > SHOWN else "")
    place = int(np.flatnonzero(order == index[1])[0])
    what = f"of {shown}" if heard else "of no feature"
    yield f"x{index[1]} is number {place + 1} of {len(order)} in the order; the predictions {what} hear of it"


def _number(value: float) -> str:
    """Return a number with its sign, in few digits.

    Examples
    --------
    >>> _number(0.05823), _number(-12345.6), _number(1.0), _number(-3e-7)
    ('+0.0582', '-12345.6', '1', '-3e-07')
    """
    value = float(value) + 0.0  # -0 is 0
    if value == 0 or value in (1, -1):
        return f"{value:g}"
    return f"{value:+.4f}" if 1e-3 <= abs(value) < 1e3 else f"{value:+.6g}"
