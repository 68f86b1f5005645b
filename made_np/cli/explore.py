"""The command explore: a page in the browser on which a model can be walked through, trained, broken."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from made_np.cli import options
from made_np.cli.inspection import names_of
from made_np.explore import page
from made_np.files import atomic_write
from made_np.storage.model_file import load

__all__ = ["DESCRIPTION", "add_arguments", "run"]

DESCRIPTION = (
    "Write a page on which a MADE can be walked through forwards and backwards, trained, and broken on purpose, with "
    "the sum over all rows in view. It is one file, and needs a browser, but no network."
)
OUT = "explore.html"


def add_arguments(parser: ArgumentParser) -> None:
    """Add what explore takes."""
    parser.add_argument(
        "model",
        metavar="MODEL",
        nargs="?",
        help="a file that made-np train, or made_np.save, wrote: the page shows the first features in its order that "
        "fit (without it, a small model made for looking on)",
    )
    parser.add_argument("-o", "--out", metavar="PAGE", default=OUT, help="where to write the page (%(default)s)")
    parser.add_argument("--mask-set", type=options.count(0), metavar="K", help="which one of a model (0)")


def run(args: Namespace) -> None:
    """Write the page, and say what it shows."""
    if args.model is None:
        if args.mask_set is not None:
            raise ValueError("--mask-set belongs to a model: give MODEL, too")
        text = page()
        about = "a small model"
    else:
        stored = load(args.model, backend="numpy")
        mask_set = args.mask_set or 0
        try:
            stored.made.mask_sets[mask_set]
        except IndexError as error:
            raise ValueError(str(error)) from None
        text = page(stored.made, stored.theta, names=names_of(stored), mask_set=mask_set)
        about = args.model
    data = text.encode()
    with atomic_write(args.out) as file:
        file.write(data)
    print(f"{about}, on a page of {len(data) / 1000:.0f} kB: open {args.out} in a browser ({_address(args.out)})")


def _address(path: str) -> str:
    """Return what to paste into a browser."""
    return Path(path).resolve().as_uri()
