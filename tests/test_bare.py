"""made_np where Python is as in a browser: simulated here, and in Pyodide itself where that is to be had.

`python scripts/in_pyodide.py` prints what the latter comes to.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from made_np.table.files.opening import open_bytes, pack

sys.path.append(str(Path(__file__).resolve().parents[1] / "scripts"))

import in_pyodide
from emulation import Missing
from wasm import files, smoke
from wasm.wheel import write_wheel

ROOT = Path(__file__).resolve().parents[1]


def bare(*parts: str) -> dict[str, dict[str, Any]]:
    """What the program comes to in a Python that lacks what browsers lack."""
    environment = {**os.environ, "MADE_NP_BACKEND": "numpy", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "bare.py"), *parts],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return found


def told(parts: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The same without seconds."""
    return {name: {key: value for key, value in each.items() if key != "seconds"} for name, each in parts.items()}


def test_without_threads_processes_and_c_libraries_every_bit_is_the_same() -> None:
    ours = in_pyodide.here(list(smoke.PARTS))
    assert not [each["error"] for each in ours.values() if "error" in each]
    assert told(bare()) == told(ours)


@pytest.mark.parametrize(("suffix", "module"), [(".bz2", "bz2"), (".xz", "lzma")])
def test_a_python_without_a_kind_of_compression_says_so(
    monkeypatch: pytest.MonkeyPatch, suffix: str, module: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=f"^{suffix} needs the module {module}, which .* was built without: use .gz"):
        open_bytes(f"table.csv{suffix}")
    with pytest.raises(ImportError, match=f"^{suffix} needs the module {module}"):
        pack(b"a", f"table.csv{suffix}")


def test_the_wheel_holds_the_package_and_says_what_it_needs(tmp_path: Path) -> None:
    path = write_wheel(tmp_path)
    assert path.read_bytes() == write_wheel(tmp_path / "again").read_bytes()
    assert re.fullmatch(r"made_np-[0-9.a-z]+-py3-none-any\.whl", path.name)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        (about,) = (archive.read(name).decode() for name in names if name.endswith("/METADATA"))
        (record,) = (archive.read(name).decode() for name in names if name.endswith("/RECORD"))
    assert "Requires-Dist: numpy>=" in about
    assert [line.rsplit(",", 2)[0] for line in record.splitlines()] == names
    modules = {each.relative_to(ROOT).as_posix() for each in (ROOT / "made_np").rglob("*.py")}
    assert modules | {"made_np/py.typed", "made_np/testing/README.md"} <= set(names)
    assert not [name for name in names if "__pycache__" in name or name.endswith((".nbc", ".nbi"))]


def part(near: list[float], exact: list[Any]) -> dict[str, Any]:
    """A part of a report."""
    return {"near": near, "exact": exact, "seconds": 1.0}


@pytest.mark.parametrize(
    ("theirs", "said"),
    [
        (part([1.0 + 1e-12], ["a"]), ""),
        (part([1.0 + 1e-6], ["a"]), "beyond rounding"),
        (part([float("nan")], ["a"]), "beyond rounding"),
        (part([1.0, 2.0], ["a"]), "1 numbers here, 2 in Pyodide"),
        (part([1.0], ["b"]), "'a' here, 'b' in Pyodide"),
        (part([1.0], ["a", "b"]), "1 answers here, 2 in Pyodide"),
        ({"error": "no", "seconds": 1.0}, "failed in Pyodide: no"),
    ],
)
def test_what_differs_is_told(theirs: dict[str, Any], said: str) -> None:
    lines, n_wrong = in_pyodide.table({"model": part([1.0], ["a"])}, {"model": theirs})
    assert n_wrong == bool(said)
    assert lines[-1].endswith(f"| {said or 'agrees'} |")


def test_a_file_that_is_not_the_one_of_the_lock_is_refused(tmp_path: Path) -> None:
    for name in files.CORE:
        (tmp_path / name).write_text("", encoding="utf-8")
    lock = {"packages": {"numpy": {"file_name": "numpy.whl", "sha256": "0" * 64}}}
    (tmp_path / "pyodide-lock.json").write_text(json.dumps(lock), encoding="utf-8")
    (tmp_path / "numpy.whl").write_bytes(b"something else")
    with pytest.raises(Missing, match=r"numpy\.whl is not the file that pyodide-lock\.json means: remove it"):
        files.gather(tmp_path)


def test_the_smoke_program_needs_no_numpy_for_the_page_in_plain_python() -> None:
    code = "import sys; sys.modules['numpy'] = None; import smoke; print(smoke.report(['micromade']))"
    place = os.pathsep.join([str(ROOT), str(ROOT / "scripts" / "wasm")])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": place},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "error" not in json.loads(done.stdout)["micromade"]


@pytest.fixture(scope="session")
def pyodide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with Pyodide: the one that MADE_NP_PYODIDE names, or what the registries give."""
    try:
        return files.gather(files.given() or tmp_path_factory.mktemp("pyodide"))
    except Missing as missing:
        pytest.skip(f"no Pyodide: {missing}")


@pytest.mark.slow
def test_in_pyodide_the_program_comes_to_the_same(pyodide: Path, tmp_path: Path) -> None:
    try:
        found = in_pyodide.there(pyodide, write_wheel(tmp_path), list(smoke.PARTS))
    except Missing as missing:
        pytest.skip(str(missing))
    lines, n_wrong = in_pyodide.table(in_pyodide.here(list(smoke.PARTS)), found["parts"])
    assert n_wrong == 0, lines
