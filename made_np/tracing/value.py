"""A value of a network with its gradient: what a tape is a list of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from made_np.typing import Array, Bools, Floats

__all__ = ["Value", "fixed"]


@dataclass(frozen=True, eq=False)
class Value:
    """One value of a network, as it was when the loss was computed.

    Attributes
    ----------
    name : str
        "x", "W0", "b0", "z0", "h0", ...
    op : str
        How it was computed: its formula; of data, weights and biases what they are.
    inputs : tuple of str
        The values that it was computed from; none for data, weights and biases.
    value : ndarray of float64, read-only
    grad : ndarray of float64, read-only, or None
        The gradient of the loss, of the same shape; None where there is none.
    mask : ndarray of bool, or None
        Of weights: True where there is a wire.
    """

    name: str
    op: str
    inputs: tuple[str, ...]
    value: Floats
    grad: Floats | None
    mask: Bools | None = None

    @property
    def n_dead(self) -> int:
        """How many entries of the gradient are exactly 0."""
        return 0 if self.grad is None else int((self.grad == 0).sum())

    @property
    def n_masked(self) -> int:
        """How many entries have no wire."""
        return 0 if self.mask is None else int((~self.mask).sum())

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold: lists for arrays, None for a number that is not finite."""
        return {
            "name": self.name,
            "op": self.op,
            "inputs": list(self.inputs),
            "shape": list(self.value.shape),
            "value": _listed(self.value),
            "grad": None if self.grad is None else _listed(self.grad),
            "mask": None if self.mask is None else self.mask.tolist(),
        }

    def __repr__(self) -> str:
        grad = "no gradient" if self.grad is None else f"|grad| <= {largest(self.grad):.4g}"
        return f"Value({self.name}: {self.op}, {self.value.shape}, |value| <= {largest(self.value):.4g}, {grad})"


def fixed(array: Array) -> Floats:
    """Return a copy in float64 that nobody can write to."""
    copy = np.array(array, dtype=np.float64)
    copy.flags.writeable = False
    return copy


def largest(array: Floats) -> float:
    """Return the largest absolute entry, NaN passed over; 0 where there is none."""
    known = np.abs(array[~np.isnan(array)])
    return float(known.max(initial=0.0))


def _listed(array: Floats) -> Any:
    if np.isfinite(array).all():
        return array.tolist()
    return np.where(np.isfinite(array), array, None).tolist()  # type: ignore[call-overload]
