"""A process that plays one round after the other, of which it prints what it does.

python -m soaking.player [SCENE ...] FIRST STEP    (rounds FIRST, FIRST + STEP, ...; until it is told to end)
"""

from __future__ import annotations

import faulthandler
import json
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from soaking.calm import asked_again, stored_and_read
from soaking.damage import damaged_file
from soaking.disks import full_disk, power_cut
from soaking.interrupts import forked, interrupted, interrupted_questions, threads
from soaking.killed import killed_fit, killed_save
from soaking.memory import little_memory, little_memory_for_questions
from soaking.ranks import killed_rank
from soaking.tally import Tally
from soaking.workers import killed_worker

Scene = Callable[[np.random.Generator, Path, Tally], None]
SCENES: tuple[Scene, ...] = (
    asked_again,
    stored_and_read,
    killed_fit,
    killed_save,
    killed_rank,
    killed_worker,
    full_disk,
    power_cut,
    damaged_file,
    interrupted,
    interrupted_questions,
    threads,
    forked,
    little_memory,
    little_memory_for_questions,
)


def play(seed: int, only: Sequence[str] = ()) -> tuple[str, Tally]:
    """Return which scene the round of this seed is, of all or of those that are named, and what was counted in it."""
    rng = np.random.default_rng(seed)
    scenes = [each for each in SCENES if not only or each.__name__ in only]
    scene = scenes[int(rng.integers(len(scenes)))]
    with tempfile.TemporaryDirectory() as folder:
        return scene.__name__, played(scene, rng, Path(folder))


def played(scene: Scene, rng: np.random.Generator, folder: Path) -> Tally:
    """Return what was counted in a scene; an error that comes out of it is wrong."""
    tally = Tally()
    try:
        scene(rng, folder, tally)
    except Exception as error:  # no scene lets one out: it is of made_np, or of the soak itself
        tally.wrong.append(f"{type(error).__name__}: {error}")
    return tally


def main() -> None:
    """Play, and print a line of JSON for each round: its seed when it begins, what was counted when it has ended."""
    faulthandler.register(signal.SIGUSR1, all_threads=True)
    *only, first, step = sys.argv[1:]
    seed = int(first)
    while True:
        print(json.dumps({"begun": seed}), flush=True)
        scene, tally = play(seed, only)
        print(json.dumps({"seed": seed, "scene": scene, "tally": tally.stored()}), flush=True)
        seed += int(step)


if __name__ == "__main__":
    main()
