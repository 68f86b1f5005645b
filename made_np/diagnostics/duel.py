"""Which of two models is better on the same rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from made_np.diagnostics.evaluation import Difference
from made_np.typing import Floats
from made_np.values import as_callable, show

__all__ = ["compare_models"]

METHOD = "(X) -> nats per row"


def compare_models(a: Any, b: Any, X: Any) -> Difference:
    """Return by how much two models differ on the same rows: the mean over rows of ``nll of a - nll of b``.

    A row that is hard for one model tends to be hard for the other. The paired difference leaves that out, so its
    standard error is mostly far smaller than that of either mean.

    Parameters
    ----------
    a, b : estimators
        With ``score_samples(X)`` -> (n,) natural logarithms of a density or of a mass: `MADEDensity`, scikit-learn's
        ``GaussianMixture`` or ``KernelDensity``, or a Pipeline that ends in one. Both in the same units. A step that
        scales columns changes the unit, and a density of one says nothing about a mass of the other.
    X : array or data frame (n, D)
        Rows that neither was fitted to.

    Returns
    -------
    Difference
        In nats per row; negative: `a` is better. Where both models have ``score_columns(X)`` -> (n, D), whose terms sum
        to the score of a row, its `per_column` says from where the difference comes.

    Raises
    ------
    TypeError, ValueError
        A model without such a method, scores that are no (n,) numbers, or a row of probability 0 under both.

    Examples
    --------
    >>> class Normal:
    ...     def __init__(self, mean):
    ...         self.mean = mean
    ...     def score_samples(self, X):
    ...         return -0.5 * (np.asarray(X)[:, 0] - self.mean) ** 2 - 0.5 * np.log(2 * np.pi)
    >>> found = compare_models(Normal(0), Normal(1), [[0.0], [0.1], [-0.1], [0.2]])
    >>> round(found.mean, 4), round(found.standard_error, 4)
    (-0.45, 0.0645)
    """
    for name, model in (("a", a), ("b", b)):
        as_callable(_method(model), f"{name}.score_samples", METHOD)
    first = _scores(a, X, "a")
    second = _scores(b, X, "b")
    if first.shape != second.shape:
        raise ValueError(f"a scores {len(first)} rows and b {len(second)}: give rows that both read alike")
    nobody = np.flatnonzero(np.isinf(first) & (first == second))
    if len(nobody):
        raise ValueError(f"row {nobody[0]}: both models give {first[nobody[0]]}, which differ by nothing: leave it out")
    names, columns = _by_column(a, b, X)
    return Difference.of(second - first, names, columns)


def _method(model: Any) -> Any:
    """Its score_samples, or None where there is none to be had."""
    try:
        return getattr(model, "score_samples", None)
    except Exception:  # what other people's classes make of it
        return None


def _scores(model: Any, X: Any, name: str) -> Floats:
    """Return the scores of a model, looked at."""
    try:
        scores = np.asarray(model.score_samples(X))
    except AttributeError as error:  # as one says that is not fitted
        raise type(error)(f"{name}: {error}") from error
    if scores.ndim != 1 or not len(scores) or scores.dtype.kind not in "iuf":
        raise ValueError(f"{name}.score_samples(X) is {show(scores)}: it must be one number for each row")
    unclear = np.flatnonzero(np.isnan(scores))
    if len(unclear):
        raise ValueError(f"{name}.score_samples(X)[{unclear[0]}] is NaN: a score is a number, -inf for impossible rows")
    return scores.astype(np.float64)


def _by_column(a: Any, b: Any, X: Any) -> tuple[tuple[str, ...], Floats | None]:
    """Return names and differences (n, D) of the columns; none where not both models split into the same ones."""
    if not all(callable(getattr(model, "score_columns", None)) for model in (a, b)):
        return (), None
    first = a.score_columns(X)
    second = b.score_columns(X)
    labels = [getattr(terms, "columns", None) for terms in (first, second, X)]
    difference = np.asarray(second, dtype=np.float64) - np.asarray(first, dtype=np.float64)
    n_columns = difference.shape[1]
    named = next((label for label in labels if label is not None and len(label) == n_columns), range(n_columns))
    return tuple(f"x{name}" if isinstance(named, range) else str(name) for name in named), difference
