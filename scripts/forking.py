"""Children of this process that do one thing each: cheaper than new interpreters."""

from __future__ import annotations

import os
import pickle
import select
import signal
import warnings
from collections.abc import Callable
from typing import Any


class Child:
    """A forked process that does some work; what this returns comes back, unless it is killed before.

    Parameters
    ----------
    work : callable ()
        Is given nothing, and returns what can be pickled.

    Attributes
    ----------
    pid : int
    """

    def __init__(self, work: Callable[[], Any]) -> None:
        self._result, told = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # newer Pythons warn of forks beside threads
            self.pid = os.fork()
        if self.pid == 0:
            _do(work, told)
        os.close(told)

    def kill(self) -> None:
        """Send SIGKILL; nothing happens to a child that has ended."""
        os.kill(self.pid, signal.SIGKILL)

    def end(self, seconds: float) -> tuple[int, Any]:
        """Return the status of the child (minus the signal that killed it) with what its work has returned.

        Raises
        ------
        TimeoutError
            It has not ended in so many seconds: it is killed.
        """
        found = b""
        try:
            while select.select([self._result], [], [], seconds)[0]:
                part = os.read(self._result, 1 << 16)
                if not part:
                    break
                found += part
            else:
                self.kill()
                raise TimeoutError(f"a child has not ended after {seconds} s")
        finally:
            os.close(self._result)
            status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return status, pickle.loads(found) if status == 0 else None


def _do(work: Callable[[], Any], told: int) -> None:
    """Do the work in a child, tell what it has returned, end."""
    status = 1
    try:
        with os.fdopen(told, "wb") as pipe:
            pipe.write(pickle.dumps(work()))
        status = 0
    finally:
        os._exit(status)
