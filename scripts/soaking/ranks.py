"""Ranks that train one model, of which one is killed: the others say so."""

from __future__ import annotations

import os
import select
import signal
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from forking import Child

import made_np
from made_np.ranks.comm import LostRank
from made_np.ranks.sockets import connect, free_address
from soaking.killed import PATIENCE, told, unread, writing_often
from soaking.subjects import Network, network, same
from soaking.tally import Tally

KILLS = 6
KEY = b"a secret of this soak"


def killed_rank(rng: np.random.Generator, folder: Path, tally: Tally) -> None:
    """A fit of several ranks, one of which is killed at a random moment, again and again, learns the unbroken bits."""
    subject = network(rng)
    size = int(rng.integers(2, 4))
    subject.fit()  # kernels are compiled by then
    with writing_often():
        begin = time.perf_counter()
        whole = _ended(_begun(subject, folder / "whole", size))
        seconds = time.perf_counter() - begin
        tally.calls += 3
        if any(status != 0 or isinstance(result, str) for status, result in whole):
            tally.wrong.append(f"ranks that nobody has killed end otherwise: {whole!r}")
        path = folder / "checkpoint"
        for _ in range(KILLS):
            ranks = _begun(subject, path, size)
            time.sleep(rng.uniform(0, seconds / 2))
            gone = int(rng.integers(size))
            ranks[gone].kill()
            found = _ended(ranks)
            if found[gone][0] == 0:  # it had ended by itself
                break
            tally.settle([*_wrong(found, gone, whole), *unread(path)])
        after = _ended(_begun(subject, path, size))
    if not same(after, whole):
        tally.wrong.append("a fit whose ranks were killed and that went on differs from the unbroken one")


def _wrong(found: list[tuple[int, Any]], gone: int, whole: list[tuple[int, Any]]) -> list[str]:
    """Return what is wrong with how the ranks have ended, of which one was killed."""
    wrong = [] if found[gone][0] == -signal.SIGKILL else [f"a killed rank has ended with status {found[gone][0]}"]
    for k, (status, result) in enumerate(found):
        if k == gone:
            continue
        is_word = isinstance(result, str) and "has gone" in result
        if status != 0 or not (is_word or same(result, whole[k][1])):
            wrong.append(f"rank {k}, beside a killed one, has ended with status {status}, and gives {result!r}")
    return wrong


def _begun(subject: Network, path: Path, size: int) -> list[Child]:
    """Begin a fit on so many ranks, and return them when each has found the others."""
    ready, there = os.pipe()
    address = free_address()
    ranks = [Child(partial(_rank, subject, path, k, size, address, there)) for k in range(size)]
    os.close(there)
    for _ in range(size):
        if select.select([ready], [], [], PATIENCE)[0]:
            os.read(ready, 1)
    os.close(ready)
    return ranks


def _rank(subject: Network, path: Path, rank: int, size: int, address: Any, there: int) -> Any:
    """Return what a rank has learned with the others, or what it says where one has gone."""
    rows = np.array_split(subject.x, size)[rank]
    valid = np.array_split(subject.options["valid"], size)[rank]
    options = {**subject.options, "valid": valid, "checkpoint": path}
    with connect(rank, size, address, KEY, PATIENCE) as comm:
        os.write(there, b".")
        try:
            return told(made_np.fit(subject.made, rows, comm=comm, **options))
        except LostRank as error:
            return str(error)


def _ended(ranks: list[Child]) -> list[tuple[int, Any]]:
    """Return how each rank has ended."""
    return [each.end(PATIENCE) for each in ranks]
