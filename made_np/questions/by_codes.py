"""The distribution of a column by the probability of each of its codes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from made_np.columns.column import Column
from made_np.lazy import lazy
from made_np.questions.ends import coded_shares
from made_np.questions.spreads import Spread
from made_np.typing import Floats

__all__ = ["ByCodes"]

PARTS = (np.arange(64) + 0.5) / 64
"""Shares of a bin whose numbers stand for all of it."""


@dataclass(frozen=True, eq=False)
class ByCodes(Spread):
    """A probability for each code of the column.

    Attributes
    ----------
    column : Column
    values : ndarray (K,)
        The codes z.
    p : ndarray (n, K)
    """

    column: Column
    values: Floats
    p: Floats

    @property
    def n_rows(self) -> int:
        """n."""
        return len(self.p)

    @lazy
    def _numbers(self) -> Floats:
        """Numbers of each code that stand for all of them, (K, 64); (K, 1) where a code is one number."""
        coding = self.column.coding
        if coding.shares(-np.inf, np.inf) is None:
            return coding.decode(self.values)[:, None]
        shape = (len(self.values), len(PARTS))
        return coding.decode(np.broadcast_to(self.values[:, None], shape), np.broadcast_to(PARTS, shape))

    @lazy
    def is_density(self) -> bool:
        """Whether the middle of some bin has no mass of its own."""
        middles = self._numbers[:, self._numbers.shape[1] // 2]
        shares = (self.column.coding.shares(x, x) for x in middles[~np.isnan(middles)])
        return any(share is not None and not share.any() for share in shares)

    def log_prob(self, x: Floats) -> Floats:
        """Return the log of the code's probability, times the share of x in it."""
        z = self.column.coding.encode(x)
        code = np.clip(np.searchsorted(self.values, z), 0, len(self.values) - 1)
        is_code = (self.values[code] == z) & ~self.column.unknown(x)
        rows = np.arange(len(self.p))
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.log(self.p[rows, code]) + self.column.coding.log_term(x)
        return np.where(is_code, found, -np.inf)

    def cdf(self, x: Floats) -> Floats:
        """Return the sum over codes of p times the share up to x."""
        asked, where = np.unique(x, return_inverse=True)
        shares = (
            np.stack([self._share(float(each)) for each in asked]) if len(asked) else np.empty((0, len(self.values)))
        )
        found = np.einsum("...k,...k->...", shares[where.reshape(x.shape)], self.p)
        return np.minimum(found, 1.0)

    def _share(self, x: float) -> Floats:
        """Return the share of each code that is at most x."""
        share = coded_shares(self.column.coding, -np.inf, x)
        if share is None:
            return (self._numbers[:, 0] <= x).astype(np.float64)
        return share[: len(self.values)]

    def ppf(self, q: Floats) -> Floats:
        """Return the number in the code that the sum of p passes q at."""
        below = np.cumsum(self.p, axis=1)
        below[:, -1] = np.maximum(below[:, -1], 1.0)
        rows = np.arange(len(self.p))
        code = (q[..., None] > below).sum(axis=-1)
        code = np.minimum(np.maximum(code, (self.p > 0).argmax(axis=1)), len(self.values) - 1)
        own = self.p[rows, code]
        share = np.clip((q - below[rows, code] + own) / np.where(own > 0, own, 1.0), 0.0, np.nextafter(1.0, 0.0))
        x = self.column.coding.decode(self.values[code], share)
        return np.where((q >= 0) & (q <= 1), x, np.nan)

    def mean(self) -> Floats:
        """Return the sum over codes of p times their mean."""
        return self.p @ self._numbers.mean(axis=1)

    def var(self) -> Floats:
        """Return the variance within codes, with that of their means."""
        means = self._numbers.mean(axis=1)
        between = (self.p * (means - self.mean()[:, None]) ** 2).sum(axis=1)
        return between + self.p @ self._numbers.var(axis=1)

    def entropy(self) -> Floats:
        """Return the entropy of the code, with that of the number given its code."""
        log_p = np.log(np.where(self.p > 0, self.p, 1.0))
        inside = self.column.coding.log_term(self._numbers).mean(axis=1)
        return -(self.p * (log_p + inside)).sum(axis=1)

    def mode(self) -> Floats:
        """Return the likeliest number of all that stand for codes."""
        terms = self.column.coding.log_term(self._numbers)
        best = terms.argmax(axis=1)
        codes = np.arange(len(self.values))
        code = (self.p * np.exp(terms[codes, best])).argmax(axis=1)
        return self._numbers[code, best[code]]
