"""What a column of numbers may be coded as: the first choice, then its rivals."""

from __future__ import annotations

import numpy as np

from made_np.columns.atoms import Atoms
from made_np.columns.bending import differ, learn_monotone, spread_of
from made_np.columns.binning import learn_bins
from made_np.columns.coding import Affine, Coding
from made_np.columns.lattice import Lattice
from made_np.columns.sampling import sampled
from made_np.distributions.atoms import WithAtoms, find_atoms
from made_np.distributions.distribution import Distribution
from made_np.distributions.levels import DiscretizedLogistic
from made_np.distributions.mixtures import MixtureOfGaussians, MixtureOfLogistics
from made_np.distributions.plain import Bernoulli, Categorical
from made_np.typing import Floats, Ints

__all__ = ["Candidate", "candidates"]

Candidate = tuple[Distribution, Coding]
"""The distribution of a feature, and the coding of its values."""

COMPONENTS = 10
"""Of a mixture, of real numbers."""
RESERVE = 1e-3
"""What such a mixture holds back for values that none of its components explains."""
STEPS = 5
"""Logistics in a mixture over a lattice."""
MOST_LEVELS = 1 << 14
"""A lattice of more points has no DiscretizedLogistic: it would have to be added up."""
ENOUGH = 50_000
"""So many rows tell the shape of a real column: the mixture learns the rest."""
ANYWHERE = (-np.inf, np.inf)


def candidates(
    values: Floats,
    resolution: float = 0.0,
    *,
    counts: Ints | None = None,
    support: tuple[float, float] = ANYWHERE,
    missing: bool = False,
) -> list[Candidate]:
    """Return what a training column may be coded as, the first choice first.

    All of them give p in the unit of the column: of a lattice a mass for each point, else a density, with masses at
    atoms. So held-out rows may choose among them.

    Parameters
    ----------
    values : ndarray (n,)
        At least two different ones; NaN is a gap.
    resolution : float
        Of their lattice; 0: they are real.
    counts : ndarray of int (n,), optional
        How often each of `values` was met, which then are different, and rise.
    support : (float, float)
        Where the legal numbers end.
    missing : bool
        Whether a gap is a level. Then there are bins alone, for nothing else has a place for it.

    Examples
    --------
    >>> ages = np.random.default_rng(0).integers(17, 90, 2000).astype(float)
    >>> [type(coding).__name__ for _, coding in candidates(ages, 1.0)]
    ['Bins', 'Lattice']
    """
    if counts is None:
        values, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    if not resolution and not missing:
        found = _of_reals(values, counts, support)
        if found:
            return found
    bins = learn_bins(values, resolution, counts=counts, support=support, missing=missing)
    binned: list[Candidate] = [(Bernoulli() if bins.n == 2 else Categorical(bins.n), bins)] if bins.n > 1 else []
    if missing and binned:
        return binned
    return binned + _on_lattice(values, resolution) if resolution else binned or _of_reals(values, counts, support)


def _on_lattice(values: Floats, resolution: float) -> list[Candidate]:
    """Return the mixture of binned logistics, where the lattice of the rising values is short enough for it."""
    lattice = Lattice(float(values[0]), resolution)
    levels = int(lattice.encode(values[-1:])[0]) + 1
    return [(DiscretizedLogistic(levels, STEPS), lattice)] if 2 <= levels <= MOST_LEVELS else []


def _of_reals(distinct: Floats, counts: Ints, support: tuple[float, float]) -> list[Candidate]:
    """Return mixtures of the bent column of the rising values (m,), met `counts` times, with the atoms that it has.

    The curve has a shape alone: peaks are left for the mixture. Logistics come first: a value far out costs less. The
    last one is not bent: a curve for each column bends what ties columns together.
    """
    is_atom = find_atoms(counts) | np.isin(distinct, support)  # at an end of the support no density lies
    atoms = tuple(distinct[is_atom].tolist())
    rest = sampled(distinct[~is_atom], counts[~is_atom], ENOUGH)
    if not differ(rest):
        return []
    curve = learn_monotone(rest, low=support[0], high=support[1], most_knots=2)
    bases = MixtureOfLogistics(COMPONENTS, reserve=RESERVE), MixtureOfGaussians(COMPONENTS, reserve=RESERVE)
    if atoms:
        coding = Atoms(curve, atoms)
        return [(WithAtoms(base, coding.places), coding) for base in bases]
    bent: list[Candidate] = [(base, curve) for base in bases]
    return bent if curve.shape != "asinh" else [*bent, (bases[-1], Affine(float(rest.mean()), spread_of(rest)))]
