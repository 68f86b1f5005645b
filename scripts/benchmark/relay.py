"""A network in miniature: what goes in at one end comes out at the other, so many seconds later.

It stands between two processes of one machine that talk through a socket, where the system offers no delay of its own
(``tc qdisc add dev lo root netem delay 1ms`` needs a module of the kernel that containers rarely have). Bytes are
copied once more than on a wire, by a process that takes its share of the cores; nothing is lost or reordered.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from queue import SimpleQueue
from threading import Thread
from typing import Any

PIECE = 1 << 18
"""So many bytes are read at once."""
SPIN = 2e-4
"""A sleep may last longer than it was asked to by about so many seconds, which are waited for awake."""


def _free_address() -> tuple[str, int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        host, port = server.getsockname()
        return str(host), int(port)


@contextmanager
def relay(address: tuple[str, int], delay: float) -> Iterator[tuple[str, int]]:
    """Give the block another address, behind which stands `address`, each way so many seconds away."""
    near = _free_address()
    process = get_context("spawn").Process(target=_run, args=(near, address, delay), daemon=True)
    process.start()
    try:
        yield near
    finally:
        process.kill()
        process.join()


def _run(near: tuple[str, int], far: tuple[str, int], delay: float) -> None:
    with socket.create_server(near) as server:
        while True:
            one, _ = server.accept()
            other = _reached(far)
            for source, target in ((one, other), (other, one)):
                source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                pieces: SimpleQueue[Any] = SimpleQueue()
                Thread(target=_take, args=(source, pieces, delay), daemon=True).start()
                Thread(target=_give, args=(target, pieces), daemon=True).start()


def _reached(address: tuple[str, int]) -> socket.socket:
    """Return a line to an address where somebody will listen soon."""
    while True:
        with suppress(ConnectionError):
            return socket.create_connection(address)
        time.sleep(0.01)


def _take(source: socket.socket, pieces: SimpleQueue[Any], delay: float) -> None:
    """Note when each piece is due."""
    with suppress(OSError):
        while piece := source.recv(PIECE):
            pieces.put((time.perf_counter() + delay, piece))
    pieces.put(None)


def _give(target: socket.socket, pieces: SimpleQueue[Any]) -> None:
    """Hand each piece on when it is due."""
    with suppress(OSError):
        while (found := pieces.get()) is not None:
            due, piece = found
            if (left := due - time.perf_counter()) > SPIN:
                time.sleep(left - SPIN)
            while time.perf_counter() < due:
                pass
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
