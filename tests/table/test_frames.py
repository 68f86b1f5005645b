"""What comes in as a table is checked in words that name column and value."""

from __future__ import annotations

import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from made_np.table.frames import as_table, check_columns, column_names, columns_of

X = np.array([[1.0, 2], [3, 4], [5, 6]])


class Frame:
    """The least that is a data frame: an array with names."""

    def __init__(self, array: Any, columns: list[Any]) -> None:
        self.array, self.columns = np.asarray(array), columns

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.array


class Silent:
    """What cannot even be shown."""

    def __repr__(self) -> str:
        raise RuntimeError


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
        (np.array([[1, None]], dtype=object), ValueError, [r"T\[0, 1\] \(column 1\) = nan: NaN is not allowed"]),
        (np.array([["2020-01-01"]], dtype="M8[D]"), TypeError, ["column 0", "2020-01-01", "days since one date"]),
        (np.array([[3]], dtype="m8[D]"), TypeError, ["column 0", "timedelta64", "days since one date"]),
        ([[1, datetime.date(2020, 1, 1)]], TypeError, ["column 1", "is a date", "days since one date"]),
        ([[1, Decimal("0.5")]], TypeError, ["column 1", "is a Decimal", r"\.astype\(float\)"]),
        ([[1, Fraction(1, 3)]], TypeError, ["column 1", "is a Fraction", r"\.astype\(float\)"]),
        ([[1, Silent()]], TypeError, ["column 1", "is a Silent"]),
        ([[1, 2**53]], ValueError, [r"T\[0, 1\] \(column 1\) = 9007199254740992: float64 does not hold"]),
        ([[-(2**53) - 1, 0.5]], ValueError, [r"T\[0, 0\] \(column 0\) = -9007199254740993: float64 does not hold"]),
        ([[1, 10**400]], ValueError, [r"T\[0, 1\] \(column 1\)", "float64 does not hold"]),
        (
            np.array([[1, 2**64 - 1]], dtype=np.uint64),
            ValueError,
            ["= 18446744073709551615: ", "subtract its"],
        ),
        (np.array([[1, 2**53 + 1]]), ValueError, ["= 9007199254740993: "]),
        (np.array([[1, 2**53]], dtype=object), ValueError, ["= 9007199254740992: "]),
        (np.array([[-(2**63)]]), ValueError, ["-9223372036854775808"]),
        (Frame(np.array([[1, 2**60]]), ["a", "id"]), ValueError, [r"\(column 1 \('id'\)\) = .*1152921504606846976"]),
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


def test_none_is_a_gap() -> None:
    assert_array_equal(as_table([[1, None], [None, 0.5]], gaps=True), [[1, np.nan], [np.nan, 0.5]])
    assert_array_equal(as_table([[True, None, 2**53 - 1]], gaps=True), [[1, np.nan, 2**53 - 1]])


def test_the_largest_numbers_that_are_exact_are_taken() -> None:
    large = np.array([[2**53 - 1, -(2**53) + 1]])
    for same in (large, large.tolist(), large.astype(object), large.astype(np.float64), [[2**53 - 1, -(2.0**53) + 1]]):
        assert as_table(same).astype(np.int64).tolist() == large.tolist()
    assert_array_equal(as_table([[1e300, 2.0**60]]), [[1e300, 2.0**60]])  # floats say themselves how exact they are


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([1.5, None], "Float64"),
        ([1, None], "Int64"),
        ([True, None], "boolean"),
        ([1, None], object),
        ([1.5, None], "double[pyarrow]"),
        ([True, None], "bool[pyarrow]"),
        ([2, None], "uint8[pyarrow]"),
    ],
)
def test_gaps_of_pandas_are_gaps(values: list[Any], dtype: Any) -> None:
    pandas = pytest.importorskip("pandas")
    if "pyarrow" in str(dtype):
        pytest.importorskip("pyarrow")
    frame = pandas.DataFrame({"a": pandas.array(values, dtype=dtype), "b": [True, False], "c": [0.5, 1.5]})
    expected = [[values[0], 1, 0.5], [np.nan, 0, 1.5]]
    assert_array_equal(as_table(frame, gaps=True), expected)
    assert_array_equal(as_table(frame.set_axis(["a", "a", "a"], axis=1), gaps=True), expected)
    with pytest.raises(ValueError, match=r"X\[1, 0\] \(column 0 \('a'\)\) = nan: NaN is not allowed"):
        as_table(frame)


def test_integers_of_frames_are_seen_before_they_become_floats() -> None:
    pandas = pytest.importorskip("pandas")
    for ids in ([2**60 + 1, 5], pandas.array([2**60 + 1, None], dtype="Int64")):
        frame = pandas.DataFrame({"size": [0.5, 1.5], "id": ids})
        with pytest.raises(ValueError, match=r"X\[0, 1\] \(column 1 \('id'\)\) = .*: float64 does not hold integers"):
            as_table(frame, gaps=True)
    with pytest.raises(TypeError, match=r"column 0 \('when'\).*is a .*time.*days since one date"):
        as_table(pandas.DataFrame({"when": pandas.to_datetime(["2020-01-01"]), "size": [1.5]}))
    with pytest.raises(TypeError, match=r"column 0 \('what'\).*'red' is a str"):
        as_table(pandas.DataFrame({"what": pandas.Categorical(["red"]), "size": [1.5]}))


def test_frames_of_polars_are_frames() -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"a": [1, None], "b": [True, None], "c": [0.5, 1.5]})
    assert_array_equal(as_table(frame, gaps=True), [[1, 1, 0.5], [np.nan, np.nan, 1.5]])
    for ids in ([2**60 + 1, 5], [2**60 + 1, None]):
        with pytest.raises(ValueError, match=r"\(column 0 \('id'\)\) = .*: float64 does not hold integers"):
            as_table(polars.DataFrame({"id": ids, "c": [0.5, 1.5]}), gaps=True)


def test_only_frames_have_columns() -> None:
    assert columns_of(X) is None
    assert columns_of(Frame(X, ["a", "b"])) is None
    pandas = pytest.importorskip("pandas")
    assert columns_of(pandas.Series([1, 2])) is None
    columns = columns_of(pandas.DataFrame({"a": [1, 2], "b": [0.5, 1.5]}))
    assert columns is not None
    assert [column.dtype for column in columns] == [np.int64, np.float64]
