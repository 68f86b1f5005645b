"""Signals that ask a program to stop: each is as Ctrl-C, so that what was learned is kept.

SIGTERM is how schedulers, containers and ``kill`` ask, SIGHUP how a terminal does that is closed.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["Stop", "stops"]

NAMES = ("SIGTERM", "SIGHUP")
"""Those that this system has are handled."""


class Stop:
    """What asked the program to stop: Ctrl-C, if it was none of the other signals."""

    def __init__(self) -> None:
        self.signal = signal.SIGINT

    @property
    def name(self) -> str:
        """How messages call it."""
        return "Ctrl-C" if self.signal is signal.SIGINT else self.signal.name

    @property
    def status(self) -> int:
        """What a shell expects of a program that it has ended: 128 plus the number of the signal."""
        return 128 + self.signal


@contextmanager
def stops() -> Iterator[Stop]:
    """Have SIGTERM and SIGHUP raise a `KeyboardInterrupt`, until the block ends; yield which of them did.

    One that is ignored, as SIGHUP under nohup, or that somebody else handles, stays so. Only the main thread may ask
    for signals: in any other nothing is changed.
    """
    stop = Stop()

    def interrupt(number: int, frame: Any) -> None:
        stop.signal = signal.Signals(number)
        as_ctrl_c = signal.getsignal(signal.SIGINT)
        if callable(as_ctrl_c):  # of several ranks, the one that ends all of them together
            as_ctrl_c(signal.SIGINT, frame)
        else:
            raise KeyboardInterrupt

    numbers = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
    is_main = threading.current_thread() is threading.main_thread()
    free = [number for number in numbers if is_main and signal.getsignal(number) is signal.SIG_DFL]
    try:
        for number in free:
            signal.signal(number, interrupt)
        yield stop
    finally:
        for number in free:
            signal.signal(number, signal.SIG_DFL)
