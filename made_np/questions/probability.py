"""The mass of a condition, by counting in one sample of the model that is drawn once.

The sample is a measure, so its answers fit together exactly, however well or badly they are those of the model: a wider
condition never has less mass, the masses of parts add up, the same question has the same answer, everything has mass 1
and nothing has 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import sqrt
from typing import Any

import numpy as np

from made_np.questions.conditions import ALWAYS, Condition, all_of
from made_np.questions.contexts import under
from made_np.questions.counting import Counted
from made_np.questions.predicates import as_condition
from made_np.questions.sampling import FEWEST_ROWS, n_rows, sample_of
from made_np.questions.subject import Subject
from made_np.typing import Floats
from made_np.values import as_flag

__all__ = ["probability"]

ENOUGH = 1 << 11
"""Where fewer rows of the sample hold what is given, rows are drawn given it."""
N_SETS = 8
"""The spread over orders is seen in so many orders."""

SETS = 1
"""What is drawn, by its own generator."""


def probability(
    subject: Subject, where: Any, given: Any = None, return_std: bool = False
) -> float | Floats | tuple[float, float] | tuple[Floats, Floats]:
    """Return P(where), or P(where given `given`), by the share of a fixed sample that holds it.

    Parameters
    ----------
    subject : Subject
    where : dict or str, or a list of these
        Conditions: see `predicates`. Of a list, all answers are returned.
    given : dict or str, optional
        The sample is then that of the rows that hold it; where these are few, rows of the model given it.
    return_std : bool
        Whether the standard error is returned too. In it is the error of the sample, and how far the orders of the
        model differ, where it has several.

    Raises
    ------
    ValueError, TypeError
        No condition, or a given one without mass.
    """
    as_flag(return_std, "return_std")
    is_list = isinstance(where, Sequence) and not isinstance(where, str)
    asked = [as_condition(each, subject.literals) for each in (where if is_list else [where])]
    assumed = as_condition(given, subject.literals, "given")
    subject, assumed, _ = under(subject, assumed)
    whole = sample_of(subject)
    share = whole.mass(assumed)
    if assumed == ALWAYS or share * len(whole.rows) >= ENOUGH:
        masses = [whole.mass(all_of([each, assumed])) / share for each in asked]
        errors = [whole.error(mass, share) for mass in masses] if return_std else []
    else:
        part = sample_of(subject, assumed)
        masses = [part.mass(each) for each in asked]
        errors = [part.error(mass) for mass in masses] if return_std else []
    if not return_std:
        return np.array(masses) if is_list else masses[0]
    spreads = [
        spread(subject, all_of([each, assumed]), assumed, mass) for each, mass in zip(asked, masses, strict=True)
    ]
    stds = np.hypot(errors, spreads)
    return (np.array(masses), stds) if is_list else (masses[0], float(stds[0]))


def spread(subject: Subject, both: Condition, assumed: Condition, mass: float) -> float:
    """Return how far single orders are from `mass`, as a standard deviation, without what chance explains."""
    found = []
    for rows in _by_order(subject):
        n = rows.count(assumed)
        if n:
            off = rows.count(both) / n - mass
            found.append(off * off - mass * (1 - mass) / n)
    return sqrt(max(float(np.mean(found)), 0.0)) if found else 0.0


def _by_order(subject: Subject) -> list[Counted]:
    """Return rows of each of some ways in which the model answers; none where it has one order only."""
    if "by order" not in subject.kept:
        rng = subject.rng(SETS)
        n = min(n_rows(subject) // N_SETS, FEWEST_ROWS)
        subject.kept["by order"] = [Counted(subject.columns.decode(z, rng)) for z in _ways(subject, n, rng)]
    return subject.kept["by order"]


def _ways(subject: Subject, n: int, rng: np.random.Generator) -> Iterator[Floats]:
    """Yield n rows (n, F) of each of some orders, or, of a model with paths, of what is known along its path."""
    made = subject.made
    if made.mask_sets.has_paths:
        rows = sample_of(subject).rows.x
        for k in range(N_SETS):
            z = subject.columns.encode(rows[k * n : (k + 1) * n])
            z[:, rng.random(made.n_features) >= (k + 0.5) / N_SETS] = np.nan
            yield subject.sample(n, rng, z)
    elif made.n_masks != 1:
        for k in made.mask_sets.mixed[:N_SETS]:
            yield subject.sample(n, rng, mask_set=k)
