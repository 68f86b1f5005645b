"""An archive is read in the memory that its file's size bounds, whatever it claims."""

from __future__ import annotations

import copy
import io
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import made_np
from made_np.model.made import MADE
from made_np.storage import archive

MADE_3 = MADE(3, hidden=(4,))


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    path = tmp_path / "model.npz"
    made_np.save(path, MADE_3, MADE_3.init(), arrays={"a": np.arange(3)})
    return path


def peak(call: Callable[[], Any]) -> int:
    """Bytes that were in use at most while `call` ran, above those before."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def refused(path: Path, match: str) -> None:
    def load() -> None:
        with pytest.raises(ValueError, match=match):
            made_np.load(path)

    assert peak(load) < 2_000_000


def npy(shape: Any, content: bytes, descr: str = "|u1") -> bytes:
    """An array's bytes behind a header that claims `shape`."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": descr, "fortran_order": False, "shape": shape})
    return file.getvalue() + content


def add(path: Path, name: str, content: bytes, kind: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(path, "a", kind) as out:
        out.writestr(name, content)


# What is larger than its file


def test_a_bomb_is_refused_before_it_is_inflated(stored: Path) -> None:
    add(stored, "array.z.npy", npy((1 << 24,), bytes(1 << 24)), zipfile.ZIP_DEFLATED)
    refused(stored, r"model\.npz cannot be read: its array 'array\.z\.npy' is compressed")


@pytest.mark.parametrize("kind", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_any_compression_is_refused_and_the_way_out_is_one(stored: Path, kind: int) -> None:
    theta = made_np.load(stored).theta
    with np.load(stored) as whole:
        entries = dict(whole)
    with zipfile.ZipFile(stored, "w", kind) as out:
        for name, array in entries.items():
            file = io.BytesIO()
            np.save(file, array)
            out.writestr(f"{name}.npy", file.getvalue())
    refused(stored, r"compressed.*numpy\.savez\(path, \*\*numpy\.load\(path\)\)")
    with np.load(stored) as small:
        np.savez(stored.with_name("large.npz"), **small)
    assert np.array_equal(made_np.load(stored.with_name("large.npz")).theta, theta)


@pytest.mark.parametrize("lie", [{"compress_type": zipfile.ZIP_DEFLATED}, {"compress_size": 3}], ids=str)
def test_what_says_that_it_is_compressed_by_its_kind_or_by_its_size_alone_is_refused(
    stored: Path, lie: dict[str, int]
) -> None:
    with zipfile.ZipFile(stored, "a") as out:
        out.writestr("array.z.npy", npy((3,), b"123"))
        for name, value in lie.items():
            setattr(out.filelist[-1], name, value)
    refused(stored, r"its array 'array\.z\.npy' is compressed")


def test_a_name_has_a_thousand_bytes_at_most() -> None:
    archive.check_entry("n" * 1000, np.zeros(1), "arrays")
    archive.check_entry("é" * 500, np.zeros(1), "arrays")
    for name in ("n" * 1001, "é" * 501):
        with pytest.raises(ValueError, match=r"^arrays cannot have its name in a zip archive: give it a short one"):
            archive.check_entry(name, np.zeros(1), "arrays")


@pytest.mark.parametrize(
    "shape", [(10**14,), (10**9, 10**9), (10**30,), (-1, -3), (2,), (4,), (0,), (3, 1, 10**6)], ids=str
)
def test_a_shape_that_does_not_fit_its_entry_is_refused(stored: Path, shape: Any) -> None:
    add(stored, "array.z.npy", npy(shape, b"123"))
    refused(stored, "damaged")


def test_entries_that_share_their_bytes_are_refused(stored: Path) -> None:
    with zipfile.ZipFile(stored, "a") as out:
        out.writestr("array.z.npy", npy((1 << 20,), bytes(1 << 20)))
        for k in range(50):
            one = copy.copy(out.filelist[-1])
            one.filename = f"array.z{k}.npy"
            out.filelist.append(one)
    refused(stored, r"its arrays claim \d+ bytes, and the file has \d+")


def test_a_size_beyond_32_bits_that_is_a_lie_is_refused(stored: Path) -> None:
    with zipfile.ZipFile(stored, "a") as out:
        out.writestr("array.z.npy", npy((1 << 40,), b"123"))
        out.filelist[-1].file_size = out.filelist[-1].compress_size = len(npy((1 << 40,), b"")) + (1 << 40)
    refused(stored, r"its arrays claim \d+ bytes, and the file has \d+")


def test_there_is_a_limit_to_the_number_of_arrays(stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_ENTRIES", 3)
    refused(stored, "it has 4 arrays, and no more than 3 are read")
    many = {str(k): np.empty(0) for k in range(9_901)}
    with pytest.raises(ValueError, match=r"arrays holds 9901: give at most 9900"):
        made_np.save(stored, MADE_3, MADE_3.init(), arrays=many)


def test_an_encrypted_entry_is_refused(stored: Path) -> None:
    with zipfile.ZipFile(stored, "a") as out:
        out.writestr("array.z.npy", npy((3,), b"123"))
        out.filelist[-1].flag_bits |= 1
    refused(stored, "damaged")


# What an honest one takes


def test_neither_loading_nor_saving_copies_the_arrays(tmp_path: Path) -> None:
    made = MADE(50, hidden=(3000, 1000), dtype="float64", backend="numpy")
    theta, path = np.zeros(made.n_params), tmp_path / "model.npz"
    arrays = {"fortran": np.asfortranarray(np.ones((1500, 1000))), "strided": np.ones((1500, 1000))[:, ::2]}
    size = theta.nbytes + sum(array.nbytes for array in arrays.values())
    assert size > 4e7
    assert peak(lambda: made_np.save(path, made, theta, arrays=arrays)) < 2e7  # NumPy writes 16 MiB at a time
    assert peak(lambda: made_np.load(path)) < 1.1 * size


# What cannot be read back is not written


@pytest.mark.parametrize("name", ["nul\0", "\0", "half \ud800", "x" * 2000, "é" * 600])
def test_a_name_that_a_zip_archive_does_not_keep_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^arrays\['.*'\] cannot have its name in a zip archive"):
        made_np.save(tmp_path / "model.npz", MADE_3, MADE_3.init(), arrays={name: np.zeros(2)})
    assert not list(tmp_path.iterdir())


def test_odd_names_come_back(tmp_path: Path) -> None:
    names = [
        "",
        " ",
        ".",
        "..",
        "/",
        "a/b",
        "../../a",
        "a",
        "a.npy",
        "a.npy.npy",
        "theta",
        "file",
        "\n",
        "été ∑",
        "x" * 900,
    ]
    arrays = {name: np.full(2, k) for k, name in enumerate(names)}
    made_np.save(tmp_path / "model.npz", MADE_3, MADE_3.init(), arrays=arrays)
    again = made_np.load(tmp_path / "model.npz").arrays
    assert list(again) == names
    assert all(np.array_equal(again[name], array) for name, array in arrays.items())


REFUSED: dict[str, Any] = {
    "many fields": np.dtype([(f"field {k}", "f8") for k in range(1000)]),
    "objects": np.dtype("O"),
    "a field of objects": np.dtype([("a", "O")]),
    "gaps": np.dtype([("a", "i1"), ("b", "f8")], align=True),
    "gaps within": np.dtype([("a", np.dtype([("a", "i1"), ("b", "f8")], align=True))]),
    "overlap": np.dtype({"names": ["a", "b"], "formats": ["i4", "i4"], "offsets": [0, 2]}),
    **({"strings": np.dtypes.StringDType()} if hasattr(getattr(np, "dtypes", None), "StringDType") else {}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_dtype_that_numpy_does_not_read_back_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises((TypeError, ValueError), match=r"^arrays\['a'\] has (a dtype of more|dtype|gaps between)"):
        made_np.save(tmp_path / "model.npz", MADE_3, MADE_3.init(), arrays={"a": np.zeros(2, REFUSED[name])})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "dtype", ["V5", "V0", "U0", "M8[ns]", "c16", "f2", "S3", [("é", "<U3"), ("b", [("c", ">i2")])]]
)
def test_any_other_dtype_comes_back_whatever_its_strides(dtype: Any, tmp_path: Path) -> None:
    dtype = np.dtype(dtype)
    whole = np.ndarray((4, 3), dtype, bytes(k % 5 * (k % 4 == 0) for k in range(12 * dtype.itemsize)))
    arrays = {"c": whole, "f": np.asfortranarray(whole), "strided": whole[::2, ::-1], "0-d": whole[0, 0, ...]}
    made_np.save(tmp_path / "model.npz", MADE_3, MADE_3.init(), arrays=arrays)
    again = made_np.load(tmp_path / "model.npz").arrays
    for name, array in arrays.items():
        assert again[name].dtype == array.dtype.newbyteorder("=")
        assert again[name].tolist() == array.tolist()
