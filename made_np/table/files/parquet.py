"""Tables in .parquet files, by pyarrow."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from made_np.cells import FileSource
from made_np.messages import not_installed, warn
from made_np.table.files import TableError, check_exact, check_size, reading, table_of
from made_np.table.table import Table
from made_np.typing import Array


def _pyarrow() -> Any:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise not_installed(".parquet needs", "pyarrow", "tables") from error
    return pyarrow


def read_parquet(path: str) -> Table:
    """Return the numbers of the file: integers, floats, decimals and booleans, with nulls as gaps."""
    pyarrow = _pyarrow()
    with reading(path, "save it again"), open(path, "rb") as file:
        stored = pyarrow.parquet.ParquetFile(file)
        n_rows = stored.metadata.num_rows
        n_columns = stored.metadata.num_columns
        check_size(path, 8 * n_rows * n_columns, os.fstat(file.fileno()).st_size)
        table = stored.read()
        index = stored.schema_arrow.pandas_metadata or {}
        left_out = [name for name in index.get("index_columns", ()) if isinstance(name, str)]
        table = table.drop(left_out)
        values = np.empty(table.shape)
        for d, name in enumerate(table.column_names):
            values[:, d] = _as_numbers(path, table.column(d), f"column {name!r}")
    if left_out:
        warn(
            f"{path}: {', '.join(map(repr, left_out))} is left out, as the index that pandas stored: to keep it as a "
            "column, save frame.reset_index()"
        )
    return table_of(FileSource(path, table.column_names), values)


def _as_numbers(path: str, column: Any, which: str) -> Array:
    """Return one column in float64, NaN for its nulls."""
    kinds = _pyarrow().types
    kind = column.type
    is_whole = kinds.is_integer(kind) or (kinds.is_decimal(kind) and kind.scale <= 0)
    others = kinds.is_floating, kinds.is_decimal, kinds.is_boolean, kinds.is_null
    if not is_whole and not any(is_one(kind) for is_one in others):
        raise TableError(f"{path}, {which} holds {kind}: a table holds real numbers; code categories as 0..n-1")
    numbers = column.cast("float64", safe=False).to_numpy()
    if is_whole:
        check_exact(path, numbers, which)
    return np.asarray(numbers)


def parquet_bytes(values: Array, names: Sequence[str] | None) -> bytes:
    """Return the content of the file; columns without names are called x0, x1, ..."""
    pyarrow = _pyarrow()
    buffer = io.BytesIO()
    columns = [pyarrow.array(column, from_pandas=True) for column in values.T]  # NaN becomes null
    table = pyarrow.Table.from_arrays(columns, names=list(names or ()) or [f"x{d}" for d in range(len(columns))])
    pyarrow.parquet.write_table(table, buffer)
    return buffer.getvalue()
