"""Gaps of adult: missing completely at random, at random, in the rows of fit too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from made_np import MADEDensity
from tabular.data import INTEGERS, Floats, adult, some_rows
from tabular.fillers import FILLERS
from tabular.missing import Bools, at_random, completely_at_random, without
from tabular.report import Report, watch
from tabular.settings import Settings

TRAIN = 4_000
TEST = 600
SHARE = 0.3
TARGET = (
    "accuracy .77, RMSE .70, MAE .38 standard deviations; intervals of 90 % cover 88 to 92 % of fnlwgt, which has no "
    "atoms; randomised PIT evenly spread for the others (beyond 1.36 / sqrt(gaps) it is not, at 5 %)"
)
CONFIDENCE = 0.9
WITHOUT_ATOMS = "fnlwgt"
OWN = 2
"""Times as many rows as there are test rows are drawn from the model."""
RESAMPLED = 100


def measure(settings: Settings) -> list[Report]:
    """Return how well cells are filled: words by accuracy, numbers in units of their standard deviation."""
    report = Report("gaps of adult, 30 %", TARGET)
    for what, train, test, gaps in _tasks(settings.seed):
        gappy = without(test, gaps)
        for who, fill in FILLERS.items() if settings.peers else ():
            with watch() as work:
                filled = fill(train, gappy)
            report.add(f"{what}, {who}", **scores(train, test, filled, filled, gaps), seconds=work.seconds)
        if settings.ours:
            model, seconds = _fitted(train, settings)
            report.add(f"{what}, ours", **_ours(model, train, test, gaps, settings, seconds))
            report.add(f"{what}, ours, of rows that it draws", **_true(model, train, gaps, settings))
    return [report]


def _tasks(seed: int) -> Iterator[tuple[str, pd.DataFrame, pd.DataFrame, Bools]]:
    """Yield what is missing: training rows, whole test rows, and where these get gaps."""
    rng = np.random.default_rng(seed)
    train = some_rows(adult("train"), TRAIN, rng)
    test = some_rows(adult("test"), TEST, rng)
    anywhere = completely_at_random(test.shape, SHARE, rng)
    yield "MCAR", train, test, anywhere
    yield "MAR", train, test, at_random(test, SHARE, rng)
    yield "in fit too", without(train, completely_at_random(train.shape, SHARE, rng)), test, anywhere


def scores(
    train: pd.DataFrame, test: pd.DataFrame, middle: pd.DataFrame, median: pd.DataFrame, gaps: Bools
) -> dict[str, float]:
    """Return accuracy of words, RMSE of `middle` and MAE of `median` over all gaps of numbers."""
    right = []
    errors = []
    lengths = []
    for j, name in enumerate(test):
        missing = gaps[:, j]
        true = test[name].to_numpy()[missing]
        if name in INTEGERS:
            unit = train[name].std()
            errors.append((middle[name].to_numpy(dtype=float)[missing] - true) / unit)
            lengths.append(np.abs(median[name].to_numpy(dtype=float)[missing] - true) / unit)
        else:
            right.append(middle[name].to_numpy()[missing] == true)
    return {
        "accuracy": float(np.concatenate(right).mean()),
        "RMSE": float((np.concatenate(errors) ** 2).mean() ** 0.5),
        "MAE": float(np.concatenate(lengths).mean()),
    }


def unsure(
    train: pd.DataFrame, test: pd.DataFrame, middle: pd.DataFrame, median: pd.DataFrame, gaps: Bools
) -> dict[str, float]:
    """Return the standard error of each of the `scores`, by rows that are drawn anew from the test rows (bootstrap)."""
    again = np.random.default_rng(0).integers(0, len(test), (RESAMPLED, len(test)))
    found = [scores(train, test.iloc[rows], middle.iloc[rows], median.iloc[rows], gaps[rows]) for rows in again]
    return {f"{name} +-": float(np.std([each[name] for each in found], ddof=1)) for name in found[0]}


def _fitted(train: pd.DataFrame, settings: Settings) -> tuple[MADEDensity, float]:
    """Return a model with nothing set, and the seconds of its fit."""
    with watch() as work:
        model = MADEDensity(random_state=settings.seed).fit(train, **settings.fit_options())
    return model, work.seconds


def _filled(model: MADEDensity, train: pd.DataFrame, test: pd.DataFrame, gaps: Bools) -> tuple[dict[str, float], float]:
    """Return the scores of gaps that the model fills, with their errors, and the seconds of one filling."""
    gappy = without(test, gaps)
    with watch() as work:
        middle = model.impute(gappy, statistic="mean")
    both = train, test, middle, model.impute(gappy, statistic="median"), gaps
    return {**scores(*both), **unsure(*both)}, work.seconds


def _true(model: MADEDensity, train: pd.DataFrame, gaps: Bools, settings: Settings) -> dict[str, float]:
    """Return the scores of the model on rows that it draws: what it would reach, on average, if it was true."""
    drawn = model.sample(OWN * len(gaps), random_state=settings.seed)
    return _filled(model, train, drawn, np.tile(gaps, (OWN, 1)))[0]


def _ours(
    model: MADEDensity, train: pd.DataFrame, test: pd.DataFrame, gaps: Bools, settings: Settings, seconds: float
) -> dict[str, float]:
    """Return the cells of our row; `seconds` are of fit and one filling."""
    cells, filling = _filled(model, train, test, gaps)
    gappy = without(test, gaps)
    (true, found) = _asked(model, test, gappy, gaps, WITHOUT_ATOMS)
    (low, high) = found.interval(CONFIDENCE)
    inside = (low <= true) & (true <= high)
    spread = {
        f"PIT {name}": uneven(_pit(model, test, gappy, gaps, name, settings.seed))
        for name in INTEGERS
        if gaps[:, list(test).index(name)].any()
    }
    return {**cells, "coverage": float(inside.mean()), **spread, "seconds": seconds + filling}


def _asked(model: MADEDensity, test: pd.DataFrame, gappy: pd.DataFrame, gaps: Bools, name: str) -> tuple[Any, Any]:
    """Return the missing values of a column, and their distributions given what is known of their rows."""
    missing = gaps[:, list(test).index(name)]
    return test[name].to_numpy()[missing], model.conditional(name, given=gappy[missing].reset_index(drop=True))


def _pit(model: MADEDensity, test: pd.DataFrame, gappy: pd.DataFrame, gaps: Bools, name: str, seed: int) -> Floats:
    """Return ``P(X < x) + u P(X = x)`` of each missing value of a column."""
    (true, found) = _asked(model, test, gappy, gaps, name)
    u = np.random.default_rng(seed).random(len(true))
    return np.asarray(found.cdf(true) - (1 - u) * found.pmf(true))


def uneven(values: Floats) -> float:
    """Return the largest distance of their distribution from the even one on (0, 1), as Kolmogorov and Smirnov do.

    Examples
    --------
    >>> round(uneven(np.array([0.2, 0.4, 0.9])), 3)
    0.267
    """
    values = np.sort(values)
    n = len(values)
    steps = np.arange(n + 1) / n
    return float(max((steps[1:] - values).max(), (values - steps[:-1]).max()))
