"""What commands say beside their answers."""

from __future__ import annotations

import sys
from argparse import Namespace

from made_np.cli.wording import one_line
from made_np.table.files import STREAM

__all__ = ["note", "report", "target"]


def note(text: str) -> None:
    """Write a line to stderr."""
    print(f"made-np: {one_line(text)}", file=sys.stderr)


def report(args: Namespace, text: str) -> None:
    """Write a line about what was done: to stderr where a table goes to standard output."""
    print(text, file=sys.stderr if args.out == STREAM else sys.stdout)


def target(args: Namespace) -> str:
    """Return what messages call the place that a table is written to."""
    return "standard output" if args.out == STREAM else str(args.out)
