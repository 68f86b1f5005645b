"""hypothesis tries the same values, whatever modules were loaded before."""

from __future__ import annotations

import sys
from importlib import util
from pathlib import Path

import pytest
from constants import try_none_of_modules
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

providers = pytest.importorskip("hypothesis.internal.conjecture.providers", reason="older releases read no modules")


def tried() -> list[int]:
    """Values of one test, so many that constants are among them."""
    values = []

    @settings(max_examples=500, derandomize=True, database=None, phases=[Phase.generate])
    @given(st.integers())
    def test(x: int) -> None:
        values.append(x)

    test()
    return values


def test_a_module_that_was_loaded_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = getattr(providers, "_get_local_constants", None)
    monkeypatch.setattr(providers, "_get_local_constants", usual, raising=False)  # it comes back after the test
    try_none_of_modules()
    before = tried()
    path = tmp_path / "numbers_of_mine.py"
    path.write_text(f"NUMBERS = {list(range(73549217, 73549317))}")
    spec = util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, path.stem, module)
    spec.loader.exec_module(module)
    assert tried() == before
