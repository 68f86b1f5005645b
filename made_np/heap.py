"""Memory that was freed goes back to the system."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

__all__ = ["give_back"]


def give_back() -> None:
    """Give the system what this process has freed, where the C library (glibc) would keep it.

    It keeps most of what was freed between arrays that live on, in a heap for each thread. What the trials before a
    fit leave there would stand beside all that the fit needs itself.
    """
    trim = _trim()
    if trim is not None:
        trim(0)


@lru_cache(maxsize=1)
def _trim() -> Callable[[int], int] | None:
    try:
        import ctypes

        library = ctypes.CDLL(None)
    except (ImportError, OSError, TypeError):  # not built; TypeError: Windows, where nothing is the whole program
        return None
    return getattr(library, "malloc_trim", None)
