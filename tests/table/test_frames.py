"""What a data frame calls its columns, and which they are, whoever made it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from made_np.table.frames import column_names, columns_of

X = np.array([[1.0, 2], [3, 4], [5, 6]])


class Frame:
    """The least that is a data frame: an array with names."""

    def __init__(self, array: Any, columns: list[Any]) -> None:
        self.array, self.columns = np.asarray(array), columns

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.array


def test_names_are_those_of_strings() -> None:
    names = column_names(Frame(X, ["a", "b"]))
    assert names == ("a", "b")
    assert column_names(Frame(X, [0, 1])) is None
    assert column_names(X) is None


def test_only_frames_have_columns() -> None:
    assert columns_of(X) is None
    assert columns_of(Frame(X, ["a", "b"])) is None
    pandas = pytest.importorskip("pandas")
    assert columns_of(pandas.Series([1, 2])) is None
    columns = columns_of(pandas.DataFrame({"a": [1, 2], "b": [0.5, 1.5]}))
    assert columns is not None
    assert [column.dtype for column in columns] == [np.int64, np.float64]
