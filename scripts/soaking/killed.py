"""Processes that are killed while they fit with a checkpoint, or write a model: what they leave is whole."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from forking import Child

import made_np
from made_np.training import checkpoints
from soaking.subjects import network, same
from soaking.tally import Tally

KILLS = 10
"""So often a fit is killed before it is left in peace."""
PATIENCE = 120.0
"""Seconds after which a child hangs."""


def killed_fit(rng: np.random.Generator, folder: Path, tally: Tally) -> None:
    """A fit that is killed at random moments, and goes on, learns the bits of one that was not."""
    subject = network(rng)
    with writing_often():
        whole = told(subject.fit())
        begin = time.perf_counter()  # kernels are compiled by now
        subject.fit(checkpoint=folder / "whole")
        seconds = time.perf_counter() - begin
        tally.calls += 3
        for _ in range(KILLS):
            moment = rng.uniform(0, seconds / 2)
            if not _is_killed(lambda: told(subject.fit(checkpoint=folder / "checkpoint")), moment, tally):
                break
            tally.settle(unread(folder / "checkpoint"))
        after = told(subject.fit(checkpoint=folder / "checkpoint"))
    if not same(after, whole):
        tally.wrong.append("a fit that was killed and went on differs from the unbroken one")


def killed_save(rng: np.random.Generator, folder: Path, tally: Tally) -> None:
    """A file that is being replaced when its writer is killed is the old or the new one."""
    subject = network(rng)
    thetas = [subject.made.init(rng=seed) for seed in range(2)]
    made_np.save(folder / "model", subject.made, thetas[0])

    def replace_on() -> None:
        while os.getppid() != 1:
            for theta in thetas:
                made_np.save(folder / "model", subject.made, theta)

    for _ in range(KILLS):
        if _is_killed(replace_on, rng.exponential(0.02), tally):
            tally.calls += 1
            theta = made_np.load(folder / "model").theta
            neither = not any(same(theta, each) for each in thetas)
            tally.settle(["a model whose writer was killed is neither the old nor the new one"] if neither else [])
    made_np.save(folder / "model", subject.made, thetas[1])
    left = sorted(path.name for path in folder.iterdir() if path.suffix == ".tmp")
    if left:
        tally.wrong.append(f"files of killed writers are left: {left}")


def writing_often() -> AbstractContextManager[Any]:
    """Within it fits write a checkpoint after each epoch: there is one in the midst of the shortest."""
    return mock.patch.multiple(checkpoints, EVERY=0.0, TIMES=0.0)


def told(result: Any) -> list[Any]:
    """Return what a fit has learned, but for its times."""
    return [result.theta, *(result.history[name] for name in ("epoch", "train", "valid"))]


def unread(path: Path) -> Iterator[str]:
    """Yield what is wrong with a checkpoint that a killed process left, if it left one."""
    if path.exists():
        try:
            made_np.load(path)
        except Exception as error:  # whatever it is, it is what people would see
            yield f"a checkpoint of a killed fit cannot be read: {error!r}"


def _is_killed(work: Callable[[], Any], seconds: float, tally: Tally) -> bool:
    """Have a child do some work, kill it after so long; False: it had ended by itself."""
    child = Child(work)
    time.sleep(seconds)
    child.kill()
    status, _ = child.end(PATIENCE)
    if status not in (0, -signal.SIGKILL):
        tally.wrong.append(f"a process that was to be killed has ended with status {status}")
    return status == -signal.SIGKILL
