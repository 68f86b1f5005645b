"""A column gives its cells exactly, whatever keeps it."""

from __future__ import annotations

import datetime
import uuid
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from every_dtype import DAY, MOMENT, SPAN, TIME, of_arrow, of_pandas, of_polars
from numpy.testing import assert_array_equal

from made_np.table.casting import as_objects
from made_np.table.raw import RawColumn
from made_np.table.table import Table
from made_np.typing import Floats

GAP = np.nan


def told(raw: RawColumn) -> list[Any]:
    """The cells as objects of Python, None for a gap."""
    known = raw.known()
    cells = np.full(len(raw), None, dtype=object)
    cells[~raw.gaps] = known.astype("M8[us]").astype(object) if known.dtype.kind == "M" else known.astype(object)
    return list(cells.tolist())


def frame(**columns: Any) -> Any:
    return pytest.importorskip("pandas").DataFrame(columns)


LEAST = {
    "Sparse[bool]": [True, False, False],
    "Sparse[int64]": [1, 0, 0],
    "interval of integers": ["[0, 1)", "[1, 5)", "[5, 7)"],
    "large": [2**62 + 1, 5, -(2**53) - 1],
    "Sparse[float64]": [1.5, None, None],
}
UTC = MOMENT - datetime.timedelta(hours=1)


def expected_of_pandas(name: str) -> list[Any]:
    """What the first cells of a column of `every_dtype` are."""
    known: dict[str, list[Any]] = {
        "large Int64": [2**62 + 1, 5],
        "category of integers": [7, 3],
        "category of floats": [0.5, 3],
        "category of booleans": [True, False],
        "category of days": ["2024-02-29 00:00:00", "2023-01-01 00:00:00"],
        "cut": ["(0.996, 3.0]", "(3.0, 5.0]"],
        "interval": ["(0.0, 1.5]", "(1.5, 3.0]"],
        "decimals": [Decimal("1.50"), Decimal("-7.25")],
        "days": [datetime.datetime(2024, 2, 29), datetime.datetime(1969, 1, 1)],
        "moments": [MOMENT, datetime.datetime(1969, 1, 1)],
        "times": [datetime.timedelta(hours=13, minutes=45, seconds=30), datetime.timedelta(0)],
        "booleans": [True, False],
        "integers": [2**70, 0],
        "mixed": [3, "red"],
        "nothing": [None, None],
        "boolean": [True, False],
    }
    if name in known:
        return known[name]
    if name.startswith("category"):
        return ["b", "a"]
    if name.startswith("datetime64"):
        first = UTC if "Berlin" in name else MOMENT
        second = datetime.datetime(2024, 2, 28, 23) if "Berlin" in name else datetime.datetime(2024, 2, 29)
        return [first.replace(microsecond=0) if "[s" in name else first, second]
    if name.startswith("period"):
        whole = {"W": (26,), "M": (1,), "D": (29,), "h": (29, 13), "min": (29, 13, 45)}
        starts = {"Q": datetime.datetime(2024, 1, 1), "Y": datetime.datetime(2024, 1, 1)}
        freq = name[7:-1]
        return [starts.get(freq) or datetime.datetime(2024, 2, *whole[freq])]
    if name.lower().startswith("str") or name == "object":
        return ["x", "y z"]
    return [1.5, -0.25] if name.startswith("float") else [1, 0]


@pytest.mark.parametrize("whole", [True, False])
def test_columns_of_pandas(whole: bool) -> None:
    pytest.importorskip("pyarrow")
    columns = of_pandas()
    table = Table.of(frame(**columns))
    for d, name in enumerate(columns):
        cells = told(table.cells(d) if whole else table.take([2, 1, 0]).cells(d, 1))[:: 1 if whole else -1]
        if name in LEAST:
            assert cells == (LEAST[name] if whole else LEAST[name][:2]), name
            continue
        if name.startswith("timedelta64"):
            assert (
                table.cells(d).values[~table.cells(d).gaps].tolist()
                == np.array([SPAN, -SPAN], dtype=name.replace("timedelta64", "m8")).tolist()
            )
            continue
        expected = expected_of_pandas(name)
        assert cells[: len(expected)] == expected, name
        assert not whole or name in ("bool", *(n for n in columns if n in table_of_whole())) or cells[2] is None, name


def table_of_whole() -> list[str]:
    """The dtypes that have no gap."""
    return ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]


def test_what_dtypes_declare_is_told() -> None:
    pytest.importorskip("pyarrow")
    columns = of_pandas()
    table = Table.of(frame(**columns))
    raw = {name: table.cells(d) for d, name in enumerate(columns)}
    assert raw["category"].levels == ("c", "b", "a")
    assert (raw["category"].ordered, raw["category, ordered"].ordered, raw["cut"].ordered) == (False, True, True)
    assert raw["category of integers"].levels == (3, 7, 100)
    assert raw["category of booleans"].levels == (False, True)
    assert [raw[name].dtype for name in ("days", "times", "decimals", "mixed", "Int8", "bool")] == [
        "object[date]",
        "object[time]",
        "object[Decimal]",
        "object",
        "Int8",
        "bool",
    ]
    assert raw["uint64"].values.dtype == np.uint64
    assert raw["period[Q]"].values.dtype == "M8[M]"
    arrow = Table.of(pytest.importorskip("pyarrow").table(of_arrow()))
    raw = {name: arrow.cells(d) for d, name in enumerate(of_arrow())}
    assert (raw["decimal128"].digits, raw["decimal256"].digits, raw["decimal, whole"].digits) == (3, 2, 0)
    assert (raw["dictionary"].ordered, raw["dictionary, ordered"].ordered) == (False, True)
    assert raw["dictionary of integers"].levels == (7, 3)


@pytest.mark.parametrize("library", ["pyarrow", "polars"])
@pytest.mark.parametrize("chunks", [1, 2])
def test_columns_of_arrow_and_polars(library: str, chunks: int) -> None:
    frames = pytest.importorskip(library)
    columns = of_arrow() if library == "pyarrow" else of_polars()
    made = frames.table(columns) if library == "pyarrow" else frames.DataFrame(columns)
    if chunks == 2:
        made = (
            frames.concat_tables([made, made]) if library == "pyarrow" else frames.concat([made, made], rechunk=False)
        )
    table = Table.of(made)
    for d, (name, column) in enumerate(columns.items()):
        expected = column.to_pylist() if library == "pyarrow" else column.to_list()
        if "Berlin" in name:
            expected = [each and each.astimezone(datetime.timezone.utc).replace(tzinfo=None) for each in expected]
        cells = told(table.cells(d))
        if name.lower().startswith("date") and len(name) < 7:
            expected = [each and datetime.datetime(each.year, each.month, each.day) for each in expected]
        if name.lower().startswith("duration"):
            assert (table.cells(d).values.astype("m8[s]").astype(object)[0], cells[2]) == (SPAN, None)
            continue
        if name.lower().startswith("time") and "stamp" not in name:
            seconds = table.cells(d).values.astype("m8[s]").astype(int).tolist()
            assert (seconds[:2], cells[2]) == ([TIME.hour * 3600 + TIME.minute * 60 + TIME.second, 0], None)
            continue
        if name.lower() == "binary":
            expected = [each and each.decode() for each in expected]
        if name == "timestamp ns None" or name == "timestamp ns Europe/Berlin":
            expected = [each and getattr(each, "to_pydatetime", lambda each=each: each)() for each in expected]
        assert cells == expected * chunks, name
        assert told(table.take([2, 1]).cells(d)) == expected[2:0:-1], name


def test_rows_of_python() -> None:
    people = Table.of([{"sex": "F", "age": 41}, {"age": 36, "income": 2.5}])
    assert people.names == ("sex", "age", "income")
    assert [told(people.cells(d)) for d in range(3)] == [["F", None], [41, 36], [None, 2.5]]
    columns = Table.of({"a": [1, None], "b": np.array(["x", "y"]), "c": (2**60 + 1, 2)})
    assert [told(columns.cells(d)) for d in range(3)] == [[1, None], ["x", "y"], [2**60 + 1, 2]]
    rows = Table.of([["a", 1, 0.5], [None, 2**60 + 1, 2]])
    assert [told(rows.cells(d)) for d in range(3)] == [["a", None], [1, 2**60 + 1], [0.5, 2]]
    assert told(Table.of([[2**60 + 1, 0.5]]).cells(0)) == [2**60 + 1]
    assert told(Table.of([[2**60 + 1], [0.5]]).cells(0)) == [2**60 + 1, 0.5]
    assert told(Table.of([[uuid.UUID(int=1)], [b"x"]]).cells(0)) == ["00000000-0000-0000-0000-000000000001", "x"]
    zone = datetime.timezone(datetime.timedelta(hours=2))
    moments = Table.of([[datetime.datetime(2024, 1, 1, tzinfo=zone)], [None]])
    assert told(moments.cells(0)) == [datetime.datetime(2023, 12, 31, 22), None]
    mixed = [[datetime.datetime(2024, 1, 1)], [DAY]]
    assert told(Table.of(mixed).cells(0)) == [datetime.datetime(2024, 1, 1), datetime.datetime(2024, 2, 29)]


def test_moments_with_a_time_zone_come_back_with_one() -> None:
    zone = datetime.timezone(datetime.timedelta(hours=2))
    moments = np.array([datetime.datetime(2024, 1, 1, hour, tzinfo=zone) for hour in range(3)] + [None], dtype=object)
    raw = Table.of({"a": moments}).cells(0)
    assert raw.dtype == "object[datetime, UTC]"
    back = as_objects(raw, "datetime, UTC").tolist()
    assert back == moments.tolist()  # the same moments, told in UTC
    assert {each.tzinfo for each in back[:3]} == {datetime.timezone.utc}
    naive = Table.of({"a": np.array([datetime.datetime(2024, 1, 1)], dtype=object)}).cells(0)
    assert naive.dtype == "object[datetime]"


def test_moments_of_which_some_have_a_time_zone_are_refused() -> None:
    aware = datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)
    for other in (datetime.datetime(2024, 1, 1), DAY):
        with pytest.raises(ValueError, match=r"has a time zone, .* has none: give one to all of them, or to none"):
            Table.of({"a": np.array([None, aware, other], dtype=object)}).cells(0)


def test_arrays_of_every_dtype() -> None:
    fields = np.array([(1, "x", 2.5), (2, "y", GAP)], dtype=[("a", "u1"), ("b", "U3"), ("c", "f4")])
    table = Table.of(fields)
    assert table.names == ("a", "b", "c")
    assert [told(table.cells(d)) for d in range(3)] == [[1, 2], ["x", "y"], [2.5, None]]
    assert [table.cells(d).dtype for d in range(3)] == ["uint8", "<U3", "float32"]
    masked = np.ma.masked_array([[1, 2], [3, 4]], [[False, True], [False, False]])
    assert told(Table.of(masked).cells(1)) == [None, 4]
    assert_array_equal(Table.of(masked).read(), [[1, GAP], [3, 4]])
    both = np.ma.masked_array(np.array([["a", None], ["b", 4]], dtype=object), [[True, False], [False, False]])
    assert [told(Table.of(both).cells(d)) for d in range(2)] == [[None, "b"], [None, 4]]
    assert told(Table.of(np.array([["2024-02-29"], ["NaT"]], dtype="M8[D]")).cells(0))[1] is None
    assert told(Table.of(np.array([["a"], ["bc"]])).cells(0)) == ["a", "bc"]
    assert told(Table.of(np.array([[b"a"], ["\u00e4".encode()]])).cells(0)) == ["a", "\u00e4"]


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil", "dok", "bsr"])
@pytest.mark.parametrize("kind", ["matrix", "array"])
def test_sparse_rows_are_taken_as_they_are(form: str, kind: str) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    dense = np.array([[0, 2.5, 0], [GAP, 0, 0], [0, 0, 1]])
    table = Table.of(getattr(sparse, f"{form}_{kind}")(dense))
    assert_array_equal(table.read(), dense)
    assert_array_equal(table.column(0), dense[:, 0])
    assert told(table.take([1, 0]).cells(0)) == [None, 0]
    assert_array_equal(table.take([2, 0]).read(1), dense[[0]])
    assert [first for first, _ in table.blocks(2)] == [0, 2]
    with pytest.raises(ValueError, match=r"X\[1, 0\] \(column 0\) = nan"):
        table.refuse_gaps()
    with pytest.raises(TypeError, match="X is sparse and has dtype complex128"):
        Table.of(getattr(sparse, f"{form}_{kind}")(dense * 1j))


def test_a_sparse_table_is_never_dense() -> None:
    import tracemalloc

    sparse = pytest.importorskip("scipy.sparse")
    rng = np.random.default_rng(0)
    places = rng.choice(40_000 * 500, 20_000, replace=False)
    x = sparse.csr_matrix((rng.random(20_000), np.divmod(places, 500)), shape=(40_000, 500))
    tracemalloc.start()
    try:
        table = Table.of(x)
        total = sum(block.sum() for _, block in table.blocks())
        column = table.column(3)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert total == pytest.approx(x.sum())
    assert_array_equal(column, x[:, [3]].toarray()[:, 0])
    assert peak < 30e6  # dense it is 160 MB


class Stream:
    """Something that speaks the protocol of Arrow alone."""

    def __init__(self, made: Any) -> None:
        self.made = made

    def __arrow_c_stream__(self, schema: Any = None) -> Any:
        return self.made.__arrow_c_stream__(schema)


class Interchange:
    """Something that speaks the protocol of data frames alone."""

    def __init__(self, made: Any) -> None:
        self.made = made

    def __dataframe__(self, *args: Any, **options: Any) -> Any:
        return self.made.__dataframe__(*args, **options)


@pytest.mark.parametrize("speaker", [Stream, Interchange])
def test_what_speaks_a_protocol_is_a_frame(speaker: Any) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    if not hasattr(pyarrow.Table, "__arrow_c_stream__"):
        pytest.skip("this pyarrow speaks no streams")
    table = Table.of(speaker(pyarrow.table({"a": [1, None], "b": ["x", "y"]})))
    assert table.names == ("a", "b")
    assert [told(table.cells(d)) for d in range(2)] == [[1, None], ["x", "y"]]


def test_lazy_frames_are_collected() -> None:
    polars = pytest.importorskip("polars")
    assert told(Table.of(polars.LazyFrame({"a": [1, None]})).cells(0)) == [1, None]


@pytest.mark.parametrize(
    ("bad", "error", "words"),
    [
        ([["a", 1], ["b", 1j]], ValueError, r"T\[1, 1\] \(column 1\) = 1j: Complex data not supported"),
        (np.array([[1], [{"a": 1}]], dtype=object), TypeError, r"T\[1, 0\] .* is a dict: every argument must be a str"),
        (np.array([[object()]], dtype=object), TypeError, r"T\[0, 0\] .* is a object"),
        ([[1.0], [-np.inf]], ValueError, r"T\[1, 0\] \(column 0\) = -inf: infinity has no place"),
        ({"a": [[1, 2], None]}, TypeError, r"T\[0, 0\] \(column 0 \('a'\)\) = \[1, 2\] is a list.*make columns of"),
    ],
)
def test_cells_of_no_column_are_refused_by_their_place(bad: Any, error: type[Exception], words: str) -> None:
    table = Table.of(bad, "T")
    with pytest.raises(error, match=words):
        table.cells(table.n_columns - 1)
    with pytest.raises(error, match=words):
        table.take(np.arange(table.n_rows)[::-1]).cells(table.n_columns - 1)


@pytest.mark.parametrize("library", ["polars", "pyarrow", "pandas"])
def test_nested_columns_are_refused_by_their_name(library: str) -> None:
    frames = pytest.importorskip(library)
    data = {"a": [1, 2], "tags": [None, [1, 2]]}
    made = frames.table(data) if library == "pyarrow" else frames.DataFrame(data)
    with pytest.raises(TypeError, match=r"X\[1, 1\] \(column 1 \('tags'\)\) = .* is a list: .*leave the column out"):
        Table.of(made).cells(1)


# ------------------------------------------------------------------------------------------ through readings


class Plain:
    """Cells that are numbers."""

    name = "numbers"

    def numbers(self, raw: RawColumn, entry: Any) -> Floats:
        return np.where(raw.gaps, np.nan, raw.values.astype(float))


class Lengths:
    """Words as how long they are; what has a digit in it is refused."""

    name = "lengths"

    def numbers(self, raw: RawColumn, entry: Any) -> Floats:
        for row, word in enumerate(raw.values):
            if not raw.gaps[row] and not word.isalpha():
                raise ValueError(f"{entry(row)} = {word}: letters only")
        return np.array([np.nan if gap else len(word) for word, gap in zip(raw.values, raw.gaps, strict=True)])


def test_words_are_numbers_through_a_reading() -> None:
    rows = [["ab", 1, {}], [None, None, {}], ["c", 3, {}]]
    table = Table.of(rows).through([Lengths(), Plain(), None])
    expected = np.array([[2, 1, GAP], [GAP, GAP, GAP], [1, 3, GAP]])
    assert_array_equal(table.read(), expected)
    assert_array_equal(table.take([2, 0]).read(), expected[[2, 0]])
    assert_array_equal(np.concatenate([block for _, block in table.blocks(2)]), expected)
    assert_array_equal(table.column(0), expected[:, 0])
    assert_array_equal(table.column(2), expected[:, 2])
    assert_array_equal(table.above(1.5).column(0), [1, GAP, 0])
    assert table.n_gaps() == 2  # what is left out has none
    table.take([0, 2]).refuse_gaps()
    assert_array_equal(table.column(2, gaps=False), [GAP] * 3)
    assert table.values.dtype == np.float64
    assert told(table.cells(0)) == ["ab", None, "c"]
    rows[2][0] = "c3"
    table = Table.of(rows).through([Lengths(), Plain(), None])
    for same in (table, table.take([0, 2])):
        with pytest.raises(ValueError, match=r"X\[2, 0\] \(column 0\) = c3: letters only"):
            list(same.blocks(1))
    with pytest.raises(ValueError, match="readings has 2 entries: give a reading, or None, for each of the 3"):
        table.through([None, None])


def test_arrays_of_numbers_are_read_as_they_are() -> None:
    x = np.arange(12, dtype=np.uint8).reshape(4, 3)
    table = Table.of(x).through([Plain()] * 3)
    assert table.values is x
    assert table.dtype == np.uint8
    assert_array_equal(table.read(), x)
    assert_array_equal(table.take([3, 1]).column(1), x[[3, 1], 1])
    ids = np.array([[1, 2**60], [3, 5]])
    left = Table.of(ids).through([Plain(), None])
    assert_array_equal(left.read(), [[1, GAP], [3, GAP]])
    assert_array_equal(left.column(1), [GAP, GAP])
    with pytest.raises(ValueError, match=r"X\[0, 1\] \(column 1\) = 1152921504606846976: float64 does not hold"):
        Table.of(ids).through([None, Plain()]).read()
