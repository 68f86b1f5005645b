"""Containers that name their columns: data frames of any library, arrays with fields, dicts of Python."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from made_np.messages import not_installed
from made_np.table.casting import Style
from made_np.table.objects import Entry, cells_of_array, cells_of_objects
from made_np.table.raw import RawColumn
from made_np.typing import Array
from made_np.values import show

__all__ = ["Frame", "Labels", "Rows", "cells_of", "frame_of", "labels_of", "names_of", "part_of", "style_of"]

Labels = tuple[Any, ...]
Rows = slice | NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Frame:
    """The columns of a container, which stay as its library keeps them.

    Attributes
    ----------
    library : {"pandas", "polars", "pyarrow", "structured", "dicts", "dict"}
        Whose it is: the last three are an array with fields, a list of dicts, a dict of columns.
    labels : tuple
        What the columns are called: strings, numbers, tuples of these.
    columns : list
        Each of its own dtype.
    n_rows : int
    """

    library: str
    labels: Labels
    columns: list[Any]
    n_rows: int


def frame_of(X: Any, name: str = "X") -> Frame | None:
    """Return the columns of a container that names them; None for anything else.

    Raises
    ------
    TypeError, ValueError
        Rows or columns of which a dict or a list of dicts cannot consist.
    ImportError
        A container that only pyarrow can read, without it.
    """
    if isinstance(X, np.ndarray):
        return None if X.dtype.names is None or X.ndim != 1 else _structured(X)
    if isinstance(X, Mapping):
        return _columns_of_dict(X, name)
    if isinstance(X, (list, tuple)):
        return _columns_of_dicts(X, name) if X and isinstance(X[0], Mapping) else None
    if attribute(X, "iloc") is not None and attribute(X, "columns") is not None:
        return Frame("pandas", tuple(X.columns), [X.iloc[:, d] for d in range(X.shape[1])], len(X))
    if _comes_from(X, "polars") and hasattr(X, "collect"):
        X = X.collect()
    get_columns = attribute(X, "get_columns")
    if get_columns is not None:
        return Frame("polars", tuple(X.columns), list(get_columns()), X.shape[0])
    X = _as_arrow(X)
    return None if X is None else Frame("pyarrow", tuple(X.schema.names), list(X.columns), X.num_rows)


def attribute(X: Any, name: str, default: Any = None) -> Any:
    """Return an attribute of a table, or `default`: an object of anyone's may answer with any error."""
    try:
        return getattr(X, name, default)
    except Exception:
        return default


def labels_of(X: Any) -> Labels | None:
    """Return what an object calls its columns, though it does not give them one by one; None if it does not."""
    labels = None if isinstance(X, (np.ndarray, list, tuple)) else attribute(X, "columns")
    return None if labels is None else tuple(labels)


def names_of(labels: Labels | None, name: str = "X") -> tuple[str, ...] | None:
    """Return the names of columns, None where they are no strings.

    Raises
    ------
    TypeError
        Some labels are strings and some are not.
    ValueError
        Two columns are called the same.
    """
    labels = labels or ()
    if len(set(map(_hashable, labels))) < len(labels):
        twice = next(label for d, label in enumerate(labels) if label in labels[:d])
        raise ValueError(f"{name} has two columns called {show(twice)}: give each a name of its own")
    n_strings = sum(isinstance(label, str) for label in labels)
    if n_strings == 0:
        return None
    if n_strings < len(labels):
        odd = next(label for label in labels if not isinstance(label, str))
        raise TypeError(
            f"{name} has columns named by strings and one named {odd!r}: use {name}.columns = "
            f"{name}.columns.astype(str)"
        )
    return tuple(labels)


def _hashable(label: Any) -> Any:
    """Return a label as something that a set takes."""
    return label if getattr(type(label), "__hash__", None) else repr(label)


# ------------------------------------------------------------------------------------------ cells


def cells_of(column: Any, entry: Entry, dtype: str = "") -> RawColumn:
    """Return the cells of a column of any library."""
    if isinstance(column, np.ndarray):
        return cells_of_array(column, entry, dtype)
    if _comes_from(column, "polars"):
        from made_np.table.of_polars import cells_of_polars

        return cells_of_polars(column, entry)
    if _comes_from(column, "pyarrow"):
        from made_np.table.of_arrow import cells_of_arrow

        return cells_of_arrow(column, entry)
    if attribute(column, "iloc") is not None and _comes_from(column, "pandas"):
        from made_np.table.of_pandas import cells_of_pandas

        return cells_of_pandas(column, entry)
    return cells_of_objects(_objects(list(column)), entry)


def style_of(column: Any) -> Style:
    """Return what a column of any library looks like."""
    dtype: Any = getattr(column, "dtype", None) if _comes_from(column, "pandas") else None
    if hasattr(dtype, "categories"):
        from made_np.table.of_pandas import dtype_name, plain_levels

        levels = plain_levels(dtype.categories.tolist())
        return Style("category", levels, bool(dtype.ordered), dtype_name(dtype.categories.dtype))
    raw = cells_of(part_of(column, slice(0)), str)  # what the dtype declares is the same for no rows
    if raw.dtype.startswith(("object", "dictionary")) or not raw.dtype:  # which objects, and levels: all cells know it
        raw = cells_of(column, str)
    return Style(_type_name(column) or raw.dtype, raw.levels, raw.ordered)


def _type_name(column: Any) -> str:
    """Return how pyarrow calls the type of a column of its own."""
    return str(column.type) if _comes_from(column, "pyarrow") else ""


def part_of(column: Any, rows: Rows) -> Any:
    """Return some rows of a column of any library."""
    if attribute(column, "iloc") is not None:
        return column.iloc[rows]
    if str(getattr(column, "type", "")) == "string_view":
        column = column.cast("string")  # pyarrow takes no rows of the other
    if isinstance(rows, slice) or not hasattr(column, "take") or isinstance(column, np.ndarray):
        return column[rows]
    return column.take(rows)  # of pyarrow, which takes no index in brackets


# ------------------------------------------------------------------------------------------ kinds of containers


def _comes_from(X: Any, library: str) -> bool:
    """Whether an object is one of a library."""
    return library in sys.modules and type(X).__module__.partition(".")[0] == library


def _structured(X: Array) -> Frame:
    """Return the fields of a structured array."""
    labels: Labels = tuple(X.dtype.names or ())
    return Frame("structured", labels, [X[label] for label in labels], len(X))


def _columns_of_dicts(X: Sequence[Any], name: str) -> Frame:
    """Return the columns of a list of dicts, in the order in which their keys first appear."""
    for row, each in enumerate(X):
        if not isinstance(each, Mapping):
            raise TypeError(f"{name}[{row}] = {show(each)} is a {type(each).__name__}, and {name}[0] is a dict")
    labels = tuple(dict.fromkeys(key for each in X for key in each))
    return Frame("dicts", labels, [_objects([each.get(label) for each in X]) for label in labels], len(X))


def _columns_of_dict(X: Mapping[Any, Any], name: str) -> Frame:
    """Return the columns of a dict of columns, all of one length."""
    columns = []
    for label, values in X.items():
        if (
            isinstance(values, (str, bytes, Mapping))
            or getattr(values, "ndim", 1) != 1
            or not hasattr(values, "__len__")
        ):
            raise TypeError(
                f"{name}[{show(label)}] = {show(values)} is a {type(values).__name__}: give a list or an array of cells"
            )
        columns.append(values if hasattr(values, "dtype") or _comes_from(values, "pyarrow") else _objects(list(values)))
        if len(values) != len(columns[0]):
            raise ValueError(
                f"{name}[{show(label)}] has {len(values)} cells, and the first column {len(columns[0])}: give as many"
            )
    return Frame("dict", tuple(X), columns, len(columns[0]) if columns else 0)


def _as_arrow(X: Any) -> Any:
    """Return what speaks one of the protocols between data frames as a table of pyarrow; None for anything else."""
    if _comes_from(X, "pyarrow"):
        return X if hasattr(X, "schema") and hasattr(X, "columns") else None
    speaks = hasattr(type(X), "__arrow_c_stream__") or hasattr(type(X), "__dataframe__")
    if not speaks or (attribute(X, "columns") is None and attribute(X, "shape") is not None):  # a Series has no columns
        return None
    try:
        import pyarrow
        from pyarrow.interchange import from_dataframe
    except ImportError as error:
        raise not_installed(f"a table of {type(X).__name__} needs", "pyarrow", "tables") from error
    return pyarrow.table(X) if hasattr(type(X), "__arrow_c_stream__") else from_dataframe(X)


def _objects(cells: list[Any]) -> Array:
    """Return an array (n,) of objects, whatever they are."""
    array = np.empty(len(cells), dtype=object)
    array[:] = cells
    return array
