"""A small pool of threads for kernels, which run without the GIL.

The caller works too, so a pool of n threads starts n - 1. Any number of threads may call `run` at once: parts are
handed out one by one, and nobody waits for a part that nobody works on. A forked child starts threads of its own.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable
from functools import cache, partial
from itertools import count

_LIMITS = ("MADE_NP_NUM_THREADS", "NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


Work = Callable[[int], None]

_SPIN = 1e-3
"""Seconds that a thread looks for others to finish before it lets itself be woken: most waits are over by then."""
# time.sleep(0) would do, but on Linux it lasts for 50 us.
_let_others_go: Callable[[], None] = getattr(os, "sched_yield", partial(time.sleep, 0))


class Phase:
    """A function to be called once with each of 0..n-1, by whoever is free."""

    def __init__(self, work: Work, n: int) -> None:
        self.work, self.n = work, n
        # The last part first: it is the caller's, who has begun while others wake up.
        self.todo, self.done = iter(range(n - 1, -1, -1)), count(1)
        self.error: BaseException | None = None
        self.finished = n == 0
        self.sleepers = threading.Lock()
        self.sleepers.acquire()

    def help(self) -> None:
        """Take parts until none is left."""
        for part in self.todo:
            try:
                self.work(part)
            except BaseException as error:
                self.error = error  # before the part is counted: whoever finds the phase finished finds it
            if next(self.done) == self.n:
                self.finished = True
                self.sleepers.release()

    def wait(self) -> None:
        """Wait for parts that others have taken."""
        give_up = time.perf_counter() + _SPIN
        while not self.finished:
            if time.perf_counter() > give_up:
                with self.sleepers:  # each that is woken wakes the next
                    return
            _let_others_go()


class Job:
    """Phases of which each begins when all parts of the one before are done."""

    def __init__(self, phases: list[Phase]) -> None:
        self.phases = phases
        self.error: BaseException | None = None

    def help(self) -> None:
        """Take parts of each phase until none is left in any; an error ends the job."""
        for phase in self.phases:
            phase.help()
            phase.wait()
            if phase.error is not None:
                self.error = phase.error
                return


class Pool:
    """Threads that wait for jobs."""

    def __init__(self) -> None:
        self.limit: int | None = None
        self.forget()

    def forget(self) -> None:
        """Start anew: no thread of a parent process lives on in its child."""
        self.lock = threading.Lock()
        self.jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self.n_started = 0

    @property
    def n_threads(self) -> int:
        """How many threads may work at once, the caller included."""
        return _cores() if self.limit is None else max(1, min(self.limit, _cores()))

    def run(self, n: int, *phases: Work) -> None:
        """Call each of `phases` with 0..n-1, on all threads, one phase after the other; return when all is done.

        Whatever a part raises is raised here, once the parts of its phase are done.
        """
        helpers = min(n, self.n_threads) - 1
        job = Job([Phase(work, n) for work in phases])
        if helpers > 0:
            self._start(helpers)
            for _ in range(helpers):
                self.jobs.put(job)
        try:
            job.help()
        except BaseException:  # Ctrl-C in a wait: the caller's memory must be its own again before it goes on
            for phase in job.phases:
                phase.work = _nothing
            job.help()
            raise
        if job.error is not None:
            raise job.error

    def _start(self, helpers: int) -> None:
        with self.lock:
            while self.n_started < helpers:
                self.n_started += 1
                threading.Thread(target=_serve, args=(self.jobs,), daemon=True, name="made_np").start()


def _nothing(part: int) -> None:
    """Do no part that has not begun."""


def _serve(jobs: queue.SimpleQueue[Job]) -> None:
    while True:
        jobs.get().help()


@cache
def _cores() -> int:
    """Count the cores that this process may use, no more than the environment allows."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    for name in _LIMITS:
        value = os.environ.get(name, "")
        if value.isdigit() and int(value) > 0:
            return min(cores, int(value))
    return cores


pool = Pool()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=pool.forget)


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
