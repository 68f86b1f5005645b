"""What everybody may use of the processor.

Imports no numerical library, so that it can be asked before any is loaded.
"""

from __future__ import annotations

import os
from pathlib import Path

BF16 = ", bf16"
"""What the name of a contender ends with that has products of bf16, and everything else of float32."""
CPUINFO = Path("/proc/cpuinfo")


def limit_cores(n: int) -> None:
    """Let this process and its children use `n` cores only, where the system can (Linux).

    Every library takes as many threads as it finds cores, when it is imported: call this before.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:n])


def threads() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def has_bf16() -> bool:
    """Return whether the processor multiplies bf16 by instructions of its own, as far as Linux says.

    Without them products of bf16 are slower than those of float32, and no contender is timed with them.
    """
    text = CPUINFO.read_text(encoding="utf-8") if CPUINFO.exists() else ""
    return not {"avx512_bf16", "amx_bf16", "bf16"}.isdisjoint(text.split())
