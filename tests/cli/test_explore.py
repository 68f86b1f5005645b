"""made-np explore writes one page, of anyone's model, or says in a line why it cannot."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import made_np
from made_np import MADE, Categorical
from made_np.cli import main


def data_of(path: Path) -> dict[str, Any]:
    """What a page holds."""
    text = path.read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def saved(path: Path, made: MADE) -> str:
    made_np.save(path, made, made.init(0))
    return str(path)


def test_explore_without_a_model_writes_a_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["explore"]) == 0
    assert data_of(tmp_path / "explore.html")["state"]["order"] == [2, 0, 3, 1]
    said = capsys.readouterr().out
    assert "a page of 11" in said
    assert (tmp_path / "explore.html").as_uri() in said


def test_explore_shows_the_first_features_of_a_stored_model(tmp_path: Path) -> None:
    model = saved(tmp_path / "m.npz", MADE(64, (300,), order="reverse"))
    assert main(["explore", model, "--out", str(tmp_path / "a page.html")]) == 0
    data = data_of(tmp_path / "a page.html")
    assert data["state"]["names"] == ["x60", "x61", "x62", "x63"]
    assert data["sketch"]["features"] == 64
    assert data["sketch"]["names"][:2] == ["x63", "x62"]


def test_explore_takes_a_mask_set(tmp_path: Path) -> None:
    made = MADE(4, (6,), order="random", n_masks=3)
    model = saved(tmp_path / "m.npz", made)
    assert main(["explore", model, "-o", str(tmp_path / "p.html"), "--mask-set", "2"]) == 0
    assert data_of(tmp_path / "p.html")["state"]["order"] == made.mask_sets[2].order.tolist()


def test_explore_names_the_columns_of_a_trained_table(tmp_path: Path) -> None:
    rows = "rain,wet\n" + "1,1\n0,0\n1,1\n0,1\n" * 20
    (tmp_path / "t.csv").write_text(rows)
    argv = [
        "train",
        str(tmp_path / "t.csv"),
        "-o",
        str(tmp_path / "m.npz"),
        "--backend",
        "numpy",
        "--hidden",
        "8",
        "--epochs",
        "2",
        "--quiet",
    ]
    assert main([*argv, "--order", "natural", "--n-masks", "1", "--weight-decay", "0"]) == 0
    assert main(["explore", str(tmp_path / "m.npz"), "-o", str(tmp_path / "p.html")]) == 0
    assert data_of(tmp_path / "p.html")["state"]["names"] == ["rain", "wet"]


@pytest.mark.parametrize(
    ("made", "more", "message"),
    [
        (MADE(3, (4,), Categorical(3)), [], "explore shows Bernoulli and Gaussian features"),
        (MADE(3, (4,), n_context=1), [], "n_context=1"),
        (MADE(3, (4, 4, 4)), [], "hidden has 3 layers"),
        (MADE(3, (4,)), ["--mask-set", "1"], "--mask-set 1 does not exist"),
    ],
)
def test_explore_says_what_it_cannot_show(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], made: MADE, more: list[str], message: str
) -> None:
    model = saved(tmp_path / "m.npz", made)
    assert main(["explore", model, "-o", str(tmp_path / "p.html"), *more]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert message in said
    assert not (tmp_path / "p.html").exists()


def test_explore_writes_over_nothing_that_it_reads_and_needs_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = saved(tmp_path / "m.npz", MADE(3, (4,)))
    before = Path(model).read_bytes()
    assert main(["explore", model, "-o", model]) == 2
    assert main(["explore", "-o", str(tmp_path / "no" / "p.html")]) == 2
    assert main(["explore", str(tmp_path / "none.npz")]) == 2
    (tmp_path / "text.npz").write_text("hello")
    assert main(["explore", str(tmp_path / "text.npz")]) == 2
    assert main(["explore", "--mask-set", "1", "-o", str(tmp_path / "p.html")]) == 2
    assert capsys.readouterr().err.count("\n") == 5
    assert not (tmp_path / "p.html").exists()
    assert Path(model).read_bytes() == before
