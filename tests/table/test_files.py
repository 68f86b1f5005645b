"""Tables come back as they were written, and what is no table is refused in words that help."""

from __future__ import annotations

import decimal
import io
import os
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from made_np.messages import not_installed
from made_np.table import files as limits
from made_np.table.files import WRITTEN, read_table
from made_np.table.files.parquet import ParquetStore
from made_np.table.files.sheets import read_arrow_share
from made_np.table.files.writing import check_target, csv_bytes, write_table


@pytest.mark.parametrize("suffix", WRITTEN)
def test_values_and_names_survive(tmp_path: Path, suffix: str) -> None:
    x = np.array([[1.5, np.nan, 3.0], [0.1, -2.0, 1e300]])
    write_table(tmp_path / f"t{suffix}", x, ["a", "b c", "d,e"])
    table = read_table(tmp_path / f"t{suffix}")
    np.testing.assert_array_equal(table.values, x)
    assert table.names == (None if suffix == ".npy" else ("a", "b c", "d,e"))


@pytest.mark.parametrize("suffix", WRITTEN)
def test_a_table_without_names(tmp_path: Path, suffix: str) -> None:
    x = np.arange(6).reshape(3, 2)
    write_table(tmp_path / f"t{suffix}", x)
    table = read_table(tmp_path / f"t{suffix}")
    np.testing.assert_array_equal(table.values, x)
    assert table.names == (("x0", "x1") if suffix == ".parquet" else None)


@given(hnp.arrays(st.sampled_from([np.float32, np.float64]), st.tuples(st.integers(1, 4), st.integers(1, 4))))
def test_numbers_in_csv_are_the_same_bits_when_read_back(x: np.ndarray) -> None:
    lines = csv_bytes(x, None).decode().splitlines()
    back = np.array([[float(cell) for cell in line.split(",")] for line in lines]).astype(x.dtype)
    np.testing.assert_array_equal(back, x)


def test_integers_and_booleans_are_written_as_integers() -> None:
    assert csv_bytes(np.array([[1.0, 0.5], [2.0, np.nan]]), ["a", "b"]) == b"a,b\n1,0.5\n2,nan\n"
    assert csv_bytes(np.array([[True, False]]), None) == b"1,0\n"


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "names", "values"),
    [
        ("1,2\n3,4\n", None, [[1, 2], [3, 4]]),
        ("a,b\n1,2\n", ["a", "b"], [[1, 2]]),
        ("\ufeffa,b\n1,2\n", ["a", "b"], [[1, 2]]),
        ("a;b\n1;2\n", ["a", "b"], [[1, 2]]),
        ("a\tb\n1\t2\n", ["a", "b"], [[1, 2]]),
        ('"a, x",b\n1,2\n', ["a, x", "b"], [[1, 2]]),
        (" a , b \n 1 , 2 \n", ["a", "b"], [[1, 2]]),
        ("a,b\r\n1,2\r\n\r\n\r\n", ["a", "b"], [[1, 2]]),
        ("a,b\n1,\n,2\n , nan\nNaN,2\n", ["a", "b"], [[1, np.nan], [np.nan, 2], [np.nan] * 2, [np.nan, 2]]),
        (",nan\n1,2\n", None, [[np.nan, np.nan], [1, 2]]),
        ("NA,null,?\n1,None,3\n<NA>,NULL,-nan\n", None, [[np.nan] * 3, [1, np.nan, 3], [np.nan] * 3]),
        ("a,b\nN/A,n/a\n1, NA\n", ["a", "b"], [[np.nan, np.nan], [1, np.nan]]),
        ("Na\n1\n", ["Na"], [[1]]),
        ("x,?\n1,2\n", ["x", "?"], [[1, 2]]),
        ("# a,b\n1,2\n", ["a", "b"], [[1, 2]]),
        ("# 0,1\n1,2\n", ["0", "1"], [[1, 2]]),
        ("#a,b\n1,2\n", ["#a", "b"], [[1, 2]]),
        (
            "9007199254740991,1e300\n-9007199254740993.0,123456789012345678e3",
            None,
            [[2**53 - 1, 1e300], [-(2.0**53), 123456789012345678e3]],
        ),
        ("a\n1\n\n2\n", ["a"], [[1], [np.nan], [2]]),
        ("1e3,-.5", None, [[1000, -0.5]]),
    ],
)
def test_csv_as_people_write_it(tmp_path: Path, text: str, names: list[str] | None, values: object) -> None:
    table = read_table(write(tmp_path / "t.csv", text))
    assert table.names == (None if names is None else tuple(names))
    np.testing.assert_array_equal(table.values, np.array(values, dtype=float))


def test_header_can_be_decided(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "0,1\n5,6\n")
    assert read_table(path, header=True).names == ("0", "1")
    assert len(read_table(path).values) == 2
    words = read_table(write(tmp_path / "u.csv", "a,b\n1,2\n"), header=False)
    assert words.cells(0).known().tolist() == ["a", "1"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("a,b\n1,2\n3\n", "line 3 has 1 cells, the first line 2"),
        ("a,b\n1,2\n3,4\n\n5,6,7\n", "line 5 has 3 cells, the first line 2"),
        ('a,b\n1,"x\ny"\n3\n', "line 4 has 1 cells, the first line 2"),
        ("a,a\n1,2\n", "two columns are called 'a'"),
        ('a,b\n1,"2\n', "cannot be read .*mend its quotes"),
        ("a,b\n", "has names and no rows"),
        ("41,x,7.4\n36,118,8\n", r"line 1, column 1 \(counted from 0\): 'x' is not a number.*header=True"),
        ("a,b\n1,1e400\n", r"line 2, column b = inf: infinity has no place here"),
        ("1,2\n2,-inf\n", r"line 2, column 1 \(counted from 0\) = -inf: infinity has no place here"),
        ("1,2\n3,9007199254740993\n", r"line 2, column 1 \(counted from 0\) = 9007199254740993: float64 does not hold"),
        (
            "1,2\n3, -12345678901234567891 \n",
            r"column 1 \(counted from 0\) = -12345678901234567891: float64 does not hold",
        ),
        ("a,b\n1\0,2\n", "cannot be read .*zero bytes"),
    ],
)
def test_csv_that_is_no_table(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path / "t.csv", text)
    with pytest.raises(ValueError, match=message) as caught:
        read_table(path).read()
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "names", "values"),
    [
        (",a,b\n0,5,6\n1,7,8\n", ["a", "b"], [[5, 6], [7, 8]]),  # frame.to_csv
        ('"","a","b"\n"Mazda",5,6\n"2",7,8\n', ["a", "b"], [[5, 6], [7, 8]]),  # write.csv of R, rows with names
        (",Unnamed: 0,a\n0,0,5\n1,1,6\n", ["a"], [[5], [6]]),  # frame.to_csv, read and written once more
        ("Unnamed: 0;a\n7;5\n3;6\n", ["a"], [[5], [6]]),
        (",0,1\n0,5,6\n1,7,8\n2,5,6\n3,7,8\n4,9,9\n", ["0", "1"], [[5, 6], [7, 8], [5, 6], [7, 8], [9, 9]]),
        ("1,5\n2,5\n3,5\n4,6\n5,5\n", None, [[5], [5], [5], [6], [5]]),
        ("0,5\n1,5\n2,5\n3,6\n4,5\n", None, [[5], [5], [5], [6], [5]]),
    ],
)
def test_row_numbers_are_no_column_and_that_is_said(
    tmp_path: Path, text: str, names: list[str] | None, values: object
) -> None:
    path = write(tmp_path / "t.csv", text)
    with pytest.warns(UserWarning, match=r"columns? 0.* left out, as the row numbers \(the index\)") as caught:
        table = read_table(path)
    assert table.names == (None if names is None else tuple(names))
    assert str(path) in str(caught[0].message)
    assert caught[0].filename == __file__
    np.testing.assert_array_equal(table.values, values)


@pytest.mark.parametrize(
    ("text", "n_columns"),
    [
        ("0,5\n1,5\n2,6\n", 2),  # too few rows to tell
        ("0\n1\n2\n3\n4\n5\n", 1),  # the only column
        ("a,b\n0,5\n1,5\n2,5\n3,6\n4,5\n", 2),  # it has a name
        ("0,5\n1,5\n2,5\n3,6\n5,5\n", 2),
        (",0,1\n1,1,0\n0,1,1\n", 3),  # a gap in a row of bits
        ('""\n5\n6\n', 1),
    ],
)
def test_what_merely_looks_like_row_numbers_stays(tmp_path: Path, text: str, n_columns: int) -> None:
    assert read_table(write(tmp_path / "t.csv", text)).values.shape[1] == n_columns


@pytest.mark.parametrize("content", [b"1,\xff\n", 3000 * b"1,2\n" + b"1,\xff\n", "1,2\n".encode("utf-16-le")])
def test_csv_that_is_no_text(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(ValueError, match=r"UTF-8 text.*encoding='latin-1' \(--encoding latin-1\)"):
        read_table(tmp_path / "t.csv")


@pytest.mark.parametrize("gap", ["NA", "?", "null"])
def test_a_gap_in_the_first_row_makes_it_no_names(tmp_path: Path, gap: str) -> None:
    table = read_table(write(tmp_path / "t.csv", f"41,{gap},7.4\n36,118,8\n12,149,12.6\n"))
    assert table.names is None
    assert table.values.shape == (3, 3)
    assert np.isnan(table.values[0, 1])


def test_images_become_rows_of_pixels(tmp_path: Path) -> None:
    images = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    np.save(tmp_path / "t.npy", images)
    table = read_table(tmp_path / "t.npy")
    assert table.values.dtype == np.uint8
    np.testing.assert_array_equal(table.values, images.reshape(2, 12))


def test_an_array_of_an_archive(tmp_path: Path) -> None:
    train, test = np.zeros((3, 2)), np.ones((2, 2))
    np.savez(tmp_path / "two.npz", train=train, test=test)
    np.testing.assert_array_equal(read_table(f"{tmp_path}/two.npz:test").values, test)
    with pytest.raises(ValueError, match=r"several arrays or none \(train, test\): say which, as .*two.npz:NAME"):
        read_table(tmp_path / "two.npz")
    with pytest.raises(ValueError, match="no array 'valid': it has train, test"):
        read_table(f"{tmp_path}/two.npz:valid")
    np.savez(tmp_path / "one.npz", anything=train)
    np.testing.assert_array_equal(read_table(tmp_path / "one.npz").values, train)
    np.savez(tmp_path / "x.npz", x=test, other=train)
    np.testing.assert_array_equal(read_table(tmp_path / "x.npz").values, test)


class Bomb:
    """Unpickled, it would write a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.write_text, (self.path, "boom"))


@pytest.mark.parametrize("name", ["t.npy", "t.npz"])
def test_nothing_is_unpickled(tmp_path: Path, name: str) -> None:
    array = np.array([[Bomb(tmp_path / "boom")]], dtype=object)
    (np.save if name.endswith("npy") else np.savez)(tmp_path / name, array)
    with pytest.raises(ValueError, match="as numbers, not as objects"):
        read_table(tmp_path / name)
    assert not (tmp_path / "boom").exists()


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros(3), r"shape \(3,\): a table needs rows and columns"),
        (np.zeros((2, 2), dtype=complex), "dtype complex128: a table in such a file holds real numbers"),
        (np.array([["a", "b"]]), "dtype <U1"),
    ],
)
def test_arrays_that_are_no_tables(tmp_path: Path, array: np.ndarray, message: str) -> None:
    np.save(tmp_path / "t.npy", array)
    with pytest.raises(ValueError, match=message):
        read_table(tmp_path / "t.npy")


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".parquet"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a zip", b"1,2\n"])
def test_damaged_files(tmp_path: Path, suffix: str, content: bytes) -> None:
    (tmp_path / f"t{suffix}").write_bytes(content)
    with pytest.raises(ValueError, match="save it again"):
        read_table(tmp_path / f"t{suffix}")


def test_a_file_that_is_cut_short(tmp_path: Path) -> None:
    write_table(tmp_path / "t.npz", np.zeros((100, 10)))
    whole = (tmp_path / "t.npz").read_bytes()
    (tmp_path / "t.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="cannot be read"):
        read_table(tmp_path / "t.npz")


FORMATS = ["packed.npz", "plain.npz", "t.npy", "t.csv", "t.parquet"]


def whole(path: Path) -> bytes:
    """The bytes of a sound table of the kind that the name says."""
    x = np.random.default_rng(0).integers(0, 2, (300, 3)).astype(float)
    if path.name == "packed.npz":
        np.savez_compressed(path, x=x, names=np.array(["a", "b", "c"]))
    else:
        write_table(path, x, None if path.suffix == ".npy" else ["a", "b", "c"])
    return path.read_bytes()


def damaged(content: bytes, rng: random.Random) -> bytes:
    """Some bits turned, or the end cut off, or some bytes replaced."""
    result, how = bytearray(content), rng.randrange(3)
    if how == 0:
        near = rng.choice([min(128, len(result)), len(result)])  # headers are short
        for _ in range(rng.choice([1, 8])):
            result[rng.randrange(near)] ^= 1 << rng.randrange(8)
    elif how == 1:
        del result[rng.randrange(len(result)) :]
    else:
        start = rng.randrange(len(result))
        result[start : start + 30] = rng.randbytes(30)
    return bytes(result)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.filterwarnings("ignore:.*(row numbers|additional header parsing|index that pandas stored)")
def test_damage_ends_in_one_error_that_names_the_file(tmp_path: Path, name: str) -> None:
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    path, rng = tmp_path / name, random.Random(1)
    content, messages, sound = whole(path), [], read_table(path).values
    for _ in range(200):
        path.write_bytes(damaged(content, rng))
        try:
            values = read_table(path).values
        except (ValueError, TypeError) as error:
            messages.append(str(error))
        else:
            assert path.suffix != ".npz" or values.tolist() == sound.tolist()  # archives have checksums
    assert len(messages) > (0 if path.suffix == ".csv" else 50)
    assert all(str(path) in message and len(message) < 500 for message in messages)


def npy_header(shape: str, descr: str = "'<f8'") -> bytes:
    """The first bytes of a .npy that claims this shape."""
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}".encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


@pytest.mark.parametrize(
    "header",
    [
        npy_header("(1000000000, 8)"),
        npy_header("(10" + 30 * "0" + ", 8)"),
        npy_header("(-1, -16)"),
        npy_header("(0, 99999999999999999999)"),
        npy_header("(2, 8)", "'<f16'"),
        npy_header("(2, 8)", "'<V99999999'"),
        npy_header("(1, 8)"),  # less than there is
        npy_header("(" + 9000 * "-" + "1, 8)"),
        npy_header("2"),
        npy_header("(2, 8)", "[]"),
    ],
)
@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_a_header_that_lies_takes_no_memory(tmp_path: Path, header: bytes, suffix: str) -> None:
    path = tmp_path / f"t{suffix}"
    content = header + 128 * b"\0"
    if suffix == ".npy":
        path.write_bytes(content)
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("x.npy", content)
    with pytest.raises(ValueError, match=f"t{suffix} (cannot be read|has (shape|dtype)).*"):
        read_table(path)


def test_an_archive_that_lies_about_sizes_takes_no_memory(tmp_path: Path) -> None:
    path, size = tmp_path / "t.npz", 2**31 - 1
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", npy_header(f"({size // 8 - 20}, 1)"))
    content = bytearray(path.read_bytes())
    at = content.index(b"PK\x01\x02")
    content[at + 20 : at + 28] = 2 * size.to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"t.npz holds .* bytes that claim to be {size}, .*save it as .npy"):
        read_table(path)


def test_what_inflates_without_measure_is_refused_by_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    zeros, bits = np.zeros((400_000, 1)), np.random.default_rng(0).random((400_000, 1)) < 0.05
    for name, x in (("bits", bits.astype(float)), ("zeros", zeros)):
        np.savez_compressed(tmp_path / f"{name}.npz", x=x)
        pyarrow.parquet.write_table(pyarrow.table({"a": x[:, 0]}), tmp_path / f"{name}.parquet")
    read_table(tmp_path / "zeros.npz")  # of no size to be afraid of
    monkeypatch.setattr(limits, "FREE", 1_000_000)
    for suffix in (".npz", ".parquet"):
        assert read_table(f"{tmp_path}/bits{suffix}").values.sum() == bits.sum()
        with pytest.raises(
            ValueError, match=rf"zeros{suffix} holds .* bytes that claim to be 3200\d+, more than 500 times"
        ):
            read_table(f"{tmp_path}/zeros{suffix}")


def encrypted(content: bytearray) -> None:
    for start, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(start) + at] |= 1


def packed_by_an_unknown_method(content: bytearray) -> None:
    for start, at in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        content[content.index(start) + at] = 99


@pytest.mark.parametrize("change", [encrypted, packed_by_an_unknown_method])
def test_archives_that_others_made(tmp_path: Path, change: Callable[[bytearray], None]) -> None:
    content = bytearray(whole(tmp_path / "plain.npz"))
    change(content)
    (tmp_path / "t.npz").write_bytes(content)
    with pytest.raises(ValueError, match=r"t\.npz cannot be read"):
        read_table(tmp_path / "t.npz")


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_archives_may_be_packed_in_any_way_and_be_damaged(tmp_path: Path, method: int) -> None:
    x = np.random.default_rng(0).random((50, 2))
    array = io.BytesIO()
    np.save(array, x)
    with zipfile.ZipFile(tmp_path / "t.npz", "w", method) as archive:
        archive.writestr("x.npy", array.getvalue())
    np.testing.assert_array_equal(read_table(tmp_path / "t.npz").values, x)
    content = bytearray((tmp_path / "t.npz").read_bytes())
    content[60:90] = 30 * b"\0"
    (tmp_path / "t.npz").write_bytes(content)
    with pytest.raises(ValueError, match=r"t\.npz cannot be read"):
        read_table(tmp_path / "t.npz")


@pytest.mark.parametrize("name", ["plain.npz", "packed.npz"])
def test_an_entry_whose_checksum_is_wrong(tmp_path: Path, name: str) -> None:
    content = bytearray(whole(tmp_path / name))
    content[content.index(b"PK\x01\x02") + 16] ^= 1
    (tmp_path / "t.npz").write_bytes(content)
    with pytest.raises(ValueError, match=r"t\.npz cannot be read .*CRC"):
        read_table(tmp_path / "t.npz")


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (np.array([b"a", "\u00e4".encode()]), ["a", "\u00e4"]),
        (np.array(["a", "b"]), ["a", "b"]),
        (np.array(["a", "a"]), "two columns are called 'a'"),
        (np.array([b"a", b"a"]), "two columns are called 'a'"),
        (np.array([b"\xff", b"a"]), "cannot be read"),
        (np.array([0, 1]), "its array 'names' has dtype int64 and shape .*give one string per column"),
        (np.array([["a", "b"]]), r"shape \(1, 2\): give one string per column"),
        (np.array(["a"]), "names 1 columns and has 2"),
        (np.array(["a", None]), "not as objects"),
    ],
)
def test_names_in_an_archive_are_strings(tmp_path: Path, names: Any, found: Any) -> None:
    np.savez(tmp_path / "t.npz", x=np.eye(2), names=names)
    if isinstance(found, list):
        assert read_table(tmp_path / "t.npz").names == (None if found is None else tuple(found))
    else:
        with pytest.raises(ValueError, match=found):
            read_table(tmp_path / "t.npz")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_arrays_of_one_name(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "t.npz", "w") as archive:
        for _ in range(2):
            archive.writestr("x.npy", npy_header("(1, 1)") + 8 * b"\0")
    with pytest.raises(ValueError, match="two arrays of one name"):
        read_table(tmp_path / "t.npz")


# ---------------------------------------------------------------------------------------------- parquet


def parquet(path: Path, **columns: Any) -> Path:
    pyarrow = pytest.importorskip("pyarrow")
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    return path


def test_parquet_holds_numbers_with_gaps(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    columns = {
        "whole": pyarrow.array([2, None], pyarrow.uint8()),
        "bits": pyarrow.array([True, None]),
        "single": pyarrow.array([0.5, np.nan], pyarrow.float32()),
        "price": pyarrow.array([decimal.Decimal("1.50"), None]),
        "count": pyarrow.array([decimal.Decimal("7"), decimal.Decimal("-7")], pyarrow.decimal128(30, 0)),
        "nothing": pyarrow.nulls(2),
    }
    table = read_table(parquet(tmp_path / "t.parquet", **columns))
    assert table.names == tuple(columns)
    np.testing.assert_array_equal(table.values, [[2, 1, 0.5, 1.5, 7, np.nan], [*[np.nan] * 4, -7, np.nan]])


def test_a_parquet_file_that_was_read_to_its_end_is_not_kept_in_memory(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(70_000, 4))
    path = parquet(tmp_path / "t.parquet", **dict(zip("abcd", x.T, strict=True)))
    table = read_table(path)
    before = pyarrow.total_allocated_bytes()
    for _ in range(2):
        blocks = table.blocks(30_000)
        first = next(blocks)[1]
        assert pyarrow.total_allocated_bytes() > before
        np.testing.assert_array_equal(np.concatenate([first, *(block for _, block in blocks)]), x)
        assert pyarrow.total_allocated_bytes() == before
    if sys.platform == "linux":
        assert str(path) not in Path("/proc/self/maps").read_text()
    table.read(5, 10)
    np.testing.assert_array_equal(table.read(7, 60_000), x[7:60_000])


def test_parquet_that_is_no_table_of_numbers(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    for column, message in [
        (pyarrow.array(["red"]), "row 0 .*column a = 'red' is a str"),
        (pyarrow.array([[1]]), r"row 0 .*column a = \[1\] is a list"),
        (pyarrow.array([0], pyarrow.timestamp("s")), "column a = .* is a datetime64"),
        (pyarrow.array([2**53 + 1]), r"column a = 9007199254740993: float64 does not hold integers of 2\*\*53"),
        (pyarrow.array([-(2**53) - 1, None]), r"column a = -9007199254740993: float64"),
        (pyarrow.array([2**64 - 1], pyarrow.uint64()), r"column a = 18446744073709551615: float64"),
        (pyarrow.array([decimal.Decimal(10**20)]), r"column a = 100000000000000000000: float64"),
        (pyarrow.array([], pyarrow.float64()), "a table needs rows"),
    ]:
        with pytest.raises((ValueError, TypeError), match=f"t.parquet.*{message}"):
            read_table(parquet(tmp_path / "t.parquet", a=column)).read()
    twice = pyarrow.Table.from_arrays(2 * [pyarrow.array([0.5])], names=["a", "a"])
    pyarrow.parquet.write_table(twice, tmp_path / "t.parquet")
    with pytest.raises(ValueError, match="two columns are called 'a'"):
        read_table(tmp_path / "t.parquet")


def test_parquet_by_pandas_with_an_index_that_is_a_column(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    frame = pandas.DataFrame({"a": pandas.array([1, None], dtype="Int64"), "b": [True, False]})
    frame.to_parquet(tmp_path / "plain.parquet")
    np.testing.assert_array_equal(read_table(tmp_path / "plain.parquet").values, [[1, 1], [np.nan, 0]])
    frame.set_index("b").to_parquet(tmp_path / "named.parquet")
    frame.set_axis([5, 9]).to_parquet(tmp_path / "other.parquet")
    for name, shown in (("named", "'b'"), ("other", "'__index_level_0__'")):
        with pytest.warns(UserWarning, match=f"{name}.parquet: {shown} is left out, as the index") as caught:
            table = read_table(tmp_path / f"{name}.parquet")
        assert table.names == ("a", "b")[: table.values.shape[1]]
        assert caught[0].filename == __file__


def test_folders_are_no_columns_of_parquet(tmp_path: Path) -> None:
    (tmp_path / "a=1").mkdir()
    path = parquet(tmp_path / "a=1" / "t.parquet", b=[0.5])
    assert read_table(path).names == ("b",)


# ---------------------------------------------------------------------------------------------- arguments


@pytest.mark.parametrize("path", [1, 0, True, None, b"t.csv", 2.5, ["t.csv"], object()])
def test_a_path_is_a_path(path: Any) -> None:
    for call in (read_table, check_target, lambda p: write_table(p, np.eye(2))):
        with pytest.raises(TypeError, match="path="):
            call(path)
    with pytest.raises(ValueError, match="path="):
        read_table("t\0.csv")


@pytest.mark.parametrize("header", ["yes", 1, 0, np.array([True, False])])
def test_header_is_a_flag(header: Any) -> None:
    with pytest.raises(TypeError, match="header="):
        read_table("missing.csv", header=header)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "t.csv")
    (tmp_path / "u.csv").mkdir()
    for name, what in (("t", "no ordinary file"), ("u", "a folder")):
        with pytest.raises(FileNotFoundError, match=f"{name}.csv is {what}"):
            read_table(tmp_path / f"{name}.csv")


@pytest.mark.parametrize(
    ("values", "names", "error", "words"),
    [
        ([["a"]], None, TypeError, "values has dtype"),
        ([[1j]], None, TypeError, "values has dtype"),
        (np.eye(2), ["a", 1], TypeError, r"names\[1\] is a int"),
        (np.eye(2), "ab", TypeError, "names=.ab. is a str"),
        (np.eye(2), ["a", "a"], ValueError, "one name twice"),
    ],
)
def test_what_is_written_is_looked_at_first(tmp_path: Path, values: Any, names: Any, error: Any, words: str) -> None:
    for suffix in WRITTEN:
        with pytest.raises(error, match=words):
            write_table(tmp_path / f"t{suffix}", values, names)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["missing.csv", "missing.npz:x", "."])
def test_what_is_not_there(tmp_path: Path, name: str) -> None:
    with pytest.raises((FileNotFoundError, ValueError), match=r"not there|ends in one of"):
        read_table(tmp_path / name)


def test_other_kinds_of_files(tmp_path: Path) -> None:
    for name in ("t.doc", "t.parquet.gz", "t.gz"):
        (tmp_path / name).touch()
        with pytest.raises(ValueError, match=r"ends in one of \.npy, \.npz, \.csv, .*\.parquet"):
            read_table(tmp_path / name)


def test_a_target_is_checked_before_work_starts(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    assert check_target(tmp_path / "new.csv") == ".csv"
    with pytest.raises(ValueError, match="ends in one of"):
        check_target(tmp_path / "new.txt")
    with pytest.raises(FileNotFoundError, match="make the folder"):
        check_target(tmp_path / "missing" / "new.csv")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        check_target(tmp_path / "folder.csv")


def test_what_cannot_be_written_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"shape \(3,\)"):
        write_table(tmp_path / "t.csv", np.zeros(3))
    with pytest.raises(ValueError, match="names lists 1"):
        write_table(tmp_path / "t.csv", np.zeros((1, 2)), ["a"])
    assert not list(tmp_path.iterdir())


def test_without_pyarrow_parquet_says_what_to_install(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['pyarrow'] = None\nimport numpy as np\n"
        "from made_np.table.files import read_table\n"
        "from made_np.table.files.writing import write_table\n"
        f"open({str(tmp_path / 't.parquet')!r}, 'wb').close()\n"
        f"for call in (lambda: read_table({str(tmp_path / 't.parquet')!r}),\n"
        f"             lambda: write_table({str(tmp_path / 'u.parquet')!r}, np.zeros((1, 1)))):\n"
        "    try: call()\n"
        "    except ImportError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [str(not_installed(".parquet needs", "pyarrow", "tables"))] * 2
    assert [path.name for path in tmp_path.iterdir()] == ["t.parquet"]


@pytest.mark.parametrize("suffix", WRITTEN)
def test_reading_a_table_needs_little_of_the_package(tmp_path: Path, suffix: str) -> None:
    write_table(tmp_path / f"t{suffix}", np.eye(2), None if suffix == ".npy" else ["a", "b"])
    code = (
        "import sys\n"
        "from made_np.table.files import read_table\n"
        "assert len(read_table(sys.argv[1])) == 2\n"
        "print(*[name for name in sys.modules if name.split('.')[0] == 'made_np'])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / f"t{suffix}")], capture_output=True, text=True)
    names = done.stdout.split()
    assert "made_np.table.table" in names, done.stderr
    assert len(names) <= 26, names


def codes_of_no_word() -> Any:
    """A column of Arrow whose codes go beyond its words."""
    pyarrow = pytest.importorskip("pyarrow")
    codes = pyarrow.array([0, 1, 999_999_999], pyarrow.int32())
    return pyarrow.DictionaryArray.from_arrays(codes, pyarrow.array(["a", "b"]), safe=False)


def test_codes_of_no_word_in_a_file_of_arrow_are_refused(tmp_path: Path) -> None:
    column = codes_of_no_word()
    feather = pytest.importorskip("pyarrow.feather")
    pyarrow = pytest.importorskip("pyarrow")
    feather.write_feather(pyarrow.table({"word": column}), tmp_path / "t.feather", compression="uncompressed")
    with pytest.raises(ValueError, match=r"t\.feather cannot be read \(.*999999999"):
        read_table(tmp_path / "t.feather")
    with pytest.raises(ValueError, match=r"t\.feather cannot be read \(.*999999999"):
        read_arrow_share(str(tmp_path / "t.feather"), lambda n: (0, n))


def test_codes_of_no_word_in_a_parquet_file_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    column = codes_of_no_word()
    pyarrow = pytest.importorskip("pyarrow")
    pyarrow.parquet.write_table(pyarrow.table({"word": ["a", "b", "a"]}), tmp_path / "t.parquet")
    table = read_table(tmp_path / "t.parquet")
    monkeypatch.setattr(ParquetStore, "_rows", lambda self, start, stop: pyarrow.table({"word": column}))
    with pytest.raises(ValueError, match=r"t\.parquet cannot be read \(.*999999999"):
        table.cells(0)


def test_a_length_that_lies_in_a_file_of_arrow_takes_no_memory(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    feather = pytest.importorskip("pyarrow.feather")
    path = tmp_path / "t.feather"
    feather.write_feather(pyarrow.table({"a": np.zeros(1000), "b": np.ones(1000)}), path, compression="lz4")
    true = (8000).to_bytes(8, "little") + b"\x04\x22\x4d\x18"  # before what LZ4 has packed
    content = path.read_bytes()
    assert true in content
    path.write_bytes(content.replace(true, (1 << 60).to_bytes(8, "little") + true[8:]))
    with pytest.raises(
        ValueError, match=rf"t\.feather holds \d+ bytes that claim to be {1 << 60}, more than 500 times"
    ):
        read_table(path)


@pytest.mark.parametrize("shape", [(3,), (0, 3), (3, 0), (2, 0, 3)], ids=str)
def test_an_array_without_rows_or_columns_is_no_table(tmp_path: Path, shape: tuple[int, ...]) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.zeros(shape))
    with pytest.raises(ValueError, match=r"a\.npy has shape \(.*\): a table needs rows and columns"):
        read_table(path)


@pytest.mark.parametrize("is_ordered", [True, False])
def test_a_dictionary_keeps_levels_that_no_row_has(tmp_path: Path, is_ordered: bool) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    words = pyarrow.DictionaryArray.from_arrays(pyarrow.array([1, 0, 1], "int8"), ["z", "a", "m"], ordered=is_ordered)
    parquet.write_table(pyarrow.table({"size": words, "n": [1, 2, 3]}), tmp_path / "a.parquet")
    style = read_table(tmp_path / "a.parquet").style(0)
    assert style.levels == ("z", "a", "m")
    assert style.ordered == is_ordered
    assert read_table(tmp_path / "a.parquet").style(1).levels is None
