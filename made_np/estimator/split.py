"""Which rows of a table are learned from, which are held out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from made_np.columns.columns import Columns
from made_np.estimator.encoding import Encoded, encode, to_learn_from
from made_np.model.made import MADE
from made_np.table.table import Table
from made_np.typing import Array, Ints

__all__ = ["Split"]


@dataclass(frozen=True)
class Split:
    """A table, of which some rows are held out, or that has a table of validation rows beside it.

    Attributes
    ----------
    table : Table
        Of numbers.
    table_val : Table or None
        Rows for validation that were given.
    places : ndarray (n,) or None
        Where each row stands among the encoded ones; the first `n_held` are held out. None: none are.
    n_held : int
    weights : ndarray (n,) or None
        What each row of the table counts.
    among : (ndarray of int, int) or None
        Where the rows to learn from stand among those of a larger table, of how many; None: they are all.
    held : ndarray of int or None
        Where the rows that are held out stand among those of a larger table.
    """

    table: Table
    table_val: Table | None
    places: Ints | None
    n_held: int
    weights: Array | None
    among: tuple[Ints, int] | None = None
    held: Ints | None = None

    @classmethod
    def of(
        cls, table: Table, table_val: Table | None, n_held: int, rng: np.random.Generator, weights: Array | None
    ) -> Split:
        """Return the split that holds out `n_held` rows at random."""
        if not n_held:
            return cls(table, table_val, None, 0, weights)
        return cls(table, table_val, _drawn_places(table.n_rows, rng), n_held, weights)

    def part(self, rows: Ints, n_rows: int, rng: np.random.Generator) -> Split:
        """Return the split of a part of a table of `n_rows`, of which `self` would hold out `n_held`.

        Parameters
        ----------
        rows : ndarray of int
            Which rows of the whole are those of `table`, rising.
        n_rows : int
        rng : numpy.random.Generator
            As for `of`: each part then holds out those of its rows that the whole does.
        """
        if not self.n_held:
            return replace(self, among=(rows, n_rows))
        of_all = _drawn_places(n_rows, rng)[rows]
        order = np.argsort(of_all)
        places = np.empty(len(rows), dtype=np.int64)
        places[order] = np.arange(len(rows))
        n_held = int((of_all < self.n_held).sum())
        held, kept = np.split(of_all[order], [n_held])
        among = kept - self.n_held, n_rows - self.n_held
        return replace(self, places=places, n_held=n_held, among=among, held=held)

    def encode(self, columns: Columns, made: MADE) -> tuple[Encoded, Encoded | None]:
        """Return rows to learn from, with held-out ones, None if there are none."""
        rows = encode(self.table, columns, made, self.places, self.weights)
        valid = None if self.table_val is None else encode(self.table_val, columns, made)
        if self.places is not None:
            valid = rows.take(slice(self.n_held))
            rows = rows.take(slice(self.n_held, None))
        return to_learn_from(rows, columns, made.seed, self.among), valid

    def tables(self, most: int, most_held: int) -> tuple[Table, Table]:
        """Return the same as tables, no more rows than `most` and `most_held`, from all parts of both."""
        if self.table_val is not None:
            return _few(self.table, np.arange(self.table.n_rows), most), _few(
                self.table_val, np.arange(self.table_val.n_rows), most_held
            )
        assert self.places is not None
        is_held = self.places < self.n_held
        return _few(self.table, np.flatnonzero(~is_held), most), _few(self.table, np.flatnonzero(is_held), most_held)


def _drawn_places(n: int, rng: np.random.Generator) -> Ints:
    """Return the place of each of n rows, in an order that is drawn."""
    places = np.empty(n, dtype=np.int64)
    places[rng.permutation(n)] = np.arange(n)
    return places


def _few(table: Table, rows: Ints, most: int) -> Table:
    """Return some of the rows, evenly spread."""
    return table.take(rows[:: -(-len(rows) // most)])
