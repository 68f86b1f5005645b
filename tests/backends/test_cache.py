"""Compiled kernels on the disk: damage is compiled over, trouble survived, and none is used where it is not sound."""

from __future__ import annotations

import ast
import errno
import importlib
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

import numba

from made_np.backends._numba import cache
from made_np.backends._numba.cache import KernelCache, _Files
from made_np.backends._numba.compiling import JIT

needs_jit = pytest.mark.skipif(not JIT, reason="nothing is compiled")
KERNELS = Path(cache.__file__).parent


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where numba keeps what it compiles, in a process that has said nothing so far."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    cache.say.cache_clear()
    return tmp_path


def twice(x: Any) -> Any:
    """The function that is compiled here."""
    return x + x


def call(x: Any = 1.5) -> str:
    """Call it as a fresh process would, and return whether it was compiled or read."""
    compiled = numba.njit(twice)
    compiled._cache = KernelCache(twice)
    assert compiled(x) == x + x
    return "read" if sum(compiled.stats.cache_hits.values()) else "compiled"


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


# ------------------------------------------------------------------------------------------------------ damage


def test_of_hundreds_of_flipped_bits_none_is_read(tmp_path: Path) -> None:
    kept = _Files(tmp_path, "kernel")
    kept.save("key", {"code": bytes(range(256)), "names": ["a", "b"]})
    (path,) = files(tmp_path)
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    bits = np.unique(np.concatenate([np.arange(64), rng.integers(8 * len(whole), size=400)]))
    for bit in bits.tolist():
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        assert kept.load("key") is None
    path.write_bytes(whole)
    assert kept.load("key")["names"] == ["a", "b"]


def test_of_no_length_but_its_own_is_a_file_read(tmp_path: Path) -> None:
    kept = _Files(tmp_path, "kernel")
    kept.save("key", list(range(20)))
    (path,) = files(tmp_path)
    whole = path.read_bytes()
    for other in [whole[:n] for n in range(len(whole))] + [whole + b"\0", b"\0" * len(whole), whole + whole]:
        path.write_bytes(other)
        assert kept.load("key") is None


def cut(path: Path) -> None:
    os.truncate(path, 5000)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def flip(path: Path) -> None:
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 1
    path.write_bytes(whole)


def seal(content: bytes) -> bytes:
    """A file whose checksum is right."""
    return cache.sha256(content).digest() + content


def read(path: Path) -> Any:
    """The key and what is kept for it."""
    return cache.pickle.loads(path.read_bytes()[32:])


def no_pickle(path: Path) -> None:
    path.write_bytes(seal(b"not what was written"))


def of_a_class_that_is_gone(path: Path) -> None:
    path.write_bytes(seal(b"cmade_np\nNoSuchClass\n."))


def of_another_key(path: Path) -> None:
    _, data = read(path)
    path.write_bytes(seal(cache.dumps(("another key", data))))


def not_a_compiled_function(path: Path) -> None:
    key, _ = read(path)
    path.write_bytes(seal(cache.dumps((key, ("no", "function")))))


DAMAGE = [empty, cut, flip, no_pickle, of_a_class_that_is_gone, of_another_key, not_a_compiled_function]


@needs_jit
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_compiled_over(damage: Any, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert [call(), call()] == ["compiled", "read"]
    (path,) = files(folder)
    damage(path)
    assert [call(), call()] == ["compiled", "read"]
    assert files(folder) == [path]
    assert capfd.readouterr() == ("", "")


# ----------------------------------------------------------------------------------------------------- trouble


@needs_jit
def test_a_folder_in_place_of_a_file_is_left_alone_and_said(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    call()
    (path,) = files(folder)
    path.unlink()
    (path / "of somebody else").mkdir(parents=True)
    assert [call(), call()] == ["compiled", "compiled"]
    assert files(folder) == []
    said = capfd.readouterr().err
    assert said.count("\n") == 1
    assert said.startswith(f"made_np: compiled kernels cannot be kept in {path.parent} (")
    assert said.endswith("): set NUMBA_CACHE_DIR to a folder that can be written to\n")


@needs_jit
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EDQUOT])
def test_a_disk_that_takes_nothing_ends_nothing(
    code: int, folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def half(path: Path, content: bytes) -> None:
        with path.open("wb") as file:
            file.write(content[:100])
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Path, "write_bytes", half)
    assert [call(), call()] == ["compiled", "compiled"]
    assert files(folder) == []
    said = capfd.readouterr().err
    assert os.strerror(code) in said
    assert said.count("NUMBA_CACHE_DIR") == 1


@needs_jit
@pytest.mark.parametrize("error", [PermissionError(13, "no"), MemoryError(), EOFError(), ValueError("odd")])
def test_a_file_that_cannot_be_read_is_compiled(
    error: Exception, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path) -> bytes:
        raise error

    call()
    monkeypatch.setattr(Path, "read_bytes", fail)
    assert call() == "compiled"


@needs_jit
@pytest.mark.skipif(os.name == "nt", reason="Windows lets nobody remove a folder that is in use")
def test_a_folder_that_goes_away_is_made_again(folder: Path) -> None:
    call()
    shutil.rmtree(folder)
    assert [call(), call()] == ["compiled", "read"]


def test_where_stderr_is_closed_nothing_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cache.say.cache_clear()
    monkeypatch.setattr("sys.stderr", None)
    cache.say("one")
    with (tmp_path / "closed").open("w") as closed:
        monkeypatch.setattr("sys.stderr", closed)
    cache.say("two")


@pytest.mark.skipif(os.name == "nt", reason="Windows lets nobody replace a file that is being read")
def test_whoever_reads_while_others_write_finds_what_one_of_them_wrote(tmp_path: Path) -> None:
    def write_and_read(k: int) -> list[Any]:
        kept = _Files(tmp_path, "kernel")
        found = []
        for _ in range(20):
            kept.save("key", [k] * 20_000)
            found.append(kept.load("key"))
        return found

    with ThreadPoolExecutor(8) as pool:
        found = [each for several in pool.map(write_and_read, range(8)) for each in several]
    assert all(each is not None and len(set(each)) == 1 and len(each) == 20_000 for each in found)
    assert len(files(tmp_path)) == 1


# ------------------------------------------------------------------------------------------------- whose it is


@needs_jit
def test_versions_and_machines_share_a_folder_and_each_compiles_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there: list[tuple[str, Any]] = [("_VERSIONS", ("0.1",)), ("_VERSIONS", ("0.2",))]
    there += [("_STAMP", "one"), ("_STAMP", "other"), ("REGISTER_BYTES", 8), ("REGISTER_BYTES", 128)]
    for found in ("compiled", "read", "read"):
        for name, value in there:
            with monkeypatch.context() as elsewhere:
                elsewhere.setattr(cache, name, value)
                assert call() == found, (name, value)
    assert len(files(folder)) == len(there)


SETTINGS = ["CPU_NAME", "CPU_FEATURES", "OPT", "LOOP_VECTORIZE", "SLP_VECTORIZE", "USING_SVML", "LLVM_REFPRUNE_PASS"]
SETTINGS += ["LLVM_REFPRUNE_FLAGS", "BOUNDSCHECK", "DEBUGINFO_DEFAULT", "EXTEND_VARIABLE_LIFETIMES", "DEBUG_JIT"]
SETTINGS += ["ENABLE_PROFILING", "DEBUG_NRT", "NRT_STATS", "JIT_COVERAGE"]


@needs_jit
@pytest.mark.parametrize("name", SETTINGS)
def test_no_code_is_used_that_was_compiled_with_another_setting(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from numba.core.registry import cpu_target

    def path() -> Path:
        kept = KernelCache(twice)
        return kept._cache_file._path(kept._index_key((numba.float64,), cpu_target.target_context.codegen()))

    before = path()
    assert path() == before
    codegen = cpu_target.target_context.codegen()
    if name == "CPU_FEATURES":
        monkeypatch.setattr(codegen, "_tm_features", "+other")
    else:
        monkeypatch.setattr(numba.config, name, "other", raising=False)
    assert path() != before


def numbers_from_elsewhere() -> set[str]:
    """The files outside the backend from which one of its files takes a number, or a class to read a number from."""
    found = set()
    for file in KERNELS.glob("*.py"):
        nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
        read_from = {ast.unparse(node.value) for node in nodes if isinstance(node, ast.Attribute)}
        for node in nodes:
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("made_np."):
                module = importlib.import_module(str(node.module))
                values = {alias.name: getattr(module, alias.name) for alias in node.names}
                numbers = [
                    name
                    for name, value in values.items()
                    if isinstance(value, (int, float, tuple)) or (isinstance(value, type) and name in read_from)
                ]
                if numbers and KERNELS not in Path(str(module.__file__)).parents:
                    found.add(Path(str(module.__file__)).relative_to(KERNELS.parents[1]).as_posix())
    return found


def test_a_change_of_any_number_that_kernels_take_from_elsewhere_makes_them_stale() -> None:
    assert numbers_from_elsewhere() == set(cache._NUMBERS_FROM)


def test_a_name_is_for_one_key_and_only_the_newest_files_stay(tmp_path: Path) -> None:
    kept, other = _Files(tmp_path, "kernel"), _Files(tmp_path, "another")
    other.save("old", 0)
    for k in range(cache._KEPT + 5):
        kept.save(("key", k), k)
        os.utime(kept._path(("key", k)), (k, k))
    assert [kept.load(("key", k)) for k in range(cache._KEPT + 5)] == [None] * 5 + list(range(5, cache._KEPT + 5))
    kept.flush()
    assert other.load("old") == 0
    assert len(files(tmp_path)) == 1
