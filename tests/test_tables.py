"""Tables come back as they were written, and what is no table is refused in words that help."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from made_np.tables import SUFFIXES, check_target, read_table, write_table
from made_np.tables.text import csv_bytes


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_values_and_names_survive(tmp_path: Path, suffix: str) -> None:
    x = np.array([[1.5, np.nan, 3.0], [0.1, -2.0, 1e300]])
    write_table(tmp_path / f"t{suffix}", x, ["a", "b c", "d,e"])
    table = read_table(tmp_path / f"t{suffix}")
    np.testing.assert_array_equal(table.values, x)
    assert table.names == (None if suffix == ".npy" else ["a", "b c", "d,e"])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_table_without_names(tmp_path: Path, suffix: str) -> None:
    x = np.arange(6).reshape(3, 2)
    write_table(tmp_path / f"t{suffix}", x)
    table = read_table(tmp_path / f"t{suffix}")
    np.testing.assert_array_equal(table.values, x)
    assert table.names == (["x0", "x1"] if suffix == ".parquet" else None)


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
        ("a\n1\n\n2\n", ["a"], [[1], [np.nan], [2]]),
        ("1e3,-.5", None, [[1000, -0.5]]),
    ],
)
def test_csv_as_people_write_it(tmp_path: Path, text: str, names: object, values: object) -> None:
    table = read_table(write(tmp_path / "t.csv", text))
    assert table.names == names
    np.testing.assert_array_equal(table.values, np.array(values, dtype=float))


def test_header_can_be_decided(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "0,1\n5,6\n")
    assert read_table(path, header=True).names == ["0", "1"]
    assert len(read_table(path).values) == 2
    with pytest.raises(ValueError, match="line 1, column 0: 'a' is not a number"):
        read_table(write(tmp_path / "u.csv", "a,b\n1,2\n"), header=False)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("a,b\n1,2\n3\n", "line 3 has 1 cells, the first line 2"),
        ("a,b\n1,2\n\n3,4\n", "line 3 has 0 cells"),
        ("a,b\n1,2\n3,red\n", r"line 3, column 1 \(b\): 'red' is not a number; code categories"),
        ("1,2\n3,red\n", "line 2, column 1: 'red'"),
        ("a,a\n1,2\n", "two columns are called 'a'"),
        ('a,b\n1,"2\n', "cannot be read .*mend its quotes"),
    ],
)
def test_csv_that_is_no_table(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path / "t.csv", text)
    with pytest.raises(ValueError, match=message) as caught:
        read_table(path)
    assert str(path) in str(caught.value)


def test_csv_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"1,\xff\n")
    with pytest.raises(ValueError, match="cannot be read .*UTF-8 text"):
        read_table(tmp_path / "t.csv")


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
        (np.zeros((2, 2), dtype=complex), "dtype complex128: a table holds real numbers"),
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


def test_parquet_holds_numbers_with_gaps(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": pandas.array([1, None], dtype="Int64"), "b": [True, False]})
    frame.to_parquet(tmp_path / "t.parquet")
    table = read_table(tmp_path / "t.parquet")
    np.testing.assert_array_equal(table.values, [[1, 1], [np.nan, 0]])
    pandas.DataFrame({"a": ["red"]}).to_parquet(tmp_path / "u.parquet")
    with pytest.raises(ValueError, match="column 'a' holds .*string: a table holds real numbers"):
        read_table(tmp_path / "u.parquet")


@pytest.mark.parametrize("name", ["missing.csv", "missing.npz:x", "."])
def test_what_is_not_there(tmp_path: Path, name: str) -> None:
    with pytest.raises((FileNotFoundError, ValueError), match=r"not there|ends in one of"):
        read_table(tmp_path / name)


def test_other_kinds_of_files(tmp_path: Path) -> None:
    (tmp_path / "t.xlsx").touch()
    with pytest.raises(ValueError, match=r"ends in one of \.npy, \.npz, \.csv, \.parquet"):
        read_table(tmp_path / "t.xlsx")


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
        "from made_np.tables import read_table, write_table\n"
        f"open({str(tmp_path / 't.parquet')!r}, 'wb').close()\n"
        f"for call in (lambda: read_table({str(tmp_path / 't.parquet')!r}),\n"
        f"             lambda: write_table({str(tmp_path / 'u.parquet')!r}, np.zeros((1, 1)))):\n"
        "    try: call()\n"
        "    except ImportError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ['.parquet needs pyarrow, which is missing: pip install "made_np[tables]"'] * 2
    assert [path.name for path in tmp_path.iterdir()] == ["t.parquet"]
