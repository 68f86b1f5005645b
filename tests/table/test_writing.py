"""Cells of every kind are written so that they are read as they were."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from every_dtype import DAY, MOMENT, of_arrow

from made_np.table.files import read_table
from made_np.table.files.writing import write_table
from made_np.table.raw import RawColumn
from made_np.table.table import Table

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

WHOLE = {
    "words": ["x", "y, z", None],
    "numbers": [0.1, -2.0, None],
    "large": [2**60 + 1, 3, None],
    "bits": [True, False, None],
    "days": [DAY, DAY, None],
    "moments": [MOMENT, MOMENT, None],
}


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.parquet"])
@pytest.mark.parametrize("how", ["pyarrow", "pandas", "polars", "cells", "table"])
def test_frames_and_cells_are_read_as_they_were(tmp_path: Path, name: str, how: str) -> None:
    given: Any = pa.table(WHOLE)
    names = None
    if how == "pandas":
        given = given.to_pandas(types_mapper=pytest.importorskip("pandas").ArrowDtype)
    elif how == "polars":
        given = pytest.importorskip("polars").DataFrame(WHOLE)
    elif how == "table":
        given = Table.of(given)
    elif how == "cells":
        table = Table.of(given)
        names = list(WHOLE)
        given = [table.cells(d) for d in range(table.n_columns)]
    write_table(tmp_path / name, given, names)
    back = read_table(tmp_path / name)
    assert back.names == tuple(WHOLE)
    for d, expected in enumerate(WHOLE.values()):
        raw = back.cells(d)
        known = raw.known()
        known = known.astype("M8[us]").astype(object) if known.dtype.kind == "M" else known
        midnight = datetime.time()
        days = [datetime.datetime.combine(v, midnight) if type(v) is datetime.date else v for v in expected[:2]]
        assert known.tolist() == days
        assert raw.gaps.tolist() == [False, False, True]


def test_arrays_of_numbers_take_no_words(tmp_path: Path) -> None:
    words = RawColumn(np.array(["x"], dtype=object), np.array([False]))
    for suffix in (".npy", ".npz"):
        with pytest.raises(TypeError, match=r"values, row 0 = 'x' .*or write a \.csv or a \.parquet"):
            write_table(tmp_path / f"t{suffix}", [words])
        write_table(tmp_path / f"t{suffix}", [RawColumn(np.array([2, 1]), np.array([False, True]))])
        np.testing.assert_array_equal(read_table(tmp_path / f"t{suffix}").read(), [[2], [np.nan]])
    with pytest.raises(ValueError, match="several lengths"):
        write_table(tmp_path / "t.csv", [words, RawColumn(np.zeros(2), np.zeros(2, dtype=bool))])


def test_standard_output_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    write_table("-", {"a": ["x", None], "b": [1.0, 2.5]})
    assert capsys.readouterr().out == "a,b\nx,1\n,2.5\n"


# ------------------------------------------------------------------------------------------ parquet


def test_every_type_of_parquet_is_that_of_its_frame(tmp_path: Path) -> None:
    columns = {name: column for name, column in of_arrow().items() if name not in ("float16", "null")}
    table = pa.table(columns)
    pq.write_table(table, tmp_path / "t.parquet")
    stored = read_table(tmp_path / "t.parquet")
    whole = Table.of(pq.read_table(tmp_path / "t.parquet"))
    for d, name in enumerate(columns):
        for own, other in ((stored, whole), (stored.take([2, 0]), whole.take([2, 0]))):
            assert own.cells(d).known().tolist() == other.cells(d).known().tolist(), name
            assert own.cells(d).gaps.tolist() == other.cells(d).gaps.tolist()
        assert (stored.cells(d).levels, stored.cells(d).ordered) == (whole.cells(d).levels, whole.cells(d).ordered), (
            name
        )


@pytest.mark.parametrize("rows", [500, 70_000])
def test_rows_of_parquet_are_read_in_any_order(tmp_path: Path, rows: int) -> None:
    n = 200_000
    words = np.array(["a", "b", "c"], dtype=object)[np.arange(n) % 3]
    pq.write_table(pa.table({"i": np.arange(n), "w": words}), tmp_path / "t.parquet", row_group_size=rows)
    table = read_table(tmp_path / "t.parquet")
    assert table.n_rows == n
    for start, stop in ((0, 10), (10, 20), (15, 70_000), (70_000, 140_001), (5, 6), (199_999, n), (0, n)):
        assert table.cells(0, start, stop).values.tolist() == list(range(start, stop))
        assert table.cells(1, start, stop).values[0] == words[start]
    part = table.take([199_999, 3, 3, 100_000])
    assert part.cells(0).values.tolist() == [199_999, 3, 3, 100_000]
    assert part.cells(1, 1).values.tolist() == words[[3, 3, 100_000]].tolist()
    numbers = table.column(0)
    assert numbers.tolist() == list(range(n))


@pytest.mark.skipif(int(pa.__version__.split(".")[0]) < 20, reason="older readers keep more")
def test_parquet_takes_no_memory_before_its_rows_are_asked_for(tmp_path: Path) -> None:
    n = 1_000_000
    pq.write_table(
        pa.table({f"c{d}": np.random.default_rng(d).normal(size=n) for d in range(5)}), tmp_path / "t.parquet"
    )
    before = pa.total_allocated_bytes()
    table = read_table(tmp_path / "t.parquet")
    most = 0
    total = 0.0
    for _, block in table.blocks(10_000):
        total += block.sum()
        most = max(most, pa.total_allocated_bytes() - before)
    assert total == pytest.approx(sum(table.column(d).sum() for d in range(5)))
    assert most < 0.5 * 8 * 5 * n


def test_feather_is_a_table(tmp_path: Path) -> None:
    feather = pytest.importorskip("pyarrow.feather")
    for name in ("t.feather", "t.arrow"):
        feather.write_feather(pa.table({"a": [1, None], "b": ["x", "y"]}), str(tmp_path / name))
        table = read_table(tmp_path / name)
        assert table.names == ("a", "b")
        assert table.cells(0).gaps.tolist() == [False, True]
        (tmp_path / name).write_bytes(b"no")
        with pytest.raises(ValueError, match=f"{name} cannot be read"):
            read_table(tmp_path / name)


def test_sheets_are_tables_where_something_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    try:
        import openpyxl  # noqa: F401
    except ImportError:
        path.touch()
        with pytest.raises(ImportError, match=r"\.xlsx needs pandas and openpyxl, which is not installed"):
            read_table(path)
    else:
        pytest.importorskip("pandas").DataFrame({"a": [1, 2], "b": ["x", "y"]}).to_excel(path, index=False)
        assert read_table(path).cells(1).known().tolist() == ["x", "y"]
