"""The distribution of one column given others, with the names that scipy.stats has for such objects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from made_np.columns.reading import Reading
from made_np.questions.by_cells import ByCells
from made_np.questions.by_codes import ByCodes
from made_np.questions.conditions import Condition
from made_np.questions.contexts import under
from made_np.questions.given import draw_given
from made_np.questions.posteriors import Cells, Codes, posterior, summed
from made_np.questions.predicates import as_condition
from made_np.questions.sampling import sample_of
from made_np.questions.spreads import Spread
from made_np.questions.subject import Subject
from made_np.typing import Array, Bools, Floats
from made_np.values import as_count, as_generator, as_number, show

__all__ = ["Conditional", "conditional"]

MEMBERS = 256
"""Where ranges are given, the mean over so many draws of what they hold is taken."""

MOST_MEMBERS = 1 << 11
VALUES = 1 << 16
"""Of columns with finitely many values over so many rows of the sample, but so many values in all."""
FEWEST = 64
"""Of so many rows of the sample the mean is taken at least."""
GIVEN = 3
"""What is drawn, by its own generator."""


@dataclass(frozen=True, eq=False)
class Conditional:
    """The distribution of one column, for each of n rows, or for one; made by `conditional`.

    Numbers that are asked about have the rows as their last axis: one number is asked of all rows, (m, 1) are asked
    each of all rows. Values are in the column's own units, levels by their names. Where gaps are learned, `gap` is
    the probability of one, and all else is given that there is a value.

    Attributes
    ----------
    spread : Spread
        The same, in numbers.
    gap : ndarray (n,)
    is_row : bool
        Whether it is one row, and answers have no axis of rows.
    name : str
        What messages call the column.
    levels : tuple or None
        Of the column.
    number : callable (value, name of the argument) -> float
        Of a value.
    """

    spread: Spread
    gap: Any
    is_row: bool
    name: str
    levels: tuple[Any, ...] | None
    number: Callable[[Any, str], float]

    def __repr__(self) -> str:
        n = "one row" if self.is_row else f"{len(self.gap)} rows"
        return f"Conditional({self.name}, {n})"

    # ------------------------------------------------------------------------------------------ probabilities

    def logpmf(self, x: Any) -> Any:
        """Return log P(X = x), of a column whose values have masses."""
        return self._log_prob(x, "logpmf", is_density=False)

    def pmf(self, x: Any) -> Any:
        """Return P(X = x), of a column whose values have masses."""
        return np.exp(self._log_prob(x, "pmf", is_density=False))

    def logpdf(self, x: Any) -> Any:
        """Return the log of the density at x, of a real column, in its unit; at an atom, that of its mass."""
        return self._log_prob(x, "logpdf", is_density=True)

    def pdf(self, x: Any) -> Any:
        """Return the density at x, of a real column, in its unit; at an atom, its mass."""
        return np.exp(self._log_prob(x, "pdf", is_density=True))

    def cdf(self, x: Any) -> Any:
        """Return P(X <= x)."""
        self._needs_order("cdf")
        return self._out(self.spread.cdf(self._numbers(x)))

    def sf(self, x: Any) -> Any:
        """Return P(X > x)."""
        return 1.0 - self.cdf(x)

    def ppf(self, q: Any) -> Any:
        """Return the smallest x with ``P(X <= x) >= q``; NaN where q is no probability."""
        self._needs_order("ppf")
        return self._cells(self.spread.ppf(self._aligned(np.asarray(q, dtype=np.float64))))

    # ------------------------------------------------------------------------------------------ summaries

    def mean(self) -> Any:
        """Return the expected value."""
        self._needs_numbers("mean")
        mean = self.spread.mean()
        return self._cells(mean) if self.spread.column.reading.name == "dates" else self._out(mean)

    def var(self) -> Any:
        """Return the variance, in the square of the column's unit."""
        self._needs_numbers("var")
        return self._out(self.spread.var())

    def std(self) -> Any:
        """Return the standard deviation, in the column's unit."""
        return np.sqrt(self.var())

    def median(self) -> Any:
        """Return the smallest value that at least half of the mass is up to."""
        return self.ppf(0.5)

    def mode(self) -> Any:
        """Return the likeliest value."""
        return self._cells(self.spread.mode())

    def interval(self, confidence: float = 0.9) -> tuple[Any, Any]:
        """Return the ends of the middle part that holds so much of the mass."""
        share = as_number(confidence, "confidence", "[0, 1]")
        return self.ppf((1 - share) / 2), self.ppf((1 + share) / 2)

    def entropy(self) -> Any:
        """Return the mean of -log p(X), in nats."""
        return self._out(self.spread.entropy())

    def support(self) -> tuple[Any, Any]:
        """Return the smallest and the largest value, or of words the first and the last level."""
        ends = np.array([[0.0], [np.nextafter(1.0, 0.0)]])
        if isinstance(self.spread, ByCodes):
            codes = self.spread.values[[0, -1]]
            low, high = self.spread.column.coding.decode(codes, ends[:, 0])
        else:
            low, high = self.spread.ppf(ends)[:, 0] if self.spread.is_counted else (-np.inf, np.inf)  # type: ignore[attr-defined]
        both = self._raw_cells(np.array([low, high]))
        return both[0], both[1]

    def rvs(self, size: int | None = None, random_state: Any = None) -> Any:
        """Return draws: one for each row, or an array (size, n) of them.

        Parameters
        ----------
        size : int, optional
        random_state : int, Generator or None
        """
        rng = as_generator(random_state, "random_state")
        k = 1 if size is None else as_count(size, "size", 0)
        drawn = self._raw_cells(self.spread.draw(k, rng))
        if self.is_row:
            return drawn[0, 0] if size is None else drawn[:, 0]
        return drawn[0] if size is None else drawn

    # ------------------------------------------------------------------------------------------ inside

    def _log_prob(self, x: Any, who: str, *, is_density: bool) -> Any:
        if self.spread.is_density != is_density:
            other = {"logpmf": "logpdf", "pmf": "pdf", "logpdf": "logpmf", "pdf": "pmf"}[who]
            what = "a density" if self.spread.is_density else "masses"
            raise TypeError(f"{self.name} has {what}: ask for {other}")
        return self._out(self.spread.log_prob(self._numbers(x)))

    def _needs_order(self, who: str) -> None:
        if self.levels is not None and not getattr(self.spread.column.reading, "ordered", False):
            raise TypeError(f"{self.name} has words without an order, so it has no {who}: ask for pmf, mode or rvs")

    def _needs_numbers(self, who: str) -> None:
        if self.levels is not None:
            raise TypeError(f"{self.name} has words, so it has no {who}: ask for pmf or mode")

    def _numbers(self, x: Any) -> Floats:
        """Return the numbers of values, (..., n)."""
        if self.spread.column.reading.name == "numbers":
            try:
                return self._aligned(np.asarray(x, dtype=np.float64))
            except (TypeError, ValueError):
                raise TypeError(f"x={show(x)}: {self.name} has numbers: give some") from None
        values = np.asarray(x, dtype=object)
        numbers = [self.number(each, "x") for each in values.ravel().tolist()]
        return self._aligned(np.array(numbers, dtype=np.float64).reshape(values.shape))

    def _aligned(self, x: Floats) -> Floats:
        """Return numbers with an axis of rows."""
        x = x[..., None] if self.is_row or x.ndim == 0 else x
        n = len(self.gap)
        if x.shape[-1] not in (1, n):
            raise ValueError(f"an array of shape {x.shape} is asked of {n} rows: its last axis has to be 1 or {n}")
        return np.broadcast_to(x, (*x.shape[:-1], n))

    def _out(self, found: Floats) -> Any:
        """Return numbers without the axis of rows where it is one row."""
        return found[..., 0][()] if self.is_row else found

    def _cells(self, numbers: Floats) -> Any:
        return self._out(self._raw_cells(numbers))

    def _raw_cells(self, numbers: Floats) -> Array:
        """Return the values that numbers stand for."""
        reading = self.spread.column.reading
        if reading.name == "numbers" and (getattr(reading, "form", "") != "bool" or np.isnan(numbers).any()):
            return numbers
        return values_of(reading, numbers.ravel()).reshape(numbers.shape)


def values_of(reading: Reading, numbers: Floats) -> Array:
    """Return the values (n,) that numbers stand for: labels, where the column has levels."""
    raw = reading.cells(numbers)
    if raw.levels is None:
        return raw.values
    labels = np.empty(len(raw.levels), dtype=object)
    labels[:] = list(raw.levels)
    return labels[raw.values.astype(np.int64)]


def conditional(subject: Subject, column: Any, given: Any = None) -> Conditional:
    """Return the distribution of one column given others.

    Parameters
    ----------
    subject : Subject
    column : str or int
        Its name, or its place.
    given : dict or str, or ndarray (n, D), optional
        A condition (see `predicates`); or numbers of rows, NaN where not known, each of which is a condition. What
        they say of the column itself does not matter.

    Raises
    ------
    ValueError, TypeError
        No such column, a condition without mass, or columns that lead in no order of the model.

    Notes
    -----
    Given single values, it is Bayes' rule along one order (`posteriors`). Given ranges or sets, it is the mean of such
    over draws of what they hold. A model with paths is told whole rows where it can be: it is then the mean over rows
    of the sample (`sampling`) that hold what is given, each of them given all but the column itself.
    """
    literals = subject.literals
    d = literals.column(column, "column")
    if d not in subject.feature_of:
        raise ValueError(f"column: {literals.called(d)} has one value only: ask about another")
    if isinstance(given, np.ndarray):
        return of_rows(subject.told(given, "given"), d, subject.encode(given))
    condition = as_condition(given, literals, "given")
    subject, condition, _ = under(subject, condition)
    if d in condition.columns:
        raise ValueError(f"given: {literals.called(d)} is what is asked for: leave it out, or use probability")
    return _of_condition(subject, d, condition)


def _of_condition(subject: Subject, d: int, condition: Condition) -> Conditional:
    """Return the distribution of column d where a condition holds."""
    points = {column: region.points or () for column, region in condition.regions}
    is_points = condition.is_plain and all(len(each) == 1 for each in points.values())
    features = [subject.feature_of.get(column, -1) for column in [d, *condition.columns]]
    if not subject.is_one_distribution(np.isin(np.arange(subject.made.n_features), features)):
        rows = sample_of(subject).rows.x
        n_values = subject.made.outputs.feature_outputs[subject.feature_of[d]].n_values
        most = MEMBERS if n_values is None else min(max(VALUES // n_values, FEWEST), MOST_MEMBERS)
        held = np.flatnonzero(condition.holds(rows))[:most]
        if len(held) >= FEWEST:
            z = subject.columns.encode(rows[held])
            z[:, subject.feature_of[d]] = np.nan
            return of_rows(subject, d, z, is_row=True, n_members=len(held))
    if is_points:
        x = np.full((1, len(subject.columns)), np.nan)
        for column, each in points.items():
            x[0, column] = each[0]
        return of_rows(subject, d, subject.encode(x), is_row=True)
    drawn = draw_given(subject, condition, MEMBERS, subject.rng(GIVEN))
    x = np.full_like(drawn.x, np.nan)
    asked = sorted(condition.columns)
    x[:, asked] = drawn.x[:, asked]
    return of_rows(subject, d, subject.encode(x), is_row=True, n_members=MEMBERS)


def of_rows(subject: Subject, d: int, z: Floats, *, is_row: bool = False, n_members: int = 1) -> Conditional:
    """Return the distributions of column d given what is not NaN in rows `z` (n, F) of the model.

    The mean is taken over each `n_members` rows.
    """
    return _in_units(subject, d, posterior(subject, subject.feature_of[d], z), is_row, n_members)


def of_summed_rows(subject: Subject, d: int, z: Floats, known: Bools, n_draws: int | str) -> Conditional:
    """Return the same of a column with finitely many values, with what is not `known` summed over: see `summed`."""
    return _in_units(subject, d, summed(subject, subject.feature_of[d], z, known, n_draws), False, 1)


def _in_units(subject: Subject, d: int, found: Codes | Cells, is_row: bool, n_members: int) -> Conditional:
    """Return a posterior of the feature that column d belongs to as what is asked of the column."""
    start, stop = subject.columns.spans[subject.feature_of[d]]
    output = subject.made.outputs.feature_outputs[subject.feature_of[d]]
    column = subject.columns.each[d]
    n = len(found.log_evidence) // n_members
    gap = np.zeros(n)
    spread: Spread
    if isinstance(found, Cells):
        spread = ByCells(column, output, found, n_members)
    else:
        p = np.exp(found.log_p).reshape(n, n_members, found.log_p.shape[1]).mean(axis=1)
        values = output.values(output.n_values or 0)
        if stop > start + 1:
            one = p[:, d - start]
            spread = ByCodes(column, np.array([0.0, 1.0]), np.stack([1 - one, one], axis=1))
        else:
            is_gap: Bools = np.isnan(column.coding.decode(values))
            gap = p[:, is_gap].sum(axis=1)
            p = p[:, ~is_gap] / p[:, ~is_gap].sum(axis=1, keepdims=True)
            spread = ByCodes(column, values[~is_gap], p)
    literals = subject.literals

    def number(value: Any, name: str) -> float:
        return literals.number(d, value, name)

    return Conditional(spread, gap, is_row, literals.called(d), literals.levels(d), number)
