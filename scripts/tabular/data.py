"""The tables that are measured, as they lie in the folder of benchmark data."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from made_np.datasets import FOLDER_VARIABLE

Floats = NDArray[np.float64]

INTEGERS = ("age", "fnlwgt", "education-num", "capital-gain", "capital-loss", "hours-per-week")
"""Columns of adult that are numbers; the nine others are words."""

NO_REAL_NUMBERS = {"quality", "subject#", "age", "sex"}
"""Columns of the tables of RNADE that are discrete."""
ALIKE = 0.98
"""Of two columns with a larger correlation the earlier one is left out."""

FOLDS = 10


def folder() -> Path:
    """Return the folder of benchmark data."""
    return Path(os.environ[FOLDER_VARIABLE])


def adult(part: str) -> pd.DataFrame:
    """Return the rows "train" or "test" of adult, with words where it has words; "?" is one of them."""
    stored = np.load(folder() / "adult_census.npz")
    frame = {}
    for j, name in enumerate(map(str, stored["columns"])):
        codes = stored[part][:, j]
        frame[name] = stored["categories_" + name.replace("-", "_")][codes] if stored["is_categorical"][j] else codes
    return pd.DataFrame(frame)


def through_csv(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Return what pandas reads from the file that it writes."""
    frame.to_csv(path, index=False)
    return pd.read_csv(path)


def some_rows(frame: pd.DataFrame, n: int, rng: int | np.random.Generator) -> pd.DataFrame:
    """Return n rows at random, or all if there are no more."""
    places = np.random.default_rng(rng).permutation(len(frame))[:n]
    return frame.iloc[places].reset_index(drop=True)


def rnade(name: str) -> Floats:
    """Return wine_red, wine_white or parkinsons without discrete columns, and with one of each pair of like columns.

    Of two columns that correlate above `ALIKE` the earlier is left out: then a Gaussian scores -13.2, -13.2 and -10.8
    over folds, as Uria, Murray and Larochelle (2013) report.
    """
    stored = np.load(folder() / "uci_continuous.npz")
    names = [str(each) for each in stored["parkinsons_columns" if name == "parkinsons" else "wine_columns"]]
    rows = stored[name].astype(np.float64)
    correlated = np.abs(np.corrcoef(rows.T))
    kept: list[int] = []
    for j in reversed(range(len(names))):
        if names[j] not in NO_REAL_NUMBERS and all(correlated[j, i] <= ALIKE for i in kept):
            kept.append(j)
    return rows[:, sorted(kept)]


def folds(rows: Floats, n: int, seed: int) -> Iterator[tuple[Floats, Floats]]:
    """Yield training and test rows of the first n of ten folds, standardised by the training rows."""
    places = np.random.default_rng(seed).permutation(len(rows))
    for i in range(n):
        is_test = np.arange(len(rows)) % FOLDS == i
        train = rows[places[~is_test]]
        mean = train.mean(axis=0)
        scale = train.std(axis=0)
        yield (train - mean) / scale, (rows[places[is_test]] - mean) / scale


def patches(n_train: int | None = None) -> tuple[Floats, Floats]:
    """Return training and test patches: with noise, over 256, less their mean, without the last pixel."""
    stored = np.load(folder() / "bsds300_patches.npz")
    rng = np.random.default_rng(0)
    parts = []
    for pixels in (stored["train"][:n_train], stored["test"]):
        grey = (pixels + rng.random(pixels.shape)) / 256
        parts.append(grey[:, :-1] - grey.mean(axis=1, keepdims=True))
    return parts[0], parts[1]


def one_class(path: Path, most: int, seed: int) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Return training rows, test rows and which of these are outliers, of a table of ADBench.

    Half of the normal rows are learned from; the others and all outliers are told apart. Either side has at most
    `most` rows, drawn by the seed.
    """
    stored = np.load(path)
    is_outlier = stored["y"].astype(bool)
    rng = np.random.default_rng(seed)
    normal = rng.permutation(np.flatnonzero(~is_outlier))
    half = len(normal) // 2
    test = np.concatenate([normal[half:], np.flatnonzero(is_outlier)])
    if len(test) > most:
        test = rng.permutation(test)[:most]
    rows = stored["X"].astype(np.float64)
    return rows[normal[:half][:most]], rows[test], is_outlier[test]


def with_gaps(path: Path) -> pd.DataFrame:
    """Return one of the tables for gaps; an unnamed first column, which counts, is left out."""
    first = pd.read_csv(path, nrows=1).columns[0]
    return pd.read_csv(path, index_col=0) if first.startswith("Unnamed") else pd.read_csv(path)


def names_in(name: str, pattern: str) -> list[Path]:
    """Return the files of a folder of tables, in order."""
    return sorted((folder() / name).glob(pattern))


def as_array(values: Any) -> Floats:
    """Return a frame or an array as an array of float64."""
    return np.asarray(values, dtype=np.float64)
