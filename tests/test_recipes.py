"""The recipes of "Prove your own model" work as printed: the suite passes each model, and finds each one's fault."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from made_np import testing
from made_np.testing import Adapter, SuiteReport, load_adapter, suite
from made_np.testing.__main__ import main
from made_np.testing.suite import SKIPPED

HERE = Path(__file__).parent
PAGE = (HERE.parent / "made_np" / "testing" / "README.md").read_text(encoding="utf-8")

RECIPES = {
    "numpy_made": ("numpy", {"gradient"}),
    "torch_made": ("torch", {"masks", "autoregressive", "normalised", "sampler"}),
    "jax_made": ("jax", {"masks", "autoregressive", "sampler"}),
    "keras_like": ("numpy", {"consistency_params", "consistency_log_prob"}),
}
"""Each recipe with what it needs, and the checks that find the fault of its faulty variant."""


@pytest.fixture(autouse=True)
def beside_the_recipes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The recipes' folder as the current one, as a reader has it."""
    monkeypatch.chdir(HERE / "recipes")
    monkeypatch.setattr(sys, "path", [str(HERE / "recipes"), *sys.path])


def recipe(name: str) -> Any:
    """The module, if its framework is installed."""
    pytest.importorskip(RECIPES[name][0])
    return import_module(name)


def failed(report: SuiteReport) -> set[str]:
    return {found.check for found in report.failures}


@pytest.mark.parametrize("name", RECIPES)
def test_the_suite_passes_a_right_model(name: str) -> None:
    adapter = recipe(name).factory()
    report = suite(adapter)
    assert report.ok, report
    run = {result.name for result in report.results if result.status != SKIPPED}
    assert run >= RECIPES[name][1]


@pytest.mark.parametrize("name", RECIPES)
def test_the_suite_finds_the_fault_of_a_faulty_one(name: str) -> None:
    report = suite(recipe(name).faulty())
    assert failed(report) == RECIPES[name][1], report


def test_the_hints_name_the_mistakes() -> None:
    assert "1/B" in suite(recipe("numpy_made").faulty())["gradient"].report.hint
    assert "other rows" in suite(recipe("keras_like").faulty())["consistency_params"].report.hint


def test_the_command_finds_a_recipe(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["numpy_made:factory"]) == 0
    assert main(["numpy_made:faulty"]) == 1
    assert main(["numpy_made:nothing"]) == 2
    assert "cannot be found" in capsys.readouterr().err


# ------------------------------------------------------------------------------------------------------ the page


def blocks(language: str) -> list[tuple[str, str]]:
    """(heading, text) of each code block of the page in a language."""
    heading, found = "", []
    for match in re.finditer(r"^#+ (?P<heading>[^\n]*)$|^```(?P<language>\w*)\n(?P<text>.*?)^```$", PAGE, re.M | re.S):
        heading = match["heading"] or heading
        if match["language"] == language:
            found.append((heading, match["text"]))
    return found


def given(heading: str) -> dict[str, Any]:
    """What the page says is there before a block is run."""
    if heading == "torch":
        return {"model": recipe("torch_made").TorchMADE(6, 12).double(), "n_features": 6}
    if heading == "JAX":
        made = recipe("jax_made")
        names = {"logits": made.logits, "params": made.init(made.jax.random.key(0)), "masks": made.make_masks()}
        return names | {"order": made.ORDER, "n_features": made.D}
    if heading == "scikit-learn":
        mixture = pytest.importorskip("sklearn.mixture", reason="the estimator is scikit-learn's")
        return {
            "estimator": mixture.GaussianMixture(2, random_state=0).fit(np.random.default_rng(0).normal(size=(60, 2)))
        }
    if heading == "Keras, or anything that predicts":
        return {"model": recipe("keras_like").build(), "n_features": 2}
    adapter = recipe("numpy_made").factory()
    return {"adapter": adapter, "my_adapter": lambda: adapter, "np": np}


MODELS = ["NumPy", "torch", "JAX", "scikit-learn", "Keras, or anything that predicts"]
QUESTIONS = ["Answers about ranges", "Answers about some columns"]
HEADINGS = ["One layer", *MODELS, "One check at a time", *QUESTIONS, "In your own tests"]


def test_every_block_of_the_page_is_run_below() -> None:
    assert list(dict.fromkeys(heading for heading, _ in blocks("python"))) == HEADINGS


@pytest.mark.parametrize("heading", HEADINGS)
def test_the_code_of_the_page_runs(heading: str, capsys: pytest.CaptureFixture[str]) -> None:
    names = given(heading)
    for title, text in blocks("python"):
        if title == heading:
            exec(compile(text, f"README.md, {heading}", "exec"), names)
    printed = capsys.readouterr().out
    assert ("model: all right" in printed) == (heading in MODELS), printed
    if heading == "One layer":
        (said,) = [text for title, text in blocks("text") if title == heading]
        assert (
            without_digits(said)
            == without_digits(printed[printed.index("check_vjp FAILED") :])[: len(said.splitlines())]
        )
        assert [line.split(":")[0] for line in printed.splitlines() if line.startswith("check_vjp")] == [
            "check_vjp passed", "check_vjp FAILED", "check_vjp passed", "check_vjp passed"
        ]  # fmt: skip
    if heading == "In your own tests":
        ids = [param.id for mark in names["test_my_model"].pytestmark for param in mark.args[1]]
        assert "NumPy MADE-gradient" in ids


def without_digits(text: str) -> list[str]:
    """The words of each line: numbers may round otherwise elsewhere, and seconds do."""
    return [" ".join(re.sub(r"-?\d+(\.\d+)?(e[-+]\d+)?", "#", line).split()) for line in text.splitlines()]


def test_the_report_of_the_page_is_what_the_suite_says() -> None:
    (printed,) = [text for heading, text in blocks("text") if heading == "A failing report, line by line"]
    assert recipe("torch_made")
    report = str(suite(load_adapter("torch_made:faulty")))
    assert without_digits(printed) == without_digits(report)


def test_the_page_names_every_check_and_every_field() -> None:
    for check in testing.checks(Adapter(n_features=2)):
        assert f"`{check.name}`" in PAGE, check.name
    for name in testing.__all__:
        if name.startswith("check_"):
            assert f"`{name}`" in PAGE, name
