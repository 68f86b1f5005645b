"""Which rows of a table are learned from, which are held out."""

from __future__ import annotations

from dataclasses import dataclass

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
    """

    table: Table
    table_val: Table | None
    places: Ints | None
    n_held: int
    weights: Array | None

    @classmethod
    def of(
        cls, table: Table, table_val: Table | None, n_held: int, rng: np.random.Generator, weights: Array | None
    ) -> Split:
        """Return the split that holds out `n_held` rows at random."""
        if not n_held:
            return cls(table, table_val, None, 0, weights)
        places = np.empty(table.n_rows, dtype=np.int64)
        places[rng.permutation(len(places))] = np.arange(len(places))
        return cls(table, table_val, places, n_held, weights)

    def encode(self, columns: Columns, made: MADE) -> tuple[Encoded, Encoded | None]:
        """Return rows to learn from, with held-out ones, None if there are none."""
        rows = encode(self.table, columns, made, self.places, self.weights)
        valid = None if self.table_val is None else encode(self.table_val, columns, made)
        if self.places is not None:
            valid = rows.take(slice(self.n_held))
            rows = rows.take(slice(self.n_held, None))
        return to_learn_from(rows, columns, made.seed), valid

    def tables(self, most: int, most_held: int) -> tuple[Table, Table]:
        """Return the same as tables, no more rows than `most` and `most_held`, from all parts of both."""
        if self.table_val is not None:
            return _few(self.table, np.arange(self.table.n_rows), most), _few(
                self.table_val, np.arange(self.table_val.n_rows), most_held
            )
        assert self.places is not None
        is_held = self.places < self.n_held
        return _few(self.table, np.flatnonzero(~is_held), most), _few(self.table, np.flatnonzero(is_held), most_held)


def _few(table: Table, rows: Ints, most: int) -> Table:
    """Return some of the rows, evenly spread."""
    return table.take(rows[:: -(-len(rows) // most)])
