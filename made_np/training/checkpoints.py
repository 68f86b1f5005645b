"""Checkpoints: a run of `made_np.fit` in a file, from which it goes on with the same bits as if it had never stopped.

A checkpoint is a file that `made_np.save` wrote, and `made_np.load` opens it as a model: its theta is the one that
`fit` would give back. What a run needs besides stands with it:

==================== =====================================================================================
``extra["run"]``     what the run is: model, options, checksums of all rows. Another run is refused
``extra["layout"]``  version of this table and of what stands in ``run``
``extra["rng"]``     state of the bit generator at the end of the last epoch
``extra["n_steps"]`` how many steps were made
``extra["n_cut"]``   how many more these epochs would have made, had not the clock ended some
``extra["kept"]``    epoch and validation loss (nats) of the best theta
``array.records``    (epochs, 5) the history
``array.theta``      (P,) where the next step starts
``array.averaged``   (P,) the average over the steps, if there is one
``array.state.NAME`` what the optimizer remembers
==================== =====================================================================================
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from made_np.backends import get_backend
from made_np.files import as_target
from made_np.layers import BUILT_IN
from made_np.model.made import MADE
from made_np.places import check_writable
from made_np.ranks.comm import agree
from made_np.storage.model_file import Stored, load, save
from made_np.training.identity import digest, identify
from made_np.training.loop import Kept, Record, Run
from made_np.training.row_sum import BITS, row_sum
from made_np.typing import Array
from made_np.values import as_choice, as_count

__all__ = ["Checkpoint", "CheckpointError", "prepare"]

EVERY = 5.0
"""Seconds between two writings, at least: a minute of training should not end in an hour of writing."""
TIMES = 10.0
"""Training goes on for so many times as long as a writing took before the next one."""
LAYOUT = 3
"""Version of what a checkpoint holds: 1, which no file names, knew a table by 64 of its rows, and 2 by a checksum that
one process alone can compute."""


TABLES = ("x", "context", "sample_weight", "valid", "valid_context", "valid_weight")
"""The tables of rows that a run has."""


class CheckpointError(ValueError):
    """A run cannot go on from the file at its `checkpoint`; the message says why, and what to do."""


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
        state = _plain(run.rng.bit_generator.state)
        extra = {"run": self.about, "layout": LAYOUT, "rng": state, "n_steps": run.n_steps, "kept": kept}
        extra["n_cut"] = len(run.records) * run.epoch_steps - run.n_steps
        fetch = run.memory.fetch
        arrays = {f"state.{name}": fetch(value) for name, value in run.state.items()}
        arrays |= {
            "theta": fetch(run.theta),
            "records": np.array(run.records, dtype=np.float64).reshape(-1, len(Record._fields)),
        }
        if run.averaged is not run.theta:
            arrays["averaged"] = fetch(run.averaged)
        save(self.path, run.made, fetch(run.kept.theta), extra=extra, arrays=arrays)
        end = time.perf_counter()
        self._due = end + max(EVERY, TIMES * (end - begin))
        self._epochs = len(run.records)

    def restore(self, run: Run) -> None:
        """Bring a fresh run to where the file says that it was; a file that is not there leaves it fresh.

        Raises
        ------
        ValueError
            The file is damaged, holds no checkpoint, or one of another run or release; `run` is then untouched.
        """
        if not self.path.exists():
            return
        stored = load(self.path, backend=run.made.backend)
        about = stored.extra.get("run")
        if not isinstance(about, dict):
            raise CheckpointError(
                f"checkpoint={self.path} is a model without a run: give another path, or resume=False"
            )
        if stored.extra.get("layout") != LAYOUT:
            raise CheckpointError(
                f"checkpoint={self.path} was written by another release of made_np, which described runs otherwise: "
                "go on with that one, or give another path, or resume=False to begin anew and replace it; "
                "theta=made_np.load(path).theta begins with what was learned"
            )
        # What an older release did not write down is as the model that it wrote has it now.
        self._compare({**_of_model(stored.made), **about})
        try:
            _put(stored, run)
        except Exception as error:  # content of anyone's can fail in any way
            raise CheckpointError(
                f"checkpoint={self.path} holds no whole run ({error}): give another path, or resume=False to begin "
                "anew and replace it"
            ) from error
        self._epochs = len(run.records)

    def _compare(self, about: dict[str, Any]) -> None:
        """Raise a `ValueError` that says where the run differs from that of the file."""
        # What the file does not name around a function held nothing when the run began.
        around = ("activation.", "optimizer.", "schedule.")
        names = sorted(about.keys() | {name for name in self.about if not name.startswith(around)})
        old, new = ({name: one.get(name) for name in names} for one in (about, self.about))
        changed = [f"{name} was {old[name]!r} and is {new[name]!r}" for name in names if old[name] != new[name]]
        if changed:
            raise CheckpointError(
                f"checkpoint={self.path} is of another run: {'; '.join(changed)}. Give what it was begun with to go "
                "on, or another path, or resume=False to begin anew and replace it"
            )


def _put(stored: Stored, run: Run) -> None:
    """Put what a file holds into a fresh run; raise, before anything is changed, if it is not whole."""
    extra = stored.extra
    arrays = stored.arrays
    table = arrays["records"]
    if table.dtype != np.float64 or table.shape[1:] != (len(Record._fields),):
        raise ValueError(f"records has shape {table.shape} and dtype {table.dtype}")
    records = [Record(int(epoch), *rest) for epoch, *rest in table.tolist()]
    if not records or [record.epoch for record in records] != list(range(1, len(records) + 1)):
        raise ValueError("records are not those of the first epochs")
    n_cut = as_count(extra.get("n_cut", 0), "n_cut", 0, len(records) * (run.epoch_steps - 1))
    if extra["n_steps"] != len(records) * run.epoch_steps - n_cut:
        raise ValueError(f"n_steps={extra['n_steps']!r} are not those of {len(records)} epochs")
    epoch, valid = extra["kept"]
    kept = Kept(as_count(epoch, "kept", 0, len(records)), float(valid), stored.theta)
    if stored.theta.dtype != run.theta.dtype:
        raise ValueError(f"theta has dtype {stored.theta.dtype}")
    places = {"theta": run.theta, **{f"state.{name}": value for name, value in run.state.items()}}
    if run.averaged is not run.theta:
        places["averaged"] = run.averaged
    for name, place in places.items():
        if (arrays[name].shape, arrays[name].dtype) != (place.shape, place.dtype):
            raise ValueError(f"{name} has shape {arrays[name].shape} and dtype {arrays[name].dtype}")
    _check_state(extra["rng"], run.rng.bit_generator)
    run.records = records
    run.kept = kept
    run.n_steps = extra["n_steps"]
    run.clock.start -= records[-1].seconds
    run.rng.bit_generator.state = extra["rng"]
    for name, place in places.items():
        place[...] = arrays[name]


def _check_state(state: Any, bits: np.random.BitGenerator) -> None:
    """Raise if a bit generator of that kind cannot be in that state."""
    trial = type(bits)(0)
    trial.state = state
    # NumPy takes any place among the numbers drawn in advance, and then reads memory that is not its own.
    places = {"pos": state["state"].get("pos", 0), "buffer_pos": state.get("buffer_pos", 0)}
    if _plain(trial.state) != state or not (0 <= places["pos"] <= 624 and 0 <= places["buffer_pos"] <= 4):
        raise ValueError(f"rng is no state of a {type(bits).__name__}")


def prepare(
    path: str | os.PathLike[str] | None, run: Run, resume: bool, theta: Array | None, rng: Any
) -> Checkpoint | None:
    """Return the checkpoint of a fresh run, which goes on from it at `resume`; None without a path.

    `theta` and `rng` are what `made_np.fit` was given. Raises what `Checkpoint.restore` does, and if there
    can be no such file.
    """
    as_choice(resume, "resume", (True, False))
    path = run.team.same(path)
    if path is None:
        return None
    target: str | os.PathLike[str] = path
    leads = run.team.leads
    agree(run.team.comm, lambda: check_writable(target, "checkpoint") if leads else None)
    sums = sums_of(run)

    def begin() -> Checkpoint:
        checkpoint = Checkpoint(as_target(target, "checkpoint"), describe(run, theta, rng, sums))
        if resume:
            checkpoint.restore(run)
        return checkpoint

    return agree(run.team.comm, lambda: begin() if leads else None)


def sums_of(run: Run) -> dict[str, str | None]:
    """Return the shape and a checksum of each table of rows, those of all ranks together; None without any."""
    found: list[int] = []
    widths: list[tuple[int, ...]] = []
    for rows in (run.rows, run.valid_rows):
        numbers = partial(run.team.numbers, valid=rows is run.valid_rows)
        for table in (None, None, None) if rows is None else (rows.x, rows.context, rows.weights):
            found += [0, 0] if table is None else [1, row_sum(table, run.made.dtype, numbers)]
            widths.append(() if table is None else table.shape[1:])
    totals = run.team.add_up(found)
    counts = [run.team.n_rows] * 3 + [run.team.n_valid] * 3
    return {
        name: f"shape {(n, *width)}, checksum {total % 2**BITS:016x}" if is_there else None
        for name, n, width, is_there, total in zip(TABLES, counts, widths, totals[::2], totals[1::2], strict=True)
    }


def describe(run: Run, theta: Array | None, rng: Any, sums: dict[str, str | None]) -> dict[str, Any]:
    """Return what decides the bits of a run, as JSON values: all but how long it may go on (epochs, seconds, patience).

    Rows count by their values in the model's dtype, in their order. A generator counts by its kind: the state that it
    goes on with is the file's. Callbacks do not count, since all that they can do is to end a run. Nor do the number of
    threads and the releases of Python, NumPy and numba, which change no more than the rounding.

    Parameters
    ----------
    theta : ndarray, shape (P,), optional
        The start, if it was given.
    rng
        As it was given.
    sums : dict of str to str or None
        As `sums_of` has them.
    """
    options = run.options
    dtype = run.made.dtype
    about = _of_model(run.made)
    for name in ("learning_rate", "batch_size", "validate_every", "dropout", "input_dropout", "averaging"):
        about[name] = getattr(options, name)
    if run.made.activation not in BUILT_IN:  # a file holds its name alone, and that may be another function today
        about |= identify(tuple(run.made.network.act[:2]), "activation")
    about |= identify(options.optimizer, "optimizer") | identify(options.schedule, "schedule")
    vectors = {"weight_decay": options.decay, "theta": theta}
    about |= {name: None if vector is None else digest(vector, dtype) for name, vector in vectors.items()} | sums
    about["rng"] = _seed(rng, run.rng)
    return _as_json(about)


def _of_model(made: MADE) -> dict[str, Any]:
    """Return the arguments of a model, and which backend computes: that decides bits, not how it was asked for."""
    about = {f"made.{name}": value for name, value in made.config().items()}
    return _as_json({**about, "made.backend": get_backend(made.backend).__name__.rpartition("_")[2]})


def _as_json(about: dict[str, Any]) -> dict[str, Any]:
    """Return values as they come back from a file: tuples are lists then."""
    return dict(json.loads(json.dumps(about)))


def _seed(rng: Any, generator: np.random.Generator) -> Any:
    """Return the integers that `generator` was made from, or else its kind."""
    if isinstance(rng, np.random.SeedSequence):
        return repr(rng)
    if isinstance(rng, list | tuple):
        return [int(seed) for seed in rng]
    return int(rng) if isinstance(rng, int | np.integer) else type(generator.bit_generator).__name__


def _plain(state: Any) -> Any:
    """Return the state of a bit generator with lists for arrays."""
    if isinstance(state, dict):
        return {name: _plain(value) for name, value in state.items()}
    return state.tolist() if isinstance(state, np.ndarray | np.generic) else state
