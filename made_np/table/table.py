"""A table: rows of cells from wherever they are kept, turned into float64 block by block when asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from made_np.cells import FileSource, Name, Source
from made_np.table.casting import Style
from made_np.table.frames import Labels, labels_of, names_of
from made_np.table.picked import Picked
from made_np.table.raw import RawColumn
from made_np.table.stores import Store, as_store
from made_np.table.views import Above, Reader, Through
from made_np.typing import Array, Floats, Ints
from made_np.validation import as_integers
from made_np.values import as_a, as_count, as_flag, as_number, as_sequence

__all__ = ["Table"]


AT_ONCE = 1 << 19
"""A block holds about so many numbers: 4 MiB of them."""


@dataclass(frozen=True, eq=False, repr=False)
class Table:
    """Rows of cells, what their columns are called, and where they come from.

    Nothing is copied when a table is made: it keeps the array, list or data frame that it was given. `cells` gives a
    column as it is. `read`, `blocks` and `column` give numbers, checked and turned into float64 when they are read: of
    columns of real numbers by themselves, of all others `through` readings. NaN is a gap, as are None, NaT, pandas.NA
    and nulls.

    Attributes
    ----------
    source : Source
        Where the rows come from, for messages: ``source.at(first)`` is what the block from row `first` on is called.
    labels : tuple or None
        What a data frame calls its columns, strings or not; None if they have no names.
    n_rows, n_columns : int
        n and D.

    Examples
    --------
    >>> table = Table.of(np.arange(6, dtype=np.uint8).reshape(3, 2))
    >>> [(first, block.tolist()) for first, block in table.blocks(2)]
    [(0, [[0.0, 1.0], [2.0, 3.0]]), (2, [[4.0, 5.0]])]
    >>> table.take([2, 0]).read().tolist()
    [[4.0, 5.0], [0.0, 1.0]]
    >>> table.where(2, 1)
    'X[2, 1] (column 1)'
    """

    source: Source
    labels: Labels | None = None
    n_rows: int = field(init=False)
    n_columns: int = field(init=False)
    _store: Store = field(kw_only=True)
    _rows: Ints | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        n_rows, n_columns = self._store.shape
        object.__setattr__(self, "n_rows", n_rows if self._rows is None else len(self._rows))
        object.__setattr__(self, "n_columns", n_columns)

    @classmethod
    def of(cls, X: Any, name: Name = "X") -> Table:
        """Return the table that `X` is; a table is itself, with the name that it has.

        Parameters
        ----------
        X : array, list of rows, list of dicts, dict of columns, data frame, sparse matrix
            Arrays of any dtype, structured and masked ones too; frames of pandas, polars, pyarrow, and of whoever
            speaks their protocols; sparse matrices of SciPy; anything that NumPy makes an array of.
        name : str or Source
            What messages call it; a source, of a file, knows the names of its columns too.

        Raises
        ------
        TypeError
            Names of columns of which only some are strings, or something that is no table.
        ValueError
            Another shape than (n, D), no rows, no columns, two columns of one name.
        ImportError
            A data frame that only pyarrow can read, without it.
        """
        if isinstance(X, Table):
            return X
        store, frame = as_store(X, str(name))
        labels = labels_of(X) if frame is None else frame.labels
        source = name if isinstance(name, Source) else Source(name, names_of(labels, name))
        labels = labels if source.names is None else tuple(source.names)
        if len(store.shape) != 2:
            raise ValueError(
                f"{name} has {len(store.shape)} dimensions, not the 2 of a table (n, D). Reshape your data: "
                f"{name}.reshape(-1, 1) is one column, {name}.reshape(1, -1) one row"
            )
        for axis, what in enumerate(("sample(s)", "feature(s)")):
            if store.shape[axis] == 0:
                raise ValueError(f"{name} has 0 {what} (shape={store.shape}) while a minimum of 1 is required.")
        return cls(source, labels, _store=store)

    @property
    def name(self) -> str:
        """What messages call the table: the name of an argument or of a file."""
        return self.source.name

    @property
    def names(self) -> tuple[str, ...] | None:
        """What the columns are called, where that is strings; else None."""
        return None if self.source.names is None else tuple(self.source.names)

    @property
    def is_file(self) -> bool:
        """Whether the rows come from a file."""
        return isinstance(self.source, FileSource)

    @property
    def values(self) -> Array:
        """The rows as they are kept, if that is in an array of real numbers: without a copy, unchecked; else `read`."""
        array = self._store.numbers()
        if array is None:
            return self.read()
        return array if self._rows is None else array[self._rows]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of real numbers that holds all values but gaps: that of what keeps them, or float64."""
        return np.result_type(*{self._store.dtype_of(d) for d in range(self.n_columns)})

    @property
    def kept_in(self) -> tuple[str, str]:
        """Whose container it is, as `made_np.table.look.Look` calls it, and the class of a sparse matrix."""
        return self._store.kept_in

    def style(self, d: int) -> Style:
        """Return what column `d` looks like: its dtype, with the levels that it declares."""
        return self._store.style(as_count(d, "d", 0, self.n_columns - 1))

    def __len__(self) -> int:
        return self.n_rows

    def __repr__(self) -> str:
        return f"<Table {self.name}: {self.n_rows} rows of {self.n_columns} columns>"

    def named(self, names: Sequence[str] | None) -> Table:
        """Return the same rows under other names of columns, or under none."""
        kept = None
        if names is not None:
            what = f"a string for each of the {self.n_columns} columns"
            given = as_sequence(names, "names", what, self.n_columns)
            kept = tuple(as_a(name, f"names[{d}]", str, "give a string") for d, name in enumerate(given))
        return replace(self, source=replace(self.source, names=kept), labels=kept)

    def picked(self, columns: Sequence[int | RawColumn], names: Sequence[str] | None) -> Table:
        """Return a table of some columns of a whole one, in another order, under these names.

        Parameters
        ----------
        columns : sequence of int or RawColumn
            The place of each, or cells (n,) of its own.
        names : sequence of str, or None

        Examples
        --------
        >>> Table.of({"a": [1, 2], "b": [3, 4]}).picked([1], ["b"]).read().tolist()
        [[3.0], [4.0]]
        """
        kept = tuple(as_sequence(columns, "columns", "places of columns, or cells"))
        for k, each in enumerate(kept):
            if not isinstance(each, RawColumn):
                as_count(each, f"columns[{k}]", 0, self.n_columns - 1)
        store = Picked(self._store, kept, self.source.names)
        return replace(self, _store=store, source=replace(self.source, names=None), labels=None).named(names)

    def where(self, row: int, column: int) -> str:
        """Return how messages call an entry: its place in the file or the array, never in a block or a part.

        Examples
        --------
        >>> Table.of(np.eye(3), "x").take([2, 1]).where(0, 1)
        'x[2, 1] (column 1)'
        """
        row = as_count(row, "row", 0, self.n_rows - 1)
        return self.source.entry(row, as_count(column, "column", 0, self.n_columns - 1))

    def take(self, index: Any) -> Table:
        """Return the table of some rows, which stay where they are.

        Parameters
        ----------
        index : slice, or integers
            Which rows, in which order. Messages go on to call them by their place in the whole.

        Raises
        ------
        TypeError, ValueError
            Neither, or a row that is not there.
        """
        if isinstance(index, slice):
            kept = np.arange(self.n_rows)[index]
        else:
            kept = as_integers(index, "index")
            wrong = (kept < 0) | (kept >= self.n_rows)
            if wrong.any():
                raise ValueError(f"index has {kept[wrong][0]}: give rows in 0..{self.n_rows - 1}")
        rows = kept if self._rows is None else self._rows[kept]
        return replace(self, source=self.source.take(kept), _rows=rows)

    def cells(self, d: int, start: int = 0, stop: int | None = None) -> RawColumn:
        """Return the cells of rows ``start..stop - 1`` (by default all) of column `d`, as they are kept.

        Arrays are not copied: leave the values as they are.

        Raises
        ------
        TypeError, ValueError
            Infinity, or a cell that no column of a table can hold: a complex number, a list. Messages name row, column
            and value.

        Examples
        --------
        >>> Table.of([{"sex": "F", "age": 41}, {"age": 36}]).cells(0)
        RawColumn(values=array(['F', None], dtype=object), gaps=array([False,  True]), dtype='object', ...)
        """
        d = as_count(d, "d", 0, self.n_columns - 1)
        rows, source = self._part(start, stop)
        raw = self._store.cells(d, rows, source)
        if raw.values.dtype.kind == "f":
            _check_finite(raw.values, True, lambda row: source.entry(row, d), raw.gaps)
        return raw

    def through(self, readings: Sequence[Reader | None]) -> Table:
        """Return the same table as numbers: those that a reading makes of the cells of each column.

        Parameters
        ----------
        readings : sequence, length D
            Each has ``numbers(raw, entry)``, which makes numbers (n,) of a `RawColumn`. None: the column is left out,
            which is all NaN (these are no gaps), and its cells are never read.
        """
        what = f"a reading, or None, for each of the {self.n_columns} columns"
        return replace(
            self, _store=Through(self._store, tuple(as_sequence(readings, "readings", what, self.n_columns)))
        )

    def read(self, start: int = 0, stop: int | None = None, *, gaps: bool = True) -> Floats:
        """Return rows ``start..stop - 1`` (by default all) in float64, checked.

        Parameters
        ----------
        start, stop : int
        gaps : bool
            Whether NaN is allowed.

        Raises
        ------
        TypeError
            An entry that is no real number, and goes through no reading.
        ValueError
            A complex number, infinity, an integer that float64 does not hold, or NaN without `gaps`. Messages name
            row, column and value, of the first such entry.
        """
        gaps = as_flag(gaps, "gaps")
        rows, source = self._part(start, stop)
        block = self._store.read(rows, source)
        _check_finite(block, gaps, source.entry, self._store.left_out)
        return block

    def _part(self, start: int, stop: int | None) -> tuple[slice | Ints, Source]:
        """Return which rows of the store are asked for, and what they are called."""
        start = as_count(start, "start", 0)
        stop = self.n_rows if stop is None else min(as_count(stop, "stop", start), self.n_rows)
        return slice(start, stop) if self._rows is None else self._rows[start:stop], self.source.at(start)

    def column(self, d: int, *, gaps: bool = True) -> Floats:
        """Return column `d` (n,) in float64, checked as by `read`."""
        d = as_count(d, "d", 0, self.n_columns - 1)
        gaps = as_flag(gaps, "gaps")
        values = self._store.column(d, slice(None) if self._rows is None else self._rows, self.source)
        left_out = self._store.left_out
        _check_finite(values, gaps, lambda row: self.source.entry(row, d), None if left_out is None else left_out[d])
        return values

    def above(self, threshold: Any) -> Table:
        """Return the same table with 1 where a value is above the threshold, else 0; gaps stay.

        Examples
        --------
        >>> Table.of([[0.2, 0.7, None]]).above(0.5).read()
        array([[ 0.,  1., nan]])
        """
        return replace(self, _store=Above(self._store, as_number(threshold, "threshold")))

    def blocks(self, n_rows: int | None = None, *, gaps: bool = True) -> Iterator[tuple[int, Floats]]:
        """Yield the rows block by block: which row is the first, and the rows (n, D) in float64, a new array each time.

        A block is read, and checked as by `read`, when it is asked for.

        Parameters
        ----------
        n_rows : int, optional
            Of a block. None: as many as make half a million numbers.
        """
        step = max(1, AT_ONCE // self.n_columns) if n_rows is None else as_count(n_rows, "n_rows")
        try:
            for first in range(0, self.n_rows, step):
                yield first, self.read(first, first + step, gaps=gaps)
        finally:
            self._store.let_go()

    def n_gaps(self) -> int:
        """Return how many values are missing; all of them are read and checked."""
        read = slice(None) if self._store.left_out is None else ~self._store.left_out
        return sum(int(np.isnan(block[:, read]).sum()) for _, block in self.blocks())

    def refuse_gaps(self) -> None:
        """Read and check all values, and raise a `ValueError` at the first that is missing."""
        for _ in self.blocks(gaps=False):
            pass


def _check_finite(values: Floats, gaps: bool, entry: Callable[..., str], but: Any = None) -> None:
    """Raise a `ValueError` at the first value that is infinite, or NaN where no `gaps` are allowed; not in `but`."""
    wrong = np.isinf(values) if gaps else ~np.isfinite(values)
    if but is not None:
        wrong &= ~but
    if wrong.any():
        index = tuple(np.argwhere(wrong)[0].tolist())
        value = values[index]
        way_out = "infinity has no place here: clip or drop it"
        if np.isnan(value):
            way_out = "NaN is not allowed here: fill it or drop the row"
        raise ValueError(f"{entry(*index)} = {value}: {way_out}")
