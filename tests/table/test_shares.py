"""Readers that share a file have all of its rows together, each once, and read no more than they must."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from made_np.table.files import read_table
from made_np.table.files.shares import read_share
from made_np.table.files.writing import write_table

N = 23
X = np.column_stack([np.arange(N) % 3, np.arange(N) / 4, np.where(np.arange(N) % 7 == 2, np.nan, np.arange(N))])


def words(folder: Path) -> Any:
    """A table of pyarrow with words, dates and gaps."""
    pyarrow = pytest.importorskip("pyarrow")
    days = np.datetime64("2024-02-20") + np.arange(N)
    sex = pyarrow.array(["f", "m", None, "m"] * N, pyarrow.string())[:N]
    return pyarrow.table({"n": np.arange(N), "sex": sex, "day": days, "level": sex.dictionary_encode()})


def written(folder: Path, name: str) -> Path:
    path = folder / name
    if name.endswith((".npy", ".npz", ".csv")):
        write_table(path, X, ["a", "b", "c"])
        return path
    table = words(folder)
    if name.endswith(".parquet"):
        import pyarrow.parquet

        pyarrow.parquet.write_table(table, path, row_group_size=5)
    elif name == "old.feather":
        import pyarrow.feather

        pyarrow.feather.write_feather(table, str(path), compression="lz4", chunksize=4)
    else:
        import pyarrow.ipc

        with pyarrow.ipc.new_file(path, table.schema) as file:
            file.write_table(table, max_chunksize=6)
    return path


@pytest.mark.parametrize("name", ["t.npy", "t.npz", "t.csv", "t.parquet", "t.arrow", "old.feather"])
@pytest.mark.parametrize("size", [1, 3, 40])
def test_shares_are_the_table(tmp_path: Path, name: str, size: int) -> None:
    path = written(tmp_path, name)
    whole = read_table(path)
    shares = [read_share(path, rank, size) for rank in range(size)]
    assert sum(share.n_rows for share in shares) == N
    assert max(share.n_rows for share in shares) <= -(-N // size)
    first = 0
    for share in shares:
        assert (share.names, share.labels) == (whole.names, whole.labels)
        for d in range(whole.n_columns if share.n_rows else 0):
            assert_array_equal(share.cells(d).known(), whole.cells(d, first, first + share.n_rows).known())
            assert_array_equal(share.cells(d).gaps, whole.cells(d, first, first + share.n_rows).gaps)
            assert share.style(d) == whole.style(d)
            assert share.where(share.n_rows - 1, d) == whole.where(first + share.n_rows - 1, d)
        first += share.n_rows


@pytest.mark.parametrize("start", [0, 3, 6])
def test_some_rows_of_a_share_are_those(tmp_path: Path, start: int) -> None:
    path = written(tmp_path, "t.parquet")
    whole = read_table(path)
    share = read_share(path, 1, 2)  # rows 11.., from the midst of a group
    for taken in (share.take([4, 1]), share.take(slice(1, 5))):
        assert taken.cells(0).values.min() == 12
    assert_array_equal(share.cells(0, start, start + 2).values, np.arange(11 + start, 13 + start))
    assert_array_equal(share.cells(0, 1, 2).values, [12])  # back again
    assert whole.take([11]).cells(1).values.tolist() == share.take([0]).cells(1).values.tolist()


def test_a_share_of_an_array_stays_in_its_file(tmp_path: Path) -> None:
    share = read_share(written(tmp_path, "t.npy"), 2, 4)
    array = share.values
    while array.base is not None and not isinstance(array, np.memmap):
        array = array.base
    assert isinstance(array, np.memmap)
    assert_array_equal(share.read(), X[11:17])


def test_a_share_of_parquet_leaves_other_groups_alone(tmp_path: Path) -> None:
    path = written(tmp_path, "t.parquet")
    import pyarrow.parquet

    about = pyarrow.parquet.ParquetFile(path).metadata
    place = about.row_group(4).column(0)
    start = place.dictionary_page_offset or place.data_page_offset
    content = bytearray(path.read_bytes())
    content[start : start + place.total_compressed_size] = bytes(place.total_compressed_size)
    path.write_bytes(content)
    assert_array_equal(read_share(path, 0, 2).cells(0).values, np.arange(11))
    with pytest.raises(ValueError, match="cannot be read"):
        read_share(path, 1, 2).cells(0)


def test_what_cannot_be_shared_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="standard input has one reader, and here are several ranks"):
        read_share("-", 0, 2)
    with pytest.raises(FileNotFoundError, match=r"no\.npy is not there"):
        read_share(tmp_path / "no.npy", 0, 2)
    written(tmp_path, "t.npy").write_bytes(b"\x93NUMPY\x01\x00")
    with pytest.raises(ValueError, match="cannot be read"):
        read_share(tmp_path / "t.npy", 0, 2)
