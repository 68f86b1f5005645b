"""A small pool of threads for kernels, which run without the GIL.

The caller works too, so a pool of n threads starts n - 1: helpers. Any number of threads may call `run` at once, and a
part of one may call it again. A forked child starts helpers of its own.

Ctrl-C may reach the caller at any instruction, and no instruction may be the one that leaves somebody waiting for
ever, or a helper at work in memory that the caller believes its own. So nothing is counted, and nobody waits for the
caller longer than a moment. What is to do stands in one list, what is not done yet in another, and a phase begins when
the second list of the one before is empty. A job has a *seat* for each helper, a lock that it holds while it works.
One answer is right wherever an exception comes, and however often: leave nothing to do, and take all seats. They may be
taken twice as well as once. What threads share is locks, deques and a queue, which are made to be shared, with a GIL
and without.
"""

from __future__ import annotations

import os
import queue
import re
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import cache, partial

_LIMITS = ("MADE_NP_NUM_THREADS", "NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


Work = Callable[[int], None]

_SPIN = 1e-3
"""Seconds that a thread looks for others to finish before it lets itself be woken: most waits are over by then."""
_MOST_OFFERS = 1000
"""Offers that wait for a helper; with more of them, all helpers must be busy with something long."""
_NEXT_TRY = 1.0
"""Seconds until a system that could start no thread is asked again."""
# time.sleep(0) would do, but on Linux it lasts for 50 us.
_let_others_go: Callable[[], None] = getattr(os, "sched_yield", partial(time.sleep, 0))


class Job:
    """Phases of n parts each, and who may work on them: whoever holds a seat."""

    def __init__(self, n_seats: int, n: int, phases: tuple[Work, ...]) -> None:
        self.phases = phases
        self.todo = [deque(range(n)) for _ in phases]
        self.undone = [deque(range(n)) for _ in phases]
        """As many entries as there are parts that nobody has finished."""
        self.errors: deque[BaseException] = deque()
        self.offered_until = 0.0
        self.seats = [threading.RLock() for _ in range(n_seats)]

    def take_parts(self, k: int) -> None:
        """Take parts of a phase until none is left; what one of them raises ends that part alone."""
        while True:
            # The last part first: it is the caller's, who has begun while others wake up.
            try:
                part = self.todo[k].pop()
            except IndexError:
                return
            try:
                work = self.phases[k]
                work(part)
            except Exception as error:
                self.fail(k, error)
            self.undone[k].pop()

    def fail(self, k: int, error: BaseException) -> None:
        """Note an error, and let no later phase begin."""
        self.errors.append(error)
        for later in self.todo[k + 1 :]:
            later.clear()

    def is_done(self, k: int) -> bool:
        """Whether all parts of a phase are done; then all that they wrote is seen."""
        if self.undone[k]:
            return False
        self.undone[k].clear()  # it is empty, but it has a lock inside, which orders memory where no GIL does
        return True

    def wait(self, k: int) -> None:
        """Wait for the parts of a phase that helpers have taken; nothing of it is left to take."""
        give_up = time.perf_counter() + _SPIN
        while not self.is_done(k):
            if time.perf_counter() > give_up:
                self.wait_long(k)
                return
            _let_others_go()

    def wait_long(self, k: int) -> None:
        """Wait as `wait` does, asleep. Whoever works on a part holds a seat: once each has been free, nobody does."""
        for seat in self.seats:
            while not seat.acquire(timeout=_SPIN):
                if self.is_done(k):  # and its helper is in the next phase already
                    return
            seat.release()

    def help(self, seat: threading.RLock) -> None:
        """Take parts of one phase after the other, until the last is done or the next has not begun for a moment."""
        for k in range(len(self.todo)):
            if self.todo[k] and seat.acquire(blocking=False):
                try:
                    self.take_parts(k)
                except BaseException as error:
                    self.fail(k, error)
                finally:
                    seat.release()
            give_up = time.perf_counter() + _SPIN
            while not self.is_done(k):
                if self.errors or time.perf_counter() > give_up:
                    return
                _let_others_go()

    def first_error(self) -> BaseException:
        """Return what was raised first. It is kept no longer: it knows the frames that know the job."""
        error = self.errors[0]
        self.errors.clear()
        return error

    def __enter__(self) -> None:
        """Nothing has begun."""

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        """Have the caller's memory to itself again after an `error`, however often Ctrl-C comes meanwhile.

        It calls no function of Python, so that it can run wherever `begin` could: near the end of the stack, too.
        """
        first = error
        is_settled = error is None
        while not is_settled:
            try:
                for todo in self.todo:
                    todo.clear()
                for seat in self.seats:
                    seat.acquire()
                for undone in self.undone:  # for which no helper need look out any more
                    undone.clear()
                is_settled = True
            except BaseException as late:
                if isinstance(error, Exception):  # else it is a Ctrl-C already, which nothing may hide
                    error = late
        self.phases = ()  # an offer that nobody has looked at yet keeps no arrays alive
        if error is not first and error is not None:
            raise error


class Pool:
    """Threads that wait for jobs."""

    def __init__(self) -> None:
        self.limit: int | None = None
        self.forget()

    def forget(self) -> None:
        """Start anew: no thread of a parent process lives on in its child."""
        self.offers: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.starting = threading.RLock()
        self.n_started = 0
        self.next_try = 0.0

    @property
    def n_threads(self) -> int:
        """How many threads may work at once, the caller included."""
        return _cores() if self.limit is None else max(1, min(self.limit, _cores()))

    def run(self, n: int, *phases: Work) -> None:
        """Call each of `phases` with 0..n-1, on all threads, one phase after the other; return when all is done.

        Whatever a part raises is raised here, once the parts of its phase are done; a KeyboardInterrupt, once those
        that have begun are.
        """
        job = Job(self._helpers(min(n, self.n_threads) - 1), n, phases)
        # An exit goes on waiting after a Ctrl-C; but one may come at its very first instruction, before it can. Where a
        # machine is so busy that the next one waits already, it meets the next exit there: so there are many.
        with job, job, job, job, job, job, job, job, job, job, job, job:
            for k in range(len(phases)):
                self._offer(job)
                job.take_parts(k)
                job.wait(k)
                if job.errors:
                    raise job.first_error()

    def _helpers(self, wanted: int) -> int:
        """Return how many of so many helpers there are, once those that are missing are started, if they can be."""
        # Another caller may be starting them: there is no need to wait for it, and nobody must wait for a caller.
        if self.n_started < wanted and time.perf_counter() >= self.next_try and self.starting.acquire(blocking=False):
            try:
                while self.n_started < wanted:
                    threading.Thread(target=_serve, args=(self.offers,), daemon=True, name="made_np").start()
                    self.n_started += 1
            except RuntimeError:  # a limit of processes, of memory: those that there are will do
                self.next_try = time.perf_counter() + _NEXT_TRY
            finally:
                self.starting.release()
        return max(0, min(wanted, self.n_started))

    def _offer(self, job: Job) -> None:
        """Call helpers to a phase; not those who still look out for it since the one before."""
        now = time.perf_counter()
        if now > job.offered_until:
            job.offered_until = now + _SPIN
            for seat in job.seats:
                if self.offers.qsize() < _MOST_OFFERS:
                    self.offers.put(partial(job.help, seat))


def _serve(offers: queue.SimpleQueue[Callable[[], None]]) -> None:
    while True:
        offers.get()()


@cache
def _cores() -> int:
    """Count the cores that this process may use, no more than the environment allows."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    for name in _LIMITS:
        # OpenMP takes a list, a number for each level of nesting; what is no positive number says nothing.
        number = re.fullmatch(r"\s*\+?0*([1-9][0-9]*)\s*(,.*)?", os.environ.get(name, ""), re.DOTALL)
        if number:
            return min(cores, int(number[1][:9]))  # nine digits are more than any machine has
    return cores


pool = Pool()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=pool.forget)


def run_parts(n: int, *phases: Work) -> None:
    """Call each of `phases` with 0..n-1 as `Pool.run` does; where there is one part, nobody can help, nor is called."""
    if n > 1:
        pool.run(n, *phases)
        return
    for work in phases:
        for part in range(n):
            work(part)


def obey_threadpoolctl() -> None:
    """Let `threadpoolctl.threadpool_limits` set the pool's limit, as it does for BLAS, where it is installed.

    It looks for shared libraries by name and asks a controller for each. Ours answers for llvmlite's, which is loaded
    wherever kernels are.
    """
    try:
        from threadpoolctl import LibController, register
    except ImportError:
        return

    class Kernels(LibController):  # type: ignore[misc]
        user_api = "made_np"
        internal_api = "made_np"
        filename_prefixes = ("libllvmlite", "llvmlite")

        def get_num_threads(self) -> int:
            return pool.n_threads

        def set_num_threads(self, num_threads: int) -> None:
            pool.limit = num_threads

        def get_version(self) -> None:
            return None

        def set_additional_attributes(self) -> None:
            return None

    register(Kernels)


obey_threadpoolctl()
