"""Checkpoints: a run of `train.fit` in a file, from which it goes on with the same bits as if it had never stopped.

A checkpoint is a file that `storage.save` wrote, and `storage.load` opens it as a model: its theta is the one that
`fit` would give back. What a run needs besides stands with it:

===================  =====================================================================================
``extra["run"]``     what the run is: model, options, a checksum of some rows. Another run is refused
``extra["rng"]``     state of the bit generator at the end of the last epoch
``extra["n_steps"]``
``extra["kept"]``    epoch and validation loss (nats) of the best theta
``array.records``    (epochs, 5) the history
``array.theta``      (P,) where the next step starts
``array.averaged``   (P,) the average over the steps, if there is one
``array.state.NAME`` what the optimizer remembers
===================  =====================================================================================
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from made_np import storage
from made_np.layers import Array
from made_np.loop import Kept, Record, Run
from made_np.model import MADE
from made_np.values import as_choice

__all__ = ["Checkpoint", "prepare"]

EVERY = 5.0
"""Seconds between two writings, at least: a minute of training should not end in an hour of writing."""
TIMES = 10.0
"""Training goes on for so many times as long as a writing took before the next one."""
N_ROWS = 64
"""Rows whose checksum stands for a table: the first, the last, and others at equal distances."""


@dataclass(eq=False)
class Checkpoint:
    """The file of one run.

    Attributes
    ----------
    path : Path
    about : dict of str to JSON values
        What the run is, as `describe` has it.
    """

    path: Path
    about: dict[str, Any]
    _due: float = field(default=0.0, init=False)
    _epochs: int = field(default=-1, init=False)

    def __call__(self, run: Run) -> None:
        """Write down the end of an epoch, if the last writing was long enough ago."""
        if time.perf_counter() >= self._due:
            self.save(run)

    def finish(self, run: Run) -> None:
        """Write down the end of the run's last epoch, if that has not been done."""
        if self._epochs != len(run.records):
            self.save(run)

    def save(self, run: Run) -> None:
        """Write the run to the file; it must stand between two epochs."""
        begin = time.perf_counter()
        kept = [run.kept.epoch, run.kept.valid]
        extra = {"run": self.about, "rng": _plain(run.rng.bit_generator.state), "n_steps": run.n_steps, "kept": kept}
        arrays = {f"state.{name}": value for name, value in run.state.items()}
        arrays |= {
            "theta": run.theta,
            "records": np.array(run.records, dtype=np.float64).reshape(-1, len(Record._fields)),
        }
        if run.averaged is not run.theta:
            arrays["averaged"] = run.averaged
        storage.save(self.path, run.made, run.kept.theta, extra=extra, arrays=arrays)
        end = time.perf_counter()
        self._due, self._epochs = end + max(EVERY, TIMES * (end - begin)), len(run.records)

    def restore(self, run: Run) -> None:
        """Bring a fresh run to where the file says that it was; a file that is not there leaves it fresh.

        Raises
        ------
        ValueError
            The file is damaged, holds no checkpoint, or one of another run.
        """
        if not self.path.exists():
            return
        stored = storage.load(self.path)
        extra, arrays = stored.extra, stored.arrays
        if not {"run", "rng", "n_steps", "kept"} <= extra.keys():
            raise ValueError(f"checkpoint={self.path} is a model without a run: give another path, or resume=False")
        # What an older release did not write down is as the model that it wrote has it now.
        self._compare({**_of_model(stored.made), **extra["run"]})
        run.records = [Record(int(epoch), *rest) for epoch, *rest in arrays["records"].tolist()]
        epoch, valid = extra["kept"]
        run.kept = Kept(epoch, valid, stored.theta)
        run.n_steps, run.start = extra["n_steps"], run.start - run.records[-1].seconds
        run.rng.bit_generator.state = extra["rng"]
        for name, value in run.state.items():
            value[...] = arrays[f"state.{name}"]
        run.theta[:] = arrays["theta"]
        if run.averaged is not run.theta:
            run.averaged[:] = arrays["averaged"]
        self._epochs = len(run.records)

    def _compare(self, about: dict[str, Any]) -> None:
        """Raise a `ValueError` that says where the run differs from that of the file."""
        names = sorted(about.keys() | self.about.keys())
        old, new = ({name: one.get(name) for name in names} for one in (about, self.about))
        changed = [f"{name} was {old[name]!r} and is {new[name]!r}" for name in names if old[name] != new[name]]
        if changed:
            raise ValueError(
                f"checkpoint={self.path} is of another run: {'; '.join(changed)}. Give what it was begun with to go "
                "on, or another path, or resume=False to begin anew and replace it"
            )


def prepare(
    path: str | os.PathLike[str] | None, run: Run, resume: bool, theta: Array | None, rng: Any
) -> Checkpoint | None:
    """Return the checkpoint of a fresh run, which goes on from it at `resume`; None without a path.

    `theta` and `rng` are what `train.fit` was given. Raises what `Checkpoint.restore` does, and if there can be no such
    file.
    """
    as_choice(resume, "resume", (True, False))
    if path is None:
        return None
    try:
        target = Path(os.fspath(path))
    except TypeError:
        raise TypeError(f"checkpoint={path!r} is a {type(path).__name__}: give the path of a file") from None
    if not target.parent.is_dir():
        raise FileNotFoundError(f"checkpoint={target}: make the folder {target.parent} first")
    if target.is_dir():
        raise ValueError(f"checkpoint={target} is a folder: give the path of a file")
    checkpoint = Checkpoint(target, describe(run, theta, rng))
    if resume:
        checkpoint.restore(run)
    return checkpoint


def describe(run: Run, theta: Array | None, rng: Any) -> dict[str, Any]:
    """Return what decides the bits of a run, as JSON values: all but how long it may go on (epochs and patience).

    Parameters
    ----------
    theta : ndarray, shape (P,), optional
        The start, if it was given.
    rng
        As it was given.
    """
    options = run.options
    about = _of_model(run.made)
    for name in ("learning_rate", "batch_size", "dropout", "input_dropout", "averaging"):
        about[name] = getattr(options, name)
    about["optimizer"], about["schedule"] = _spell(options.optimizer), _spell(options.schedule)
    about["weight_decay"], about["theta"] = _checksum(options.decay), _checksum(theta)
    about["rng"] = int(rng) if isinstance(rng, int | np.integer) else type(run.rng.bit_generator).__name__
    for name, context, rows in (("x", "context", run.rows), ("valid", "valid_context", run.valid_rows)):
        about[name] = None if rows is None else _checksum(rows.x)
        about[context] = None if rows is None else _checksum(rows.context)
    return dict(json.loads(json.dumps(about)))  # as it will come back: tuples are lists then


def _of_model(made: MADE) -> dict[str, Any]:
    return {f"made.{name}": value for name, value in made.config().items()}


def _checksum(array: Array | None) -> str | None:
    """What stands for an array: its shape, and a checksum of some of its rows."""
    if array is None:
        return None
    index = slice(None) if array.ndim == 1 else np.linspace(0, len(array) - 1, N_ROWS).astype(np.int64)
    digest = hashlib.sha256(np.ascontiguousarray(array[index], dtype=np.float64).tobytes()).hexdigest()
    return f"shape {array.shape}, checksum {digest[:12]}"


def _spell(value: Any) -> str:
    """Return the name of a rule or a schedule with its settings, the same in every process."""
    if is_dataclass(value):
        settings = (f"{field.name}={_spell(getattr(value, field.name))}" for field in fields(value))
        return f"{type(value).__qualname__}({', '.join(settings)})"
    if callable(value):
        return str(getattr(value, "__qualname__", type(value).__qualname__))
    return repr(value)


def _plain(state: Any) -> Any:
    """Return the state of a bit generator with lists for arrays."""
    if isinstance(state, dict):
        return {name: _plain(value) for name, value in state.items()}
    return state.tolist() if isinstance(state, np.ndarray | np.generic) else state
