"""What every kind of file is turned into: rows of numbers, and the names of their columns."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np

from made_np.typing import Array

NAMES = "names"
"""The array of an archive that names the columns."""

EXACT = 1 << 53
"""From here on, float64 does not hold every integer."""
FREE = 1 << 28
RATIO = 500
"""So many bytes (256 MiB) are read of any compressed table, and more only up to so many times the size of the file."""


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


class TableError(ValueError):
    """A `ValueError` whose message names the file, and says what to do."""


@contextmanager
def reading(path: str, way_out: str) -> Iterator[None]:
    """Turn whatever a damaged file raises into one `TableError` that names it; there are a dozen types."""
    try:
        yield
    except (TableError, MemoryError, ImportError):
        raise
    except Exception as error:
        why = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise TableError(f"{path} cannot be read ({why[:200]}): {way_out}") from None


def check_size(path: str, n_bytes: int, stored: int) -> None:
    """Raise a `TableError`, before memory is taken, if `stored` bytes of a file claim to be far more than they can."""
    if n_bytes > FREE and n_bytes > RATIO * stored:
        raise TableError(
            f"{path} holds {stored} bytes that claim to be {n_bytes}, more than {RATIO} times as many: if that is "
            "right, save it as .npy, which is not compressed"
        )


def as_table(path: str, values: Array, names: list[str] | None) -> Table:
    """Return an array as a table, all that lies behind its first axis in one row; `path` is for the message."""
    if values.dtype.kind not in "buif":
        raise TableError(f"{path} has dtype {values.dtype}: a table holds real numbers; code categories as 0..n-1")
    if values.ndim < 2 or 0 in values.shape:
        raise TableError(f"{path} has shape {values.shape}: a table needs rows and columns, (n, D)")
    rows = values.reshape(len(values), math.prod(values.shape[1:]))
    if names is not None and len(names) != rows.shape[1]:
        raise TableError(f"{path} names {len(names)} columns and has {rows.shape[1]}: mend its array {NAMES!r}")
    if names is not None and len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise TableError(f"{path}: two columns are called {twice!r}: give each a name of its own")
    return Table(rows, names)


def check_exact(path: str, values: Array, column: str) -> None:
    """Raise a `TableError` if float64 `values`, which were integers, are so large that others became the same."""
    if (np.abs(values) >= EXACT).any():
        raise TableError(
            f"{path}, {column} holds integers of 2**53 and more, which float64 cannot tell apart: leave the column "
            "out, or subtract its smallest value"
        )
