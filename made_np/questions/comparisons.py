"""The numbers of a column that one comparison means."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf, nextafter
from typing import Any

from made_np.questions.literals import Literals
from made_np.questions.regions import GAP, NUMBERS, Region
from made_np.values import show

__all__ = ["OPERATORS", "compared", "gap_of", "one_of", "within"]

OPERATORS = ("=", "!=", "<", "<=", ">", ">=")


def compared(d: int, operator: str, value: Any, literals: Literals, name: str) -> Region:
    """Return the numbers of column d that compare with a value as the `operator` says; `name` is the argument's."""
    if value is None:
        raise ValueError(
            f"{name}: {literals.called(d)} is to be {operator} None: give a value, or None alone for a gap"
        )
    if operator in ("<", "<=", ">", ">=") and not literals.has_order(d):
        raise ValueError(
            f"{name}: {literals.called(d)} is to be {operator} {show(value)}, but its words have no order: do "
            "you mean a set, {...}?"
        )
    number = literals.number(d, value, name)
    if operator in ("=", "!="):
        region = Region.of([(number, number)])
        return region if operator == "=" else ~region
    if operator[0] == "<":
        return NUMBERS & Region.of([(-inf, number if operator == "<=" else nextafter(number, -inf))])
    return NUMBERS & Region.of([(number if operator == ">=" else nextafter(number, inf), inf)])


def within(d: int, low: Any, high: Any, literals: Literals, name: str) -> Region:
    """Return the numbers of column d from `low` to `high`, both included; None leaves an end open."""
    if not literals.has_order(d):
        raise ValueError(
            f"{name}: {literals.called(d)} is to be {show((low, high))}: a pair is a range, but its words have no "
            "order: do you mean a set, {...}?"
        )
    below = -inf if low is None else literals.number(d, low, name)
    above = inf if high is None else literals.number(d, high, name)
    return Region.of([(below, above)])


def one_of(d: int, values: Iterable[Any], literals: Literals, name: str) -> Region:
    """Return the numbers of column d that are one of some values; None among them is a gap."""
    numbers = []
    region = Region(())
    for value in values:
        if value is None:
            region = gap_of(d, literals, name)
        else:
            numbers.append(literals.number(d, value, name))
    return region | Region.of((number, number) for number in numbers)


def gap_of(d: int, literals: Literals, name: str) -> Region:
    """Return the region that is a gap, or raise where the model does not know of gaps."""
    if not literals.has_gaps(d) and d in literals.columns.context:
        raise ValueError(
            f"{name}: {literals.called(d)} is to be a gap, but is context and had none in fit: give its value, or fit "
            "on rows with gaps in it"
        )
    if not literals.has_gaps(d):
        raise ValueError(
            f"{name}: {literals.called(d)} is to be a gap, but gaps were not learned: fit with missing='level', or "
            "leave the column out where it is not known"
        )
    return GAP
