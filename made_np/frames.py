"""Tables as they come and go: arrays, lists of rows, data frames; checked here, in words that name column and value."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from made_np.validation import as_dense
from made_np.values import REALS

__all__ = ["REALS", "Floats", "Names", "as_frame", "as_table", "check_columns", "column_names", "where"]

Floats = NDArray[np.float64]
Names = NDArray[np.object_]


def column_names(X: Any) -> Names | None:
    """Return the names (D,) of the columns of a data frame, None where there are none.

    Raises
    ------
    TypeError
        Some names are strings and some are not.
    """
    names = list(getattr(X, "columns", ()))
    n_strings = sum(isinstance(name, str) for name in names)
    if n_strings == 0:
        return None
    if n_strings < len(names):
        odd = next(name for name in names if not isinstance(name, str))
        raise TypeError(f"X has columns named by strings and one named {odd!r}: use X.columns = X.columns.astype(str)")
    return np.array(names, dtype=object)


def as_frame(table: Floats, names: Names | None, index: Any = None) -> Any:
    """Return `table` (n, D) as a pandas DataFrame with these names; as it is where there are none, or no pandas."""
    if names is None:
        return table
    try:
        import pandas as pd
    except ImportError:
        return table
    return pd.DataFrame(table, columns=names, index=index)


def as_table(X: Any, *, gaps: bool = False, name: str = "X") -> Floats:
    """Return `X` as a float64 table (n, D), n and D at least 1, that is never `X` itself changed.

    Parameters
    ----------
    X : array, list of rows, or data frame of real numbers
    gaps : bool
        Whether NaN is allowed.

    Raises
    ------
    TypeError
        Sparse or masked data, and entries that are no real numbers.
    ValueError
        Another shape, no rows, complex numbers, infinity, or NaN without `gaps`. Messages name column and value.
    """
    array = as_dense(X, name)
    names = column_names(X)
    if array.ndim != 2:
        raise ValueError(
            f"{name} has {array.ndim} dimensions, not the 2 of a table (n, D). Reshape your data: "
            f"{name}.reshape(-1, 1) is one column, {name}.reshape(1, -1) one row"
        )
    for axis, what in enumerate(("sample(s)", "feature(s)")):
        if array.shape[axis] == 0:
            raise ValueError(f"{name} has 0 {what} (shape={array.shape}) while a minimum of 1 is required.")
    if array.dtype.kind not in "buif":
        array = _as_reals(array, name, names)
    with np.errstate(over="ignore"):  # from wider floats: infinity is refused below
        array = array.astype(np.float64)
    wrong = np.isinf(array) if gaps else ~np.isfinite(array)
    if wrong.any():
        index = tuple(np.argwhere(wrong)[0].tolist())
        way_out = "infinity has no place here: clip or drop it"
        if np.isnan(array[index]):
            way_out = "NaN is not allowed here: fill it or drop the row"
        raise ValueError(f"{_entry(name, index, names)} = {array[index]}: {way_out}")
    return array


def _as_reals(array: NDArray[Any], name: str, names: Names | None) -> Floats:
    """Turn an array of objects into floats if they are real numbers, and refuse every other dtype."""
    if all(issubclass(kind, REALS) for kind in set(map(type, array.flat))):
        return array.astype(np.float64)
    index, value = next(entry for entry in np.ndenumerate(array) if not isinstance(entry[1], REALS))
    if isinstance(value, (complex, np.complexfloating)):
        raise ValueError(
            f"{_entry(name, index, names)} = {value}: Complex data not supported; pass {name}.real and {name}.imag "
            "side by side"
        )
    raise TypeError(
        f"{_entry(name, index, names)} = {value!r} is a {type(value).__name__}: every argument must be neither string "
        "nor other object but a real number; code categories as 0..n-1"
    )


def _entry(name: str, index: tuple[int, ...], names: Names | None) -> str:
    """Name one entry of a table, with its column."""
    column = where(index[-1], "" if names is None else names[index[-1]])
    return f"{name}[{', '.join(map(str, index))}] ({column})"


def check_columns(names: Names | None, n_columns: int, fitted: Names | None, n_fitted: int, what: str = "X") -> None:
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
