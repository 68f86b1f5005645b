"""How a column of some kind is coded, with the distribution that its feature has."""

from __future__ import annotations

import numpy as np

from made_np.columns.candidates import candidates
from made_np.columns.coded import Coded
from made_np.columns.codes import Codes
from made_np.columns.coding import PLAIN, Affine, Coding
from made_np.columns.seen import Seen
from made_np.distributions.distribution import Distribution, Undetermined
from made_np.distributions.plain import Bernoulli, Categorical, Gaussian
from made_np.distributions.registry import kind_of
from made_np.typing import Floats

__all__ = ["Form", "of_distribution", "of_levels", "of_numbers", "of_values"]

LARGEST = 1e100
"""Squares of what is larger come near to the end of float64."""
ROUNDING = 1e-13
"""Numbers that differ by no more than this share of them are one number."""

Form = tuple[Distribution, Coding]
"""The distribution of a feature, and the coding of its values."""


def of_values(seen: Seen, *, missing: bool) -> Form:
    """Return the form of a few numbers, each with a probability of its own."""
    is_bit = seen.n_distinct <= 2 and seen.low >= 0 and seen.high <= 1 and seen.is_whole
    if (seen.is_code or is_bit) and not missing:
        return _states(seen.n_distinct), PLAIN
    coding = Codes(tuple(seen.distinct.tolist()), missing=missing)
    return _states(coding.n), coding


def of_levels(seen: Seen, n_levels: int, *, missing: bool, min_frequency: float | None) -> Form:
    """Return the form of codes 0..n_levels - 1, those of levels that are rarer than `min_frequency` lumped together.

    The frequency is a number of rows, or below 1 a share of them.
    """
    if min_frequency is None:
        return _states(n_levels + missing), Coded(n_levels, missing=True) if missing else PLAIN
    counts = np.zeros(n_levels)
    counts[seen.distinct.astype(np.int64)] = seen.counts
    least = 0.0 if min_frequency is None else min_frequency * (seen.n if min_frequency < 1 else 1)
    rare = (counts < least) & (counts < counts.max())
    codes = np.where(rare, 0, np.cumsum(~rare) - 1)
    codes[rare] = codes.max() + 1
    weights = np.where(rare, np.maximum(counts, 0.5), 1.0)  # declared levels that fit never met keep a small share
    coding = Codes(tuple(np.arange(n_levels)), tuple(codes), tuple(weights), missing)
    return _states(coding.n), coding


def of_numbers(seen: Seen, kind: str, resolution: float, *, missing: bool) -> list[Form]:
    """Return the forms that numbers on a scale may have, the first choice first."""
    size = max(abs(seen.low), abs(seen.high))
    if size > LARGEST or seen.high - seen.low <= ROUNDING * size:
        return [of_values(seen, missing=True)] if missing else [(Gaussian(), Affine(*_mean_and_scale(seen.known)))]
    found = candidates(seen.distinct, resolution, counts=seen.counts, support=_support(kind, seen), missing=missing)
    return found or [of_values(seen, missing=missing)]  # of so few rows that bins tell none from another


def _support(kind: str, seen: Seen) -> tuple[float, float]:
    """Return where the numbers of a kind end."""
    if kind in ("count", "positive"):
        return 0.0, np.inf
    if kind != "bounded":
        return -np.inf, np.inf
    low = min(seen.low, 0.0)
    return low, next((end for end in (1.0, 100.0) if seen.high <= end), seen.high)


def of_distribution(kind: str | Distribution, seen: Seen, which: str) -> Form:
    """Return the form of numbers whose distribution, or its name, a person gave; messages call the column `which`."""
    output = kind if isinstance(kind, Distribution) else _named(kind, seen.known, which)
    if not output.is_real or not seen.n:
        return output, PLAIN
    kept = seen.known[~output.far_out(seen.known)]
    return output, Affine(*_mean_and_scale(kept))


def _states(n: int) -> Distribution:
    """Return the distribution of n codes; a single row has one only."""
    return Bernoulli() if n <= 2 else Categorical(n)


def _named(kind: str, values: Floats, which: str) -> Distribution:
    """Return the distribution that a name stands for."""
    try:
        return kind_of(kind).from_column(values)
    except Undetermined as error:
        spelled = ":".join([kind, *kind_of(kind).needed()])
        raise ValueError(f"columns: {which} is to be {kind!r}, but {error}, on the command line {spelled}") from None
    except ValueError as error:
        raise ValueError(f"columns: {which} is to be {kind!r}, but {error}") from None


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
