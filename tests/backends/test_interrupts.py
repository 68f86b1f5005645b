"""Ctrl-C in the pool of threads: at every instruction of the caller, and at any moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
POOL = HERE.parents[1] / "made_np" / "backends" / "_numba" / "threads.py"
NO_TIMER = not hasattr(signal, "setitimer")


def interrupt(how: str, n_threads: int, how_many: int, timeout: float = 60.0) -> int:
    """Return how often a process of its own was interrupted; it fails if it hangs, or if something went wrong."""
    command = [sys.executable, str(HERE / "interrupts.py"), str(POOL), how, str(n_threads), str(how_many)]
    env = {name: value for name, value in os.environ.items() if name != "COVERAGE_PROCESS_START"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=env, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_ctrl_c_at_every_instruction(n_threads: int) -> None:
    assert interrupt("instructions", n_threads, 1) > 250


def test_ctrl_c_at_every_instruction_and_while_it_cleans_up() -> None:
    assert interrupt("instructions", 2, 3) > 500


@pytest.mark.skipif(NO_TIMER, reason="this system has no timer that interrupts")
@pytest.mark.parametrize("n_threads", [1, 2])
def test_ctrl_c_at_any_moment(n_threads: int) -> None:
    assert interrupt("signals", n_threads, 3000) >= 3000


@pytest.mark.slow
@pytest.mark.skipif(NO_TIMER, reason="this system has no timer that interrupts")
@pytest.mark.parametrize("n_threads", [1, 2])
def test_ctrl_c_a_hundred_thousand_times(n_threads: int) -> None:
    assert interrupt("signals", n_threads, 100_000, timeout=1800) >= 100_000
