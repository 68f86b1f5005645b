"""Columns that are given, not modelled: what the network is told of them.

Each is read as any column is, and told by the input units that its feature would have. Where it is not told, at a gap
and at a value that fit has not met, these units are 0, and one more is 1: so it is not taken for a value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from made_np.cells import Name, as_source, where
from made_np.columns.column import Column
from made_np.columns.kinds import NUMERIC, places_of
from made_np.distributions import gaps
from made_np.distributions.distribution import Distribution
from made_np.lazy import lazy
from made_np.typing import Array, Floats, Ints
from made_np.values import as_sequence, show

__all__ = ["Context", "as_context", "check_context"]

MOST_LEVELS = 1 << 14
"""A column of more codes is told by signs: so the network does not grow with their number, and learns of a single code
only what it has in common with others."""
SIGNS = 64
FORGOTTEN = 1 / 32
"""The network is not told so many values of training: so it learns what to make of gaps, and of values never met."""


def as_context(context: Any, n_columns: int, labels: Sequence[Any] | None = None) -> tuple[int, ...]:
    """Return the places of the columns that are named, or given by their places, in rising order; () for None.

    Raises
    ------
    TypeError, ValueError
        No list, a column that is not there or is named twice, or all columns.

    Examples
    --------
    >>> as_context(["sex", 0], 3, ["age", "sex", "job"])
    (0, 1)
    """
    if context is None:
        return ()
    listed = as_sequence(context, "context", "a list of names or places of columns, such as ['income']")
    places: list[int] = []
    for key in listed:
        for place in places_of(key, n_columns, labels or (), "context"):
            if place in places:
                raise ValueError(f"context={show(context)} names {_called(place, labels)} twice: name it once")
            places.append(place)
    if len(places) == n_columns:
        raise ValueError("context names every column of X, so that none is left to be modelled: name fewer")
    return tuple(sorted(places))


def check_context(each: Sequence[Column], context: tuple[int, ...]) -> None:
    """Raise a `ValueError` where nothing is learned of a column of the context."""
    for d in context:
        if each[d].left_out:
            raise ValueError(
                f"context: {where(d, each[d].name)} is of no use to the model ({each[d].left_out}): leave it out of "
                "context, or say what it is, such as columns={name: 'categorical'}"
            )


def _called(place: int, labels: Sequence[Any] | None) -> str:
    return where(place, str(labels[place]) if labels else "")


@dataclass(frozen=True)
class Context:
    """What the network is told of some columns of a table.

    Attributes
    ----------
    places : tuple of int
        Of the columns, in the table.
    each : tuple of Column
        A column of one value tells nothing, and has no units.

    Examples
    --------
    >>> from made_np.columns.columns import Columns
    >>> columns = Columns.learn([[0, 2.5, 7], [1, 1.5, 8], [0, 2.5, 9]], ["binary", "categorical", "real"], context=[0])
    >>> columns.told.inputs(np.array([[0, 2.5, 7], [5, 2.5, 7]]))  # of 5 it says that it has not met it
    array([[0., 0.],
           [0., 1.]])
    """

    places: tuple[int, ...]
    each: tuple[Column, ...]

    @lazy
    def _outputs(self) -> tuple[tuple[int, Column, Distribution], ...]:
        """Place, column and distribution of those that tell something."""
        both = zip(self.places, self.each, strict=True)
        return tuple((place, column, column.output) for place, column in both if column.output is not None)

    @lazy
    def _slices(self) -> tuple[slice, ...]:
        """The input units of each of `_outputs`."""
        sizes = [_n_units(column, output) for _, column, output in self._outputs]
        stops = np.cumsum(sizes, dtype=np.int64).tolist()
        return tuple(slice(stop - size, stop) for size, stop in zip(sizes, stops, strict=True))

    @property
    def n_inputs(self) -> int:
        """C, the number of input units."""
        return self._slices[-1].stop if self._slices else 0

    @property
    def n_codes(self) -> int:
        """P, the number of columns that tell something."""
        return len(self._outputs)

    def unlearned(self, x: Floats) -> tuple[int, int] | None:
        """Return row and place of a gap in numbers `x` (n, D) of which fit learned nothing; None if there is none."""
        for place, column in zip(self.places, self.each, strict=True):
            is_gap = np.isnan(x[:, place])
            if not column.facts.n_gaps and is_gap.any():
                return int(is_gap.argmax()), place
        return None

    def inputs(self, x: Floats, name: Name = "X") -> Floats | None:
        """Return what the network is told of rows of numbers `x` (n, D): (n, C); None for C = 0. Raises as `encode`."""
        z = self.encode(x, name)
        return self.units(z) if self._outputs else None

    def encode(self, x: Floats, name: Name = "X") -> Floats:
        """Return the coded values z (n, P) of rows of numbers `x` (n, D), NaN where the network is not told one.

        Raises
        ------
        ValueError
            A gap in a column that had none in fit, or a value that fit has not met where such are refused.
        """
        source = as_source(name)
        gap = self.unlearned(x)
        if gap is not None:
            row, place = gap
            called = where(place, self.each[self.places.index(place)].name)
            raise ValueError(
                f"{source.cell(row, place)} is missing: {called} is context, and had no gaps in fit, so that nothing "
                "is known of rows without it: give its value, or fit on rows with gaps in it"
            )
        z = np.empty((len(x), self.n_codes))
        for k, (place, column, output) in enumerate(self._outputs):

            def entry(row: int, place: int = place, column: Column = column) -> str:
                return f"{source.cell(row, place)}: {where(place, column.name)}"

            z[:, k] = column.encode(_within(column, output, x[:, place]), entry)
        return z

    def units(self, z: Array) -> Array:
        """Return the input units (n, C) of coded values (n, P)."""
        units = np.empty((len(z), self.n_inputs), z.dtype)
        for k, ((_, column, output), own) in enumerate(zip(self._outputs, self._slices, strict=True)):
            seen = _signs(z[:, k]) if _is_long(output) else gaps.encode(output, z[:, k])
            units[:, own] = np.column_stack([seen, np.isnan(z[:, k])]) if _has_flag(column) else seen
        return units

    def forget(self, z: Array, rng: np.random.Generator, among: tuple[Ints, int] | None = None) -> Array:
        """Return coded values (n, P) to learn from, some of which the network is not told: see `FORGOTTEN`.

        The rows stand `among` those of a larger table: at which places, of how many; None: they are all.
        """
        places, n_all = (slice(None), len(z)) if among is None else among
        z = z.copy()
        for k, (_, column, _) in enumerate(self._outputs):
            if _has_flag(column):
                z[rng.random(n_all)[places] < FORGOTTEN, k] = np.nan
        return z


def _has_flag(column: Column) -> bool:
    """Whether one unit, the last, says that the network is not told a value."""
    return bool(column.other or column.facts.n_gaps)


def _is_long(output: Distribution) -> bool:
    return output.has_states and output.n_inputs > MOST_LEVELS


def _n_units(column: Column, output: Distribution) -> int:
    return (SIGNS if _is_long(output) else output.n_inputs) + _has_flag(column)


def _within(column: Column, output: Distribution, x: Floats) -> Floats:
    """Return numbers on a scale, each as the nearest one that the column knows: it need not have been met."""
    facts = column.facts
    if output.has_states and column.kind not in (*NUMERIC, "date"):
        return x
    x = np.clip(x, facts.low, facts.high)
    if not facts.resolution:
        return x
    return np.minimum(facts.low + np.rint((x - facts.low) / facts.resolution) * facts.resolution, facts.high)


def _signs(z: Array) -> Floats:
    """Return 64 numbers -1 or 1 for each code (n,), which look like those of chance; 0 at NaN.

    They are the bits of the hash splitmix64 (Steele, Lea and Flood 2014), so that all machines have the same ones.
    """
    told = ~np.isnan(z)
    hashed = (np.where(told, z, 0).astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    hashed = (hashed ^ (hashed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    hashed = (hashed ^ (hashed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    hashed ^= hashed >> np.uint64(31)
    bits = (hashed[:, None] >> np.arange(SIGNS, dtype=np.uint64)) & np.uint64(1)
    return np.where(told[:, None], 2.0 * bits - 1.0, 0.0)
