"""Conditions as a dict says them: what each column is to be."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

import numpy as np

from made_np.questions.comparisons import OPERATORS, compared, gap_of, one_of, within
from made_np.questions.conditions import ALWAYS, Condition, all_of, test
from made_np.questions.literals import Literals
from made_np.questions.regions import Region
from made_np.questions.sql import condition_of_sql
from made_np.values import show

__all__ = ["as_condition"]

LISTS = (Set, list, np.ndarray)


def as_condition(asked: Any, literals: Literals, name: str = "where") -> Condition:
    """Return the condition that a dict, or SQL, says.

    Parameters
    ----------
    asked : dict, str, Condition or None
        ``{column: test}``, all of which have to hold. A column is its name, or its place. A test is

        - a value: the column has it;
        - ``(low, high)``: it lies between these, ends included; None leaves an end open;
        - ``("<", v)``, ``("<=", v)``, ``(">", v)``, ``(">=", v)``, ``("!=", v)``;
        - a set or a list: it has one of these values;
        - None: it is a gap.

        A str is SQL, such as ``"age BETWEEN 30 AND 40 AND education = 'Masters'"``: see `sql`. None is no test.
    literals : Literals
        The columns.
    name : str
        What messages call the argument.

    Raises
    ------
    ValueError, TypeError
        A column or a level that there is not, or a test that a column does not take.
    """
    if asked is None:
        return ALWAYS
    if isinstance(asked, Condition):
        return asked
    if isinstance(asked, str):
        return condition_of_sql(asked, literals, name)
    if not isinstance(asked, Mapping):
        raise TypeError(
            f"{name}={show(asked)} is a {type(asked).__name__}: give a dict such as {{'age': (30, 40)}}, or SQL such "
            'as "age BETWEEN 30 AND 40"'
        )
    tests = []
    for key, value in asked.items():
        d = literals.column(key, name)
        tests.append(test(d, _region(d, value, literals, name)))
    return all_of(tests)


def _region(d: int, value: Any, literals: Literals, name: str) -> Region:
    """Return the region that one test of a dict says."""
    if value is None:
        return gap_of(d, literals, name)
    if isinstance(value, LISTS):
        return one_of(d, list(value), literals, name)
    if not isinstance(value, tuple):
        return compared(d, "=", value, literals, name)
    if len(value) != 2:
        raise ValueError(
            f"{name}: {literals.called(d)} is to be {show(value)}: give a pair (low, high), or a set for one of "
            "several values"
        )
    first, second = value
    if isinstance(first, str) and first in OPERATORS:
        return compared(d, first, second, literals, name)
    if isinstance(first, str) and first and not first.strip("<>=!~"):
        raise ValueError(
            f"{name}: {literals.called(d)} is to be {show(value)}: {show(first)} is none of {', '.join(OPERATORS)}"
        )
    return within(d, first, second, literals, name)
