"""The scripts that train on the paper's data sets, on small tables of our own."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from made_np.datasets import Dataset

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"
ROWS = np.random.default_rng(5).integers(0, 2, size=(40, 12), dtype=np.uint8)
sys.path.insert(0, str(SCRIPTS))

import defaults  # noqa: E402
import reproduce_paper  # noqa: E402
from other_tables import load_table  # noqa: E402
from paper.published import FIRST_TRY  # noqa: E402
from paper.recipes import AS_PAPERS, FREE, PAPER_8000, RECIPES, Recipe  # noqa: E402
from paper.runs import test as nll_of  # noqa: E402
from paper.runs import train  # noqa: E402
from paper.space import draws, options  # noqa: E402
from paper.store import read, write  # noqa: E402
from paper.table import markdown  # noqa: E402
from paper.tree import chow_liu_nll, pair_counts  # noqa: E402


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a small set in the place of nltcs."""
    rng = np.random.default_rng(0)
    first = rng.integers(0, 2, size=(300, 4), dtype=np.uint8)
    rows = np.concatenate([first, first ^ (rng.random((300, 4)) < 0.1)], axis=1).astype(np.uint8)
    parts = dict(zip(("train", "valid", "test"), np.split(rows, [150, 200]), strict=True))
    packed = {name: np.packbits(part, axis=1) for name, part in parts.items()}
    np.savez(tmp_path / "nltcs.npz", n_features=8, **packed)
    return tmp_path


def reproduce(folder: Path, *arguments: str) -> str:
    """Do on that folder what the script does, and return what it prints."""
    line = ["reproduce_paper.py", "--sets", "nltcs", "--quiet", "--results", str(folder / "paper.json")]
    line += ["--work", str(folder / "work"), *arguments]
    printed = StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(printed):
        patch.setattr(sys, "argv", line)
        patch.setenv("MADE_NP_DATA", str(folder))
        reproduce_paper.main()
    return printed.getvalue()


def test_reproduce_trains_once_writes_down_all_and_goes_on_where_it_stopped(folder: Path) -> None:
    interrupted = reproduce(folder, "--settings", FREE, "--budget", "1e-3")
    assert "the time is up" in interrupted
    assert not (folder / "paper.json").exists()
    assert "test" in reproduce(folder, "--settings", FREE)
    run = read(folder / "paper.json")["nltcs"][FREE]
    assert Recipe.from_dict(run["recipe"]) == RECIPES["nltcs"][FREE]
    assert run["rows"] == 100
    assert len(run["theta_sha256"]) == 64
    assert 0 < run["test"] < 8 * np.log(2)
    before = (folder / "paper.json").read_bytes()
    assert "valid" in reproduce(folder, "--settings", FREE)  # of the table: nothing was trained again
    assert (folder / "paper.json").read_bytes() == before


def test_interrupted_run_ends_with_the_parameters_of_one_that_was_not(folder: Path) -> None:
    reproduce(folder, "--settings", FREE, "--budget", "1e-3")
    reproduce(folder, "--settings", FREE)
    first = read(folder / "paper.json")["nltcs"][FREE]
    (folder / "paper.json").unlink()
    reproduce(folder, "--settings", FREE, "--work", str(folder / "elsewhere"))
    second = read(folder / "paper.json")["nltcs"][FREE]
    assert first["theta_sha256"] == second["theta_sha256"]


def test_a_run_of_so_many_seconds_ends_by_then_and_is_repeated_only_for_more(folder: Path) -> None:
    (folder / "nltcs.npz").rename(folder / "binarized_mnist.npz")

    def run(seconds: str, *arguments: str) -> str:
        settings = ["--settings", PAPER_8000, "--quick", "--seconds", seconds]
        return reproduce(folder, "--sets", "binarized_mnist", *settings, *arguments)

    assert "valid" in run("0.1")
    stored = read(folder / "work" / "quick.json")
    first = stored["binarized_mnist"][PAPER_8000]
    assert first["stopped_by"] == "max_seconds"
    assert first["limit"] == 0.1
    assert first["seconds"] < 60
    assert first["recipe"]["hidden"] == [80, 80]
    assert first["masks"] == 32
    assert 0 < first["test"] < 10  # nats: it has hardly begun
    assert f"({PAPER_8000}): **{first['test']:.2f}** +- " in run("0.05")
    assert read(folder / "work" / "quick.json") == stored  # nothing was trained again
    run("0.2")
    assert read(folder / "work" / "quick.json")["binarized_mnist"][PAPER_8000]["limit"] == 0.2
    assert not (folder / "paper.json").exists()
    assert not list((folder / "work").glob("binarized_mnist*"))  # no checkpoint


def test_the_largest_model_is_trained_only_if_it_is_asked_for(folder: Path) -> None:
    (folder / "nltcs.npz").rename(folder / "binarized_mnist.npz")
    printed = reproduce(folder, "--sets", "binarized_mnist", "--quick", "--seconds", "0.2")
    assert printed.count("Recipe(") == 2
    assert PAPER_8000 not in printed


def test_sweep_keeps_what_it_did_and_prints_it(folder: Path) -> None:
    pytest.importorskip("joblib")
    pytest.importorskip("tqdm")
    command = [sys.executable, str(SCRIPTS / "sweep.py"), "draws", "--sets", "nltcs", "--minutes", "0.001"]
    command += ["--results", str(folder / "draws.json"), "--jobs", "1"]
    environment = {**os.environ, "MADE_NP_DATA": str(folder), "PYTHONPATH": str(SCRIPTS.parent)}

    def sweep(n: int) -> str:
        more = ["--n", str(n)]
        return subprocess.run(command + more, env=environment, capture_output=True, text=True, check=True).stdout

    first = sweep(2)
    before = read(folder / "draws.json")["nltcs"]
    assert first.count("| nltcs |") == len(before) == 2
    assert {run["stopped_by"] for run in before.values()} <= {"time", "max_epochs", "patience"}
    sweep(3)
    after = read(folder / "draws.json")["nltcs"]
    assert len(after) == 3
    assert {key: after[key] for key in before} == before  # with the seconds that they took: nothing ran again


@pytest.mark.parametrize("name", RECIPES)
def test_recipes_can_be_built_and_the_papers_setting_knows_no_natural_order(name: str) -> None:
    for setting, recipe in RECIPES[name].items():
        made = recipe.made(ROWS)
        assert made.n_features == 12
        if setting == AS_PAPERS:
            assert recipe.order in ("shuffled", "random")


def test_defaults_are_measured_once_and_held_against_the_first_try(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["defaults.py", "--sets", "nltcs", "--results", str(folder / "d.json")])
    monkeypatch.setenv("MADE_NP_DATA", str(folder))
    fit_and_test = defaults.fit_and_test
    asked = []

    def briefly(options: dict[str, Any], *parts: Any) -> dict[str, Any]:
        asked.append(options)
        return fit_and_test({**options, "max_epochs": 30}, *parts)

    monkeypatch.setattr(defaults, "fit_and_test", briefly)

    def measure() -> str:
        defaults.main()
        return capsys.readouterr().out

    first = measure()
    run = read(folder / "d.json")["nltcs"]
    assert 0 < run["test"] < 8 * np.log(2)  # nats: less than eight fair coins
    assert run["first_try"] == FIRST_TRY["nltcs"]
    order, n_masks, decay = run["chosen"]
    assert order in ("natural", "found", "random")
    assert f"| nltcs | 6.00 | **{run['test']:.2f}** +- " in first
    assert f"| {order}, {n_masks}, {decay} |" in first
    assert measure() == first[first.index("Test NLL") :]  # nothing was fitted again
    assert asked == [{}]  # nothing is set


def test_tables_are_divided_without_overlap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.random.default_rng(0).random((60, 3))
    np.savez(tmp_path / "uci_continuous.npz", wine_red=rows)
    patches = np.random.default_rng(1).integers(0, 256, size=(20, 64), dtype=np.uint8)
    np.savez(tmp_path / "bsds300_patches.npz", train=patches[:12], test=patches[12:])
    monkeypatch.setenv("MADE_NP_DATA", str(tmp_path))
    train, test = load_table("wine_red")
    assert (train.shape, test.shape) == ((54, 3), (6, 3))
    assert sorted(map(tuple, np.concatenate([train, test]))) == sorted(map(tuple, rows))
    train, test = load_table("bsds300_patches")
    assert (train.shape, test.shape) == ((12, 63), (8, 63))
    whole = patches[12:] / 256
    assert np.abs(test - (whole - whole.mean(axis=1, keepdims=True))[:, :-1]).max() < 1 / 128  # the noise


def test_the_page_of_results_says_what_defaults_were_measured() -> None:
    results = read(SCRIPTS / "results" / "defaults.json")
    text = (SCRIPTS.parent / "docs" / "results.md").read_text()
    section = text[text.index("## With nothing set") :].split("\n## ")[0]
    rows = [[cell.strip(" *") for cell in line.split("|")[1:-1]] for line in section.splitlines() if "|" in line][2:]
    assert len(rows) > 10
    for name, first_try, said, _, seconds in rows:
        run = results[name]
        assert float(said) == round(run["test"], 2), name
        assert first_try == ("" if run["first_try"] is None else f"{run['first_try']:.2f}"), name
        assert float(seconds) == round(run["seconds"]), name


def test_recipe_survives_json_and_its_key_tells_recipes_apart() -> None:
    recipe = Recipe(hidden=(7, 7), n_masks=4, order="random", fit={"dropout": 0.5, "weight_decay": {"W0": 0.1}})
    again = Recipe.from_dict(json.loads(json.dumps(recipe.to_dict())))
    assert again == recipe
    assert again.key == recipe.key
    assert len({recipe.key for _, recipe in [*options(), *draws(20, 0, True)]}) == len(list(options())) + 20


def test_shuffled_order_depends_on_the_seed_alone() -> None:
    first, again, other = (Recipe(seed=seed).made(ROWS).order for seed in (0, 0, 1))
    assert first == again != other
    assert sorted(first) == list(range(12))


def test_recipes_for_one_hot_columns_and_for_both_ways_build_what_they_say() -> None:
    codes = np.random.default_rng(6).integers(0, 3, (60, 4))
    rows = (codes[:, :, None] == np.arange(3)).reshape(60, 12).astype(np.uint8)
    recipe = Recipe((20,), "auto", one_hot=True, both_ways=True, direct=False, fit={"max_epochs": 2})
    made, _ = recipe.train(rows[:40], rows[40:])
    assert made.n_features == 4
    assert made.n_masks == 2
    first, second = made.order
    assert first == second[::-1]
    trained = train(recipe, Dataset("", rows[:40], rows[40:50], rows[50:], "", "", ""))
    assert trained is not None
    assert trained.made == made
    expected = -made.log_prob(trained.result.theta, codes[50:]).mean()
    assert nll_of(trained, Dataset("", rows[:0], rows[:0], rows[50:], "", "", ""))["test"] == pytest.approx(expected)
    assert Recipe((20,), "natural", both_ways=True).made(rows).order[1] == tuple(range(11, -1, -1))
    for wrong in ({"order": "random"}, {"order": "reverse"}, {"n_masks": 8}):
        with pytest.raises(ValueError, match="it wants one order"):
            Recipe(both_ways=True, **wrong)


def test_draws_for_the_papers_setting_never_use_the_natural_order() -> None:
    assert {recipe.order for _, recipe in draws(60, 1, True)} == {"shuffled", "random"}
    assert "natural" in {recipe.order for _, recipe in draws(60, 1, False)}


def test_chow_liu_tree_is_a_density_and_finds_a_chain() -> None:
    rng = np.random.default_rng(1)
    train = np.cumsum(rng.random((400, 5)) < 0.2, axis=1) % 2
    rows = np.array(list(itertools.product((0, 1), repeat=5)))
    assert np.exp(-chow_liu_nll(train, rows)).sum() == pytest.approx(1.0, abs=1e-12)
    flips = (train[:, 1:] != train[:, :-1]).mean(axis=0)
    entropy = -sum(p * np.log(p) + (1 - p) * np.log(1 - p) for p in [train[:, 0].mean(), *flips])
    assert chow_liu_nll(train, train).mean() == pytest.approx(entropy, abs=0.02)


def test_pair_counts_count() -> None:
    rows = np.random.default_rng(2).integers(0, 2, size=(50, 3))
    counts = pair_counts(rows)
    for i, j, a, b in itertools.product(range(3), range(3), (0, 1), (0, 1)):
        assert counts[i, j, a, b] == ((rows[:, i] == a) & (rows[:, j] == b)).sum()


def test_table_says_met_or_missed_and_leaves_out_what_is_not_there(tmp_path: Path) -> None:
    run = {
        "recipe": Recipe().to_dict(), "valid": 13.0, "test": 13.07, "standard_error": 0.02, "rows": 9, "epochs": 3,
        "masks": 1, "stopped_by": "patience", "seconds": 60.0, "theta_sha256": "0" * 64,
    }  # fmt: skip
    write(tmp_path / "r.json", {"adult": {"tree": 18.53, AS_PAPERS: run, FREE: run}})
    text = markdown(read(tmp_path / "r.json"))
    assert "**13.07** +- 0.02 | 13.08, met | **13.07** +- 0.02 | 13.05, missed" in text
    assert "dna" not in text
    assert "web_resplit" in markdown({"web_resplit": {"tree": 33.8, FREE: run}})


def test_the_page_of_results_says_what_the_results_say() -> None:
    results = read(SCRIPTS / "results" / "paper.json")
    text = (SCRIPTS.parent / "docs" / "results.md").read_text()
    section = text[text.index("## The paper's data sets") :].split("\n## ")[0]
    rows = [[cell.strip(" *") for cell in line.split("|")[1:-1]] for line in section.splitlines() if "|" in line][2:]
    assert len(rows) > 5
    for name, _, _, *ours in rows:
        found = results["binarized_mnist" if "MNIST" in name else name]
        for said, setting in zip(ours, (AS_PAPERS, FREE), strict=True):
            if said:
                assert float(said) == round(found[setting]["test"], len(said.split(".")[1])), (name, setting)


def test_stored_results_are_those_of_the_recipes() -> None:
    """Otherwise the command would train anew, and print other numbers than docs/results.md."""
    results = read(SCRIPTS / "results" / "paper.json")
    stored = {
        (name, each): results[name][each]["recipe"]
        for name in results
        for each in (AS_PAPERS, FREE)
        if each in results[name]
    }
    assert len(stored) > 10
    for (name, setting), recipe in stored.items():
        assert Recipe.from_dict(recipe) == RECIPES[name][setting], (name, setting)
