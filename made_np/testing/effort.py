"""How many entries of a gradient the suite sweeps: as many as the patience of a person allows."""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np

from .adapter import Adapter

FULL_SWEEP = 2000
"""Up to so many parameters every one is checked by differences; of a larger model a random part."""
PART = 64
MOST_SECONDS = 30.0
"""Each entry costs two calls of the loss. Where these would take longer, random directions take their place."""


class Effort(NamedTuple):
    """The method of `check_gradient`, how many entries, and a note on why that is."""

    method: str
    entries: int | None
    note: str = ""


def effort(adapter: Adapter) -> Effort:
    """Return what is asked for; for "auto", what a call of the loss leaves time for.

    The loss has been called before: the first call may compile.
    """
    size = n_parameters(adapter)
    asked = adapter.entries
    if not isinstance(asked, str):
        return Effort("central", min(int(asked), size)) if asked else Effort("directions", None)
    if asked == "all":
        return Effort("central", None)
    n = size if size <= FULL_SWEEP else PART
    seconds = 2 * n * _seconds(adapter)
    if seconds <= MOST_SECONDS:
        return Effort("central", None if n == size else n)
    note = f"by directions: {n} entries, one by one, would take {seconds:.0f} s; entries={n} of the Adapter sweeps them"
    return Effort("directions", None, note)


def sweeps_all(adapter: Adapter) -> bool:
    """Whether the check of single entries leaves nothing over for one by directions."""
    asked = adapter.entries
    size = n_parameters(adapter)
    if isinstance(asked, str):
        return asked == "all" or size <= FULL_SWEEP
    return not asked or int(asked) >= size


def n_parameters(adapter: Adapter) -> int:
    """Return P."""
    return int(np.asarray(adapter.theta).size)


def _seconds(adapter: Adapter) -> float:
    """How long one call of the loss takes."""
    assert adapter.loss is not None
    theta = np.array(adapter.theta)
    start = time.perf_counter()
    adapter.loss(theta)
    return time.perf_counter() - start
