"""Adult as masses: nats per row beside peers over the same bins."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from made_np import MADEDensity
from tabular.bins import Codes, Floats, Ints
from tabular.data import INTEGERS, adult, some_rows, through_csv
from tabular.report import Report, watch
from tabular.settings import Settings

TARGET = "at most 28.9 nats at 4000 rows, 27.8 at all; nothing out of range; atoms within .02"
SIZES = (4_000, 32_561)
ATOMS = {"capital-gain": 0, "hours-per-week": 40}
"""Values that a third of the rows or more have."""
N_SAMPLES = 20_000
PSEUDO_COUNT = 0.1


def measure(settings: Settings) -> list[Report]:
    """Return the loss of test rows, and what samples look like."""
    report = Report("adult, mass per row", TARGET)
    test = adult("test")
    for n in SIZES:
        train = some_rows(adult("train"), n, settings.seed)
        if settings.peers:
            for who, losses in _peers(train, test).items():
                report.add(f"{who}, {n} rows", nats=float(losses.mean()))
        if settings.ours:
            report.add(f"ours, {n} rows", **_ours(train, test, settings))
    return [report]


def _ours(train: pd.DataFrame, test: pd.DataFrame, settings: Settings) -> dict[str, float]:
    """Return the cells of the row of ours, from files as they lie on the disk."""
    with tempfile.TemporaryDirectory() as folder:
        train = through_csv(train, Path(folder) / "train.csv")
        test = through_csv(test, Path(folder) / "test.csv")
    with watch() as fit:
        model = MADEDensity(**settings.model_options()).fit(train, **settings.fit_options())
    drawn = model.sample(N_SAMPLES, random_state=settings.seed)
    outside = [(drawn[name] < train[name].min()) | (drawn[name] > train[name].max()) for name in INTEGERS]
    cells = {"nats": -model.score(test), "seconds": fit.seconds, "out of range": float(np.mean(outside))}
    for name, value in ATOMS.items():
        cells[f"P({name} = {value})"] = float(model.probability({name: value}))
        cells[f"in test ({name})"] = float((test[name] == value).mean())
    return cells


def _peers(train: pd.DataFrame, test: pd.DataFrame) -> dict[str, Floats]:
    """Return the loss of each test row, integers within a bin alike; what lies outside of train counts as its end."""
    codes = [Codes.learn(train[name]) for name in train]
    learned = np.column_stack([each.encode(train[name]) for each, name in zip(codes, train, strict=True)])
    asked = np.column_stack([each.encode(test[name]) for each, name in zip(codes, test, strict=True)])
    width = sum(np.log(each.widths)[asked[:, j]] for j, each in enumerate(codes))
    sizes = [len(each) for each in codes]
    return {
        "independent": width - independent(learned, asked, sizes),
        "Chow-Liu": width - chow_liu(learned, asked, sizes),
    }


def independent(train: Ints, test: Ints, sizes: list[int]) -> Floats:
    """Return log p of each row, columns apart."""
    return np.asarray(sum(np.log(_table(train[:, j], sizes[j]))[test[:, j]] for j in range(len(sizes))))


def chow_liu(train: Ints, test: Ints, sizes: list[int]) -> Floats:
    """Return log p of each row under the tree of the largest mutual information."""
    from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree

    D = len(sizes)
    weights = np.zeros((D, D))
    for i in range(D):
        for j in range(i):
            weights[i, j] = -1 - _information(train[:, i], train[:, j], sizes[i], sizes[j])  # 0 would be no edge
    _, parents = breadth_first_order(minimum_spanning_tree(weights), 0, directed=False)
    log_p = np.log(_table(train[:, 0], sizes[0]))[test[:, 0]]
    for j in range(1, D):
        parent = parents[j]
        prior = _table(train[:, j], sizes[j])
        joint = _pairs(train[:, parent], train[:, j], sizes[parent], sizes[j]) + prior  # one row of the prior's worth
        given = joint / joint.sum(axis=1, keepdims=True)
        log_p += np.log(given[test[:, parent], test[:, j]])
    return np.asarray(log_p)


def _table(codes: Ints, size: int) -> Floats:
    """Return the share of each code, of which none is 0."""
    counts = np.bincount(codes, minlength=size) + PSEUDO_COUNT
    return np.asarray(counts / counts.sum())


def _pairs(a: Ints, b: Ints, n_a: int, n_b: int) -> Floats:
    """Return how often two codes meet, shape (n_a, n_b)."""
    return np.bincount(a * n_b + b, minlength=n_a * n_b).reshape(n_a, n_b).astype(float)


def _information(a: Ints, b: Ints, n_a: int, n_b: int) -> float:
    """Return the mutual information of two columns of codes in nats, less what it has by chance.

    Of independent columns the counts have (n_a - 1)(n_b - 1) / 2n nats: else columns of many values draw the tree.
    """
    joint = _pairs(a, b, n_a, n_b) / len(a)
    expected = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)
    seen = joint > 0
    by_chance = ((joint.sum(1) > 0).sum() - 1) * ((joint.sum(0) > 0).sum() - 1) / (2 * len(a))
    return max(float((joint[seen] * np.log(joint[seen] / expected[seen])).sum() - by_chance), 0.0)
