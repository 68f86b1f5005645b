"""The table of a fit: read, with what is learned of its columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, NamedTuple

import numpy as np

from made_np.cells import Source
from made_np.columns.columns import Columns
from made_np.estimator.fitted import Fitted
from made_np.estimator.rules import is_auto
from made_np.masks.found import MAX_ROWS, find_order
from made_np.model.arguments import as_row_weights
from made_np.table.look import Look, spelled
from made_np.table.names import check_columns
from made_np.table.one_hot import NOTHING_ONE_HOT, OneHot
from made_np.table.table import Table
from made_np.typing import Array, Floats, Ints
from made_np.values import as_number

__all__ = ["Lesson", "found_order", "lesson_of", "read", "read_again", "read_part", "table_val_of"]


class Lesson(NamedTuple):
    """The numbers of a table to learn from, what is known of its columns, how they are called, how its frame looks.

    `weights` (n,) say what its rows count; None: all the same.
    """

    table: Table
    columns: Columns
    names: tuple[str, ...] | None
    look: Look | None
    weights: Array | None = None


def read(params: Any, X: Any, name: str = "X") -> Table:
    """Return the table that `X` is, binarised if asked for."""
    table = Table.of(X, name)
    return table if params.binarize is None else table.above(as_number(params.binarize, "binarize"))


def read_again(params: Any, before: Fitted, X: Any) -> Table:
    """Return the numbers of the table that `X` is, once its columns have been seen to be those of fit."""
    table = read(params, X)
    given = table.names
    fitted = before.names
    if given is None and fitted is None and table.labels is not None and before.look is not None:
        given = spelled(table.labels)  # that are numbers, or dates
        fitted = spelled(before.look.names)
    who = type(params).__name__
    check_columns(given, table.n_columns, fitted, len(before.columns), what=table.name, who=who)
    return before.columns.read(table)


def read_part(params: Any, before: Fitted, X: Any, name: str = "X") -> tuple[Floats, Source]:
    """Return the numbers (n, D) of a table that may lack columns of fit, which are then gaps; with its source.

    Columns are found by name where both tables have names, else by place.

    Raises
    ------
    ValueError
        A name that is none of fit, or without names another number of columns.
    """
    table = read(params, X, name)
    columns = before.columns
    if table.names is None or before.names is None:
        check_columns(None, table.n_columns, None, len(columns), what=table.name, who=type(params).__name__)
        return columns.read(table).read(), table.source
    places = {each: k for k, each in enumerate(table.names)}
    unknown = [each for each in places if each not in before.names]
    if unknown:
        near = get_close_matches(unknown[0], before.names)
        meant = f": is {near[0]!r} meant?" if near else ""
        raise ValueError(f"{name} has a column {unknown[0]!r}, which fit did not see{meant}")
    x = np.full((table.n_rows, len(columns)), np.nan)
    for d, (column, each) in enumerate(zip(columns.each, before.names, strict=True)):
        k = places.get(each)
        if k is not None and not column.left_out:
            x[:, d] = column.reading.numbers(table.cells(k), lambda row, k=k: table.source.entry(row, k))  # type: ignore[misc]
    return x, replace(table.source, names=before.names)


def lesson_of(params: Any, before: Fitted | None, X: Any, sample_weight: Any = None, *, whole: bool = True) -> Lesson:
    """Return the training table, and what is known of its columns: learned, if nothing was `before`.

    Only a `whole` table, of more rows than a few, tells which columns are one-hot, and only if no order of the
    columns is given. A row of weight 0 is taken for absent.
    """
    if before is not None:
        numbers, weights = _that_count(read_again(params, before, X), sample_weight)
        return Lesson(numbers, before.columns, before.names, before.look, weights)
    table, weights = _that_count(read(params, X), sample_weight)
    kinds = params.columns
    is_open = whole and isinstance(params.order, str) and (is_auto(kinds) or isinstance(kinds, Mapping))
    one_hot: OneHot | str = "auto" if is_open else NOTHING_ONE_HOT
    if isinstance(kinds, OneHot):
        one_hot = kinds
        kinds = "auto"
    columns = Columns.learn(
        table,
        kinds,
        one_hot=one_hot,
        missing=params.missing,
        handle_unknown=params.handle_unknown,
        min_frequency=params.min_frequency,
        context=params.context,
    )
    return Lesson(columns.read(table), columns, table.names, Look.of(X), weights)


def _that_count(table: Table, sample_weight: Any) -> tuple[Table, Array | None]:
    """Return the rows of a table that count something, with their weights."""
    weights = as_row_weights(sample_weight, table.n_rows)
    if weights is None or weights.all():
        return table, weights
    rows = np.flatnonzero(weights)
    return table.take(rows), as_row_weights(weights[rows], len(rows))


def table_val_of(params: Any, lesson: Lesson, X_val: Any) -> Table:
    """Return the numbers of the table of validation rows, which has the columns of the training table."""
    table = lesson.table
    table_val = read(params, X_val, "X_val")
    check_columns(table_val.names, table_val.n_columns, table.names, table.n_columns, what=table_val.name)
    return lesson.columns.read(table_val)


def found_order(lesson: Lesson) -> Ints:
    """Return the order that is found in the table: of as many rows as are looked at, evenly spaced."""
    table = lesson.table
    n = table.n_rows
    few = table if n <= MAX_ROWS else table.take(np.arange(MAX_ROWS, dtype=np.int64) * n // MAX_ROWS)
    return find_order(lesson.columns.encode(few.read()))
