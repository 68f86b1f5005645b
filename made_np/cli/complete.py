"""The command complete: a table without its gaps."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

import numpy as np

from made_np.cli import options
from made_np.cli.tables import add_model_and_data, read_model_and_data
from made_np.table.files.writing import check_target, write_table

__all__ = ["DESCRIPTION", "add_arguments", "run"]

DESCRIPTION = (
    "Fill the gaps of a table. By default each gap gets the centre of its conditional (for a binary column the "
    "probability of a 1); with --draws N, N random completions are written, one whole table below the other."
)


def add_arguments(parser: ArgumentParser) -> None:
    """Add what complete takes."""
    add_model_and_data(parser, "rows whose gaps (empty cells or NaN) are to be filled")
    parser.add_argument("-o", "--out", required=True, metavar="OUT", help="the table to write")
    parser.add_argument("--draws", type=options.count(1), metavar="N", help="draw N completions of each row")
    options.add_seed(parser)


def run(args: Namespace) -> None:
    """Fill the gaps of a table and write it."""
    check_target(args.out)
    density, table = read_model_and_data(args)
    filled = np.asarray(density.impute(table, args.draws, random_state=args.seed), dtype=np.float64)
    rows = filled.reshape(-1, table.n_columns)  # of several completions one below the other
    write_table(args.out, rows, table.names)
    how = "the centre of its conditional" if args.draws is None else f"{args.draws} draws"
    print(f"{args.data}: {table.n_gaps()} gaps in {table.n_rows} rows, each filled with {how}")
    print(f"written to {args.out}: {len(rows)} rows of {rows.shape[1]} columns")
