"""The context that a condition gives: values of the columns that are not modelled."""

from __future__ import annotations

import numpy as np

from made_np.questions.conditions import Condition
from made_np.questions.literals import Literals
from made_np.questions.regions import GAP, Region
from made_np.questions.subject import Subject
from made_np.typing import Floats

__all__ = ["under"]


def under(subject: Subject, condition: Condition, name: str = "given") -> tuple[Subject, Condition, Floats]:
    """Return the subject under the context that a condition gives, with what else it says, and the context (1, D).

    Parameters
    ----------
    subject : Subject
    condition : Condition
        It has one value for each column of context, or says that it is a gap, where fit met some.
    name : str
        What messages call the condition.

    Raises
    ------
    ValueError
        A column of context without a value, with several, or within an OR.
    """
    places = subject.columns.context
    x = np.full((1, len(subject.columns)), np.nan)
    if not places:
        return subject, condition, x
    literals = subject.literals
    if not condition.is_plain and condition.columns & set(places):
        d = min(condition.columns & set(places))
        raise ValueError(
            f"{name}: {literals.called(d)} is context, and stands in an OR: ask for each of its values on its own"
        )
    regions = dict(condition.regions)
    for d in places:
        if d not in regions:
            raise ValueError(
                f"{name}: {literals.called(d)} is context, without which nothing is known: say its value in {name}"
                + (", or None where it is missing" if literals.has_gaps(d) else "")
            )
        x[0, d] = _value(d, regions.pop(d), literals, name)
    return subject.at(x), Condition(tuple(regions.items()), condition.others, condition.every), x


def _value(d: int, region: Region, literals: Literals, name: str) -> float:
    """Return the number of a column of context, NaN where it is a gap."""
    if region == GAP:
        return np.nan
    points = region.points or ()
    if len(points) != 1:
        raise ValueError(
            f"{name}: {literals.called(d)} is context, and is to have several values: give one, and ask about others "
            "on their own"
        )
    return points[0]
