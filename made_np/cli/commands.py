"""The commands that turn tables into models and models into tables: train, score, sample, complete."""

from __future__ import annotations

import math
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from made_np.cli import options
from made_np.cli.signals import Stop
from made_np.cli.training import add_options, described
from made_np.estimator import MADEDensity
from made_np.estimator.trials import Choice, best
from made_np.table.files import Table, check_target, read_table, write_table
from made_np.typing import Array

__all__ = ["add_parsers"]


HEADERS = {"auto": None, "yes": True, "no": False}


def add_parsers(subparsers: Any) -> None:
    """Add train, score, sample and complete."""
    _add_train(subparsers)
    score = subparsers.add_parser("score", help="log-probability of each row, in nats", description=SCORE)
    _add_model_and_data(score, "rows to score; an empty cell or NaN means: not observed")
    score.add_argument("-o", "--out", metavar="OUT", help="write one number per row, in nats, to this table")
    score.set_defaults(run=run_score)
    sample = subparsers.add_parser("sample", help="draw new rows", description="Draw new rows from a model.")
    sample.add_argument("model", metavar="MODEL", help="a file that made-np train wrote")
    sample.add_argument("-n", type=options.count(1), required=True, metavar="N", help="how many rows")
    sample.add_argument("-o", "--out", required=True, metavar="OUT", help="the table to write")
    _add_seed(sample)
    options.add_backend(sample)
    sample.set_defaults(run=run_sample)
    complete = subparsers.add_parser("complete", help="fill the gaps of a table", description=COMPLETE)
    _add_model_and_data(complete, "rows whose gaps (empty cells or NaN) are to be filled")
    complete.add_argument("-o", "--out", required=True, metavar="OUT", help="the table to write")
    complete.add_argument("--draws", type=options.count(1), metavar="N", help="draw N completions of each row")
    _add_seed(complete)
    complete.set_defaults(run=run_complete)


SCORE = "Print the mean log-probability of a table's rows, in nats per row, and in bits/dim where there are no gaps."
CHECKPOINT = (
    "write training to this file every few seconds; killed and called again with the same arguments, it goes on from "
    "there and ends with the same bits. Remove the file (and FILE.trials) to begin anew"
)
COMPLETE = (
    "Fill the gaps of a table. By default each gap gets the centre of its conditional (for a binary column the "
    "probability of a 1); with --draws N, N random completions are written, one whole table below the other."
)


def _add_train(subparsers: Any) -> None:
    train = subparsers.add_parser("train", help="learn a density from a table", description="Learn p(row) of a table.")
    train.add_argument("data", metavar="DATA", help="rows of numbers, without gaps")
    train.add_argument("-o", "--out", required=True, metavar="MODEL", help="the model to write (.npz)")
    train.add_argument("--checkpoint", metavar="FILE", help=CHECKPOINT)
    add_options(train)
    _add_seed(train)
    _add_header(train)
    train.set_defaults(run=run_train)


def _add_model_and_data(parser: Any, data: str) -> None:
    parser.add_argument("model", metavar="MODEL", help="a file that made-np train wrote")
    parser.add_argument("data", metavar="DATA", help=data)
    _add_header(parser)
    options.add_backend(parser)


def _add_header(parser: Any) -> None:
    text = "whether a .csv begins with a line of names: auto (if it has no number, or several words), yes or no"
    parser.add_argument("--header", choices=tuple(HEADERS), default="auto", help=text)


def _add_seed(parser: Any) -> None:
    parser.add_argument("--seed", type=options.seed, default=0, help="decides all that is random (%(default)s)")


# ---------------------------------------------------------------------------------------------------------- commands


def run_train(args: Namespace) -> int:
    """Learn a density from a table and save it."""
    table = read_table(args.data, header=HEADERS[args.header])
    valid = None
    if args.valid is not None:
        held = read_table(args.valid, header=HEADERS[args.header])
        valid = _as_frame(_like(args.valid, held, table.values.shape[1], table.names, args.data))
    density = described(args)
    start = time.perf_counter()
    with _naming({"X_val": args.valid, "X": args.data}):
        density.fit(_as_frame(table), X_val=valid, checkpoint=args.checkpoint)
    seconds = time.perf_counter() - start
    interrupted = density.stopped_by_ == "interrupt"
    if density.n_iter_ == 0:
        if interrupted:
            raise KeyboardInterrupt
        raise ValueError("the loss was not finite in the first epoch: try a smaller --learning-rate")
    density.save(args.out)
    print(f"{args.data}: {len(table.values)} rows of {table.values.shape[1]} columns")
    if density.columns_.one_hot.groups:
        print(_one_hot(density.columns_.one_hot.groups))
    if density.trials_:
        print(_chosen(best(density.trials_)))
    print(f"{density.n_iter_} epochs in {seconds:.1f} s, ended by {_ending(density.stopped_by_, args.stop)}")
    _print_losses(density)
    print(f"saved to {args.out}: {density.made_.n_params} parameters")
    if interrupted:
        raise KeyboardInterrupt
    return 0


def run_score(args: Namespace) -> None:
    """Print the mean log-probability of the rows of a table, and write that of each row where it is asked for."""
    if args.out is not None:
        check_target(args.out)
    density, table = _load(args)
    with _naming({"X": args.data}):
        log_prob = density.score_samples(_as_frame(table))
    if args.out is not None:
        write_table(args.out, log_prob[:, None], ["log_prob"])
    mean = float(log_prob.mean())
    n = len(log_prob)
    error = f" +- {float(log_prob.std(ddof=1)) / math.sqrt(n):.4f} (standard error)" if n > 1 else ""
    print(f"{args.data}: {n} rows of {table.values.shape[1]} columns")
    print(f"mean log-probability {mean:.4f}{error} nats per row")
    n_gaps = int(np.isnan(table.values).sum())
    if n_gaps:
        print(f"{n_gaps} values are not observed: each row is scored by what is observed of it")
    else:
        print(f"that is {bits_per_dim(-mean, table.values.shape[1]):.4f} bits/dim")
    if args.out is not None:
        print(f"written to {args.out}: one number per row, in nats")


def run_sample(args: Namespace) -> None:
    """Draw rows and write them."""
    check_target(args.out)
    density = MADEDensity.load(args.model, backend=args.backend)
    rows = np.asarray(density.sample(args.n, random_state=args.seed), dtype=np.float64)
    write_table(args.out, rows, _names(density))
    print(f"written to {args.out}: {len(rows)} rows of {rows.shape[1]} columns")


def run_complete(args: Namespace) -> None:
    """Fill the gaps of a table and write it."""
    check_target(args.out)
    density, table = _load(args)
    with _naming({"X": args.data}):
        filled = density.impute(_as_frame(table), args.draws, random_state=args.seed)
    frames = [filled] if args.draws is None else filled
    rows = np.concatenate([np.asarray(each, dtype=np.float64) for each in frames])
    write_table(args.out, rows, table.names)
    n_gaps = int(np.isnan(table.values).sum())
    how = "the centre of its conditional" if args.draws is None else f"{args.draws} draws"
    print(f"{args.data}: {n_gaps} gaps in {len(table.values)} rows, each filled with {how}")
    print(f"written to {args.out}: {len(rows)} rows of {rows.shape[1]} columns")


def bits_per_dim(nats: float, n_features: int) -> float:
    """Return a row's nats as bits per feature: ``nats / (D log 2)``."""
    return nats / (n_features * math.log(2))


# ------------------------------------------------------------------------------------------------------------ inside


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
    # The history is in the units of the model; a row of standardised columns has this much more log-probability.
    shift = float(density.columns_.log_jacobian(np.ones((1, n_features), dtype=bool))[0])
    losses = {"training loss, last epoch": density.history_["train"][-1]}
    if np.isfinite(density.history_["valid"]).any():
        losses["validation loss, best epoch"] = float(np.nanmin(density.history_["valid"]))
    for what, loss in losses.items():
        nats = loss - shift
        print(f"{what}: {nats:.4f} nats per row, {bits_per_dim(nats, n_features):.4f} bits/dim")


def _load(args: Namespace) -> tuple[MADEDensity, Table]:
    """Return the model, and the table with the model's names where it has none of its own."""
    density = MADEDensity.load(args.model, backend=args.backend)
    table = read_table(args.data, header=HEADERS[args.header])
    return density, _like(args.data, table, density.n_features_in_, _names(density), args.model)


def _like(path: str, table: Table, n_columns: int, names: list[str] | None, other: str) -> Table:
    """Return `table` with `names` if it has none (and without its own if there are none), once it is as wide."""
    width = table.values.shape[1]
    if width != n_columns:
        raise ValueError(f"{path} has {width} columns, {other} {n_columns}: give the same columns")
    if names is None or table.names is None:
        return Table(table.values, names)
    for column, (own, expected) in enumerate(zip(table.names, names, strict=True)):
        if own != expected:
            raise ValueError(f"{path} has {own!r} as column {column}, {other} {expected!r}: give the same columns")
    return table


def _names(density: MADEDensity) -> list[str] | None:
    names = getattr(density, "feature_names_in_", None)
    return None if names is None else [str(name) for name in names]


class _Frame:
    """An array with named columns, for who has no pandas: all that the estimator asks of a data frame."""

    def __init__(self, table: Table) -> None:
        self.values = table.values
        self.columns = table.names

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.values, dtype=dtype)


def _as_frame(table: Table) -> Any:
    """Return the table as a data frame if it has names, else as an array."""
    if table.names is None:
        return table.values
    try:
        import pandas as pd
    except ImportError:
        return _Frame(table)
    return pd.DataFrame(table.values, columns=table.names)


@contextmanager
def _naming(files: dict[str, str]) -> Iterator[None]:
    """Put the name of the file before a message about X: a person at a terminal has never heard of X."""
    try:
        yield
    except (ValueError, TypeError) as error:
        message = str(error)
        if message.startswith("checkpoint="):  # the library begins anew by another argument
            raise type(error)(f"--{message}. At the command line: remove the file to begin anew") from None
        for name, file in files.items():
            if message.startswith(name):
                raise type(error)(f"{file}: {message}") from None
        raise
