"""Disks that are full, or lose power: a file is the old or the new one, never a part of one."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

import made_np
from made_np import files
from made_np.table.files.writing import write_table
from soaking.subjects import network, same
from soaking.tally import Tally


def full_disk(rng: np.random.Generator, folder: Path, tally: Tally) -> None:
    """A write that finds no room raises `OSError`, and leaves what was there."""
    subject = network(rng)
    old = subject.made.init(rng=0)
    path = folder / "model"
    made_np.save(path, subject.made, old)
    before = path.read_bytes()
    writes = [
        lambda: made_np.save(path, subject.made, subject.made.init(rng=1)),
        lambda: subject.fit(checkpoint=path.with_name("checkpoint")),
        lambda: write_table(folder / "rows.csv", np.asarray(subject.x, float), None),
    ]
    for write in writes:
        tally.calls += 1
        try:
            with limit_of_files(int(rng.integers(0, len(before)))):
                write()
        except OSError:
            pass
        except Exception as error:  # anything else is what must not be
            tally.wrong.append(f"a full disk ends in {error!r}")
        changed = path.read_bytes() != before
        left = [each.name for each in folder.iterdir() if each.suffix == ".tmp"]
        tally.settle(
            [*(["a full disk changed the file that was there"] if changed else []), *[f"{n} is left" for n in left]]
        )
    again = made_np.load(path)
    tally.calls += 1
    if not same(again.theta, old):
        tally.wrong.append("a model that was not replaced for want of room differs")


@contextmanager
def limit_of_files(n_bytes: int) -> Iterator[None]:
    """No file may grow beyond so many bytes: the system then refuses to write, as it does on a full disk."""
    was = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, was[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, was)
        signal.signal(signal.SIGXFSZ, handler)


def power_cut(rng: np.random.Generator, folder: Path, tally: Tally) -> None:
    """After a power cut at any step of a save, a disk that keeps what was synced holds the old or the new model.

    Until it is synced, what was written to a file may be there, in part, or not at all; so may a rename until its
    folder is synced. That is what POSIX promises, and no more.
    """
    subject = network(rng)
    thetas = [subject.made.init(rng=seed) for seed in range(2)]
    path = folder / "model"
    made_np.save(path, subject.made, thetas[0])
    old = path.read_bytes()
    with recorded() as steps:
        made_np.save(path, subject.made, thetas[1])
    new = path.read_bytes()
    tally.calls += 2
    for cut in range(len(steps) + 1):
        for kept in _disks(steps[:cut], old, new, rng):
            path.write_bytes(kept)
            tally.calls += 1
            tally.settle(_neither(path, thetas))


def _neither(path: Path, thetas: list[Any]) -> Iterator[str]:
    try:
        theta = made_np.load(path).theta
    except Exception as error:  # any refusal is wrong here: there was a model
        yield f"after a power cut there is no model: {error!r}"
        return
    if not any(same(theta, each) for each in thetas):
        yield "after a power cut the model is neither the old nor the new one"


@contextmanager
def recorded() -> Iterator[list[str]]:
    """Yield the steps of a write as they are made: "fsync", "rename", "fsync folder"."""
    steps: list[str] = []
    fsync = os.fsync
    replace = os.replace

    def synced(handle: int) -> None:
        steps.append("fsync folder" if os.path.isdir(f"/proc/self/fd/{handle}") else "fsync")
        fsync(handle)

    def renamed(source: Any, target: Any) -> None:
        steps.append("rename")
        replace(source, target)

    with mock.patch.object(files.os, "fsync", synced), mock.patch.object(files.os, "replace", renamed):
        yield steps


def _disks(steps: list[str], old: bytes, new: bytes, rng: np.random.Generator) -> Iterator[bytes]:
    """Yield what may stand under the file's name after these steps: all that a disk may have kept of them."""
    if "rename" not in steps or "fsync folder" not in steps:
        yield old
    if "rename" in steps:
        if "fsync" in steps[: steps.index("rename")]:
            yield new
        else:
            yield from (new[:n] for n in rng.integers(0, len(new), 5).tolist())
