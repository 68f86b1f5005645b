"""The script that measures the twenty DEBD sets, on small tables of our own; what it has stored."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from made_np import MADEDensity
from made_np.datasets import BINARY_SETS, load_binary

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"
sys.path.insert(0, str(SCRIPTS))

import debd  # noqa: E402
import debd_mixtures  # noqa: E402
from debd import MIXTURES, code_version, is_better, page, summary, table  # noqa: E402
from debd_mixtures import MEMBERS, Scores, log_mean, mixture, order_of, weights_of  # noqa: E402
from defaults import fit_and_test  # noqa: E402
from paper.store import read, write  # noqa: E402
from paper.twenty import MEMORY, STORED, TWENTY  # noqa: E402

SHORT: dict[str, Any] = {"order": "natural", "n_masks": 1, "weight_decay": 0.0, "dropout": 0.0, "max_epochs": 100}
"""Options of a fit that tries nothing out."""


def run_of(test: float, **more: Any) -> dict[str, Any]:
    """What is stored of a fit with this test NLL."""
    return {
        "test": test, "standard_error": 0.01, "seconds": 60.0, "cpu_seconds": 99.5, "epochs": 3,
        "stopped_by": "patience", "chosen": ["natural", 1, 0.0003], "tree": 7.0, "sizes": [16, 9, 5, 4],
        "code": "0" * 12, **more,
    }  # fmt: skip


def test_there_are_twenty_sets_that_can_be_loaded_and_each_figure_says_where_it_is_from() -> None:
    assert len(TWENTY) == 20
    assert set(TWENTY) <= set(BINARY_SETS)
    assert {best.source for best in TWENTY.values()} == {STORED, MEMORY}


def test_a_set_is_measured_once_by_the_same_code_and_the_page_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    first = rng.integers(0, 2, size=(90, 4), dtype=np.uint8)
    rows = np.concatenate([first, first ^ (rng.random((90, 4)) < 0.1)], axis=1).astype(np.uint8)
    parts = zip(("train", "valid", "test"), np.split(rows, [30, 60]), strict=True)
    np.savez(tmp_path / "nltcs.npz", n_features=8, **{name: np.packbits(part, axis=1) for name, part in parts})
    monkeypatch.setenv("MADE_NP_DATA", str(tmp_path))
    store = tmp_path / "debd.json"
    monkeypatch.setattr(sys, "argv", ["debd.py", "--sets", "nltcs", "--results", str(store)])
    monkeypatch.setattr(debd, "fit_and_test", lambda options, *parts: fit_and_test({**options, **SHORT}, *parts))
    write(store, {"plants": run_of(12.0)})

    def measure() -> str:
        debd.main()
        return capsys.readouterr().out

    printed = measure()
    run = read(store)["nltcs"]
    assert read(store)["plants"] == run_of(12.0)  # what was there stays
    assert 0 < run["test"] < 8 * np.log(2)  # nats: less than eight fair coins
    assert run["sizes"] == [8, 30, 30, 30]
    assert f"**{run['test']:.3f}** +- {run['standard_error']:.3f}" in printed
    assert store.with_suffix(".md").read_text() == page(printed[printed.index("| set") :].removesuffix("\n"))
    changed = {**run, "test": 99.0}
    write(store, {"nltcs": changed})
    assert "**99.000**" in measure()  # nothing was fitted again
    write(store, {"nltcs": {**changed, "code": "of another time"}})
    measure()
    assert read(store)["nltcs"]["test"] == pytest.approx(run["test"])


def test_the_command_begins_without_the_data_by_saying_where_it_looked(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPTS / "debd.py"), "--sets", "nltcs", "--results", str(tmp_path / "debd.json")]
    environment = {**os.environ, "MADE_NP_DATA": str(tmp_path), "PYTHONPATH": str(SCRIPTS.parent)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "nltcs.npz" in done.stderr


def test_the_version_of_the_code_changes_with_what_a_fit_goes_through_and_with_nothing_else(tmp_path: Path) -> None:
    package = tmp_path / "made_np"
    for part in ("estimator/rules.py", "layers.py", "cli/train.py"):
        (package / part).parent.mkdir(parents=True, exist_ok=True)
        (package / part).write_text("A = 1\n")
    parts = ("estimator", "layers.py")
    before = code_version(package, parts)
    (package / "cli" / "train.py").write_text("A = 2\n")
    (package / "estimator" / "rules.py").write_text('"""Rules."""\n\nA = 1  # but one\n"""What A is."""\n')
    assert code_version(package, parts) == before
    (package / "estimator" / "rules.py").write_text("A = 2\n")
    assert code_version(package, parts) != before
    import made_np

    assert len(code_version(Path(made_np.__file__).parent)) == 12


def test_better_is_less_at_the_published_digits() -> None:
    best = TWENTY["nltcs"].nll
    assert [is_better("nltcs", run_of(best + by)) for by in (-0.006, -0.004, 0.0, 0.01)] == [True, False, False, False]


def test_the_table_counts_and_averages_what_is_there() -> None:
    text = table({"nltcs": run_of(5.9), "plants": run_of(12.3)}, {"nltcs": {"free": {"test": 5.991}}}, {})
    assert "1 of 2 are better" in text
    assert "2 minutes in all. Fitted by the code 000000000000 (2)." in text
    assert f"9.100 nats; of the best published rows {(5.99 + 12.26) / 2:.3f}" in text
    assert "| yes |  |  | 5.991 | natural, 1, 0.0003 | 3 | 60 | 100 |" in text
    assert "msnbc" not in text


def test_mixtures_have_a_column_and_a_sentence_of_their_own() -> None:
    mixed = {"nltcs": {"test": 5.984, "standard_error": 0.05, "cpu_seconds": 7200.0, "code": "0" * 12}}
    text = table({"nltcs": run_of(5.996), "plants": run_of(12.3)}, {}, mixed)
    assert "| **5.996** +- 0.010 | no | **5.984** +- 0.050 | yes |  |" in text
    assert "Of 1 mixtures of four fits 1 are better, with a mean of 5.984 nats." in text
    assert "Their fits took 2.0 hours of one core, by the code 000000000000." in text


def test_the_page_says_what_is_stored() -> None:
    results = SCRIPTS / "results"
    stored = read(results / "debd.json")
    assert stored
    assert (results / "debd.md").read_text() == page(
        table(stored, read(results / "paper.json"), read(results / MIXTURES))
    )


def test_readme_has_all_twenty_as_they_are_stored() -> None:
    stored = read(SCRIPTS / "results" / "debd.json")
    assert set(stored) == set(TWENTY)
    readme = (SCRIPTS.parent / "README.md").read_text(encoding="utf-8")
    assert f"\n{summary(stored)}\n" in readme
    better = sum(is_better(name, run) for name, run in stored.items())
    ours = np.mean([run["test"] for run in stored.values()])
    theirs = np.mean([best.nll for best in TWENTY.values()])
    assert f"({better} of 20; mean {ours:.2f}, of those rows {theirs:.2f})" in readme
    minutes = sum(run["seconds"] for run in stored.values()) / 60
    assert f"them in {minutes:.0f} minutes on two cores" in readme


def test_the_table_of_readme_has_two_halves_with_better_rows_in_bold() -> None:
    lines = summary({"nltcs": run_of(5.9), "plants": run_of(12.3), "book": run_of(33.0)}).splitlines()
    assert lines[2:] == ["| nltcs | 5.99 | **5.90** | book | 33.53 | **33.00** |", "| plants | 12.26 | 12.30 | | | |"]


def test_weights_are_those_that_make_rows_most_likely() -> None:
    """Rows drawn from .7 a + .3 b ask for these weights; a member that is nowhere likely gets none."""
    rng = np.random.default_rng(0)
    a, b, never = np.array([0.6, 0.3, 0.1]), np.array([0.1, 0.3, 0.6]), np.array([0.01, 0.98, 0.01])
    rows = rng.choice(3, p=0.7 * a + 0.3 * b, size=40_000)
    log_p = np.log(np.stack([a[rows], b[rows], never[rows]]))
    weights = weights_of(log_p)
    assert weights == pytest.approx([0.7, 0.3, 0], abs=0.03)
    around = [weights + step * (np.eye(3)[k] - weights) for k in range(3) for step in (0.01, 0.05)]
    least = log_mean(log_p, weights).mean()
    assert all(log_mean(log_p, each).mean() <= least + 1e-6 for each in around)


def test_a_mixture_of_fits_is_a_density_that_is_tested_with_weights_of_validation_rows() -> None:
    rng = np.random.default_rng(1)
    p = rng.dirichlet(np.ones(8), size=2)
    every = np.log(p)
    assert np.exp(log_mean(every, np.array([0.25, 0.75]))).sum() == pytest.approx(1)
    valid, test = rng.choice(8, p=p[1], size=(2, 3000))
    found = mixture([Scores(row[valid], row[test], 10.0) for row in every])
    assert found["weights"][1] > 0.9
    assert found["test"] == pytest.approx(-every[1][test].mean(), abs=0.02)
    assert found["test"] < found["one"]
    assert found["cpu_seconds"] == 20


@pytest.mark.parametrize("chosen", [["natural", 1, 0.0], ["found", "both ways", 0.0], ["found", 1, 0.0]])
def test_members_have_orders_of_their_own(chosen: list[Any]) -> None:
    train = np.random.default_rng(2).integers(0, 2, size=(50, 6), dtype=np.uint8)
    orders = [order_of(k, train, chosen) for k in range(MEMBERS)]
    for order in orders:
        assert np.array_equal(np.sort(order, axis=-1), np.broadcast_to(np.arange(6), np.shape(order)))
    assert len({tuple(np.ravel(order)) for order in orders}) == MEMBERS
    assert order_of(1, train, ["random", 64, 0.0]) == "random"


def test_a_member_is_fitted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    first = rng.integers(0, 2, size=(90, 3), dtype=np.uint8)
    parts = zip(("train", "valid", "test"), np.split(np.concatenate([first, first], axis=1), [30, 60]), strict=True)
    np.savez(tmp_path / "nltcs.npz", n_features=6, **{name: np.packbits(part, axis=1) for name, part in parts})
    data = load_binary("nltcs", tmp_path)
    short = {**SHORT, "max_epochs": 3}
    for option in ("order", "n_masks", "weight_decay"):
        del short[option]
    fits: list[Any] = []

    def density(**options: Any) -> MADEDensity:
        fits.append(options)
        return MADEDensity(**options, **short)

    monkeypatch.setattr(debd_mixtures, "MADEDensity", density)
    one = debd_mixtures.member("nltcs", 1, data, ["natural", "both ways", 0.01], tmp_path)
    again = debd_mixtures.member("nltcs", 1, data, ["natural", "both ways", 0.01], tmp_path)
    assert len(fits) == 1
    assert fits[0]["n_masks"] == 2
    np.testing.assert_array_equal(one.test, again.test)
    assert one.test.shape == (30,)
