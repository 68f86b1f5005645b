"""How the machines of this folder are run: where, in which size, from which seed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import hypothesis
from constants import try_none_of_modules
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from fuzz.density_machine import DensityMachine
from fuzz.interface_machine import InterfaceMachine
from fuzz.models import write_files
from fuzz.network_machine import NetworkMachine
from fuzz.watched import Watched
from made_np.questions import sampling

MACHINES: tuple[type[Watched], ...] = (NetworkMachine, DensityMachine, InterfaceMachine)
STEPS = 25
"""Rules of one sequence, at most."""
FEW = 1 << 9
"""Rows that answers are counted in, instead of some hundred thousand: sums are still exact."""


def play(machine: type[Watched], seed: int, sequences: int, backends: Sequence[str] = ("numpy",)) -> int:
    """Run so many sequences of a machine, and return how many calls these have made; a fault is raised."""
    before = Watched.calls.total()
    own = type(machine.__name__, (machine,), {"backends": tuple(backends)})
    size = settings(
        max_examples=sequences,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    with stage():
        run_state_machine_as_test(hypothesis.seed(seed)(own), settings=size)
    return Watched.calls.total() - before


@contextmanager
def stage() -> Iterator[None]:
    """Run in a folder of its own, with files to be read, by draws that do not depend on which modules are loaded."""
    home = Path.cwd()
    few = mock.patch.multiple(sampling, MOST_ROWS=FEW, ENOUGH_ROWS=FEW, FEWEST_ROWS=FEW)
    unsynced = mock.patch.object(os, "fsync", return_value=None)  # no power is cut here
    try_none_of_modules()
    with tempfile.TemporaryDirectory() as folder, few, unsynced:
        write_files(Path(folder))
        with mock.patch.dict(os.environ, {"MADE_NP_DATA": folder}):
            os.chdir(folder)
            try:
                yield
            finally:
                os.chdir(home)
