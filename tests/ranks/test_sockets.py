"""Ranks that talk through sockets: sums, words, and who is missed."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from typing import Any

import numpy as np
import pytest
from rank_threads import on_ranks

from made_np.ranks.comm import Comm, LostRank
from made_np.ranks.sockets import Sockets, connect, free_address

KEY = b"a secret of this test"
SOON = 30.0
"""Seconds within which a rank is missed."""


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sums_are_those_of_all_ranks_with_the_same_bits(dtype: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    size = 1 + seed % 4
    lengths = [1, 3, *rng.integers(1, 50_000, 4).tolist()]
    given = [[rng.normal(size=n).astype(dtype) for n in lengths] for _ in range(size)]

    def work(comm: Comm) -> list[np.ndarray]:
        arrays = [each.copy() for each in given[comm.rank]]
        begun = [comm.add(each) for each in arrays]
        for pending in reversed(begun):  # in any sequence
            pending.wait()
        return arrays

    found = on_ranks(size, work)
    for k in range(len(lengths)):
        want = given[0][k].copy()
        for other in given[1:]:
            want += other[k]
        for arrays in found:
            np.testing.assert_array_equal(arrays[k], want)


def test_a_part_of_a_vector_is_added_and_the_rest_is_left() -> None:
    def work(comm: Comm) -> np.ndarray:
        array = np.arange(6.0) * (comm.rank + 1)
        comm.add(array[2:4]).wait()
        return array

    np.testing.assert_array_equal(on_ranks(2, work), [[0, 1, 6, 9, 4, 5], [0, 2, 6, 9, 8, 10]])


def test_a_sum_begins_while_this_rank_goes_on() -> None:
    has_begun = threading.Event()

    def work(comm: Comm) -> float:
        array = np.ones(1_000_000)
        if comm.rank == 1:
            assert has_begun.wait(SOON)
        pending = comm.add(array)
        if comm.rank == 0:
            has_begun.set()  # rank 1 has not called yet
        pending.wait()
        return float(array.sum())

    assert on_ranks(2, work) == [2e6, 2e6]


def test_infinities_are_added_without_a_warning() -> None:
    def work(comm: Comm) -> float:
        array = np.array([np.inf if comm.rank else -np.inf])
        comm.add(array).wait()
        return float(array[0])

    assert np.isnan(on_ranks(2, work)).all()


def test_words_travel() -> None:
    def work(comm: Comm) -> Any:
        told = comm.share({"rank": comm.rank, "array": np.arange(3)})
        return comm.rank, comm.size, told["rank"], told["array"].tolist(), comm.gather("x" * comm.rank)

    assert on_ranks(3, work) == [(rank, 3, 0, [0, 1, 2], ["", "x", "xx"]) for rank in range(3)]


def test_rank_0_keeps_its_own_object() -> None:
    def work(comm: Comm) -> bool:
        mine = [1]
        return comm.share(mine) is mine

    assert on_ranks(2, work) == [True, False]


# ------------------------------------------------------------------------------------------ who is missed


@pytest.mark.parametrize("gone", [0, 1, 3])
def test_a_rank_that_hangs_up_is_missed_by_all(gone: int) -> None:
    all_know = threading.Barrier(3)

    def work(comm: Comm) -> Any:
        comm.gather(None)
        if comm.rank == gone:
            return None
        begin = time.perf_counter()
        array = np.ones(10)
        with pytest.raises(LostRank, match="has gone: call again with the same checkpoint, on as many ranks as there"):
            comm.add(array).wait()
        with pytest.raises(LostRank):  # and it stays so
            comm.gather(None)
        all_know.wait(2 * SOON)  # nobody else hangs up before
        return time.perf_counter() - begin < SOON

    found = on_ranks(4, work)
    assert found == [None if rank == gone else True for rank in range(4)]


def test_rank_0_says_who_has_gone() -> None:
    def work(comm: Comm) -> Any:
        if comm.rank != 2:
            comm.gather(None)

    found = on_ranks(3, work)
    assert str(found[0]).startswith("rank 2 has gone: ")
    assert str(found[1]).startswith("rank 0, or one that it has lost, has gone: ")


KILLED = """
import os, signal, sys
import numpy as np
from made_np.ranks.sockets import connect
comm = connect(1, 3, (sys.argv[1], int(sys.argv[2])), sys.argv[3].encode())
comm.gather(None)
comm.add(np.ones(1_000_000))
os.kill(os.getpid(), signal.SIGKILL)
"""
"""A rank that dies in the middle of its work."""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL here")
def test_a_process_that_is_killed_is_missed_by_all() -> None:
    address = free_address()
    process = subprocess.Popen([sys.executable, "-c", KILLED, address[0], str(address[1]), KEY.decode()])
    said: dict[int, str] = {}

    def work(rank: int) -> None:
        with connect(rank, 3, address, KEY) as comm:
            comm.gather(None)
            begin = time.perf_counter()
            array = np.ones(1_000_000)

            def go_on() -> None:
                comm.add(array).wait()  # the last thing that rank 1 has begun, whether it has come to it or not
                comm.gather(None)

            with pytest.raises(LostRank) as error:
                go_on()
            said[rank] = str(error.value) if time.perf_counter() - begin < SOON else "late"

    others = [threading.Thread(target=work, args=(rank,)) for rank in (0, 2)]
    for each in others:
        each.start()
    for each in others:
        each.join(100)
    process.wait()
    assert said[0].startswith("rank 1 has gone: ")
    assert said[2].startswith("rank 0, or one that it has lost, has gone: ")


# ------------------------------------------------------------------------------------------ who comes


def come(*ranks: tuple[int, int, bytes], timeout: float = 20.0) -> list[Any]:
    """What `connect` says to processes that come as (rank, size, key)."""
    address = free_address()
    found: list[Any] = [None] * len(ranks)

    def work(k: int, rank: int, size: int, key: bytes) -> None:
        try:
            connect(rank, size, address, key, timeout).close()
            found[k] = "came"
        except Exception as error:
            found[k] = error

    threads = [threading.Thread(target=work, args=(k, *each)) for k, each in enumerate(ranks)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    return found


def test_all_may_come_in_any_sequence() -> None:
    assert come((2, 3, KEY), (0, 3, KEY), (1, 3, KEY)) == ["came"] * 3


def test_who_does_not_know_the_key_is_turned_away() -> None:
    address = free_address()
    first: list[Sockets] = []
    listener = threading.Thread(target=lambda: first.append(connect(0, 2, address, KEY, 20.0)))
    listener.start()
    with pytest.raises(ValueError, match=r"^key is not that of rank 0: give all ranks the same$"):
        connect(1, 2, address, b"another", 20.0)
    with connect(1, 2, address, KEY, 20.0):
        listener.join(20)
    first[0].close()


def test_ranks_that_count_differently_are_refused() -> None:
    first, second = come((0, 2, KEY), (1, 3, KEY))
    for each in (first, second):
        assert isinstance(each, ValueError)
        assert str(each) == "size=3 on rank 1, and 2 on rank 0: give all ranks the same"


def test_two_that_say_that_they_are_the_same_rank_are_refused() -> None:
    found = come((0, 3, KEY), (1, 3, KEY), (1, 3, KEY))
    assert str(found[0]) == "rank=1 was given twice: give each process another one of 0..2"
    assert all(isinstance(each, (ValueError, LostRank)) for each in found)


def test_nobody_waits_longer_than_allowed() -> None:
    begin = time.perf_counter()
    alone, *_ = come((0, 3, KEY), (1, 3, KEY), timeout=0.5)
    assert isinstance(alone, TimeoutError)
    assert str(alone) == "no word of rank 2: start all 3 ranks, or give a longer timeout"
    (nobody,) = come((1, 2, KEY), timeout=0.3)
    assert isinstance(nobody, TimeoutError)
    assert "nobody listens at address=" in str(nobody)
    assert time.perf_counter() - begin < SOON


def test_a_stranger_who_says_nothing_holds_nobody_up_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("made_np.ranks.lines.PATIENCE", 0.3)
    address = free_address()
    first: list[Sockets] = []
    listener = threading.Thread(target=lambda: first.append(connect(0, 2, address, KEY, 20.0)))
    listener.start()
    time.sleep(0.2)
    with socket.create_connection(address) as quiet:
        with connect(1, 2, address, KEY, 20.0):
            listener.join(20)
        first[0].close()
        quiet.setblocking(False)


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ((2, 2, ("127.0.0.1", 1), KEY), ValueError, "rank=2: give an integer in 0..1"),
        ((0, 0, ("127.0.0.1", 1), KEY), ValueError, "size=0: give an integer >= 1"),
        ((0, 1, ("127.0.0.1", 1), "key"), TypeError, "give a secret of bytes, the same on all ranks"),
        ((0, 1, ("127.0.0.1", 1), KEY, 0), ValueError, "timeout=0: give a number in (0, inf)"),
    ],
)
def test_arguments_are_looked_at(given: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error) as found:
        connect(*given)
    assert text in str(found.value)
