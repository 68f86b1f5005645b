"""What everyone tries first: four densities over the plane."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from made_np import MADEDensity
from tabular.data import Floats
from tabular.peers import gmm_by_bic, kde_by_folds
from tabular.report import Report, watch
from tabular.settings import Settings

TRAIN = 2_000
TEST = 10_000
NOISE = 0.05
THIN = 0.04


def moons(n: int, seed: int) -> Floats:
    """Return points near two half circles."""
    from sklearn.datasets import make_moons

    return np.asarray(make_moons(n, noise=NOISE, random_state=seed)[0])


def circles(n: int, seed: int) -> Floats:
    """Return points near two circles, one of half the radius of the other."""
    from sklearn.datasets import make_circles

    return np.asarray(make_circles(n, noise=THIN, factor=0.5, random_state=seed)[0])


def eight_gaussians(n: int, seed: int) -> Floats:
    """Return points around eight places on the unit circle."""
    rng = np.random.default_rng(seed)
    angle = rng.integers(0, 8, n) * np.pi / 4
    return np.column_stack([np.cos(angle), np.sin(angle)]) + 0.1 * rng.standard_normal((n, 2))


def checkerboard(n: int, seed: int) -> Floats:
    """Return points in every other square of a board."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-2, 2, n)
    return np.column_stack([x, rng.random(n) - 2 * rng.integers(0, 2, n) + np.floor(x) % 2])


PLANES: dict[str, Callable[[int, int], Floats]] = {
    "moons": moons,
    "circles": circles,
    "eight Gaussians": eight_gaussians,
    "checkerboard": checkerboard,
}


def measure(settings: Settings) -> list[Report]:
    """Return the mean log-likelihood of test rows, in nats."""
    report = Report(
        "planes",
        "at least the best of KDE and GMM minus .02 on each, above both on two, each in under 10 s",
    )
    for name, draw in PLANES.items():
        train = draw(TRAIN, settings.seed)
        test = draw(TEST, settings.seed + 100)
        cells: dict[str, float | str] = {}
        if settings.peers:
            cells["KDE"] = float(kde_by_folds(train).score_samples(test).mean())
            cells["GMM"] = float(gmm_by_bic(train, settings.seed).score_samples(test).mean())
        if settings.ours:
            with watch() as fit:
                model = MADEDensity(**settings.model_options()).fit(train, **settings.fit_options())
            cells["ours"] = model.score(test)
            cells["seconds"] = fit.seconds
        report.add(name, **cells)
    return [report]
