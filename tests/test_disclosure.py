"""What docs/disclosure.md says of a stored model is what stands in one."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest

from made_np import MADEDensity

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "disclosure.md").read_text(encoding="utf-8")
SHOWING, REPLACING = (dedent(block) for block in re.findall(r"^ *```python\n(.*?)^ *```$", PAGE, re.M | re.S))
N = 200


def text_of(folder: Path, frame: Any, monkeypatch: pytest.MonkeyPatch, **parameters: Any) -> str:
    """What the page's lines print of the model of a frame."""
    monkeypatch.chdir(folder)
    quick = {"hidden_layer_sizes": (8,), "max_epochs": 1, "order": "natural", "weight_decay": 0.0, "random_state": 0}
    MADEDensity(**quick, **parameters).fit(frame).save("customers.npz")
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(SHOWING, {})
    return said.getvalue()


def people() -> Any:
    """A frame of an id, words of which some are rare, free text, money that is often 0, and a constant."""
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    surname = np.array(["Smith", "Jones"])[rng.integers(0, 2, N)]
    surname[7] = "Feath"
    money = np.where(rng.random(N) < 0.5, 0, rng.lognormal(3, 1, N)).round(2)
    money[3] = 98765.43
    return pandas.DataFrame(
        {
            "id": [f"A{4000 + k}-{k * k}" for k in range(N)],
            "surname": surname,
            "note": [f"a long remark about customer {k * 31}, which nobody else shall read" for k in range(N)],
            "money": money,
            "city": "Lisbon",
        }
    )


def test_levels_bounds_and_constants_are_in_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = text_of(tmp_path, people(), monkeypatch)
    for each in ("Smith", "Jones", "Feath", "98765.43", "Lisbon", '"id"', '"note"'):
        assert each in text, each


def test_cells_of_columns_that_are_left_out_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = people()
    text = text_of(tmp_path, frame, monkeypatch, columns={"surname": "drop"})
    for column in ("id", "surname", "note"):
        for cell in frame[column]:
            assert cell not in text
    whole = Path("customers.npz").read_bytes()
    assert b"remark" not in whole
    assert b"A4000-0" not in whole
    assert b"Smith" not in whole


def test_rare_words_are_in_it_unless_they_are_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = people()
    assert "Feath" in text_of(tmp_path, frame, monkeypatch, min_frequency=10)
    frame["city"] = frame["surname"]
    frame = frame.drop(columns="surname")
    exec(REPLACING, {"frame": frame})
    text = text_of(tmp_path, frame, monkeypatch)
    assert "Smith" in text
    assert "another" in text
    assert "Feath" not in text
