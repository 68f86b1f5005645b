"""What is said of a training table that may not mean what it says."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from made_np.cells import where
from made_np.columns.column import Column
from made_np.columns.seen import Seen
from made_np.messages import tell, warn

__all__ = ["has_missing", "sentinel", "tell_left_out", "warn_of_missing", "warn_of_sentinels"]

_logger = logging.getLogger("made_np.columns")

MAX_CODES = 32
"""More codes than these are not taken for codes with a -1 among them."""
MOST_SHOWN = 5
FAR = 10.0
"""A positive number is so many times farther outside than the others reach, as their largest may be a limit."""
FEWEST = 5
"""So many different numbers say how far one of them is outside."""


def has_missing(seen: Seen) -> bool:
    """Whether a column is of codes 0..n-1 (or 1..n), with -1 among them; -1 and 1 alone are two states of a spin."""
    if not seen.n or not seen.is_whole or seen.low != -1 or seen.high >= MAX_CODES:
        return False
    return bool(seen.high > 1 or (seen.distinct == 0).any())


def sentinel(seen: Seen) -> float | None:
    """Return the number, such as -999, that seems to stand for a gap: of nines, far outside, and repeated."""
    if seen.n_distinct <= FEWEST:
        return None
    for place, rest in ((0, seen.distinct[1:]), (-1, seen.distinct[:-1])):
        value = float(seen.distinct[place])
        digits = f"{abs(value):.15g}"
        far = float(np.abs(rest - value).min()) / float(np.ptp(rest))
        is_outside = far > FAR or (value < 0 and (far > 1 or rest[0] >= 0))
        if set(digits) == {"9"} and len(digits) > 1 and seen.counts[place] > 1 and is_outside:
            return value
    return None


def warn_of_missing(found: Sequence[str]) -> None:
    """Warn of columns that `has_missing` found: mostly -1 stands for a gap."""
    if found:
        warn(
            f"codes with -1 among them in {_listed(found)} are taken as they are. Where -1 stands for a gap, give NaN "
            "instead; where it is a value like the others, say what the column is: columns={name: 'ordinal'}"
        )


def warn_of_sentinels(found: Sequence[tuple[str, float]]) -> None:
    """Warn of columns with a number that seems to stand for a gap, and of what that is."""
    if found:
        each = [f"{value:g} in {column}" for column, value in found]
        warn(
            f"{_listed(each)} is far from all other numbers, and repeated. Where it stands for a gap, give NaN instead "
            "(on the command line: --na); where it is a number, say what the column is: columns={name: 'real'}"
        )


def tell_left_out(each: Sequence[Column | None]) -> None:
    """Say which columns are not in the model, in one line; None: a column of which a person said what it is."""
    left_out = [(d, column) for d, column in enumerate(each) if column is not None and column.left_out]
    found = [f"{where(d, column.name)}: {column.left_out}" for d, column in left_out]
    if found:
        tell(
            _logger,
            f"left out: {_listed(found, '; ')}. To have one in the model, say what it is: columns={{name: 'count'}}",
            shown=True,
        )


def _listed(found: Sequence[str], between: str = ", ") -> str:
    """Return some of what was found, in words."""
    return between.join(found[:MOST_SHOWN]) + (
        f" and {len(found) - MOST_SHOWN} more" if len(found) > MOST_SHOWN else ""
    )
