"""The columns of a table, which become the features of a model.

Each column has a reading, from cells to numbers, with a coding, from numbers to the values z of its feature. Columns
that are one-hot together are one feature. A column that is left out is none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log, log1p
from typing import Any

import numpy as np

from made_np.cells import Name, as_source, where
from made_np.columns.choosing import Place
from made_np.columns.column import Column
from made_np.columns.context import Context, as_context
from made_np.columns.hints import tell_left_out, tell_of_one_row
from made_np.columns.kinds import NUMERIC, Kind, as_kinds
from made_np.columns.learning import Wishes, learn_column
from made_np.columns.odd import warn_of_odd
from made_np.columns.summary import as_dict, as_text
from made_np.columns.together import settled
from made_np.distributions.distribution import Distribution
from made_np.distributions.plain import Categorical
from made_np.lazy import lazy
from made_np.table.names import as_names
from made_np.table.one_hot import NOTHING_ONE_HOT, OneHot
from made_np.table.raw import RawColumn
from made_np.table.table import Table
from made_np.table.views import Reader
from made_np.typing import Bools, Floats, Ints
from made_np.validation import as_doubles, as_rows
from made_np.values import as_a, as_count, as_generator

__all__ = ["Column", "Columns", "Kind"]


@dataclass(frozen=True)
class Columns:
    """The columns of a table: from its values to a model's rows and back.

    Attributes
    ----------
    each : tuple of Column, length D
    one_hot : OneHot
        Which of them are one feature of the model.
    context : tuple of int
        Places of columns that are no features: they are given, and the network is told them.

    Examples
    --------
    >>> rows = [{"job": ("clerk", "nurse")[k % 2], "age": 20 + 7 * k % 41, "id": f"p{k}"} for k in range(100)]
    >>> columns = Columns.learn(rows, {"id": "drop"})
    >>> print(columns)
    column  kind    distribution  values           resolution
    job     binary  Bernoulli     2: clerk, nurse
    age     count   Categorical   20 to 60         1
    id      drop                                               left out: dropped
    >>> x = columns.read(Table.of([{"job": "nurse", "age": None, "id": ""}])).read()
    >>> columns.encode(x)
    array([[ 1., nan]])
    >>> columns.cells(x)[0].values
    array(['nurse'], dtype=object)
    """

    each: tuple[Column, ...]
    one_hot: OneHot = NOTHING_ONE_HOT
    context: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for d, column in enumerate(as_a(self.each, "each", tuple, "give a tuple of Column")):
            if not isinstance(column, Column):
                as_a(column, f"each[{d}]", Column, "give a Column")
        as_a(self.one_hot, "one_hot", OneHot, "give a made_np.OneHot").spans(len(self.each))
        object.__setattr__(self, "context", as_context(self.context, len(self.each)) if self.context else ())

    @classmethod
    def learn(
        cls,
        x: Any,
        kinds: Kind | Sequence[Kind] | Mapping[Any, Kind] = "auto",
        names: Sequence[str] | None = None,
        one_hot: OneHot | str = NOTHING_ONE_HOT,
        *,
        missing: str = "ignore",
        handle_unknown: str = "other",
        min_frequency: float | None = None,
        context: Sequence[str | int] | None = None,
    ) -> Columns:
        """Return the columns of the training table `x`.

        Parameters
        ----------
        x : Table, or anything that `Table.of` makes one of
            Gaps are passed over.
        kinds : str, Distribution, list with one of these per column, or dict of them by name or place of a column
            "auto": its dtype says what a column is, then its values. Otherwise a kind, "count", "categorical", "date",
            "drop" and so on; a distribution; or the name of one, registered ones too, which builds itself from its
            column. "discretized_logistic" for all columns gives them one scale, as pixels have.
        names : sequence of str, length D, optional
            For messages; by default those of the table.
        one_hot : OneHot, or "auto"
            Columns that are one-hot together; they are binary. "auto": those that the rows show, and the names.
        missing : {"ignore", "level"}
            Whether a gap is a value, learned and drawn as any other, in columns of fit that have some.
        handle_unknown : {"other", "error"}
            What becomes of a value that fit has not met, where a column has levels: all such together have the mass
            1 / (n + 1), or they are refused. A distribution that was given, and a table of bits, refuse them always.
        min_frequency : float, optional
            Levels of words that are rarer are one code of the model, so many rows, or below 1 such a share of them.
        context : list of names or places, optional
            Columns that are given, not modelled.

        Raises
        ------
        ValueError
            No table, rows that are not one-hot where they have to be, an unknown kind, a list of another length,
            values that a column's kind does not allow, no column that is left to learn, or no such context.
        TypeError
            A kind that is neither a name nor a distribution.

        Warns
        -----
        UserWarning
            What nobody said, and may not mean what it says: codes with -1 among them, a number such as -999 far from
            all others, words that write numbers or dates, but in several ways, or in one that has two readings; a file
            that seems to begin with names.
        """
        table = Table.of(x)
        known = as_names(table.names if names is None else names, table.n_columns)
        labels = table.labels or (known if any(known) else None)
        wanted = as_kinds(kinds, table.n_columns, labels)
        given = as_context(context, table.n_columns, labels)
        if one_hot != "auto":
            as_a(one_hot, "one_hot", OneHot, "give a made_np.OneHot, or 'auto'").spans(table.n_columns)
        wishes = Wishes(missing, handle_unknown, min_frequency)
        each = []
        odd = []
        for d, (kind, name) in enumerate(zip(wanted, known, strict=True)):
            place = Place(d, name, table.source, any(known))
            column, own_oddity = learn_column(table.cells(d), kind, place, wishes)
            each.append(column)
            odd.append((str(place), own_oddity))
        warn_of_odd(odd)
        each, groups = settled(each, kinds, wanted, one_hot, table, wishes.other(table.n_rows), given)
        tell_of_one_row(table)
        tell_left_out([column if kind == "auto" else None for kind, column in zip(wanted, each, strict=True)])
        columns = cls(tuple(each), groups, given)
        if one_hot is groups and groups.groups:
            for first, block in columns.read(table).blocks():
                groups.fold(block, table.source.at(first))
        return columns

    @classmethod
    def from_config(cls, config: dict[str, Any] | Sequence[dict[str, Any]]) -> Columns:
        """Return the columns whose `config` this is; older files hold the list of them alone."""
        stored: dict[str, Any] = config if isinstance(config, dict) else {"each": config, "one_hot": {}}
        context = tuple(stored.get("context", ()))
        return cls(tuple(map(Column.from_config, stored["each"])), OneHot.from_config(stored["one_hot"]), context)

    def config(self) -> dict[str, Any]:
        """Return the columns as JSON-able values, from which `from_config` builds equal ones."""
        own = {"each": [column.config() for column in self.each], "one_hot": self.one_hot.config()}
        return {**own, "context": list(self.context)} if self.context else own

    def __len__(self) -> int:
        return len(self.each)

    def __str__(self) -> str:
        return as_text(self.each, self.one_hot.groups, self.context)

    def to_dict(self) -> list[dict[str, Any]]:
        """Return what was learned of each column as JSON-able values: name, kind, levels, range, and so on."""
        return [as_dict(d, column, is_context=d in self.context) for d, column in enumerate(self.each)]

    @lazy
    def spans(self) -> tuple[tuple[int, int], ...]:
        """Start and stop of the columns that each feature of the model stands for."""
        every = self.one_hot.spans(len(self))
        return tuple((start, stop) for start, stop in every if self._is_modelled(start))

    def _is_modelled(self, d: int) -> bool:
        return self.each[d].output is not None and d not in self.context

    @lazy
    def told(self) -> Context:
        """What the network is told of the columns that are given."""
        return Context(self.context, tuple(self.each[d] for d in self.context))

    @lazy
    def constants(self) -> tuple[int, ...]:
        """Places of the columns that are no feature since they have one value only."""
        return tuple(
            d
            for d, column in enumerate(self.each)
            if column.output is None and not column.left_out and d not in self.context
        )

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
        in_groups = {d for group in self.one_hot.groups for d in range(*group)}
        groups: dict[Any, list[int]] = {}
        for d, column in enumerate(self.each):
            if not column.left_out and d not in in_groups and d not in self.context:
                bounds = (column.facts.low, column.facts.high) if column.kind in NUMERIC else ()
                groups.setdefault((column.output, column.coding, column.other, bounds), []).append(d)
        return tuple((self.each[places[0]], np.array(places)) for places in groups.values())

    @lazy
    def _feature_at(self) -> Ints:
        """The feature of each column that is one on its own, (D,)."""
        at = np.full(len(self), -1)
        at[[start for start, _ in self.spans]] = np.arange(len(self.spans))
        return at

    @lazy
    def _in_model(self) -> Bools:
        """Which features of the folded table are in the model."""
        return np.array([self._is_modelled(start) for start, _ in self.one_hot.spans(len(self))])

    def read(self, table: Table) -> Table:
        """Return a table as numbers: what is a gap, and what stands in columns that are left out, is NaN."""
        readings: list[Reader | None] = [None if column.left_out else column.reading for column in self.each]
        return table.through(readings)

    def cells(self, x: Floats) -> list[RawColumn]:
        """Return the cells of each column for rows of numbers (n, D)."""
        return [column.reading.cells(x[:, d]) for d, column in enumerate(self.each)]

    def encode(self, x: Any, name: Name = "X") -> Floats:
        """Return the model's rows z (n, features) of the numbers `x` (n, D).

        NaN in z is a gap, or a value that its column does not know.

        Raises
        ------
        TypeError, ValueError
            No table of numbers, or a value that its column does not know, rows that are not one-hot where they have to
            be, where no mass is kept for others.
        """
        x = as_rows(x, len(self), np.dtype(np.float64), name, gaps=True)
        z = np.full_like(x, np.nan)
        for column, places in self._alike:
            own = _as_run(places)
            z[:, own] = self._encoded(column, places, np.ascontiguousarray(x[:, own]), name)
        for (start, stop), is_odd in zip(self.one_hot.groups, self._odd(x), strict=True):
            z[:, start:stop] = x[:, start:stop]
            if self.each[start].other:
                z[is_odd, start:stop] = np.nan
        folded = self.one_hot.fold(z, name) if self.one_hot.groups else z
        return folded if self._in_model.all() else folded[:, self._in_model]

    def _odd(self, x: Floats) -> list[Bools]:
        """Return for each one-hot group which rows hold something else, and no gap."""
        odd = []
        for start, stop, may_be_none in self.one_hot.each:
            part = x[:, start:stop]
            n_ones = (part == 1).sum(axis=1)
            is_one_hot = (n_ones == 1) | ((n_ones == 0) & may_be_none)
            odd.append(~np.isnan(part).any(axis=1) & ~(is_one_hot & ((part == 0) | (part == 1)).all(axis=1)))
        return odd

    def _encoded(self, column: Column, places: Ints, x: Floats, name: Name) -> Floats:
        """Return z of the columns at `places`, which are coded as `column` is."""

        def entry(row: int, place: int) -> str:
            d = int(places[place])
            is_word = self.each[d].reading.name == "levels"  # whose code says nothing
            value = "" if is_word else f" = {x[row, place]:g}"
            return f"{as_source(name).cell(row, d)}{value}: {where(d, self.each[d].name)}"

        return column.encode(x, entry)

    def known(self, x: Floats, z: Floats | None = None) -> Bools:
        """Return (n, features) booleans: False at gaps of rows of numbers (n, D), but True where a gap is a value.

        `z` is what `encode` makes of them, if that is there already.
        """
        known = ~np.isnan(self.encode(x) if z is None else z)
        for feature, (start, stop) in enumerate(self.spans):
            known[:, feature] |= ~np.isnan(x[:, start:stop]).any(axis=1)
        return known

    def decode(self, z: Any, rng: np.random.Generator | None = None) -> Floats:
        """Return the numbers (..., D) of the model's rows `z` (..., features), NaN in columns left out or given.

        Where many numbers have one z, `rng` draws one of them; without it they get a central one.
        """
        z = as_doubles(z, "z")
        if z.shape[-1:] != (len(self.features),):
            raise ValueError(f"z has shape {z.shape}: give rows (..., {len(self.features)})")
        generator = None if rng is None else as_generator(rng)
        if not self._in_model.all():
            whole = np.full((*z.shape[:-1], len(self._in_model)), np.nan)
            whole[..., self._in_model] = z
            z = whole
        if self.one_hot.groups:
            z = self.one_hot.unfold(z)
        x = np.full(z.shape, np.nan)
        for start, stop in self.one_hot.groups:
            x[..., start:stop] = z[..., start:stop]
        for column, places in self._alike:
            own = _as_run(places)
            x[..., own] = column.decode(z[..., own], None if generator is None else generator.random(z[..., own].shape))
        return x

    def log_term(self, x: Floats, z: Floats | None = None) -> Floats:
        """Return what log p(x) has on top of log p(z), for each row of numbers and each feature, in nats.

        Parameters
        ----------
        x : ndarray (n, D)
            Rows that `encode` takes.
        z : ndarray (n, features), optional
            What it makes of them, if that is there already.

        Returns
        -------
        ndarray, shape (n, features + 1)
            0 at gaps. Last stands what columns say that are no feature, such as constants.
        """
        x = as_rows(x, len(self), np.dtype(np.float64), "x", gaps=True)
        each = np.zeros(x.shape)
        for column, places in self._alike:
            own_z = None if z is None or column.output is None else z[:, _as_run(self._feature_at[places])]
            own = _as_run(places)
            each[:, own] = column.log_term(np.ascontiguousarray(x[:, own]), own_z)
        for (start, stop), is_odd in zip(self.one_hot.groups, self._odd(x), strict=True):
            other = self.each[start].other
            if other:
                each[:, start] = np.where(np.isnan(x[:, start:stop]).all(axis=1), 0.0, log1p(-other))
                each[is_odd, start] = log(other)
        is_feature = self._feature_at >= 0
        terms = np.empty((len(x), len(self.spans) + 1))
        terms[:, :-1] = each[:, _as_run(np.flatnonzero(is_feature))]
        terms[:, -1] = each[:, ~is_feature].sum(axis=1)
        return terms


def _as_run(places: Ints) -> Ints | slice:
    """Return rising places as a slice, where they are neighbours: what it takes is no copy."""
    is_run = len(places) == places[-1] - places[0] + 1
    return slice(int(places[0]), int(places[-1]) + 1) if is_run else places
