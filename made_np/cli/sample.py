"""The command sample: new rows, drawn from a model."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

from made_np.cli import options
from made_np.cli.conditions import as_condition
from made_np.cli.matching import names_of
from made_np.cli.notes import report, target
from made_np.cli.tables import add_model, add_reading, read_for
from made_np.estimator import MADEDensity
from made_np.table.files.writing import check_target, write_table
from made_np.table.table import Table

__all__ = ["DESCRIPTION", "add_arguments", "run"]

DESCRIPTION = "Draw new rows from a model, all of them or such as hold a condition."


def add_arguments(parser: ArgumentParser) -> None:
    """Add what sample takes."""
    add_model(parser)
    rows = "how many rows; with --given-rows, for each row of FILE (then 1 by default)"
    parser.add_argument("-n", type=options.count(1), metavar="N", help=rows)
    parser.add_argument("-o", "--out", required=True, metavar="OUT", help="the table to write; - is standard output")
    given = parser.add_mutually_exclusive_group()
    condition = "what the rows hold: sex=F,age=50.. (see made-np query --help), or SQL"
    given.add_argument("--given", metavar="COND", help=condition)
    partly = "a table of partly known rows: its gaps, and columns that it lacks, are drawn given the rest"
    given.add_argument("--given-rows", metavar="FILE", help=partly)
    options.add_seed(parser)
    options.add_backend(parser)
    add_reading(parser)


def run(args: Namespace) -> None:
    """Draw rows and write them."""
    if args.n is None and args.given_rows is None:
        raise ValueError("-n is missing: say how many rows")
    check_target(args.out)
    density = MADEDensity.load(args.model, backend=args.backend)
    given: Any = None
    if args.given is not None:
        given = as_condition(density.columns_, args.given)
    if args.given_rows is not None:
        given = read_for(density, args.given_rows, args).good
    rows = Table.of(density.sample(args.n or 1, given=given, random_state=args.seed))
    write_table(args.out, [rows.cells(d) for d in range(rows.n_columns)], rows.names or names_of(density))
    report(args, f"written to {target(args)}: {rows.n_rows} rows of {rows.n_columns} columns")
