"""What the options of commands say of the columns of a table."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from made_np.cli import options
from made_np.cli.tables import place_of
from made_np.columns.kinds import kind_names
from made_np.table.table import Table

__all__ = ["add_kinds", "context_of", "kinds_of"]

KINDS = (
    "what columns hold: {names}; distributions take their numbers as in categorical:5 or mixture_of_gaussians:3. "
    "name=KIND for some of the columns, with commas between them, one KIND for all, or one for each (%(default)s)"
)


def add_kinds(group: Any) -> None:
    """Add what can be said of columns."""
    kinds = KINDS.format(names=", ".join(kind_names()))
    group.add_argument("--columns", type=options.columns, default="auto", metavar="KINDS", help=kinds)
    group.add_argument("--drop", type=options.listed, default=[], metavar="A,B", help="columns to leave out")
    given = "columns that are given, not modelled: p(the others | these) is learned, and whoever asks has to say them"
    group.add_argument("--context", type=options.listed, metavar="A,B", help=given)
    missing = "whether gaps teach nothing, or are a value that is learned and drawn too (%(default)s)"
    group.add_argument("--missing", choices=("ignore", "level"), default="ignore", help=missing)
    unknown = "values that DATA does not hold share a small mass, or are refused later (%(default)s)"
    group.add_argument("--handle-unknown", choices=("other", "error"), default="other", help=unknown)
    rare = "words in fewer rows than N, or in a smaller share of them, are one value"
    group.add_argument("--min-frequency", type=options.share_or_count, metavar="N", help=rare)


def context_of(args: Namespace, table: Table) -> list[int] | None:
    """Return the places of the columns that are given, not modelled; None for none."""
    return None if args.context is None else [place_of(table, name, "--context") for name in args.context]


def kinds_of(args: Namespace, table: Table) -> Any:
    """Return the kinds of a table's columns as an estimator takes them: by name, or one for each."""
    kinds = args.columns
    dropped = [place_of(table, name, "--drop") for name in args.drop]
    if isinstance(kinds, Mapping):
        each = {place_of(table, name, "--columns"): kind for name, kind in kinds.items()}
    elif not dropped:
        return kinds
    elif isinstance(kinds, list):
        if len(kinds) != table.n_columns:
            raise ValueError(f"--columns lists {len(kinds)} kinds, and {table.name} has {table.n_columns} columns")
        each = dict(enumerate(kinds))
    else:
        each = dict.fromkeys(range(table.n_columns), kinds) if kinds != "auto" else {}
    each |= dict.fromkeys(dropped, "drop")
    if table.names is None:
        return [each.get(d, "auto") for d in range(table.n_columns)]
    return {table.names[d]: kind for d, kind in each.items()}
