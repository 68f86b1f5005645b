"""The command query: how probable conditions are."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

import numpy as np

from made_np.cli import options
from made_np.cli.conditions import SYNTAX, as_condition
from made_np.cli.tables import add_model
from made_np.estimator import MADEDensity

__all__ = ["DESCRIPTION", "add_arguments", "run"]

DESCRIPTION = (
    f"Print P(WHERE), or P(WHERE given COND), with its standard error. WHERE and COND are {SYNTAX}. Answers fit "
    "together: a wider condition is never less probable, and those of parts add up."
)


def add_arguments(parser: ArgumentParser) -> None:
    """Add what query takes."""
    add_model(parser)
    parser.add_argument("where", nargs="+", metavar="WHERE", help="a condition; of several each is answered")
    parser.add_argument("--given", metavar="COND", help="what is known")
    options.add_backend(parser)


def run(args: Namespace) -> None:
    """Print the probability of each condition."""
    density = MADEDensity.load(args.model, backend=args.backend)
    where = [as_condition(density.columns_, text) for text in args.where]
    given = None if args.given is None else as_condition(density.columns_, args.given)
    found = density.probability(where, given=given, return_std=True)
    known = "" if args.given is None else f" given {args.given}"
    for text, p, error in zip(args.where, *map(np.ndarray.tolist, found), strict=True):
        print(f"{p:.6f} +- {error:.6f} (standard error)  {text}{known}")
