"""The command count: how many rows a table has."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from made_np.table.files import read_table

__all__ = ["DESCRIPTION", "add_arguments", "run"]

DESCRIPTION = "Count the rows of a table."


def add_arguments(parser: ArgumentParser) -> None:
    """Add what count takes."""
    parser.add_argument("data", metavar="DATA", help="a table")


def run(args: Namespace) -> None:
    """Print how many rows there are."""
    print(f"{args.data}: {len(read_table(args.data))} rows")
