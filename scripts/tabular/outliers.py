"""Outliers of the tables of ADBench, one class: half of the normal rows are learned from."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

import made_np
from tabular.data import Floats, names_in, one_class
from tabular.peers import gmm_by_bic
from tabular.report import Report, watch
from tabular.settings import Settings

MOST_ROWS = 10_000
NEIGHBOURS = 5


def measure(settings: Settings) -> list[Report]:
    """Return the area under the ROC curve, in percent, of each detector on each table."""
    from sklearn.metrics import roc_auc_score

    report = Report("outliers", "mean AUC above the best of the peers, by .5 as the stretch; all in 30 minutes")
    found: dict[str, list[float]] = {}
    total: dict[str, float] = {}
    for path in settings.chosen(names_in("adbench", "*.npz")):
        train, test, is_outlier = one_class(path, MOST_ROWS, settings.seed)
        cells = {}
        for who, detect in _detectors(settings).items():
            with watch() as work:
                strange = detect(train, test, settings.seed)
            cells[who] = 100 * float(roc_auc_score(is_outlier, strange))
            found.setdefault(who, []).append(cells[who])
            total[who] = total.get(who, 0.0) + work.seconds
        report.add(path.stem.split("_", 1)[1], rows=len(train), **cells)
    report.add("mean", rows="", **{who: float(np.mean(each)) for who, each in found.items()})
    report.add("seconds", rows="", **total)
    return [report]


def _detectors(settings: Settings) -> dict[str, Any]:
    """Return by name who tells how strange test rows are, given training rows."""
    ours = partial(_ours, settings.fit_options())
    return {**(PEERS if settings.peers else {}), **({"ours": ours} if settings.ours else {})}


def _ours(options: dict[str, Any], train: Floats, test: Floats, seed: int) -> Floats:
    return -np.asarray(made_np.MADEOutlierDetector(random_state=seed).fit(train, **options).decision_function(test))


def _knn(train: Floats, test: Floats, seed: int) -> Floats:
    """Return the distance to the fifth neighbour, as in the published tables."""
    from sklearn.neighbors import NearestNeighbors

    train, test = _scaled(train, test)
    return np.asarray(NearestNeighbors(n_neighbors=NEIGHBOURS).fit(train).kneighbors(test)[0][:, -1])


def _forest(train: Floats, test: Floats, seed: int) -> Floats:
    from sklearn.ensemble import IsolationForest

    return -np.asarray(IsolationForest(random_state=seed).fit(train).decision_function(test))


def _lof(train: Floats, test: Floats, seed: int) -> Floats:
    from sklearn.neighbors import LocalOutlierFactor

    train, test = _scaled(train, test)
    return -np.asarray(LocalOutlierFactor(novelty=True).fit(train).decision_function(test))


def _ocsvm(train: Floats, test: Floats, seed: int) -> Floats:
    from sklearn.svm import OneClassSVM

    train, test = _scaled(train, test)
    return -np.asarray(OneClassSVM().fit(train).decision_function(test))


def _gmm(train: Floats, test: Floats, seed: int) -> Floats:
    train, test = _scaled(train, test)
    return -np.asarray(gmm_by_bic(train, seed, (1, 2, 3, 5, 8, 12, 20)).score_samples(test))


def _scaled(train: Floats, test: Floats) -> tuple[Floats, Floats]:
    """Return both in units of the training columns."""
    mean = train.mean(axis=0)
    scale = train.std(axis=0)
    scale[scale == 0] = 1.0
    return (train - mean) / scale, (test - mean) / scale


PEERS = {"kNN": _knn, "IsolationForest": _forest, "LOF": _lof, "OCSVM": _ocsvm, "GMM": _gmm}
