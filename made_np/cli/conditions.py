"""Conditions as they are written at the command line: ``name=value`` or SQL.

==================  ==================================================
``sex=F``           the column has this value
``age=30..40``      it lies between these, ends included; ``50..`` leaves an end open
``age=<30``         it is less; ``<=``, ``>``, ``>=`` and ``!=`` too
``state=NY|NJ``     it has one of these values
``income=``         it is missing, where the model has learned what is missing
``sex=F,age=50..``  all of these hold
anything else       SQL: ``"age BETWEEN 30 AND 40 AND NOT sex = 'F'"``
==================  ==================================================
"""

from __future__ import annotations

import re
from typing import Any

from made_np.cli import options
from made_np.columns.amounts import Amounts
from made_np.columns.columns import Columns
from made_np.columns.numeric import SPELLED, Numbers

__all__ = ["SYNTAX", "as_condition"]

SYNTAX = (
    "name=value, name=low..high (an end may be left out), name=<value, name=a|b, several of these with commas between "
    "them; or SQL, such as \"age BETWEEN 30 AND 40 AND sex = 'F'\""
)
SQL = re.compile(r"""['"`]|\b(AND|OR|NOT|BETWEEN|IN|IS|LIKE)\b|^\s*=""")
"""What no value has that is written without quotes."""
COMPARED = re.compile(r"(<=|>=|!=|<|>)(.+)")
BETWEEN = re.compile(r"(.*?)\.\.(.*)")


def as_condition(columns: Columns, text: str) -> dict[str | int, Any] | str:
    """Return the condition as `MADEDensity.probability` takes it: a dict of the columns, or SQL.

    Parameters
    ----------
    columns : Columns
        Those of the model. Where they have no names, the place of a column, counted from 0, is its name.
    text : str
    """
    places = {column.name or str(d): d for d, column in enumerate(columns.each)}
    names = "|".join(re.escape(name) for name in sorted(places, key=len, reverse=True))
    parts = re.split(rf",\s*(?=(?:{names})\s*=)", text)
    tests: dict[str | int, Any] = {}
    for part in parts:
        found = re.fullmatch(rf"\s*({names})\s*=(.*)", part, re.DOTALL)
        if found is None or SQL.search(found[2]):
            return text
        name = found[1]
        d = places[name]
        key = name if columns.each[d].name else d
        if key in tests:
            raise ValueError(f"{text!r} says two things of column {name}: say one, or write SQL")
        tests[key] = _test(columns, d, found[2].strip())
    return tests


def _test(columns: Columns, d: int, text: str) -> Any:
    """Return the test of one column."""
    if text == "":
        return None
    is_words = getattr(columns.each[d].reading, "levels", None) is not None
    levels = [str(level) for level in columns.each[d].reading.levels] if is_words else []  # type: ignore[attr-defined]
    if text in levels:
        return text
    compared = COMPARED.fullmatch(text)
    if compared is not None:
        return (compared[1], _value(columns, d, compared[2].strip()))
    between = BETWEEN.fullmatch(text)
    if between is not None:
        low, high = (None if end.strip() == "" else _value(columns, d, end.strip()) for end in between.groups())
        return (low, high)
    values = [_value(columns, d, value.strip()) for value in text.split("|")]
    return set(values) if len(values) > 1 else values[0]


def _value(columns: Columns, d: int, text: str) -> Any:
    """Return a value as the column has it: a number, or the words that stand there."""
    reading = columns.each[d].reading
    if isinstance(reading, Amounts) and reading.number(text) is not None:
        return text
    if not isinstance(reading, (Numbers, Amounts)):
        return text
    number = options.as_real(text)
    if number is None and isinstance(reading, Numbers) and reading.form == "bool":
        number = SPELLED.get(text.lower())
    return text if number is None else number
