"""A table is the same from whatever it is made; what it cannot hold is refused in words that name place and value."""

from __future__ import annotations

import datetime
import tracemalloc
from decimal import Decimal
from fractions import Fraction
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from made_np.cells import FileSource
from made_np.table.table import Table

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
        table = Table.of(same).read()
        assert table.dtype == np.float64
        assert_array_equal(table, X)
    assert_array_equal(Table.of(X > 2).read(), X > 2)
    assert not np.shares_memory(Table.of(X).read(), X)


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
        ([[1, 2j]], ValueError, [r"T\[0, 1\] \(column 1\)", "Complex"]),
        ([["a", "b"]], TypeError, [r"T\[0, 0\] \(column 0\) = .*'a'", "turn it into numbers"]),
        ([[1, 2], [3, "b"]], TypeError, [r"T\[1, 1\] \(column 1\) = 'b' is a str"]),
        (np.array([[1, "b"]], dtype=object), TypeError, [r"T\[0, 1\] \(column 1\) = 'b' is a str"]),
        (np.array([[1, None]], dtype=object), ValueError, [r"T\[0, 1\] \(column 1\) = nan: NaN is not allowed"]),
        (np.array([["2020-01-01"]], dtype="M8[D]"), TypeError, ["column 0", "2020-01-01", "turn it into numbers"]),
        (np.array([[3]], dtype="m8[D]"), TypeError, ["column 0", "timedelta64", "turn it into numbers"]),
        ([[1, datetime.date(2020, 1, 1)]], TypeError, ["column 1", "is a datetime64", "turn it into numbers"]),
        ([[1, {"a": 1}]], TypeError, [r"T\[0, 1\] \(column 1\)", "is a dict: every argument must be a string"]),
        ([[1, [2, 3]]], ValueError, ["ragged"]),
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
        (np.ma.masked_array(X, X > 5), ValueError, [r"T\[2, 1\] \(column 1\) = nan: NaN is not allowed"]),
        (Frame([[1, np.nan]], ["a", "b"]), ValueError, [r"\(column 1 \('b'\)\) = nan"]),
        (Frame(np.array([[1, "x"]], dtype=object), ["a", "b"]), TypeError, [r"\(column 1 \('b'\)\) = 'x'"]),
        (Frame(X, ["a", 1]), TypeError, ["columns named by strings and one named 1"]),
    ],
)
def test_bad_tables_are_refused_in_words(bad: Any, error: type[Exception], words: list[str]) -> None:
    for word in words:
        with pytest.raises(error, match=word):
            Table.of(bad, "T").read(gaps=False)


def test_gaps_are_let_in_where_asked_for_and_infinity_never() -> None:
    assert_array_equal(np.isnan(Table.of([[1, np.nan]]).read()), [[False, True]])
    with pytest.raises(ValueError, match="inf"):
        Table.of([[np.inf, np.nan]]).read()


def test_decimals_and_fractions_are_numbers() -> None:
    table = Table.of([[Decimal("0.5"), Fraction(1, 4)], [None, 2], [Decimal("NaN"), 1.5]])
    assert_array_equal(table.read(), [[0.5, 0.25], [np.nan, 2], [np.nan, 1.5]])


def test_none_is_a_gap() -> None:
    assert_array_equal(Table.of([[1, None], [None, 0.5]]).read(), [[1, np.nan], [np.nan, 0.5]])
    assert_array_equal(Table.of([[True, None, 2**53 - 1]]).read(), [[1, np.nan, 2**53 - 1]])


def test_the_largest_numbers_that_are_exact_are_taken() -> None:
    large = np.array([[2**53 - 1, -(2**53) + 1]])
    for same in (large, large.tolist(), large.astype(object), large.astype(np.float64), [[2**53 - 1, -(2.0**53) + 1]]):
        assert Table.of(same).read().astype(np.int64).tolist() == large.tolist()
    assert_array_equal(
        Table.of([[1e300, 2.0**60]]).read(), [[1e300, 2.0**60]]
    )  # floats say themselves how exact they are


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
    assert_array_equal(Table.of(frame).read(), expected)
    assert_array_equal(Table.of(frame.set_axis([7, 5, 3], axis=1)).read(), expected)
    with pytest.raises(ValueError, match="X has two columns called 'a'"):
        Table.of(frame.set_axis(["a", "b", "a"], axis=1))
    with pytest.raises(ValueError, match=r"X\[1, 0\] \(column 0 \('a'\)\) = nan: NaN is not allowed"):
        Table.of(frame).read(gaps=False)


def test_integers_of_frames_are_seen_before_they_become_floats() -> None:
    pandas = pytest.importorskip("pandas")
    for ids in ([2**60 + 1, 5], pandas.array([2**60 + 1, None], dtype="Int64")):
        frame = pandas.DataFrame({"size": [0.5, 1.5], "id": ids})
        with pytest.raises(ValueError, match=r"X\[0, 1\] \(column 1 \('id'\)\) = .*: float64 does not hold integers"):
            Table.of(frame).read()
    with pytest.raises(TypeError, match=r"column 0 \('when'\).*is a datetime64.*turn it into"):
        Table.of(pandas.DataFrame({"when": pandas.to_datetime(["2020-01-01"]), "size": [1.5]})).read()
    with pytest.raises(TypeError, match=r"column 0 \('what'\).*'red' is a str"):
        Table.of(pandas.DataFrame({"what": pandas.Categorical(["red"]), "size": [1.5]})).read()


def test_frames_of_polars_are_frames() -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"a": [1, None], "b": [True, None], "c": [0.5, 1.5]})
    assert_array_equal(Table.of(frame).read(), [[1, 1, 0.5], [np.nan, np.nan, 1.5]])
    for ids in ([2**60 + 1, 5], [2**60 + 1, None]):
        with pytest.raises(ValueError, match=r"\(column 0 \('id'\)\) = .*: float64 does not hold integers"):
            Table.of(polars.DataFrame({"id": ids, "c": [0.5, 1.5]})).read()


def containers() -> list[Any]:
    """The same table in whatever may hold one, with and without names."""
    kinds: list[Any] = [X, X.tolist(), X.astype(object), np.asfortranarray(X), Frame(X, ["a", "b"])]
    try:
        import pandas
    except ImportError:
        pass
    else:
        kinds += [
            pandas.DataFrame(X, columns=["a", "b"]),
            pandas.DataFrame({"a": pandas.array(X[:, 0], dtype="Int64"), "b": X[:, 1]}),
        ]
    try:
        import polars
    except ImportError:
        pass
    else:
        kinds += [polars.DataFrame({"a": X[:, 0].astype(int), "b": X[:, 1]})]
    try:
        import pyarrow
    except ImportError:
        pass
    else:
        kinds += [pyarrow.table({"a": X[:, 0].astype(int), "b": X[:, 1]})]
    return kinds


@pytest.mark.parametrize("kind", containers(), ids=lambda kind: type(kind).__module__ + "." + type(kind).__name__)
def test_blocks_and_parts_are_the_rows_of_the_whole(kind: Any) -> None:
    table = Table.of(kind)
    assert (table.n_rows, table.n_columns, len(table)) == (3, 2, 3)
    assert table.names in (None, ("a", "b"))
    blocks = list(table.blocks(2))
    assert [first for first, _ in blocks] == [0, 2]
    assert_array_equal(np.concatenate([block for _, block in blocks]), X)
    assert_array_equal(table.read(1), X[1:])
    part = table.take([2, 0, 2])
    assert_array_equal(part.read(), X[[2, 0, 2]])
    assert_array_equal(part.values, X[[2, 0, 2]])
    assert_array_equal(part.take(slice(1, None)).read(), X[[0, 2]])
    assert_array_equal(part.take(np.array([2, 1])).read(), X[[2, 0]])
    assert Table.of(table) is table
    assert table.n_gaps() == 0


def test_messages_name_the_row_in_the_whole_table() -> None:
    x = np.zeros((7, 2))
    x[5, 1] = np.inf
    with pytest.raises(ValueError, match=r"^X\[5, 1\] \(column 1\) = inf"):
        list(Table.of(x).blocks(2))
    part = Table.of(x).take([1, 2, 5, 6])
    with pytest.raises(ValueError, match=r"^X\[5, 1\] \(column 1\) = inf"):
        list(part.blocks(3))
    with pytest.raises(ValueError, match=r"^X\[5, 1\] \(column 1\) = inf"):
        part.take([0, 2]).read()
    with pytest.raises(ValueError, match=r"^X\[5, 1\] \(column 1\) = inf"):
        list(Table.of(x).take(slice(2, None)).blocks(1))
    listed = x.astype(object).tolist()
    listed[5][1] = "red"
    with pytest.raises(TypeError, match=r"^X\[5, 1\] \(column 1\) = 'red'"):
        list(Table.of(listed).blocks(2))
    listed[5][1] = 2**60
    with pytest.raises(ValueError, match=r"^X\[5, 1\] \(column 1\) = 1152921504606846976"):
        list(Table.of(listed).take([6, 5]).blocks(2))


def test_messages_name_the_line_of_a_file() -> None:
    x = np.zeros((4, 2))
    x[3, 1] = np.nan
    lines = np.array([2, 3, 5, 9])
    table = Table.of(x, FileSource("a.csv", ["id", "age"], lines=lines))
    assert table.where(3, 1) == "a.csv, line 9, column age"
    assert table.take([3, 2]).where(1, 0) == "a.csv, line 5, column id"
    for same in (table, table.take([1, 3])):
        with pytest.raises(ValueError, match=r"^a\.csv, line 9, column age = nan: NaN is not allowed"):
            same.refuse_gaps()
    assert table.named(None).where(3, 1) == "a.csv, line 9, column 1 (counted from 0)"
    assert Table.of(x, FileSource("a.npy")).where(3, 1) == "a.npy, row 3 (counted from 0), column 1"
    assert table.is_file
    assert not Table.of(x).is_file


def test_gaps_are_found_and_refused_by_their_place() -> None:
    x = np.zeros((5, 3))
    assert Table.of(x).n_gaps() == 0
    Table.of(x).refuse_gaps()
    x[4, 2] = x[3, 0] = np.nan
    table = Table.of(Frame(x, ["a", "b", "c"]))
    assert table.n_gaps() == 2
    with pytest.raises(ValueError, match=r"^X\[3, 0\] \(column 0 \('a'\)\) = nan: NaN is not allowed"):
        table.refuse_gaps()
    with pytest.raises(ValueError, match=r"^X\[4, 2\]"):
        list(table.take([0, 4]).blocks(1, gaps=False))


def test_nothing_is_copied_before_it_is_asked_for() -> None:
    x = np.zeros((2_000_000, 8), dtype=np.uint8)
    tracemalloc.start()
    try:
        table = Table.of(x)
        kept = np.arange(0, len(x), 1000)
        for _, block in table.blocks():
            assert block.dtype == np.float64
        table.take(kept).read()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert np.shares_memory(table.values, x)
    assert peak < 2 * x.nbytes  # in float64 they would be 8 times as large


def test_a_block_is_new_each_time() -> None:
    x = X.copy()
    for _, block in Table.of(x).blocks():
        block[:] = -1
    assert_array_equal(x, X)


@pytest.mark.parametrize(
    ("ask", "error", "words"),
    [
        (lambda t: t.named(["a"]), ValueError, "names has 1 entries: give a string for each of the 2 columns"),
        (lambda t: t.named("ab"), TypeError, "names='ab'"),
        (lambda t: t.named(["a", 1]), TypeError, r"names\[1\] is a int"),
        (lambda t: t.take([0, 3]), ValueError, r"index has 3: give rows in 0\.\.2"),
        (lambda t: t.take([-1]), ValueError, "index has -1"),
        (lambda t: t.take([0.5]), TypeError, "index has dtype float64: give integers"),
        (lambda t: t.take([[0]]), ValueError, "index has shape"),
        (lambda t: t.read("0"), TypeError, "start='0'"),
        (lambda t: t.read(2, 1), ValueError, "stop=1"),
        (lambda t: t.read(gaps=1), TypeError, "gaps=1"),
        (lambda t: t.column(2), ValueError, "d=2"),
        (lambda t: t.where(3, 0), ValueError, "row=3"),
        (lambda t: t.where(0, -1), ValueError, "column=-1"),
        (lambda t: list(t.blocks(0)), ValueError, "n_rows=0"),
        (lambda t: t.above("x"), TypeError, "threshold='x'"),
    ],
)
def test_what_a_table_is_asked_is_looked_at(ask: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        ask(Table.of(X))


def test_a_column_is_read_as_rows_are() -> None:
    for kind in containers():
        table = Table.of(kind)
        assert_array_equal(table.column(1), X[:, 1])
        assert_array_equal(table.take([2, 0]).column(0), X[[2, 0], 0])


# --------------------------------------------------------------------------------------- columns, thresholds


def kept_everywhere() -> dict[str, Any]:
    """One table, kept in every way."""
    values = np.array([[0.5, 2.0], [np.nan, 0.0], [1.5, 7.0]])
    kinds: dict[str, Any] = {"array": values, "float32": values.astype("f4"), "objects": values.astype(object)}
    kinds["list"] = values.tolist()
    for library in ("pandas", "polars", "pyarrow"):
        try:
            frames = import_module(library)
        except ImportError:
            continue
        columns = {"a": [0.5, None, 1.5], "b": [2, 0, 7]}
        kinds[library] = frames.table(columns) if library == "pyarrow" else frames.DataFrame(columns)
    return kinds


KEPT = kept_everywhere()


@pytest.mark.parametrize("kind", KEPT)
def test_a_column_is_that_of_all_rows(kind: str) -> None:
    whole = Table.of(KEPT[kind])
    for table in (whole, whole.take([2, 0]), whole.take(slice(1, None))):
        for d in range(2):
            assert_array_equal(table.column(d), table.read()[:, d])
            assert table.column(d).dtype == np.float64
    with pytest.raises(ValueError, match=r"X\[1, 0\] \(column 0.*\) = nan: NaN is not allowed here"):
        whole.take([2, 1]).column(0, gaps=False)
    assert_array_equal(whole.column(1, gaps=False), [2, 0, 7])


@pytest.mark.parametrize("kind", KEPT)
def test_above_a_threshold_is_1_and_gaps_stay(kind: str) -> None:
    table = Table.of(KEPT[kind]).above(1.5)
    assert_array_equal(table.read(), [[0, 1], [np.nan, 0], [0, 1]])
    assert_array_equal(table.take([2]).column(1), [1])
    assert table.dtype == bool
    assert table.values.dtype == np.float64


def test_infinity_is_above_nothing() -> None:
    with pytest.raises(ValueError, match=r"X\[0, 1\] \(column 1\) = inf: infinity has no place here"):
        Table.of([[1.0, np.inf]]).above(0.5).read()


@pytest.mark.parametrize("kind", ["bool", "uint8", "int16", "float32", "float64"])
def test_a_dtype_holds_all_values(kind: str) -> None:
    values = np.ones((3, 2), dtype=kind)
    assert Table.of(values).dtype == kind
    assert Table.of(values.astype(object)).dtype == np.float64
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(values, columns=["a", "b"])
    assert Table.of(frame).dtype == kind
    assert Table.of(frame.assign(c="x", d=1.5)).dtype == np.float64
    polars = pytest.importorskip("polars")
    assert Table.of(polars.from_pandas(frame)).dtype == kind
    pyarrow = pytest.importorskip("pyarrow")
    assert Table.of(pyarrow.Table.from_pandas(frame)).dtype in (kind, "float64")  # which calls float64 a double
