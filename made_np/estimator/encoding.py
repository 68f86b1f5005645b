"""The rows of a model, encoded once from a table."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from made_np.columns.coding import Affine
from made_np.columns.columns import Columns
from made_np.model.made import MADE
from made_np.model.rows import Rows
from made_np.table.table import Table
from made_np.typing import Floats, Ints
from made_np.validation import as_finite

__all__ = ["Encoded", "encode"]


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
        return float(self.row_term.mean())


def encode(table: Table, columns: Columns, made: MADE, places: Ints | None = None) -> Encoded:
    """Return the rows of `table` for the model `made`, accepted by it, each at its place (by default its own).

    Raises
    ------
    TypeError, ValueError
        A gap, or a value that its column cannot have, or that is too large for the model's dtype.
    """
    kept = np.empty((table.n_rows, len(columns.features)), narrow(table, columns, made.dtype))
    row_term = np.empty(table.n_rows)
    feature_term = np.zeros(len(columns.features))
    for first, x in table.blocks(gaps=False):
        source = table.source.at(first)
        z = columns.encode(x, source)
        if kept.dtype == made.dtype:
            z = as_finite(z, made.dtype, source)
        to = slice(first, first + len(x)) if places is None else places[first : first + len(x)]
        kept[to] = z
        terms = columns.log_term(x)
        row_term[to] = terms.sum(axis=1)
        feature_term += terms[:, :-1].sum(axis=0)
    return Encoded(Rows(kept), row_term, feature_term / table.n_rows)


def narrow(table: Table, columns: Columns, dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the dtype that holds encoded rows exactly: whole numbers where the table holds such, or `dtype`.

    Where nothing is standardised, as in discrete columns, bytes stay bytes.
    """
    if table.dtype.kind not in "bui" or any(column.coding != Affine() for column in columns.each):
        return dtype
    whole = table.dtype
    for start, stop in columns.one_hot.groups:
        whole = np.result_type(whole, np.min_scalar_type(stop - start))  # the largest code of a group
    return whole if whole.itemsize < dtype.itemsize else dtype
