"""Tables as they come and go: arrays, lists of rows, data frames; checked here, in words that name column and value."""

from __future__ import annotations

import datetime
import sys
import warnings
from numbers import Number
from typing import Any

import numpy as np
from numpy.typing import NDArray

from made_np.typing import Floats
from made_np.validation import as_dense
from made_np.values import REALS, show

__all__ = ["Floats", "Names", "as_table", "attribute", "check_columns", "column_names", "columns_of", "where"]

Names = NDArray[np.object_]

EXACT = 1 << 53
"""From here on, float64 does not hold every integer."""
DATES = datetime.date, datetime.time, datetime.timedelta, np.datetime64, np.timedelta64


def attribute(X: Any, name: str, default: Any = None) -> Any:
    """Return an attribute of a table, or `default`: an object of anyone's may answer with any error."""
    try:
        return getattr(X, name, default)
    except Exception:
        return default


def column_names(X: Any) -> Names | None:
    """Return the names (D,) of the columns of a data frame, None where there are none.

    Raises
    ------
    TypeError
        Some names are strings and some are not.
    """
    names = list(attribute(X, "columns", ()))
    n_strings = sum(isinstance(name, str) for name in names)
    if n_strings == 0:
        return None
    if n_strings < len(names):
        odd = next(name for name in names if not isinstance(name, str))
        raise TypeError(f"X has columns named by strings and one named {odd!r}: use X.columns = X.columns.astype(str)")
    return np.array(names, dtype=object)


def columns_of(X: Any) -> list[Any] | None:
    """Return the columns of a data frame of pandas or polars, each of its own dtype; None for anything else."""
    if attribute(X, "iloc") is not None and attribute(X, "columns") is not None:
        return [X.iloc[:, d] for d in range(X.shape[1])]
    get_columns = attribute(X, "get_columns")
    return None if get_columns is None else list(get_columns())


def as_table(X: Any, *, gaps: bool = False, name: str = "X") -> Floats:
    """Return `X` as a float64 table (n, D), n and D at least 1, that is never `X` itself changed.

    Parameters
    ----------
    X : array, list of rows, or data frame of real numbers
        None and pandas.NA are NaN.
    gaps : bool
        Whether NaN is allowed.

    Raises
    ------
    TypeError
        Sparse or masked data, and entries that are no real numbers.
    ValueError
        Another shape, no rows, complex numbers, infinity, integers that float64 does not hold, or NaN without `gaps`.
        Messages name column and value.
    """
    columns = columns_of(X)
    names = column_names(X)
    array = as_dense(X, name) if columns is None else X
    if len(array.shape) != 2:
        raise ValueError(
            f"{name} has {len(array.shape)} dimensions, not the 2 of a table (n, D). Reshape your data: "
            f"{name}.reshape(-1, 1) is one column, {name}.reshape(1, -1) one row"
        )
    for axis, what in enumerate(("sample(s)", "feature(s)")):
        if array.shape[axis] == 0:
            raise ValueError(f"{name} has 0 {what} (shape={array.shape}) while a minimum of 1 is required.")
    if columns is None:
        table = _as_reals(array, name, names)
        if isinstance(X, (list, tuple)) and (np.abs(table) >= EXACT).any():  # of which NumPy may have made floats
            table = _as_reals(np.asarray(X, dtype=object), name, names)
    else:
        table = np.empty(array.shape)
        for d, column in enumerate(columns):
            table[:, d] = _as_reals(np.asarray(column), name, names, d, _is_whole(column))
    wrong = np.isinf(table) if gaps else ~np.isfinite(table)
    if wrong.any():
        index = tuple(np.argwhere(wrong)[0].tolist())
        way_out = "infinity has no place here: clip or drop it"
        if np.isnan(table[index]):
            way_out = "NaN is not allowed here: fill it or drop the row"
        raise ValueError(f"{_entry(name, index, names)} = {table[index]}: {way_out}")
    return table


def _is_whole(column: Any) -> bool:
    """Whether a column of a frame holds integers, of which floats may be made where there are gaps."""
    is_integer = getattr(column.dtype, "is_integer", None)  # of polars
    return bool(getattr(column.dtype, "kind", None) in ("i", "u") if is_integer is None else is_integer())


def _as_reals(
    array: NDArray[Any], name: str, names: Names | None, column: int | None = None, is_whole: bool = False
) -> Floats:
    """Return a table, or one column of it, as float64; what are no real numbers or too large integers is refused."""
    with np.errstate(over="ignore"):  # from wider floats: the infinity is refused later
        if array.dtype.kind not in "buif":
            array = _from_objects(array, name, names, column)
        reals = array.astype(np.float64)
    if is_whole or array.dtype.kind in "iu":
        large = np.abs(reals) >= EXACT
        if large.any():
            index = tuple(np.argwhere(large)[0].tolist())
            raise _too_large(array[index], _entry(name, _place(index, column), names))
    return reals


def _from_objects(array: NDArray[Any], name: str, names: Names | None, column: int | None) -> Floats:
    """Turn objects into floats, None and pandas.NA into NaN; refuse every other object, and every other dtype."""
    pandas = sys.modules.get("pandas")
    reals = np.empty(array.shape)
    gap = None if pandas is None else pandas.NA
    for index, value in np.ndenumerate(array):
        if value is None or value is gap:
            reals[index] = np.nan
        elif not isinstance(value, REALS) or isinstance(value, DATES):  # a timedelta64 calls itself an integer
            raise _no_real(value, _entry(name, _place(index, column), names), name)
        elif isinstance(value, (int, np.integer)) and abs(int(value)) >= EXACT:
            raise _too_large(value, _entry(name, _place(index, column), names))
        else:
            reals[index] = value
    return reals


def _no_real(value: Any, entry: str, name: str) -> Exception:
    """Return the error for an entry that is no real number."""
    if isinstance(value, (complex, np.complexfloating)):
        return ValueError(
            f"{entry} = {show(value)}: Complex data not supported; pass {name}.real and {name}.imag side by side"
        )
    way_out = "code categories as 0..n-1"
    if isinstance(value, DATES):
        way_out = "give a number instead, such as the days since one date"
    elif isinstance(value, Number):
        way_out = "turn the column into floats, .astype(float)"
    return TypeError(
        f"{entry} = {show(value)} is a {type(value).__name__}: every argument must be neither string nor other object "
        f"but a real number; {way_out}"
    )


def _too_large(value: Any, entry: str) -> ValueError:
    """Return the error for an integer that would become another number."""
    return ValueError(
        f"{entry} = {show(int(value))}: float64 does not hold integers of 2**53 and more; leave the column out, or "
        "subtract its smallest value"
    )


def _place(index: tuple[int, ...], column: int | None) -> tuple[int, ...]:
    """Return the place in the table of an entry of a column."""
    return index if column is None else (*index, column)


def _entry(name: str, index: tuple[int, ...], names: Names | None) -> str:
    """Name one entry of a table, with its column."""
    column = where(index[-1], "" if names is None else names[index[-1]])
    return f"{name}[{', '.join(map(str, index))}] ({column})"


def check_columns(names: Any, n_columns: int, fitted: Any, n_fitted: int, what: str = "X") -> None:
    """Raise a `ValueError` where names or number of columns are not those of fit; warn where only one has names."""
    if names is not None and fitted is not None:
        for d, (name, expected) in enumerate(zip(names, fitted, strict=False)):
            if name != expected:
                raise ValueError(
                    f"{what} has {name!r} as column {d}, but fit saw {expected!r} there: give the columns of fit, in "
                    "the same order"
                )
    elif names is not None or fitted is not None:
        only = what if names is not None else "the table of fit"
        warnings.warn(f"only {only} has column names: columns are told apart by their place", stacklevel=5)
    if n_columns != n_fitted:
        raise ValueError(f"{what} has {n_columns} columns, but fit saw {n_fitted}: give the same columns")


def where(column: int, name: str = "") -> str:
    """Return how messages call a column: by its place, and by its name if it has one."""
    return f"column {column} ({name!r})" if name else f"column {column}"
