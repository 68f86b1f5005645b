"""The command explain: which values of which rows do not fit the rest."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

import numpy as np

from made_np.cli.answers import words
from made_np.cli.matching import Matched
from made_np.cli.notes import report, target
from made_np.cli.tables import add_model_and_data, read_model_and_data
from made_np.estimator.reasons import Reasons
from made_np.table.files.writing import check_target, write_table
from made_np.table.raw import RawColumn

__all__ = ["DESCRIPTION", "add_arguments", "run"]

DESCRIPTION = (
    "Print, for each row, the value that fits the rest of it worst: log p(value given all others) in nats, and what "
    "the others let expect. -o writes all values, the worst of each row first."
)
SHOWN = 20
"""So many rows are printed, unless all are written."""


def add_arguments(parser: ArgumentParser) -> None:
    """Add what explain takes."""
    add_model_and_data(parser, "rows to explain")
    parser.add_argument("-o", "--out", metavar="OUT", help="write a line for each value; - is standard output")


def run(args: Namespace) -> None:
    """Print or write what does not fit."""
    if args.out is not None:
        check_target(args.out)
    density, data = read_model_and_data(args)
    reasons = density.explain(data.good)
    if args.out is not None:
        columns, names = _table(data, reasons)
        write_table(args.out, columns, names)
        report(args, f"written to {target(args)}: {len(columns[0])} values of {len(reasons)} rows")
        return
    for k in range(min(len(reasons), SHOWN)):
        print(f"{data.good.source.line(k)}: {reasons.of_row(k)}")
    if len(reasons) > SHOWN:
        print(f"and {len(reasons) - SHOWN} rows more: -o writes all")


def _table(data: Matched, reasons: Reasons) -> tuple[list[RawColumn], list[str]]:
    """Return a row for each value, and an empty one for each row that the model cannot read."""
    rows = reasons.to_dict()
    own: list[dict[str, Any]] = [{**each, "row": int(data.rows[each["row"]])} for each in rows]
    unread = np.setdiff1d(np.arange(data.n_rows), data.rows).tolist()
    own += [{"row": row} for row in unread]
    own.sort(key=lambda each: each["row"])  # which keeps the order within a row
    lines = getattr(data.file.source, "lines", None)
    where = [each["row"] if lines is None else lines[each["row"]] for each in own]
    nats = np.array([each.get("log_prob", np.nan) for each in own])
    ranks = np.array([each.get("rank", 0) for each in own])
    columns = [
        RawColumn(np.array(where), np.zeros(len(own), dtype=bool), "int64"),
        *(words([each.get(name) for each in own]) for name in ("column", "value", "expected")),
        RawColumn(nats, np.isnan(nats), "float64"),
        RawColumn(ranks, ranks == 0, "int64"),
    ]
    return columns, ["row" if lines is None else "line", "column", "value", "expected", "log_prob", "rank"]
