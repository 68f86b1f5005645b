"""The columns of a table, which become the features of a model.

Each column has a reading, from cells to numbers, with a coding, from numbers to the values z of its feature. Columns
that are one-hot together are one feature. A column that is left out is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from made_np.cells import Name, as_source, where
from made_np.columns.coding import Affine
from made_np.columns.column import Column
from made_np.columns.kinds import (
    Kind,
    as_kinds,
    distribution_of,
    has_missing,
    shared_distribution,
    warn_of_missing,
    warn_of_row_numbers,
)
from made_np.distributions.distribution import Distribution
from made_np.distributions.plain import Bernoulli, Categorical
from made_np.lazy import lazy
from made_np.table.one_hot import NOTHING_ONE_HOT, OneHot
from made_np.table.table import Table
from made_np.typing import Bools, Floats, Ints
from made_np.validation import as_doubles, as_rows
from made_np.values import as_a, as_count, show

__all__ = ["Column", "Columns", "Kind"]


@dataclass(frozen=True)
class Columns:
    """The columns of a table: from its values to a model's rows and back.

    Attributes
    ----------
    each : tuple of Column, length D
    one_hot : OneHot
        Which of them are one feature of the model.

    Examples
    --------
    >>> x = np.array([[0, 2, 0.5], [1, 0, 2.5], [1, 1, 4.5]])
    >>> columns = Columns.learn(x)
    >>> columns.outputs
    (Bernoulli(), Categorical(n=3), Gaussian(min_scale=0.001, scale='softplus'))
    >>> columns.encode(x)[:, 2].round(3)
    array([-1.225,  0.   ,  1.225])
    >>> columns.decode(columns.encode(x))[0]
    array([0. , 2. , 0.5])
    """

    each: tuple[Column, ...]
    one_hot: OneHot = NOTHING_ONE_HOT

    def __post_init__(self) -> None:
        for d, column in enumerate(as_a(self.each, "each", tuple, "give a tuple of Column")):
            if not isinstance(column, Column):
                as_a(column, f"each[{d}]", Column, "give a Column")
        as_a(self.one_hot, "one_hot", OneHot, "give a made_np.OneHot").spans(len(self.each))

    @classmethod
    def learn(
        cls,
        x: Any,
        kinds: Kind | Sequence[Kind] = "auto",
        names: Sequence[str] | None = None,
        one_hot: OneHot = NOTHING_ONE_HOT,
        *,
        check: bool = True,
    ) -> Columns:
        """Return the columns of the training table `x`.

        Parameters
        ----------
        x : array (n, D) of real numbers, n and D at least 1; or Table
        kinds : str, Distribution, or a list with one of these per column
            "auto": values 0 and 1 only are Bernoulli, integers 0..max with max <= 31 are ``Categorical(max + 1)``,
            everything else is Gaussian. Any other name is that of a distribution, registered ones too, which builds
            itself from its column: "categorical" and "discretized_logistic" take their number of values from the
            largest one there; "discretized_logistic" for all columns, from the largest one of all: the columns then
            share one scale, as pixels do.
        names : sequence of str, length D, optional
            For messages; by default those of the table.
        one_hot : OneHot
            Columns that are one-hot together; they are binary.
        check : bool
            Whether each value is seen to be one that its column can have; else `encode` will tell.

        Raises
        ------
        ValueError
            No table, rows that are not one-hot where they have to be, an unknown kind, a list of another length, or
            values that a column's kind does not allow.
        TypeError
            A kind that is neither a name nor a distribution.

        Warns
        -----
        UserWarning
            Codes with -1 among them under "auto", which are taken for real numbers, or row numbers without a name.
        """
        table = Table.of(x)
        n_columns = table.n_columns
        wanted = as_kinds(kinds, n_columns)
        known = _as_names(table.names if names is None else names, n_columns)
        as_a(one_hot, "one_hot", OneHot, "give a made_np.OneHot").spans(n_columns)
        warn_of_row_numbers(known)
        each = []
        missing = []
        for d, (kind, name) in enumerate(zip(wanted, known, strict=True)):
            values = table.column(d, gaps=False)
            each.append(_learn(values, kind, name, where(d, name)))
            if kind == "auto" and values.min() == -1 and has_missing(values):
                missing.append(where(d, name))
        warn_of_missing(missing)
        shared = shared_distribution(kinds, [o for o in (column.output for column in each) if o is not None])
        if shared is not None:
            each = [replace(column, output=shared) for column in each]
        for start, stop in one_hot.groups:
            each[start:stop] = [replace(column, output=Bernoulli(), coding=Affine()) for column in each[start:stop]]
        columns = cls(tuple(each), one_hot)
        if check:
            for first, block in table.blocks(gaps=False):
                columns.encode(block, table.source.at(first))
        return columns

    @classmethod
    def from_config(cls, config: dict[str, Any] | Sequence[dict[str, Any]]) -> Columns:
        """Return the columns whose `config` this is; older files hold the list of them alone."""
        stored: dict[str, Any] = config if isinstance(config, dict) else {"each": config, "one_hot": {}}
        return cls(tuple(map(Column.from_config, stored["each"])), OneHot.from_config(stored["one_hot"]))

    def config(self) -> dict[str, Any]:
        """Return the columns as JSON-able values, from which `from_config` builds equal ones."""
        return {"each": [column.config() for column in self.each], "one_hot": self.one_hot.config()}

    def __len__(self) -> int:
        return len(self.each)

    @lazy
    def spans(self) -> tuple[tuple[int, int], ...]:
        """Start and stop of the columns that each feature of the model stands for."""
        every = self.one_hot.spans(len(self))
        return tuple((start, stop) for start, stop in every if self.each[start].output is not None)

    @lazy
    def features(self) -> tuple[Column, ...]:
        """What the model's features are: the columns, or the one that a group of one-hot columns is."""
        none = {start: may_be_none for start, _, may_be_none in self.one_hot.each}
        features = []
        for start, stop in self.spans:
            feature = self.each[start]
            if start in none:
                name = feature.name and f"{feature.name}..{self.each[stop - 1].name}"
                feature = Column(Categorical(stop - start + none[start]), name=name, kind="categorical")
            features.append(feature)
        return tuple(features)

    @lazy
    def outputs(self) -> tuple[Distribution, ...]:
        """The distribution of each feature of the model."""
        return tuple(feature.output for feature in self.features if feature.output is not None)

    def label(self, feature: int) -> str:
        """Return how messages call what a feature of the model is in the table."""
        feature = as_count(feature, "feature", 0, len(self.features) - 1)
        start, stop = self.spans[feature]
        name = self.features[feature].name
        return where(start, name) if stop == start + 1 else f"columns {start}..{stop - 1}" + (name and f" ({name!r})")

    @lazy
    def _alike(self) -> tuple[tuple[Column, Ints], ...]:
        """Columns that are coded alike, so that they are encoded together: one of them, and the places of all."""
        groups: dict[Any, list[int]] = {}
        for d, column in enumerate(self.each):
            if not column.left_out:
                groups.setdefault((column.output, column.coding, column.other), []).append(d)
        return tuple((self.each[places[0]], np.array(places)) for places in groups.values())

    def encode(self, x: Any, name: Name = "X") -> Floats:
        """Return the model's rows z (n, features) of the numbers `x` (n, D).

        NaN in z is a gap, or a value that its column does not know.

        Raises
        ------
        TypeError, ValueError
            No table of numbers, rows that are not one-hot where they have to be, or a value that its column does not
            know, where it keeps no mass for others.
        """
        x = as_rows(x, len(self), np.dtype(np.float64), name, gaps=True)
        z = np.full_like(x, np.nan)
        for column, places in self._alike:
            z[:, places] = self._encoded(column, places, x[:, places], name)
        folded = self.one_hot.fold(z, name) if self.one_hot.groups else z
        if len(self.spans) == folded.shape[1]:
            return folded
        return folded[:, [self.each[start].output is not None for start, _ in self.one_hot.spans(len(self))]]

    def _encoded(self, column: Column, places: Ints, x: Floats, name: Name) -> Floats:
        """Return z of the columns at `places`, which are coded as `column` is."""

        def entry(row: int, place: int) -> str:
            d = int(places[place])
            return f"{as_source(name).cell(row, d)} = {x[row, place]:g}: {where(d, self.each[d].name)}"

        return column.encode(x, entry)

    def decode(self, z: Any, rng: np.random.Generator | None = None) -> Floats:
        """Return the numbers (..., D) of the model's rows `z` (..., features), NaN in columns that are left out.

        Where many numbers have one z, `rng` draws one of them; without it they get a central one.
        """
        z = as_doubles(z, "z")
        if z.shape[-1:] != (len(self.features),):
            raise ValueError(f"z has shape {z.shape}: give rows (..., {len(self.features)})")
        every = self.one_hot.spans(len(self))
        if len(every) != len(self.spans):
            whole = np.full((*z.shape[:-1], len(every)), np.nan)
            whole[..., [self.each[start].output is not None for start, _ in every]] = z
            z = whole
        if self.one_hot.groups:
            z = self.one_hot.unfold(z)
        x = np.full(z.shape, np.nan)
        for column, places in self._alike:
            own = z[..., places]
            x[..., places] = column.coding.decode(own, None if rng is None else rng.random(own.shape))
        return x

    def known(self, x: Floats, z: Floats) -> Bools:
        """Return which features are known in the numbers `x` (n, D), whose `encode` is `z`: all but the gaps.

        A value that its column does not know is known to be another one than those.
        """
        first = [start for start, _ in self.spans]
        is_group = np.array([stop > start + 1 for start, stop in self.spans], dtype=bool)
        return ~np.isnan(z) | (~np.isnan(x[:, first]) & ~is_group)

    def log_term(self, x: Floats) -> Floats:
        """Return what log p(x) has on top of log p(z), for each row of numbers and each feature, in nats.

        Parameters
        ----------
        x : ndarray (n, D)
            Rows that `encode` takes.

        Returns
        -------
        ndarray, shape (n, features + 1)
            0 at gaps. Last stands what columns say that are no feature, such as constants.
        """
        x = as_rows(x, len(self), np.dtype(np.float64), "x", gaps=True)
        each = np.zeros(x.shape)
        for column, places in self._alike:
            each[:, places] = column.log_term(x[:, places])
        terms = np.zeros((len(x), len(self.spans) + 1))
        for feature, (start, _) in enumerate(self.spans):
            terms[:, feature] = each[:, start]
            each[:, start] = 0.0
        terms[:, -1] = each.sum(axis=1)
        return terms


def _as_names(names: Any, n_columns: int) -> list[str]:
    """Return one checked name per column."""
    if names is None:
        return [""] * n_columns
    if isinstance(names, str) or not isinstance(names, (Sequence, np.ndarray)) or np.ndim(names) == 0:
        raise TypeError(f"names={show(names)} is a {type(names).__name__}: give a list of strings")
    if len(names) != n_columns:
        raise ValueError(f"names lists {len(names)}, but X has {n_columns} columns: give one for each")
    return [as_a(name, f"names[{d}]", str, "give a string") for d, name in enumerate(names)]


def _learn(values: Floats, kind: Kind, name: str, which: str) -> Column:
    """Learn one column from its training values."""
    output = kind if isinstance(kind, Distribution) else distribution_of(values, kind, which)
    if not output.is_real:
        return Column(output, name=name)
    return Column(output, Affine(*_mean_and_scale(values[~output.far_out(values)])), name=name)


def _mean_and_scale(values: Floats) -> tuple[float, float]:
    """Return mean and standard deviation; the scale of a constant column is 1."""
    # In units of the largest value, so that no square overflows or vanishes.
    unit = float(np.abs(values).max()) or 1.0
    shares = values / unit
    mean = float(shares.mean()) * unit
    spread = float(shares.std())
    # Rounding alone leaves a spread of about 1e-16.
    scale = spread * unit if spread > 1e-14 else 1.0
    return mean, max(scale, float(np.finfo(np.float64).tiny))
