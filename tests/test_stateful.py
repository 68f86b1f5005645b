"""A run of random sequences counts its calls, keeps them, goes on, and tells what was wrong by its round."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pandas", reason="densities learn a data frame")
pytest.importorskip("sklearn", reason="densities are cloned")
if not hasattr(os, "fork"):
    pytest.skip("rounds are played by forks", allow_module_level=True)

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

import stateful


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["stateful.py", *words])
    return stateful.main()


def test_a_run_that_was_ended_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds = []

    def played(kind: str, seed: int, backends: Any) -> tuple[dict[str, int], list[str]]:
        rounds.append((kind, seed))
        return {"fit": 60, "fit, wrongly": 40}, ["network 1: AssertionError: oh\nstate"] if len(rounds) == 4 else []

    monkeypatch.setattr(stateful, "played", played)
    store = tmp_path / "done.json"
    assert run(monkeypatch, "--calls", "300", "--store", str(store)) == 0
    assert run(monkeypatch, "--calls", "300", "--store", str(store)) == 0
    assert rounds == [("network", 0), ("density", 0), ("interface", 0)]
    assert run(monkeypatch, "--calls", "301", "--store", str(store)) == 1
    assert rounds[3:] == [("network", 1)]
    assert json.loads(store.read_text())["network"]["calls"] == {"fit": 120, "fit, wrongly": 80}
    told = store.with_suffix(".md").read_text()
    assert f"| network | 2 | {2 * stateful.SEQUENCES['network']} | 200 | 80 | 1 | 1 |" in told
    assert "| **all** | 4 | " in told
    assert "- network 1: AssertionError: oh\n" in told
    assert "state\n" not in told.split("Each by its round:")[1]


def test_a_round_that_finds_something_or_dies_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: Any) -> int:
        stateful.Watched.calls["fit"] += 1
        raise AssertionError("theta has changed")

    monkeypatch.setattr(stateful, "play", failing)
    calls, wrong = stateful.played("network", 5, ["numpy"])
    assert calls == {"fit": 1}
    assert wrong[0].startswith("network 5: AssertionError: theta has changed")
    monkeypatch.setattr(stateful, "play", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    assert stateful.played("network", 6, ["numpy"]) == ({}, ["network 6: the process died, status -9"])
