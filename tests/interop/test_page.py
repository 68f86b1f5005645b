"""The blocks of docs/howto/interop.md run as they stand."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "howto" / "interop.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)


def test_the_blocks_run_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in BLOCKS:
        if "torch" in block:
            pytest.importorskip("torch", reason="the rest of the page is about torch")
        if any(name in block and find_spec(name) is None for name in ("jax", "onnxruntime", "safetensors")):
            continue  # what follows does not need it
        exec(block, names)
    assert "(1, 3, 0, 2)" in capsys.readouterr().out
