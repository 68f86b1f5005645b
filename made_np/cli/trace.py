"""The command trace: one row goes through a network, its gradient comes back, with every number on the way."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator

import numpy as np

from made_np.cli import options
from made_np.cli.tables import add_reading, read_data, read_for
from made_np.columns.columns import Columns
from made_np.estimator import MADEDensity
from made_np.estimator.encoding import encode
from made_np.storage.model_file import Stored, load
from made_np.tracing import Tape
from made_np.typing import Array
from made_np.validation import as_rows

__all__ = ["DESCRIPTION", "add_arguments", "run"]

DESCRIPTION = (
    "Send one row through the network and its gradient back, and print a line for each value: its formula, shape, "
    "size, the size of its gradient. Without DATA the row is drawn from the model."
)


def add_arguments(parser: ArgumentParser) -> None:
    """Add what trace takes."""
    parser.add_argument("model", metavar="MODEL", help="a file that made-np train, or made_np.save, wrote")
    data = "the table that the row is taken from, - for standard input; by default a row is drawn from the model"
    parser.add_argument("data", metavar="DATA", nargs="?", help=data)
    row = "which row, counted from 0 (%(default)s)"
    parser.add_argument("--row", type=options.count(0, 10**6), default=0, metavar="K", help=row)
    follow = "a column, or a number such as W0[3,1] or h0[0,2]: say on what it acts, and what comes back from there"
    parser.add_argument("--follow", metavar="NAME", action="append", default=[], help=follow)
    nudge = "a number such as W0[3,1]: move it by a little; print the difference of the loss beside its gradient"
    parser.add_argument("--nudge", metavar="ENTRY", action="append", default=[], help=nudge)
    parser.add_argument("--mask-set", type=options.count(0), default=0, metavar="K", help="which one (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print all numbers as JSON instead")
    options.add_seed(parser)
    add_reading(parser)
    options.add_backend(parser)


def run(args: Namespace) -> None:
    """Print the tape of a row, and what is asked about it."""
    stored = load(args.model, backend=args.backend)
    columns = Columns.from_config(stored.extra["estimator"]["columns"]) if "estimator" in stored.extra else None
    try:
        stored.made.mask_sets[args.mask_set]
    except IndexError as error:
        raise ValueError(str(error)) from None
    if args.data is not None:
        x, context = _read(args, stored, columns)
    elif stored.made.n_context:
        raise ValueError("this model has context, which cannot be drawn: give DATA, a table to take the row from")
    else:
        drawn = stored.made.sample(stored.theta, args.row + 1, rng=args.seed, mask_set=args.mask_set)
        x = drawn[args.row]
        context = None
    tape = stored.made.trace(stored.theta, x, args.mask_set, context=context, gaps="skip")
    names = [f"x{d}" for d in range(stored.made.n_features)]
    if columns is not None:
        names = [feature.name for feature in columns.features]
    asked = [entry for name in args.follow for entry in _entries(tape, stored, name, names)]
    answers = [tape.follow(entry) for entry in asked] + [str(tape.nudge(entry)) for entry in args.nudge]
    if args.json:
        print(json.dumps(tape.to_dict(), allow_nan=False))
        return
    drawn_from = f"the model, drawn with seed {args.seed}"
    print(f"row {args.row} of {drawn_from if args.data is None else args.data}")
    for d, name in enumerate(names):
        print(f"  x[0, {d}] = {x[d] + 0:g}" + (f"  {name}" if name != f"x{d}" else ""))
    print(tape)
    for answer in answers:
        print(f"\n{answer}")


def _read(args: Namespace, stored: Stored, columns: Columns | None) -> tuple[Array, Array | None]:
    """Return a row of the table as the network takes it, and its context."""
    if columns is None:
        if stored.made.n_context:
            raise ValueError(
                "this model has context, and its file does not say which columns: use made.trace in Python"
            )
        table = read_data(args.data, args)
        _check_row(args, np.arange(table.n_rows), table.n_rows)
        x = as_rows(table.take([args.row]).read(), stored.made.n_features, stored.made.dtype, args.data, gaps=True)
        return x[0], None
    density = MADEDensity.load(args.model, backend=args.backend)
    matched = read_for(density, args.data, args)
    _check_row(args, matched.rows, matched.n_rows)
    rows = encode(density.columns_.read(matched.table.take([args.row])), density.columns_, density.made_).z
    x, context = rows.batch(slice(None), density.made_.dtype)
    return x[0], context


def _check_row(args: Namespace, readable: Array, n_rows: int) -> None:
    if args.row >= n_rows:
        raise ValueError(f"--row {args.row}: {args.data} has the rows 0..{n_rows - 1}")
    if args.row not in readable:
        raise ValueError(f"--row {args.row}: the model cannot read this row of {args.data}: choose another one")


def _entries(tape: Tape, stored: Stored, name: str, names: list[str]) -> Iterator[str]:
    """Yield the entries of a tape that are meant by a name: those of a column, or an entry itself."""
    own = [f"x{d}" for d in range(stored.made.n_features)]
    if name not in names and name not in own:
        if "[" not in name and name not in tape:
            known = ", ".join(names[:10])
            raise ValueError(
                f"--follow {name}: give a column ({known}), or a number such as W0[3,1] of {', '.join(tape)}"
            )
        yield name
        return
    d = names.index(name) if name in names else own.index(name)
    yield f"x[0, {d}]"
    if tape["x"].grad is None:  # then units stand for the value
        units = range(stored.made.outputs.n_inputs)[stored.made.input_slices[d]]
        yield from (f"units[0, {unit}]" for unit in units if tape["units"].value[0, unit] != 0)
