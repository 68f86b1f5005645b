"""Tables with real columns from the folder of benchmark data, split by a seed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from made_np.datasets import FOLDER_VARIABLE

Table = NDArray[np.float64]

TABLES = ("wine_red", "wine_white", "parkinsons", "adult_census", "bsds300_patches")


def load_table(name: str) -> tuple[Table, Table]:
    """Return training and test rows of one of `TABLES`; a seed divides those that have no division of their own."""
    if name == "adult_census":
        parts = _open("adult_census")
        return parts["train"].astype(np.float64), parts["test"].astype(np.float64)
    if name == "bsds300_patches":
        # Noise makes real numbers of grey levels. Without their mean, the last pixel follows from the others.
        parts = _open(name)
        rng = np.random.default_rng(0)
        grey = [(parts[each][:50_000] + rng.random(parts[each][:50_000].shape)) / 256 for each in ("train", "test")]
        train, test = (each[:, :-1] - each.mean(axis=1, keepdims=True) for each in grey)
        return train, test
    rows = _open("uci_continuous")[name].astype(np.float64)
    rows = rows[np.random.default_rng(1).permutation(len(rows))]
    n_test = len(rows) // 10
    return rows[n_test:], rows[:n_test]


def _open(name: str) -> Any:
    return np.load(Path(os.environ[FOLDER_VARIABLE]) / f"{name}.npz")
