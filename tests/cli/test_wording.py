"""Messages of the command line name options, never parameters of Python."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import numpy as np
import pytest

from made_np.cli import build_parser, main
from made_np.cli.wording import OPTIONS, PHRASES, in_options

FAST = ["--hidden", "4", "--epochs", "1", "--quiet", "--weight-decay", "0"]


def every_option() -> set[str]:
    """All options of all commands."""
    (commands,) = [a for a in build_parser()._actions if isinstance(a, argparse._SubParsersAction)]
    return {text for own in commands.choices.values() for action in own._actions for text in action.option_strings}


def test_all_options_that_messages_name_are_there() -> None:
    known = every_option() | {"-n"}
    assert {option for option in OPTIONS.values() if option not in known} == set()
    named = {word.rstrip(":,.") for text in PHRASES.values() for word in text.split() if word.startswith("--")}
    assert named <= known


@pytest.mark.parametrize("phrase", PHRASES)
def test_each_sentence_is_one_that_the_library_says(phrase: str) -> None:
    """A sentence that changes in the library has to change here."""
    package = Path(__file__).parents[2] / "made_np"
    squeezed = phrase.split("=")[0].split("{")[0][:30]
    sources = (path.read_text() for path in package.rglob("*.py") if path.relative_to(package).parts[0] != "cli")
    joined = (re.sub(r'"\s*\n\s*f?"', "", source) for source in sources)
    assert any(squeezed in source for source in joined), squeezed


def test_what_a_model_of_one_order_cannot_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "t.npy", np.random.default_rng(0).integers(0, 3, (60, 3)).astype(float))
    argv = ["train", str(tmp_path / "t.npy"), "-o", str(tmp_path / "m.npz"), *FAST]
    assert main([*argv, "--order", "natural", "--answers", "order"]) == 0
    np.save(tmp_path / "g.npy", np.array([[np.nan, 1, 2]]))
    capsys.readouterr()
    for command, *more in (["score"], ["complete", "--draws", "2", "-o", str(tmp_path / "o.npy")]):
        assert main([command, str(tmp_path / "m.npz"), str(tmp_path / "g.npy"), *more]) == 2
        err = capsys.readouterr().err
        assert "Train with --answers any" in err
        assert "n_masks" not in err


@pytest.mark.parametrize(
    "more",
    [
        ["--n-masks", "endless", "--order", "natural", "--answers", "any"],
        ["--n-masks", "4", "--order", "natural"],
        ["--columns", "real,real"],
        ["--learning-rate", "0"],
        ["--order", "0,0,1"],
        ["--order", "found", "--n-masks", "3"],
        ["--sep", "ab"],
        ["--schedule", "plateau", "--validation-fraction", "0"],
    ],
)
def test_train_complains_in_options(tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str]) -> None:
    np.save(tmp_path / "t.npy", np.random.default_rng(0).integers(0, 3, (60, 3)).astype(float))
    (tmp_path / "t.csv").write_text("a,b,c\n" + "1,2,3\n2,1,2\n" * 9)
    for data in ("t.npy", "t.csv"):
        status = main(["train", str(tmp_path / data), "-o", str(tmp_path / "m.npz"), *FAST, *more])
        err = capsys.readouterr().err
        if more[0] == "--sep" and data == "t.npy":  # which is of text
            continue
        assert status == 2
        assert "degrees" not in err  # which no option sets
        assert not re.search(r"\b[a-z]+_[a-z_]+=|\bNone\b|\bTrue\b|='|made_np\.", err), err


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("n_masks=None (this order)", "--n-masks endless (this order)"),
        ("set order='random'", "set --order random"),
        ("order=[2, 0, 1] has", "--order 2,0,1 has"),
        ("say sep=' ' (--sep ' ')", "say --sep ' '"),
        ("header=True (--header yes); else header=False (--header no)", "--header yes; else --header no"),
        ("column 3 ('age') and column 0 (\"it's\")", "column age and column it's"),
        ("given: column 0 ('a') is", "--given: column a is"),
        ("columns={0: 'count'} or columns={name: 'real'}", "--columns 0=count or --columns name=real"),
        ("columns: column 1 ('b') is", "--columns: column b is"),
        ("max_epochs=0.5", "--epochs 0.5"),
        ("the border=3 of it", "the border=3 of it"),
    ],
)
def test_sentences(said: str, told: str) -> None:
    assert in_options(said) == told
