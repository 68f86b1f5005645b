"""What every kind of file is turned into: rows of numbers, and the names of their columns."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

NAMES = "names"
"""The array of an archive that names the columns."""


class Table(NamedTuple):
    """Rows of numbers, and what their columns are called.

    Attributes
    ----------
    values : ndarray, shape (n, D)
        In the dtype that the file has; NaN for gaps.
    names : list of str or None
        One per column; None if the file has none.
    """

    values: Array
    names: list[str] | None


def as_table(path: str, values: Array, names: list[str] | None) -> Table:
    """Return an array as a table, all that lies behind its first axis in one row; `path` is for the message."""
    if values.dtype.kind not in "buif":
        raise ValueError(f"{path} has dtype {values.dtype}: a table holds real numbers; code categories as 0..n-1")
    if values.ndim < 2:
        raise ValueError(f"{path} has shape {values.shape}: a table needs rows and columns, (n, D)")
    rows = values.reshape(len(values), int(np.prod(values.shape[1:])))
    if names is not None and len(names) != rows.shape[1]:
        raise ValueError(f"{path} names {len(names)} columns and has {rows.shape[1]}: mend its array {NAMES!r}")
    return Table(rows, names)
