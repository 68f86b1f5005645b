"""The script that measures the twenty DEBD sets, on small tables of our own; what it has stored."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from made_np.datasets import BINARY_SETS

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"
sys.path.insert(0, str(SCRIPTS))

import debd  # noqa: E402
from debd import code_version, is_better, page, summary, table  # noqa: E402
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
    text = table({"nltcs": run_of(5.9), "plants": run_of(12.3)}, {"nltcs": {"free": {"test": 5.991}}})
    assert "1 of 2 are better" in text
    assert "2 minutes in all. Fitted by the code 000000000000 (2)." in text
    assert f"9.100 nats; of the best published rows {(5.99 + 12.26) / 2:.3f}" in text
    assert "| yes | 5.991 | natural, 1, 0.0003 | 3 | 60 | 100 |" in text
    assert "msnbc" not in text


def test_the_page_says_what_is_stored() -> None:
    results = SCRIPTS / "results"
    stored = read(results / "debd.json")
    assert stored
    assert (results / "debd.md").read_text() == page(table(stored, read(results / "paper.json")))


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
