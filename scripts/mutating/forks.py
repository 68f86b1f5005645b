"""Tests of a copy of the project, run in a fork of this process, which has the libraries loaded already."""

from __future__ import annotations

import contextlib
import importlib
import os
import resource
import shutil
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

LIBRARIES = (
    *("numpy", "pytest", "hypothesis.strategies", "hypothesis.internal.conjecture.engine", "scipy.stats"),
    *("scipy.integrate", "sklearn.utils.estimator_checks", "pandas", "pyarrow", "matplotlib.figure", "sqlglot"),
)
"""To load is most of the time that a short test takes."""
MEMORY = 8 << 30
"""Bytes that tests may take: what asks for more has lost count."""
RUNNING: set[int] = set()
"""Forks that run tests now."""
WAIT = 6
"""Seconds on the clock for each of the processor: others may compute beside."""

# The same examples for every mutant, and no time spent on making a failing one small.
PROFILE = """
from hypothesis import Phase
settings.register_profile(
    "mutation", deadline=None, derandomize=True, database=None, max_examples=50,
    phases=(Phase.explicit, Phase.generate),
)
"""
OPTIONS = (
    *("-q", "-p", "no:cacheprovider", "--tb=no", "--assert=plain", "--hypothesis-profile=mutation"),
    *("-k", "not numba"),  # no room is about kernels, and to compile them takes longer than all else
)


def load() -> None:
    """Import the libraries that tests import, those that there are, but nothing of the project."""
    for name in LIBRARIES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def copy_of(root: Path, copy: Path) -> Path:
    """Copy the project, unless that was done, with hypothesis set to what mutants need."""
    if copy.exists():
        return copy
    shutil.copytree(root, copy, ignore=shutil.ignore_patterns(".*", "__pycache__", "*.egg-info"))
    with (copy / "tests" / "conftest.py").open("a", encoding="utf-8") as conftest:
        conftest.write(PROFILE)
    return copy


def put(copy: Path, file: str, source: str) -> None:
    """Write a file of the copy."""
    path = copy / file
    path.write_text(source, encoding="utf-8")
    # Compiled files are told apart by size and whole seconds, which two mutants may share.
    for stale in path.parent.glob(f"__pycache__/{path.stem}.*"):
        stale.unlink()


def run(copy: Path, arguments: Sequence[str], plugin: Any, seconds: float) -> int | None:
    """Run pytest in the copy; return its exit status, None if it took longer than `seconds` of the processor."""
    pid = os.fork()
    if pid == 0:
        _child(copy, arguments, plugin, seconds)
    RUNNING.add(pid)
    try:
        status = os.waitpid(pid, 0)[1]
    finally:
        RUNNING.discard(pid)
        _kill(pid)  # what tests have started and left
    by_time = os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGALRM, signal.SIGXCPU)
    return None if by_time else status


def stop() -> None:
    """End the tests that run now."""
    for pid in list(RUNNING):
        _kill(pid)


def _kill(group: int) -> None:
    """End a fork with all that it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def _child(copy: Path, arguments: Sequence[str], plugin: Any, seconds: float) -> NoReturn:
    """Run pytest in this process, quietly, and end it."""
    import pytest

    status = 1
    try:
        os.setpgid(0, 0)
        used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
        _, most = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(used + seconds) + 1, most))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        signal.alarm(int(WAIT * seconds) + 1)
        os.chdir(copy)
        sys.path[0] = str(copy)
        os.environ["PYTHONPATH"] = str(copy)
        os.environ["MADE_NP_BACKEND"] = "numpy"
        for stream in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
        status = int(pytest.main([*OPTIONS, *arguments], plugins=[plugin]))
    finally:
        os._exit(status)
