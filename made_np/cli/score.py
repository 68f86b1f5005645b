"""The command score: how likely the rows of a table are."""

from __future__ import annotations

import math
from argparse import ArgumentParser, Namespace

from made_np.cli.tables import add_model_and_data, read_model_and_data
from made_np.diagnostics.evaluation import bits_per_dim
from made_np.table.files.writing import check_target, write_table

__all__ = ["DESCRIPTION", "add_arguments", "run"]

DESCRIPTION = (
    "Print the mean log-probability of a table's rows, in nats per row, and in bits/dim where there are no gaps."
)


def add_arguments(parser: ArgumentParser) -> None:
    """Add what score takes."""
    add_model_and_data(parser, "rows to score; an empty cell or NaN means: not observed")
    parser.add_argument("-o", "--out", metavar="OUT", help="write one number per row, in nats, to this table")


def run(args: Namespace) -> None:
    """Print the mean log-probability of the rows of a table, and write that of each row where it is asked for."""
    if args.out is not None:
        check_target(args.out)
    density, table = read_model_and_data(args)
    log_prob = density.score_samples(table)
    if args.out is not None:
        write_table(args.out, log_prob[:, None], ["log_prob"])
    mean = float(log_prob.mean())
    n = len(log_prob)
    error = f" +- {float(log_prob.std(ddof=1)) / math.sqrt(n):.4f} (standard error)" if n > 1 else ""
    print(f"{args.data}: {n} rows of {table.n_columns} columns")
    print(f"mean log-probability {mean:.4f}{error} nats per row")
    n_gaps = table.n_gaps()
    if n_gaps:
        print(f"{n_gaps} values are not observed: each row is scored by what is observed of it")
    else:
        print(f"that is {bits_per_dim(-mean, table.n_columns):.4f} bits/dim")
    if args.out is not None:
        print(f"written to {args.out}: one number per row, in nats")
