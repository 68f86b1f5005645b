"""Tables of numbers with a fifth of their cells missing, by the protocol of GAIN."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from made_np import MADEDensity
from tabular.data import Floats, names_in, with_gaps
from tabular.missing import completely_at_random
from tabular.report import Report, watch
from tabular.settings import Settings

SHARE = 0.2
CODES = ("binary", "categorical")
TARGET = "letter .095, spam .048; better than IterativeImputer on at least 11 of 14"


def measure(settings: Settings) -> list[Report]:
    """Return the root of the mean squared error of missing cells, columns scaled to [0, 1]."""
    report = Report("imputation, 20 % missing", TARGET)
    better = 0
    files = settings.chosen(names_in("imputation", "*.csv"))
    for path in files:
        table = with_gaps(path).select_dtypes("number")
        table = (table - table.min()) / (table.max() - table.min()).replace(0, 1)
        gaps = completely_at_random(table.shape, SHARE, np.random.default_rng(settings.seed))
        gappy = table.mask(gaps)
        cells: dict[str, float | str] = {"shape": f"{len(table)} x {table.shape[1]}"}
        if settings.peers:
            for who, filled in _peers(gappy).items():
                cells[who] = rmse(filled, table.to_numpy(), gaps)
        if settings.ours:
            with watch() as work:
                model = MADEDensity(**settings.model_options()).fit(gappy, **settings.fit_options())
                filled = means(model, gappy)
            cells["ours"] = rmse(filled, table.to_numpy(), gaps)
            cells["seconds"] = work.seconds
            better += settings.peers and cells["ours"] < cells["IterativeImputer"]
        report.add(path.stem, **cells)
    if settings.ours and settings.peers:
        report.add("ours is better than IterativeImputer on", ours=f"{better} of {len(files)}")
    return [report]


def means(model: MADEDensity, gappy: pd.DataFrame) -> Floats:
    """Return the table with each gap filled by its mean, also those of codes, which `impute` gives a likeliest value.

    The error is of squares, which a mean makes least: of a bit, too, where it is a probability.
    """
    filled = np.array(model.impute(gappy, statistic="mean"), dtype=float)
    for j, column in enumerate(model.columns_.each):
        missing = gappy.iloc[:, j].isna().to_numpy()
        if column.kind in CODES and missing.any():
            rows = gappy[missing].reset_index(drop=True)
            filled[missing, j] = model.conditional(j, given=rows).mean()
    return filled


def rmse(filled: Floats, true: Floats, gaps: np.ndarray) -> float:
    """Return the root of the mean squared error of the missing cells."""
    return float(np.sqrt(((filled - true)[gaps] ** 2).mean()))


def _peers(gappy: pd.DataFrame) -> dict[str, Floats]:
    """Return the filled tables of the peers."""
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    from sklearn.impute import IterativeImputer, SimpleImputer

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that ten rounds are few
        return {
            "mean": SimpleImputer(keep_empty_features=True).fit_transform(gappy),
            "IterativeImputer": IterativeImputer(random_state=0, keep_empty_features=True).fit_transform(gappy),
        }
