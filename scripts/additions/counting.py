"""The command count: how many rows a table has."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from made_np.table.files import read_table

__all__ = ["add_parser", "run_count"]


def add_parser(subparsers: Any) -> None:
    """Add count."""
    parser = subparsers.add_parser("count", help="count the rows of a table")
    parser.add_argument("data", metavar="DATA", help="a table")
    parser.set_defaults(run=run_count)


def run_count(args: Namespace) -> None:
    """Print how many rows there are."""
    print(f"{args.data}: {len(read_table(args.data).values)} rows")
