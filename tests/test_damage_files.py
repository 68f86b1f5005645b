"""Changed files are refused in one line, or read; what is planted for the search to find is found."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("pandas", reason="tables are written by pandas")
pytest.importorskip("pyarrow", reason="tables are written by pyarrow")
if not sys.platform.startswith("linux"):
    pytest.skip("memory is limited as Linux does", allow_module_level=True)
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

import damage_files
from damaging import loop
from damaging.changes import changed, signed
from damaging.readers import READERS, Reader

NEEDS = {"safetensors": "safetensors", "conditions": "sqlglot"}


@pytest.mark.parametrize("name", READERS)
def test_changed_files_are_refused_in_one_line_or_read(name: str, tmp_path: Path) -> None:
    if name in NEEDS:
        pytest.importorskip(NEEDS[name], reason=f"this reader needs {NEEDS[name]}")
    found = loop.search(READERS[name], 40, 1_000_000, tmp_path)
    assert found.wrong == []
    assert found.inputs == found.refused + found.read == 40
    assert found.lines > 50


@pytest.mark.filterwarnings("ignore:.*is read as 3, as all others")  # older releases of pandas read words here
def test_an_integer_beyond_64_bits_among_blanks_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "blanks.csv"
    path.write_bytes(b"1 2 3\n4 5 6" + b"9" * 400 + b"\n")
    with pytest.raises(ValueError, match=r"of more than 64 bits|infinity has no place here"):
        READERS["csv"].read(path)


def planted(read: Callable[[Path], Any], **options: Any) -> Reader:
    """A reader of text that begins with a 5."""
    return Reader(".txt", lambda folder: [b"5 and more"], read, **options)


def two_lines(path: Path) -> None:
    if not path.read_bytes().startswith(b"5"):
        raise ValueError("no\n5")


def no_word(path: Path) -> None:
    if not path.read_bytes().startswith(b"5"):
        raise ValueError("")


def greedy(path: Path) -> Any:
    if not path.read_bytes().startswith(b"5"):
        raise MemoryError
    return None


FAULTS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "another error": (lambda path: {b"5": 1}[path.read_bytes()[:1]], "ends in KeyError"),
    "two lines": (two_lines, "of no single line"),
    "no word": (no_word, "of no single line"),
    "memory": (greedy, "wants too much memory"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_a_reader_is_found(name: str, tmp_path: Path) -> None:
    read, said = FAULTS[name]
    found = loop.search(planted(read), 60, 0, tmp_path)
    assert found.wrong
    assert all(said in told for told in found.wrong)


def test_other_names_of_columns_may_be_told_line_by_line(tmp_path: Path) -> None:
    def read(path: Path) -> None:
        if not path.read_bytes().startswith(b"5"):
            raise ValueError(f"X has 'n'. {loop.SEVERAL_LINES}\n- n\n")

    assert loop.search(planted(read), 60, 0, tmp_path).wrong == []


def test_what_is_read_as_something_else_is_found_where_there_is_a_checksum(tmp_path: Path) -> None:
    assert loop.search(planted(Path.read_bytes), 20, 0, tmp_path).wrong == []
    found = loop.search(planted(Path.read_bytes, has_checksum=True), 20, 0, tmp_path)
    assert all("is read as something else" in told for told in found.wrong)
    assert len(found.wrong) > 10


def test_what_takes_long_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "SECONDS", -1.0)
    found = loop.search(planted(lambda path: None), 3, 0, tmp_path)
    assert [told.split(": ")[1] for told in found.wrong] == ["took 0.0 s"] * 3


def test_inputs_that_reach_new_lines_are_changed_further(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parents: set[int] = set()

    def change(data: bytes, others: list[bytes], rng: np.random.Generator) -> bytes:
        parents.add(len(others))
        return changed(data, others, rng)

    text = READERS["csv"]
    loop.search(text._replace(change=change), 60, 0, tmp_path)
    assert max(parents) > 4 + 3
    monkeypatch.setattr(loop, "FOLDER", "nowhere")
    parents.clear()
    loop.search(text._replace(change=change), 60, 0, tmp_path)
    assert parents == {4}


def test_the_same_seed_gives_the_same_inputs() -> None:
    data = [b"abcdefgh" * 20, b"12345678" * 20]
    once, again = ([changed(data[0], data, np.random.default_rng(seed)) for seed in range(40)] for _ in range(2))
    assert once == again
    assert len(set(once)) > 30


def test_what_is_signed_has_a_checksum_that_fits(tmp_path: Path) -> None:
    reader = READERS["model"]
    (data,) = reader.seeds(tmp_path)
    path = tmp_path / "input.npz"
    messages = []
    for seed in range(20):
        path.write_bytes(signed(data, [data], np.random.default_rng(seed)))
        try:
            reader.read(path)
        except Exception as error:
            messages.append(str(error))
    assert len(messages) > 10
    assert not any("checksum" in message for message in messages)


def test_a_run_that_was_ended_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[tuple[str, int, int]] = []

    def chunk(name: str, seed: int, n: int) -> dict[str, Any]:
        played.append((name, seed, n))
        return vars(loop.Found(n, 1, 2, 10 + seed, 0.5, ["input 3: oh"] if seed else []))

    monkeypatch.setattr(damage_files, "CHUNK", 500)
    monkeypatch.setattr(damage_files, "chunk", chunk)
    store = tmp_path / "done.json"
    words = ["damage_files.py", "--only", "csv", "npy", "--store", str(store), "--inputs"]
    monkeypatch.setattr(sys, "argv", [*words, "500"])
    assert damage_files.main() == 0
    monkeypatch.setattr(sys, "argv", [*words, "1200"])
    assert damage_files.main() == 1
    assert played == [
        *(("csv", 0, 500), ("npy", 0, 500)),
        *(("csv", 1, 500), ("npy", 1, 500), ("csv", 2, 200), ("npy", 2, 200)),
    ]
    assert json.loads(store.read_text())["csv"] == {
        **{"inputs": 1200, "refused": 3, "read": 6, "lines": 12, "slowest": 0.5, "wrong": ["input 3: oh"] * 2}
    }


def test_a_process_that_dies_is_told_by_its_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(damage_files, "__file__", "/nowhere.py")
    found = damage_files.chunk("csv", 7, 3)
    assert found["inputs"] == 3
    assert found["wrong"][0].startswith("seed 7: the process died (2): ")
