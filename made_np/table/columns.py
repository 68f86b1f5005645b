"""A table and the rows of a model: which distribution each column has, and in which units the model sees it.

A real column is standardised, ``z = (x - mean) / scale``, because a network learns best from numbers of about 1. That
changes the density: ``log p(x) = log p(z) - log scale``, for each real column. A discrete column stays as it is, with
mean 0 and scale 1, so that it comes back exactly. Columns that are one-hot together are one feature of the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from made_np.distributions.mixtures import DiscretizedLogistic, RealMixture
from made_np.distributions.plain import Bernoulli, Categorical, Distribution
from made_np.distributions.together import Outputs, output_config, outputs_from_config
from made_np.lazy import lazy
from made_np.table.frames import Names, where
from made_np.table.kinds import Kind, as_kinds, distribution_of, warn_of_missing, warn_of_row_numbers
from made_np.table.one_hot import NOTHING_ONE_HOT, OneHot
from made_np.typing import Floats
from made_np.validation import as_doubles, as_finite, as_numbers, as_rows
from made_np.values import as_a, as_count, as_number, show

__all__ = ["Column", "Columns", "Kind"]


@dataclass(frozen=True)
class Column:
    """One column of a table, as it was learned from training data.

    Attributes
    ----------
    output : Distribution
        Of the standardised values.
    mean, scale : float
        ``z = (x - mean) / scale``; 0 and 1 for a discrete column.
    name : str
        Its name in the table, "" if it has none.
    """

    output: Distribution
    mean: float = 0.0
    scale: float = 1.0
    name: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.output, Distribution):
            raise TypeError(f"output={show(self.output)}: give a distribution, such as made_np.Gaussian()")
        as_number(self.mean, "mean")
        as_number(self.scale, "scale", "(0, inf)")
        as_a(self.name, "name", str, "give a string")


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
    (Bernoulli(), Categorical(n=3), Gaussian(min_scale=0.001))
    >>> columns.encode(x)[:, 2].round(3)
    array([-1.225,  0.   ,  1.225])
    >>> columns.decode(columns.encode(x))[0]
    array([0. , 2. , 0.5])
    """

    each: tuple[Column, ...]
    one_hot: OneHot = NOTHING_ONE_HOT

    def __post_init__(self) -> None:
        for d, column in enumerate(as_a(self.each, "each", tuple, "give a tuple of Column")):
            as_a(column, f"each[{d}]", Column, "give a Column")
        as_a(self.one_hot, "one_hot", OneHot, "give a made_np.OneHot").spans(len(self.each))

    @classmethod
    def learn(
        cls,
        x: Any,
        kinds: Kind | Sequence[Kind] = "auto",
        names: Names | Sequence[str] | None = None,
        one_hot: OneHot = NOTHING_ONE_HOT,
    ) -> Columns:
        """Return the columns of the training table `x`.

        Parameters
        ----------
        x : array (n, D) of real numbers, n and D at least 1
        kinds : str, Distribution, or a list with one of these per column
            "auto": values 0 and 1 only are Bernoulli, integers 0..max with max <= 31 are ``Categorical(max + 1)``,
            everything else is Gaussian. "categorical" and "discretized_logistic" take their number of values from
            the largest one in the column; "discretized_logistic" for all columns, from the largest one of all: the
            columns then share one scale, as pixels do.
        names : sequence of str, length D, optional
            For messages.
        one_hot : OneHot
            Columns that are one-hot together; they are binary.

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
        x = as_numbers(x, "X")
        if x.ndim != 2 or 0 in x.shape:
            raise ValueError(f"X has shape {x.shape}: give rows (n, D), n and D at least 1")
        x = as_finite(x, np.dtype(np.float64), "X")
        n_columns = x.shape[1]
        wanted = as_kinds(kinds, n_columns)
        known = _as_names(names, n_columns)
        as_a(one_hot, "one_hot", OneHot, "give a made_np.OneHot").spans(n_columns)
        warn_of_row_numbers(known)
        warn_of_missing(x, wanted, known)
        each = [_learn(x[:, d], wanted[d], known[d], where(d, known[d])) for d in range(n_columns)]
        if isinstance(kinds, str) and kinds == "discretized_logistic":
            shared = DiscretizedLogistic(max(int(x.max()) + 1, 2))
            each = [replace(column, output=shared) for column in each]
        for start, stop in one_hot.groups:
            each[start:stop] = [replace(column, output=Bernoulli(), mean=0.0, scale=1.0) for column in each[start:stop]]
        columns = cls(tuple(each), one_hot)
        columns.encode(x)
        return columns

    @classmethod
    def from_config(cls, config: dict[str, Any] | Sequence[dict[str, Any]]) -> Columns:
        """Return the columns whose `config` this is; older files hold the list of them alone."""
        stored: dict[str, Any] = config if isinstance(config, dict) else {"each": config, "one_hot": {}}
        outputs = [outputs_from_config([column["output"]]) for column in stored["each"]]
        each = tuple(Column(**{**c, "output": o}) for c, o in zip(stored["each"], outputs, strict=True))
        return cls(each, OneHot.from_config(stored["one_hot"]))

    def config(self) -> dict[str, Any]:
        """Return the columns as JSON-able values, from which `from_config` builds equal ones."""
        each = [
            {"output": output_config(c.output), "mean": c.mean, "scale": c.scale, "name": c.name} for c in self.each
        ]
        return {"each": each, "one_hot": self.one_hot.config()}

    def __len__(self) -> int:
        return len(self.each)

    @lazy
    def features(self) -> tuple[Column, ...]:
        """What the model's features are: the columns, or the one that a group of one-hot columns is."""
        none = {start: may_be_none for start, _, may_be_none in self.one_hot.each}
        features = []
        for start, stop in self.one_hot.spans(len(self)):
            feature = self.each[start]
            if start in none:
                name = feature.name and f"{feature.name}..{self.each[stop - 1].name}"
                feature = Column(Categorical(stop - start + none[start]), name=name)
            features.append(feature)
        return tuple(features)

    @property
    def outputs(self) -> tuple[Distribution, ...]:
        """The distribution of each feature of the model."""
        return tuple(feature.output for feature in self.features)

    def label(self, feature: int) -> str:
        """Return how messages call what a feature of the model is in the table."""
        feature = as_count(feature, "feature", 0, len(self.features) - 1)
        start, stop = self.one_hot.spans(len(self))[feature]
        name = self.features[feature].name
        return where(start, name) if stop == start + 1 else f"columns {start}..{stop - 1}" + (name and f" ({name!r})")

    @lazy
    def means(self) -> Floats:
        """The mean of each column, shape (D,)."""
        return np.array([column.mean for column in self.each])

    @lazy
    def scales(self) -> Floats:
        """The scale of each column, shape (D,)."""
        return np.array([column.scale for column in self.each])

    @lazy
    def _blocks(self) -> Outputs:
        return Outputs(tuple(column.output for column in self.each))

    def encode(self, x: Any, name: str = "X") -> Floats:
        """Return the model's rows z (n, features) of the table `x` (n, D); NaN stays NaN. Raises as `check`."""
        x = self.check(x, name)
        with np.errstate(over="ignore"):  # the model itself refuses what is too large for its dtype
            z = np.asarray((x - self.means) / self.scales)
        return self.one_hot.fold(z, name) if self.one_hot.groups else z

    def decode(self, z: Any) -> Floats:
        """Return the table (..., D) of the model's rows `z` (..., features), in float64."""
        z = as_doubles(z, "z")
        if z.shape[-1:] != (len(self.features),):
            raise ValueError(f"z has shape {z.shape}: give rows (..., {len(self.features)})")
        return np.asarray((self.one_hot.unfold(z) if self.one_hot.groups else z) * self.scales + self.means)

    def log_jacobian(self, known: NDArray[np.bool_]) -> Floats:
        """Return ``log |dz/dx|`` of each row's known columns: what log p(x) has on top of log p(z), in nats.

        Parameters
        ----------
        known : ndarray of bool, shape (n, D)

        Returns
        -------
        ndarray, shape (n,)
        """
        known = as_numbers(known, "known")
        if known.shape[1:] != (len(self),):
            raise ValueError(f"known has shape {known.shape}: give rows (n, {len(self)})")
        return -np.where(known, np.log(self.scales), 0.0).sum(axis=1)

    def check(self, x: Any, name: str = "X") -> Floats:
        """Return `x` as float64, or raise an error that names column and value where its column cannot have it.

        Every code 0..n-1 is allowed in a column of n codes, whether fit met it or not: it has its probability. NaN is
        passed over.
        """
        x = as_rows(x, len(self), np.dtype(np.float64), name, gaps=True)
        places = np.arange(len(self))
        for group in self._blocks.groups:
            values = x[:, group.features]
            invalid = group.output.invalid(values) & ~np.isnan(values)
            if invalid.any():
                row, place = (int(i) for i in np.argwhere(invalid)[0])
                column = int(places[group.features][place])
                output = group.output
                which = where(column, self.each[column].name)
                raise ValueError(
                    f"{name}[{row}, {column}] = {values[row, place]:g}: {which} has {type(output).__name__} values, "
                    f"{output.support}. {_way_out(output, values[row, place])}"
                )
        return x


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
    # A distribution that takes numbers between the integers is a density, and has units.
    if output.invalid(np.array(0.5)):
        return Column(output, name=name)
    if isinstance(output, RealMixture):  # the unit is that of the bulk, which single values far out do not change
        values = values[~output.far_out(values)]
    return Column(output, *_mean_and_scale(values), name=name)


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


def _way_out(output: Distribution, value: float) -> str:
    """What to do about a value that `output` does not have."""
    if value == -1:
        return "Where -1 stands for a missing value, give NaN; where it is a number, give columns 'gaussian'"
    if isinstance(output, Bernoulli):
        return "Set binarize (x > binarize becomes 1), or another distribution in columns"
    if isinstance(output, Categorical):
        return (
            "Fit on rows that hold every value, or say how many there are: columns=[..., made_np.Categorical(n), ...]"
        )
    if isinstance(output, DiscretizedLogistic):
        return "Fit on rows that hold the largest value, or give columns a made_np.DiscretizedLogistic(levels)"
    return "Give columns a distribution that has this value"
