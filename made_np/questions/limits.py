"""A region of columns, as their feature of the model sees it: what mass it has, how one draws from it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from made_np.columns.coding import Coding
from made_np.columns.column import Column
from made_np.distributions.distribution import Distribution
from made_np.questions.ends import coded_interval, coded_shares
from made_np.questions.regions import Region
from made_np.questions.subject import Subject
from made_np.typing import Bools, Floats, Ints

__all__ = ["Limit", "code_masses", "limit_of"]

HALVINGS = 50
"""So often the share of a bin is halved in the search for a value in it."""


def code_masses(output: Distribution, raw: Floats) -> Floats:
    """Return the probability of each value of a distribution with finitely many, shape (n, K)."""
    values = output.values(output.n_values or 0)
    if output.has_states:
        p, _ = output.predictions(raw, np.broadcast_to(values[0], len(raw)))
        if p.shape[1] == len(values):
            return p
    p = np.empty((len(raw), len(values)))
    for k, value in enumerate(values):
        p[:, k] = np.exp(-output.nll(raw, np.full(len(raw), value)))
    return p


class Limit(ABC):
    """What is asked of one feature: the region of its column, or those of the columns that are one-hot together."""

    @property
    @abstractmethod
    def value(self) -> float | None:
        """The only z that it allows; None: there are several."""

    @abstractmethod
    def take(self, output: Distribution, raw: Floats, u: Floats) -> tuple[Floats, Floats, Ints]:
        """Return draws from what it allows, decided by `u` (n,), with the log of its mass, and what was chosen.

        Returns
        -------
        z : ndarray (n,)
        log_mass : ndarray (n,)
            Of all that it allows, given the raw outputs (n, K). -inf: nothing, and z means nothing.
        chosen : ndarray of int (n,)
            For `place`.
        """

    def place(self, x: Floats, z: Floats, chosen: Ints, u: Floats) -> Floats:
        """Return the number of the column for each draw: what decoding made of z, put where the region wants it."""
        return x


@dataclass(frozen=True, eq=False)
class Codes(Limit):
    """Shares of codes.

    Attributes
    ----------
    values : ndarray (K,)
        The z of each code.
    shares : ndarray (K, J)
        The share of each code that lies in each of J stretches of the column.
    stretches : tuple of (float, float), length J
        As numbers of the column; (NaN, NaN) stands for a gap.
    coding : Coding or None
        None: one code is one number.
    """

    values: Floats
    shares: Floats
    stretches: tuple[tuple[float, float], ...]
    coding: Coding | None

    @property
    def value(self) -> float | None:
        """The only code."""
        allowed = np.flatnonzero(self.shares.any(axis=1))
        return float(self.values[allowed[0]]) if len(allowed) == 1 else None

    def take(self, output: Distribution, raw: Floats, u: Floats) -> tuple[Floats, Floats, Ints]:
        """Return codes, drawn by their probabilities times their shares."""
        joint = code_masses(output, raw)[:, :, None] * self.shares
        return _drawn(joint.reshape(len(raw), -1), np.repeat(self.values, len(self.stretches)), u)

    def place(self, x: Floats, z: Floats, chosen: Ints, u: Floats) -> Floats:
        """Return numbers within the stretch that was chosen with the code."""
        if self.coding is None:
            return x
        x = x.copy()
        for pair in np.unique(chosen[chosen >= 0]).tolist():
            code, stretch = divmod(pair, len(self.stretches))
            low, high = self.stretches[stretch]
            own = chosen == pair
            if self.shares[code, stretch] < 1 and not np.isnan(low):
                x[own] = _within(self.coding, float(self.values[code]), low, high, u[own])
        return x


@dataclass(frozen=True, eq=False)
class Stretches(Limit):
    """Intervals of a feature that has a distribution function.

    Attributes
    ----------
    intervals : tuple of (float, float)
        In z, both ends included.
    region : Region
        The same, as numbers of the column.
    """

    intervals: tuple[tuple[float, float], ...]
    region: Region

    @property
    def value(self) -> float | None:
        """None: an interval has more than one value."""
        return None

    def take(self, output: Distribution, raw: Floats, u: Floats) -> tuple[Floats, Floats, Ints]:
        """Return draws by the inverse of the distribution function."""
        n = len(raw)
        starts = np.zeros((n, len(self.intervals)))
        stops = np.ones((n, len(self.intervals)))
        for j, (low, high) in enumerate(self.intervals):
            if low > -np.inf:
                starts[:, j] = output.cdf_bounds(raw, np.full(n, low))[0]
            if high < np.inf:
                stops[:, j] = output.cdf_bounds(raw, np.full(n, high))[1]
        masses = np.maximum(stops - starts, 0.0)
        which, log_mass, chosen = _drawn(masses, np.arange(len(self.intervals), dtype=np.float64), u)
        rows = np.arange(n)
        at = which.astype(np.int64)
        below = np.cumsum(masses, axis=1)[rows, at] - masses[rows, at]
        inside = starts[rows, at] + np.clip(u * masses.sum(axis=1) - below, 0.0, masses[rows, at])
        z = output.inverse_cdf(raw, np.clip(inside, 0.0, np.nextafter(1.0, 0.0)))
        ends = np.array(self.intervals)[at]
        return np.clip(z, ends[:, 0], ends[:, 1]), log_mass, chosen

    def place(self, x: Floats, z: Floats, chosen: Ints, u: Floats) -> Floats:
        """Return the numbers; what rounding has put outside of an interval comes to its end."""
        ends = np.array(self.region.intervals)[chosen]
        return np.clip(x, ends[:, 0], ends[:, 1])


@dataclass(frozen=True, eq=False)
class Points(Limit):
    """Single numbers of a column whose masses are densities.

    Attributes
    ----------
    values : ndarray (J,)
        z of each.
    log_terms : ndarray (J,)
        What log p(x) has on top of log p(z).
    numbers : ndarray (J,)
        As numbers of the column.
    """

    values: Floats
    log_terms: Floats
    numbers: Floats

    @property
    def value(self) -> float | None:
        """The only one."""
        return float(self.values[0]) if len(self.values) == 1 else None

    def take(self, output: Distribution, raw: Floats, u: Floats) -> tuple[Floats, Floats, Ints]:
        """Return one of the points, by their densities."""
        log_p = np.empty((len(raw), len(self.values)))
        for j, z in enumerate(self.values):
            log_p[:, j] = self.log_terms[j] - output.nll(raw, np.full(len(raw), z))
        top = log_p.max(axis=1, keepdims=True, initial=-np.inf)
        top = np.where(np.isfinite(top), top, 0.0)
        z, log_mass, chosen = _drawn(np.exp(log_p - top), self.values, u)
        return z, log_mass + top[:, 0], chosen

    def place(self, x: Floats, z: Floats, chosen: Ints, u: Floats) -> Floats:
        """Return the numbers that were asked for, exactly."""
        return self.numbers[chosen]


def limit_of(subject: Subject, feature: int, regions: dict[int, Region]) -> Limit:
    """Return what is asked of a feature; `regions` are those of its columns."""
    start, stop = subject.columns.spans[feature]
    column = subject.columns.features[feature]
    output = subject.made.outputs.feature_outputs[feature]
    if stop > start + 1:
        values = output.values(output.n_values or 0)
        shares = np.ones(len(values))
        for place in range(start, stop):
            if place in regions:
                shares *= regions[place].holds((values == place - start).astype(np.float64))
        return Codes(values, shares[:, None], ((0.0, 1.0),), None)
    region = regions[start]
    points = region.points
    if output.n_values is not None:
        limit = _codes(column, output, region)
        return limit if limit.shares.any() or not points else _points(column, points)
    if points:
        return _points(column, points)
    return Stretches(tuple(coded_interval(column.coding, low, high) for low, high in region.intervals), region)


def _codes(column: Column, output: Distribution, region: Region) -> Codes:
    """Return the shares that codes have in a region."""
    values = output.values(output.n_values or 0)
    x = column.coding.decode(values)
    shares = []
    for low, high in region.intervals:
        share = coded_shares(column.coding, low, high)
        shares.append(((x >= low) & (x <= high)).astype(np.float64) if share is None else share[: len(values)])
    stretches = region.intervals
    if region.gap:
        shares.append(np.isnan(x).astype(np.float64))
        stretches = (*stretches, (np.nan, np.nan))
    return Codes(values, np.stack(shares, axis=1) if shares else np.zeros((len(values), 0)), stretches, column.coding)


def _points(column: Column, points: tuple[float, ...]) -> Points:
    """Return those of the points that the column can have."""
    x = np.array(points)
    x = x[~column.unknown(x)]
    return Points(column.coding.encode(x), column.log_term(x), x)


def _drawn(masses: Floats, values: Floats, u: Floats) -> tuple[Floats, Floats, Ints]:
    """Return one of the `values` (J,) for each row of `masses` (n, J), the log of their sum, and its place."""
    below = np.cumsum(masses, axis=1)
    if not masses.shape[1]:
        return np.full(len(masses), np.nan), np.full(len(masses), -np.inf), np.zeros(len(masses), dtype=np.int64)
    total = below[:, -1]
    chosen = (u[:, None] * total[:, None] >= below).sum(axis=1)
    # Where rounding leads past the last mass, it is the last that there is.
    last = masses.shape[1] - 1 - (masses[:, ::-1] > 0).argmax(axis=1)
    chosen = np.minimum(chosen, last)
    with np.errstate(divide="ignore"):
        return values[chosen], np.log(total), chosen


def _within(coding: Coding, z: float, low: float, high: float, u: Floats) -> Floats:
    """Return numbers of the bin z that lie within ``low <= x <= high``: x rises with the share of the bin's mass."""
    first = _share_at(coding, z, lambda x: x >= low)
    stop = _share_at(coding, z, lambda x: x > high)
    x = coding.decode(np.full(len(u), z), np.clip(first + u * (stop - first), 0.0, np.nextafter(1.0, 0.0)))
    return np.clip(x, low, high)


def _share_at(coding: Coding, z: float, is_beyond: Callable[[Floats], Bools]) -> float:
    """Return the smallest share of the bin z whose number is beyond something, by halving."""
    low = 0.0
    high = 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if is_beyond(coding.decode(np.array([z]), np.array([middle])))[0]:
            high = middle
        else:
            low = middle
    return high
