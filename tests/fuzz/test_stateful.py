"""Whatever is called in whatever sequence, models stay as they are, and machines that look find what does not hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("pandas", reason="densities learn a data frame")
pytest.importorskip("sklearn", reason="densities are cloned")

from fuzz import playing
from fuzz.density_machine import DensityMachine
from fuzz.interface_machine import InterfaceMachine
from fuzz.network_machine import NetworkMachine
from fuzz.watched import Watched
from made_np import MADE, MADEDensity
from made_np.model.scoring import Scoring

SIZES = {NetworkMachine: 12, DensityMachine: 2, InterfaceMachine: 3}
"""Sequences of each: about two thousand calls together. `scripts/stateful.py` makes a million."""


@pytest.mark.parametrize("machine", SIZES, ids=lambda machine: machine.__name__)
def test_models_stay_as_they_are_in_any_sequence_of_calls(machine: type[Watched]) -> None:
    assert playing.play(machine, 0, SIZES[machine]) > 150


def test_a_seed_says_which_calls_are_made() -> None:
    def counted(seed: int) -> dict[str, int]:
        before = Watched.calls.copy()
        playing.play(NetworkMachine, seed, 4)
        return dict(Watched.calls - before)

    first = counted(1)
    assert counted(1) == first
    assert counted(2) != first


def restless(method: Any) -> Any:
    """A method whose answers are others each time."""
    drawn = np.random.default_rng(0)
    return lambda *arguments, **named: method(*arguments, **named) * (1 + drawn.random())


def writing(method: Any) -> Any:
    """A method that writes to the parameters that it is given."""

    def call(self: Any, theta: Any, *arguments: Any, **named: Any) -> Any:
        found = method(self, theta, *arguments, **named)
        theta[:1] += 1
        return found

    return call


def careless(method: Any) -> Any:
    """A save that changes the parameters."""

    def call(self: Any, path: Any) -> Any:
        self.theta_ = self.theta_ + 1
        return method(self, path)

    return call


def global_draws(method: Any) -> Any:
    """A method that draws from the global random state of NumPy."""
    return lambda *arguments, **named: (np.random.random(), method(*arguments, **named))[1]  # noqa: NPY002


FAULTS = {
    "scores are others each time": (NetworkMachine, Scoring, "log_prob", restless),
    "an argument is written to": (NetworkMachine, Scoring, "loss_and_grad", writing),
    "the global random state is used": (NetworkMachine, MADE, "sample", global_draws),
    "terms do not add up": (DensityMachine, MADEDensity, "score_columns", restless),
    "a save changes the model": (DensityMachine, MADEDensity, "save", careless),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_does_not_hold_is_found(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kind, owner, name, breaks = FAULTS[fault]
    monkeypatch.setattr(owner, name, breaks(getattr(owner, name)))
    with playing.stage(), kind() as machine, pytest.raises(AssertionError):
        _one_of_each_rule(machine)


def _one_of_each_rule(machine: Any) -> None:
    """Make what a machine checks, once."""
    machine.begin(seed=0)
    machine._it_is_as_it_was()
    if isinstance(machine, DensityMachine):
        machine.fit(seed=0)
        machine.scores(seed=0)
        machine.copies(seed=0)
