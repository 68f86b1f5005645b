"""The command train: a table in, a model out."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace

import numpy as np

from made_np.cli import options
from made_np.cli.signals import Stop
from made_np.cli.tables import add_header, read_data
from made_np.cli.training import add_options, described
from made_np.diagnostics.evaluation import bits_per_dim
from made_np.estimator import MADEDensity
from made_np.estimator.trials import Choice, best
from made_np.table.files import Table
from made_np.training.checkpoints import CheckpointError

__all__ = ["DESCRIPTION", "add_arguments", "run"]

DESCRIPTION = "Learn p(row) of a table."

CHECKPOINT = (
    "write training to this file every few seconds; killed and called again with the same arguments, it goes on from "
    "there and ends with the same bits. Remove the file (and FILE.trials) to begin anew"
)


def add_arguments(parser: ArgumentParser) -> None:
    """Add what train takes."""
    parser.add_argument("data", metavar="DATA", help="rows of numbers, without gaps")
    parser.add_argument("-o", "--out", required=True, metavar="MODEL", help="the model to write (.npz)")
    parser.add_argument("--checkpoint", metavar="FILE", help=CHECKPOINT)
    add_options(parser)
    options.add_seed(parser)
    add_header(parser)


def run(args: Namespace) -> int:
    """Learn a density from a table and save it."""
    table = read_data(args.data, args)
    valid = None if args.valid is None else read_data(args.valid, args, table.names)
    if valid is not None and table.names is None:
        valid = valid.named(None)
    density = described(args)
    start = time.perf_counter()
    try:
        density.fit(table, X_val=valid, checkpoint=args.checkpoint)
    except CheckpointError as error:  # the library begins anew by another argument
        raise ValueError(f"--{error}. At the command line: remove the file to begin anew") from None
    seconds = time.perf_counter() - start
    interrupted = density.stopped_by_ == "interrupt"
    if density.n_iter_ == 0:
        if interrupted:
            raise KeyboardInterrupt
        raise ValueError("the loss was not finite in the first epoch: try a smaller --learning-rate")
    density.save(args.out)
    _report(args, table, density, seconds)
    if interrupted:
        raise KeyboardInterrupt
    return 0


def _report(args: Namespace, table: Table, density: MADEDensity, seconds: float) -> None:
    """Print what was learned, from what, and how that ended."""
    print(f"{args.data}: {table.n_rows} rows of {table.n_columns} columns")
    if density.columns_.one_hot.groups:
        print(_one_hot(density.columns_.one_hot.groups))
    if density.trials_:
        print(_chosen(best(density.trials_)))
    print(f"{density.n_iter_} epochs in {seconds:.1f} s, ended by {_ending(density.stopped_by_, args.stop)}")
    _print_losses(density)
    print(f"saved to {args.out}: {density.made_.n_params} parameters")


def _ending(stopped_by: str, stop: Stop) -> str:
    return {
        "patience": "early stopping",
        "max_epochs": "reaching --epochs",
        "interrupt": stop.name,
        "diverged": "a loss that was not finite: what was good before it is kept",
        "schedule": "a schedule that gave no multiplier: what was good before it is kept",
    }[stopped_by]


def _chosen(choice: Choice) -> str:
    """Return what trials chose, in a line."""
    order = choice.order if isinstance(choice.order, str) else "given"
    masks = {None: "endless mask sets", 1: "1 mask set"}.get(choice.n_masks, f"{choice.n_masks} mask sets")
    return f"chosen by trials: {order} order, {masks}, weight decay {choice.weight_decay}"


def _one_hot(groups: tuple[tuple[int, int], ...]) -> str:
    """Return which columns were found to be one-hot, in a line."""
    shown = [f"{start}..{stop - 1}" for start, stop in groups[:5]] + ["..."] * (len(groups) > 5)
    return f"one-hot columns, one feature each: {', '.join(shown)}"


def _print_losses(density: MADEDensity) -> None:
    """Print the last training and the best validation loss, in the units of the columns."""
    n_features = density.n_features_in_
    losses = {"training loss, last epoch": density.history_["train"][-1]}
    if np.isfinite(density.history_["valid"]).any():
        losses["validation loss, best epoch"] = float(np.nanmin(density.history_["valid"]))
    for what, loss in losses.items():
        print(f"{what}: {loss:.4f} nats per row, {bits_per_dim(loss, n_features):.4f} bits/dim")
