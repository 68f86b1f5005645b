"""The page for readers of the blog post keeps its word: its blocks run, its table names what there is."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from test_tutorials import BLOCK, Block, cells

import made_np
from made_np.cli import main
from made_np.datasets import load_olivetti

pytest.importorskip("sklearn")
pytest.importorskip("matplotlib")

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "from_the_post.md").read_text(encoding="utf-8")
BLOCKS = [Block(code, bool(mark), shown) for code, mark, shown in BLOCK.findall(PAGE)]
SHORT = 2
"""So many epochs take the place of those on the page, where numbers do not matter."""


def form(text: str) -> list[list[str]]:
    """The words of an output, without the decimals of a fit."""
    return cells(re.sub(r"\d+\.\d+", "#", text))


def run(*, epochs: int | None) -> list[str]:
    """What each block prints, in one session."""
    space: dict[str, Any] = {"__name__": "page"}
    printed = []
    for block in BLOCKS:
        code = block.code
        if epochs is not None:
            code = re.sub(r"max_epochs=\d+", f"max_epochs={epochs}", code)
            code = code.replace("print_table(digits)", f"print_table(digits, epochs={epochs})")
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(code, "from_the_post.md", "exec"), space)
        printed.append(said.getvalue())
    return printed


def test_every_block_prints_what_stands_below_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # without faces
    for block, printed in zip(BLOCKS, run(epochs=SHORT), strict=True):
        if block.of_a_fit:
            assert form(printed) == form(block.shown), block.code
        else:
            assert cells(printed) == cells(block.shown), block.code
    assert [path.name for path in tmp_path.iterdir()] == ["completed.png"]


def test_no_block_is_missed() -> None:
    assert len(BLOCKS) == PAGE.count("```python\n") == PAGE.count("```text\n") == 6
    assert sum(block.of_a_fit for block in BLOCKS) == 3


def test_the_sums_on_the_page_are_those_that_masks_are_for() -> None:
    (table,) = (block.shown for block in BLOCKS if "print_table" in block.code)
    rows = {line[:24].strip(): [float(word) for word in line[24:].split()] for line in table.splitlines()[2:5]}
    assert rows["autoencoder 8-4-8"][0] > 10
    assert rows["autoencoder 8-16-8"][0] > 250
    assert rows["MADE 8-16-8"][0] == 1
    least = float(re.search(r"below (\S+) nats", table)[1])  # type: ignore[index]
    assert rows["autoencoder 8-4-8"][1] < least < rows["MADE 8-16-8"][1]


def test_what_the_table_names_is_there() -> None:
    lines = PAGE.split("## Its names, ours")[1].split("## ")[0].strip().splitlines()[2:]
    code = " ".join(re.findall("`(.*?)`", " ".join(line.split("|")[2] for line in lines)))
    owners: dict[str, Any] = {
        "ae": made_np.Autoencoder, "net": made_np.Sequential, "made": made_np.MADE, "made_np": made_np,
        "layers": made_np.layers, "layer": made_np.MaskedLinear(1, 1), "datasets": made_np.datasets,
    }  # fmt: skip
    attributes = re.findall(r"\b([a-z]\w*)\.(\w+)", code)
    assert len(attributes) > 10
    for owner, name in attributes:
        assert hasattr(owners[owner], name), f"{owner}.{name}"
    classes = set(re.findall(r"(?<!\w)[A-Z]\w+", code))
    assert classes == {"Autoencoder", "MaskedLinear", "Sequential", "MADE", "DiscretizedLogistic"}
    assert classes <= set(made_np.__all__)
    with pytest.raises(SystemExit) as ended:
        main(["faces", "--split", "blog", "--help"])
    assert ended.value.code == 0


@pytest.mark.slow
def test_the_faces_of_the_post_are_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> None:
    shutil.copy(data_dir / "olivetti.npz", tmp_path)
    monkeypatch.chdir(tmp_path)
    assert load_olivetti("olivetti.npz", n_test=20).train.shape == (380, 4096)
    shared = float(run(epochs=None)[-1].split()[-1])
    assert shared < 0.6
    assert abs(shared - float(BLOCKS[-1].shown.split()[-1])) < 0.05
