"""A Python as a browser has it: no threads, processes, forks, C libraries, and few modules of the system.

    python tests/bare.py PROGRAM...

runs the parts of `scripts/wasm/smoke.py` that are named, in an interpreter that is bare in this way.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any, NoReturn

MODULES = (
    *("_bz2", "_ctypes", "_lzma", "_multiprocessing", "_posixshmem", "_posixsubprocess", "_sqlite3", "_ssl"),
    *("bz2", "ctypes", "curses", "fcntl", "lzma", "mmap", "readline", "resource", "sqlite3", "ssl", "termios"),
)
"""What Pyodide leaves out, and what other Pythons are built without."""
CALLS = ("fork", "forkpty", "register_at_fork", "sched_getaffinity", "killpg", "sysconf", "getloadavg")
"""Functions of `os` that are not everywhere."""


class Nothing(MetaPathFinder):
    """A finder of modules that has none of `MODULES`."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Raise an error for what is not there."""
        if name in MODULES:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def no_thread(*args: Any, **kwargs: Any) -> NoReturn:
    """Raise what Python raises where there are no threads."""
    raise RuntimeError("can't start new thread")


def no_process(*args: Any, **kwargs: Any) -> NoReturn:
    """Raise what Python raises where there are no processes."""
    raise OSError(138, "emscripten does not support processes.")


def become_bare() -> None:
    """Take from this interpreter what a browser lacks. NumPy is imported before: it is built for its machine."""
    import numpy.random  # noqa: F401

    for name in MODULES:
        sys.modules.pop(name, None)
    sys.meta_path.insert(0, Nothing())
    for name in CALLS:
        if hasattr(os, name):
            delattr(os, name)
    threading.Thread.start = no_thread  # type: ignore[method-assign]
    subprocess.Popen.__init__ = no_process  # type: ignore[method-assign]


if __name__ == "__main__":
    become_bare()
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts" / "wasm"))
    import smoke

    print(smoke.report(sys.argv[1:] or None))
