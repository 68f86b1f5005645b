"""Derivatives along random directions: a few for each block of parameters, where a sweep of all would be too many."""

from __future__ import annotations

import numpy as np

from .compare import Floats, Ints
from .differences import Derivatives, random_direction
from .hints import block_of
from .probe import Probe, Problem

MOST_NAMED = 2**20
"""Of so many entries each is asked for its name; more are one block."""


def directions(problem: Problem, n: int) -> Probe:
    """Derivatives along n random unit vectors through the entries that are not masked, block by block.

    Blocks are told by their names. Each gets its share of the n, and two at least: so it is known where an error is.
    """
    groups = _groups(problem)
    share = n if len(groups) < 2 else max(2, -(-n // len(groups)))
    parts = [_through(problem, members, share) for members in groups.values()]
    through = f", {share} through each of {len(groups)} blocks" if len(groups) > 1 else ""
    n_in_all = share * len(groups)
    note = f"{n_in_all} random directions through {problem.x.size} entries{through}: no proof that each entry is right"
    measured = Derivatives(
        _joined([part.measured.value for part in parts]),
        _joined([part.measured.noise for part in parts]),
        _joined([part.measured.kink.astype(np.float64) for part in parts]) > 0,
    )
    names = [
        f"{block}[direction {k}]" if len(groups) > 1 else f"direction {k}" for block in groups for k in range(share)
    ]
    return Probe(
        _joined([part.claimed for part in parts]),
        measured,
        names.__getitem__,
        _joined([part.x for part in parts]),
        np.zeros(n_in_all, dtype=bool),
        note,
    )


def _through(problem: Problem, members: Ints, n: int) -> Probe:
    """Derivatives along n random unit vectors through some of the P entries.

    A step moves entry k by about ``h max(1, |x_k|) / P**(1/4)``: a sum of sqrt(P) such moves, as a unit of a
    network adds up, is then about h, and no more kinks are met than in a sweep.
    """
    x = problem.x
    scale = np.zeros(x.size)
    scale[members] = np.maximum(1.0, np.abs(x[members]))
    vectors = [random_direction(problem.rng, scale) for _ in range(n)]
    step = problem.h * float(np.linalg.norm(scale)) / len(members) ** 0.25
    with np.errstate(all="ignore"):
        claimed = np.array([problem.got @ v for v in vectors])
    measured = problem.along([(v, step) for v in vectors], claimed)
    return Probe(claimed, measured, str, np.array([x @ v for v in vectors]), np.zeros(n, dtype=bool))


def _joined(parts: list[Floats]) -> Floats:
    return np.concatenate([np.zeros(0), *parts])


def _groups(problem: Problem) -> dict[str, Ints]:
    """The entries of each block that are not masked."""
    free = np.flatnonzero(~problem.masked)
    found: dict[str, list[int]] = {}
    if len(free) <= MOST_NAMED:
        for k in free.tolist():
            found.setdefault(block_of(problem.name(k)), []).append(k)
    if 2 * len(found) > len(free) or not found:  # nearly each entry has a name of its own, which tells no blocks
        return {"": free} if len(free) else {}
    return {block: np.array(members) for block, members in found.items()}
