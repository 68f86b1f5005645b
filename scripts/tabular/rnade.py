"""Tables of real columns by the protocol of RNADE: ten folds, in units of the training columns."""

from __future__ import annotations

import numpy as np

from made_np import MADEDensity
from tabular.data import FOLDS, Floats, folds, rnade
from tabular.peers import gmm_by_bic, kde_by_folds
from tabular.report import Report, watch
from tabular.settings import Settings

PUBLISHED = {"wine_red": -8.76, "wine_white": -9.67, "parkinsons": -0.90}
"""EoRNADE: Uria, Murray and Larochelle (2014), "A Deep and Tractable Density Estimator"."""
TARGETS = {"wine_red": -8.5, "wine_white": -9.4, "parkinsons": 0.5}


def measure(settings: Settings) -> list[Report]:
    """Return mean and least log-likelihood of test rows over folds, in nats of standardised columns."""
    report = Report(
        "RNADE's tables, columns real",
        "above -8.5, -9.4, +0.5; on no fold below GMM or KDE, and no worst row below GMM's",
    )
    for name in filter(settings.wants, PUBLISHED):
        found: dict[str, list[tuple[float, float, float]]] = {}
        for train, test in folds(rnade(name), settings.few(FOLDS), settings.seed):
            for who, scores, seconds in _scores(train, test, settings):
                found.setdefault(who, []).append((float(scores.mean()), float(scores.min()), seconds))
        for who, runs in found.items():
            means, worst, seconds = np.array(runs).T
            report.add(
                f"{name}, {who}",
                mean=float(means.mean()),
                error=float(means.std(ddof=1) / len(means) ** 0.5) if len(means) > 1 else "",
                worst=float(worst.min()),
                seconds=float(seconds.mean()),
            )
        report.add(f"{name}, EoRNADE", mean=PUBLISHED[name])
    return [report]


def _scores(train: Floats, test: Floats, settings: Settings) -> list[tuple[str, Floats, float]]:
    """Return who scores how, and the seconds of the fit."""
    found = []
    if settings.peers:
        with watch() as fit:
            kde = kde_by_folds(train)
        found.append(("KDE", kde.score_samples(test), fit.seconds))
        with watch() as fit:
            gmm = gmm_by_bic(train, settings.seed)
        found.append(("GMM", gmm.score_samples(test), fit.seconds))
    if settings.ours:
        with watch() as fit:
            model = MADEDensity(columns="real", **settings.model_options()).fit(train, **settings.fit_options())
        found.append(("ours", model.score_samples(test), fit.seconds))
    return found
