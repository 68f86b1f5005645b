"""What a distribution of one column answers, in numbers of the column: one for each of n rows.

Wherever numbers or levels of probability are asked for, their last axis is that of the rows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from made_np.columns.column import Column
from made_np.typing import Floats

__all__ = ["Spread"]


class Spread(ABC):
    """The distributions of one column in n rows."""

    column: Column
    is_density: bool
    """Whether single numbers have a density, and no mass."""

    @abstractmethod
    def log_prob(self, x: Floats) -> Floats:
        """Return log p(x): of the mass of a number, or of a density in the column's unit; -inf where x cannot be."""

    @abstractmethod
    def cdf(self, x: Floats) -> Floats:
        """Return P(X <= x)."""

    @abstractmethod
    def ppf(self, q: Floats) -> Floats:
        """Return the smallest x with ``P(X <= x) >= q``."""

    def draw(self, k: int, rng: np.random.Generator) -> Floats:
        """Return k draws for each row, shape (k, n)."""
        return self.ppf(rng.random((k, self.n_rows)))

    @property
    @abstractmethod
    def n_rows(self) -> int:
        """n."""

    @abstractmethod
    def mean(self) -> Floats:
        """Return the mean, shape (n,)."""

    @abstractmethod
    def var(self) -> Floats:
        """Return the variance, shape (n,)."""

    @abstractmethod
    def entropy(self) -> Floats:
        """Return the mean of -log p(X), shape (n,)."""

    @abstractmethod
    def mode(self) -> Floats:
        """Return the number of the largest p, shape (n,)."""
