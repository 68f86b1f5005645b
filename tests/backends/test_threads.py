"""The pool of threads: every part once, phase after phase, limits, errors, forks."""

from __future__ import annotations

import gc
import os
import random
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

pytest.importorskip("numba")

from made_np.backends._numba import threads
from made_np.backends._numba.threads import Pool, pool


class Four(Pool):
    """A pool of four threads, on whatever machine."""

    n_threads = 4  # type: ignore[assignment]


class Two(Pool):
    """A pool of two."""

    n_threads = 2  # type: ignore[assignment]


@pytest.fixture
def hectic() -> Iterator[None]:
    """Let threads take turns as often as they can, so that no order of events is too rare to be met."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.fixture
def limit() -> Iterator[None]:
    """Put the limit back that tests change."""
    usual = pool.limit
    yield
    pool.limit = usual


# --------------------------------------------------------------------------------------------------- parts


@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 5, 50])
@pytest.mark.parametrize("n_phases", [1, 2, 5])
def test_every_part_of_every_phase_is_done_once(n: int, n_phases: int) -> None:
    four = Four()
    done: list[list[int]] = [[] for _ in range(n_phases)]
    for _ in range(5):  # the later ones meet threads that wait already
        four.run(n, *(own.append for own in done))
    assert [sorted(own) for own in done] == [sorted(5 * [*range(n)])] * n_phases


@pytest.mark.usefixtures("hectic")
def test_a_phase_begins_when_all_of_the_one_before_is_done() -> None:
    four, lock, pauses, seen = Four(), threading.Lock(), random.Random(0), set()

    def count(phase: int, counts: list[int]) -> None:
        seen.add(counts[phase - 1] if phase else 6)
        time.sleep(pauses.choice([0, 0, 1e-5]))
        with lock:
            counts[phase] += 1

    for _ in range(200):
        counts = [0, 0, 0]
        four.run(6, *(lambda part, phase=phase, counts=counts: count(phase, counts) for phase in range(3)))
        assert counts == [6, 6, 6]
    assert seen == {6}


def test_parts_run_on_several_threads_of_which_the_caller_is_one() -> None:
    together = threading.Barrier(4, timeout=20)  # is passed by four at once, or never
    names: list[str] = []

    def work(part: int) -> None:
        together.wait()
        names.append(threading.current_thread().name)

    Four().run(4, work)
    assert len(names) == 4
    assert threading.current_thread().name in names
    assert sum(name.startswith("made_np") for name in names) == 3


def test_all_that_wait_long_are_woken() -> None:
    four, woken = Four(), threading.Event()
    together = threading.Barrier(4, timeout=20)

    def wait_and_meet() -> None:
        for _ in range(3):
            four.run(4, lambda part: time.sleep(0.02 * (part == 0)), lambda part: together.wait())
        woken.set()

    threading.Thread(target=wait_and_meet, daemon=True).start()
    assert woken.wait(20)


def test_one_part_or_one_thread_stays_with_the_caller(limit: None) -> None:
    own, here = [], threading.get_ident()
    Four().run(1, lambda part: own.append(threading.get_ident()))
    pool.limit = 1
    pool.run(7, lambda part: own.append(threading.get_ident()), lambda part: own.append(threading.get_ident()))
    assert own == [here] * 15


def test_one_part_needs_no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "Job", None)
    done: list[str] = []
    threads.run_parts(1, lambda part: done.append(f"first {part}"), lambda part: done.append(f"second {part}"))
    threads.run_parts(0, lambda part: done.append("none"))
    assert done == ["first 0", "second 0"]
    with pytest.raises(TypeError):
        threads.run_parts(2, print)


@pytest.mark.usefixtures("hectic")
def test_many_callers_share_a_pool() -> None:
    four = Four()

    def call(k: int) -> bool:
        done: list[int] = []
        four.run(7, done.append, lambda part: done.append(10 + part))
        return sorted(done) == [*range(7), *range(10, 17)]

    with ThreadPoolExecutor(8) as callers:
        assert all(callers.map(call, range(400)))


def test_a_part_may_use_the_pool_itself() -> None:
    four = Four()
    done: list[int] = []
    four.run(5, lambda part: four.run(3, lambda inner: done.append(10 * part + inner)))
    assert sorted(done) == [10 * part + inner for part in range(5) for inner in range(3)]


# -------------------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize("bad", [0, 3, 6])
def test_what_a_part_raises_reaches_the_caller(bad: int) -> None:
    four = Four()
    done: list[int] = []

    def work(part: int) -> None:
        if part == bad:
            raise ZeroDivisionError(f"part {part}")
        done.append(part)

    with pytest.raises(ZeroDivisionError, match=f"part {bad}"):
        four.run(7, work, lambda part: done.append(100))
    assert sorted(done) == [part for part in range(7) if part != bad], "the other parts are done, the next phase is not"
    done.clear()
    four.run(3, done.append)
    assert sorted(done) == [0, 1, 2], "the pool lives on"


@pytest.mark.usefixtures("hectic")
def test_no_error_of_another_thread_is_lost() -> None:
    two, caller, lost = Two(), threading.get_ident(), 0
    went_on: list[int] = []

    def work(part: int, begun: list[int]) -> None:
        begun.append(part)
        if threading.get_ident() != caller:
            raise ZeroDivisionError
        while len(begun) < 2:  # leave one to the other
            pass

    for _ in range(1500):
        begun: list[int] = []
        try:
            two.run(2, lambda part, begun=begun: work(part, begun), went_on.append)
            lost += 1
        except ZeroDivisionError:
            pass
    assert not lost
    assert not went_on


def test_the_interrupt_of_a_part_is_raised_too() -> None:
    def work(part: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Four().run(3, work)


def test_ctrl_c_while_others_work_is_raised_once_they_are_done() -> None:
    """They write to memory that the caller lends to the next one as soon as it is out."""
    two, caller, done = Two(), threading.get_ident(), []  # type: ignore[var-annotated]
    both = threading.Barrier(2, timeout=20)

    def work(part: int) -> None:
        both.wait()
        if threading.get_ident() != caller:
            time.sleep(0.05)  # by now the caller is waiting
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.2)
        done.append(part)

    with pytest.raises(KeyboardInterrupt):
        two.run(2, work, lambda part: done.append(10 + part))
    at_once = list(done)
    time.sleep(0.4)
    assert sorted(at_once) == sorted(done) == [0, 1]


def test_ctrl_c_in_a_wait_wins_over_the_error_of_a_part() -> None:
    two, caller = Two(), threading.get_ident()
    both = threading.Barrier(2, timeout=20)

    def work(part: int) -> None:
        both.wait()
        if threading.get_ident() == caller:
            raise ZeroDivisionError
        time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.05)

    with pytest.raises(KeyboardInterrupt):
        two.run(2, work)


@pytest.mark.parametrize("errors", [[ValueError, KeyboardInterrupt, TimeoutError], [KeyboardInterrupt, TimeoutError]])
def test_ctrl_c_is_hidden_by_no_error_while_it_cleans_up(errors: list[type[BaseException]]) -> None:
    first, *late = errors

    class Seat:
        """Is taken in the end."""

        def acquire(self) -> bool:
            if late:
                raise late.pop(0)
            return True

    job = threads.Job(0, 1, ())
    job.seats = [Seat()]  # type: ignore[list-item]
    with pytest.raises(KeyboardInterrupt), job:
        raise first
    assert not late


@pytest.mark.parametrize("n_threads", [1, 3])
def test_errors_keep_no_memory_alive(n_threads: int) -> None:
    """They know the frames, which know the arrays: only the garbage collector would find such a circle."""
    pool_of_some = type("Some", (Pool,), {"n_threads": n_threads})()

    class Array:
        pass

    def fail() -> weakref.ref[Array]:
        array = Array()

        def work(part: int, array: Array = array) -> None:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            pool_of_some.run(6, work)
        return weakref.ref(array)

    gc.disable()
    try:
        gone = fail()
        end = time.perf_counter() + 20
        while gone() is not None and time.perf_counter() < end:  # a helper may be on its way out still
            time.sleep(0.001)
        assert gone() is None
    finally:
        gc.enable()


def test_near_the_end_of_the_stack_it_raises_and_nobody_works_on() -> None:
    two, log = Two(), []  # type: ignore[var-annotated]

    def deep(left: int) -> None:
        if left:
            deep(left - 1)
        else:
            two.run(4, log.append, log.append)

    def ends(left: int) -> bool:
        log.clear()
        try:
            deep(left)
            return True
        except RecursionError:
            at_once = list(log)
            time.sleep(0.002)
            assert log == at_once
            return False

    depth = 0
    while ends(depth + 20):
        depth += 20
    assert [ends(depth + k) for k in range(21)][-1] is False
    two.run(2, log.append)


def test_offers_that_nobody_takes_do_not_pile_up() -> None:
    two, go_on = Two(), threading.Event()
    both = threading.Barrier(2, timeout=20)

    def wait(part: int) -> None:
        both.wait()
        go_on.wait()

    busy = threading.Thread(target=two.run, args=(2, wait))  # takes the one helper that there is
    busy.start()
    arrays = [threading.Event() for _ in range(3000)]  # of which the work of each job knows one
    known = [weakref.ref(array) for array in arrays]
    for array in arrays:
        two.run(2, lambda part, array=array: None)
    del array
    arrays.clear()
    assert two.offers.qsize() <= 1000
    assert not any(reference() for reference in known)
    go_on.set()
    busy.join()


# --------------------------------------------------------------------------------------- no more threads


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let no thread start, as a system does at its limit; the list gets longer with each try."""
    tries: list[str] = []

    def refuse(thread: threading.Thread) -> None:
        tries.append(thread.name)
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    return tries


def test_it_works_with_the_threads_that_there_are(refused: list[str]) -> None:
    four, done = Four(), []  # type: ignore[var-annotated]
    for _ in range(50):
        four.run(5, done.append, done.append)
    assert sorted(done) == sorted(100 * [*range(5)])
    assert four.offers.empty(), "a job waits for nobody"
    assert len(refused) == 1, "the system is asked each time"


def test_it_asks_for_threads_again_after_a_while(refused: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    four = Four()
    four.run(4, lambda part: None)
    monkeypatch.undo()
    four.run(4, lambda part: None)
    assert four.n_started == 0
    four.next_try = 0.0  # the while is over
    together = threading.Barrier(4, timeout=20)
    four.run(4, lambda part: together.wait())
    assert four.n_started == 3


def test_the_threads_that_could_be_started_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    start, four = threading.Thread.start, Four()

    def one(thread: threading.Thread) -> None:
        if four.n_started:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", one)
    together = threading.Barrier(2, timeout=20)
    four.run(2, lambda part: together.wait())
    done: list[int] = []
    four.run(9, done.append)
    assert sorted(done) == [*range(9)]
    assert four.n_started == 1


# -------------------------------------------------------------------------------------------------- limits


def test_a_limit_holds_from_the_next_call_on(limit: None) -> None:
    most = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    pool.limit = 10_000
    assert pool.n_threads == threads._cores() <= most
    for given, want in ((1, 1), (0, 1), (-3, 1), (2, min(2, threads._cores()))):
        pool.limit = given
        assert pool.n_threads == want


LIMITS = ("MADE_NP_NUM_THREADS", "NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def test_the_usual_variables_limit_it() -> None:
    trials = [{}, *({name: "1"} for name in LIMITS), {"OMP_NUM_THREADS": "64"}]
    trials += [{"MADE_NP_NUM_THREADS": "", "OMP_NUM_THREADS": "0", "MKL_NUM_THREADS": "all"}]  # which says nothing
    trials += [{"MADE_NP_NUM_THREADS": "64", "OMP_NUM_THREADS": "1"}]  # ours goes before all others
    code = f"""
import importlib, os
from made_np.backends._numba import threads
for variables in {trials}:
    for name in {LIMITS}:
        os.environ.pop(name, None)
    os.environ.update(variables)
    print(importlib.reload(threads).pool.n_threads)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    most, *limited, high, nothing, ours = map(int, done.stdout.split())
    assert limited == [1] * len(LIMITS)
    assert high == nothing == ours == most >= 1


SAYS_ONE = ["1", "1,1", " 1 ", "1 ,8", "\t1,2,3\n", "+1", "001", "1,"]
SAYS_NOTHING = ["", " ", "0", "-1", "+", "abc", ",1", "0,1", "1 1", "1.0", "1e0", "1_0", "0x1", "\u00b9", "\uff11"]
SAYS_MANY = ["9" * 5000, "1" + "0" * 30, "4294967297", "99,1"]


def test_a_variable_is_a_number_or_a_list_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in LIMITS:
        monkeypatch.delenv(name, raising=False)
    cores = threads._cores.__wrapped__
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(8), raising=False)
    for name in LIMITS:
        for values, want in ((SAYS_ONE, 1), (SAYS_NOTHING, 8), (SAYS_MANY, 8), (["3,2"], 3)):
            for value in values:
                monkeypatch.setenv(name, value)
                assert cores() == want, (name, value)
        monkeypatch.delenv(name)
    monkeypatch.setenv("OMP_NUM_THREADS", "zero")
    monkeypatch.setenv("MKL_NUM_THREADS", "2")
    assert cores() == 2, "a variable that says nothing leaves it to the next"


def test_threadpoolctl_limits_it(limit: None) -> None:
    threadpoolctl = pytest.importorskip("threadpoolctl")
    before = pool.n_threads
    with threadpoolctl.threadpool_limits(1):
        assert pool.n_threads == 1
    assert pool.n_threads == before
    with threadpoolctl.threadpool_limits(1, user_api="made_np"):
        assert pool.n_threads == 1
    with threadpoolctl.threadpool_limits(1, user_api="blas"):
        assert pool.n_threads == before
    (own,) = [info for info in threadpoolctl.threadpool_info() if info["user_api"] == "made_np"]
    assert own["num_threads"] == before


# --------------------------------------------------------------------------------------------------- forks


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
def test_a_child_starts_threads_of_its_own() -> None:
    code = """
import os, threading
from made_np.backends._numba import threads
threads._cores = lambda: 4
def names():
    together, seen = threading.Barrier(4, timeout=20), set()
    def work(part):
        together.wait()
        seen.add(threading.get_native_id())
    threads.pool.run(4, work)
    return seen
first = names()
child = os.fork()
own = names()
assert len(own) == 4, own
assert (own == first) == bool(child), (own, first)
if child:
    assert os.waitpid(child, 0)[1] == 0
else:
    os._exit(0)
print("both")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.returncode) == ("both\n", 0), done.stderr
