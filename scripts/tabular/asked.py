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
    columns = {name: table[name].to_numpy() for name in table}
    values = {name: table[name].unique() for name in table}
    numbers = [name for name in table if pd.api.types.is_numeric_dtype(table[name])]
    borders = {name: (float(columns[name].min()), float(columns[name].max())) for name in numbers}
    return [_query(columns, values, borders, rng) for _ in range(n)]


def _query(
    columns: dict[str, Any], values: dict[str, Any], borders: dict[str, tuple[float, float]], rng: np.random.Generator
) -> Query:
    names = rng.choice(list(columns), size=rng.integers(1, len(columns) + 1), replace=False).tolist()
    if rng.random() < FROM_A_ROW:
        row = rng.integers(len(next(iter(columns.values()))))
        centres = {name: columns[name][row] for name in names}
    else:
        centres = {name: rng.choice(values[name]) for name in names}
    is_uniform = rng.random() < 0.5
    return {
        name: _interval(centre, borders[name], is_uniform, rng) if name in borders else centre
        for name, centre in centres.items()
    }


def _interval(centre: Any, borders: tuple[float, float], is_uniform: bool, rng: np.random.Generator) -> Any:
    """Return (low, high) around the centre, of which a side past the border is None."""
    (low, high) = borders
    width = rng.uniform(0, high - low) if is_uniform else rng.exponential((high - low) / NARROW)
    left = float(centre) - width / 2
    right = float(centre) + width / 2
    if left <= low:
        return (None, right)
    return (left, None) if right >= high else (left, right)


def counts(table: pd.DataFrame, queries: list[Query]) -> Floats:
    """Return how many rows of the table each query has."""
    columns = {name: fast(table[name]) for name in table}
    return np.array([_count(columns, query) for query in queries], dtype=float)


def fast(column: pd.Series) -> Any:
    """Return the values of a column as numbers or as words of one width: objects are compared one by one."""
    return column.to_numpy() if pd.api.types.is_numeric_dtype(column) else column.to_numpy(dtype=str)


def _count(columns: dict[str, Any], query: Query) -> int:
    """Return how many rows are left when one condition after the other has been asked of what the last one left."""
    first, *others = query
    left = np.flatnonzero(holds(columns[first], query[first]))
    for name in others:
        left = left[holds(columns[name][left], query[name])]
    return len(left)


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
