"""Rows of 15 columns of all kinds that depend on each other, made block by block: as many as a disk holds.

Block k is drawn from the seed (SEED, k) alone, so a table of more rows begins with the rows of a smaller one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 100_000
"""Rows that are made at once."""
SEED = 16
CITIES = 40
PRODUCTS = 300

Floats = NDArray[np.float64]


def block(k: int, n: int) -> Any:
    """Return the n rows of block k as a table of pyarrow."""
    import pyarrow as pa

    rng = np.random.default_rng((SEED, k))
    latent = rng.normal(size=n)  # how well off a customer is: what makes columns depend on each other
    age = np.clip(np.rint(45 + 12 * latent + rng.normal(0, 8, n)), 18, 99).astype(np.int16)
    income = np.round(np.exp(7.5 + 0.5 * latent + rng.normal(0, 0.4, n)), 2)
    visits = rng.poisson(np.exp(1 + 0.4 * latent))
    height = rng.normal(172, 9, n)
    since = np.datetime64("2015-01-01") + rng.integers(0, 3000, n)
    columns = {
        "plan": _words(rng, np.array(["basic", "plus", "pro"]), latent + rng.normal(0, 1, n)),
        "city": pa.DictionaryArray.from_arrays(_zipf(rng, CITIES, n), [f"city {k:02}" for k in range(CITIES)]),
        "product": pa.DictionaryArray.from_arrays(_zipf(rng, PRODUCTS, n), [f"p{k:03}" for k in range(PRODUCTS)]),
        "member": latent + rng.normal(0, 1, n) > 0.5,
        "churned": rng.random(n) < 1 / (1 + np.exp(1 + latent)),
        "age": age,
        "visits": visits,
        "returns": rng.binomial(visits, 0.1),
        "rating": np.clip(np.rint(3 + latent), 1, 5).astype(np.int8),
        "income": income,
        "spent": pa.array(income * rng.beta(2, 6, n), mask=rng.random(n) < 0.1),
        "height": height,
        "weight": 0.9 * (height - 100) + rng.normal(0, 9, n),
        "score": np.tanh(latent) + rng.normal(0, 0.2, n),
        "since": since.astype("datetime64[s]"),
    }
    return pa.table(columns)


def _words(rng: np.random.Generator, words: NDArray[Any], latent: Floats) -> NDArray[Any]:
    """Return words, later ones where a latent number is larger."""
    ends = np.array([-0.5, 1.0])
    return words[np.searchsorted(ends, latent)]


def _zipf(rng: np.random.Generator, n_levels: int, n: int) -> NDArray[np.int32]:
    """Return codes, the k-th of which is about k times as rare as the first."""
    masses = 1 / np.arange(1, n_levels + 1)
    return rng.choice(n_levels, n, p=masses / masses.sum()).astype(np.int32)


def write(folder: Path, n_rows: int, file_rows: int) -> None:
    """Write so many rows to Parquet files in a new folder, block by block."""
    import pyarrow.parquet as pq

    folder.mkdir(parents=True)
    schema = block(0, 1).schema
    for start in range(0, n_rows, file_rows):
        with pq.ParquetWriter(folder / f"part-{start // file_rows:05}.parquet", schema) as writer:
            for first in range(start, min(start + file_rows, n_rows), BLOCK):
                writer.write_table(block(first // BLOCK, min(BLOCK, n_rows - first)))


def read(folder: Path) -> Iterator[Any]:
    """Yield the rows as tables of pyarrow, a group of rows after the other.

    `ParquetFile.iter_batches` would keep in memory what it has read of the file.
    """
    import pyarrow.parquet as pq

    for path in sorted(folder.glob("*.parquet")):
        with pq.ParquetFile(path) as file:
            for k in range(file.num_row_groups):
                yield file.read_row_group(k, use_threads=False)
