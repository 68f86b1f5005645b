"""How the bins of a column are learned from its training values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from made_np.columns.bending import SMALLEST, differ, spread_of
from made_np.columns.bins import Bins
from made_np.columns.lattice import Lattice
from made_np.columns.pieces import Pieces
from made_np.columns.sampling import counted, held_out, sampled
from made_np.distributions.atoms import find_atoms
from made_np.typing import Bools, Floats, Ints
from made_np.values import as_count, as_number

__all__ = ["Binning", "learn_bins", "marginal_log_prob"]

FEWEST_CODES = 16
"""So many codes a column gets, if it has so many rows and values, ..."""
MOST_CODES = 64
"""... and no more than about these, ..."""
ROWS = 128
"""... with about so many rows each in between: a network has to learn each of them from its rows."""
LEAST = 8.0
"""A bin holds at least about so many rows."""
MOST_SPIKES = 1 << 12
"""So many values at most have a mass of their own."""
NARROWEST = 1e-3
"""A cell of a real column is no narrower than this share of its spread: the floor of scales."""
CELLS = (4, 8, 16, 32, 64, 128, 256)
"""So many rows may a cell hold; held-out rows choose: among every other of them, then among the neighbours."""
ENOUGH = 10_000
"""So many rows choose."""
BETWEEN = 1e-3
"""Rows that a cell counts for where none was met: between two atoms that are neighbours."""


def learn_bins(
    values: Floats,
    resolution: float = 0.0,
    most_codes: int | None = None,
    *,
    counts: Ints | None = None,
    support: tuple[float, float] = (-np.inf, np.inf),
    missing: bool = False,
) -> Bins:
    """Return the bins of a training column.

    A value that holds as many rows as a code should is alone in its bin; of a real column, one that `find_atoms` names.
    What lies between is cut into bins of about equally many rows. Inside a bin, cells of equally many rows hold an even
    density; how many rows those are, held-out rows of the column choose. On a lattice they also choose whether values
    that were met more than once are spikes, by absolute discounting: each gives up the same part of a row to the cell
    around it (Kneser & Ney 1995, with the discount ``n_1 / (n_1 + 2 n_2)`` for n_k values that were met k times).
    What lies beyond the smallest and the largest value has one row's weight on each side.

    Parameters
    ----------
    values : ndarray (n,)
        Finite numbers; NaN is passed over.
    resolution : float
        Of the lattice, which begins at the smallest value; 0: the numbers are real.
    most_codes : int, optional
        About so many codes at most; by default n / 128, but 16 at least and at most 64. The more codes, the more a
        network can say of the column, and the more it has to learn; the column on its own is told as well by few.
    counts : ndarray of int (n,), optional
        How often each of `values` was met, which then are different, and rise.
    support : (float, float)
        Where the legal numbers end. Between a finite end and the values there is one row's weight, beyond it none.
    missing : bool
        Whether a gap is a level.

    Raises
    ------
    ValueError
        There are not two different values.

    Examples
    --------
    >>> bins = learn_bins(np.array([0.0] * 90 + [3.0, 4.0, 4.0, 7.0]), resolution=1.0)
    >>> bins.encode(np.array([0.0, 5.0]))
    array([0., 1.])
    """
    if most_codes is not None:
        as_count(most_codes, "most_codes", 2)
    resolution = as_number(resolution, "resolution", "[0, inf)")
    if counts is None:
        values, counts = np.unique(values[~np.isnan(values)].astype(np.float64), return_counts=True)
    if not differ(values):
        raise ValueError("values are all the same, but for 1e-303 at most: a constant needs no bins")
    most_codes = most_codes or min(max(int(counts.sum()) // ROWS, FEWEST_CODES), MOST_CODES)
    return Binning(resolution, most_codes, support, missing).learn(values, counts)


def marginal_log_prob(bins: Bins, x: Floats) -> Floats:
    """Return log p(x) of the column on its own (n,), each bin having its share of the training rows; 0 at gaps."""
    known = ~np.isnan(x)
    terms = bins.log_term(x)
    terms[known] += np.log(bins.bin_shares[bins.encode(x[known]).astype(np.int64)])
    return terms


class Runs(NamedTuple):
    """Neighbours that cells and bins are runs of: points of a lattice, or narrow blocks of real numbers.

    Attributes
    ----------
    low, high : ndarray (m,)
        The smallest and the largest number of each, rising.
    counts : ndarray of int (m,)
        How often its numbers were met.
    alone : ndarray of bool (m,)
        Whether it is a bin on its own.
    bins : ndarray of int (m,)
        Its bin.
    reach : (float, float)
        Scales of the tails.
    """

    low: Floats
    high: Floats
    counts: Ints
    alone: Bools
    bins: Ints
    reach: tuple[float, float]


class Cut(NamedTuple):
    """A column that is cut: its pieces, with the codes of cells and of spikes."""

    pieces: Pieces
    codes: Ints
    spike_codes: Ints

    def score(self, rising: Floats) -> float:
        """Return the sum of log p over values."""
        y, counts = counted(rising)
        with np.errstate(divide="ignore"):
            log_weight = np.log(self.pieces.density(y, self.pieces.spot(y)))
        return float(counts @ log_weight) - len(rising) * float(np.log(self.pieces.total))


@dataclass(frozen=True)
class Binning:
    """How a column is cut into bins: see `learn_bins`."""

    resolution: float
    most_codes: int
    support: tuple[float, float]
    missing: bool

    def learn(self, distinct: Floats, counts: Ints) -> Bins:
        """Return the bins of the rising values (m,), met `counts` times, with the cells that suit held-out ones."""
        lattice = Lattice(float(distinct[0]), self.resolution) if self.resolution else None
        ends = np.array(self.support)
        y = distinct
        if lattice:
            y = lattice.encode(distinct)
            first = np.flatnonzero(np.diff(y, prepend=-1))
            y, counts = y[first], np.add.reduceat(counts, first)
            low, high = lattice.steps(*ends)
            ends = np.array([low - 0.5, high + 0.5])
        rows, has_spikes = self._chosen(sampled(y, counts, ENOUGH), ends)
        # of a histogram the best number of rows in a cell grows with n^(2/3)
        rows *= max(counts.sum() / ENOUGH, 1) ** (2 / 3)
        (edges, weights, spikes, spike_weights, tails, reach, _), *codes = self._cut(
            self._runs(y, counts), ends, rows, has_spikes
        )
        return Bins(
            *(edges, weights, codes[0], spikes, spike_weights, codes[1], tails, reach),  # type: ignore[arg-type]
            drawn=(float(y[0]), float(y[-1])),
            offset=lattice.offset if lattice else 0.0,
            resolution=self.resolution,
            missing=self.missing,
        )

    def _chosen(self, rising: Floats, ends: Floats) -> tuple[float, bool]:
        """Return how many rows a cell should hold, and whether values that were met again are spikes."""
        parts = [(self._runs(*counted(rest)), out) for rest, out in held_out(rising) if differ(rest)]
        if not parts:
            return CELLS[0], False
        may_have_spikes = bool(self.resolution) and any((runs.counts > 1).any() for runs, _ in parts)
        found: dict[tuple[int, bool], float] = {}

        def score(k: int, has_spikes: bool) -> float:
            if (k, has_spikes) not in found and 0 <= k < len(CELLS):
                cuts = ((self._cut(runs, ends, CELLS[k], has_spikes), out) for runs, out in parts)
                found[k, has_spikes] = sum(cut.score(out) for cut, out in cuts)
            return found.get((k, has_spikes), -np.inf)

        best = max(range(0, len(CELLS), 2), key=lambda k: score(k, may_have_spikes))
        for has_spikes in (True, False) if may_have_spikes else (False,):
            while (better := max((best, best - 1, best + 1), key=lambda k: score(k, has_spikes))) != best:
                best = better
        rows, has_spikes = max(found, key=lambda choice: found[choice])
        return CELLS[rows], has_spikes

    def _target(self, counts: Ints) -> float:
        """Return how many rows a bin should hold: what is alone in its bin takes no part of the others'."""
        target = counts.sum() / self.most_codes
        while True:
            heavy = counts >= target
            rest = float(counts[~heavy].sum()) / max(self.most_codes - heavy.sum(), 1)
            if max(rest, LEAST) >= target:
                return target
            target = max(rest, LEAST)

    def _runs(self, y: Floats, counts: Ints) -> Runs:
        """Return the neighbours among rising values (m,), met `counts` times, with their bins."""
        if self.resolution:
            target = self._target(counts)
            heavy = counts >= target
            return Runs(y, y, counts, heavy, _bins(counts, heavy, target), _reaches(y, counts, 0.5))
        is_atom = find_atoms(counts)
        others = sampled(y[~is_atom], counts[~is_atom], ENOUGH)
        spread = (spread_of(others) if len(others) else 0.0) or float(y[-1] - y[0])
        narrowest = max(NARROWEST * spread, 4 * float(np.spacing(np.abs(y).max())))
        # values so close to each other stay together
        block = np.floor((y - y[0]) / narrowest)
        start = np.flatnonzero((np.diff(block, prepend=-1) != 0) | is_atom | np.append(False, is_atom[:-1]))
        sizes = np.add.reduceat(counts, start)
        alone = is_atom[start]
        rest = sizes[~alone].sum()
        bins = _bins(sizes, alone, max(rest / max(self.most_codes - alone.sum(), 1), LEAST))
        high = y[np.append(start[1:], len(y)) - 1]
        return Runs(y[start], high, sizes, alone, bins, _reaches(y, counts, narrowest))

    def _cut(self, runs: Runs, ends: Floats, rows: float, has_spikes: bool) -> Cut:
        """Return the column that is cut into cells of so many rows, with one row's weight beyond it on either side."""
        parts = _on_lattice(runs, rows, has_spikes) if self.resolution else _of_reals(runs, rows)
        edges, weights, codes, spikes = parts
        tails = [1.0, 1.0]
        for side, end in enumerate(ends):
            if np.isfinite(end):
                tails[side] = 0.0
                at = len(edges) * side
                if max(edges[0] - end, end - edges[-1]) > SMALLEST:
                    edges, weights = np.insert(edges, at, end), np.insert(weights, len(weights) * side, 1.0)
                    codes = np.insert(codes, len(codes) * side, codes[-side])
        values, spike_weights, spike_codes = spikes
        ends_of = (tails[0], tails[1])
        pieces = Pieces(edges, weights, values, spike_weights, ends_of, runs.reach, bool(self.resolution))
        return Cut(pieces, codes, spike_codes)


Parts = tuple[Floats, Floats, Ints, tuple[Floats, Floats, Ints]]
"""Edges, weights and codes of cells; places, weights and codes of spikes."""


def _on_lattice(runs: Runs, rows: float, has_spikes: bool) -> Parts:
    """Return the cells and spikes of points."""
    y, _, counts, alone, bins, _ = runs
    once, twice = (float((counts == k).sum()) for k in (1, 2))
    discount = (once + 0.5) / (once + 2 * twice + 1)
    least = max([1, *np.sort(counts)[:-MOST_SPIKES][-1:]]) if len(counts) > MOST_SPIKES else 1
    is_spike = has_spikes & (counts > least)
    background = np.where(is_spike, discount, counts)
    cells = _cells(bins, background, rows)
    first = np.flatnonzero(np.diff(cells, prepend=-1))
    left = y[first[1:] - 1]
    right = y[first[1:]]
    after = alone[first[1:] - 1]
    before = alone[first[1:]]
    inner = np.floor((left + right) / 2) + 0.5
    inner = np.where(after & ~before, left + 0.5, np.where(before & ~after, right - 0.5, inner))
    edges = np.concatenate([y[:1] - 0.5, inner, y[-1:] + 0.5])
    is_point = np.diff(edges) == 1  # a cell of one point needs no spike
    weights = np.where(is_point, np.bincount(cells, counts), np.bincount(cells, background))
    is_spike &= ~is_point[cells]
    masses = np.asarray(counts[is_spike] - discount, dtype=np.float64)
    return edges, weights.astype(np.float64), bins[first], (y[is_spike], masses, bins[is_spike])


def _of_reals(runs: Runs, rows: float) -> Parts:
    """Return the cells of blocks, with the atoms for spikes."""
    low, high, sizes, alone, bins, _ = runs
    cells = _cells(bins, sizes, rows)
    first = np.flatnonzero(np.diff(cells, prepend=-1))
    atom = alone[first]
    left = high[first[1:] - 1]
    right = low[first[1:]]
    inner = np.where(atom[:-1], left, np.where(atom[1:], right, (left + right) / 2))
    edges = np.concatenate([low[:1], inner, high[-1:]])
    weights = np.where(atom, BETWEEN, np.bincount(cells, sizes))
    has_width = np.diff(edges) > 0
    spikes = low[alone], sizes[alone].astype(np.float64), bins[alone]
    return np.append(edges[:-1][has_width], edges[-1]), weights[has_width], bins[first][has_width], spikes


def _bins(counts: Ints, alone: Bools, target: float) -> Ints:
    """Return the bin of each of m neighbours: its own for those that are `alone`, else about `target` rows together."""
    starts: list[int] = []
    rows = np.append(0, np.cumsum(counts))
    changes = np.flatnonzero(alone[1:] | alone[:-1]) + 1
    for start, stop in zip([0, *changes], [*changes, len(counts)], strict=True):
        total = rows[stop] - rows[start]
        parts = max(1, round(total / target))
        at = start + np.searchsorted(rows[start:stop], rows[start] + total * np.arange(parts) / parts)
        starts.extend(np.minimum(at, stop - 1).tolist())
    is_start = np.zeros(len(counts), dtype=np.int64)
    is_start[starts] = 1
    return np.asarray(np.cumsum(is_start) - 1)


def _cells(bins: Ints, weights: Floats | Ints, rows: float) -> Ints:
    """Return the cell of each of m neighbours: of about so many rows of weight, and in one bin each.

    Towards both ends each next cell holds half as many, for there the values lie ever farther apart.
    """
    first = np.flatnonzero(np.diff(bins, prepend=-1))
    own = np.add.reduceat(weights, first)
    parts = np.maximum(np.floor(own / rows), 1)
    middle = np.cumsum(weights) - weights / 2 - (np.cumsum(own) - own)[bins]
    part = np.minimum(np.floor(middle / own[bins] * parts[bins]), parts[bins] - 1)
    label = bins * (parts.max() + 1) + part
    to_end = np.minimum(np.cumsum(weights), np.cumsum(weights[::-1])[::-1])
    half = np.floor(np.log2(np.clip(to_end, 1.0, rows)))
    is_new = (np.diff(label, prepend=label[0]) != 0) | (np.diff(half, prepend=half[0]) != 0)
    return np.asarray(np.cumsum(is_new))


def _reaches(y: Floats, counts: Ints, least: float) -> tuple[float, float]:
    """Return by how much the sqrt(n) farthest values exceed the one before them, on average, on the left and right.

    That is the scale of the tail.
    """
    most = int(float(counts.sum()) ** 0.5) + 1
    counts = counts.astype(np.intp)
    far = (np.repeat(-y[:most], counts[:most])[:most], np.repeat(y[-most:], counts[-most:])[::-1][:most])
    left, right = (max(float((values - values[-1]).mean()), least) for values in far)
    return left, right
