"""How many cores everybody may use. Imports no numerical library, so that it can be asked before any is loaded."""

from __future__ import annotations

import os


def limit_cores(n: int) -> None:
    """Let this process and its children use `n` cores only, where the system can (Linux).

    Every library takes as many threads as it finds cores, when it is imported: call this before.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:n])


def threads() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
