"""The rows of a model, encoded once from a table."""

from __future__ import annotations

from typing import Any

import numpy as np

from made_np.model.made import MADE
from made_np.model.rows import Rows
from made_np.table.columns import Columns
from made_np.table.table import Table
from made_np.typing import Ints
from made_np.validation import as_finite

__all__ = ["encode"]


def encode(table: Table, columns: Columns, made: MADE, places: Ints | None = None) -> Rows:
    """Return the rows of `table` for the model `made`, accepted by it, each at its place (by default its own).

    Raises
    ------
    TypeError, ValueError
        A gap, or a value that its column cannot have, or that is too large for the model's dtype.
    """
    kept = np.empty((table.n_rows, len(columns.features)), narrow(table, columns, made.dtype))
    for first, x in table.blocks(gaps=False):
        source = table.source.at(first)
        z = columns.encode(x, source)
        if kept.dtype == made.dtype:
            z = as_finite(z, made.dtype, source)
        kept[slice(first, first + len(x)) if places is None else places[first : first + len(x)]] = z
    return Rows(kept)


def narrow(table: Table, columns: Columns, dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the dtype that holds encoded rows exactly: whole numbers where the table holds such, or `dtype`.

    Where nothing is standardised, as in discrete columns, bytes stay bytes.
    """
    if table.dtype.kind not in "bui" or columns.means.any() or (columns.scales != 1).any():
        return dtype
    whole = table.dtype
    for start, stop in columns.one_hot.groups:
        whole = np.result_type(whole, np.min_scalar_type(stop - start))  # the largest code of a group
    return whole if whole.itemsize < dtype.itemsize else dtype
