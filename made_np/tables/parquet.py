"""Tables in .parquet files, by pandas."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from made_np.tables.table import Array, Table, as_table


def _pandas() -> Any:
    try:
        import pandas
    except ImportError as error:
        raise ImportError('.parquet needs pandas, which is missing: pip install "made_np[tables]"') from error
    return pandas


def read_parquet(path: str) -> Table:
    """Return the numbers of the file, which must all be numbers."""
    pandas = _pandas()
    try:
        frame = pandas.read_parquet(path)
    except ImportError as error:
        raise ImportError('.parquet needs pyarrow, which is missing: pip install "made_np[tables]"') from error
    except (ValueError, OSError) as error:
        raise ValueError(f"{path} cannot be read as .parquet ({_first_line(error)}): save it again") from None
    for column in frame.columns:
        if not pandas.api.types.is_numeric_dtype(frame[column]):
            raise ValueError(
                f"{path}, column {column!r} has dtype {frame[column].dtype}: a table holds real numbers; code "
                "categories as 0..n-1"
            )
    return as_table(path, frame.to_numpy(dtype=np.float64, na_value=np.nan), [str(c) for c in frame.columns])


def parquet_bytes(values: Array, names: list[str] | None) -> bytes:
    """Return the content of the file; columns without names are called x0, x1, ..."""
    buffer = io.BytesIO()
    frame = _pandas().DataFrame(values, columns=names or [f"x{column}" for column in range(values.shape[1])])
    try:
        frame.to_parquet(buffer, index=False)
    except ImportError as error:
        raise ImportError('.parquet needs pyarrow, which is missing: pip install "made_np[tables]"') from error
    return buffer.getvalue()


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
