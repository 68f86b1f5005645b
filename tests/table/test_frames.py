"""What the columns of a container are, and what they are called, whoever made it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from made_np.table.frames import frame_of, names_of
from made_np.table.table import Table

X = np.array([[1.0, 2], [3, 4], [5, 6]])


class Frame:
    """The least that has names: an array with an attribute."""

    def __init__(self, array: Any, columns: list[Any]) -> None:
        self.array, self.columns = np.asarray(array), columns

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.array


def test_names_are_those_of_strings() -> None:
    assert names_of(("a", "b")) == ("a", "b")
    assert names_of((0, 1)) is None
    assert names_of((("a", 1), ("a", 2))) is None
    assert names_of(None) is None
    assert Table.of(Frame(X, ["a", "b"])).names == ("a", "b")
    assert Table.of(Frame(X, [0, 1])).labels == (0, 1)


@pytest.mark.parametrize("labels", [("a", "b", "a"), (1, 0, 1), (("a", 1), ("b", 1), ("a", 1)), (["a"], ["a"])])
def test_a_name_is_that_of_one_column(labels: Any) -> None:
    with pytest.raises(ValueError, match=r"T has two columns called .*: give each a name of its own"):
        names_of(labels, "T")


def test_only_frames_have_columns() -> None:
    for none in (X, X.tolist(), [], "x", None, Frame(X, ["a", "b"])):
        assert frame_of(none) is None
    pandas = pytest.importorskip("pandas")
    assert frame_of(pandas.Series([1, 2])) is None
    frame = frame_of(pandas.DataFrame({"a": [1, 2], "b": [0.5, 1.5]}))
    assert frame is not None
    assert [column.dtype for column in frame.columns] == [np.int64, np.float64]


@pytest.mark.parametrize(
    ("bad", "error", "words"),
    [
        ([{"a": 1}, [2]], TypeError, r"T\[1\] = \[2\] is a list, and T\[0\] is a dict"),
        ({"a": [1, 2], "b": [1]}, ValueError, r"T\['b'\] has 1 cells, and the first column 2"),
        ({"a": 1}, TypeError, r"T\['a'\] = 1 is a int: give a list"),
        ({"a": "word"}, TypeError, r"T\['a'\] = 'word' is a str: give a list"),
        ({"a": np.array(3)}, TypeError, r"T\['a'\] = .*: give a list"),
        ([{}], ValueError, r"0 feature\(s\)"),
        ({}, ValueError, r"0 sample\(s\)"),
        ({"a": []}, ValueError, r"0 sample\(s\)"),
        (np.zeros(0, dtype=[("a", "f8")]), ValueError, r"0 sample\(s\)"),
        (np.zeros((2, 2), dtype=[("a", "f8")]), TypeError, r"T\[0, 0\].* is a tuple"),
        (np.zeros(2, dtype=[("a", "f8", 2)]), TypeError, r"T\[0, 0\] \(column 0 \('a'\)\) = .* is a ndarray"),
        ([{"a": 1, 2: 1}], TypeError, "one named 2"),
    ],
)
def test_containers_that_are_no_tables(bad: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        Table.of(bad, "T").cells(0)
