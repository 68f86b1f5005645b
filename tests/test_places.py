"""Outputs are known to be writable, and to be no inputs, before anything is done."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from made_np.places import check_places, check_writable

POSIX = pytest.mark.skipif(os.name != "posix", reason="links and pipes as POSIX has them")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A file that is read."""
    path = tmp_path / "data.npz"
    path.write_text("precious")
    return path


def other_names(path: Path, tmp_path: Path) -> list[Any]:
    """Paths of the same file: relative, by detours, by links to it and to its folder."""
    (tmp_path / "folder").mkdir()
    os.symlink(path, tmp_path / "symbolic.npz")
    os.symlink(tmp_path / "symbolic.npz", tmp_path / "twice.npz")
    os.symlink(tmp_path, tmp_path / "folder" / "above")
    os.link(path, tmp_path / "hard.npz")
    spelled = [str(path), path, os.path.relpath(path), f"{tmp_path}/folder/../{path.name}", f"{tmp_path}/./{path.name}"]
    linked = [tmp_path / name for name in ("symbolic.npz", "twice.npz", f"folder/above/{path.name}", "hard.npz")]
    return [*spelled, *linked]


@POSIX
def test_an_output_is_no_input_by_any_name(data: Path, tmp_path: Path) -> None:
    for path in other_names(data, tmp_path):
        for reads, writes in (({"DATA": data}, {"-o": path}), ({"DATA": path}, {"-o": data})):
            with pytest.raises(ValueError, match=r"^-o .* is DATA .*give another path$"):
                check_places(reads, writes)
    assert data.read_text() == "precious"


@POSIX
def test_two_outputs_are_two_files(data: Path, tmp_path: Path) -> None:
    for path in other_names(data, tmp_path):
        with pytest.raises(ValueError, match=r"--png .* is -o "):
            check_places({}, {"-o": data, "--png": path})
    for one, two in (("new.npz", "./new.npz"), ("folder/above/new.npz", "new.npz")):  # which are not there yet
        with pytest.raises(ValueError, match=r"--png .* is -o "):
            check_places({}, {"-o": tmp_path / one, "--png": f"{tmp_path}/{two}"})


def test_files_of_their_own_are_fine(data: Path, tmp_path: Path) -> None:
    (tmp_path / "old.npz").touch()
    before = sorted(tmp_path.iterdir())
    check_places(
        {"DATA": data, "--valid": data, "MODEL": None, "missing": tmp_path / "missing.npz"},
        {"-o": tmp_path / "old.npz", "--png": tmp_path / "new.png", "--checkpoint": None},
    )
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (3, TypeError, "-o=3 is a int: give the path of a file"),
        (None, TypeError, "-o=None"),
        (b"file", TypeError, "-o=b'file'"),
        ("", ValueError, "names no file"),
        ("a\0b", ValueError, "names no file"),
    ],
)
def test_what_is_no_path_is_refused(value: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        check_writable(value, "-o")


def test_where_no_file_can_be_written(data: Path, tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match=r"-o .* is a folder"):
        check_writable(tmp_path, "-o")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        check_writable(f"{tmp_path}/new/", "-o")
    with pytest.raises(FileNotFoundError, match=r"-o: cannot write .*: make the folder .*missing first"):
        check_writable(tmp_path / "missing" / "new.npz", "-o")
    with pytest.raises(FileNotFoundError, match="make the folder"):
        check_writable(data / "new.npz", "-o")
    with pytest.raises(OSError, match=r"-o: cannot write .*: .*too long; give another path"):
        check_writable(tmp_path / ("x" * 300), "-o")


@POSIX
def test_what_is_no_ordinary_file_is_not_replaced(data: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    os.symlink(tmp_path / "circle", tmp_path / "circle")
    for path in (tmp_path / "pipe", "/dev/null"):
        with pytest.raises(ValueError, match="no ordinary file, but a pipe, a socket or a device"):
            check_writable(path, "-o")
    with pytest.raises(OSError, match="too many levels"):
        check_writable(tmp_path / "circle", "-o")
    os.symlink(tmp_path / "missing" / "far.npz", tmp_path / "dangling.npz")
    with pytest.raises(FileNotFoundError, match="make the folder"):
        check_writable(tmp_path / "dangling.npz", "-o")
    data.chmod(0o444)
    with pytest.raises(PermissionError, match="is a read-only file: make it writable first"):
        check_writable(data, "-o")


@POSIX
def test_a_folder_that_takes_no_file_is_found_out_by_trying(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.path.isdir("/proc"):  # where even the superuser makes no files
        with pytest.raises(OSError, match=r"-o: cannot write /proc/new.npz: .*; give another path"):
            check_writable("/proc/new.npz", "-o")

    def refuse(*_: Any, **__: Any) -> int:
        raise PermissionError(13, "Permission denied", str(tmp_path))

    monkeypatch.setattr("made_np.places.os.open", refuse)
    with pytest.raises(PermissionError, match=r"cannot write .*: permission denied; give another path"):
        check_writable(tmp_path / "new.npz")
