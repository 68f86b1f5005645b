"""What commands read: tables, models."""

from __future__ import annotations

import warnings
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

import numpy as np

from made_np.cli import options
from made_np.cli.matching import Matched, match
from made_np.estimator import MADEDensity
from made_np.ranks.comm import Comm
from made_np.table.files import Table, read_table
from made_np.table.files.shares import read_share

__all__ = [
    "add_model",
    "add_model_and_data",
    "add_reading",
    "place_of",
    "read_data",
    "read_for",
    "read_model_and_data",
    "without",
]

HEADERS = {"auto": None, "yes": True, "no": False}


def add_model(parser: ArgumentParser) -> None:
    """Add the model that a command reads."""
    parser.add_argument("model", metavar="MODEL", help="a file that made-np train wrote")


def add_model_and_data(parser: ArgumentParser, data: str) -> None:
    """Add a model and a table; `data` says what its rows are."""
    add_model(parser)
    parser.add_argument("data", metavar="DATA", help=f"{data}; its columns are found by name; - is standard input")
    add_reading(parser)
    options.add_backend(parser)


def add_reading(parser: ArgumentParser) -> None:
    """Add what is known of how a text is written."""
    group = parser.add_argument_group("text (.csv, .tsv, .txt)", "all of this is found out where it is not given")
    names = "whether it begins with a line of names: auto (if it has no number, or several words), yes or no"
    group.add_argument("--header", choices=tuple(HEADERS), default="auto", help=names)
    group.add_argument("--sep", metavar="C", help="what stands between cells; a blank is any number of them")
    group.add_argument("--decimal", metavar="C", help="what stands before decimals")
    group.add_argument("--encoding", metavar="NAME", help="how letters are stored, such as latin-1")
    gaps = "more words that stand for a gap, beside NA, nan, null, None, ? and nothing"
    group.add_argument("--na", type=options.listed, default=[], metavar="A,B", help=gaps)


def read_data(path: str, args: Namespace, comm: Comm | None = None) -> Table:
    """Return a table, read as the options say; of several ranks, the share of this one."""
    how = {"header": HEADERS[args.header], "sep": args.sep, "decimal": args.decimal}
    how |= {"encoding": args.encoding, "na": args.na}
    return read_table(path, **how) if comm is None else read_share(path, comm.rank, comm.size, **how)


def read_for(density: MADEDensity, path: str, args: Namespace) -> Matched:
    """Return the table in a file as the model takes it, once it has been said what does not fit."""
    with warnings.catch_warnings():
        # Which cell is no number is said of each, by what the model has learned of its column.
        warnings.filterwarnings("ignore", ".*is no number, so that the column holds words")
        table = read_data(path, args)
    return match(density, table)


def read_model_and_data(args: Namespace) -> tuple[MADEDensity, Matched]:
    """Return the model, and the table as it takes it."""
    density = MADEDensity.load(args.model, backend=args.backend)
    return density, read_for(density, args.data, args)


def place_of(table: Table, name: str, option: str) -> int:
    """Return the place of the column that an option names; where columns have no names, the place is the name."""
    if table.names is not None and name in table.names:
        return table.names.index(name)
    place = options.place(name)
    if place is not None and place < table.n_columns:
        return place
    known = f"0..{table.n_columns - 1}" if table.names is None else ", ".join(table.names[:10])
    raise ValueError(f"{option}: {table.name} has no column {name!r}: give one of {known}")


def without(table: Table, places: Sequence[int]) -> Table:
    """Return a table without some of its columns."""
    kept = np.setdiff1d(np.arange(table.n_columns), places).tolist()
    return table.picked(kept, None if table.names is None else [table.names[d] for d in kept]) if places else table
