"""Fits that may be killed: no trial is done twice."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from typing import Any

from made_np._version import __version__
from made_np.estimator.params import to_json
from made_np.estimator.trials import Choice
from made_np.files import atomic_write
from made_np.places import check_places
from made_np.training.identity import digest, identify
from made_np.typing import Array

__all__ = ["check_checkpoint", "checkpoint_of", "fingerprint", "remembered", "trials_path"]

Loss = Callable[[Choice], float]

NO_MATTER = "max_epochs", "n_iter_no_change", "n_members", "random_state", "schedule", "verbose", "warm_start"
"""Parameters that no trial depends on (of the random state, only the seed), or that may change when a fit goes on."""


def trials_path(checkpoint: str | os.PathLike[str]) -> str:
    """Return where the trials of a fit stand that has this checkpoint."""
    return f"{os.fspath(checkpoint)}.trials"


def checkpoint_of(checkpoint: str | os.PathLike[str] | None, k: int) -> Any:
    """Return where the k-th member of an ensemble is written to; the first has the checkpoint itself."""
    return checkpoint if checkpoint is None or k == 0 else f"{os.fspath(checkpoint)}.{k}"


def check_checkpoint(checkpoint: Any, random_state: Any) -> None:
    """Raise unless a fit can go on from this checkpoint when it is called again.

    Raises
    ------
    TypeError, ValueError, OSError
        No file can be written there, or each call would draw another seed.
    """
    check_places({}, {"checkpoint": checkpoint})
    check_places({}, {"checkpoint": trials_path(checkpoint)})
    if random_state is None:
        raise ValueError(
            "checkpoint needs a random_state: with None each call draws another seed, and no fit goes on from that of "
            "another; give an integer"
        )


def fingerprint(params: Mapping[str, Any], seed: int, *tables: Array) -> str:
    """Return what stands for all that decides the outcome of trials: parameters, seed, and encoded rows."""
    about = [identify(value, name) for name, value in sorted(params.items()) if name not in NO_MATTER]
    rows = [digest(table, table.dtype) for table in tables]
    return hashlib.sha256(json.dumps([__version__, seed, about, rows]).encode()).hexdigest()


def remembered(loss: Loss, path: str, run: str) -> Loss:
    """Return `loss`, whose answers are kept in the file at `path`, and taken from it if it is of the same `run`."""
    found = _read(path, run)

    def look_up(choice: Choice) -> float:
        key = json.dumps([to_json(part) for part in vars(choice).values()])
        if key not in found:
            found[key] = loss(choice)
            with atomic_write(path) as file:
                file.write(json.dumps({"run": run, "found": found}).encode())
        return found[key]

    return look_up


def _read(path: str, run: str) -> dict[str, float]:
    """Return the answers in the file; none if it is missing, damaged or of another run: they are found again then."""
    try:
        with open(path, encoding="utf-8") as file:
            stored = json.load(file)
        return {key: float(loss) for key, loss in stored["found"].items()} if stored["run"] == run else {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}
