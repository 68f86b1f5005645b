"""Where the numbers of a table are kept, read a few rows at a time: arrays, lists of rows, data frames of any library.

What is no real number is refused in words that name row, column and value.
"""

from __future__ import annotations

import datetime
import sys
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Number
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from made_np.cells import Source
from made_np.typing import Array, Floats
from made_np.validation import as_dense
from made_np.values import REALS, show

__all__ = [
    "Labels",
    "Store",
    "as_store",
    "attribute",
    "column_names",
    "columns_of",
    "labels_of",
]

Labels = tuple[Any, ...]
Rows = slice | NDArray[np.int64]

EXACT = 1 << 53
"""From here on, float64 does not hold every integer."""
DATES = datetime.date, datetime.time, datetime.timedelta, np.datetime64, np.timedelta64


class Store(Protocol):
    """What keeps the numbers of a table."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, D), of what is a table."""

    def read(self, rows: Rows, source: Source) -> Floats:
        """Return these rows in a new array; messages call them as `source` does. NaN is a gap."""

    def column(self, d: int, rows: Rows, source: Source) -> Floats:
        """Return these rows of one column in a new array; `source` is that of all rows asked for."""

    def numbers(self) -> Array | None:
        """Return the array of real numbers that keeps the rows, or None."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of real numbers that holds all values but gaps."""


@dataclass(frozen=True, eq=False)
class ArrayStore:
    """An array of any dtype, and the list of rows that NumPy made it of, if it did."""

    array: Array
    listed: Any = None

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, D), of what is a table."""
        return self.array.shape

    def read(self, rows: Rows, source: Source) -> Floats:
        """Return these rows in a new array."""
        table = _as_reals(self.array[rows], _entries(source))
        if self.listed is not None and (np.abs(table) >= EXACT).any():  # NumPy may have made floats of integers
            kept = self.listed[rows] if isinstance(rows, slice) else [self.listed[row] for row in rows]
            table = _as_reals(np.asarray(kept, dtype=object), _entries(source))
        return table

    def column(self, d: int, rows: Rows, source: Source) -> Floats:
        """Return these rows of one column in a new array."""
        if self.listed is None:
            return _as_reals(self.array[rows, d], _entries(source, d))
        return self.read(rows, source)[:, d]

    def numbers(self) -> Array | None:
        """Return the array, if it is one of real numbers."""
        return self.array if self.array.dtype.kind in "buif" else None

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of real numbers that holds all values but gaps."""
        return self.array.dtype if self.array.dtype.kind in "buif" else np.dtype(np.float64)


@dataclass(frozen=True, eq=False)
class FrameStore:
    """The columns of a data frame, each of its own dtype: as arrays where that takes no copy."""

    columns: list[Any]
    shape: tuple[int, ...]

    def read(self, rows: Rows, source: Source) -> Floats:
        """Return these rows in a new array."""
        n_rows = len(range(self.shape[0])[rows]) if isinstance(rows, slice) else len(rows)
        table = np.empty((n_rows, len(self.columns)))
        for d in range(len(self.columns)):
            table[:, d] = self.column(d, rows, source)
        return table

    def column(self, d: int, rows: Rows, source: Source) -> Floats:
        """Return these rows of one column in a new array."""
        column = self.columns[d]
        return _as_reals(np.asarray(_part(column, rows)), _entries(source, d), _is_whole(column))

    def numbers(self) -> Array | None:
        """Return None: there is no such array."""
        return None

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of real numbers that holds all values but gaps."""
        return np.result_type(*[_dtype_of(column) for column in self.columns])


@dataclass(frozen=True, eq=False)
class Above:
    """Where the values of another store are above a threshold, as 0 and 1; gaps stay."""

    store: Store
    threshold: float

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, D)."""
        return self.store.shape

    def read(self, rows: Rows, source: Source) -> Floats:
        """Return these rows in a new array."""
        return self._of(self.store.read(rows, source))

    def column(self, d: int, rows: Rows, source: Source) -> Floats:
        """Return these rows of one column in a new array."""
        return self._of(self.store.column(d, rows, source))

    def numbers(self) -> Array | None:
        """Return None: they are computed."""
        return None

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of real numbers that holds all values but gaps."""
        return np.dtype(np.bool_)

    def _of(self, values: Floats) -> Floats:
        kept = np.isnan(values) | np.isinf(values)  # infinity is refused, whatever the threshold
        return np.where(kept, values, values > self.threshold)


def as_store(X: Any, name: str) -> Store:
    """Return what keeps the numbers of `X`, without a copy of an array or a frame.

    Raises
    ------
    TypeError, ValueError
        As `made_np.validation.as_dense`.
    """
    columns = columns_of(X)
    if columns is None:
        array = as_dense(X, name)
        listed = X if isinstance(X, (list, tuple)) else None
        if listed is not None and array.dtype.kind in "US":  # of numbers that stand beside a word NumPy makes words
            array = np.asarray(X, dtype=object)
        return ArrayStore(array, listed)
    return FrameStore([_as_array(column) for column in columns], tuple(X.shape))


def attribute(X: Any, name: str, default: Any = None) -> Any:
    """Return an attribute of a table, or `default`: an object of anyone's may answer with any error."""
    try:
        return getattr(X, name, default)
    except Exception:
        return default


def labels_of(X: Any) -> Labels | None:
    """Return what a data frame calls its columns, strings or not; None for what is none."""
    if isinstance(X, np.ndarray):
        return None
    labels = attribute(X, "column_names") if _is_arrow(X) else attribute(X, "columns")
    return None if labels is None else tuple(labels)


def column_names(X: Any, name: str = "X") -> tuple[str, ...] | None:
    """Return the names of the columns of a data frame, None where there are none.

    Raises
    ------
    TypeError
        Some names are strings and some are not.
    """
    labels = labels_of(X) or ()
    n_strings = sum(isinstance(label, str) for label in labels)
    if n_strings == 0:
        return None
    if n_strings < len(labels):
        odd = next(label for label in labels if not isinstance(label, str))
        raise TypeError(
            f"{name} has columns named by strings and one named {odd!r}: use {name}.columns = "
            f"{name}.columns.astype(str)"
        )
    return tuple(labels)


def columns_of(X: Any) -> list[Any] | None:
    """Return the columns of a data frame (pandas, polars, pyarrow), each of its own dtype; None for anything else."""
    if isinstance(X, np.ndarray):
        return None
    if attribute(X, "iloc") is not None and attribute(X, "columns") is not None:
        return [X.iloc[:, d] for d in range(X.shape[1])]
    if _is_arrow(X):
        return list(X.columns)
    get_columns = attribute(X, "get_columns")
    return None if get_columns is None else list(get_columns())


def _is_arrow(X: Any) -> bool:
    """Whether `X` is a table of pyarrow, which calls its columns by another attribute than the rest."""
    pyarrow = sys.modules.get("pyarrow")
    return pyarrow is not None and isinstance(X, (pyarrow.Table, pyarrow.RecordBatch))


def _as_array(column: Any) -> Any:
    """Return a column that is kept as an array of numbers as that array; any other as it is."""
    if isinstance(attribute(column, "dtype"), np.dtype) and column.dtype.kind in "buif":  # of pandas
        return np.asarray(column)
    try:
        return column.to_numpy(allow_copy=False)  # of polars
    except Exception:  # each library says in its own way that it keeps the column otherwise, or knows no such argument
        return column


def _part(column: Any, rows: Rows) -> Any:
    """Return some rows of a column of any library."""
    if attribute(column, "iloc") is not None:
        return column.iloc[rows]
    if isinstance(rows, slice) or not hasattr(column, "take") or isinstance(column, np.ndarray):
        return column[rows]
    return column.take(rows)  # of pyarrow, which takes no index in brackets


def _is_whole(column: Any) -> bool:
    """Whether a column of a frame holds integers, of which floats may be made where there are gaps."""
    if not hasattr(column, "dtype"):  # of pyarrow
        return str(column.type).startswith(("int", "uint"))
    is_integer = getattr(column.dtype, "is_integer", None)  # of polars
    return bool(getattr(column.dtype, "kind", None) in ("i", "u") if is_integer is None else is_integer())


def _dtype_of(column: Any) -> np.dtype[Any]:
    """Return the dtype of NumPy that holds what a column of any library holds, apart from gaps."""
    name = str(getattr(column, "dtype", None) or column.type).lower()  # of pyarrow, the type
    try:
        dtype = np.dtype("bool" if name == "boolean" else name)
    except (TypeError, ValueError):
        return np.dtype(np.float64)
    return dtype if dtype.kind in "buif" else np.dtype(np.float64)


Entries = Callable[[tuple[int, ...]], str]
"""How to call the entry at an index of the array at hand."""


def _entries(source: Source, column: int | None = None) -> Entries:
    """Return how to call the entries of an array that is rows of `source`, or a column of such rows."""
    if column is None:
        return lambda index: source.entry(*index)
    return lambda index: source.entry(index[0], column)


def _as_reals(array: Array, entry: Entries, is_whole: bool = False) -> Floats:
    """Return an array in float64; what are no real numbers, or too large integers, is refused."""
    with np.errstate(over="ignore"):  # from wider floats: the infinity is refused later
        if array.dtype.kind not in "buif":
            array = _from_objects(array, entry)
        reals = array.astype(np.float64)
    if is_whole or (array.dtype.kind in "iu" and array.dtype.itemsize > 4):
        large = np.abs(reals) >= EXACT
        if large.any():
            index = tuple(np.argwhere(large)[0].tolist())
            raise _too_large(array[index], entry(index))
    return reals


def _from_objects(array: Array, entry: Entries) -> Floats:
    """Turn objects into floats, None and pandas.NA into NaN; refuse every other object, and every other dtype."""
    pandas = sys.modules.get("pandas")
    reals = np.empty(array.shape)
    gap = None if pandas is None else pandas.NA
    for index, value in np.ndenumerate(array):
        if value is None or value is gap:
            reals[index] = np.nan
        elif not isinstance(value, REALS) or isinstance(value, DATES):  # a timedelta64 calls itself an integer
            raise _no_real(value, entry(index))
        elif isinstance(value, (int, np.integer)) and abs(int(value)) >= EXACT:
            raise _too_large(value, entry(index))
        else:
            reals[index] = value
    return reals


def _no_real(value: Any, entry: str) -> Exception:
    """Return the error for an entry that is no real number."""
    if isinstance(value, (complex, np.complexfloating)):
        return ValueError(
            f"{entry} = {show(value)}: Complex data not supported; pass the real and the imaginary parts side by side"
        )
    way_out = "code categories as 0..n-1"
    if isinstance(value, DATES):
        way_out = "give a number instead, such as the days since one date"
    elif isinstance(value, Number):
        way_out = "turn the column into floats, .astype(float)"
    return TypeError(
        f"{entry} = {show(value)} is a {type(value).__name__}: every argument must be neither string nor other object "
        f"but a real number; {way_out}"
    )


def _too_large(value: Any, entry: str) -> ValueError:
    """Return the error for an integer that would become another number."""
    return ValueError(
        f"{entry} = {show(int(value))}: float64 does not hold integers of 2**53 and more; leave the column out, or "
        "subtract its smallest value"
    )
