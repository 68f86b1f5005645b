"""The tape: all values of one pass through a network by name, with their gradients, ready to be asked about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from made_np.lazy import lazy
from made_np.masks.sets import MaskSet
from made_np.network.network import Network
from made_np.tracing.comparing import Compared, compare
from made_np.tracing.following import followed
from made_np.tracing.names import as_entry, find
from made_np.tracing.nudging import Nudge, nudge
from made_np.tracing.program import Leaf, Program, build
from made_np.tracing.steps import Values
from made_np.tracing.text import as_html, as_text
from made_np.tracing.value import Value, fixed
from made_np.typing import Array

__all__ = ["Tape", "record"]


@dataclass(frozen=True, eq=False, repr=False)
class Tape(Mapping[str, Value]):
    """The values of one pass forward, then backward: a mapping from names to `Value`, in topological order.

    ``x, W0, b0, z0, h0, W1, ..., raw, nll, loss``: data, weights and biases as `MADE.layout` names them, before the
    layer that reads them; z is what a layer computes, h what its activation makes of it, raw the raw outputs, nll what
    each value costs. Where columns are one-hot, or there is context, ``units`` is what the network sees of a row. With
    dropout or residual layers the activation's result is ``a0``, and h what becomes of it.

    All are float64 copies; they were computed in the model's own dtype, by the NumPy reference, and the gradients of
    parameters are those of `MADE.loss_and_grad` there, bit for bit. The gradient of x is that of x as input: the same
    x is what is predicted, and as that it stays. `MADE.trace` makes a tape.

    Examples
    --------
    >>> import made_np
    >>> made = made_np.MADE(3, hidden=(4,), activation="tanh", dtype="float64")
    >>> tape = made.trace(made.init(rng=0), [[0, 1, 1], [1, 1, 0]])
    >>> list(tape)
    ['x', 'W0', 'b0', 'z0', 'h0', 'W1', 'b1', 'raw', 'nll', 'loss']
    >>> tape["z0"].inputs, tape["z0"].op
    (('x', 'W0', 'b0'), 'x (W0 * M0)^T + b0')
    >>> tape["W0"].grad.shape
    (4, 3)
    >>> tape.nudge("W0[3, 0]").error < 1e-9
    True
    """

    kept: Mapping[str, Value]
    program: Program
    mask_set: MaskSet

    def __getitem__(self, name: str) -> Value:
        return self.kept[find(name, self.kept.keys())]

    def __iter__(self) -> Iterator[str]:
        return iter(self.kept)

    def __len__(self) -> int:
        return len(self.kept)

    @property
    def loss(self) -> float:
        """The loss, in nats."""
        return float(self["loss"].value)

    @property
    def dtype(self) -> np.dtype[Any]:
        """What the network was computed in; the tape holds it in float64."""
        return self.program.dtype

    @lazy
    def exact(self) -> Values:
        """All values, computed again in float64: what differences are taken of."""
        return self.program.run(np.dtype(np.float64))

    def follow(self, entry: str) -> str:
        """Return, as text, on what one number acts, and how its gradient comes back from there.

        Parameters
        ----------
        entry : str
            Such as ``"x[0, 1]"`` or ``"W0[3, 1]"``.

        Raises
        ------
        UnknownName, TypeError, ValueError
            There is no such entry; the message says which there are.
        """
        return followed(self, *as_entry(entry, self.kept))

    def compare(self, name: str, mine: Any) -> Compared:
        """Compare what you have computed with a value, or with a gradient: say what it is, if it is not equal.

        Parameters
        ----------
        name : str
            Of a value, such as ``"z0"``, or with a d before it of its gradient: ``"dz0"``.
        mine : array
            Your numbers.

        Returns
        -------
        Compared
            Its text says: equal, transposed, a constant factor, a mistake that is known by its numbers, or how many
            entries differ.
        """
        return compare(self, name, mine)

    def nudge(self, entry: str) -> Nudge:
        """Move one number by a little, up and down; return the difference of the loss beside the gradient.

        Parameters
        ----------
        entry : str
            Such as ``"W0[3, 1]"`` or ``"z0[1, 2]"``. Whatever is computed from it is computed anew, in
            float64.

        Raises
        ------
        UnknownName, TypeError, ValueError
            There is no such entry, or it has no gradient.
        """
        return nudge(self, *as_entry(entry, self.kept))

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON can hold it: lists for arrays, None for a number that is not finite."""
        return {
            "values": [value.to_dict() for value in self.kept.values()],
            "order": self.mask_set.order.tolist(),
            "degrees": [layer.tolist() for layer in self.mask_set.degrees],
            "loss": self["loss"].to_dict()["value"],
        }

    def __str__(self) -> str:
        return as_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return as_html(self)


def record(
    network: Network,
    mask_set: MaskSet,
    theta: Array,
    x: Array,
    context: Array | None,
    keeps: Sequence[Array | None],
) -> Tape:
    """Return the tape of rows `x` (B, D); `keeps` are L + 1 dropout masks or None, the inputs' first."""
    told = None if context is None else context.copy()
    own = [None if keep is None else keep.copy() for keep in keeps]
    program = build(network, mask_set, theta.copy(), x.copy(), told, own)
    values = program.run()
    grads = program.backward(values)
    found = {}
    for item in program.items:
        name = item.name
        grad = fixed(grads[name]) if name in grads else None
        inputs = () if isinstance(item, Leaf) else item.inputs
        found[name] = Value(name, item.op, inputs, fixed(values[name]), grad, getattr(item, "mask", None))
    return Tape(found, program, mask_set)
