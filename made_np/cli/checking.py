"""The command check: the property suite on a stored model, or on anyone's code."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from dataclasses import replace

from made_np.cli import options
from made_np.model.made import MADE
from made_np.proofs import made_adapter
from made_np.storage.model_file import load, save
from made_np.testing import Adapter
from made_np.testing.program import find_adapter, run_checks
from made_np.typing import Array

__all__ = ["DESCRIPTION", "add_arguments", "run"]

DESCRIPTION = (
    "Run the property suite: masks, order, gradients, normalisation, sampler, consistency. MODEL is a file that "
    "made_np wrote, or package.module:factory, where factory() returns a made_np.testing.Adapter. A stored model is "
    "checked near its parameters: each is moved a little, so that wires are seen that they make no use of. The exit "
    "status is 1 if a check fails."
)


def add_arguments(parser: ArgumentParser) -> None:
    """Add what check takes."""
    parser.add_argument("model", metavar="MODEL", help="a stored model, or package.module:factory")
    which = "which mask set of a stored model (0)"
    parser.add_argument("--mask-set", type=options.count(0), metavar="K", help=which)
    parser.add_argument("--seed", type=options.seed, default=0, metavar="N", help="of every check (%(default)s)")
    options.add_backend(parser, "of a stored model")


def run(args: Namespace) -> int:
    """Run the suite, print its report, and return 1 if a check failed."""
    is_code = ":" in args.model and not os.path.exists(args.model)
    return run_checks(_of_code(args) if is_code else _of_file(args), args.seed)


def _of_code(args: Namespace) -> Adapter:
    """Return the adapter of anyone's code."""
    for option in ("mask_set", "backend"):
        if getattr(args, option) is not None:
            raise ValueError(f"--{option.replace('_', '-')} is for a stored model, and {args.model!r} is code")
    return find_adapter(args.model)


def _of_file(args: Namespace) -> Adapter:
    """Return the adapter of a stored model."""
    stored = load(args.model, backend=args.backend)
    try:
        adapter = made_adapter(stored.made, stored.theta, mask_set=args.mask_set or 0, rng=args.seed)
    except IndexError as error:
        raise ValueError(str(error)) from None

    def read(path: str) -> tuple[MADE, Array]:
        again = load(f"{path}.npz", backend=args.backend)
        return again.made, again.theta

    return replace(adapter, save=lambda model, path: save(f"{path}.npz", *model), load=read)
