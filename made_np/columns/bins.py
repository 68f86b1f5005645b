"""Numbers coded by the bin that they lie in, with a fixed density inside each bin.

The line is cut into *cells* of even density, next to which *spikes* are single values with a mass of their own. A bin,
which is what a code stands for, is a run of neighbouring cells with the spikes among them; it can be a single value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from made_np.columns.coding import Coding
from made_np.columns.lattice import Lattice
from made_np.columns.pieces import Pieces, Spot
from made_np.lazy import lazy
from made_np.typing import Bools, Floats, Ints
from made_np.values import as_count, as_flag, as_number, as_sequence

__all__ = ["Bins"]

MOST_POINTS = 1 << 14
"""The codes of no more points than these are kept, to be looked up."""


@dataclass(frozen=True)
class Bins(Coding):
    """z is the code 0..K-1 of the bin of x, rising with x; ``t = log p(x given its bin)``.

    On a lattice t is the logarithm of a mass, of one of its points. Of real numbers it is that of a density, but for
    spikes, which are masses. All fields but the last three are in units of y: the count of the lattice's point, or x
    itself. Weights are in any unit.

    Attributes
    ----------
    edges : tuple of float, length F + 1
        Where the cells begin and end, strictly rising; on a lattice half-way between points.
    weights : tuple of float, length F
        Of each cell, spikes apart.
    codes : tuple of int, length F
        Of each cell.
    spikes, spike_weights, spike_codes : tuple, length S
        Values with a mass of their own, rising; their weights and codes. On a lattice the code is that of the cell.
    tails : (float, float)
        Weights of what lies below the first cell and above the last: parts of the first and the last bin. At 0 such
        numbers are unknown.
    reach : (float, float)
        Half of each tail lies within this distance: ``P(farther than d) = reach / (reach + d)``.
    drawn : (float, float), optional
        The interval, ends included, that `decode` keeps to; by default that of the cells.
    offset, resolution : float
        The lattice: its points are ``offset + k resolution``. A resolution of 0: real numbers.
    missing : bool
        Whether a gap is a level, with the code K.

    Examples
    --------
    >>> hours = Bins((0.5, 1.5, 4.5), (2.0, 3.0), (0, 1), resolution=1.0)
    >>> hours.encode(np.array([1.0, 2.0, 4.0, np.nan]))
    array([ 0.,  1.,  1., nan])
    >>> np.exp(hours.log_term(np.array([1.0, 2.0, 4.0]))).round(6)
    array([1.      , 0.333333, 0.333333])
    >>> hours.decode(np.array([0.0, 1.0, 1.0]), np.array([0.9, 0.1, 0.9]))
    array([1., 2., 4.])
    >>> hours.shares(2, 3).round(6)
    array([0.      , 0.666667])
    """

    edges: tuple[float, ...]
    weights: tuple[float, ...]
    codes: tuple[int, ...]
    spikes: tuple[float, ...] = ()
    spike_weights: tuple[float, ...] = ()
    spike_codes: tuple[int, ...] = ()
    tails: tuple[float, float] = (0.0, 0.0)
    reach: tuple[float, float] = (1.0, 1.0)
    drawn: tuple[float, float] | None = None
    offset: float = 0.0
    resolution: float = 0.0
    missing: bool = False
    name: ClassVar[str] = "bins"
    is_closed: ClassVar[bool] = True

    def __post_init__(self) -> None:
        n_cells = len(as_sequence(self.weights, "weights", "a weight for each cell"))
        n_spikes = len(as_sequence(self.spikes, "spikes", "values"))
        sizes = {"edges": n_cells + 1, "weights": n_cells, "codes": n_cells, "tails": 2, "reach": 2}
        if self.drawn is not None:
            sizes["drawn"] = 2
        sizes |= {"spikes": n_spikes, "spike_weights": n_spikes, "spike_codes": n_spikes}
        for each, size in sizes.items():
            what = f"{size} numbers"
            own = tuple(np.asarray(as_sequence(getattr(self, each), each, what, size)).tolist())
            object.__setattr__(self, each, own)
        for each, interval in (("offset", "(-inf, inf)"), ("resolution", "[0, inf)")):
            object.__setattr__(self, each, as_number(getattr(self, each), each, interval))
        object.__setattr__(self, "missing", as_flag(self.missing, "missing"))
        as_count(n_cells, "the number of cells")
        self._look()

    def _look(self) -> None:
        """Raise a `ValueError` that names the field that makes no sense."""
        for each in ("edges", "spikes"):
            values = np.array(getattr(self, each))
            if not (np.isfinite(values).all() and (np.diff(values) > 0).all()):
                raise ValueError(f"{each} has to rise: give finite numbers, each above the one before")
        for each in ("weights", "spike_weights", "tails"):
            values = np.array(getattr(self, each))
            if not (np.isfinite(values) & (values >= 0)).all():
                raise ValueError(f"{each} has a weight below 0: give finite numbers, 0 or above")
        if not min(self.reach) > 0:
            raise ValueError(f"reach={self.reach}: give two numbers above 0")
        codes = np.array(self.codes + self.spike_codes)[np.argsort(self.edges[:-1] + self.spikes, kind="stable")]
        if (
            not np.array_equal(np.unique(codes), np.arange(codes.max() + 1))
            or (np.diff(np.array(self.codes)) < 0).any()
        ):
            raise ValueError("codes have to rise from 0 without a hole")
        if not (self._widths[1] > 0).all():
            raise ValueError("weights are 0 for a whole bin: give each code a cell or a spike with a weight")

    # ------------------------------------------------------------------------------------------ what it is made of

    @property
    def n(self) -> int:
        """How many codes there are, that of a gap too."""
        return self.n_bins + self.missing

    @lazy
    def n_bins(self) -> int:
        """K."""
        return max(self.codes + self.spike_codes) + 1

    @lazy
    def lattice(self) -> Lattice | None:
        """The lattice, if there is one."""
        return Lattice(self.offset, self.resolution) if self.resolution else None

    @lazy
    def _pieces(self) -> Pieces:
        """Cells, spikes and tails."""
        cells = np.array(self.edges), np.array(self.weights, dtype=np.float64)
        spikes = np.array(self.spikes, dtype=np.float64), np.array(self.spike_weights, dtype=np.float64)
        return Pieces(*cells, *spikes, self.tails, self.reach, bool(self.resolution))

    @lazy
    def _codes(self) -> tuple[Ints, Ints]:
        """Codes of the cells (F,) and of the spikes (S,)."""
        return np.array(self.codes), np.array(self.spike_codes, dtype=np.int64)

    @lazy
    def _widths(self) -> tuple[Floats, Floats]:
        """For each bin the weight below it, and its own, both (K,)."""
        codes = (0, self.n_bins - 1, *self.codes, *self.spike_codes)
        weights = np.array([*self.tails, *self.weights, *self.spike_weights])
        own = np.bincount(codes, weights, self.n_bins).astype(np.float64)
        return np.cumsum(own) - own, own

    @lazy
    def _drawn(self) -> tuple[float, float]:
        """The interval that `decode` keeps to."""
        return self.drawn or (self.edges[0], self.edges[-1])

    @lazy
    def bin_shares(self) -> Floats:
        """The share of each bin in the whole weight, (K,)."""
        own = self._widths[1]
        return np.asarray(own / own.sum())

    @lazy
    def _knots(self) -> tuple[Floats, Floats]:
        """Places in rising order, with the weight below each; between them it rises evenly, at a spike it jumps."""
        edges, _, spikes, weights, *_ = self._pieces
        places = np.concatenate([edges, spikes, spikes])
        below = self.tails[0] + np.interp(places, edges, np.append(0.0, np.cumsum(self.weights)))
        jumps = np.append(0.0, np.cumsum(weights))
        below += jumps[np.searchsorted(spikes, places, "left")]
        below[len(edges) + len(spikes) :] += weights
        order = np.lexsort((below, places))
        return places[order], np.maximum.accumulate(below[order])

    def _weight_below(self, y: Floats, side: str) -> Floats:
        """Return the weight of what is below y, and of y itself if the `side` is "right"."""
        places, below = self._knots
        after = np.clip(np.searchsorted(places, y, side), 1, len(places) - 1)  # type: ignore[call-overload]
        start = places[after - 1]
        stop = places[after]
        share = np.clip((y - start) / np.where(stop > start, stop - start, 1.0), 0.0, 1.0)
        inside = below[after - 1] + share * (below[after] - below[after - 1])
        with np.errstate(over="ignore"):
            left = self.tails[0] / (1 + np.maximum(places[0] - y, 0.0) / self.reach[0])
            right = self.tails[1] / (1 + np.maximum(y - places[-1], 0.0) / self.reach[1])
        beyond = np.where(y < places[0], left, below[-1] + self.tails[1] - right)
        return np.where((y < places[0]) | (y > places[-1]), beyond, inside)

    # ----------------------------------------------------------------------------------------------- as a coding

    def _counted(self, x: Floats) -> Floats:
        """Return y."""
        return x if self.lattice is None else self.lattice.encode(x)

    def _codes_at(self, y: Floats, spot: Spot) -> Ints:
        """Return the code of each y, of which the `spot` is known."""
        codes = self._codes[0][spot.cell]
        if spot.is_spike is not None:
            codes = np.where(spot.is_spike, self._codes[1][spot.spike], codes)
        if self.codes[0] or self.codes[-1] < self.n_bins - 1:  # a spike alone is the bin at an end
            codes = np.where(y < self.edges[0], 0, np.where(y > self.edges[-1], self.n_bins - 1, codes))
        return np.asarray(codes)

    def _codes_of(self, y: Floats) -> Floats:
        """Return the code of each y."""
        return self._codes_at(y, self._pieces.spot(y)).astype(np.float64)

    def _terms_of(self, y: Floats) -> Floats:
        """Return log p(y given its bin)."""
        spot = self._pieces.spot(y)
        with np.errstate(divide="ignore"):
            return np.log(self._pieces.density(y, spot) / self._widths[1][self._codes_at(y, spot)])

    @lazy
    def _points(self) -> tuple[float, Floats, Floats] | None:
        """The first point of a short lattice between the ends, with code and term of each point there."""
        first = np.ceil(self.edges[0])
        if not self.lattice or self.edges[-1] - first > MOST_POINTS:
            return None
        y = np.arange(first, self.edges[-1])
        return float(first), self._codes_of(y), self._terms_of(y)

    def _looked_up(self, y: Floats, which: int) -> Floats:
        """Return the code of each y, or the term if `which` is 1."""
        compute = self._terms_of if which else self._codes_of
        if self._points is None:
            return compute(y)
        first, *tables = self._points
        found = tables[which][np.fmin(np.fmax(y - first, 0), len(tables[which]) - 1).astype(np.int64)]
        is_beyond = (y < self.edges[0]) | (y > self.edges[-1])
        if is_beyond.any():
            found[is_beyond] = compute(y[is_beyond])
        return found

    def encode(self, x: Floats) -> Floats:
        """Return the codes."""
        z = self._looked_up(self._counted(x), 0)
        z[np.isnan(x)] = self.n_bins if self.missing else np.nan
        return z

    def log_term(self, x: Floats) -> Floats:
        """Return log p(x given its bin): of a mass on a lattice and at spikes, of a density elsewhere."""
        terms = self._looked_up(self._counted(x), 1)
        terms[np.isnan(x)] = 0.0
        return terms

    def decode(self, z: Floats, u: Floats | None = None) -> Floats:
        """Return the value of bin z at the share `u` of its weight, without it at half; always within `drawn`."""
        below, own = self._widths
        codes = np.clip(np.nan_to_num(z), 0, self.n_bins - 1).astype(np.int64)
        half = 0.5 if self.lattice else 0.0  # a point of the lattice has the weight around it
        ends = (
            self._weight_below(np.array([self._drawn[0] - half]), "left"),
            self._weight_below(np.array([self._drawn[1] + half]), "right"),
        )
        low = np.maximum(below[codes], ends[0])
        high = np.minimum(below[codes] + own[codes], ends[1])
        y = self._place_of(low + (0.5 if u is None else u) * (high - low))
        first, last = self._ends
        y = np.clip(np.rint(y) if self.lattice else y, first[codes], last[codes])
        x = self.lattice.decode(y) if self.lattice else y
        return np.where(np.isnan(z) | (z >= self.n_bins), np.nan, x)

    def _place_of(self, weight: Floats) -> Floats:
        """Return the y with so much weight below it."""
        places, below = self._knots
        after = np.clip(np.searchsorted(below, weight, "right"), 1, len(below) - 1)
        rise = below[after] - below[after - 1]
        share = np.clip((weight - below[after - 1]) / np.where(rise > 0, rise, 1.0), 0.0, 1.0)
        return np.asarray(places[after - 1] + share * (places[after] - places[after - 1]))

    @lazy
    def _ends(self) -> tuple[Floats, Floats]:
        """The smallest and the largest y that is drawn for each bin, both (K,)."""
        edges, _, spikes, *_ = self._pieces
        codes, spike_codes = self._codes
        first = np.full(self.n_bins, np.inf)
        last = np.full(self.n_bins, -np.inf)
        if self.lattice:
            starts = np.ceil(edges[:-1])
            stops = np.floor(edges[1:])
        else:  # what is a spike is none of the cell beside it
            starts = np.where(np.isin(edges[:-1], spikes), np.nextafter(edges[:-1], np.inf), edges[:-1])
            stops = np.nextafter(edges[1:], -np.inf)
        for values, own in ((starts, codes), (spikes, spike_codes)):
            np.minimum.at(first, own, values)
        for values, own in ((stops, codes), (spikes, spike_codes)):
            np.maximum.at(last, own, values)
        return np.maximum(first, self._drawn[0]), np.minimum(last, self._drawn[1])

    def shares(self, low: float | Floats, high: float | Floats) -> Floats:
        """Return P(low <= x <= high given z) for z = 0, 1, ..., n - 1; of arrays (m,) of ends, shape (m, n)."""
        low, high = np.broadcast_arrays(np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64))
        if self.lattice:
            first, last = self.lattice.steps(low, high)
            sides = (self._weight_below(first - 0.5, "left"), self._weight_below(last + 0.5, "right"))
        else:
            sides = (self._weight_below(low, "left"), self._weight_below(high, "right"))
        below, own = self._widths
        to_low, to_high = (np.clip((side[..., None] - below) / own, 0.0, 1.0) for side in sides)
        shares = np.maximum(to_high - to_low, 0.0)
        return np.concatenate([shares, np.zeros((*low.shape, 1))], axis=-1) if self.missing else shares

    def unknown(self, x: Floats) -> Bools:
        """Return True between the points of the lattice, and where there is no tail to lie in."""
        y = self._counted(x)
        beyond = ((y < self.edges[0]) & (not self.tails[0])) | ((y > self.edges[-1]) & (not self.tails[1]))
        return beyond if self.lattice is None else beyond | self.lattice.unknown(x)
