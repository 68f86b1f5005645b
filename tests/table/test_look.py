"""What comes out looks like the container that went in."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from every_dtype import DAY, of_arrow, of_pandas, of_polars
from numpy.testing import assert_array_equal

from made_np.table.casting import Style
from made_np.table.look import Look
from made_np.table.raw import RawColumn
from made_np.table.table import Table

pd = pytest.importorskip("pandas")

X = np.array([[1, 3, 0.5], [0, 0, 1.25]])


def again(look: Look | None) -> Look:
    """The same look, out of a file."""
    assert look is not None
    return Look.from_config(json.loads(json.dumps(look.config())))


def there_and_back(x: Any, index: Any = None) -> Any:
    """A container, taken apart into cells and put together by a look that was in a file."""
    look = Look.of(x)
    assert again(look) == look
    table = Table.of(x)
    return again(look).put_on([table.cells(d) for d in range(table.n_columns)], index)


def words(*cells: Any) -> RawColumn:
    """A column of words, None for a gap."""
    values = np.array(cells, dtype=object)
    return RawColumn(values, np.array([cell is None for cell in cells]), "object")


def numbers(*cells: float) -> RawColumn:
    """A column of numbers, NaN for a gap."""
    return RawColumn(np.array(cells), np.isnan(cells), "float64")


# ------------------------------------------------------------------------------------------ every dtype


def columns_of(make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The columns of a library, none where it is missing."""
    try:
        return make()
    except ImportError:
        return {}


PANDAS = columns_of(of_pandas)
ARROW = columns_of(of_arrow)
POLARS = columns_of(of_polars)


@pytest.mark.parametrize("name", PANDAS)
def test_every_dtype_of_pandas_comes_back(name: str) -> None:
    frame = pd.DataFrame({"a": PANDAS[name], "b": [1, 2, 3]}, index=[7, 5, 3])
    pd.testing.assert_frame_equal(there_and_back(frame, frame.index), frame)
    part = frame.iloc[:2]
    pd.testing.assert_frame_equal(there_and_back(part, part.index), part)


@pytest.mark.parametrize("name", [name for name in ARROW if name not in ("string_view", "null")])
def test_every_dtype_of_pyarrow_in_pandas_comes_back(name: str) -> None:
    frame = pd.DataFrame({"a": pd.Series(pd.arrays.ArrowExtensionArray(ARROW[name]))})
    pd.testing.assert_frame_equal(there_and_back(frame), frame)


@pytest.mark.parametrize("name", ARROW)
def test_every_type_of_pyarrow_comes_back(name: str) -> None:
    import pyarrow

    table = pyarrow.table({name: ARROW[name]})
    for given in (table, pyarrow.concat_tables([table, table]), table.slice(1)):
        back = there_and_back(given)
        assert back.schema == given.schema
        assert back.equals(given.combine_chunks())


@pytest.mark.parametrize("name", POLARS)
def test_every_dtype_of_polars_comes_back(name: str) -> None:
    frame = POLARS[name].alias("a").to_frame()
    for given in (frame, frame[1:], frame[:2]):
        assert there_and_back(given).schema == given.schema
        assert there_and_back(given).equals(given)


def test_there_are_enough_dtypes() -> None:
    pytest.importorskip("pyarrow")
    pytest.importorskip("polars")
    assert min(len(PANDAS), len(ARROW), len(POLARS)) >= 25


# ------------------------------------------------------------------------------------------ every container


def test_arrays_and_what_python_has_come_back() -> None:
    people = [{"sex": "F", "age": 41, "day": DAY}, {"sex": None, "age": None, "day": None}]
    assert there_and_back(people) == people
    fields = np.array([(1, "x", 2.5), (2, "y", np.nan)], dtype=[("a", "u1"), ("b", "U3"), ("c", "f4")])
    back = there_and_back(fields)
    assert back.dtype == fields.dtype
    assert back.tolist()[0] == fields.tolist()[0]
    both = there_and_back({"a": np.array([1, 2], dtype=np.int16), "b": ["x", None]})
    assert (both["a"].dtype, both["a"].tolist(), both["b"]) == (np.int16, [1, 2], ["x", None])
    for array in (X, X.astype("f4"), X > 0, X.astype(np.uint8), np.array([["a", "b"], ["c", "d"]])):
        assert there_and_back(array).dtype == array.dtype
        assert_array_equal(there_and_back(array), array)
    mixed = np.array([["a", 1, 0.5], [None, 2, None]], dtype=object)
    assert there_and_back(mixed).tolist() == mixed.tolist()
    assert there_and_back(mixed.tolist()).tolist() == mixed.tolist()
    moments = np.array([["2024-02-29"], ["NaT"]], dtype="M8[s]")
    assert_array_equal(there_and_back(moments), moments)


@pytest.mark.parametrize("form", ["csr_matrix", "csc_array", "coo_array", "lil_matrix"])
def test_sparse_matrices_come_back(form: str) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    given = getattr(sparse, form)(np.array([[0, 2, 0], [1, 0, 0]], dtype=np.int32))
    back = there_and_back(given)
    assert type(back) is type(given)
    assert back.dtype == given.dtype
    assert_array_equal(back.toarray(), given.toarray())


@pytest.mark.parametrize(
    "names",
    [["a", "b", "c"], [0, 1, 2], [7, -1, 2], [0.5, 1, 2], [("x", "a"), ("x", "b"), ("y", 3)]],
)
def test_names_and_index_come_back(names: list[Any]) -> None:
    frame = pd.DataFrame(X, columns=pd.Index(names), index=pd.Index(["r", "s"]))
    back = there_and_back(frame, frame.index)
    assert back.columns.equals(frame.columns)
    assert back.index.equals(frame.index)


def test_names_that_no_file_holds_come_back_and_are_strings_in_a_file() -> None:
    frame = pd.DataFrame(X, columns=pd.date_range("2020-01-01", periods=3))
    look = Look.of(frame)
    assert look.put_on([Table.of(frame).cells(d) for d in range(3)]).columns.equals(frame.columns)
    assert look.config()["names"][0] == "2020-01-01 00:00:00"
    odd = pd.DataFrame(X, columns=pd.Index([("x", 1), None, 2.5], tupleize_cols=False))
    assert Look.of(odd).put_on(X).columns.tolist() == [("x", 1), None, 2.5]


# ------------------------------------------------------------------------------------------ what a model makes


def seconds(*days: str) -> Any:
    """Moments in seconds, or in nanoseconds before pandas 2, which knows nothing else."""
    return pd.DatetimeIndex(np.array(days, dtype="M8[s]"))


def test_numbers_and_words_of_a_model_take_the_dtypes_of_the_table() -> None:
    frame = pd.DataFrame(
        {
            "ill": [True, False],
            "age": np.array([41, 36], dtype=np.uint8),
            "size": np.array([1.5, 1.75], dtype=np.float32),
            "sex": pd.Categorical(["F", "M"], ["M", "F", "X"]),
            "code": pd.Categorical([7, 3], [3, 7], ordered=True),
            "day": [DAY, DAY],
            "cost": [Decimal("1.50"), Decimal("2.00")],
            "n": pd.array([1, None], dtype="Int64"),
            "when": seconds("2024-02-29", "2024-03-01").tz_localize("Europe/Berlin"),
            "cut": pd.cut([1, 5], 2),
            "month": pd.PeriodIndex(["2024-02", "2024-03"], freq="M"),
            "counts": pd.Series([1, 2], dtype=object),
        }
    )
    moment = np.array(["2024-05-05T10:00", "2024-05-06T00:00"], dtype="M8[m]")
    whole = np.zeros(2, dtype=bool)
    columns = [
        numbers(0, 1),
        numbers(200, 3),
        numbers(0.1, 2),
        words("X", "F"),
        numbers(3, 7),
        RawColumn(moment.astype("M8[D]"), whole),
        numbers(1.25, 3),
        numbers(np.nan, 5),
        RawColumn(moment, whole),
        RawColumn(np.array([1, 0]), whole, levels=("(0.996, 3.0]", "(3.0, 5.0]")),
        RawColumn(moment.astype("M8[D]"), whole),
        numbers(4, 5),
    ]
    look = Look.of(frame)
    assert look is not None
    made = look.put_on(columns)
    assert made.dtypes.tolist() == frame.dtypes.tolist()
    assert made.iloc[0].tolist()[:2] == [False, 200]
    assert made.sex.tolist() == ["X", "F"]
    assert made.code.tolist() == [3, 7]
    assert made.day.tolist() == [datetime.date(2024, 5, 5), datetime.date(2024, 5, 6)]
    assert made.cost.tolist() == [Decimal("1.25"), Decimal(3)]
    assert made.n.isna().tolist() == [True, False]
    assert str(made.when[0]) == "2024-05-05 12:00:00+02:00"
    assert made.cut[0] == pd.Interval(3.0, 5.0)
    assert str(made.month[0]) == "2024-05"
    assert [type(each) for each in made.counts] == [int, int]


def test_gaps_in_a_dtype_that_has_none_make_it_the_nearest_one_that_has() -> None:
    gaps = np.array([False, True])
    columns = [RawColumn(np.array([2**62 + 1, 0]), gaps), numbers(1, np.nan), numbers(3, np.nan), numbers(0.5, np.nan)]
    frame = pd.DataFrame({"a": [1, 2], "b": [True, False], "c": np.array([1, 2], np.uint8), "d": [0.5, 1.5]})
    look = Look.of(frame)
    assert look is not None
    made = look.put_on(columns)
    assert [str(dtype) for dtype in made.dtypes] == ["Int64", "boolean", "UInt8", "float64"]
    assert made.a[0] == 2**62 + 1
    assert made.isna().to_numpy().tolist() == [[False] * 4, [True] * 4]
    fields = Look.of(frame.to_records(index=False))
    assert fields is not None
    assert [fields.put_on(columns[1:] + columns[:1]).dtype[d].kind for d in range(4)] == list("ffff")


def test_a_dtype_that_does_not_hold_the_values_is_left() -> None:
    dtypes = ("bool", "int64", "uint8", "Int64", "boolean", "float16", "category", "no dtype")
    look = Look("pandas", tuple(range(8)), tuple(map(Style, dtypes)))
    row = np.array([[0.3, 0.3, -1.0, 0.3, 2.0, 1e6, 1.0, 1.0]])
    assert list(look.put_on(row).dtypes) == [np.float64] * 8
    assert_array_equal(look.put_on(row), row)
    assert [str(d) for d in look.put_on(np.ones((1, 8))).dtypes[:6]] == list(look.dtypes[:6])
    levels = Look.of(pd.DataFrame({"a": pd.Categorical(["x", "y"])}))
    assert levels is not None
    assert levels.put_on([words("z", "x")]).a.tolist() == ["z", "x"]
    days = Look.of(pd.DataFrame({"a": seconds("2024-01-01")}))
    assert days is not None
    fine = RawColumn(np.array(["2024-01-01T00:00:00.5"], dtype="M8[ms]"), np.array([False]))
    assert days.put_on([fine]).a[0] == pd.Timestamp("2024-01-01T00:00:00.5")


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_other_libraries_leave_a_dtype_too(library: str) -> None:
    frames = pytest.importorskip(library)
    data = {"a": [1, 2], "b": ["x", "y"], "c": [True, False], "d": [DAY, DAY]}
    look = Look.of(frames.table(data) if library == "pyarrow" else frames.DataFrame(data))
    assert look is not None
    fine = RawColumn(np.array(["2024-01-01T05", "NaT"], dtype="M8[h]"), np.array([False, True]))
    made = look.put_on([numbers(0.5, np.nan), numbers(3, 4), words("no", None), fine])
    rows = made.to_pylist() if library == "pyarrow" else made.to_dicts()
    assert rows[0] == {"a": 0.5, "b": 3.0, "c": "no", "d": datetime.datetime(2024, 1, 1, 5)}
    assert (rows[1]["a"], rows[1]["c"], rows[1]["d"]) == (None, None, None)


def test_a_file_cannot_have_anything_imported() -> None:
    for library in ("this", "made_np", "pandas.core", 3, None):
        with pytest.raises(ValueError, match="library="):
            Look.from_config({"library": library, "names": ["a"], "dtypes": ["bool"]})
    with pytest.raises(ValueError, match="form="):
        Look.from_config({"library": "sparse", "names": [0], "styles": [{"dtype": "int8"}], "form": "os"})
    odd = Look.from_config({"library": "polars", "names": ["a"], "styles": [{"dtype": "DataFrame(data=[1])"}]})
    if POLARS:
        assert odd.put_on(np.ones((1, 1)))["a"].to_list() == [1.0]


def test_looks_of_older_files_are_read() -> None:
    look = Look.from_config({"library": "pandas", "names": ["a", ["x", 1]], "dtypes": ["bool", "float32"]})
    assert (look.names, look.dtypes) == (("a", ("x", 1)), ("bool", "float32"))
    assert [str(dtype) for dtype in look.put_on(X[:, :2]).dtypes] == ["bool", "float32"]
    bare = Look.from_config({"library": "pandas", "names": ["a", "b"], "dtypes": []})
    assert bare.put_on(X[:, :2]).dtypes.tolist() == [np.float64, np.float64]
    assert again(bare) == bare


def test_where_gaps_are_filled_whole_numbers_are_whole_again() -> None:
    fitted = Look.of(pd.DataFrame({"a": [1, 2], "b": [0.5, 1.5]}))
    gaps = Look.of(pd.DataFrame({"a": [1, np.nan], "b": [0.5, np.nan]}))
    assert gaps is not None
    assert gaps.filled(fitted).dtypes == ("int64", "float64")
    assert gaps.filled(None) == gaps
