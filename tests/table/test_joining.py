"""Tables that lie in several places are one table: each cell is found again, and so is where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from made_np.cells import FileSource
from made_np.table.joining import Head, alike, joined, joined_cells
from made_np.table.look import Look
from made_np.table.table import Table


def together(*parts: Any) -> Table:
    """The parts as one table."""
    tables = [Table.of(part) for part in parts]
    cells = [joined_cells([table.cells(d) for table in tables]) for d in range(tables[0].n_columns)]
    return joined([Head.of(table) for table in tables], cells)


def assert_same(one: Table, other: Table) -> None:
    """The same cells, of the same dtypes, in the same container."""
    assert Look.of(one) == Look.of(other)
    for d in range(one.n_columns):
        first = one.cells(d)
        second = other.cells(d)
        assert_array_equal(first.gaps, second.gaps)
        assert first.known().dtype == second.known().dtype
        assert_array_equal(first.known(), second.known())
        assert (first.dtype, first.levels, first.ordered) == (second.dtype, second.levels, second.ordered)


def cuts(n: int) -> Sequence[slice]:
    return slice(0, 1), slice(1, n // 2), slice(n // 2, n)


def test_parts_of_a_frame_are_the_frame() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "n": np.arange(12),
            "x": np.where(np.arange(12) % 5, np.arange(12) / 3, np.nan),
            "word": ["a", None, "b", "c"] * 3,
            "day": pandas.date_range("2024-01-30", periods=12),
            "yes": np.arange(12) % 3 == 0,
            "level": pandas.Categorical(["low", "high", "low", None] * 3, ["low", "mid", "high"], ordered=True),
        }
    )
    assert_same(together(*(frame[cut] for cut in cuts(12))), Table.of(frame))


def test_parts_of_an_array_are_the_array() -> None:
    x = np.arange(24, dtype=np.uint8).reshape(12, 2)
    whole = together(*(x[cut] for cut in cuts(12)))
    assert_same(whole, Table.of(x))
    assert_array_equal(whole.read(), x)
    assert_array_equal(whole.take([11, 0]).read(), x[[11, 0]])


def test_levels_of_all_parts_are_in_their_order() -> None:
    pandas = pytest.importorskip("pandas")
    parts = [pandas.DataFrame({"a": pandas.Categorical(words)}) for words in (["b", "d"], ["a", "d", None], ["c"])]
    raw = together(*parts).cells(0)
    assert raw.levels == ("a", "b", "c", "d")
    assert raw.known().tolist() == ["b", "d", "a", "d", "c"]
    mixed = together({"a": [1, 2]}, parts[1]).cells(0)
    assert (mixed.levels, mixed.known().tolist()) == (None, [1, 2, "a", "d"])


@pytest.mark.parametrize(
    ("parts", "dtype", "values"),
    [
        (([1, 2], [0.5]), "float64", [1, 2, 0.5]),
        (([np.nan, np.nan], ["a", "b"]), "object", ["a", "b"]),
        (([2**60], [0.5]), "object", [2**60, 0.5]),
        (([1], ["a"]), "object", [1, "a"]),
        (([True], [False, None]), "bool", [True, False]),
        (
            ([np.datetime64("2024-01-01")], [np.datetime64("2024-01-01T12:00:00")]),
            "datetime64[s]",
            [np.datetime64("2024-01-01T00:00:00"), np.datetime64("2024-01-01T12:00:00")],
        ),
    ],
)
def test_columns_of_different_dtypes_keep_their_values(parts: Any, dtype: str, values: Any) -> None:
    raw = together(*({"a": part} for part in parts)).cells(0)
    assert str(raw.values.dtype) == dtype
    assert raw.known().tolist() == np.array(values, dtype=raw.values.dtype).tolist()
    assert list(map(type, raw.known().tolist())) == list(map(type, np.array(values, raw.values.dtype).tolist()))


def test_a_row_is_called_by_its_place_in_its_part() -> None:
    whole = together({"a": [1, 2]}, {"a": [3]})
    assert whole.where(1, 0) == "X[1, 0] of rank 0 (column 0 ('a'))"
    assert whole.take([2]).where(0, 0) == "X[0, 0] of rank 1 (column 0 ('a'))"
    heads = [Head(FileSource("t.npy").at(first), None, ("numpy", ""), 2, ()) for first in (10, 12)]
    source = joined(heads, []).source
    assert [source.cell(row, 0) for row in (0, 3)] == [
        f"t.npy, row {row} (counted from 0), column 0" for row in (10, 13)
    ]


def test_parts_with_other_columns_are_refused() -> None:
    tables = [Table.of({"a": [1], "b": [2]}), Table.of({"a": [1]}), Table.of({"a": [1], "c": [2]}), Table.of([[1, 2]])]
    one, fewer, other, nameless = map(Head.of, tables)
    alike([one, None, one])
    with pytest.raises(ValueError, match="X has 1 columns on rank 2 and 2 on rank 1: give all of them the same"):
        alike([None, one, fewer])
    with pytest.raises(ValueError, match="X has 'c' as column 1 on rank 1, and 'b' on rank 0"):
        alike([one, other])
    with pytest.raises(ValueError, match="X has 'without a name' as column 0 on part 1"):
        alike([one, nameless], "part")
