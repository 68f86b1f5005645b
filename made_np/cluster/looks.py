"""What answers about partitions look like, known before any row is: tables of no rows.

A library that is lazy has to know names, dtypes and levels of an answer in advance. They follow from those of the rows
with what the density has learned, never from values of rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from made_np.estimator import MADEDensity
from made_np.table.look import Look
from made_np.table.table import Table

__all__ = ["alike", "expected_look", "filled_look", "numbers_look", "predicted_look"]

WHOLE = "iu"
"""The kinds of NumPy's dtypes of whole numbers."""


def numbers_look(rows: Any, dtype: str) -> Any:
    """Return the look of numbers about each cell of `rows`, a table of at least one row."""
    if isinstance(rows, np.ndarray):
        return np.empty((0, rows.shape[1]), dtype)
    import pandas

    return pandas.DataFrame({name: pandas.Series(dtype=dtype) for name in rows.columns}, index=rows.index[:0])


def filled_look(density: MADEDensity, rows: Any) -> Any:
    """Return the look of `rows` once their gaps are filled."""
    fitted = density._answers
    cells = fitted.columns.cells(np.empty((0, len(fitted.columns))))
    return Look.of(rows).filled(fitted.look).put_on(cells, _no_index(rows))


def expected_look(density: MADEDensity, rows: Any) -> Any:
    """Return the look of what is expected in the cells of `rows`: where that is a mean, a whole number is none."""
    if isinstance(rows, np.ndarray):
        return np.empty((0, rows.shape[1]), rows.dtype if rows.dtype.kind == "O" else np.float64)
    fitted = density._answers
    look = Look.of(rows)
    n_columns = len(fitted.columns)
    empty = look.put_on(fitted.columns.cells(np.empty((0, n_columns))), _no_index(rows))
    gaps = look.put_on(fitted.columns.cells(np.full((1, n_columns), np.nan)))
    for d, column in enumerate(fitted.columns.each):
        feature = fitted.subject.feature_of.get(d)
        if feature is None or column.left_out:
            empty[empty.columns[d]] = gaps.iloc[:0, d].set_axis(empty.index)
        elif empty.dtypes.iloc[d].kind in WHOLE and not _has_states(density, d, feature):
            empty[empty.columns[d]] = empty.iloc[:, d].astype(np.float64)
    return empty


def _has_states(density: MADEDensity, d: int, feature: int) -> bool:
    """Whether what is expected of a column is its likeliest value, and no mean."""
    subject = density._answers.subject
    output = subject.columns.features[feature].output
    return subject.literals.levels(d) is not None or bool(output.has_states)


def predicted_look(density: MADEDensity, rows: Any, target: str | int | None) -> Any:
    """Return the look of a predicted column."""
    from made_np.estimator.dressing import predicted

    fitted = density._answers
    place = fitted.subject.literals.column(density._target(target), "target")
    return predicted(fitted, place, np.empty(0), Table.of(rows))  # which has no index that would not fit


def _no_index(rows: Any) -> Any:
    """Return an index of no rows, as that of `rows`."""
    return None if isinstance(rows, np.ndarray) else rows.index[:0]


# ------------------------------------------------------------------------------------------ casting


def alike(table: Any, like: Any) -> Any:
    """Return a table in the dtypes of `like`, where those hold its cells exactly; else each column as it is."""
    if isinstance(table, np.ndarray):
        return _array_alike(table, like.dtype)
    if getattr(table, "ndim", 2) == 1:
        return _column_alike(table, like).rename(like.name)
    if table.dtypes.equals(like.dtypes):
        return table
    columns = [_column_alike(table.iloc[:, d], like.iloc[:, d]) for d in range(table.shape[1])]
    import pandas

    made = pandas.concat(columns, axis=1) if columns else table
    made.columns = table.columns
    return made


def _array_alike(array: Any, dtype: Any) -> Any:
    if array.dtype == dtype:
        return array
    with np.errstate(all="ignore"):
        try:
            cast = array.astype(dtype)
        except (TypeError, ValueError):
            return array
    is_same = (cast == array) | ((cast != cast) & (array != array))
    return cast if bool(np.all(is_same)) else array


def _column_alike(column: Any, like: Any) -> Any:
    """Return a column in the dtype of `like`, if that holds it."""
    dtype = like.dtype
    if column.dtype == dtype:
        return column
    if is_open(dtype):
        return column if hasattr(column.dtype, "categories") else column.astype("category")
    try:
        cast = column.astype(dtype)
    except (TypeError, ValueError, OverflowError):
        return column
    gaps = column.isna()
    known = cast[~gaps].astype(object).to_numpy() == column[~gaps].astype(object).to_numpy()
    return cast if cast.isna().equals(gaps) and bool(np.all(known)) else column


def is_open(dtype: Any) -> bool:
    """Whether it is a dtype of levels that Dask does not know before it has read all partitions."""
    return "__UNKNOWN_CATEGORIES__" in getattr(dtype, "categories", ())
