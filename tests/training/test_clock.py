"""A run that ends by the wall clock: in time, annealed, validated."""

from __future__ import annotations

import math
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from made_np import MADE, fit
from made_np.training import clock as clocks
from made_np.training.clock import Clock

X = np.random.default_rng(0).random((300, 6)) < 0.3
VALID = np.random.default_rng(1).random((100, 6)) < 0.3


class Ticking:
    """A clock that goes on by so much with every look at it."""

    def __init__(self, tick: float) -> None:
        self.tick = tick
        self.now = 0.0

    def perf_counter(self) -> float:
        self.now += self.tick
        return self.now


@pytest.fixture
def ticking(monkeypatch: pytest.MonkeyPatch) -> Ticking:
    """A time that depends on what is done alone, not on the machine."""
    found = Ticking(0.01)
    monkeypatch.setattr(clocks, "time", found)
    monkeypatch.setattr("made_np.training.fit.time", found)
    return found


def run(**options: Any) -> Any:
    made = MADE(6, hidden=(5,), backend="numpy")
    return fit(made, X, **{"batch_size": 10, "max_epochs": 10**6, "patience": 10**6, **options})


def multipliers(**options: Any) -> tuple[list[float], Any]:
    """What the schedule said at each step."""
    said: list[float] = []

    def cosine(step: int, total_steps: int) -> float:
        said.append((1 + math.cos(math.pi * step / total_steps)) / 2)
        return said[-1]

    return said, run(schedule=cosine, **options)


@pytest.mark.parametrize("valid", [None, VALID])
def test_it_ends_in_time_in_the_midst_of_an_epoch_if_need_be(valid: Any, ticking: Ticking) -> None:
    result = run(max_seconds=7.0, valid=valid)
    assert result.stopped_by == "max_seconds"
    assert 6.5 < result.seconds <= 7.1
    assert result.history["seconds"][-1] <= 7.1
    losses = result.history["train"]
    assert 0.5 * losses[0] < losses[-1] < 2 * losses[0], "a mean over the rows that were met"


def test_the_rate_comes_to_its_end_with_the_time(ticking: Ticking) -> None:
    said, _ = multipliers(max_seconds=20.0)
    assert said[1] > 0.99  # asked once before, for the look at the arguments
    assert said[-1] < 1e-4
    half = said[len(said) // 2]
    assert half == pytest.approx(0.5, abs=0.05)
    assert max(np.diff(said[1:])) < 0.02, "it falls"


def test_the_rate_heeds_a_machine_that_becomes_slow(ticking: Ticking) -> None:
    def slower(info: Any) -> None:
        ticking.tick = 0.01 if info.epoch < 5 else 0.05

    said, result = multipliers(max_seconds=20.0, callbacks=[slower])
    assert result.stopped_by == "max_seconds"
    assert said[-1] < 1e-3


def test_epochs_that_end_sooner_decide_the_rate(ticking: Ticking) -> None:
    said, result = multipliers(max_seconds=1e6, max_epochs=3)
    assert result.stopped_by == "max_epochs"
    wanted = [(1 + math.cos(math.pi * step / 90)) / 2 for step in range(90)]
    assert said[-90:] == wanted


def test_the_end_is_validated_whenever_that_is_due(ticking: Ticking) -> None:
    result = run(max_seconds=5.0, valid=VALID, validate_every=10**6)
    assert not math.isnan(result.history["valid"][-1])
    assert all(map(math.isnan, result.history["valid"][:-1]))


def test_time_is_kept_for_the_last_validation() -> None:
    clock = Clock(time.perf_counter() - 6.0, limit=10.0, reserve=5.0)
    assert clock.is_over()
    clock.reserve = 1.0
    assert clock.share() == pytest.approx(6 / 9, abs=1e-3)
    assert clock.expected_steps(done=100, most=10**6) in (150, 151)
    assert clock.expected_steps(done=100, most=120) == 120
    assert clock.expected_steps(done=0, most=120) == 1
    assert Clock(time.perf_counter()).expected_steps(done=0, most=120) == 120
    assert Clock(time.perf_counter(), limit=1.0, reserve=2.0).is_over()


def test_no_time_at_all_gives_the_start_back() -> None:
    result = run(max_seconds=1e-9, valid=VALID)
    assert (result.stopped_by, result.history["epoch"], result.best_epoch) == ("max_seconds", [], 0)


def test_without_a_limit_nothing_changes() -> None:
    first = run(max_epochs=3, valid=VALID, schedule="cosine")
    second = run(max_epochs=3, valid=VALID, schedule="cosine", max_seconds=1e9)
    assert np.array_equal(first.theta, second.theta)


def test_it_goes_on_from_a_checkpoint_with_the_time_that_is_left(tmp_path: Path, ticking: Ticking) -> None:
    path = tmp_path / "run.npz"
    first = run(max_seconds=5.0, checkpoint=path)
    assert len(X) / 10 * len(first.history["epoch"]) > 0
    again = run(max_seconds=5.0, checkpoint=path)
    assert again.history["train"] == first.history["train"]
    assert again.stopped_by == "max_seconds"
    more = run(max_seconds=9.0, checkpoint=path)
    assert len(more.history["epoch"]) > len(first.history["epoch"])
    assert more.history["train"][: len(first.history["train"])] == first.history["train"]


def test_it_ends_by_the_clock_of_the_wall() -> None:
    start = time.perf_counter()
    worked = time.process_time()
    result = run(max_seconds=0.5, valid=VALID)
    assert result.stopped_by == "max_seconds"
    assert time.perf_counter() - start > 0.3
    assert time.process_time() - worked < 3.0  # of the wall it may be more, where other processes are at work


def test_a_bar_and_lines_tell_the_time_that_is_left(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, ticking: Ticking
) -> None:
    pytest.importorskip("tqdm")
    run(max_seconds=5.0, progress=True)
    err = capsys.readouterr().err
    assert "<" in err
    assert "nats" in err
    assert "step" not in err
    monkeypatch.setitem(sys.modules, "tqdm", None)
    run(max_seconds=5.0, progress=True)
    lines = capsys.readouterr().err.splitlines()
    left = [float(line.split("at most ")[1].split()[0]) for line in lines]
    assert left == sorted(left, reverse=True)
    assert left[0] > 3
    assert left[-1] < 0.5


@pytest.mark.parametrize(
    ("value", "error"),
    [(0, ValueError), (-1, ValueError), (math.nan, ValueError), (math.inf, ValueError), ("1", TypeError)],
)
def test_other_limits_are_refused(value: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="max_seconds="):
        run(max_seconds=value)
