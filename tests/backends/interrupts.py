"""Ctrl-C at every instruction of the caller, and at any moment: run by the tests in a process of its own.

    python interrupts.py path/of/threads.py instructions|signals N_THREADS HOW_MANY

A hang would not be a failure but the end of all tests, so it is the parent's limit of time that finds it.
"""

from __future__ import annotations

import importlib.util
import itertools
import random
import signal
import sys
import threading
import time
from types import FrameType, ModuleType
from typing import Any

N, N_PHASES = 3, 2


def load(path: str) -> ModuleType:
    """Import the file alone: neither numba nor anything else of the package is needed."""
    spec = importlib.util.spec_from_file_location("threads_alone", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Watched:
    """A job that knows what it was asked to do, whether it was in order, and who is at it."""

    def __init__(self, pause: float) -> None:
        self.pause, self.caller = pause, threading.get_ident()
        self.lock = threading.RLock()  # the caller may be interrupted while it has it
        self.begun: list[tuple[int, int]] = []
        self.done: list[tuple[int, int]] = []
        self.helped, self.has_ended = 0, False
        self.wrong: list[str] = []

    def phase(self, k: int) -> Any:
        return lambda part: self.work(k, part)

    def work(self, k: int, part: int) -> None:
        is_helper = threading.get_ident() != self.caller
        if self.has_ended:
            self.wrong.append("a part begins after the end of run")
        if (k, part) in self.begun:
            self.wrong.append("a part is done twice")
        if k and len([each for each in self.done if each[0] == k - 1]) < N:
            self.wrong.append("a phase begins early")
        self.begun.append((k, part))
        end = time.perf_counter() + self.pause
        while time.perf_counter() < end:
            time.sleep(0)
        if is_helper and self.has_ended:
            self.wrong.append("a helper is at work after the end of run")
        self.helped += is_helper
        self.done.append((k, part))

    def run(self, pool: Any) -> None:
        """Do all of it, or less with a KeyboardInterrupt."""
        try:
            pool.run(N, *(self.phase(k) for k in range(N_PHASES)))
            is_whole = True
        except KeyboardInterrupt:
            is_whole = False
        self.has_ended = True
        if is_whole and sorted(self.done) != [(k, part) for k in range(N_PHASES) for part in range(N)]:
            self.wrong.append(f"only {self.done} are done")


def pool_of(module: ModuleType, n_threads: int) -> Any:
    class Some(module.Pool):  # type: ignore[misc, name-defined]
        pass

    Some.n_threads = n_threads  # type: ignore[assignment]
    return Some()


class Saboteur:
    """Raises KeyboardInterrupt before the given instructions of one file: a number each, counted from the last one."""

    def __init__(self, module: ModuleType, *after: int) -> None:
        self.module, self.after = module, list(after)
        self.left = self.after.pop(0)

    def trace(self, frame: FrameType, event: str, _: object) -> Any:
        if frame.f_code.co_filename != self.module.__file__:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt  # and Python traces no more
        return self.trace

    def leave(self, leave: Any) -> Any:
        """Return what leaves a job, and is traced again: for the next KeyboardInterrupt while it cleans up."""

        def left(job: Any, kind: Any, error: Any, where: Any) -> Any:
            if kind is KeyboardInterrupt and self.after:
                self.left = self.after.pop(0)
                frame = sys._getframe(1)
                frame.f_trace, frame.f_trace_opcodes = self.trace, True
                sys.settrace(self.trace)
            return leave(job, kind, error, where)

        return left


def interrupt(module: ModuleType, pool: Any, job: Watched, *after: int) -> bool:
    """Run the job with a KeyboardInterrupt at these instructions; return True if it came to all of them."""
    saboteur = Saboteur(module, *after)
    usual = getattr(module.Job, "__exit__", None)
    if usual:
        module.Job.__exit__ = saboteur.leave(usual)  # type: ignore[attr-defined]
    sys.settrace(saboteur.trace)
    try:
        job.run(pool)
    except KeyboardInterrupt:
        job.has_ended = True  # it came after the end of run
    finally:
        sys.settrace(None)
        if usual:
            module.Job.__exit__ = usual  # type: ignore[attr-defined]
    return saboteur.left < 0 and not saboteur.after


def at_instructions(module: ModuleType, n_threads: int, depth: int) -> int:
    """Interrupt at each instruction; then at each, and again at some of those that clean up; return how often."""
    pool, jobs = pool_of(module, n_threads), []
    rng, count = random.Random(0), 0
    for again in range(depth):
        missed = 0
        for k in itertools.count():
            job = Watched(pause=rng.choice([0, 2e-5]))
            reached = interrupt(module, pool, job, k, *(rng.randrange(120) for _ in range(again)))
            count += reached
            missed = 0 if reached else missed + 1
            jobs.append(job)
            if missed > 20:
                break
    return verdict(pool, jobs, count)


def at_any_moment(module: ModuleType, n_threads: int, n: int) -> int:
    """Let a timer interrupt jobs, once or many times in a row; return how often it did."""
    pool, rng, left, count = pool_of(module, n_threads), random.Random(0), 0, 0
    is_storm = False
    pause = 1.0

    def stop(_: int, frame: FrameType | None) -> None:
        nonlocal left, count
        while frame is not None and frame.f_code.co_filename != module.__file__:
            frame = frame.f_back
        if left and frame is not None:  # in the pool: between jobs there is nothing to be found
            left -= 1
            count += 1
            if is_storm:  # the next one waits already, as it does where a machine is busy
                signal.setitimer(signal.ITIMER_REAL, rng.uniform(1e-6, 3e-5), pause)
            raise KeyboardInterrupt

    signal.signal(signal.SIGALRM, stop)
    jobs: list[Watched] = []
    while count < n:
        left = rng.choice([1, 1, 1, 10])
        pause = rng.choice([2e-4, 1e-3])
        is_storm = rng.random() < 0.5
        signal.setitimer(signal.ITIMER_REAL, rng.uniform(1e-6, 2e-4), pause)
        while left:
            jobs.append(Watched(rng.choice([0, 0, 2e-5])))
            jobs[-1].run(pool)
        if len(jobs) > 2000:
            verdict(pool, jobs, count)
            jobs.clear()
    signal.setitimer(signal.ITIMER_REAL, 0)
    return verdict(pool, jobs, count)


def verdict(pool: Any, jobs: list[Watched], count: int) -> int:
    """Return `count` if nothing went wrong then or went on since, and all threads take parts still."""
    begun = [len(job.begun) for job in jobs]
    last = Watched(0)
    deadline = time.perf_counter() + 20
    while not pool.offers.empty() and time.perf_counter() < deadline:  # a helper that got no time has many to look at
        time.sleep(1e-3)
    time.sleep(max(0.0, pool.next_try - time.perf_counter()))  # a start that was torn apart is tried again then
    together = threading.Barrier(pool.n_threads, timeout=20)
    pool.run(pool.n_threads, lambda part: together.wait())  # is passed by all, or never
    last.run(pool)
    wrong = {text for job in [*jobs, last] for text in job.wrong}
    if [len(job.begun) for job in jobs] != begun:
        wrong.add("parts begin later")
    if wrong:
        sys.exit(f"after {count} interrupts: {', '.join(sorted(wrong))}")
    return count


if __name__ == "__main__":
    _, path, how, n_threads, how_many = sys.argv
    act = {"instructions": at_instructions, "signals": at_any_moment}[how]
    print(act(load(path), int(n_threads), int(how_many)))
