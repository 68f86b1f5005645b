"""Numbers that are a few single values, each with the code of its value."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np

from made_np.columns.coding import Coding
from made_np.lazy import lazy
from made_np.typing import Bools, Floats, Ints
from made_np.values import as_flag, as_sequence

__all__ = ["Codes"]

NEAR = 1e-6
"""A number counts as one of the values if it is no farther from it than this share of the least distance of two."""


@dataclass(frozen=True)
class Codes(Coding):
    """z is the code 0..K-1 of the value x; ``t = log p(x given its code)``, 0 where each value has its own.

    Attributes
    ----------
    values : tuple of float, length L
        Rising.
    codes : tuple of int, length L
        Of each value; by default its place. Several values with one code are lumped together.
    weights : tuple of float, length L
        How often each value is there, in any unit; by default all alike. A code is drawn as one of its values by them.
    missing : bool
        Whether a gap is a value, with the code K.

    Examples
    --------
    >>> spins = Codes((-1.0, 1.0))
    >>> spins.encode(np.array([1.0, -1.0, np.nan])), spins.decode(np.array([0.0, 1.0]))
    (array([ 1.,  0., nan]), array([-1.,  1.]))
    >>> rare = Codes((0.0, 1.0, 2.0), (0, 1, 1), (90.0, 3.0, 1.0))
    >>> np.exp(rare.log_term(np.arange(3.0))).tolist(), rare.decode(np.ones(2), np.array([0.5, 0.9])).tolist()
    ([1.0, 0.75, 0.25], [1.0, 2.0])
    """

    values: tuple[float, ...]
    codes: tuple[int, ...] = ()
    weights: tuple[float, ...] = ()
    missing: bool = False
    name: ClassVar[str] = "codes"
    is_closed: ClassVar[bool] = True

    def __post_init__(self) -> None:
        values = tuple(float(value) for value in as_sequence(self.values, "values", "numbers"))
        if not values or not all(low < high for low, high in pairwise(values)):
            raise ValueError("values have to rise: give numbers, each above the one before")
        codes = tuple(map(int, as_sequence(self.codes or tuple(range(len(values))), "codes", "codes", len(values))))
        if sorted(set(codes)) != list(range(max(codes) + 1)):
            raise ValueError("codes are not 0..K-1: give each value one of these, and each of these a value")
        weights = tuple(
            map(float, as_sequence(self.weights or (1.0,) * len(values), "weights", "weights", len(values)))
        )
        if not min(weights) > 0:
            raise ValueError("weights has one that is not above 0: give each value how often it is there")
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "codes", codes)
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "missing", as_flag(self.missing, "missing"))

    @property
    def n(self) -> int:
        """How many codes there are, that of a gap too."""
        return max(self.codes) + 1 + self.missing

    @lazy
    def _table(self) -> tuple[Floats, Ints, Floats]:
        """Values, codes, and the share of each value in its code, each (L,)."""
        codes = np.array(self.codes)
        weights = np.array(self.weights)
        return np.array(self.values), codes, weights / np.bincount(codes, weights)[codes]

    @lazy
    def _drawing(self) -> tuple[Ints, Floats, Ints]:
        """Places of the values sorted by code, running sums of their shares, and the likeliest place of each code."""
        _, codes, shares = self._table
        order = np.argsort(codes, kind="stable")
        total = np.cumsum(shares[order])
        likeliest = np.lexsort((np.arange(len(codes)), -shares, codes))
        first = np.searchsorted(codes[likeliest], np.arange(self.n - self.missing))
        return order, total, likeliest[first]

    def _places(self, x: Floats) -> Ints:
        """Return the place of the nearest value."""
        values = self._table[0]
        return np.asarray(np.searchsorted((values[1:] + values[:-1]) / 2, x, "right")).clip(0, len(values) - 1)

    def encode(self, x: Floats) -> Floats:
        """Return the codes; of a number that is no value, that of the nearest one."""
        gap = float(self.n - 1) if self.missing else np.nan
        return np.where(np.isnan(x), gap, self._table[1][self._places(x)])

    def log_term(self, x: Floats) -> Floats:
        """Return log p(x given its code)."""
        return np.where(np.isnan(x), 0.0, np.log(self._table[2][self._places(x)]))

    def decode(self, z: Floats, u: Floats | None = None) -> Floats:
        """Return the value of a code; of several the one that `u` decides, else the likeliest. NaN is what a gap is."""
        order, total, likeliest = self._drawing
        last = self.n - 1 - self.missing
        gap = np.isnan(z) | (z > last)
        codes = np.clip(np.where(gap, 0, z), 0, last).astype(np.int64)
        if u is None:
            places = likeliest[codes]
        else:
            places = order[np.searchsorted(total, codes + u, "right").clip(0, len(order) - 1)]
            places = np.where(self._table[1][places] == codes, places, likeliest[codes])  # where sums round
        return np.where(gap, np.nan, self._table[0][places])

    def shares(self, low: float | Floats, high: float | Floats) -> Floats:
        """Return P(low <= x <= high given z) for each code; of arrays (m,) of ends, shape (m, n)."""
        values, codes, shares = self._table
        within = (values >= np.asarray(low)[..., None]) & (values <= np.asarray(high)[..., None])
        each = np.zeros((*within.shape[:-1], self.n))
        for place, code in enumerate(codes.tolist()):
            each[..., code] += np.where(within[..., place], shares[place], 0.0)
        return each

    def unknown(self, x: Floats) -> Bools:
        """Return True where x is none of the values."""
        values = self._table[0]
        near = NEAR * float(np.diff(values).min(initial=abs(values[0]) or 1.0)) + 4 * np.spacing(np.abs(x))
        return np.abs(x - values[self._places(x)]) > near
