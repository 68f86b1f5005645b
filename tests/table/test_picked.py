"""Some columns of a table, in another order: the same cells, under names that messages get right."""

from __future__ import annotations

import numpy as np
import pytest

from made_np.cells import FileSource
from made_np.table.raw import RawColumn
from made_np.table.table import Table

OWN = RawColumn(np.array([7.0, 0.0, 9.0]), np.array([False, True, False]), "float64")
COLUMNS = {"a": [1, 2, 3], "b": ["x", "y", "z"], "c": [0.5, None, 2.5]}


def test_cells_are_those_of_the_whole() -> None:
    table = Table.of(COLUMNS)
    picked = table.picked([2, OWN, 0], ["c", "new", "a"])
    assert (picked.n_rows, picked.n_columns, picked.names) == (3, 3, ("c", "new", "a"))
    assert picked.cells(2).known().tolist() == [1, 2, 3]
    np.testing.assert_array_equal(picked.read(), [[0.5, 7, 1], [np.nan, np.nan, 2], [2.5, 9, 3]])
    np.testing.assert_array_equal(picked.take([2, 0]).read(), [[2.5, 9, 3], [0.5, 7, 1]])
    np.testing.assert_array_equal(picked.column(1), [7, np.nan, 9])
    assert picked.n_gaps() == 2
    assert picked.style(0) == table.style(2)
    assert picked.kept_in == table.kept_in


def test_messages_call_a_column_by_its_new_name() -> None:
    table = Table.of(COLUMNS, FileSource("t.csv", ["a", "b", "c"], lines=[2, 3, 4]))
    with pytest.raises(TypeError, match=r"^t\.csv, line 2, column b = 'x'"):
        table.picked([2, 1], ["c", "b"]).read()
    large = Table.of({"a": np.array([2**60]), "b": np.array([1])}, FileSource("t.csv", ["a", "b"], lines=[2]))
    with pytest.raises(ValueError, match=r"^t\.csv, line 2, column a = "):
        large.picked([1, 0], ["b", "a"]).read()


def test_columns_that_are_left_out_stay_so() -> None:
    read = Table.of(COLUMNS).through([None, None, None]).picked([2, OWN], None)
    assert read.n_gaps() == 1
