"""The command describe: what the columns of a table are, or of the table that a model was trained on."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from made_np.cli import options
from made_np.cli.abilities import abilities
from made_np.cli.kinds import add_kinds, context_of, kinds_of
from made_np.cli.tables import add_reading, read_data
from made_np.estimator import MADEDensity
from made_np.estimator.lesson import lesson_of
from made_np.storage.model_file import is_model

__all__ = ["DESCRIPTION", "add_arguments", "run"]

DESCRIPTION = (
    "Print the table of columns: kind, distribution, levels or range, resolution, share of missing cells, and what is "
    "left out and why. Of a table it is what train would decide, and nothing is learned."
)


def add_arguments(parser: ArgumentParser) -> None:
    """Add what describe takes."""
    parser.add_argument("data", metavar="DATA_OR_MODEL", help="a table, - for standard input, or a stored model")
    add_kinds(parser.add_argument_group("columns of a table"))
    add_reading(parser)
    options.add_backend(parser)


def run(args: Namespace) -> None:
    """Print the table of columns."""
    if is_model(args.data):
        density = MADEDensity.load(args.data, backend=args.backend)
        print(density.columns_)
        print(abilities(density.made_, density.columns_))
        return
    table = read_data(args.data, args)
    density = MADEDensity(
        columns=kinds_of(args, table),
        context=context_of(args, table),
        missing=args.missing,
        handle_unknown=args.handle_unknown,
        min_frequency=args.min_frequency,
    )
    print(f"{args.data}: {table.n_rows} rows of {table.n_columns} columns")
    print(lesson_of(density, None, table).columns)
