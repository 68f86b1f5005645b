"""Docstrings are reStructuredText that a site can be built from."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "made_np"
PARTS = sorted([*PACKAGE.glob("*.py"), *(path.parent for path in PACKAGE.glob("*/__init__.py"))])
WARNING = 2
LISTS = ("Parameters", "Returns", "Yields", "Raises", "Warns", "Attributes")
"""Sections of numpydoc that list names, each with an indented description: numpydoc takes them apart, and so do we."""


def docstrings(source: str) -> Iterator[tuple[str, str]]:
    """Every docstring of a file, and what it belongs to."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node, clean=False)
            if text is not None:
                yield getattr(node, "name", "the module"), inspect.cleandoc(text)


def without_lists(text: str) -> str:
    """The text with the descriptions of its lists as paragraphs, without the names that they belong to."""
    lines = text.split("\n")
    kept: list[str] = []
    listing = False
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        if set(below) == {"-"} and len(below) == len(line):
            listing = line in LISTS
        is_name = listing and line[:1].strip() and line not in LISTS and set(line) != {"-"}
        kept.append("" if is_name else line.removeprefix("    ") if listing else line)
    return "\n".join(kept)


@cache
def settings() -> Any:
    """Those under which docutils prints nothing and goes on: making them takes longer than reading a text."""
    core = pytest.importorskip("docutils.core", reason="docutils is not installed: it reads reStructuredText")
    return core.publish_doctree("", settings_overrides={"report_level": 5, "halt_level": 5}).settings


def complaints(text: str) -> list[str]:
    """What docutils has to say against a text."""
    core = pytest.importorskip("docutils.core", reason="docutils is not installed: it reads reStructuredText")
    document = core.publish_doctree(without_lists(text), settings=settings())
    said = [
        *document.findall(lambda node: node.tagname == "system_message"),
        *document.parse_messages,
        *document.transform_messages,
    ]
    return [each.astext() for each in said if each["level"] >= WARNING]


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.relative_to(ROOT).as_posix())
def test_docstrings_are_sound(part: Path) -> None:
    for path in sorted(part.rglob("*.py")) if part.is_dir() else [part]:
        for name, text in docstrings(path.read_text(encoding="utf-8")):
            assert not complaints(text), f"{path.relative_to(ROOT)}, {name}: {text}"


@pytest.mark.parametrize(
    "text",
    [
        "e^-|z| never overflows, and neither does e^-|x|.",
        "Two things.\n\n====  ====\n``a``  b\n====  ====\n",
        "A list.\n\n    @given()\n    def f():\n        pass\n  back\n",
        "An *emphasis without end.",
        "Sum.\n\nParameters\n----------\nx : int\n    Of an *emphasis without end.\ny : int\n",
    ],
)
def test_a_text_that_is_not_is_seen(text: str) -> None:
    assert complaints(text)
