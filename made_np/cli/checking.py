"""The command check: the property suite on a stored model, or on anyone's code."""

from __future__ import annotations

import os
import sys
import traceback
from argparse import Namespace
from typing import Any

from made_np.adapter import made_adapter
from made_np.cli import options
from made_np.storage import load
from made_np.testing import Adapter, load_adapter, suite

__all__ = ["add_parser", "run_check"]

DESCRIPTION = (
    "Run the property suite: masks, order, gradients, normalisation, sampler, consistency. MODEL is a file that "
    "made_np wrote, or package.module:factory, where factory() returns a made_np.testing.Adapter. The exit status is 1 "
    "if a check fails."
)


def add_parser(subparsers: Any) -> None:
    """Add check."""
    parser = subparsers.add_parser(
        "check", help="prove a model, yours or ours, with the property suite", description=DESCRIPTION
    )
    parser.add_argument("model", metavar="MODEL", help="a stored model, or package.module:factory")
    which = "which mask set of a stored model (%(default)s)"
    parser.add_argument("--mask-set", type=options.count(0), default=0, metavar="K", help=which)
    parser.add_argument("--seed", type=options.count(0), default=0, metavar="N", help="of every check (%(default)s)")
    parser.set_defaults(run=run_check)


def run_check(args: Namespace) -> int:
    """Run the suite, print its report, and return 1 if a check failed."""
    if ":" in args.model and not os.path.exists(args.model):
        adapter = _others_adapter(args.model)
    else:
        stored = load(args.model)
        try:
            adapter = made_adapter(stored.made, stored.theta, mask_set=args.mask_set, rng=args.seed)
        except IndexError as error:
            raise ValueError(f"--mask-set: {error}") from None
    report = suite(adapter, rng=args.seed)
    print(report)
    return 0 if report.ok else 1


def _others_adapter(target: str) -> Adapter:
    """Return what the factory returns; whatever is wrong in it, or in its module, becomes one line."""
    sys.path.insert(0, os.getcwd())  # a console script does not look in the current folder by itself
    try:
        return load_adapter(target)
    except ValueError:
        raise
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{os.path.basename(place.filename)}, line {place.lineno}"
        raise ValueError(f"{target!r} raises {type(error).__name__}: {error} ({where})") from error
