"""Tables written to files, completely or not at all."""

from __future__ import annotations

from collections.abc import Sequence

from made_np.files import atomic_write
from made_np.places import check_writable
from made_np.table.files import StrPath, suffix_of
from made_np.table.files.arrays import numpy_bytes
from made_np.table.files.parquet import parquet_bytes
from made_np.table.files.text import csv_bytes
from made_np.typing import Array
from made_np.validation import as_numbers
from made_np.values import as_a, as_path, as_sequence, show

__all__ = ["check_target", "write_table"]


def write_table(path: StrPath, values: Array, names: Sequence[str] | None = None) -> None:
    """Write rows (n, D), completely or not at all; `names` are kept where the kind of file has room for them.

    Numbers in a .csv are the shortest that read back as the same number; gaps are written as ``nan``.

    Raises
    ------
    TypeError, ValueError
        `values` is no table of numbers, the wrong number of names, one of them twice, or the name of another kind of
        file.
    ImportError
        A .parquet without pyarrow.
    OSError
        The folder is missing, or the disk refuses.
    """
    suffix = check_target(path)
    values = as_numbers(values, "values")
    if values.ndim != 2:
        raise ValueError(f"values has shape {values.shape}: a table is (n, D)")
    if names is not None:
        _check_names(names, values.shape[1])
    if suffix == ".csv":
        content = csv_bytes(values, names)
    elif suffix == ".parquet":
        content = parquet_bytes(values, names)
    else:
        content = numpy_bytes(suffix, values, names)
    with atomic_write(path) as file:
        file.write(content)


def check_target(path: StrPath) -> str:
    """Return how the name of a table ends, or raise if none can be written there: a check before long work.

    Raises
    ------
    ValueError
        The name of another kind of file.
    TypeError, ValueError, OSError
        As `made_np.places.check_writable`.
    """
    suffix = suffix_of(as_path(path))
    check_writable(path)
    return suffix


def _check_names(names: Sequence[str], n_columns: int) -> None:
    """Raise an error unless `names` has one string for each column, each once."""
    for d, each in enumerate(as_sequence(names, "names", "a list of strings")):
        as_a(each, f"names[{d}]", str, "give a string")
    if len(names) != n_columns:
        raise ValueError(f"names lists {len(names)}: give one for each of the {n_columns} columns of values")
    if len(set(names)) < n_columns:
        raise ValueError(f"names={show(names)} has one name twice: give each column a name of its own")
