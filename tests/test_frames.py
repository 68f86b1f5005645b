"""What comes in as a table is checked in words that name column and value."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from made_np.frames import as_frame, as_table, check_columns, column_names

X = np.array([[1.0, 2], [3, 4], [5, 6]])


class Frame:
    """The least that is a data frame: an array with names."""

    def __init__(self, array: Any, columns: list[Any]) -> None:
        self.array, self.columns = np.asarray(array), columns

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.array


class Sparse:
    """What says that it is sparse."""

    def tocsr(self) -> None:
        """Not called."""


def test_every_kind_of_numbers_is_the_same_table() -> None:
    read_only = X.copy()
    read_only.flags.writeable = False
    kinds = [
        X.tolist(),
        X.astype(np.int8),
        X.astype(np.uint64),
        X.astype(">f4"),
        np.asfortranarray(X),
        X.astype(object),
    ]
    for same in [*kinds, X[::-1][::-1], X.astype(np.longdouble), read_only, Frame(X, ["a", "b"])]:
        table = as_table(same)
        assert table.dtype == np.float64
        assert_array_equal(table, X)
    assert_array_equal(as_table(X > 2), X > 2)
    assert not np.shares_memory(as_table(X), X)


@pytest.mark.parametrize(
    ("bad", "error", "words"),
    [
        (X[0], ValueError, ["1 dimensions", "Reshape your data"]),
        (X[None], ValueError, ["3 dimensions"]),
        ("text", ValueError, ["0 dimensions"]),
        (X[:0], ValueError, [r"0 sample\(s\)"]),
        (X[:, :0], ValueError, [r"0 feature\(s\)"]),
        ([[1, 2], [3]], ValueError, ["ragged"]),
        ([[1, 2], [3, np.nan]], ValueError, [r"T\[1, 1\] \(column 1\) = nan", "NaN is not allowed"]),
        ([[1, 2], [-np.inf, 2]], ValueError, [r"T\[1, 0\] \(column 0\) = -inf"]),
        (np.array([[np.longdouble("1e4000"), 1]]), ValueError, ["column 0", "inf"]),
        ([[1, 2j]], ValueError, [r"T\[0, 0\] \(column 0\)", "Complex"]),
        ([["a", "b"]], TypeError, [r"T\[0, 0\] \(column 0\) = .*'a'", "code categories"]),
        (np.array([[1, "b"]], dtype=object), TypeError, [r"T\[0, 1\] \(column 1\) = 'b' is a str"]),
        (np.array([[1, None]], dtype=object), TypeError, ["column 1", "None"]),
        (np.array([["2020-01-01"]], dtype="M8[D]"), TypeError, ["column 0", "2020-01-01"]),
        (np.ma.masked_array(X), TypeError, [r"T.filled\(np.nan\)"]),
        (Sparse(), TypeError, ["T is sparse", r"T.toarray\(\)"]),
        (Frame([[1, np.nan]], ["a", "b"]), ValueError, [r"\(column 1 \('b'\)\) = nan"]),
        (Frame(np.array([[1, "x"]], dtype=object), ["a", "b"]), TypeError, [r"\(column 1 \('b'\)\) = 'x'"]),
        (Frame(X, ["a", 1]), TypeError, ["columns named by strings and one named 1"]),
    ],
)
def test_bad_tables_are_refused_in_words(bad: Any, error: type[Exception], words: list[str]) -> None:
    for word in words:
        with pytest.raises(error, match=word):
            as_table(bad, name="T")


def test_gaps_are_let_in_where_asked_for_and_infinity_never() -> None:
    assert_array_equal(np.isnan(as_table([[1, np.nan]], gaps=True)), [[False, True]])
    with pytest.raises(ValueError, match="inf"):
        as_table([[np.inf, np.nan]], gaps=True)


def test_names_are_those_of_strings() -> None:
    names = column_names(Frame(X, ["a", "b"]))
    assert names is not None
    assert names.dtype == object
    assert names.tolist() == ["a", "b"]
    assert column_names(Frame(X, [0, 1])) is None
    assert column_names(X) is None


def test_columns_have_to_be_those_of_fit() -> None:
    a, b = np.array(["a", "b"], dtype=object), np.array(["b", "a"], dtype=object)
    check_columns(a, 2, a, 2)
    check_columns(None, 2, None, 2)
    with pytest.raises(ValueError, match="Y has 'b' as column 0, but fit saw 'a'"):
        check_columns(b, 2, a, 2, "Y")
    with pytest.raises(ValueError, match="Y has 3 columns, but fit saw 2"):
        check_columns(None, 3, None, 2, "Y")
    with pytest.warns(UserWarning, match="only X has column names"):
        check_columns(a, 2, None, 2)
    with pytest.warns(UserWarning, match="only the table of fit has column names"):
        check_columns(None, 2, a, 2)


def test_a_frame_comes_out_where_there_are_names() -> None:
    pandas = pytest.importorskip("pandas")
    frame = as_frame(X, np.array(["a", "b"], dtype=object), index=[7, 8, 9])
    pandas.testing.assert_frame_equal(frame, pandas.DataFrame(X, columns=["a", "b"], index=[7, 8, 9]))
    assert as_frame(X, None) is X
