"""Cells become numbers and come back as the cells that they were."""

from __future__ import annotations

import datetime
import json
from typing import Any

import numpy as np
import pytest
from every_dtype import of_arrow, of_pandas, of_polars
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_array_equal

from made_np.cells import Source
from made_np.columns.choosing import Place, reading_of
from made_np.columns.dates import UNITS, Dates, are_dates
from made_np.columns.levels import Levels
from made_np.columns.numeric import Numbers
from made_np.columns.reading import NOT_READ, Reading
from made_np.columns.readings import reading_from_config
from made_np.table.objects import cells_of_objects
from made_np.table.raw import RawColumn
from made_np.table.table import Table

PLACE = Place(0, "a", Source("X", ["a"]), True)


def entry(row: int) -> str:
    """What a cell is called."""
    return f"row {row}"


def objects(*cells: Any) -> RawColumn:
    """Cells as they stand in a column of objects."""
    array = np.empty(len(cells), dtype=object)
    array[:] = cells
    return cells_of_objects(array, entry)


def stored(reading: Reading) -> Reading:
    """A reading as a file brings it back."""
    return reading_from_config(json.loads(json.dumps({"name": reading.name, **reading.config()})))


def check_comes_back(raw: RawColumn) -> Reading:
    """Look at a column that is read and written; return how it was read."""
    reading, _ = reading_of(raw, "auto", PLACE)
    numbers = reading.numbers(raw, entry)
    assert_array_equal(np.isnan(numbers), raw.gaps)
    back = stored(reading).cells(numbers)
    assert_array_equal(back.gaps, raw.gaps)
    kept = ~raw.gaps
    if raw.levels is None:
        assert (
            [*map(float, back.values[kept])] == [*map(float, raw.values[kept])]
            if isinstance(reading, Numbers)
            else True
        )
        assert isinstance(reading, Numbers) or back.values[kept].tolist() == raw.values[kept].tolist()
    else:
        assert back.levels == raw.levels
        assert_array_equal(back.values[kept], raw.values[kept])
        assert back.ordered == raw.ordered
    assert_array_equal(stored(reading).numbers(back, entry), numbers)
    return reading


def every_column() -> dict[str, Any]:
    """A column of each dtype, but those of integers beyond float64."""
    pytest.importorskip("pandas")
    pytest.importorskip("polars")
    pytest.importorskip("pyarrow")
    large = ("large", "large Int64", "integers", "UInt64 large", "Int128", "decimal, whole")
    each = {"pandas": of_pandas(), "arrow": of_arrow(), "polars": of_polars()}
    return {
        f"{library} {name}": (library, name, column)
        for library, columns in each.items()
        for name, column in columns.items()
        if name not in large
    }


def frame_of(library: str, column: Any) -> Any:
    """A frame with one column."""
    if library == "pandas":
        import pandas as pd

        return pd.DataFrame({"a": column})
    if library == "arrow":
        import pyarrow as pa

        return pa.table({"a": column})
    import polars as pl

    return pl.DataFrame({"a": column})


def test_cells_of_every_dtype_come_back() -> None:
    for label, (library, _, column) in every_column().items():
        raw = Table.of(frame_of(library, column)).cells(0)
        try:
            check_comes_back(raw)
        except Exception as error:
            raise AssertionError(label) from error


numbers = hnp.arrays(
    st.sampled_from(["bool", "i1", "u1", "i2", "u2", "i4", "u4", "f2", "f4", "f8"]),
    st.integers(1, 9),
    elements={"allow_nan": False, "allow_infinity": False},
)


@given(numbers, st.data())
def test_numbers_come_back(values: Any, data: Any) -> None:
    gaps = data.draw(hnp.arrays(bool, len(values)))
    raw = RawColumn(values, gaps, str(values.dtype))
    reading = check_comes_back(raw)
    assert isinstance(reading, Numbers)
    assert reading.cells(np.zeros(1)).values.dtype.kind == {"u": "i"}.get(values.dtype.kind, values.dtype.kind)


units = st.sampled_from(["D", "h", "m", "s", "ms", "us", "ns"])


@given(
    units, st.integers(-90_000, 90_000), st.lists(st.integers(-(10**4), 10**4), min_size=1, max_size=9), st.booleans()
)
def test_moments_and_spans_come_back_in_whole_units(unit: str, start: int, steps: list[int], span: bool) -> None:
    letter = "m" if span else "M"
    values = (np.array(steps) + start).view(f"{letter}8[{unit}]").astype(f"{letter}8[ns]")
    raw = RawColumn(values, np.isnat(values), str(values.dtype))
    reading = check_comes_back(raw)
    assert isinstance(reading, Dates)
    found = reading.numbers(raw, entry)
    assert_array_equal(found, np.floor(found))
    assert found.min() == 0


@given(st.lists(st.one_of(st.none(), st.sampled_from(["red", "", "7", " "])), min_size=1, max_size=9))
def test_words_come_back(words: list[Any]) -> None:
    raw = objects(*words)
    if not raw.gaps.all():
        assert isinstance(check_comes_back(raw), Levels)


def test_numbers_are_read_in_any_form() -> None:
    assert_array_equal(Numbers("bool").numbers(objects("True", "false", None), entry), [1, 0, np.nan])
    with pytest.raises(TypeError, match="row 1 = 'x' is a str: this column holds numbers"):
        Numbers().numbers(objects(3, "x"), entry)
    with pytest.raises(ValueError, match=r"row 0 = .*2\*\*53"):
        Numbers().numbers(objects(2**60, 3), entry)
    with pytest.raises(ValueError, match="row 1 = inf: infinity"):
        Numbers().numbers(RawColumn(np.array([1, np.inf]), np.zeros(2, bool)), entry)
    assert Numbers("int").cells(np.array([2.6, np.nan])).values[0] == 3
    assert Numbers("float", 2).cells(np.array([0.1 + 0.2])).values[0] == 0.3


def test_levels_know_a_number_that_is_spelled_as_a_word() -> None:
    levels = Levels(("1", "2", "x"))
    assert_array_equal(levels.numbers(objects(2, "1", "z", None, 3.5), entry), [1, 0, 3, np.nan, 3])
    assert_array_equal(Levels((100, 200)).numbers(objects("200", 100, True), entry), [1, 0, 2])
    other_order = RawColumn(np.array([0, 1, 2]), np.zeros(3, bool), "category", ("x", "new", "1"))
    assert_array_equal(levels.numbers(other_order, entry), [2, 3, 0])
    assert levels.cells(np.array([0.0, 3, np.nan])).gaps.tolist() == [False, True, True]


def days(*words: str) -> RawColumn:
    """Moments as pandas keeps them."""
    values = np.array(words, dtype="M8[ns]")
    return RawColumn(values, np.isnat(values), "datetime64[ns]")


@pytest.mark.parametrize(
    ("raw", "unit"),
    [
        (days("2024-01-01", "2024-03-01"), "D"),
        (days("2024-01-01", "2024-03-01T05"), "h"),
        (days("2024-01-01", "2024-03-01T05:30"), "m"),
        (days("1969-12-31T23:59:59", "2024-03-01"), "s"),
        (days("2024-01-01", "2024-01-01T00:00:00.5"), "ms"),
        (days("2024-01-01", "2024-01-01T00:00:00.000000001"), "ns"),
        (days("1700-01-01", "2024-01-01T00:00:00.000000001"), "ms"),
        (days("1900-01-01", "2024-01-01T00:00:00.000000001"), "us"),  # float64 has no nanoseconds of 124 years
        (objects("2024-01-01", "2024-03-01", None), "D"),
        (objects("2024-01-01 05:30", "2024-03-01 00:00"), "m"),
        (objects("2024-01-01T05:30:10", "2024-03-01T00:00:00"), "s"),
        (objects(datetime.time(5, 30), datetime.time(7)), "m"),
        (objects(datetime.date(2024, 1, 1), datetime.date(2024, 3, 1)), "D"),
    ],
)
def test_the_unit_is_the_coarsest_that_holds_all(raw: RawColumn, unit: str) -> None:
    reading = Dates.learn(raw)
    assert reading.unit == unit
    assert_array_equal(reading.cells(reading.numbers(raw, entry)).gaps, raw.gaps)


def test_what_lies_between_two_units_is_a_fraction() -> None:
    reading = Dates.learn(days("2024-01-01", "2024-03-01"))
    assert_array_equal(reading.numbers(days("2024-01-02T12", "2023-12-31"), entry), [1.5, -1])
    with pytest.raises(TypeError, match="row 0 = 3 days: this column holds dates"):
        reading.numbers(RawColumn(np.array([3], dtype="m8[D]"), np.zeros(1, bool)), entry)
    with pytest.raises(TypeError, match="row 0 = 'soon': this column holds dates"):
        reading.numbers(objects("soon"), entry)
    spans = Dates.learn(RawColumn(np.array([-36, 24], dtype="m8[h]"), np.zeros(2, bool)))
    assert_array_equal(spans.numbers(RawColumn(np.array([-90], dtype="m8[m]"), np.zeros(1, bool)), entry), [34.5])


@pytest.mark.parametrize(
    "words", [("2024-02-30",), ("2024-01-01", "soon"), ("2024",), ("2024-01-01", "2024-01-01 05:30"), (None,), ("x",)]
)
def test_words_that_write_no_dates_are_words(words: Any) -> None:
    assert not are_dates(objects(*words))


def test_nobody_looks_at_what_is_left_out() -> None:
    raw = objects("x", 3, None)
    assert np.isnan(NOT_READ.numbers(raw, entry)).all()
    assert NOT_READ.cells(np.zeros(2)).gaps.all()
    assert stored(NOT_READ) == NOT_READ


def test_units_of_time_have_their_nanoseconds() -> None:
    for unit, length in UNITS.items():
        assert np.timedelta64(1, unit) == np.timedelta64(int(length), "ns")
