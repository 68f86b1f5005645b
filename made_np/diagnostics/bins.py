"""Counts in bins: predicted probabilities beside observed frequencies, or a histogram that should be even.

Both know how far from right they are (`error`), and how far a model that is right would be on as many rows
(`chance`): an error is to be read beside that number, never alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from itertools import pairwise
from math import pi, sqrt

import numpy as np
from numpy.typing import NDArray

from made_np.typing import Floats

__all__ = ["Bins", "Reliability", "Uniformity"]


FOLDED = sqrt(2 / pi)
"""The mean of |z| for a standard normal z: how far off chance alone is, in standard errors."""


@dataclass(frozen=True, eq=False)
class Bins(ABC):
    """Counts in n_bins bins of equal width that cover [0, 1]; each holds its lower edge, the last one both."""

    count: NDArray[np.int64]

    @property
    def edges(self) -> Floats:
        """The edges of the bins, shape (n_bins + 1,)."""
        return np.linspace(0, 1, len(self.count) + 1)

    @property
    @abstractmethod
    def error(self) -> float:
        """How far from right, from 0 to 1; NaN without counts."""

    @property
    @abstractmethod
    def chance(self) -> float:
        """The mean of `error` for a model that is right, on as many rows; NaN without counts."""

    def _ranges(self) -> list[str]:
        return [f"{low:.3f} - {high:.3f}" for low, high in pairwise(self.edges)]


@dataclass(frozen=True, eq=False)
class Reliability(Bins):
    """Predicted probabilities of states beside how often these occurred.

    Attributes
    ----------
    count : ndarray of int64, shape (n_bins,)
        Predictions in each bin: one per row and feature for a binary feature (of a 1), n for one of n values.
    predicted : ndarray of float64, shape (n_bins,)
        Their mean; NaN in an empty bin.
    observed : ndarray of float64, shape (n_bins,)
        Share of them that came true.
    standard_error : ndarray of float64, shape (n_bins,)
        Of `observed`, if the predictions are right: ``sqrt(sum p (1 - p)) / count``. Given what came before, a
        feature's ``x - p`` has mean 0, so those of a row's features are uncorrelated. States of one feature exclude
        each other: where they share a bin the true value is smaller.
    """

    predicted: Floats
    observed: Floats
    standard_error: Floats

    @property
    def error(self) -> float:
        """Expected calibration error: the mean over predictions of ``|observed - predicted|`` of their bin.

        Naeini, Cooper and Hauskrecht (2015), "Obtaining well calibrated probabilities using Bayesian binning".
        """
        return self._mean(np.abs(self.observed - self.predicted))

    @property
    def chance(self) -> float:
        """What chance alone makes of `error`: each bin ``sqrt(2 / pi)`` standard errors, as a normal deviate has."""
        return self._mean(FOLDED * self.standard_error)

    def __str__(self) -> str:
        columns = (self._ranges(), self.predicted, self.observed, self.standard_error, self.count)
        return "\n".join(
            [
                f"  expected calibration error {self.error:.4f}; {self.chance:.4f} by chance alone",
                "  probability    predicted  observed  standard error     count",
                *(f"  {at}  {p:9.4f} {o:9.4f} {e:15.4f} {n:9}" for at, p, o, e, n in zip(*columns, strict=True) if n),
            ]
        )

    def _mean(self, values: Floats) -> float:
        filled = self.count > 0
        return float(np.average(values[filled], weights=self.count[filled])) if filled.any() else float("nan")


@dataclass(frozen=True, eq=False)
class Uniformity(Bins):
    """The histogram of ``u = P(X <= x)``, the probability integral transform: uniform if the model is right.

    A heap in the middle: the model's spread is too wide; at both ends: too narrow; at one end: biased.

    Attributes
    ----------
    count : ndarray of int64, shape (n_bins,)
        Values of u in each bin, one per row and feature.
    """

    @property
    def share(self) -> Floats:
        """Share of each bin, shape (n_bins,); ``1 / n_bins`` if the model is right. NaN without counts."""
        n = int(self.count.sum())
        return self.count / n if n else np.full(len(self.count), np.nan)

    @property
    def standard_error(self) -> float:
        """Of each share, if the model is right: ``sqrt((1 - 1/n_bins) / (n_bins n))``; NaN without counts."""
        n = int(self.count.sum())
        n_bins = len(self.count)
        return sqrt((1 - 1 / n_bins) / (n_bins * n)) if n else float("nan")

    @property
    def even(self) -> float:
        """The share that each bin should have, ``1 / n_bins``."""
        return 1 / len(self.count)

    @property
    def error(self) -> float:
        """Total variation: half the sum of ``|share - 1 / n_bins|``, the mass that lies in the wrong bin."""
        return float(np.abs(self.share - self.even).sum() / 2)

    @property
    def chance(self) -> float:
        """What chance alone makes of `error`: each bin ``sqrt(2 / pi)`` standard errors, as a normal deviate has."""
        return len(self.count) / 2 * FOLDED * self.standard_error

    def __str__(self) -> str:
        even = f"(even: {self.even:.4f}, standard error {self.standard_error:.4f})"
        return "\n".join(
            [
                f"  mass in the wrong bin {self.error:.4f}; {self.chance:.4f} by chance alone",
                f"  u = P(X <= x)      share     count   {even}",
                *(f"  {at}  {s:9.4f} {n:9}" for at, s, n in zip(self._ranges(), self.share, self.count, strict=True)),
            ]
        )
