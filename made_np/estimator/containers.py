"""The container that rows are handed over in: some rows of it, more columns, or another library's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from made_np.messages import not_installed
from made_np.table.frames import frame_of, part_of
from made_np.table.table import Table
from made_np.typing import Bools, Ints

__all__ = ["as_container", "library_of", "take", "with_flags"]


def library_of(X: Any) -> str:
    """Return whose data frame `X` is, "pandas", "polars" or "pyarrow"; "numpy" for anything else."""
    frame = None if isinstance(X, Table) else frame_of(X)
    return frame.library if frame is not None and frame.library in ("pandas", "polars", "pyarrow") else "numpy"


def take(X: Any, rows: Ints) -> Any:
    """Return some rows of a table, in the container that it is in."""
    if isinstance(X, (list, tuple)):
        return [X[row] for row in rows.tolist()]
    if isinstance(X, Mapping):
        return {name: take(column, rows) for name, column in X.items()}
    if isinstance(X, Table) or not (hasattr(X, "iloc") or hasattr(X, "__getitem__")):
        return Table.of(X).take(rows)
    return part_of(X, rows)


def with_flags(rows: Any, flags: Bools, names: Sequence[str]) -> Any:
    """Return rows with further columns of booleans (n, k), which in an array are numbers."""
    if not names:
        return rows
    library = library_of(rows)
    if library == "pandas":
        pandas = import_module("pandas")
        return pandas.concat([rows, pandas.DataFrame(flags, index=rows.index, columns=list(names))], axis=1)
    if library == "polars":
        polars = import_module("polars")
        return rows.with_columns([polars.Series(name, each) for name, each in zip(names, flags.T, strict=True)])
    if library == "pyarrow":
        pyarrow = import_module("pyarrow")
        for name, each in zip(names, flags.T, strict=True):
            rows = rows.append_column(name, pyarrow.array(each))
        return rows
    return np.hstack([np.asarray(rows), flags])


def as_container(rows: Any, wanted: str, names: Sequence[str], X: Any) -> Any:
    """Return rows as a data frame of the library that is `wanted`, with these names, and the index of `X` in pandas."""
    library = library_of(rows)
    if wanted in ("default", library):
        return rows
    try:
        theirs = import_module(wanted)
    except ImportError:
        raise not_installed(f"set_output(transform={wanted!r}) needs", wanted, "tables") from None
    if library == "numpy":
        columns = np.asarray(rows).T
        if wanted == "polars":
            return theirs.DataFrame({str(name): theirs.Series(each) for name, each in zip(names, columns, strict=True)})
        return theirs.DataFrame(np.asarray(rows), columns=list(names), index=getattr(X, "index", None))
    if wanted == "polars":
        return theirs.from_pandas(rows) if library == "pandas" else theirs.from_arrow(rows)
    return rows.to_pandas()
