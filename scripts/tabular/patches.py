"""Patches of photographs: 63 real columns, log-likelihood by seconds of training."""

from __future__ import annotations

from typing import Any

from made_np import MADEDensity
from tabular.data import Floats, patches
from tabular.report import Report, watch
from tabular.settings import Settings

MIXTURES = ((20, 60_000), (60, None))
"""Components of full covariance, and how many rows they are learned from."""
MINUTES = (5, 30)


def measure(settings: Settings) -> list[Report]:
    """Return the mean log-likelihood of the test patches, in nats."""
    report = Report("patches", "at least 152 within 5 minutes, 155 within 30")
    train, test = patches()
    if settings.peers:
        for components, n_rows in MIXTURES[: settings.few(len(MIXTURES))]:
            with watch() as fit:
                gmm = _gmm(train[:n_rows], components, settings.seed)
            report.add(
                f"GMM of {components}, {n_rows or len(train)} rows", mean=float(gmm.score(test)), seconds=fit.seconds
            )
    if settings.ours:
        for minutes in MINUTES[: settings.few(len(MINUTES))]:
            with watch() as fit:
                model = MADEDensity(**settings.model_options()).fit(train, max_seconds=60 * minutes)
            report.add(f"ours in {minutes} minutes", mean=model.score(test), seconds=fit.seconds)
    return [report]


def _gmm(train: Floats, components: int, seed: int) -> Any:
    """Return a mixture of full covariances; the floor of their variances fits grey levels over 256."""
    from sklearn.mixture import GaussianMixture

    return GaussianMixture(components, reg_covar=1e-6, max_iter=60, random_state=seed).fit(train)
