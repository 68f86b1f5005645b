"""Where the cells of a table are kept, read a few rows at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from made_np.cells import Source
from made_np.lazy import lazy
from made_np.table.casting import Style
from made_np.table.frames import Frame, Rows, cells_of, frame_of, part_of, style_of
from made_np.table.objects import EXACT, Entry, cells_of_array
from made_np.table.raw import RawColumn
from made_np.table.reals import as_reals, reals_of
from made_np.typing import Array, Bools, Floats
from made_np.validation import as_dense

__all__ = ["ArrayStore", "FrameStore", "SparseStore", "Store", "as_store", "entries"]

REALS = "buif"
"""The kinds of NumPy's dtypes of real numbers."""


class Store(Protocol):
    """What keeps the cells of a table."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, D), of what is a table."""

    def cells(self, d: int, rows: Rows, source: Source) -> RawColumn:
        """Return these rows of one column; `source` is that of all rows asked for."""

    def read(self, rows: Rows, source: Source) -> Floats:
        """Return these rows, which have to be real numbers, in a new array; NaN is a gap."""

    def column(self, d: int, rows: Rows, source: Source) -> Floats:
        """Return these rows of one column, which have to be real numbers, in a new array."""

    def let_go(self) -> None:
        """Let what was read of a file go: the next who reads begins anew."""

    def numbers(self) -> Array | None:
        """Return the array of real numbers that keeps the rows, or None."""

    def dtype_of(self, d: int) -> np.dtype[Any]:
        """Return the dtype of real numbers that holds all values of a column but gaps."""

    def style(self, d: int) -> Style:
        """Return what a column looks like."""

    @property
    def kept_in(self) -> tuple[str, str]:
        """Whose container it is, as `made_np.table.look.Look` calls it, and the class of a sparse matrix."""

    @property
    def left_out(self) -> Bools | None:
        """Which columns (D,) are never read, and NaN without being gaps; None: there is no such column."""


class Whole:
    """A store all of whose columns are read."""

    left_out: Bools | None = None

    def let_go(self) -> None:
        """Do nothing: all is in memory anyway."""


class ByCells(Whole, ABC):
    """A store whose numbers are those of its cells, and nothing else."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """(n, D)."""

    @abstractmethod
    def cells(self, d: int, rows: Rows, source: Source) -> RawColumn:
        """Return these rows of one column."""

    def read(self, rows: Rows, source: Source) -> Floats:
        """Return these rows in a new array."""
        return by_columns(self, rows, source)

    def column(self, d: int, rows: Rows, source: Source) -> Floats:
        """Return these rows of one column in a new array."""
        return as_reals(self.cells(d, rows, source), entries(source, d))

    def numbers(self) -> Array | None:
        """Return None: there is no such array."""
        return None


@dataclass(frozen=True, eq=False)
class ArrayStore(Whole):
    """An array of any dtype."""

    array: Array
    kept_in: ClassVar[tuple[str, str]] = ("numpy", "")

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, D), of what is a table."""
        return self.array.shape

    def cells(self, d: int, rows: Rows, source: Source) -> RawColumn:
        """Return these rows of one column."""
        return cells_of_array(self.array[rows, d], entries(source, d))

    def read(self, rows: Rows, source: Source) -> Floats:
        """Return these rows in a new array."""
        if self._is_plain:
            return reals_of(self.array[rows], lambda index: source.entry(*index))
        return by_columns(self, rows, source)

    def column(self, d: int, rows: Rows, source: Source) -> Floats:
        """Return these rows of one column in a new array."""
        if self._is_plain:
            return reals_of(self.array[rows, d], lambda index: source.entry(index[0], d))
        return as_reals(self.cells(d, rows, source), entries(source, d))

    def numbers(self) -> Array | None:
        """Return the array, if it is one of real numbers."""
        return self.array if self._is_plain else None

    @property
    def _is_plain(self) -> bool:
        """Whether all entries are real numbers as they stand."""
        return self.array.dtype.kind in REALS and not isinstance(self.array, np.ma.MaskedArray)

    def dtype_of(self, d: int) -> np.dtype[Any]:
        """Return the dtype of real numbers that holds all values of a column but gaps."""
        return _real_dtype(self.array.dtype)

    def style(self, d: int) -> Style:
        """Return what a column looks like."""
        return style_of(self.array[:, d])


@dataclass(frozen=True, eq=False)
class FrameStore(Whole):
    """The columns of a container, each of its own dtype: as arrays where that takes no copy."""

    frame: Frame

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, D), of what is a table."""
        return self.frame.n_rows, len(self.frame.columns)

    @lazy
    def _arrays(self) -> list[Array | None]:
        """The columns that are kept as arrays of real numbers, as those."""
        return list(map(_as_array, self.frame.columns))

    def cells(self, d: int, rows: Rows, source: Source) -> RawColumn:
        """Return these rows of one column."""
        column = self.frame.columns[d]
        array = self._arrays[d]
        if array is not None:
            return cells_of_array(array[rows], entries(source, d), str(column.dtype))
        return cells_of(part_of(column, rows), entries(source, d))

    def read(self, rows: Rows, source: Source) -> Floats:
        """Return these rows in a new array."""
        return by_columns(self, rows, source)

    def column(self, d: int, rows: Rows, source: Source) -> Floats:
        """Return these rows of one column in a new array."""
        array = self._arrays[d]
        if array is not None:
            return reals_of(array[rows], lambda index: source.entry(index[0], d))
        return as_reals(self.cells(d, rows, source), entries(source, d))

    def numbers(self) -> Array | None:
        """Return None: there is no such array."""
        return None

    def dtype_of(self, d: int) -> np.dtype[Any]:
        """Return the dtype of real numbers that holds all values of a column but gaps."""
        array = self._arrays[d]
        if array is not None:
            return _real_dtype(array.dtype)
        column = self.frame.columns[d]
        name = str(getattr(column, "dtype", None) or column.type).lower()  # of pyarrow, the type
        try:
            return _real_dtype(np.dtype("bool" if name == "boolean" else name))
        except (TypeError, ValueError):
            return np.dtype(np.float64)

    def style(self, d: int) -> Style:
        """Return what a column looks like."""
        return style_of(self.frame.columns[d])

    @property
    def kept_in(self) -> tuple[str, str]:
        """Whose container it is."""
        return self.frame.library, ""


@dataclass(frozen=True, eq=False)
class SparseStore(Whole):
    """A sparse matrix of SciPy: some rows, or a column, are made dense when they are asked for."""

    rows: Any
    """In the format csr, (n, D)."""
    form: str
    """The class that was given."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, D)."""
        return tuple(self.rows.shape)

    @lazy
    def _columns(self) -> Any:
        return self.rows.tocsc()

    def cells(self, d: int, rows: Rows, source: Source) -> RawColumn:
        """Return these rows of one column."""
        return cells_of_array(self._dense(d, rows), entries(source, d))

    def read(self, rows: Rows, source: Source) -> Floats:
        """Return these rows in a new array."""
        return reals_of(self.rows[rows].toarray(), lambda index: source.entry(*index))

    def column(self, d: int, rows: Rows, source: Source) -> Floats:
        """Return these rows of one column in a new array."""
        return reals_of(self._dense(d, rows), lambda index: source.entry(index[0], d))

    def _dense(self, d: int, rows: Rows) -> Array:
        """Return these rows of one column as an array (n,)."""
        matrix = self._columns
        dense = np.zeros(matrix.shape[0], dtype=matrix.dtype)
        place = slice(matrix.indptr[d], matrix.indptr[d + 1])
        np.add.at(dense, matrix.indices[place], matrix.data[place])  # an entry that is written twice is a sum
        return dense[rows]

    def numbers(self) -> Array | None:
        """Return None: it would be dense."""
        return None

    def dtype_of(self, d: int) -> np.dtype[Any]:
        """Return the dtype of real numbers that holds all values of a column but gaps."""
        return _real_dtype(self.rows.dtype)

    def style(self, d: int) -> Style:
        """Return what a column looks like."""
        return Style(str(self.rows.dtype))

    @property
    def kept_in(self) -> tuple[str, str]:
        """Whose container it is, and its class."""
        return "sparse", self.form


def as_store(X: Any, name: str) -> tuple[Store, Frame | None]:
    """Return what keeps the cells of `X`, without a copy of an array or a frame; and the frame, if it is one.

    Raises
    ------
    TypeError, ValueError
        As `made_np.table.frames.frame_of` and `made_np.validation.as_dense`.
    """
    if hasattr(type(X), "tocsr"):  # of the type: an instance may answer with any error
        return SparseStore(_as_csr(X, name), type(X).__name__), None
    frame = frame_of(X, name)
    if frame is not None:
        return FrameStore(frame), frame
    array = X if isinstance(X, np.ma.MaskedArray) else as_dense(X, name)
    if isinstance(X, (list, tuple)) and _has_changed(array):
        array = np.asarray(X, dtype=object)
    return ArrayStore(array), None


def entries(source: Source, d: int) -> Entry:
    """Return how to call the cells of a column."""
    return lambda row: source.entry(row, d)


def by_columns(store: Store | ByCells, rows: Rows, source: Source) -> Floats:
    """Return these rows of a store, read column by column."""
    n_rows, n_columns = store.shape
    table = np.empty((len(range(n_rows)[rows]) if isinstance(rows, slice) else len(rows), n_columns))
    for d in range(n_columns):
        table[:, d] = store.column(d, rows, source)
    return table


def _has_changed(array: Array) -> bool:
    """Whether NumPy may have made other cells of those of a list: words of numbers, or floats of integers."""
    kind = array.dtype.kind
    return kind in "USc" or (kind == "f" and bool((np.abs(array) >= EXACT).any()))


def _as_csr(X: Any, name: str) -> Any:
    """Return a sparse matrix by rows."""
    if X.dtype.kind not in REALS:
        raise TypeError(f"{name} is sparse and has dtype {X.dtype}: a sparse table holds real numbers")
    return X.tocsr()


def _as_array(column: Any) -> Array | None:
    """Return a column that is kept as an array of real numbers as that array; None for any other."""
    if isinstance(column, np.ma.MaskedArray):
        return None
    if isinstance(getattr(column, "dtype", None), np.dtype):  # of NumPy or of pandas
        return np.asarray(column) if column.dtype.kind in REALS else None
    try:
        array: Array = column.to_numpy(allow_copy=False)  # of polars
    except Exception:  # each library says in its own way that it keeps the column otherwise, or knows no such argument
        return None
    return array if array.dtype.kind in REALS else None


def _real_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return a dtype if it is one of real numbers, else that of all of them."""
    return dtype if dtype.kind in REALS else np.dtype(np.float64)
