"""What ranks ask of each other, whatever carries it."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from rank_threads import on_ranks

from made_np.ranks.comm import Comm, LostRank, agree, as_comm, ending_all
from made_np.ranks.sockets import connect, free_address


def test_nobody_is_asked_where_one_process_stands_alone() -> None:
    assert as_comm(None) is None
    with connect(0, 1, free_address(), b"secret") as comm:
        assert as_comm(comm) is None
    assert on_ranks(2, lambda comm: as_comm(comm) is comm) == [True, True]


@pytest.mark.parametrize("value", [0, "mpi", object(), np.ones(3), [None]])
def test_what_is_no_comm_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match=r"^comm=.* is a .*: give a communicator of mpi4py, .* or None$"):
        as_comm(value)


def test_one_process_agrees_with_itself() -> None:
    assert agree(None, lambda: 3) == 3
    with pytest.raises(KeyError):
        agree(None, lambda: {}["x"])  # type: ignore[var-annotated]


class Odd(ValueError):
    """One that takes no single text."""

    def __init__(self, a: int, b: int) -> None:
        super().__init__(f"{a} and {b}")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (TypeError("text"), TypeError),
        (FileNotFoundError(2, "text"), FileNotFoundError),
        (UnicodeDecodeError("ascii", b"", 0, 1, "text"), ValueError),
        (Odd(1, 2), ValueError),
        (ZeroDivisionError("text"), RuntimeError),
    ],
)
def test_what_is_wrong_on_one_rank_is_raised_on_all(error: Exception, kind: type[Exception]) -> None:
    def work(comm: Comm) -> Any:
        def mine() -> int:
            if comm.rank in (1, 2):
                raise error
            return comm.rank

        return agree(comm, mine)

    found = on_ranks(4, work)
    assert found[1] is found[2] is error
    for other in (found[0], found[3]):
        assert type(other) is kind
        assert str(other) == f"rank 1: {error}"


def test_all_go_on_where_nothing_is_wrong() -> None:
    def work(comm: Comm) -> Any:
        return agree(comm, lambda: comm.rank * 2), comm.gather(comm.rank)

    assert on_ranks(3, work) == [(2 * rank, [0, 1, 2]) for rank in range(3)]


def test_what_all_raise_ends_nothing() -> None:
    def work(comm: Comm) -> Any:
        with pytest.raises(ValueError, match="text"), ending_all(comm):
            agree(comm, lambda: int("text") if comm.rank else 0)
        return comm.gather(comm.rank)

    assert on_ranks(3, work) == [[0, 1, 2]] * 3


@pytest.mark.parametrize("error", [ZeroDivisionError, SystemExit])
def test_the_end_of_one_is_the_end_of_all(error: type[BaseException]) -> None:
    all_know = threading.Barrier(3)

    def work(comm: Comm) -> Any:
        try:
            with ending_all(comm):
                if comm.rank == 1:
                    raise error
                comm.gather(None)
        except BaseException as own:
            all_know.wait(20)  # nobody hangs up before
            return type(own)

    assert on_ranks(3, work) == [LostRank, error, LostRank]
    with pytest.raises(ZeroDivisionError), ending_all(None):
        raise ZeroDivisionError
