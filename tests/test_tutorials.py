"""The tutorials keep their word: each block of Python runs as pasted, and prints what stands below it."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import NamedTuple

import pytest

from made_np import MADEDensity

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "tutorials"
PAGES = ("first-table", "gaps", "questions", "outliers", "synthetic")
BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:\n(<!-- numbers of a fit -->\n)?```text\n(.*?)^```\n)?", re.M | re.S)
QUICK = {"hidden_layer_sizes": (32,), "order": "natural", "weight_decay": 1e-3}
"""In place of the defaults, so that no trial is made and a fit is short."""


class Block(NamedTuple):
    """Lines of a page, and what they print."""

    code: str
    of_a_fit: bool
    shown: str


def blocks(name: str) -> list[Block]:
    """The blocks of a page, in order."""
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    return [Block(code, bool(mark), shown) for code, mark, shown in BLOCK.findall(text)]


def cells(text: str) -> list[list[str]]:
    """The words of each line."""
    return [line.split() for line in text.splitlines()]


def form(text: str) -> list[list[str]]:
    """What stays of an output if its numbers are of another fit: the first line of a table, and how many lines."""
    lines = cells(text)
    head = [] if re.search(r"\d", text.split("\n")[0]) else lines[0]
    return [head, ["line"] * len(lines)]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    pytest.importorskip("sqlglot")
    pytest.importorskip("sklearn")
    monkeypatch.chdir(tmp_path)
    defaults = MADEDensity.__init__.__kwdefaults__
    for name, value in QUICK.items():
        if name in defaults:
            monkeypatch.setitem(defaults, name, value)
    monkeypatch.setattr(MADEDensity.__init__, "__defaults__", (QUICK["hidden_layer_sizes"],))


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("name", PAGES)
def test_every_block_prints_what_stands_below_it(name: str) -> None:
    namespace: dict[str, object] = {"__name__": "page"}
    for code, of_a_fit, shown in blocks(name):
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(code, f"{name}.md", "exec"), namespace)
        printed = said.getvalue()
        if of_a_fit:
            assert form(printed) == form(shown), code
        else:
            assert cells(printed) == cells(shown), code


def test_all_pages_make_the_same_table() -> None:
    assert len({blocks(name)[0].code for name in PAGES}) == 1


def test_the_index_leads_to_every_page() -> None:
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"\]\((.*?)\.md\)", index.split("\n\n")[2]) == list(PAGES)
    assert {path.stem for path in FOLDER.glob("*.md")} == {"README", *PAGES}


def test_no_block_is_missed() -> None:
    for name in PAGES:
        text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
        found = blocks(name)
        assert len(found) == text.count("```python\n") > 3
        assert sum(bool(block.shown) for block in found) == text.count("```text\n") > 3
