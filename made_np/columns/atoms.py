"""Real numbers some of which are met often: those have a z of their own, the others another coding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from made_np.columns.coding import Coding
from made_np.lazy import lazy
from made_np.typing import Bools, Floats, Ints
from made_np.values import as_a, as_number, as_sequence

__all__ = ["Atoms"]

FARTHEST = 64.0
"""No atom lies farther out in z, even where the coding of the others has no z for it."""


@dataclass(frozen=True)
class Atoms(Coding):
    """z is ``places_k`` for the k-th atom, with t = 0: p is a mass there; else what another coding says.

    Attributes
    ----------
    base : Coding
        Of the other numbers.
    values : tuple of float
        The atoms, rising.

    Examples
    --------
    >>> from made_np.columns.coding import Affine
    >>> coding = Atoms(Affine(5.0, 2.0), (0.0,))
    >>> coding.places
    (-2.5,)
    >>> coding.log_term(np.array([0.0, 1.0])).round(3)
    array([ 0.   , -0.693])
    """

    base: Coding
    values: tuple[float, ...]
    name: ClassVar[str] = "atoms"

    def __post_init__(self) -> None:
        as_a(self.base, "base", Coding, "give a coding")  # type: ignore[type-abstract]
        own = as_sequence(self.values, "values", "a list of numbers")
        values = tuple(as_number(value, f"values[{k}]") for k, value in enumerate(own))
        object.__setattr__(self, "values", values)
        if not values or (np.diff(values) <= 0).any() or (np.diff(self.places) <= 0).any():
            raise ValueError(f"values={values}: give at least one number, each well above the one before")

    @lazy
    def places(self) -> tuple[float, ...]:
        """The z of each atom: that of the other coding, as float32 holds it, so that a draw is the very atom."""
        values = np.array(self.values)
        z = np.clip(np.nan_to_num(self.base.encode(values), nan=-FARTHEST), -FARTHEST, FARTHEST)
        outside = self.base.unknown(values)  # such as a zero where the others have a logarithm
        below = np.cumsum(~outside) == 0
        count = np.arange(len(values))
        z = np.where(outside, np.where(below, count - FARTHEST - len(values), FARTHEST + count), z)
        return tuple(z.astype(np.float32).astype(np.float64).tolist())

    def _at(self, x: Floats, values: tuple[float, ...]) -> tuple[Ints, Bools]:
        """Return the nearest place among `values` for each x, and whether x is equal to it."""
        each = np.array(values)
        at = np.minimum(np.searchsorted(each, x), len(each) - 1)
        return at, np.asarray(each[at] == x)

    def encode(self, x: Floats) -> Floats:
        """Return z."""
        at, is_atom = self._at(x, self.values)
        return np.where(is_atom, np.array(self.places)[at], self.base.encode(x))

    def log_term(self, x: Floats) -> Floats:
        """Return 0 at an atom, else t of the other coding."""
        return np.where(self._at(x, self.values)[1], 0.0, self.base.log_term(x))

    def decode(self, z: Floats, u: Floats | None = None) -> Floats:
        """Return x."""
        z = np.asarray(z, dtype=np.float64)
        at, is_atom = self._at(z, self.places)
        return np.where(is_atom, np.array(self.values)[at], self.base.decode(z, u))

    def unknown(self, x: Floats) -> Bools:
        """Return True for what is no atom, where the other coding does not know it."""
        return self.base.unknown(x) & ~self._at(x, self.values)[1]

    def config(self) -> dict[str, Any]:
        """Return its arguments; the other coding with its name."""
        return {"base": {"name": self.base.name, **self.base.config()}, "values": list(self.values)}
