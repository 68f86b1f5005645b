"""Which rows are held out: each row is on one side, with its weight, at the place that was drawn for it."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_array_equal

from made_np import MADE
from made_np.columns.columns import Columns
from made_np.estimator.split import Split
from made_np.table.table import Table

X = np.column_stack([np.arange(60) % 3, np.arange(60) % 2]).astype(float)


def split(n_held: int, weights: bool = False) -> Split:
    own = np.arange(60.0) / 29.5 if weights else None
    return Split.of(Table.of(X), None, n_held, np.random.default_rng(0), own)


def test_each_row_is_on_one_side_with_its_weight() -> None:
    columns = Columns.learn(Table.of(X))
    made = MADE(2, (3,), columns.outputs)
    rows, valid = split(20, weights=True).encode(columns, made)
    assert valid is not None
    assert (len(rows.z), len(valid.z)) == (40, 20)
    together = [(*x, w) for part in (rows, valid) for x, w in zip(part.z.x, part.z.weights, strict=True)]  # type: ignore[arg-type]
    wanted = [(*x, w) for x, w in zip(X, np.arange(60.0) / 29.5, strict=True)]
    assert sorted(together) == sorted(wanted)


def test_tables_hold_the_same_rows() -> None:
    one = split(20)
    kept, held = one.tables(1000, 1000)
    assert (kept.n_rows, held.n_rows) == (40, 20)
    assert one.places is not None
    assert_array_equal(held.read(), X[one.places < 20])
    few = one.tables(11, 7)
    assert [each.n_rows for each in few] == [10, 7]
    assert_array_equal(few[0].read(), X[one.places >= 20][::4])


def test_without_held_out_rows_there_is_one_side() -> None:
    columns = Columns.learn(Table.of(X))
    rows, valid = split(0).encode(columns, MADE(2, (3,), columns.outputs))
    assert valid is None
    assert_array_equal(rows.z.x, X)


def test_rows_of_a_table_of_their_own_are_held_out() -> None:
    other = Split.of(Table.of(X), Table.of(X[:6]), 0, np.random.default_rng(0), None)
    kept, held = other.tables(1000, 4)
    assert (kept.n_rows, held.n_rows) == (60, 3)
    assert_array_equal(held.read(), X[[0, 2, 4]])
