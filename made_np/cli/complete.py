"""The command complete: a table without its gaps."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from made_np.cli import options
from made_np.cli.answers import below, spread
from made_np.cli.matching import Matched
from made_np.cli.notes import report, target
from made_np.cli.tables import add_model_and_data, read_model_and_data
from made_np.columns.columns import Columns
from made_np.table.files.writing import check_target, write_table
from made_np.table.raw import RawColumn
from made_np.table.table import Table

__all__ = ["DESCRIPTION", "add_arguments", "run"]

DESCRIPTION = (
    "Fill the gaps of a table. By default each gap gets the mean of its own distribution given what is known of the "
    "row, a gap among words the likeliest one; with --draws N, N random completions are written, one whole table below "
    "the other. Columns keep their names, their order and their kind of values; those that the model has and the table "
    "lacks are added. A row that the model cannot read is reported, and stays empty."
)
STATISTICS = ("mean", "median", "mode")


def add_arguments(parser: ArgumentParser) -> None:
    """Add what complete takes."""
    add_model_and_data(parser, "rows whose gaps (empty cells or NaN) are to be filled")
    parser.add_argument("-o", "--out", required=True, metavar="OUT", help="the table to write; - is standard output")
    parser.add_argument("--draws", type=options.count(1), metavar="N", help="draw N completions of each row")
    what = "which value of its distribution a gap gets (%(default)s)"
    parser.add_argument("--statistic", choices=STATISTICS, default="mean", help=what)
    options.add_seed(parser)


def run(args: Namespace) -> None:
    """Fill the gaps of a table and write it."""
    check_target(args.out)
    density, data = read_model_and_data(args)
    found = density.impute(data.good, args.draws, statistic=args.statistic, random_state=args.seed)
    each = [_columns(data, density.columns_, Table.of(one)) for one in ([found] if args.draws is None else found)]
    columns = [below(parts) for parts in zip(*each, strict=True)]
    write_table(args.out, columns, _names(data, density.columns_))
    how = f"the {args.statistic} of its distribution" if args.draws is None else f"{args.draws} draws"
    n_gaps = density.columns_.read(data.good).n_gaps()
    n_gaps -= sum(int(data.good.cells(d).gaps.sum()) for d in density.columns_.context)  # which stay
    report(args, f"{args.data}: {n_gaps} gaps in {len(data.rows)} rows, each filled with {how}")
    report(args, f"written to {target(args)}: {len(columns[0])} rows of {len(columns)} columns")


def _columns(data: Matched, columns: Columns, filled: Table) -> list[RawColumn]:
    """Return the columns of the file with their gaps filled, then those that it lacks."""
    place_in = {place: d for d, place in enumerate(data.places) if place is not None}
    rest = data.file.take(data.rows)
    each = [
        filled.cells(place_in[place]) if place in place_in else rest.cells(place)
        for place in range(data.file.n_columns)
    ]
    each += [filled.cells(d) for d in _lacking(data, columns)]
    return [spread(raw, data.rows, data.n_rows) for raw in each]


def _names(data: Matched, columns: Columns) -> list[str] | None:
    """Return what the columns are called: as in the file, or as in the model where the file has no names."""
    names = data.table.names if data.file.names is None else data.file.names
    return None if names is None else [*names, *(columns.each[d].name for d in _lacking(data, columns))]


def _lacking(data: Matched, columns: Columns) -> list[int]:
    """Return the columns of the model that the file lacks."""
    return [d for d, place in enumerate(data.places) if place is None and not columns.each[d].left_out]
