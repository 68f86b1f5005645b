"""The command sample: new rows, drawn from a model."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

import numpy as np

from made_np.cli import options
from made_np.cli.tables import add_model, names_of
from made_np.estimator import MADEDensity
from made_np.table.files.writing import check_target, write_table

__all__ = ["DESCRIPTION", "add_arguments", "run"]

DESCRIPTION = "Draw new rows from a model."


def add_arguments(parser: ArgumentParser) -> None:
    """Add what sample takes."""
    add_model(parser)
    parser.add_argument("-n", type=options.count(1), required=True, metavar="N", help="how many rows")
    parser.add_argument("-o", "--out", required=True, metavar="OUT", help="the table to write")
    options.add_seed(parser)
    options.add_backend(parser)


def run(args: Namespace) -> None:
    """Draw rows and write them."""
    check_target(args.out)
    density = MADEDensity.load(args.model, backend=args.backend)
    rows = np.asarray(density.sample(args.n, random_state=args.seed), dtype=np.float64)
    write_table(args.out, rows, names_of(density))
    print(f"written to {args.out}: {len(rows)} rows of {rows.shape[1]} columns")
