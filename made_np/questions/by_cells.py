"""The distribution of a column by a prior with a distribution function, cut into cells with masses of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from made_np.columns.column import Column
from made_np.distributions.distribution import Distribution
from made_np.lazy import lazy
from made_np.questions.ends import coded_interval
from made_np.questions.posteriors import Cells
from made_np.questions.quantiles import near_quantiles
from made_np.questions.spreads import Spread
from made_np.typing import Array, Floats, Ints

__all__ = ["ByCells"]

WHOLE = np.polynomial.legendre.leggauss(16)
CUT = np.polynomial.legendre.leggauss(4)
"""Nodes and weights of the quadrature between places where a density bends: of a prior, and of one cut into cells."""
NEAR = 1 << 20
"""A place between two cells lies as near to their edge as one part in so many of a cell."""
N_STEPS = 1024
"""So many numbers, or one for each member, stand for the distributions of several members."""
GOLDEN = (5**0.5 - 1) / 2
HALVINGS = 60
MOST = 1e300
AT_ONCE = 1 << 20
"""So many raw outputs are held at once."""
MOST_COUNTS = 1 << 12
"""So many counts of a column without end are looked at."""


@dataclass(frozen=True, eq=False)
class ByCells(Spread):
    """The prior of a feature with a distribution function, each cell of it with a mass; the mean over S of such.

    Attributes
    ----------
    column : Column
    output : Distribution
    cells : Cells
        Of ``n * S`` members, those of a row behind each other.
    n_members : int
        S.
    """

    column: Column
    output: Distribution
    cells: Cells
    n_members: int = 1

    @property
    def n_rows(self) -> int:
        """n."""
        return len(self.cells.raw) // self.n_members

    @lazy
    def is_counted(self) -> bool:
        """Whether its values are whole numbers."""
        return bool(self.output.invalid(np.array([0.5, 1.5, 2.5])).all())

    @property
    def is_density(self) -> bool:  # type: ignore[override]
        """Whether its values are real."""
        return not self.is_counted

    def _all(self, x: Floats) -> Floats:
        """Return what is asked of rows (..., n) as asked of all their members."""
        return np.repeat(np.broadcast_to(x, (*x.shape[:-1], self.n_rows)), self.n_members, axis=-1)

    def _averaged(self, found: Floats) -> Floats:
        """Return the mean over the members of each row."""
        return found.reshape(*found.shape[:-1], -1, self.n_members).mean(axis=-1) if self.n_members > 1 else found

    def _raw(self, x: Floats) -> Floats:
        """Return the raw outputs for numbers (..., n S)."""
        return np.broadcast_to(self.cells.raw, (*x.shape, self.cells.raw.shape[-1]))

    def log_prob(self, x: Floats) -> Floats:
        """Return the log of the prior's density, times what its cell has more than in the prior."""
        unknown = self.column.unknown(x)
        z = np.where(unknown, self.output.values(1)[0], self.column.coding.encode(x))
        log_p = self._in_blocks(self._log_mean, z) + self.column.coding.log_term(x)
        return np.where(unknown, -np.inf, log_p)

    def _log_mean(self, z: Floats) -> Floats:
        """Return the log of the mean over members of p(z), shape (..., n)."""
        log_p = self._log_z(self._all(z))
        if self.n_members == 1:
            return log_p
        each = log_p.reshape(*log_p.shape[:-1], -1, self.n_members)
        top = np.maximum(each.max(axis=-1, keepdims=True), -MOST)
        with np.errstate(divide="ignore"):
            return (top + np.log(np.exp(each - top).mean(axis=-1, keepdims=True)))[..., 0]

    def _in_blocks(self, ask: Callable[[Floats], Floats], x: Floats) -> Floats:
        """Return what is answered to (..., n), asked so that not too much is held at once."""
        flat = x.reshape(-1, x.shape[-1])
        step = max(1, AT_ONCE // max(self.cells.raw.size, 1))
        found = [ask(flat[first : first + step]) for first in range(0, len(flat), step)]
        return np.concatenate(found).reshape(x.shape) if found else np.empty(x.shape)

    def _log_z(self, z: Floats) -> Floats:
        """Return log p(z) of members, shape (..., n S)."""
        raw = self._raw(z)
        log_p = -self.output.nll(raw, z)
        if self.cells.masses.shape[1] == 1:
            return log_p
        low, high = self.output.cdf_bounds(raw, z)
        with np.errstate(divide="ignore", invalid="ignore"):
            masses = np.log(self._warped(high) - self._warped(low))
            cell = self._cell_of(self.cells.edges, low)
            rows = np.arange(len(self.cells.raw))
            gain = self.cells.masses[rows, cell] / np.diff(self.cells.edges, axis=1)[rows, cell]
            return np.where(high > low, masses, log_p + np.log(gain))

    def _cell_of(self, edges: Floats, u: Floats) -> Ints:
        """Return which cell each u (..., n S) lies in."""
        n_inner = edges.shape[1] - 2
        rows = np.arange(len(edges))
        # All rows are looked up in one list, in which those of row r lie between r and r + 1.
        inner = (edges[:, 1:-1] + rows[:, None]).ravel()
        found = np.searchsorted(inner, u + rows, side="right") - rows * n_inner
        return np.clip(found, 0, n_inner)

    def _warped(self, u: Floats) -> Floats:
        """Return the posterior mass below the share u of the prior."""
        return self._through(u, self.cells.edges, self._sums)

    @lazy
    def _sums(self) -> Floats:
        """The posterior mass below each edge."""
        sums = np.cumsum(self.cells.masses, axis=1)
        sums[:, -1] = 1.0
        return np.concatenate([np.zeros((len(sums), 1)), np.minimum(sums, 1.0)], axis=1)

    def _through(self, u: Floats, starts: Floats, ends: Floats) -> Floats:
        """Return what the straight lines from `starts` (n S, Q + 1) to `ends` make of u."""
        cell = self._cell_of(starts, u)
        rows = np.arange(len(starts))
        low = starts[rows, cell]
        width = starts[rows, cell + 1] - low
        share = np.clip((u - low) / np.where(width > 0, width, 1.0), 0.0, 1.0)
        return ends[rows, cell] + share * (ends[rows, cell + 1] - ends[rows, cell])

    def cdf(self, x: Floats) -> Floats:
        """Return the posterior mass below what the prior has below x."""
        asked, where = np.unique(x, return_inverse=True)
        ends = np.array([coded_interval(self.column.coding, -np.inf, float(each))[1] for each in asked])
        z = np.clip(ends, -MOST, MOST)[where.reshape(x.shape)]
        found = self._in_blocks(self._below, z)
        return np.where(x == -np.inf, 0.0, np.where(x == np.inf, 1.0, found))

    def _below(self, z: Floats) -> Floats:
        """Return the mean over members of the posterior mass up to z, shape (..., n)."""
        own = self._all(z)
        return self._averaged(self._warped(self.output.cdf_bounds(self._raw(own), own)[1]))

    def ppf(self, q: Floats) -> Floats:
        """Return the number at the share q; of several members, by halving between those of single ones."""
        is_none = (q < 0) | (q > 1) | np.isnan(q)
        inside = np.where(is_none, 0.5, q)
        each = self._each_ppf(self._all(inside))
        if self.n_members == 1:
            return np.where(is_none, np.nan, each)
        parts = each.reshape(*each.shape[:-1], -1, self.n_members)
        low = parts.min(axis=-1)
        high = parts.max(axis=-1)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            is_enough = self.cdf(middle) >= inside
            high = np.where(is_enough, middle, high)
            low = np.where(is_enough, low, middle)
        return np.where(is_none, np.nan, np.floor(high) if self.is_counted else high)

    def _each_ppf(self, q: Floats) -> Floats:
        """Return the number of each member at the share q (..., n S)."""
        u = np.clip(self._through(q, self._sums, self.cells.edges), 0.0, np.nextafter(1.0, 0.0))
        return self.column.decode(np.asarray(self.output.inverse_cdf(self._raw(u), u)))

    def draw(self, k: int, rng: np.random.Generator) -> Floats:
        """Return k draws for each row, each from one of its members."""
        shape = (k, self.n_rows)
        member = np.arange(self.n_rows) * self.n_members + rng.integers(self.n_members, size=shape)
        one = Cells(*(part[member.ravel()] for part in vars(self.cells).values()))
        own = ByCells(self.column, self.output, one)
        return own._each_ppf(rng.random(member.size)).reshape(shape)

    @lazy
    def _grid(self) -> tuple[Array, Array]:
        """Places z of each member, (n S, m), with the weights of their densities in an integral over z."""
        raw = self.cells.raw
        if self.is_counted:
            ends = [np.asarray(self.output.inverse_cdf(raw, np.full(len(raw), u))) for u in (1e-12, 1 - 1e-12)]
            n = int(min((ends[1] - ends[0]).max(initial=0) + 1, MOST_COUNTS))
            counts = ends[0][:, None] + np.arange(n)
            return counts, np.ones(counts.shape)
        knots = self.output.knots(raw)
        nodes, rule = WHOLE
        if self.cells.masses.shape[1] > 1:
            nodes, rule = CUT
            u = np.clip(self.cells.edges[:, 1:-1], 1e-12, 1 - 1e-12)
            inner = near_quantiles(self.output, raw, u, np.diff(self.cells.edges, axis=1)[:, 1:] / NEAR)
            knots = np.sort(np.concatenate([knots, inner], axis=1), axis=1)
        half = np.diff(knots, axis=1)[:, :, None] / 2
        z = knots[:, :-1, None] + half * (nodes + 1)
        shape = (len(raw), z.shape[1] * len(nodes))
        return z.reshape(shape), (half * rule).reshape(shape)

    @lazy
    def _weights(self) -> Floats:
        """The probability that stands at each place of the grid."""
        z, rule = self._grid
        weights = np.exp(self._log_z(z.T).T) * rule
        return weights / weights.sum(axis=1, keepdims=True)

    @lazy
    def _places(self) -> Floats:
        """The grid as numbers of the column."""
        return self.column.decode(self._grid[0])

    @property
    def _is_stepped(self) -> bool:
        """Whether numbers that share the mass evenly stand for all: of several members, or where there are atoms."""
        return self.n_members > 1 or bool(getattr(self.output, "places", ()))

    def mean(self) -> Floats:
        """Return it by Gauss-Legendre quadrature between the places where the density bends."""
        if self._is_stepped:
            return self._steps.mean(axis=0)
        return (self._weights * self._places).sum(axis=1)

    def var(self) -> Floats:
        """Return it by the same quadrature."""
        if self._is_stepped:
            return self._steps.var(axis=0)
        return (self._weights * (self._places - self.mean()[:, None]) ** 2).sum(axis=1)

    def entropy(self) -> Floats:
        """Return it by the same quadrature; of several members, by numbers that share the mass evenly."""
        if self._is_stepped:
            return -self.log_prob(self._steps).mean(axis=0)
        log_p = self._log_z(self._grid[0].T).T + self.column.coding.log_term(self._places)
        return -(self._weights * np.where(self._weights > 0, log_p, 0.0)).sum(axis=1)

    @lazy
    def _steps(self) -> Floats:
        """Numbers (m, n) that share the mass evenly: some of each member, at equal steps of its own mass.

        The steps of each member begin at another share, so that those of all fill [0, 1] evenly.
        """
        parts = max(1, N_STEPS // self.n_members)
        begins = np.arange(len(self.cells.raw)) * GOLDEN % 1.0
        u = (np.arange(parts)[:, None] + begins) / parts
        each = self._each_ppf(u).reshape(parts, self.n_rows, self.n_members)
        return np.sort(each.transpose(0, 2, 1).reshape(parts * self.n_members, self.n_rows), axis=0)

    def mode(self) -> Floats:
        """Return the best place, looked for more and more finely around the best of the grid."""
        x: Array = self._steps.T if self._is_stepped else np.sort(self._places, axis=1)
        rows = np.arange(self.n_rows)
        found = x[:, 0]
        for _ in range(1 if self.is_counted else 4):
            best = self.log_prob(x.T).T.argmax(axis=1)
            low = x[rows, np.maximum(best - 1, 0)]
            high = x[rows, np.minimum(best + 1, x.shape[1] - 1)]
            found = x[rows, best]
            x = np.linspace(low, high, 33, axis=1)
        return found
