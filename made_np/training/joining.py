"""What the ranks of a run were given, seen as one table."""

from __future__ import annotations

import zlib
from dataclasses import fields, replace
from typing import Any

import numpy as np

from made_np.backends import get_backend
from made_np.model.arguments import as_row_weights
from made_np.model.made import MADE
from made_np.model.rows import Rows
from made_np.ranks.comm import Comm, agree
from made_np.training.loop import Options, Run
from made_np.training.ranks import Ranks
from made_np.typing import Array, Ints

__all__ = ["set_off", "team_of", "weighed"]

PLAIN = (bool, int, float, str, type(None))


def weighed(rows: Rows, valid_rows: Rows | None, comm: Comm | None) -> tuple[Rows, Rows | None]:
    """Return rows of training, and of validation, with weights that are scaled as those of the whole tables are.

    On many ranks they were left as they are given.

    Raises
    ------
    ValueError
        On all ranks: some gave weights and some did not, or no row counts.
    """
    if comm is None:
        return rows, valid_rows
    # whether there are any for validation is not compared yet
    empty = Rows(rows.x[:0]) if valid_rows is None else valid_rows
    weighed_valid = _weighed(empty, "valid_weight", comm)
    return _weighed(rows, "sample_weight", comm), None if valid_rows is None else weighed_valid


def _weighed(rows: Rows, name: str, comm: Comm) -> Rows:
    told = comm.gather((len(rows), rows.weights))
    given = [weights for n, weights in told if n]

    def scale() -> Array | None:
        if all(weights is None for weights in given):
            return None
        if any(weights is None for weights in given):
            raise ValueError(f"{name} is given on some ranks: give it on all of them, or on none")
        whole = np.concatenate(given)
        return as_row_weights(whole, len(whole), name)

    scaled = agree(comm, scale)
    first = sum(n for n, _ in told[: comm.rank])
    return replace(rows, weights=None if scaled is None else scaled[first : first + len(rows)])


def team_of(
    comm: Comm,
    made: MADE,
    options: Options,
    rows: Rows,
    valid_rows: Rows | None,
    places: tuple[Ints, Ints | None] | None = None,
) -> Ranks:
    """Return the ranks that make a run together.

    Raises
    ------
    ValueError
        On all ranks: they were called for different runs, or have no rows.
    """
    about = {**_about(made, options), "valid": "missing" if valid_rows is None else "given"}
    told = comm.gather((len(rows), 0 if valid_rows is None else len(valid_rows), about))
    counts = [n for n, _, _ in told]
    valid_counts = [n for _, n, _ in told]

    def check() -> None:
        for rank, (_, _, theirs) in enumerate(told):
            for name, value in told[0][2].items():
                if theirs.get(name) != value:
                    text = f"{name} is {theirs.get(name)!r} on rank {rank}, and {value!r} on rank 0"
                    raise ValueError(f"{text}: give all ranks the same")
        for name, each in (("x", counts), ("valid", valid_counts)):
            if not any(each) and (name == "x" or valid_rows is not None):
                raise ValueError(f"{name} has no rows on any rank: give at least one")

    agree(comm, check)
    return Ranks(comm, counts, valid_counts, *(places or (None, None)))


def set_off(run: Run, comm: Comm) -> None:
    """Bring every rank to where rank 0 begins."""
    arrays = [run.theta, run.averaged, *run.state.values()]
    about = run.kept, run.records, run.n_steps, run.rng.bit_generator.state
    told, (run.kept, run.records, run.n_steps, run.rng.bit_generator.state) = comm.share((arrays, about))
    for array, value in zip(arrays, told, strict=True):
        array[...] = value


def _about(made: MADE, options: Options) -> dict[str, Any]:
    """Return what must be the same on all ranks, as far as it can be compared."""
    about = {f"made.{name}": value for name, value in made.config().items()}
    about["made.backend"] = get_backend(made.backend).__name__.rpartition("_")[2]
    rule = options.optimizer
    about["optimizer"] = type(rule).__name__
    for prefix, thing in (("optimizer.", rule), ("", options)):
        for field in fields(thing):
            value = getattr(thing, field.name)
            if isinstance(value, PLAIN) and field.name not in ("max_seconds", "decay"):  # rank 0's clock counts
                about[prefix + field.name] = value
    about["weight_decay"] = None if options.decay is None else zlib.crc32(options.decay.tobytes())
    return about
