"""README keeps its word: its lines run as pasted, its links lead somewhere, its numbers and captions are true."""

from __future__ import annotations

import configparser
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from made_np import MADE, Categorical, Gaussian, MADEDensity, MixtureOfGaussians
from made_np.demos import digits
from made_np.draw import words

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    "docs/results.md",
    "docs/package.md",
    "docs/release.md",
    "made_np/testing/README.md",
    *(f"docs/tutorials/{path.name}" for path in sorted((ROOT / "docs" / "tutorials").glob("*.md"))),
]


def blocks(text: str, language: str) -> list[str]:
    """The code blocks of a page in a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


def section(heading: str) -> str:
    """The text under a heading of the second rank."""
    return README.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def python(folder: Path, *arguments: str) -> str:
    """What a fresh Python prints in a folder."""
    command = [sys.executable, "-W", "error", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_python_line_runs_as_pasted_in_order(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    pytest.importorskip("matplotlib")
    found = blocks(README, "python")
    assert len(found) == 4
    shown = (
        "print(density.sample(10).shape, filler.impute(X_with_nan, n_draws=5).shape, filler.impute(X_with_nan).shape)"
    )
    assert python(tmp_path, "-c", "\n".join([*found, shown])) == "(10, 3) (5, 4, 3) (4, 3)\n"
    assert {path.name for path in tmp_path.iterdir()} == {"run.npz", "masks.png"}


def test_the_first_screen_has_what_where_from_and_five_lines() -> None:
    headings = re.findall(r"^## (.*)$", README, re.M)
    assert headings[:3] == ["Install", "Five lines", "What it beats"]
    assert README.index("![") < README.index("## Install")
    (lines,) = blocks(section("Install"), "sh")
    extras = configparser.ConfigParser()
    extras.read(ROOT / "setup.cfg")
    named = {extra for each in re.findall(r'"\.\[(.*?)\]"', lines) for extra in each.split(",")}
    assert named == {"plot", "sklearn", "all", "test"}
    assert named <= set(extras["options.extras_require"])
    assert lines.splitlines()[0].startswith("git clone ")


def test_units_are_defined_before_the_first_number_with_a_unit_below_the_table_of_comparisons() -> None:
    table = section("What it beats")
    assert "NLL is the mean over test rows of -log p(x), natural logarithm, in nats" in table
    assert "bits/dim is NLL / (D ln 2)" in table


def test_what_it_beats_is_what_was_measured() -> None:
    measured = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    numbers = re.findall(r"\d+\.\d+|\d{4}", section("What it beats").split("NLL is")[0])
    assert len(numbers) > 9
    for number in numbers:
        assert re.search(rf"(?<![\d.]){re.escape(number)}(?![\d.])", measured), number


@pytest.mark.parametrize("page", PAGES)
def test_links_and_pictures_lead_somewhere(page: str) -> None:
    path = ROOT / page
    for target in re.findall(r"\]\(([^)#\s]*)#?[^)]*\)", path.read_text(encoding="utf-8")):
        if target and "://" not in target:
            assert (path.parent / target).exists(), target


def test_captions_say_what_the_pictures_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib")
    drawn = {}

    def keeping(name: str) -> Callable[..., object]:
        picture = getattr(digits.draw, name)
        return lambda made, **how: drawn.setdefault(name, picture(made, **how))

    for name in ("network", "masks"):
        monkeypatch.setattr(digits.draw, name, keeping(name))
    digits._write_small_network(tmp_path)
    caption = README.split("network.png)")[1].split("## Install")[0].replace("\n", " ")
    title = drawn["network"]._suptitle.get_text()  # matplotlib before 3.8 has no other way
    assert f"A small MADE that {title}, in this order." in caption
    texts = [text.get_text() for text in drawn["network"].texts]
    (highlighted,) = re.findall(r"Orange: every wire that reaches (p\(.*?\))", " ".join(texts).replace("\n", " "))
    assert f"Orange: every wire that reaches {highlighted}." in caption
    assert title in drawn["masks"]._suptitle.get_text()
    for name in ("network.png", "masks.png", "samples.png"):
        assert (ROOT / "scripts" / "pictures" / name).read_bytes().startswith(b"\x89PNG")


def test_averaged_logits_are_as_bad_as_said(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    printed = python(tmp_path, str(ROOT / "scripts" / "averaged_logits.py"))
    entropy = float(re.search(r"entropy of the images (\S+) nats", printed)[1])
    sums = {line[:28].strip(): line[28:].split() for line in printed.splitlines()[2:]}
    mixture, averaged = (tuple(map(float, sums[name])) for name in ("mixture", "averaged logits"))
    assert mixture[0] == 1
    assert averaged[1] < entropy < mixture[1]
    text = " ".join(README.split())
    found = re.search(r"orders score (\S+) nats where the mixture has (\S+), and they \"sum to\" (\S+) over", text)
    said = (*map(float, found.groups()), float(re.search(r"entropy of these images, (\S+) nats", text)[1]))
    assert said == pytest.approx((averaged[1], mixture[1], averaged[0], entropy), abs=0.05)


def test_columns_become_what_the_table_says() -> None:
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in section("What becomes of your columns").splitlines()
        if "|" in line
    ][2:]
    assert len(rows) == 6
    rng = np.random.default_rng(0)
    table = {
        "0 and 1, or False and True": (rng.random((200, 1)) < 0.5, "Bernoulli()"),
        "whole numbers 0, 1, ..., at most 31": (np.arange(200)[:, None] % 32, "Categorical(n=32)"),
        "other whole numbers: ages, counts, years": (np.arange(200)[:, None] % 33, repr(Gaussian())),
        "real numbers": (rng.random((200, 1)), repr(Gaussian())),
        "neighbours of 0 and 1, of which one is 1 in every row": (
            np.eye(3)[rng.integers(0, 3, 200)],
            "Categorical(n=3)",
        ),
    }
    fixed = {"max_epochs": 1, "order": "natural", "n_masks": 1, "weight_decay": 0.0}
    for row in rows[:-1]:
        x, expected = table[row[0]]
        density = MADEDensity(**fixed).fit(x)
        assert [repr(output) for output in density.made_.outputs.feature_outputs] == [expected], row[0]
        sample = density.sample(50, random_state=0)
        whole = bool((sample == np.floor(sample)).all())
        assert whole == (row[2] != "a real number" and not row[2].startswith("a real number")), row[0]
        if sample.shape[1] == 3:
            assert (sample.sum(axis=1) == 1).all()
    for bad in (np.array([["x"], ["y"]]), np.array([["2020-01-01"]], dtype="M8[D]"), np.array([[np.nan], [1.0]])):
        with pytest.raises((TypeError, ValueError)):
            MADEDensity().fit(bad)
    ages = np.arange(200)[:, None] % 90
    sample = MADEDensity(columns="discretized_logistic", **fixed).fit(ages).sample(20, random_state=0)
    assert (sample == np.floor(sample)).all()
    for kind in (MixtureOfGaussians(10), Categorical(250)):
        assert MADEDensity(columns=kind, **fixed).fit(ages).made_.outputs.feature_outputs[0] == kind


def test_the_glossary_is_that_of_the_pictures() -> None:
    rule = f"{words.rule('hidden unit', 'unit below')}, {words.rule('output', 'unit below')}"
    assert rule in " ".join(section("Words").split())
    one = MADE(4, hidden=(5,), order=(2, 0, 3, 1)).mask_sets[0]
    assert one.input_degrees.tolist() == one.output_degrees.tolist() == [2, 4, 1, 3]
