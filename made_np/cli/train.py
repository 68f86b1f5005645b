"""The command train: a table in, a model out."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace

import numpy as np

from made_np.cli import options
from made_np.cli.abilities import abilities
from made_np.cli.files import check_files
from made_np.cli.kinds import context_of, kinds_of
from made_np.cli.launcher import ranks, speaks
from made_np.cli.signals import Stop
from made_np.cli.tables import add_reading, place_of, read_data, without
from made_np.cli.training import add_options, described
from made_np.columns.columns import Columns
from made_np.diagnostics.evaluation import bits_per_dim
from made_np.estimator import MADEDensity
from made_np.estimator.trials import BOTH_WAYS, PATHS, Choice, best
from made_np.ranks.comm import Comm, agree
from made_np.table.files import Table
from made_np.training.checkpoints import CheckpointError
from made_np.typing import Floats

__all__ = ["DESCRIPTION", "add_arguments", "run"]

DESCRIPTION = (
    "Learn p(row) of a table: of numbers, words, dates and booleans, with gaps. Print what each column was taken for, "
    "and which questions the model answers. Started by mpiexec -n N, N processes train one model, each on its part of "
    "the rows."
)
DATA = "a table (.csv, .tsv, .txt, also .gz, .parquet, .feather, .xlsx, .npy, .npz), or - for standard input"
WEIGHTS = "the column that says what each row counts, such as a survey weight; it is not modelled"

CHECKPOINT = (
    "write training to this file every few seconds; killed and called again with the same arguments, it goes on from "
    "there and ends with the same bits. Remove the file (and FILE.trials) to begin anew"
)


def add_arguments(parser: ArgumentParser) -> None:
    """Add what train takes."""
    parser.add_argument("data", metavar="DATA", help=DATA)
    parser.add_argument("-o", "--out", required=True, metavar="MODEL", help="the model to write (.npz)")
    parser.add_argument("--weights", metavar="COLUMN", help=WEIGHTS)
    parser.add_argument("--checkpoint", metavar="FILE", help=CHECKPOINT)
    add_options(parser)
    options.add_seed(parser)
    add_reading(parser)


def run(args: Namespace) -> int:
    """Learn a density from a table and save it; of several ranks, rank 0 speaks and writes."""
    comm = ranks()
    if comm is not None:
        agree(comm, lambda: check_files(args) if speaks() else None)
    table, weights, valid = agree(comm, lambda: _given(args, comm))
    density = described(args)
    start = time.perf_counter()
    try:
        density.fit(
            table,
            X_val=valid,
            checkpoint=args.checkpoint,
            sample_weight=weights,
            max_seconds=args.max_seconds,
            comm=comm,
        )
    except CheckpointError as error:  # the library begins anew by another argument
        raise ValueError(f"--{error}. At the command line: remove the file to begin anew") from None
    seconds = time.perf_counter() - start
    interrupted = density.stopped_by_ == "interrupt"
    if density.n_iter_ == 0 and density.stopped_by_ != "max_seconds":
        if interrupted:
            raise KeyboardInterrupt
        raise ValueError("the loss was not finite in the first epoch: try a smaller --learning-rate")
    n_rows = table.n_rows if comm is None else sum(comm.gather(table.n_rows))
    agree(comm, lambda: _save(args, density, n_rows, seconds) if speaks() else None)
    if interrupted:
        raise KeyboardInterrupt
    return 0


def _given(args: Namespace, comm: Comm | None) -> tuple[Table, Floats | None, Table | None]:
    """Return the table, its weights, rows for validation; options that name columns become those of this table."""
    table, weights = _weighted(args, read_data(args.data, args, comm))
    valid = None if args.valid is None else _alike(table, read_data(args.valid, args, comm))
    args.context = context_of(args, table)
    args.columns = kinds_of(args, table)
    return table, weights, valid


def _save(args: Namespace, density: MADEDensity, n_rows: int, seconds: float) -> None:
    """Write the model, and print what was learned."""
    density.save(args.out)
    _report(args, n_rows, density, seconds)


def _weighted(args: Namespace, table: Table) -> tuple[Table, Floats | None]:
    """Return the table without the column of weights, and these."""
    if args.weights is None:
        return table, None
    place = place_of(table, args.weights, "--weights")
    weights = table.picked([place], None if table.names is None else [table.names[place]]).column(0, gaps=False)
    if (weights < 0).any():
        row = int((weights < 0).argmax())
        raise ValueError(f"--weights: {table.where(row, place)} = {weights[row]:g}: give numbers of at least 0")
    return without(table, [place]), weights


def _alike(table: Table, valid: Table) -> Table:
    """Return rows for validation with the columns of the training table, found by name where both have names."""
    if table.names is None or valid.names is None:
        return valid.named(table.names) if valid.n_columns == table.n_columns else valid
    if not set(table.names) <= set(valid.names):
        return valid
    return valid.picked([valid.names.index(name) for name in table.names], table.names)


def _report(args: Namespace, n_rows: int, density: MADEDensity, seconds: float) -> None:
    """Print what was learned, from what, and how that ended."""
    print(f"{args.data}: {n_rows} rows of {density.n_features_in_} columns")
    print(density.columns_)
    if density.columns_.one_hot.groups:
        print(_one_hot(density.columns_))
    if density.trials_:
        print(_chosen(best(density.trials_)))
    print(f"{density.n_iter_} epochs in {seconds:.1f} s, ended by {_ending(density.stopped_by_, args.stop)}")
    _print_losses(density)
    print(abilities(density.made_, density.columns_))
    print(f"saved to {args.out}: {density.made_.n_params} parameters")


def _ending(stopped_by: str, stop: Stop) -> str:
    return {
        "patience": "early stopping",
        "max_epochs": "reaching --epochs",
        "max_seconds": "reaching --max-seconds",
        "interrupt": stop.name,
        "diverged": "a loss that was not finite: what was good before it is kept",
        "schedule": "a schedule that gave no multiplier: what was good before it is kept",
    }[stopped_by]


def _chosen(choice: Choice) -> str:
    """Return what trials chose, in a line."""
    order = choice.order if isinstance(choice.order, str) else "given"
    masks = {None: "endless mask sets", 1: "1 mask set", PATHS: "any question", BOTH_WAYS: "both ways"}
    decay = choice.weight_decay
    shown = f"{decay:.2g}" if isinstance(decay, float) else str(decay)
    how = masks.get(choice.n_masks, f"{choice.n_masks} mask sets")
    return f"chosen by trials: {order} order, {how}, weight decay {shown}"


def _one_hot(columns: Columns) -> str:
    """Return which columns were found to be one-hot, in a line."""
    groups = columns.one_hot.groups
    names = [column.name or str(d) for d, column in enumerate(columns.each)]
    shown = [f"{names[start]}..{names[stop - 1]}" for start, stop in groups[:5]] + ["..."] * (len(groups) > 5)
    return f"one-hot columns, one feature each: {', '.join(shown)}"


def _print_losses(density: MADEDensity) -> None:
    """Print the last training and the best validation loss, in the units of the columns."""
    n_features = density.n_features_in_ - len(density.columns_.context)
    losses = {}
    if density.n_iter_:  # none in too short a time
        losses["training loss, last epoch"] = density.history_["train"][-1]
    if np.isfinite(density.history_["valid"]).any():
        losses["validation loss, best epoch"] = float(np.nanmin(density.history_["valid"]))
    for what, loss in losses.items():
        print(f"{what}: {loss:.4f} nats per row, {bits_per_dim(loss, n_features):.4f} bits/dim")
