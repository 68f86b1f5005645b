"""Gaps of adult: missing completely at random, at random, in the rows of fit too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from made_np import MADEDensity
from tabular.boosted import boosted
from tabular.data import INTEGERS, adult, some_rows
from tabular.fillers import FILLERS
from tabular.missing import Bools, at_random, completely_at_random, without
from tabular.paired import Both, add_columns
from tabular.report import Report, watch
from tabular.settings import Settings
from tabular.spread import add_spreads

TRAIN = 4_000
TEST = 600
MORE = 3_000
SHARE = 0.3
TARGET = "accuracy .77, RMSE .70, MAE .38 standard deviations"
SPREAD = (
    "the middle 90 % hold 88 to 92 % of the missing values, by their randomised PIT, which only fnlwgt, without atoms, "
    "would not need"
)
OWN = 2
"""Times as many rows as there are test rows are drawn from the model."""
RESAMPLED = 100


class Task(NamedTuple):
    """Training rows, test rows, where these get gaps; more test rows with theirs, to see how values are spread."""

    train: pd.DataFrame
    test: pd.DataFrame
    gaps: Bools
    more: pd.DataFrame
    more_gaps: Bools


def measure(settings: Settings) -> list[Report]:
    """Return how well cells are filled, words by accuracy, numbers in units of their standard deviation; then columns.

    These are compared with the boosted trees, and held against what the model says about each missing value.
    """
    report = Report("gaps of adult, 30 %", TARGET)
    columns = Report("the same, column by column: ours less boosted trees")
    spreads = Report(f"the same, whether missing values of {MORE} more rows lie where the model says", SPREAD)
    for what, (train, test, gaps, more, more_gaps) in _tasks(settings.seed):
        if not settings.wants(what):
            continue
        trees = _peers(report, what, train, test, gaps) if settings.peers else None
        if settings.ours:
            model, seconds = _fitted(train, settings)
            cells, filled = _filled(model, train, test, gaps)
            report.add(f"{what}, ours", **cells, seconds=seconds)
            report.add(f"{what}, ours, of rows that it draws", **_true(model, train, gaps, settings))
            if trees is not None:
                add_columns(columns, what, train, test, (filled, trees), gaps)
            add_spreads(spreads, what, model, more, more_gaps, settings.seed)
    return [each for each in (report, columns, spreads) if each.rows]


def _peers(report: Report, what: str, train: pd.DataFrame, test: pd.DataFrame, gaps: Bools) -> Both:
    """Add a row for each peer, and return what the boosted trees fill."""
    gappy = without(test, gaps)
    for who, fill in FILLERS.items():
        with watch() as work:
            filled = fill(train, gappy)
        report.add(f"{what}, {who}", **scores(train, test, filled, filled, gaps), seconds=work.seconds)
    with watch() as work:
        both = boosted(train, gappy)
    cells = {**scores(train, test, *both, gaps), **unsure(train, test, *both, gaps)}
    report.add(f"{what}, boosted trees", **cells, seconds=work.seconds)
    return both


def _tasks(seed: int) -> Iterator[tuple[str, Task]]:
    """Yield what is missing, and how."""
    rng = np.random.default_rng(seed)
    train = some_rows(adult("train"), TRAIN, rng)
    both = some_rows(adult("test"), TEST + MORE, rng)
    test = both.iloc[:TEST]
    more = both.iloc[TEST:].reset_index(drop=True)
    anywhere = completely_at_random(test.shape, SHARE, rng)
    other = np.random.default_rng((seed, 1))
    more_anywhere = completely_at_random(more.shape, SHARE, other)
    yield "MCAR", Task(train, test, anywhere, more, more_anywhere)
    yield "MAR", Task(train, test, at_random(test, SHARE, rng), more, at_random(more, SHARE, other))
    gappy = without(train, completely_at_random(train.shape, SHARE, rng))
    yield "in fit too", Task(gappy, test, anywhere, more, more_anywhere)


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
        model = MADEDensity(**settings.model_options()).fit(train, **settings.fit_options())
    return model, work.seconds


def _filled(model: MADEDensity, train: pd.DataFrame, test: pd.DataFrame, gaps: Bools) -> tuple[dict[str, float], Both]:
    """Return the scores of gaps that the model fills, with their errors, and the two frames that it fills."""
    gappy = without(test, gaps)
    both = model.impute(gappy, statistic="mean"), model.impute(gappy, statistic="median")
    return {**scores(train, test, *both, gaps), **unsure(train, test, *both, gaps)}, both


def _true(model: MADEDensity, train: pd.DataFrame, gaps: Bools, settings: Settings) -> dict[str, float]:
    """Return the scores of the model on rows that it draws: what it would reach, on average, if it was true."""
    drawn = model.sample(OWN * len(gaps), random_state=settings.seed)
    return _filled(model, train, drawn, np.tile(gaps, (OWN, 1)))[0]
