"""A library in a process of its own: an error of the device, or of memory, ends this process alone.

All processes share the card, and one of them computes at a time. A process lives for one shape, so that what its
library says of memory is of that shape.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import time
import traceback
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from benchmark.device.contender import Contender, Library, Measure, Setting
from benchmark.device.reference import Reference

LIBRARIES = {"ours": ("ours", "Ours"), "torch": ("by_torch", "Torch"), "compile": ("by_torch", "Torch")}
LIBRARIES["jax"] = ("by_jax", "Jax")
BLOCKS = 4
"""A turn is clocked in about so many blocks of calls."""
LONGEST = 300
"""Characters of an error that are passed on."""


class Failed(Exception):
    """What went wrong in a process, in one line."""


class Ready(NamedTuple):
    """A contender that has run."""

    memory: int | None
    note: str


class Worker:
    """The parent's end: requests go out in order, and answers come back in order.

    Attributes
    ----------
    library : {"ours", "torch", "compile", "jax"}
    spoiled : bool
        True once a request has failed: on a GPU what comes after may fail for the same reason.
    """

    def __init__(self, library: str, setting: Setting) -> None:
        self.library = library
        self.spoiled = False
        context = multiprocessing.get_context("spawn")
        self._connection, other = context.Pipe()
        self._process = context.Process(target=serve, args=(other, library, setting), daemon=False)
        self._process.start()
        other.close()

    def send(self, method: str, *arguments: Any) -> None:
        """Ask for something; `receive` waits for the answer."""
        with contextlib.suppress(OSError):  # if the process has ended, the answer says so
            self._connection.send((method, arguments))

    def receive(self, seconds: float) -> Any:
        """Return the next answer; raise `Failed` for an error, an end or a delay of the process."""
        try:
            if not self._connection.poll(max(seconds, 0)):
                self.end()
                raise Failed(f"took longer than {seconds:.0f} s")
            ok, answer = self._connection.recv()
        except (EOFError, OSError):
            self.end()
            raise Failed(f"its process ended with {self._process.exitcode}") from None
        if not ok:
            self.spoiled = True
            raise Failed(answer)
        return answer

    def ask(self, seconds: float, method: str, *arguments: Any) -> Any:
        """Ask, and wait for the answer."""
        self.send(method, *arguments)
        return self.receive(seconds)

    def end(self) -> None:
        """End the process, whatever it does."""
        self.spoiled = True
        self._connection.close()
        self._process.join(0.5)  # it ends by itself, unless it computes
        if self._process.is_alive():
            self._process.kill()
        self._process.join()


class Server:
    """The other end: what can be asked of a library."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.contenders: dict[tuple[Measure, str], Contender] = {}
        self.seconds: dict[tuple[Measure, str], float] = {}

    def about(self) -> dict[str, str]:
        """Return versions and the card."""
        return self.library.about()

    def prepare(self, measure: Measure, name: str) -> Ready:
        """Make a contender, and let it run until it is as fast as it will be."""
        made = self.library.contender(measure, name)
        self.contenders[measure, name] = made
        self.seconds[measure, name] = made.run(1)[-1]
        return Ready(made.memory, made.note)

    def check(self, measure: Measure, name: str, folder: Path) -> None:
        """Hold a contender against NumPy."""
        self.contenders[measure, name].check(Reference(folder))

    def turn(self, measure: Measure, name: str, seconds: float) -> list[float]:
        """Return seconds per call of some blocks that take about so long together, after half as long unclocked."""
        key = measure, name
        contender = self.contenders[key]
        calls = int(seconds / 2 / self.seconds[key])
        if calls and not contender.warms_itself:
            contender.run(calls)
        times: list[float] = []
        end = time.perf_counter() + seconds
        while not times or time.perf_counter() < end:
            times += contender.run(max(1, int(seconds / BLOCKS / self.seconds[key])))
            self.seconds[key] = times[-1]
        return times

    def release(self, measure: Measure) -> None:
        """Let go of all contenders of a measure, with what they hold on the device."""
        for key in [key for key in self.contenders if key[0] == measure]:
            del self.contenders[key]


def serve(connection: Connection, library: str, setting: Setting) -> None:
    """Answer requests until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends this process
    server: Server | None = None
    while True:
        try:
            method, arguments = connection.recv()
        except (EOFError, OSError):
            return
        try:
            if server is None:
                server = Server(_load(library, setting))
            answer = True, getattr(server, method)(*arguments)
        except Exception as error:
            answer = False, described(error)
        with contextlib.suppress(OSError):
            connection.send(answer)


def described(error: Exception) -> str:
    """Return an error in one line, with the place of ours that it came from."""
    (first, *_) = str(error).strip().splitlines() or [""]
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if "benchmark" in frame.filename]
    where = f" ({Path(own[-1].filename).name}:{own[-1].lineno})" if own else ""
    return f"{type(error).__name__}: {first[:LONGEST]}{where}"


def _load(library: str, setting: Setting) -> Library:
    module, name = LIBRARIES[library]
    made: Library = getattr(import_module(f"benchmark.device.{module}"), name)(setting)
    return made
