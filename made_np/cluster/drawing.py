"""Rows drawn partition by partition, each from a seed of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from made_np.cluster.collections import held
from made_np.cluster.looks import alike
from made_np.estimator import MADEDensity

__all__ = ["drawn"]


def drawn(density: MADEDensity, n_samples: int, chunk_rows: int, given: Any, seeds: Sequence[int]) -> Any:
    """Return `n_samples` rows as a collection of Dask, `chunk_rows` of them in each partition.

    `given` is a condition. The first row is drawn now: it tells what the others look like.

    Raises
    ------
    TypeError, ValueError
        No condition, or one that no row of the model holds.
    """
    import dask
    import dask.array
    import dask.dataframe

    if given is not None and not isinstance(given, (str, dict)):
        raise TypeError(
            f"given is a {type(given).__name__}: give a condition, as a dict or as SQL, or draw from the density itself"
        )
    empty = _rows(density, 1, given, 0)[:0]
    starts = list(range(0, n_samples, chunk_rows))
    sizes = [min(chunk_rows, n_samples - start) for start in starts]
    model = held(density)
    draw = dask.delayed(_part, pure=True)
    parts = [
        draw(model, size, given, seed, start, empty) for size, seed, start in zip(sizes, seeds, starts, strict=True)
    ]
    if isinstance(empty, np.ndarray):
        blocks = [
            dask.array.from_delayed(each, (size, empty.shape[1]), empty.dtype)
            for each, size in zip(parts, sizes, strict=True)
        ]
        return dask.array.concatenate(blocks)
    divisions = (*starts, n_samples - 1)
    return dask.dataframe.from_delayed(parts, meta=empty, divisions=divisions, verify_meta=False)


def _part(density: MADEDensity, n: int, given: Any, seed: int, start: int, empty: Any) -> Any:
    """Return the rows of one partition, numbered from `start`."""
    rows = alike(_rows(density, n, given, seed), empty)
    if not isinstance(rows, np.ndarray):
        rows.index = type(rows.index)(range(start, start + n))
    return rows


def _rows(density: MADEDensity, n: int, given: Any, seed: int) -> Any:
    """Return drawn rows in a container that Dask has partitions of: an array, or a frame of pandas."""
    rows = density.sample(n, given=given, random_state=seed)
    if hasattr(rows, "toarray"):
        return rows.toarray()
    if isinstance(rows, np.ndarray) and rows.dtype.names is None:
        return rows
    if hasattr(rows, "to_pandas"):
        return rows.to_pandas()
    import pandas

    return rows if isinstance(rows, pandas.DataFrame) else pandas.DataFrame(rows)
