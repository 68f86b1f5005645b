"""What all tests share: hypothesis profiles, drawing without a screen, the data folder, what time goes to."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from constants import try_none_of_modules
from hypothesis import settings
from kernels import MANY, are_compiled, compile_share
from time_by_folder import pytest_terminal_summary  # noqa: F401  a hook: pytest finds it here

# Before anything imports matplotlib: figures are drawn into memory and no test opens a window.
os.environ.setdefault("MPLBACKEND", "Agg")

# A shell that starts pytest in the background may have it ignore Ctrl-C, and nohup a terminal that is closed: every
# process that a test starts would as well.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# Both without a deadline: the first call of a compiled kernel is slow, and that is no failure.
settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None, print_blob=True)
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "dev")
settings.load_profile(PROFILE)
if PROFILE == "ci":
    try_none_of_modules()


def pytest_configure(config: pytest.Config) -> None:
    """Let each of several processes compute on one thread: threads that wait for each other take most of the time.

    The processes that pytest-xdist starts inherit it, and what tests start.
    """
    if config.getoption("numprocesses", None):
        os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.hookimpl(hookwrapper=True)
def pytest_collection() -> Iterator[None]:
    """Search for no garbage: what is collected here lives until the end, and looking through it took a third."""
    gc.disable()
    yield
    gc.enable()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Share out, before the first of many tests, what every worker of pytest-xdist would compile alone."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is not None and len(session.items) > MANY and are_compiled():
        with suppress(ImportError):  # a numba that cannot be imported is for tests to tell
            compile_share(int(worker.removeprefix("gw")))


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of the published data sets: MADE_NP_DATA, else shared/data beside the repository."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("MADE_NP_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"no data folder at {folder}: set MADE_NP_DATA to run this test")
    return folder
