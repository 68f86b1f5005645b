"""Tables in .parquet files, read by pyarrow a few rows, or a column, at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from made_np.cells import FileSource, Source
from made_np.messages import not_installed, warn
from made_np.table.casting import Style
from made_np.table.files import TableError, check_size, reading
from made_np.table.frames import Rows
from made_np.table.of_arrow import cells_of_arrow
from made_np.table.raw import RawColumn
from made_np.table.stores import ByCells, entries
from made_np.table.table import Table

__all__ = ["read_parquet"]

Share = Callable[[int], tuple[int, int]]
"""Where some of n rows begin, and where they end."""

AT_ONCE = 1 << 16
"""So many rows are decoded together."""
WAY_OUT = "save it again"


def read_parquet(path: str, share: Share | None = None) -> Table:
    """Return the table in the file, or a `share` of its rows, which are read when they are asked for."""
    pyarrow = _pyarrow()
    with reading(path, WAY_OUT):
        stored = pyarrow.parquet.ParquetFile(path)
        n_rows = stored.metadata.num_rows
        check_size(path, 8 * n_rows * stored.metadata.num_columns, os.path.getsize(path))
        schema = stored.schema_arrow
        index = schema.pandas_metadata or {}
        left_out = [name for name in index.get("index_columns", ()) if isinstance(name, str)]
        names = [name for name in schema.names if name not in left_out]
        if not n_rows or not names:
            raise TableError(f"{path} has shape ({n_rows}, {len(names)}): a table needs rows and columns, (n, D)")
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise TableError(f"{path}: two columns are called {twice!r}: give each a name of its own")
        types = {name: schema.field(name).type for name in names}
    if left_out:
        warn(
            f"{path}: {', '.join(map(repr, left_out))} is left out, as the index that pandas stored: to keep it as a "
            "column, save frame.reset_index()"
        )
    start, stop = (0, n_rows) if share is None else share(n_rows)
    source = FileSource(path, names).at(start)
    return Table(source, tuple(names), _store=ParquetStore(path, stop - start, types, start))


def _pyarrow() -> Any:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise not_installed(".parquet needs", "pyarrow", "tables") from error
    return pyarrow


@dataclass
class _Place:
    """Where the last reader of rows has stopped, and what it read last."""

    batches: Iterator[Any] | None = None
    ahead: Any = None
    """The batch that was begun."""
    stop: int = 0
    """The row behind the last one that was given."""
    rows: Any = None
    """The rows that were given last, of all columns."""
    start: int = 0

    def leave(self) -> None:
        """Be at no place: the file is closed when nobody reads of it."""
        self.batches = None
        self.ahead = None
        self.rows = None


@dataclass(frozen=True, eq=False)
class ParquetStore(ByCells):
    """The columns of a file: rows that follow each other are decoded once, whichever columns are asked for.

    Words are decoded as codes, each of them once. Of a file with more rows than `n_rows`, those from `first` on are the
    store's, and no group of rows is read that has none of them.
    """

    path: str
    n_rows: int
    types: dict[str, Any]
    first: int = 0
    _place: _Place = field(default_factory=_Place, repr=False)
    kept_in: ClassVar[tuple[str, str]] = ("pyarrow", "")

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, D)."""
        return self.n_rows, len(self.types)

    def cells(self, d: int, rows: Rows, source: Source) -> RawColumn:
        """Return these rows of one column."""
        name = list(self.types)[d]
        with reading(self.path, WAY_OUT):
            if isinstance(rows, slice):
                start, stop, _ = rows.indices(self.n_rows)
                whole = (start, stop) == (0, self.n_rows) and stop > AT_ONCE
                column = self._column(name) if whole else self._rows(start, stop).column(name)
            else:
                column = self._column(name).take(_pyarrow().array(rows))
            column.validate(full=True)  # a code of no word would be looked up where no word is
        raw = cells_of_arrow(column, entries(source, d), str(self.types[name]))
        if raw.levels is None or str(column.type) == str(self.types[name]):
            return raw
        values = np.array([*raw.levels, None], dtype=object)[np.where(raw.gaps, len(raw.levels), raw.values)]
        return RawColumn(values, raw.gaps, raw.dtype)

    def let_go(self) -> None:
        """Close the file, of which a part is in memory, and forget the rows that were read last."""
        self._place.leave()

    def dtype_of(self, d: int) -> np.dtype[Any]:
        """Return the dtype of real numbers that holds all values of a column but gaps."""
        name = str(list(self.types.values())[d])
        try:
            dtype = np.dtype(name)
        except TypeError:
            return np.dtype(np.float64)
        return dtype if dtype.kind in "bui" else np.dtype(np.float64)

    def style(self, d: int) -> Style:
        """Return what a column looks like."""
        name = str(list(self.types.values())[d])
        if not name.startswith("dictionary"):
            return Style(name)
        raw = self.cells(d, slice(None), Source(self.path))
        return Style(name, raw.levels, raw.ordered)

    def _open(self) -> Any:
        """Return the file, opened anew: it may be read from several places."""
        words = [name for name, kind in self.types.items() if str(kind) in ("string", "large_string", "string_view")]
        return _pyarrow().parquet.ParquetFile(self.path, read_dictionary=words, memory_map=True, pre_buffer=False)

    def _column(self, name: str) -> Any:
        """Return all rows of one column."""
        stored = self._open()
        groups, skip = self._groups(stored)
        return stored.read_row_groups(groups, columns=[name]).column(0).slice(skip, self.n_rows)

    def _groups(self, stored: Any) -> tuple[list[int], int]:
        """Return the groups that hold the store's rows, with how many rows stand before these in the first of them."""
        about = stored.metadata
        ends = np.cumsum([about.row_group(k).num_rows for k in range(about.num_row_groups)])
        ends_here = self.first, self.first + max(self.n_rows, 1) - 1
        first, last = np.minimum(np.searchsorted(ends, ends_here, side="right"), len(ends) - 1).tolist()
        return list(range(first, last + 1)), self.first - (int(ends[first - 1]) if first else 0)

    def _rows(self, start: int, stop: int) -> Any:
        """Return some rows of all columns: those that were given last, or what follows them, or read from the start."""
        place = self._place
        if place.rows is not None and place.start <= start and stop <= place.stop:
            return place.rows.slice(start - place.start, stop - start)
        if place.batches is None or start < place.stop:
            stored = self._open()
            groups, skip = self._groups(stored)
            names = list(self.types)
            place.batches = stored.iter_batches(AT_ONCE, row_groups=groups, columns=names, use_threads=False)
            place.ahead = None
            place.stop = -skip
        place.rows = None
        self._next(start - place.stop)
        place.start = start
        place.rows = self._next(stop - start)
        return place.rows

    def _next(self, n: int) -> Any:
        """Return the next rows."""
        place = self._place
        parts = []
        place.stop += n
        while n:
            if place.ahead is None or not place.ahead.num_rows:
                place.ahead = next(place.batches or iter(()))
            parts.append(place.ahead.slice(0, n))
            place.ahead = place.ahead.slice(parts[-1].num_rows)
            n -= parts[-1].num_rows
        return _pyarrow().Table.from_batches(parts) if parts else None
