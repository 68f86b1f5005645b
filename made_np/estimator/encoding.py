"""The rows of a model, encoded once from a table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from made_np.columns.columns import Columns
from made_np.distributions.distribution import Distribution
from made_np.model.made import MADE
from made_np.model.rows import Rows
from made_np.table.table import Table
from made_np.typing import Array, Floats, Ints
from made_np.validation import as_finite

__all__ = ["Encoded", "encode", "to_learn_from"]


class Encoded(NamedTuple):
    """Rows of a model, with what the codings of columns add to their log-probability.

    Attributes
    ----------
    z : Rows
    row_term : ndarray (n,)
        What is added for each row: the sum of `Columns.log_term` over the features.
    feature_term : ndarray (features,)
        What is added for each feature, the mean over all rows that were encoded together.
    """

    z: Rows
    row_term: Floats
    feature_term: Floats

    def take(self, index: slice) -> Encoded:
        """Return the rows of a slice."""
        return Encoded(self.z[index], self.row_term[index], self.feature_term)

    @property
    def shift(self) -> float:
        """What is added to a row on average, in nats: ``mean log p(x) = mean log p(z) + shift``."""
        return float(np.average(self.row_term, weights=self.z.weights))


def encode(
    table: Table, columns: Columns, made: MADE, places: Ints | None = None, weights: Array | None = None
) -> Encoded:
    """Return the rows of `table` for the model `made`, accepted by it, each at its place (by default its own).

    `weights` (n,) say what each row of the table counts.

    Raises
    ------
    TypeError, ValueError
        A value that its column cannot have, or that is too large for the model's dtype.
    """
    kept = np.empty((table.n_rows, len(columns.features)), narrow(columns, made.dtype))
    context = np.empty((table.n_rows, columns.told.n_codes), made.dtype)
    row_term = np.empty(table.n_rows)
    feature_term = np.zeros(len(columns.features))
    for first, x in table.blocks():
        source = table.source.at(first)
        z = columns.encode(x, source)
        terms = columns.log_term(x, z)
        if kept.dtype != made.dtype and np.isnan(z).any():
            kept = kept.astype(made.dtype)
        if kept.dtype == made.dtype:
            z = as_finite(z, made.dtype, source, gaps=True)
        to = slice(first, first + len(x)) if places is None else places[first : first + len(x)]
        kept[to] = z
        context[to] = columns.told.encode(x, source)
        row_term[to] = terms.sum(axis=1)
        feature_term += terms[:, :-1].sum(axis=0)
    counts = weights
    if weights is not None and places is not None:
        counts = np.empty_like(weights)
        counts[places] = weights
    rows = Rows(kept, context, counts, columns.told.units) if made.n_context else Rows(kept, None, counts)
    return Encoded(rows, row_term, feature_term / max(table.n_rows, 1))


def to_learn_from(rows: Encoded, columns: Columns, seed: int, among: tuple[Ints, int] | None = None) -> Encoded:
    """Return rows of training, of whose context the network is not told all: see `Context.forget`."""
    context = rows.z.context
    if context is None:
        return rows
    return rows._replace(z=replace(rows.z, context=columns.told.forget(context, np.random.default_rng(seed), among)))


def narrow(columns: Columns, dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the dtype that holds encoded rows without gaps exactly: one of few bytes for codes, or `dtype`."""
    n_values = [output.n_values for output in columns.outputs]
    codes = [n for n, output in zip(n_values, columns.outputs, strict=True) if n and _are_codes(output, n)]
    if len(codes) < len(n_values) or not codes:
        return dtype
    narrowest = np.min_scalar_type(max(codes) - 1)
    return narrowest if narrowest.itemsize < dtype.itemsize else dtype


def _are_codes(output: Distribution, n: int) -> bool:
    """Whether the `n` values of a distribution are 0, 1, ..., n - 1."""
    return not output.invalid(np.array([0.0, n - 1.0])).any()
