"""Tests of columns, joined by AND, OR, as they are asked of rows of numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from made_np.questions.regions import NOTHING, Region
from made_np.typing import Bools, Floats

__all__ = ["ALWAYS", "NEVER", "Condition", "all_of", "any_of", "test"]


@dataclass(frozen=True)
class Condition:
    """All of some tests, or any of them. There is no NOT: it has gone into the regions.

    Attributes
    ----------
    regions : tuple of (int, Region)
        The test of each column that has one, by rising column.
    others : tuple of Condition
        What is no test of one column: parts of an AND that are ORs, and the other way round.
    every : bool
        Whether all have to hold, or any one.
    """

    regions: tuple[tuple[int, Region], ...] = ()
    others: tuple[Condition, ...] = ()
    every: bool = True

    def holds(self, x: Floats) -> Bools:
        """Return which rows of numbers `x` (n, D) hold it, shape (n,)."""
        found = np.full(len(x), self.every)
        for column, region in self.regions:
            found = _joined(found, region.holds(x[:, column]), self.every)
        for other in self.others:
            found = _joined(found, other.holds(x), self.every)
        return found

    def implied(self) -> dict[int, Region]:
        """Return regions that rows have to lie in to hold it; where it is no more than that, `is_plain`."""
        parts = [{column: region} for column, region in self.regions]
        parts += [other.implied() for other in self.others]
        if self.every:
            shared = set().union(*parts)
        else:  # a column says something where all parts do
            shared = set(parts[0]).intersection(*parts[1:]) if parts else set()
        joined: dict[int, Region] = {}
        for column in sorted(shared):
            for part in parts:
                if column in part:
                    before = joined.get(column)
                    own = part[column]
                    joined[column] = own if before is None else before & own if self.every else before | own
        return joined

    @property
    def is_plain(self) -> bool:
        """Whether it is one region for each column, all of which have to hold."""
        return self.every and not self.others

    @property
    def columns(self) -> frozenset[int]:
        """The columns that it asks about."""
        return frozenset(column for column, _ in self.regions).union(*(other.columns for other in self.others))


ALWAYS = Condition()
"""No test at all."""
NEVER = Condition(every=False)
"""None of no tests."""


def test(column: int, region: Region) -> Condition:
    """Return the condition that a column lies in a region."""
    if region == NOTHING:
        return NEVER
    return Condition(((column, region),))


def all_of(parts: Iterable[Condition]) -> Condition:
    """Return the condition that all `parts` hold."""
    return _join(parts, every=True)


def any_of(parts: Iterable[Condition]) -> Condition:
    """Return the condition that any of the `parts` holds."""
    joined = _join(parts, every=False)
    if len(joined.regions) == 1 and not joined.others:
        return Condition(joined.regions)
    return joined


def _joined(one: Bools, other: Bools, every: bool) -> Bools:
    return one & other if every else one | other


def _join(parts: Iterable[Condition], every: bool) -> Condition:
    """Return all, or any, of the parts, with one region for each column."""
    regions: dict[int, Region] = {}
    others: list[Condition] = []
    for part in parts:
        is_alike = part.every == every or (len(part.regions) == 1 and not part.others)
        if not is_alike:
            others.append(part)
            continue
        for column, region in part.regions:
            before = regions.get(column)
            if before is not None:
                region = before & region if every else before | region
            regions[column] = region
        others += part.others
    if every and NOTHING in regions.values():
        return NEVER
    if every and NEVER in others:
        return NEVER
    if not every and ALWAYS in others:
        return ALWAYS
    return Condition(tuple(sorted(regions.items(), key=lambda each: each[0])), tuple(dict.fromkeys(others)), every)
