"""Blocks of pages that no other test runs: as pasted, but for what makes them quick, or needs a machine of its own."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from made_np import MADEDensity, datasets
from made_np.datasets import Dataset

ROOT = Path(__file__).resolve().parents[1]


def blocks(name: str) -> list[str]:
    """The blocks of Python of a page."""
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S)


def changed(code: str, changes: dict[str, str]) -> str:
    """A block in which something stands for what takes long, or needs another machine; all of it must be there."""
    for old, new in changes.items():
        assert old in code, old
        code = code.replace(old, new)
    return code


def test_the_description_of_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pandas")
    shutil.copy(ROOT / "docs" / "tutorials" / "customers.csv", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(MADEDensity.__init__.__kwdefaults__, "max_epochs", 1)
    (code,) = blocks("package.md")
    names: dict[str, Any] = {}
    exec(changed(code, {"MADEDensity()": "MADEDensity((16,), order='natural', weight_decay=1e-3)"}), names)
    assert names["density"].n_features_in_ == 6


def test_the_page_about_gpus(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    rows = np.random.default_rng(0).integers(0, 2, (40, 784), dtype=np.uint8)
    monkeypatch.setattr(
        datasets, "load_binary", lambda name: Dataset(name, rows, rows[:10], rows[:10], "", "", "", (28, 28))
    )
    (code,) = blocks("gpu.md")
    quick = {
        "(8000, 8000)": "(8, 8)",
        "n_masks=32": "n_masks=2",
        'backend="cupy"': 'backend="numpy"',  # which has the same functions, and no device
        "max_seconds=400": "max_epochs=1",
        "10_000": "10",
    }
    names: dict[str, Any] = {"__name__": "page"}
    exec(changed(code, quick), names)
    assert names["digits"].shape == (10, 784)
    assert float(capsys.readouterr().out.split()[0]) < 0
