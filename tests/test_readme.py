"""README keeps its word: its lines run as pasted, its links lead somewhere, its numbers and captions are true."""

from __future__ import annotations

import configparser
import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from made_np import MADE
from made_np.cli.catalog import COMMANDS
from made_np.columns.columns import Columns
from made_np.demos import digits
from made_np.draw import words
from made_np.table.table import Table

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCS = ROOT / "docs"
STUB = re.compile(r"<!-- the page (\S+) -->\s*")
"""All that a page of the site says which stands elsewhere in the source."""
PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    "made_np/testing/README.md",
    *(path.relative_to(ROOT).as_posix() for path in sorted(DOCS.rglob("*.md"))),
]


def page(name: str) -> str:
    """The text of a page of the docs."""
    return (DOCS / name).read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    """The code blocks of a page in a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


def section(heading: str, text: str = README) -> str:
    """The text under a heading of the second rank."""
    return text.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def python(folder: Path, *arguments: str) -> str:
    """What a fresh Python prints in a folder."""
    command = [sys.executable, "-W", "error", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_python_line_runs_as_pasted_in_order(tmp_path: Path) -> None:
    for package in ("sklearn", "matplotlib", "pandas"):
        pytest.importorskip(package)
    table = Path("docs") / "tutorials" / "customers.csv"
    (tmp_path / table).parent.mkdir(parents=True)
    shutil.copy(ROOT / table, tmp_path / table)
    found = [*blocks(README, "python"), *blocks(page("howto/model.md"), "python")]
    assert len(found) == 3
    # A short fit: which numbers it prints does not matter here, but all else is as with nothing set.
    short = "from made_np import MADEDensity; MADEDensity.__init__.__kwdefaults__['max_epochs'] = 2"
    printed = python(tmp_path, "-c", "\n".join([short, *found]))
    assert {path.name for path in tmp_path.iterdir()} == {"docs", "run.npz", "masks.png"}
    (shown,) = blocks(section("Six lines"), "text")
    before, after = ([line.split() for line in text.splitlines()] for text in (shown, printed))
    assert len(before) == len(after)
    assert before[:7] == after[:7]  # the table of columns
    heads = ["id", "plan"]
    assert [line for line in before if line[0] in heads] == [line for line in after if line[0] in heads]


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast:RuntimeWarning")  # of pandas before 2
def test_the_table_of_the_six_lines_is_that_of_the_tutorials() -> None:
    pandas = pytest.importorskip("pandas")
    space: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec("\n".join(blocks(page("tutorials/gaps.md"), "python")[:2]), space)
    made = pandas.read_csv(io.StringIO(space["df"].to_csv(index=False)))
    stored = pandas.read_csv(ROOT / "docs" / "tutorials" / "customers.csv")
    pandas.testing.assert_frame_equal(made, stored)


def test_the_first_screen_has_what_six_lines_and_where_from() -> None:
    headings = re.findall(r"^## (.*)$", README, re.M)
    assert headings == ["Six lines", "Install", "Three users", "What it beats", "Licence"]
    assert README.index("![") < README.index("## Install")
    assert README.count("![") == 2
    words = [word for line in README.splitlines() if not line.startswith("|") for word in line.split()]
    assert len(words) < 750  # the rest is for the site
    (lines,) = blocks(section("Install"), "sh")
    assert blocks(page("start/install.md"), "sh") == [lines]
    for language in ("python", "text"):
        assert blocks(page("index.md"), language) == blocks(README, language)
    extras = configparser.ConfigParser()
    extras.read(ROOT / "setup.cfg")
    named = {extra for each in re.findall(r'"\.\[(.*?)\]"', lines) for extra in each.split(",")}
    assert named == {"plot", "sklearn", "all", "test"}
    assert named <= set(extras["options.extras_require"])
    told = set(re.findall(r"^\|.*\| `(\w+)`: ", page("start/install.md"), re.M))
    assert told == set(extras["options.extras_require"]) - {"all", "test", "cuda-test", "dev"}
    assert lines.splitlines()[0].startswith("git clone ")


def test_units_are_defined_before_the_first_number_with_a_unit_below_the_table_of_comparisons() -> None:
    table = section("What it beats")
    assert "NLL is the mean over test rows of -log p(x), natural logarithm, in nats" in table
    assert "bits/dim is NLL / (D ln 2)" in table


def test_each_line_of_what_it_beats_has_a_command_that_is_there() -> None:
    lines = [line for line in section("What it beats").splitlines() if line.startswith("- ")]
    commands = [re.findall(r"`(.*?)`", line)[-1].split() for line in lines]
    assert len(commands) == 4
    for command in commands:
        if command[0] == "made-np":
            assert command[1] in {each.name for each in COMMANDS}
        else:
            assert (ROOT / command[0]).is_file(), command


def test_each_of_three_users_has_one_link() -> None:
    assert [len(re.findall(r"\]\(", line)) for line in section("Three users").strip().splitlines()] == [1, 1, 1]


def test_what_it_beats_is_what_was_measured() -> None:
    measured = page("results.md")
    lines = [line for line in section("What it beats").splitlines() if line.startswith("- ")]
    numbers = re.findall(r"\d+\.\d+|\d{4}", "\n".join(lines))
    assert len(numbers) > 8
    for number in numbers:
        assert re.search(rf"(?<![\d.]){re.escape(number)}(?![\d.])", measured), number


@pytest.mark.parametrize("name", PAGES)
def test_links_and_pictures_lead_somewhere(name: str) -> None:
    path = ROOT / name
    text = path.read_text(encoding="utf-8")
    inside = re.findall(
        r"\]\(([^)#\s]*)#?[^)]*\)",
        re.sub(r"^(```|~~~)(\{code-cell|text|python|sh)\b.*?^\1", "", text, flags=re.M | re.S),
    )
    for target in [*inside, *STUB.findall(text), *re.findall(r"^```\{image\} (\S+)", text, re.M)]:
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
    caption = page("explanation/masks.md").split("network.png)")[1].split("## ")[0].replace("\n", " ")
    title = drawn["network"]._suptitle.get_text()  # matplotlib before 3.8 has no other way
    assert f"A small MADE that {title}, in this order." in caption
    texts = [text.get_text() for text in drawn["network"].texts]
    (highlighted,) = re.findall(r"Orange: every wire that reaches (p\(.*?\))", " ".join(texts).replace("\n", " "))
    assert f"Orange: every wire that reaches {highlighted}." in caption
    assert title in drawn["masks"]._suptitle.get_text()
    for name in ("network.png", "masks.png", "samples.png"):
        assert (ROOT / "scripts" / "pictures" / name).read_bytes().startswith(b"\x89PNG")
        assert f"pictures/{name})" in README + page("explanation/masks.md")


def test_averaged_logits_are_as_bad_as_said(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    printed = python(tmp_path, str(ROOT / "scripts" / "averaged_logits.py"))
    entropy = float(re.search(r"entropy of the images (\S+) nats", printed)[1])
    sums = {line[:28].strip(): line[28:].split() for line in printed.splitlines()[2:]}
    mixture, averaged = (tuple(map(float, sums[name])) for name in ("mixture", "averaged logits"))
    assert mixture[0] == 1
    assert averaged[1] < entropy < mixture[1]
    text = " ".join(page("explanation/mixtures.md").split())
    found = re.search(r"orders score (\S+) nats where the mixture has (\S+), and they \"sum to\" (\S+) over", text)
    said = (*map(float, found.groups()), float(re.search(r"entropy of these images, (\S+) nats", text)[1]))
    assert said == pytest.approx((averaged[1], mixture[1], averaged[0], entropy), abs=0.05)


def test_columns_become_what_the_table_says() -> None:
    pandas = pytest.importorskip("pandas")
    lines = [line for line in page("howto/columns.md").splitlines() if line.startswith("|")][2:]
    told = [[cell.strip() for cell in line.split("|")[1:3]] for line in lines]
    rng = np.random.default_rng(0)
    n = 300
    days = pandas.Timestamp("2024-01-01") + pandas.to_timedelta(rng.integers(0, 700, n), unit="D")
    words = np.array(["a", "b", "c"])[rng.integers(0, 3, n)]
    columns: list[list[tuple[Any, str]]] = [
        [(rng.random(n) < 0.5, "binary"), (rng.integers(0, 2, n), "binary"), (words == "a", "binary")],
        [(words, "categorical"), (pandas.Categorical(words, ordered=True), "ordinal")],
        [
            (rng.integers(18, 90, n), "count"),
            (rng.integers(1950, 2020, n), "count"),
            (rng.integers(0, 6, n), "ordinal"),
        ],
        [(rng.integers(-40, 90, n), "integer")],
        [(rng.lognormal(3, 1, n).round(2), "positive"), (rng.normal(0, 9, n).round(2), "real")],
        [(rng.normal(size=n), "real"), (rng.lognormal(size=n), "positive"), (rng.beta(2, 2, n), "bounded")],
        [(days, "date"), (days.strftime("%Y-%m-%d"), "date"), (days - days[0], "date")],
        [
            ([f"${each:,.2f}" for each in rng.lognormal(3, 1, n)], "positive"),
            ([f"{each} %" for each in rng.integers(0, 90, n)], "count"),
            ([f"({-each})" if each < 0 else f"{each}" for each in rng.integers(-40, 90, n)], "integer"),
            ([f"{each:.2f} kg".replace(".", ",") for each in rng.normal(0, 9, n)], "real"),
        ],
        [(np.full(n, 3.7), "constant"), (["same"] * n, "constant")],
        [(7 * np.arange(n) + 1000, "id"), ([f"a long remark about customer {k}" for k in range(n)], "text")],
        [(np.eye(3)[rng.integers(0, 3, n)], "OneHot")],
    ]
    assert len(told) == len(columns)
    for (what, kinds), each in zip(told, columns, strict=True):
        for values, kind in each:
            assert f"`{kind}`" in kinds, what
            frame = pandas.DataFrame(values).add_prefix("x").assign(bit=rng.random(n) < 0.5)
            found = Columns.learn(Table.of(frame), one_hot="auto")
            if kind == "OneHot":
                assert [repr(output) for output in found.outputs] == ["Categorical(n=3)", "Bernoulli()"]
            else:
                assert found.each[0].kind == kind, what
            if kind in ("count", "integer") or "cent" in lines[told.index([what, kinds])]:
                assert found.each[0].facts.resolution > 0, what


def test_every_command_is_in_the_table() -> None:
    told = re.findall(r"^\| `made-np (\w+)", page("reference/commands.md"), re.M)
    missing = {command.name for command in COMMANDS} - set(told)
    assert not missing
    assert len(told) == len(set(told))


def test_the_glossary_is_that_of_the_pictures() -> None:
    rule = f"{words.rule('hidden unit', 'unit below')}, {words.rule('output', 'unit below')}"
    assert rule in " ".join(page("reference/glossary.md").split())
    one = MADE(4, hidden=(5,), order=(2, 0, 3, 1)).mask_sets[0]
    assert one.input_degrees.tolist() == one.output_degrees.tolist() == [2, 4, 1, 3]
