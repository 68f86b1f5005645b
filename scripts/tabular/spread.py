"""Whether missing values lie where a model says that they do: their randomised PIT is even on (0, 1).

Of a value x it is ``P(X < x) + u P(X = x)``, with u drawn evenly. A column without atoms needs no u; one with atoms, or
one of words, in any fixed order of them, is even by it all the same if its distribution is right.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from made_np import MADEDensity
from tabular.data import Floats
from tabular.missing import Bools, without
from tabular.report import Report

CONFIDENCE = 0.9
BEYOND = 1.36
"""Over the root of n: how far n even values are from even in one of twenty cases."""


def add_spreads(report: Report, what: str, model: MADEDensity, test: pd.DataFrame, gaps: Bools, seed: int) -> None:
    """Add a row for each column with gaps: how much of them the middle 90 % hold, and how even their PIT is."""
    gappy = without(test, gaps)
    for j, name in enumerate(test):
        rows = np.flatnonzero(gaps[:, j])
        if not len(rows):
            continue
        found = model.conditional(name, given=gappy.iloc[rows].reset_index(drop=True))
        is_number = pd.api.types.is_numeric_dtype(test[name])
        words = None if is_number else list(model.classes(str(name)))
        values = pit(found, test[name].to_numpy()[rows], words, np.random.default_rng((seed, j)))
        inside = within(values)
        report.add(
            f"{what}, {name}",
            **{
                "gaps": len(rows),
                "inside 90 %": inside,
                "+-": (inside * (1 - inside) / len(rows)) ** 0.5,
                "uneven": uneven(values),
                "uneven by chance": BEYOND / len(rows) ** 0.5,
            },
        )


def pit(found: Any, true: NDArray[Any], words: list[Any] | None, rng: np.random.Generator) -> Floats:
    """Return the randomised PIT of true values, each in its own distribution of those `found` (a `Conditional`).

    `words` are those that the model knows, None of numbers. Others share what these leave, and count as the first.
    """
    u = rng.random(len(true))
    if words is None:
        return np.asarray(found.cdf(true) - (1 - u) * found.pmf(true))
    masses = found.pmf(np.array(words, dtype=object)[:, None])  # (words, rows)
    masses = np.concatenate([1 - masses.sum(axis=0, keepdims=True), masses])
    places = np.array([words.index(each) + 1 if each in words else 0 for each in true])
    below = np.where(np.arange(len(masses))[:, None] < places, masses, 0).sum(axis=0)
    return np.asarray(below + u * masses[places, np.arange(len(places))])


def within(values: Floats, confidence: float = CONFIDENCE) -> float:
    """Return the share of PIT in the middle.

    Examples
    --------
    >>> within(np.array([0.01, 0.2, 0.5, 0.9]))
    0.75
    """
    return float((np.abs(values - 0.5) <= confidence / 2).mean())


def uneven(values: Floats) -> float:
    """Return the largest distance of their distribution from the even one on (0, 1), as Kolmogorov and Smirnov do.

    Examples
    --------
    >>> round(uneven(np.array([0.2, 0.4, 0.9])), 3)
    0.267
    """
    values = np.sort(values)
    n = len(values)
    steps = np.arange(n + 1) / n
    return float(max((steps[1:] - values).max(), (values - steps[:-1]).max()))
