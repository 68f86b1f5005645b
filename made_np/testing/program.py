"""What the programs that check anyone's code share."""

from __future__ import annotations

import os
import sys
import traceback

from .adapter import Adapter
from .loading import load_adapter
from .suite import suite


def find_adapter(target: str) -> Adapter:
    """Return the adapter behind ``"package.module:name"``, which may lie in the current folder.

    Raises
    ------
    ValueError
        There is none; or its module or factory raises, and the message says what and where.
    """
    sys.path.insert(0, os.getcwd())  # a console script does not look in the current folder by itself
    try:
        return load_adapter(target)
    except ValueError:
        raise
    except (Exception, SystemExit) as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{os.path.basename(place.filename)}, line {place.lineno}"
        raise ValueError(f"{target!r} raises {type(error).__name__}: {error} ({where})") from error


def run_checks(adapter: Adapter, seed: int) -> int:
    """Print what `suite` finds, and return the exit status: 0 if all is well, 1 if a check failed.

    Raises
    ------
    ValueError
        There was nothing to check: every check was skipped, or the code under check ends the program.
    """
    try:
        report = suite(adapter, rng=seed)
    except SystemExit as error:
        raise ValueError(f"{adapter.name}: what is checked calls sys.exit({error.code!r}): let it return") from error
    if report.nothing_checked:
        reasons = "; ".join(f"{result.name}: {result.reason}" for result in report.results)
        raise ValueError(f"{adapter.name}: there was nothing to check: give the Adapter what a check needs ({reasons})")
    print(report)
    return 0 if report.ok else 1
