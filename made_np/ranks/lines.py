"""A line between two processes: a socket whose two ends have proved that they know one key."""

from __future__ import annotations

import pickle
import socket
import struct
import sys
import time
from contextlib import suppress
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, answer_challenge, deliver_challenge
from typing import Any

from made_np.ranks.comm import lost

__all__ = ["GONE", "Address", "Line", "free_address", "knock", "listen"]

Address = tuple[str, int]

GONE = (OSError, EOFError)
"""What a line raises whose other end has gone."""
PATIENCE = 5.0
"""Seconds that a stranger may take to prove himself."""
TRY_AGAIN = 0.05
"""Seconds until a rank knocks again where nobody listens yet."""
KEEP_ALIVE = {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 2, "TCP_KEEPCNT": 3}
"""Seconds of silence, seconds between questions, questions without an answer: a machine without power is missed."""


class Line:
    """One end of a line.

    Parameters
    ----------
    end : socket.socket
        It is connected.
    """

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(True)
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in KEEP_ALIVE.items():
            if hasattr(socket, name):
                end.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        self._end = end
        self._words = Connection(end.dup().detach())

    def send(self, words: Any) -> None:
        """Send bytes, or whatever has them in one piece."""
        self._words.send_bytes(words)

    def receive(self) -> bytes:
        """Return the bytes that the other end has sent at once."""
        return self._words.recv_bytes()

    def receive_into(self, target: memoryview) -> None:
        """Receive bytes into memory, which they must fill."""
        if self._words.recv_bytes_into(target) != len(target):
            raise EOFError("fewer bytes than there are places")

    def limit(self, seconds: float) -> None:
        """Let `receive` fail after so many seconds; 0: never."""
        whole = int(seconds)
        wanted = struct.pack("ll", whole, int((seconds - whole) * 1e6))
        if sys.platform == "win32":
            wanted = struct.pack("L", int(seconds * 1e3))
        self._end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, wanted)

    def introduce(self, key: bytes, *, first: bool) -> None:
        """Prove to each other that both ends know the key; one of them asks `first`."""
        steps = (deliver_challenge, answer_challenge) if first else (answer_challenge, deliver_challenge)
        for step in steps:
            step(self._words, key)

    def cut(self) -> None:
        """End the line: whoever waits at either end of it is woken by an error."""
        with suppress(OSError):
            self._end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give the memory of the line back."""
        self._words.close()
        self._end.close()


def free_address() -> Address:
    """Return an address of this machine where nobody listens at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        host, port = server.getsockname()
        return str(host), int(port)


def listen(size: int, address: Address, key: bytes, until: float) -> list[Line]:
    """Return rank 0's lines to ranks 1, 2, ..., once all have come; errors as `sockets.connect`."""
    found: dict[int, Line] = {}
    try:
        with socket.create_server(address, backlog=size) as server:
            while len(found) < size - 1:
                server.settimeout(max(until - time.monotonic(), 1e-3))
                line = Line(_next(server, size, found))
                try:
                    found[_admitted(line, size, key, found)] = line
                except (AuthenticationError, *GONE):  # a stranger
                    line.close()
                except ValueError:
                    line.close()
                    raise
        for rank, line in found.items():
            try:
                line.send(b"all are there")
            except OSError as error:
                raise lost(f"rank {rank}") from error
    except BaseException:
        for line in found.values():
            line.cut()
            line.close()
        raise
    return [found[rank] for rank in range(1, size)]


def _next(server: socket.socket, size: int, found: dict[int, Line]) -> socket.socket:
    """Return the end of whoever comes next."""
    try:
        return server.accept()[0]
    except TimeoutError:
        missing = ", ".join(str(rank) for rank in range(1, size) if rank not in found)
        raise TimeoutError(f"no word of rank {missing}: start all {size} ranks, or give a longer timeout") from None


def _admitted(line: Line, size: int, key: bytes, found: dict[int, Line]) -> int:
    """Return which rank somebody is who has come."""
    line.limit(PATIENCE)
    line.introduce(key, first=True)
    rank, n = pickle.loads(line.receive())
    refusal = ""
    if n != size:
        refusal = f"size={n} on rank {rank}, and {size} on rank 0: give all ranks the same"
    elif rank in found or not 0 < rank < size:
        refusal = f"rank={rank} was given twice: give each process another one of 0..{size - 1}"
    line.send(pickle.dumps(refusal))
    if refusal:
        raise ValueError(refusal)
    line.limit(0)
    return int(rank)


def knock(rank: int, size: int, address: Address, key: bytes, until: float) -> Line:
    """Return a rank's line to rank 0, once all have come; errors as `sockets.connect`."""
    line = Line(_reached(address, until))
    try:
        _be_admitted(line, rank, size, key, until)
    except BaseException:
        line.close()
        raise
    return line


def _be_admitted(line: Line, rank: int, size: int, key: bytes, until: float) -> None:
    """Say who comes, and wait until all are there."""
    try:
        line.limit(max(until - time.monotonic(), 1e-3))
        line.introduce(key, first=False)
        line.send(pickle.dumps((rank, size)))
        refusal = pickle.loads(line.receive())
        if refusal:
            raise ValueError(refusal)
        line.receive()
        line.limit(0)
    except AuthenticationError:
        raise ValueError("key is not that of rank 0: give all ranks the same") from None
    except BlockingIOError:
        raise TimeoutError(f"not all {size} ranks came: start them all, or give a longer timeout") from None
    except GONE as error:
        raise lost("rank 0") from error


def _reached(address: Address, until: float) -> socket.socket:
    """Return a socket that is connected to an address, as soon as somebody listens there."""
    while True:
        left = until - time.monotonic()
        try:
            return socket.create_connection(address, max(left, 1e-3))
        except OSError as error:
            if left <= TRY_AGAIN:
                text = f"nobody listens at address={address}: start rank 0 there, or give a longer timeout"
                raise TimeoutError(text) from error
        time.sleep(TRY_AGAIN)
