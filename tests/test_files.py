"""A file is written completely or not at all, and only an ordinary one is read."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from called import called

from made_np import files
from made_np.files import as_target, atomic_write, open_file

fcntl = pytest.importorskip("fcntl", reason="locks are POSIX's")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(b"before")
    return path


def write(path: Any, content: bytes = b"all") -> None:
    with atomic_write(path) as file:
        file.write(content)


# Reading


@pytest.mark.parametrize("path", [0, 1, True, None, 1.0, b"file", ["file"], sys.stdin], ids=called)
def test_what_is_no_path_is_refused_by_name(path: Any) -> None:
    for function in (open_file, as_target, write):
        with pytest.raises(TypeError, match=r"^path=.* is a .*: give the path of a file"):
            function(path)
    with pytest.raises(TypeError, match=r"^checkpoint="):
        as_target(path, "checkpoint")


@pytest.mark.parametrize("path", ["", "a\0b"])
def test_what_names_no_file_is_refused(path: str) -> None:
    for function in (open_file, as_target, write):
        with pytest.raises(ValueError, match=r"^path=.* names no file"):
            function(path)


def test_an_open_file_stays_open(old: Path) -> None:
    with open(old, "rb") as file:
        with pytest.raises(TypeError, match="path"):
            open_file(file.fileno())  # type: ignore[arg-type]
        assert file.read() == b"before"


def test_only_an_ordinary_file_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")  # nobody writes into it: to open it would wait for ever
    for path in (tmp_path / "pipe", "/dev/zero", "/dev/null"):
        with pytest.raises(ValueError, match=r"path .* is no ordinary file, but a pipe, a socket or a device: give"):
            open_file(path)
    with pytest.raises(IsADirectoryError, match=r"path .* is a folder: give the path of a file"):
        open_file(tmp_path)
    (tmp_path / "broken").symlink_to("nowhere")
    for name in ("broken", "missing"):
        with pytest.raises(FileNotFoundError, match=name):
            open_file(tmp_path / name)


def test_a_link_to_a_file_is_read(old: Path) -> None:
    (old.parent / "link").symlink_to(old)
    with open_file(old.parent / "link") as file:
        assert file.read() == b"before"


# Writing


def test_only_an_ordinary_file_is_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", "/dev/null"):
        with pytest.raises((IsADirectoryError, ValueError), match=r"path .* is (a folder|no ordinary file)"):
            write(path)
    with pytest.raises(FileNotFoundError, match=r"path: cannot write .*: make the folder .*nowhere first"):
        write(tmp_path / "nowhere" / "file")
    assert os.listdir(tmp_path) == ["pipe"]


def test_links_are_followed(old: Path) -> None:
    for name, target in (("link", old), ("new", old.with_name("other"))):
        link = old.with_name(name)
        link.symlink_to(target)
        write(link)
        assert link.is_symlink()
        assert target.read_bytes() == b"all"


def test_nothing_appears_before_the_end(tmp_path: Path) -> None:
    path = tmp_path / "new"
    with atomic_write(path) as file:
        file.write(b"all")
        file.flush()
        assert not path.exists()
    assert path.read_bytes() == b"all"
    assert os.listdir(tmp_path) == ["new"]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_failed_write_leaves_what_was_there(old: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), atomic_write(old) as file:  # noqa: PT012 - one failing write
        file.write(b"half")
        raise error
    assert old.read_bytes() == b"before"
    assert os.listdir(old.parent) == ["file"]


def test_the_file_has_the_usual_permissions(tmp_path: Path) -> None:
    write(tmp_path / "new")
    (tmp_path / "usual").touch()
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "usual").stat().st_mode


# What killed writers leave behind

HALF = """if True:
    import sys, time
    from made_np.files import atomic_write
    with atomic_write(sys.argv[1]) as file:
        file.write(b"half")
        file.flush()
        print("half", flush=True)
        time.sleep(60)
"""


def leave(folder: Path) -> None:
    """Kill a writer in the middle."""
    with subprocess.Popen([sys.executable, "-c", HALF, str(folder / "file")], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        writer.send_signal(signal.SIGKILL)


def test_the_next_writer_removes_what_a_killed_one_left(old: Path) -> None:
    leave(old.parent)
    assert len(os.listdir(old.parent)) == 2
    assert old.read_bytes() == b"before"
    write(old.with_name("other"))
    assert sorted(os.listdir(old.parent)) == ["file", "other"]


def test_it_removes_nothing_that_is_being_written(tmp_path: Path) -> None:
    with atomic_write(tmp_path / "slow") as slow:
        slow.write(b"first, ")
        write(tmp_path / "quick")
        slow.write(b"last")
        assert len(os.listdir(tmp_path)) == 2
    assert (tmp_path / "slow").read_bytes() == b"first, last"
    assert sorted(os.listdir(tmp_path)) == ["quick", "slow"]


def test_what_is_written_is_not_taken_for_a_leftover_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = os.replace

    def with_another_writer(source: Path, target: Path) -> None:
        monkeypatch.setattr(os, "replace", replace)
        write(tmp_path / "other")
        replace(source, target)

    monkeypatch.setattr(os, "replace", with_another_writer)
    write(tmp_path / "file")
    assert sorted(os.listdir(tmp_path)) == ["file", "other"]


def test_a_writer_whose_file_was_swept_before_its_lock_begins_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flock, swept = fcntl.flock, []

    def late(handle: int, kind: int) -> None:
        for name in os.listdir(tmp_path) if not swept else ():
            swept.append(name)
            (tmp_path / name).unlink()
        flock(handle, kind)

    monkeypatch.setattr(fcntl, "flock", late)
    write(tmp_path / "file")
    assert len(swept) == 1
    assert os.listdir(tmp_path) == ["file"]


def test_many_writers_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda k: write(tmp_path / f"file{k % 3}", b"%d" % (k % 3)), range(120)))
    assert sorted(os.listdir(tmp_path)) == ["file0", "file1", "file2"]
    assert [(tmp_path / f"file{k}").read_bytes() for k in range(3)] == [b"0", b"1", b"2"]


def test_a_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(handle: int, kind: int) -> None:
        raise OSError("Function not implemented")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with atomic_write(tmp_path / "slow"):
        write(tmp_path / "quick")  # whether the other one is dead, nobody knows
    assert sorted(os.listdir(tmp_path)) == ["quick", "slow"]


def test_a_system_without_flock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "fcntl", None)
    with atomic_write(tmp_path / "slow"):
        write(tmp_path / "quick")
    assert sorted(os.listdir(tmp_path)) == ["quick", "slow"]


def test_only_files_of_that_name_are_removed(old: Path) -> None:
    folder, own = old.parent, f"{files._PREFIX}0{files._SUFFIX}"
    others = [".made_np-notes.tmp", f"{files._PREFIX}notes", f"{own}.txt", f"{files._PREFIX}1{files._SUFFIX}"]
    for name in others[:-1]:
        (folder / name).touch()
    (folder / others[-1]).mkdir()
    (folder / own).symlink_to(old)
    write(folder / "new")
    assert sorted(os.listdir(folder)) == sorted(["file", "new", own, *others])
    assert old.read_bytes() == b"before"
