"""Measure `MADEDensity` on tables with nothing set, each number beside those of peers from the same run.

    python scripts/tables.py [--only planes gaps ...] [--tables spam ...] [--peers | --ours] [--share 0.1]
        [--seconds 60] [--members 4] [--out FILE]

Every seed is fixed, and nothing is chosen on test rows. Data are looked for in the folder that MADE_NP_DATA names, else
in ../shared/data.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from data_folder import name_data_folder
from tabular.report import Report, watch
from tabular.settings import Settings

SECTIONS = (
    "planes",
    "rnade",
    "masses",
    "gaps",
    "imputation",
    "queries",
    "coherence",
    "outliers",
    "patches",
    "million",
)
"""Files of `tabular`, in the order in which they run; each offers ``measure(settings)``."""


def arguments() -> argparse.Namespace:
    """Return the command line, parsed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--only", nargs="+", choices=SECTIONS, default=SECTIONS, metavar="NAME", help=", ".join(SECTIONS)
    )
    whose = parser.add_mutually_exclusive_group()
    whose.add_argument("--peers", action="store_true", help="the peers alone")
    whose.add_argument("--ours", action="store_true", help="made_np alone")
    parser.add_argument(
        "--share", type=float, default=1.0, help="of the folds, tables and queries; 1 is what is promised"
    )
    parser.add_argument(
        "--tables",
        nargs="+",
        default=(),
        metavar="NAME",
        help="gaps, imputation, outliers, rnade: what has one of these in its name",
    )
    parser.add_argument("--seconds", type=float, help="at most so many for each fit of made_np")
    parser.add_argument("--members", type=int, default=1, help="networks of each model of made_np")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, metavar="FILE", help="a page in Markdown")
    return parser.parse_args()


def main() -> None:
    """Measure what is asked for, and print the tables."""
    args = arguments()
    name_data_folder()
    whose = not args.peers, not args.ours
    settings = Settings(args.seed, *whose, args.share, args.seconds, tuple(args.tables), args.members)
    pages = []
    for name in args.only:
        with watch() as work:
            reports = measure_of(name)(settings)
        shown = "\n".join(report.markdown() for report in reports)
        pages.append(shown)
        print(f"\n{shown}\n{name}: {work.seconds:.0f} s\n", flush=True)
    if args.out is not None:
        args.out.write_text("# Tables\n\n`python scripts/tables.py` writes this page.\n\n" + "\n".join(pages))


def measure_of(name: str) -> Callable[[Settings], list[Report]]:
    """Return what measures a section."""
    found: Callable[[Settings], list[Report]] = import_module(f"tabular.{name}").measure
    return found


if __name__ == "__main__":
    main()
