"""Forks while another thread is busy: what it holds must not be held for ever in the child."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from made_np.backends import _forks

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")


def python(code: str, *, cache: Path | None = None) -> str:
    """Run the code in a process of its own, which forks; a child that hangs is ended with it."""
    env = {name: value for name, value in os.environ.items() if name != "NUMBA_DISABLE_JIT"}
    env |= {"NUMBA_CACHE_DIR": str(cache)} if cache else {}
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=env, check=False)
    assert done.returncode == 0, done.stderr
    assert "Exception ignored" not in done.stderr, done.stderr
    return done.stdout


# --------------------------------------------------------------------------------------------------- locks


@pytest.fixture
def locks(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Two locks that forks wait for, and no others."""
    own: list[Any] = []
    monkeypatch.setattr(_forks, "_locks", own)
    _forks.hold_at_forks(threading.RLock(), threading.RLock())
    yield own
    assert all(is_free(lock) for lock in own), "a fork left a lock behind"


def is_free(lock: Any) -> bool:
    """True if another thread can have it."""
    got: list[bool] = []

    def take() -> None:
        got.append(lock.acquire(blocking=False))
        if got[0]:
            lock.release()

    thread = threading.Thread(target=take)
    thread.start()
    thread.join()
    return got[0]


def fork() -> int:
    """Fork, take every lock in the child; return its exit status, 9 if it hangs."""
    child = os.fork()
    if not child:
        # Not by is_free: a new thread may have the name of one that the fork ended, and its locks.
        os._exit(0 if all(lock.acquire(blocking=False) for lock in _forks._locks) else 1)
    for _ in range(1000):
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return 9


def held_by_another(lock: Any, seconds: float) -> threading.Thread:
    """Let a thread hold the lock for a while; return once it has it."""
    has_it = threading.Event()

    def hold() -> None:
        with lock:
            has_it.set()
            time.sleep(seconds)

    thread = threading.Thread(target=hold)
    thread.start()
    has_it.wait()
    return thread


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
@pytest.mark.parametrize("which", [0, 1])
def test_a_fork_waits_for_whoever_holds_a_lock(locks: list[Any], which: int) -> None:
    thread = held_by_another(locks[which], 0.1)
    assert fork() == 0
    thread.join()


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_thread_that_holds_a_lock_may_fork_itself(locks: list[Any]) -> None:
    with locks[0], locks[1]:
        child = os.fork()
        if not child:
            for lock in locks:
                lock.release()
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert not is_free(locks[0]), "the fork gave back what was not its own"


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_lock_that_an_import_brings_is_waited_for_as_well(locks: list[Any]) -> None:
    first, late = locks[0], threading.RLock()
    has_it = threading.Event()

    def import_something() -> None:
        with first:
            has_it.set()
            time.sleep(0.05)
            _forks.hold_at_forks(late)
            late.acquire()
        time.sleep(0.05)
        late.release()

    thread = threading.Thread(target=import_something)
    thread.start()
    has_it.wait()
    assert fork() == 0
    thread.join()


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_fork_does_not_wait_for_ever(locks: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the other thread waits for the one that forks, a child that may wait is better than all that do."""
    monkeypatch.setattr(_forks, "_PATIENCE", 0.05)
    go_on, has_it = threading.Event(), threading.Event()

    def hold() -> None:
        with locks[0]:
            has_it.set()
            go_on.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    has_it.wait()
    began = time.perf_counter()
    child = os.fork()
    if not child:
        os._exit(0)
    assert time.perf_counter() - began < 5
    go_on.set()
    thread.join()
    assert os.waitpid(child, 0)[1] == 0


# ------------------------------------------------------------------------------------------------- kernels


def test_compilers_are_waited_for() -> None:
    pytest.importorskip("numba")
    from llvmlite.binding import ffi
    from numba.core.compiler_lock import global_compiler_lock

    import made_np.backends._numba  # noqa: F401

    assert global_compiler_lock._lock in _forks._locks, "numba has moved its lock: find it, in forks.py"
    assert ffi.lib._lock._lock in _forks._locks, "llvmlite has moved its lock: find it, in forks.py"


CHILDREN = """
def child_works():
    pid = os.fork()
    if not pid:
        use()
        os._exit(0)
    for _ in range(3000):
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return status == 0
        time.sleep(0.01)
    os.kill(pid, 9)
    return False
"""

COMPILING = f"""
import os, threading, time
import numpy as np
from numba.core import event
from made_np.backends._numba import compiling
{CHILDREN}
compiles = threading.Event()

class Tell(event.Listener):
    def on_start(self, event):
        compiles.set()
    def on_end(self, event):
        pass

event.register("numba:compile", Tell())

@compiling.kernel
def kernel(x):
    total = 0.0
    for i in range(len(x)):
        total += np.exp(x[i])
    return total

def use():
    kernel(np.zeros(3))

thread = threading.Thread(target=use)
thread.start()
compiles.wait()
print(child_works(), flush=True)
thread.join()
"""


def test_a_child_that_is_forked_while_another_thread_compiles_can_compile(tmp_path: Path) -> None:
    pytest.importorskip("numba")
    source = tmp_path / "compiles.py"  # numba keeps kernels of files only
    source.write_text(COMPILING)
    assert python(f"exec(compile(open({str(source)!r}).read(), {str(source)!r}, 'exec'))", cache=tmp_path) == "True\n"


IMPORTING = f"""
import os, sys, threading, time
import numpy as np, numpy.random
from made_np.backends import get_backend
{CHILDREN}
def use():
    get_backend("numba").bind

thread = threading.Thread(target=use)
thread.start()
while "MODULE" not in sys.modules:
    time.sleep(0)
print(child_works(), flush=True)
thread.join()
"""


@pytest.mark.parametrize("module", ["numba", "made_np.backends._numba.threads"])
def test_a_child_that_is_forked_while_another_thread_imports_the_backend_can_import_it(module: str) -> None:
    pytest.importorskip("numba")
    assert python(IMPORTING.replace("MODULE", module)) == "True\n"
