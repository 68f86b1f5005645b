"""What commands read: tables, models."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from made_np.cli import options
from made_np.estimator import MADEDensity
from made_np.table.files import Table, read_table

__all__ = ["add_header", "add_model", "add_model_and_data", "names_of", "read_data", "read_model_and_data"]

HEADERS = {"auto": None, "yes": True, "no": False}


def add_model(parser: ArgumentParser) -> None:
    """Add the model that a command reads."""
    parser.add_argument("model", metavar="MODEL", help="a file that made-np train wrote")


def add_model_and_data(parser: ArgumentParser, data: str) -> None:
    """Add a model and a table; `data` says what its rows are."""
    add_model(parser)
    parser.add_argument("data", metavar="DATA", help=data)
    add_header(parser)
    options.add_backend(parser)


def add_header(parser: ArgumentParser) -> None:
    """Add what is known of the first line of a .csv."""
    text = "whether a .csv begins with a line of names: auto (if it has no number, or several words), yes or no"
    parser.add_argument("--header", choices=tuple(HEADERS), default="auto", help=text)


def read_data(path: str, args: Namespace, names: Sequence[str] | None = None) -> Table:
    """Return a table; columns that have no names get those that are given."""
    table = read_table(path, header=HEADERS[args.header])
    fits = names is not None and table.names is None and len(names) == table.n_columns
    return table.named(names) if fits else table


def read_model_and_data(args: Namespace) -> tuple[MADEDensity, Table]:
    """Return the model, and the table with the model's names where it has none of its own, or none where those do."""
    density = MADEDensity.load(args.model, backend=args.backend)
    names = names_of(density)
    table = read_data(args.data, args, names)
    return density, table.named(None) if names is None else table


def names_of(density: MADEDensity) -> list[str] | None:
    """Return the names of the columns that a model was fitted on, None if they had none."""
    names = getattr(density, "feature_names_in_", None)
    return None if names is None else [str(name) for name in names]
