"""How the bins of a column are learned from its training values."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from made_np.columns.bending import SMALLEST, differ, spread_of
from made_np.columns.bins import Bins
from made_np.columns.lattice import Lattice
from made_np.distributions.atoms import find_atoms
from made_np.typing import Bools, Floats, Ints
from made_np.values import as_count, as_number

Pieces = tuple[Floats, Floats, Ints]
"""Edges of cells or places of spikes, with their weights, and their codes."""

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
"""So many rows may a cell hold; held-out rows choose."""
FOLDS = 4
ENOUGH = 10_000
"""So many rows choose."""
BETWEEN = 1e-3
"""Rows that a cell counts for where none was met: between two atoms that are neighbours."""


def learn_bins(
    values: Floats,
    resolution: float = 0.0,
    most_codes: int | None = None,
    *,
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
    x = values[~np.isnan(values)].astype(np.float64)
    if not differ(x):
        raise ValueError("values are all the same, but for 1e-290 at most: a constant needs no bins")
    most_codes = most_codes or min(max(len(x) // ROWS, FEWEST_CODES), MOST_CODES)
    return Binning(resolution, most_codes, support, missing).learn(x)


def marginal_log_prob(bins: Bins, x: Floats) -> Floats:
    """Return log p(x) of the column on its own (n,), each bin having its share of the training rows; 0 at gaps."""
    known = ~np.isnan(x)
    terms = bins.log_term(x)
    terms[known] += np.log(bins.bin_shares[bins.encode(x[known]).astype(np.int64)])
    return terms


@dataclass(frozen=True)
class Binning:
    """How a column is cut into bins: see `learn_bins`."""

    resolution: float
    most_codes: int
    support: tuple[float, float]
    missing: bool

    def learn(self, x: Floats) -> Bins:
        """Return the bins of the values (n,), with the cells that suit held-out ones."""
        some = np.random.default_rng(0).permutation(x)[:ENOUGH]
        fold = np.arange(len(some)) % FOLDS
        parts = [(some[fold != k], some[fold == k]) for k in range(min(FOLDS, len(some)))]
        learned_from = [(self._counted(rest), out) for rest, out in parts if differ(rest)]
        best = (CELLS[0], False)
        most = -np.inf
        for choice in product(CELLS, (True, False) if self.resolution else (False,)):
            scores = [marginal_log_prob(self._cut(*values, *choice), out).sum() for values, out in learned_from]
            if scores and sum(scores) > most:
                best = choice
                most = sum(scores)
        # of a histogram the best number of rows in a cell grows with n^(2/3)
        return self._cut(*self._counted(x), best[0] * (len(x) / len(some)) ** (2 / 3), best[1])

    def _counted(self, x: Floats) -> tuple[float, Floats, Ints]:
        """Return where the lattice begins, the distinct values in units of y, and how often each was met."""
        offset = float(x.min()) if self.resolution else 0.0
        return offset, *np.unique(
            Lattice(offset, self.resolution).encode(x) if self.resolution else x, return_counts=True
        )

    def _cut(self, offset: float, distinct: Floats, counts: Ints, rows: float, has_spikes: bool) -> Bins:
        """Return the bins of the rising values (m,), met `counts` times, with so many rows in each cell."""
        if self.resolution:
            return self._on_lattice(offset, distinct, counts, rows, has_spikes)
        return self._of_reals(distinct, counts, rows)

    def _target(self, counts: Ints) -> float:
        """Return how many rows a bin should hold: what is alone in its bin takes no part of the others'."""
        target = counts.sum() / self.most_codes
        while True:
            heavy = counts >= target
            rest = float(counts[~heavy].sum()) / max(self.most_codes - heavy.sum(), 1)
            if max(rest, LEAST) >= target:
                return target
            target = max(rest, LEAST)

    def _on_lattice(self, offset: float, distinct: Floats, counts: Ints, rows: float, has_spikes: bool) -> Bins:
        """Return the bins of the rising points (m,), met `counts` times."""
        once, twice = (float((counts == k).sum()) for k in (1, 2))
        discount = (once + 0.5) / (once + 2 * twice + 1)
        is_spike = has_spikes & (counts > max([1, *np.sort(counts)[:-MOST_SPIKES][-1:]]))
        target = self._target(counts)
        heavy = counts >= target
        bins = _bins(counts, heavy, target)
        background = np.where(is_spike, discount, counts)
        cells = _cells(bins, background, rows)
        first = np.flatnonzero(np.diff(cells, prepend=-1))
        left = distinct[first[1:] - 1]
        right = distinct[first[1:]]
        after = heavy[first[1:] - 1]
        before = heavy[first[1:]]
        inner = np.floor((left + right) / 2) + 0.5
        inner = np.where(after & ~before, left + 0.5, np.where(before & ~after, right - 0.5, inner))
        edges = np.concatenate([distinct[:1] - 0.5, inner, distinct[-1:] + 0.5])
        is_point = np.diff(edges) == 1  # a cell of one point needs no spike
        weights = np.where(is_point, np.bincount(cells, counts), np.bincount(cells, background))
        is_spike &= ~is_point[cells]
        spikes = distinct[is_spike], counts[is_spike] - discount, bins[is_spike]
        y = np.repeat(distinct, counts)
        low, high = Lattice(offset, self.resolution).steps(*(np.array(end) for end in self.support))
        return self._made(y, (edges, weights, bins[first]), spikes, (low - 0.5, high + 0.5), 0.5, offset)

    def _of_reals(self, distinct: Floats, counts: Ints, rows: float) -> Bins:
        """Return the bins of the rising values (m,), met `counts` times."""
        is_atom = find_atoms(counts)
        others = np.repeat(distinct[~is_atom], counts[~is_atom])
        spread = (spread_of(others) if len(others) else 0.0) or float(distinct[-1] - distinct[0])
        narrowest = max(NARROWEST * spread, 4 * float(np.spacing(np.abs(distinct).max())))
        # values so close to each other stay together
        block = np.floor((distinct - distinct[0]) / narrowest)
        is_new = (np.diff(block, prepend=-1) != 0) | is_atom | np.append(False, is_atom[:-1])
        start = np.flatnonzero(is_new)
        sizes = np.add.reduceat(counts, start)
        rest = sizes[~is_atom[start]]
        bins = _bins(sizes, is_atom[start], max(rest.sum() / max(self.most_codes - is_atom.sum(), 1), LEAST))
        cells = _cells(bins, sizes, rows)
        first = np.flatnonzero(np.diff(cells, prepend=-1))
        atom = is_atom[start[first]]
        left = distinct[start[first[1:]] - 1]
        right = distinct[start[first[1:]]]
        inner = np.where(atom[:-1], left, np.where(atom[1:], right, (left + right) / 2))
        edges = np.concatenate([distinct[:1], inner, distinct[-1:]])
        weights = np.where(atom, BETWEEN, np.bincount(cells, sizes))
        has_width = np.diff(edges) > 0
        cut = np.append(edges[:-1][has_width], edges[-1]), weights[has_width], bins[first][has_width]
        spikes = distinct[is_atom], counts[is_atom].astype(np.float64), bins[first][atom]
        return self._made(np.repeat(distinct, counts), cut, spikes, self.support, narrowest, 0.0)

    def _made(
        self, y: Floats, cells: Pieces, spikes: Pieces, ends: tuple[Any, Any], least: float, offset: float
    ) -> Bins:
        """Return the bins with one row's weight beyond the rising values `y` on either side, as far as `ends` allow."""
        edges, weights, codes = cells
        tails = [1.0, 1.0]
        for side, end in enumerate(ends):
            if np.isfinite(end):
                tails[side] = 0.0
                at = len(edges) * side
                if max(edges[0] - end, end - edges[-1]) > SMALLEST:
                    edges, weights = np.insert(edges, at, end), np.insert(weights, len(weights) * side, 1.0)
                    codes = np.insert(codes, len(codes) * side, codes[-side])
        return Bins(
            *(*(edges, weights, codes), *spikes, tails),  # type: ignore[arg-type]
            reach=(_reach(-y[::-1], least), _reach(y, least)),
            drawn=(float(y[0]), float(y[-1])),
            offset=offset,
            resolution=self.resolution,
            missing=self.missing,
        )


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


def _reach(rising: Floats, least: float) -> float:
    """Return by how much the sqrt(n) largest values exceed the one before them, on average: the scale of the tail."""
    top = rising[-int(len(rising) ** 0.5) - 1 :]
    return max(float((top - top[0]).mean()), least)
