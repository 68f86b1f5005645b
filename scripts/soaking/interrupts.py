"""Ctrl-C, other threads, forks: whoever is not stopped is right."""

from __future__ import annotations

import os
import pickle
import signal
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from soaking.subjects import Asked, answers_of, network, same
from soaking.tally import Tally

TRIES = 12


def interrupted(rng: np.random.Generator, folder: Path, tally: Tally) -> None:
    """A call that Ctrl-C stops raises `KeyboardInterrupt`, or a fit returns what it has; the next call is right."""
    subject = network(rng)
    begin = time.perf_counter()
    theta = subject.fit().theta
    seconds = time.perf_counter() - begin
    wanted = answers_of(subject, theta, 1)
    tally.calls += 2
    for _ in range(TRIES):
        tally.calls += 2
        press_ctrl_c(lambda: (subject.fit(), answers_of(subject, theta, 1)), rng.uniform(0, 1.5 * seconds) + 1e-5)
        tally.settle([] if same(answers_of(subject, theta, 1), wanted) else ["wrong answers after Ctrl-C"])
    if not same(subject.fit().theta, theta):
        tally.wrong.append("a fit after Ctrl-C differs")


def interrupted_questions(rng: np.random.Generator, folder: Path, tally: Tally) -> None:
    """Questions to a density, stopped by Ctrl-C, are answered rightly when they are asked again."""
    asked = Asked(rng)
    for _ in range(TRIES):
        tally.calls += len(asked.wanted)
        press_ctrl_c(asked.again, rng.exponential(0.02) + 1e-5)
        tally.settle(
            [] if same(asked.again(), asked.wanted) else ["wrong answers after a question was stopped by Ctrl-C"]
        )


def press_ctrl_c(work: Callable[[], object], seconds: float) -> None:
    """Do the work; Ctrl-C is pressed after so long, unless it has ended."""
    was = signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, seconds)
            work()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        pass
    except Exception as error:  # a library's C code may meet it, and tell of it by an error of its own
        if not isinstance(error.__cause__, KeyboardInterrupt):
            raise
    signal.signal(signal.SIGALRM, was)


def threads(rng: np.random.Generator, folder: Path, tally: Tally) -> None:
    """What several threads ask of one model at once is what one asks alone."""
    work, wanted = _work(rng)
    n = int(rng.integers(2, 5))
    for found in _at_once(work, n):
        tally.calls += 2
        tally.settle([] if same(found, wanted) else ["wrong answers beside other threads"])


def forked(rng: np.random.Generator, folder: Path, tally: Tally) -> None:
    """A child that is forked while threads fit answers as its parent does, and so do they."""
    work, wanted = _work(rng)
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(work()))
    thread.start()
    time.sleep(rng.uniform(0, 0.05))
    answer = folder / "answer"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # newer Pythons warn of forks beside threads: that is what is tried
        child = os.fork()
    if child == 0:
        answer.write_bytes(pickle.dumps(work()))
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    thread.join()
    tally.calls += 4
    found = pickle.loads(answer.read_bytes()) if status == 0 else None
    tally.settle(
        [
            *([] if same(found, wanted) else [f"a forked child gives another answer, status {status}"]),
            *([] if same(results[0], wanted) else ["a thread beside a fork gives another answer"]),
        ]
    )


def _work(rng: np.random.Generator) -> tuple[Callable[[], list[Any]], list[Any]]:
    """Return a fit with answers, to be made by anybody, with what it gives here."""
    subject = network(rng)

    def work() -> list[Any]:
        theta = subject.fit().theta
        return [theta, *answers_of(subject, theta, 1)]

    return work, work()


def _at_once(work: Callable[[], Any], n: int) -> list[Any]:
    """Return what n threads find, or the error that one met."""
    results: list[Any] = []

    def run() -> None:
        try:
            results.append(work())
        except Exception as error:  # told by whoever looks
            results.append(error)

    pool = [threading.Thread(target=run) for _ in range(n)]
    for each in pool:
        each.start()
    for each in pool:
        each.join()
    return results
