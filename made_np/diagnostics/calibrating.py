"""Calibration of the conditionals: does what was predicted with probability p happen in a share p of the cases?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from made_np.diagnostics.bins import Bins, Reliability, Uniformity
from made_np.distributions.distribution import Distribution
from made_np.model.made import MADE, as_model
from made_np.typing import Array, Floats
from made_np.values import as_count, as_generator

__all__ = ["Calibration", "calibration"]


SHOWN = 10
"""A table of features lists at most so many, the worst."""

MOST_BINS = 1_000_000
"""More bins than this hold nothing worth counting, and a table of them no memory."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """What was predicted of each feature beside what was observed, in bins.

    Attributes
    ----------
    n_rows : int
    is_discrete : ndarray of bool, shape (D,)
        True for features whose states have probabilities, False for those on a scale: as `Distribution.has_states`.
    count : ndarray of int64, shape (D, n_bins)
        Of a discrete feature, predictions in each bin of probability; else values of u in each bin (`Uniformity`).
    predicted, observed, variance : ndarray of float64, shape (D, n_bins)
        Of discrete features, sums over each bin's predictions of p, of 1 where it came true, and of ``p (1 - p)``;
        0 for the others.
    """

    n_rows: int
    is_discrete: NDArray[np.bool_]
    count: NDArray[np.int64]
    predicted: Floats
    observed: Floats
    variance: Floats

    def reliability(self, feature: int | None = None) -> Reliability:
        """Return the bins of one discrete feature, or of all of them together.

        Together, a feature that is predicted too high hides another that is predicted too low: look at each as well.

        Raises
        ------
        ValueError
            There is no such feature, or it has no states.
        """
        chosen = self._choose(feature, True, "is on a scale: ask for uniformity")
        count = self.count[chosen].sum(axis=0)
        n = np.where(count > 0, count, np.nan)  # no mean of nothing
        sums = (self.predicted[chosen].sum(axis=0), self.observed[chosen].sum(axis=0))
        return Reliability(count, sums[0] / n, sums[1] / n, np.sqrt(self.variance[chosen].sum(axis=0)) / n)

    def uniformity(self, feature: int | None = None) -> Uniformity:
        """Return the histogram of u of one feature on a scale, or of all of them together.

        Raises
        ------
        ValueError
            There is no such feature, or it is discrete.
        """
        chosen = self._choose(feature, False, "has states: ask for reliability")
        return Uniformity(self.count[chosen].sum(axis=0))

    def has_states(self, feature: int) -> bool:
        """Return whether a feature is discrete, or raise if there is none of that index."""
        return bool(self.is_discrete[as_count(feature, "feature", 0, len(self.is_discrete) - 1)])

    def of(self, feature: int) -> Bins:
        """Return `reliability` or `uniformity` of one feature, whichever it has."""
        return self.reliability(feature) if self.has_states(feature) else self.uniformity(feature)

    def to_dict(self) -> dict[str, Any]:
        """Return errors and counts of each feature as plain Python for `json.dumps`."""
        features = [self.of(d) for d in range(len(self.is_discrete))]
        return {
            "n_rows": self.n_rows,
            "n_bins": self.count.shape[1],
            "is_discrete": self.is_discrete.tolist(),
            "error": [bins.error for bins in features],
            "chance": [bins.chance for bins in features],
            "count": self.count.tolist(),
        }

    def __str__(self) -> str:
        lines = [f"calibration of {len(self.is_discrete)} conditionals on {self.n_rows} rows", ""]
        if self.is_discrete.any():
            lines += [f"features with states: {int(self.is_discrete.sum())}", str(self.reliability()), ""]
        if not self.is_discrete.all():
            lines += [f"features on a scale: {int((~self.is_discrete).sum())}", str(self.uniformity()), ""]
        return "\n".join([*lines, *self._worst()])

    __repr__ = __str__

    def _worst(self) -> list[str]:
        """Return the lines of the features that are furthest from what chance explains."""
        features = [self.of(d) for d in range(len(self.is_discrete))]
        excess = np.array([bins.error - bins.chance for bins in features])
        worst = np.argsort(-excess, kind="stable")[:SHOWN]
        lines = ["by feature      error    chance"]
        lines += [f"  {f'x{d}':<9} {features[d].error:>9.4f} {features[d].chance:>9.4f}" for d in worst]
        left = len(features) - len(worst)
        return [*lines, f"  and {left} more that are no worse"] if left else lines

    def _choose(self, feature: int | None, discrete: bool, otherwise: str) -> NDArray[np.int64]:
        """Return the indices that are meant: of one feature, or of all that are `discrete` or not."""
        if feature is None:
            chosen = np.flatnonzero(self.is_discrete == discrete)
            if len(chosen) == 0:
                raise ValueError(f"every feature {otherwise}")
            return chosen
        if self.has_states(feature) != discrete:
            raise ValueError(f"feature={feature} {otherwise}")
        return np.array([feature])


def calibration(
    made: MADE,
    theta: Array,
    x: Any,
    *,
    n_bins: int = 10,
    context: Any = None,
    mask_set: Any = 0,
    rng: int | np.random.Generator = 0,
) -> Calibration:
    """Compare each conditional p(x_d | x before d) with what was observed.

    Of a feature with states (Bernoulli, Categorical), predictions are put into bins by their probability, and each
    bin's mean prediction stands beside the share that came true. Of any other, ``u = P(X <= x)`` is uniform on [0, 1]
    if the conditional is right, and its histogram says where it is not. Where values are levels or counts, P(X <= x)
    steps from P(X < x), so u is drawn uniformly in between: it is then uniform as well.

    Parameters
    ----------
    made : MADE
    theta : ndarray, shape (P,)
    x : array (n, D)
        Rows that theta was not fitted to, read block by block. Those of a `MADEDensity` are ``columns_.encode(X)``.
    n_bins : int
    context : array (n, C), optional
    mask_set : int or permutation
        A mixture of mask sets has no conditionals of its own.
    rng : int or numpy.random.Generator
        Draws u within the steps of levels and counts; nothing else is random.

    Raises
    ------
    ValueError, TypeError
        No rows, or what `MADE.params` refuses.

    Notes
    -----
    u by way of the distribution function: Dawid (1984), "Statistical theory: the prequential approach"; in between
    for discrete values: Smith (1985), "Diagnostic checks of non-standard time series models".

    Examples
    --------
    >>> from made_np import MADE
    >>> made = MADE(2, hidden=(4,), dtype="float64")
    >>> found = calibration(made, np.zeros(made.n_params), [[0, 1], [1, 1]], n_bins=2)  # p(x_d = 1) is always 1/2
    >>> found.reliability().count, found.reliability().observed
    (array([0, 4]), array([ nan, 0.75]))
    """
    as_model(made)
    n_bins = as_count(n_bins, "n_bins", 1, MOST_BINS)
    generator = as_generator(rng)
    n = 0
    for _ in made.check_blocks(x, context):  # all rows, before anything is drawn
        pass
    sums = np.zeros((4, made.n_features, n_bins))
    for rows, y in made.check_blocks(x, context):
        raw = made.raw_outputs(theta, rows, context=y, mask_set=mask_set).astype(np.float64)
        if not np.isfinite(raw).all():
            raise ValueError("theta gives raw outputs that are not finite: it has no probabilities to compare")
        values = rows.astype(np.float64)
        between = generator.random(rows.shape)
        for group in made.outputs.groups:
            features = np.arange(made.n_features)[group.features]
            own = group.raw_of(raw), values[:, group.features]
            if group.output.has_states:
                sums[:, features] += _count_states(group.output, *own, n_bins)
            else:
                low, high = group.output.cdf_bounds(*own)
                sums[0, features] += _histogram(low + between[:, group.features] * (high - low), n_bins)
        n += len(rows)
    if n == 0:
        raise ValueError("x has no rows: there is nothing to compare predictions with; give at least one")
    is_discrete = np.array([output.has_states for output in made.outputs.feature_outputs])
    return Calibration(n, is_discrete, sums[0].astype(np.int64), *sums[1:])


def _count_states(output: Distribution, raw: Array, x: Array, n_bins: int) -> Floats:
    """Return counts, and sums of p, of what came true and of p (1 - p), stacked: (4, d, n_bins)."""
    p, true = output.predictions(raw, x)
    return np.stack([_histogram(p, n_bins, weights) for weights in (None, p, true, p * (1 - p))])


def _histogram(p: Array, n_bins: int, weights: Array | None = None) -> Floats:
    """Return for each feature the sum of `weights`, or the number, of the values `p` (B, d, ...) in each bin."""
    d = p.shape[1]
    bins = np.minimum((p * n_bins).astype(np.intp), n_bins - 1)
    places = bins + n_bins * np.arange(d).reshape(-1, *[1] * (p.ndim - 2))
    flat = None if weights is None else weights.ravel()
    return np.asarray(np.bincount(places.ravel(), flat, d * n_bins).reshape(d, n_bins), dtype=np.float64)
