"""Nats per row with their standard error, feature by feature, of one model or against another."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from made_np.model.made import MADE, as_model
from made_np.typing import Array, Floats
from made_np.values import as_a

__all__ = ["Difference", "Evaluation", "evaluate"]


SHOWN = 10
"""A table of features lists at most so many, the costliest."""


@dataclass(frozen=True, eq=False)
class Difference:
    """By how much two models differ on the same rows: the mean over rows of ``nll of one - nll of the other``.

    Attributes
    ----------
    mean : float
        Nats per row. Negative: the first model is better.
    standard_error : float
        Of that mean, in nats per row; NaN for one row.
    n_rows : int
    per_column : dict of str to Difference
        The same of each column, where both models say what each costs; else empty.
    """

    mean: float
    standard_error: float
    n_rows: int
    per_column: Mapping[str, Difference] = field(default_factory=dict)

    @classmethod
    def of(cls, row: Floats, names: Sequence[str] = (), columns: Floats | None = None) -> Difference:
        """Return the difference that each row shows (n,), and each row in each column (n, D)."""
        each = {} if columns is None else {name: cls.of(term) for name, term in zip(names, columns.T, strict=True)}
        return cls(float(row.mean()), _standard_error(row), len(row), each)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain Python for `json.dumps`; what is not finite becomes None."""
        numbers = {"mean": self.mean, "standard_error": self.standard_error}
        finite = {key: value if math.isfinite(value) else None for key, value in numbers.items()}
        columns = {name: each.to_dict() for name, each in self.per_column.items()}
        return {**finite, "n_rows": self.n_rows, **({"per_column": columns} if columns else {})}

    def __str__(self) -> str:
        error = _plus_minus(self.standard_error)
        verdict = "no difference"
        if self.mean != 0:
            verdict = f"the {'first' if self.mean < 0 else 'second'} model is better"
            if self.standard_error > 0:
                verdict += f", by {abs(self.mean) / self.standard_error:.1f} standard errors"
        lines = [f"difference in nll: {self.mean:.4f}{error} nats per row, {self.n_rows} rows: {verdict}"]
        largest = sorted(self.per_column.items(), key=lambda item: -abs(item[1].mean))[:SHOWN]
        width = max((len(name) for name, _ in largest), default=0)
        lines += [f"  {name:<{width}}  {each.mean:.4f}{_plus_minus(each.standard_error)}" for name, each in largest]
        left = len(self.per_column) - len(largest)
        return "\n".join([*lines, *([f"  and {left} more that differ no more"] if left else [])])

    __repr__ = __str__


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What the rows cost under a model.

    Attributes
    ----------
    row_nll : ndarray of float64, shape (n,)
        ``-log p(x)`` of each row, in nats; of a mixture of mask sets, that of the mixture.
    per_feature : ndarray of float64, shape (D,)
        Mean over rows of ``-log p(x_d | x before d)``, in nats. With one mask set these sum to `nll`. A mixture does
        not split by feature: of `n_mask_sets` sets it is the mean over the sets too, and the sum is an upper bound of
        `nll` (Jensen's inequality: ``-log mean_k p_k <= mean_k -log p_k``).
    n_mask_sets : int
    names : tuple of str
        Of the features; empty for x0, x1, ....
    stopped_by : str or None
        What ended the training, where that is known: see `FitResult`.
    """

    row_nll: Floats
    per_feature: Floats
    n_mask_sets: int = 1
    names: tuple[str, ...] = ()
    stopped_by: str | None = None

    @property
    def n_rows(self) -> int:
        """How many rows were scored."""
        return len(self.row_nll)

    @property
    def n_features(self) -> int:
        """D."""
        return len(self.per_feature)

    @property
    def nll(self) -> float:
        """Mean over rows of ``-log p(x)``, in nats."""
        return float(self.row_nll.mean())

    @property
    def standard_error(self) -> float:
        """Standard error of `nll`, in nats: the rows' standard deviation (n - 1 in it) over sqrt(n); NaN for n = 1."""
        return _standard_error(self.row_nll)

    @property
    def bits_per_dim(self) -> float:
        """``nll / (D log 2)``."""
        return bits_per_dim(self.nll, self.n_features)

    def difference(self, other: Evaluation) -> Difference:
        """Return by how much this model differs from another one on the same rows in the same order.

        Rows that are hard for one model tend to be hard for the other. Their difference leaves that out, so its
        standard error is often far smaller than that of either mean: it is what decides whether one model beats
        another.

        Parameters
        ----------
        other : Evaluation
            Of the same rows in the same units. That it is of as many is all that can be checked.

        Raises
        ------
        ValueError
            The two are not of as many rows and features.
        """
        as_a(other, "other", Evaluation, "give what evaluate() returned for another model")
        if (self.n_rows, self.n_features) != (other.n_rows, other.n_features):
            raise ValueError(
                f"other is of {other.n_rows} rows of {other.n_features} features, this one of {self.n_rows} rows of "
                f"{self.n_features}: evaluate both models on the same rows"
            )
        return Difference.of(self.row_nll - other.row_nll)

    def to_dict(self) -> dict[str, Any]:
        """Return all but the rows, as plain Python for `json.dumps`; a NaN becomes None."""
        return {
            "n_rows": self.n_rows,
            "n_features": self.n_features,
            "nll": self.nll,
            "standard_error": None if math.isnan(self.standard_error) else self.standard_error,
            "bits_per_dim": self.bits_per_dim,
            "per_feature": self.per_feature.tolist(),
            "n_mask_sets": self.n_mask_sets,
            "names": list(self._labels()),
            "stopped_by": self.stopped_by,
        }

    def __str__(self) -> str:
        costliest = np.argsort(-self.per_feature, kind="stable")[:SHOWN]
        labels = self._labels()
        left = self.n_features - len(costliest)
        width = max(len(labels[d]) for d in costliest)
        lines = [
            f"nll           {self.nll:.4f}{_plus_minus(self.standard_error)} nats per row",
            f"              {self.bits_per_dim:.4f} bits/dim",
            f"rows          {self.n_rows} of {self.n_features} features",
        ]
        if self.stopped_by is not None:
            lines.append(f"stopped by    {self.stopped_by}")
        if self.n_mask_sets > 1:
            lines.append(f"mask sets     {self.n_mask_sets}, as a mixture")
            bound = f"nats, mean over the mask sets (sum {self.per_feature.sum():.4f}: the mixture's nll at most)"
        else:
            bound = "nats"
        lines.append(f"by feature    {bound}")
        lines += [f"  {labels[d]:<{width}}  {self.per_feature[d]:.4f}" for d in costliest]
        if left:
            lines.append(f"  and {left} more that cost no more")
        return "\n".join(lines)

    __repr__ = __str__

    def _labels(self) -> tuple[str, ...]:
        return self.names or tuple(f"x{d}" for d in range(self.n_features))


def evaluate(made: MADE, theta: Array, x: Any, *, context: Any = None, mask_set: Any = None) -> Evaluation:
    """Score rows: ``nll = mean of -log p(x)`` in nats with its standard error, and what each feature costs.

    Parameters
    ----------
    made : MADE
    theta : ndarray, shape (P,)
    x : array (n, D)
        Read block by block: rows of a memory-mapped file take a constant amount of memory, apart from `row_nll`.
    context : array (n, C), optional
    mask_set : int, permutation, or None
        None: the mixture over all mask sets; of an endless model, over the first 32.

    Raises
    ------
    ValueError, TypeError
        No rows, or what `MADE.log_prob` refuses.

    Notes
    -----
    Sums are taken in float64, whatever the model's dtype: `MADE.log_prob` agrees to the rounding of that dtype.

    Examples
    --------
    >>> from made_np import MADE
    >>> made = MADE(3, hidden=(4,), dtype="float64")
    >>> coins = evaluate(made, np.zeros(made.n_params), [[0, 1, 1], [1, 1, 0]])  # every p(x_d = 1) is 1/2
    >>> print(coins)
    nll           2.0794 +- 0.0000 (standard error) nats per row
                  1.0000 bits/dim
    rows          2 of 3 features
    by feature    nats
      x0  0.6931
      x1  0.6931
      x2  0.6931
    """
    as_model(made)
    sets = [mask_set] if mask_set is not None else made.mask_sets.mixed
    found = []
    total = np.zeros(made.n_features)
    for rows, y in made.check_blocks(x, context):
        log_prob = np.full(len(rows), -np.inf)
        for one in sets:
            each = made.feature_log_prob(theta, rows, context=y, mask_set=one)
            log_prob = np.logaddexp(log_prob, each.sum(axis=1, dtype=np.float64))
            total -= each.sum(axis=0, dtype=np.float64)
        found.append(math.log(len(sets)) - log_prob)
    row_nll = np.concatenate(found)
    if len(row_nll) == 0:
        raise ValueError("x has no rows: there is no mean to take; give at least one")
    return Evaluation(row_nll, total / (len(row_nll) * len(sets)), len(sets))


def bits_per_dim(nats: float, n_features: int) -> float:
    """Return what a row costs, in nats, as bits for each of its features: ``nats / (D log 2)``."""
    return nats / (n_features * math.log(2))


def _standard_error(values: Floats) -> float:
    """Return the standard error of the mean, NaN for a single value, or where one is infinite."""
    if len(values) < 2 or not np.isfinite(values).all():
        return math.nan
    return float(values.std(ddof=1)) / math.sqrt(len(values))


def _plus_minus(error: float) -> str:
    return "" if math.isnan(error) else f" +- {error:.4f} (standard error)"
