"""Processes that are killed while they fit with a checkpoint, or write a model: what they leave is whole."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import made_np
from soaking.subjects import Network, network, same
from soaking.tally import Tally

KILLS = 6
"""So often a fit is killed before it is left in peace."""
PATIENCE = 120.0
"""Seconds after which a child hangs."""


def killed_fit(rng: np.random.Generator, folder: Path, tally: Tally) -> None:
    """A fit that is killed at random moments, and goes on, learns the bits of one that was not."""
    subject = network(rng)
    whole = subject.fit()
    tally.calls += 1
    (folder / "subject").write_bytes(pickle.dumps(subject))
    for _ in range(KILLS):
        was_killed = _kill(folder, "fit", rng)
        if was_killed:
            tally.settle(_unread(folder / "checkpoint"))
    tally.calls += 1
    after = subject.fit(checkpoint=folder / "checkpoint")
    told = after.theta, {name: after.history[name] for name in ("epoch", "train", "valid")}
    wanted = whole.theta, {name: whole.history[name] for name in ("epoch", "train", "valid")}
    if not (same(told[0], wanted[0]) and all(same(told[1][name], wanted[1][name]) for name in told[1])):
        tally.wrong.append("a fit that was killed and went on differs from the unbroken one")


def killed_save(rng: np.random.Generator, folder: Path, tally: Tally) -> None:
    """A file that is being replaced when its writer is killed is the old or the new one."""
    subject = network(rng)
    (folder / "subject").write_bytes(pickle.dumps(subject))
    thetas = [subject.made.init(rng=seed) for seed in range(2)]
    made_np.save(folder / "model", subject.made, thetas[0])
    for _ in range(KILLS):
        if _kill(folder, "save", rng):
            tally.calls += 1
            theta = made_np.load(folder / "model").theta
            neither = not any(same(theta, each) for each in thetas)
            tally.settle(["a model whose writer was killed is neither the old nor the new one"] if neither else [])
    made_np.save(folder / "model", subject.made, thetas[1])
    left = sorted(path.name for path in folder.iterdir() if path.suffix == ".tmp")
    if left:
        tally.wrong.append(f"files of killed writers are left: {left}")


def _unread(path: Path) -> Iterator[str]:
    """Yield what is wrong with a checkpoint that a killed process left, if it left one."""
    if path.exists():
        try:
            made_np.load(path)
        except Exception as error:  # whatever it is, it is what people would see
            yield f"a checkpoint of a killed fit cannot be read: {error!r}"


def _kill(folder: Path, work: str, rng: np.random.Generator) -> bool:
    """Have another process do the work, kill it at a random moment; False: it had ended by itself."""
    argv = [sys.executable, "-m", "soaking.killed", work, str(folder)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=Path(__file__).parents[1]) as child:
        assert child.stdout is not None
        child.stdout.readline()  # it is ready
        time.sleep(rng.exponential(0.03))
        child.send_signal(signal.SIGKILL)
        return child.wait(PATIENCE) == -signal.SIGKILL


def _work(work: str, folder: Path) -> None:
    subject: Network = pickle.loads((folder / "subject").read_bytes())
    print("ready", flush=True)
    if work == "fit":
        subject.fit(checkpoint=folder / "checkpoint")
        return
    thetas: list[Any] = [subject.made.init(rng=seed) for seed in range(2)]
    while os.getppid() != 1:
        for theta in thetas:
            made_np.save(folder / "model", subject.made, theta)


if __name__ == "__main__":
    _work(sys.argv[1], Path(sys.argv[2]))
