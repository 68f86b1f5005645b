"""Range queries, drawn as in "Are we ready for learned cardinality estimation?" (Wang et al., VLDB 2021)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tabular.data import Floats

Query = dict[str, Any]
"""By column a word or number that it equals, or a pair (low, high) of which one may be None: open."""

FROM_A_ROW = 0.9
"""So many queries have their centre in a row; the others take each column's from a value of its own."""
NARROW = 10
"""The mean of an exponential width is the column's range over this."""


def draw_queries(table: pd.DataFrame, n: int, rng: np.random.Generator) -> list[Query]:
    """Return n queries.

    Columns: a number of them uniform in 1..D, drawn without replacement. Words are asked by equality. Numbers by an
    interval around the centre, whose width is uniform in [0, range] or exponential, half of the queries each; a side
    past the border of the column is open.
    """
    values = {name: table[name].unique() for name in table}
    return [_query(table, values, rng) for _ in range(n)]


def _query(table: pd.DataFrame, values: dict[str, Any], rng: np.random.Generator) -> Query:
    names = rng.choice(table.columns, size=rng.integers(1, table.shape[1] + 1), replace=False)
    if rng.random() < FROM_A_ROW:
        row = rng.integers(len(table))
        centres = {name: table[name].to_numpy()[row] for name in names}
    else:
        centres = {name: rng.choice(values[name]) for name in names}
    is_uniform = rng.random() < 0.5
    return {name: _condition(table[name], centre, is_uniform, rng) for name, centre in centres.items()}


def _condition(column: pd.Series, centre: Any, is_uniform: bool, rng: np.random.Generator) -> Any:
    if not pd.api.types.is_numeric_dtype(column):
        return centre
    low = float(column.min())
    high = float(column.max())
    width = rng.uniform(0, high - low) if is_uniform else rng.exponential((high - low) / NARROW)
    left = float(centre) - width / 2
    right = float(centre) + width / 2
    if left <= low:
        return (None, right)
    return (left, None) if right >= high else (left, right)


def counts(table: pd.DataFrame, queries: list[Query]) -> Floats:
    """Return how many rows of the table each query has."""
    columns = {name: table[name].to_numpy() for name in table}
    return np.array([_mask(columns, query, len(table)).sum() for query in queries], dtype=float)


def _mask(columns: dict[str, Any], query: Query, n: int) -> Any:
    found = np.ones(n, dtype=bool)
    for name, condition in query.items():
        found &= holds(columns[name], condition)
    return found


def holds(values: Any, condition: Any) -> Any:
    """Return booleans: where the condition holds."""
    if not isinstance(condition, tuple):
        return values == condition
    low, high = condition
    above = np.ones(len(values), dtype=bool) if low is None else values >= low
    return above if high is None else above & (values <= high)


def q_errors(estimated: Floats, true: Floats) -> Floats:
    """Return ``max(e / t, t / e)``, numbers below one row counting as one."""
    estimated = np.maximum(estimated, 1)
    true = np.maximum(true, 1)
    return np.maximum(estimated / true, true / estimated)


def percentiles(errors: Floats) -> dict[str, float]:
    """Return the cells of a row of q-errors."""
    return {
        **{f"{q} %": float(np.percentile(errors, q)) for q in (50, 95, 99)},
        "max": float(errors.max()),
    }
