"""The command score: how likely the rows of a table are."""

from __future__ import annotations

import math
from argparse import ArgumentParser, Namespace

import numpy as np

from made_np.cli import options
from made_np.cli.notes import report, target
from made_np.cli.tables import add_model_and_data, read_model_and_data
from made_np.diagnostics.evaluation import bits_per_dim
from made_np.table.files.writing import check_target, write_table

__all__ = ["DESCRIPTION", "add_arguments", "run"]

DESCRIPTION = (
    "Print the mean log-probability of a table's rows, in nats per row, and in bits/dim where there are no gaps. A row "
    "that the model cannot read is reported; its number is nan."
)


def add_arguments(parser: ArgumentParser) -> None:
    """Add what score takes."""
    add_model_and_data(parser, "rows to score; an empty cell or NaN means: not observed")
    out = "write one number per row, in nats, to this table; - is standard output"
    parser.add_argument("-o", "--out", metavar="OUT", help=out)
    draws = (
        "sum over the gaps of each row by this many completions of it, so that answers add up; auto: as each row needs"
    )
    parser.add_argument("--draws", metavar="N", type=options.or_auto(options.count(2)), help=draws)


def run(args: Namespace) -> None:
    """Print the mean log-probability of the rows of a table, and write that of each row where it is asked for."""
    if args.out is not None:
        check_target(args.out)
    density, data = read_model_and_data(args)
    log_prob = density.score_samples(data.good, n_draws=args.draws)
    n = len(log_prob)
    if args.out is not None:
        each = np.full((data.n_rows, 1), np.nan)
        each[data.rows, 0] = log_prob
        write_table(args.out, each, ["log_prob"])
    columns = density.columns_
    n_columns = sum(not column.left_out for column in columns.each) - len(columns.context)
    mean = float(log_prob.mean())
    error = f" +- {float(log_prob.std(ddof=1)) / math.sqrt(n):.4f} (standard error)" if n > 1 else ""
    of_all = "" if n == data.n_rows else f", {n} of them scored"
    report(args, f"{args.data}: {data.n_rows} rows of {data.file.n_columns} columns{of_all}")
    report(args, f"mean log-probability {mean:.4f}{error} nats per row")
    n_gaps = columns.read(data.good).n_gaps()
    if n_gaps:
        report(args, f"{n_gaps} values are not observed: each row is scored by what is observed of it")
    else:
        report(args, f"that is {bits_per_dim(-mean, n_columns):.4f} bits/dim")
    if args.out is not None:
        report(args, f"written to {target(args)}: one number per row, in nats")
