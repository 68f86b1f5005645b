"""Locks that no other thread may hold when this process is forked.

A forked child has one thread, the one that forked. What another held at that moment is held in the child for ever, and
whoever asks for it there waits for ever. So a fork takes these locks first, and both sides give them back: it waits
until the other thread is done, as long as an import or the compilation of a kernel may take.
"""

from __future__ import annotations

# logging takes a lock at forks, too, which a thread that imports or compiles may want. What was registered last comes
# first: we must be registered after it, so that it is not taken yet while we wait.
import logging  # noqa: F401
import os
import threading
from typing import Any

__all__ = ["hold_at_forks"]

_PATIENCE = 60.0
"""Seconds that a fork waits for each lock. Should the other thread in turn wait for the one that forks, both go on."""

# In this order, always: a thread that has one of them may ask for those that come after it, never for one before.
_locks: list[Any] = []


class _Held(threading.local):
    """What a thread has taken for its forks; for several, if the handler of a signal forks while one waits."""

    def __init__(self) -> None:
        self.by_fork: list[list[Any]] = []


_held = _Held()


def hold_at_forks(*locks: Any) -> None:
    """Let every fork from now on wait for these locks, after those that were named before.

    They must be of the kind of `threading.RLock`: the thread that forks may hold them itself.
    """
    _locks.extend(locks)


def _take() -> None:
    # Ctrl-C ends the wait and not the fork, with which Python goes on: note each lock as soon as it is taken.
    taken: list[Any] = []
    _held.by_fork.append(taken)
    for lock in _locks:  # an import that was waited for may have brought more of them
        if lock.acquire(timeout=_PATIENCE):
            taken.append(lock)


def _give_back() -> None:
    for lock in reversed(_held.by_fork.pop()):
        lock.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_take, after_in_parent=_give_back, after_in_child=_give_back)
