"""Ranks that are threads of the test, with real lines between them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from made_np.ranks.comm import Comm
from made_np.ranks.lines import free_address
from made_np.ranks.sockets import connect

SECONDS = 300


def on_ranks(size: int, work: Callable[[Comm], Any]) -> list[Any]:
    """Return what `work` returns on each of so many ranks, or the error that it raises there."""
    address = free_address()

    def one(rank: int) -> Any:
        try:
            with connect(rank, size, address, b"a secret of this test", SECONDS) as comm:
                return work(comm)
        except Exception as error:
            return error

    with ThreadPoolExecutor(size) as threads:
        return [each.result(SECONDS) for each in [threads.submit(one, rank) for rank in range(size)]]
