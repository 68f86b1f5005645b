"""What CONTRIBUTING says about where to add something: one of each, added there and nowhere else, is accepted."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "scripts" / "where_to_add.py"


def script() -> Any:
    """The script, as a module."""
    spec = importlib.util.spec_from_file_location("where_to_add", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["where_to_add"] = module  # its dataclasses look there for their annotations
    spec.loader.exec_module(module)
    return module


KINDS: dict[str, Any] = script().KINDS


def table() -> dict[str, list[str]]:
    """The files of each row of the table, with a name in place of the placeholder, without what is optional."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("## Where to add")[1].split("\n## ")[0]
    rows = re.findall(r"^\| an? ([a-z]+) \|([^|]*)\|([^|]*)\|$", text, flags=re.M)
    return {kind: re.findall(r"`([^`]+)`", files) for kind, files, _ in rows}


def test_the_table_has_a_row_for_each_kind() -> None:
    assert list(table()) == list(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_the_table_names_the_files_and_they_are_four_at_most(kind: str) -> None:
    named = [re.escape(path).replace("<name>", "[a-z]+") for path in table()[kind]]
    files = KINDS[kind].files
    assert 1 <= len(files) <= 4
    assert len(named) == len(files)
    for path in files:
        assert [pattern for pattern in named if re.fullmatch(pattern, path)], path


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_new_is_new_and_what_is_changed_is_there(kind: str) -> None:
    for edit in KINDS[kind].edits:
        assert (ROOT / edit.path).exists() == bool(edit.at), edit.path


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_one_of_each_kind_is_accepted(kind: str) -> None:
    done = subprocess.run([sys.executable, str(SCRIPT), kind], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_addition_that_is_wrong_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the script says is what the tests say: here the command is not in the catalog."""
    module = script()
    edits = tuple(edit for edit in KINDS["command"].edits if "catalog" not in edit.path)
    wrong = module.Kind(edits, ("tests/cli/test_counting.py",))
    monkeypatch.setitem(module.KINDS, "command", wrong)
    assert module.try_out("command") == 1
