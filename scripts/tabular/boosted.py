"""A peer that fills each column by boosted trees of its own, which have learned it from the others with gaps in them.

Gaps are filled from what is known of a row at once, not in turn. The trees of a column see each training row several
times, each time with the gaps of another row that is to be filled, so they learn on what they are asked about. Numbers
get two sets of trees: one for the mean, one for the median.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tabular.data import Floats
from tabular.fillers import Coding
from tabular.missing import Bools

COPIES = 4
HELD_OUT = 0.15
LEARNING_RATE = 0.08
LEAVES = 15
LEAST = 20
"""Rows of a leaf, for each copy of a row."""
AT_ONCE = 10
MOST = 300
"""Trees are added so many at a time, as long as held-out rows say that they help; so many at most."""
SEED = 0


def boosted(train: pd.DataFrame, gappy: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the frame filled twice: numbers by their means, then by their medians; words by the likeliest one."""
    coding = Coding(train)
    known = coding.codes(train)
    filled = coding.codes(gappy)
    is_word = np.array([name in coding.words for name in coding.names])
    both = filled.copy(), filled.copy()
    for j in range(filled.shape[1]):
        rows = np.flatnonzero(np.isnan(filled[:, j]))
        if not len(rows):
            continue
        for found, loss in zip(both, ("squared_error", "absolute_error"), strict=True):
            if loss == "absolute_error" and is_word[j]:
                found[rows, j] = both[0][rows, j]
            else:
                found[rows, j] = _column(j, known, filled[rows], is_word, loss)
    return coding.from_codes(both[0]), coding.from_codes(both[1])


def _column(j: int, known: Floats, asked: Floats, is_word: Bools, loss: str) -> Floats:
    """Return column j of the rows that are `asked` about, which lack it."""
    rng = np.random.default_rng((SEED, j))
    rows = rng.permutation(np.flatnonzero(~np.isnan(known[:, j])))
    n_held = int(HELD_OUT * len(rows))
    held = _copies(known, rows[:n_held], asked, j, rng)
    taught = _copies(known, rows[n_held:], asked, j, rng)
    model = _trees(np.delete(is_word, j), "log_loss" if is_word[j] else loss)
    best = np.inf
    found = np.empty(0)
    for n_trees in range(AT_ONCE, MOST + 1, AT_ONCE):
        model.set_params(max_iter=n_trees).fit(*taught)
        now = _loss(model, *held, loss)
        if now >= best:
            break
        best = now
        found = model.predict(np.delete(asked, j, axis=1))
    return np.asarray(found)


def _copies(known: Floats, rows: Any, asked: Floats, j: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return inputs without column j, and that column, of the rows: several times with the gaps of rows asked about.

    Rows that have gaps of their own stay as they are.
    """
    if np.isnan(known).any():
        return np.delete(known[rows], j, axis=1), known[rows, j]
    many = np.repeat(rows, COPIES)
    gaps = np.isnan(asked)[rng.integers(0, len(asked), len(many))]
    return np.delete(np.where(gaps, np.nan, known[many]), j, axis=1), known[many, j]


def _trees(is_word: Bools, loss: str) -> Any:
    """Return trees that have learned nothing yet; words are categories of theirs."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    options: dict[str, Any] = {
        "categorical_features": is_word,
        "learning_rate": LEARNING_RATE,
        "max_leaf_nodes": LEAVES,
        "min_samples_leaf": LEAST * COPIES,
        "early_stopping": False,
        "warm_start": True,
        "random_state": SEED,
    }
    if loss == "log_loss":
        return HistGradientBoostingClassifier(**options)
    return HistGradientBoostingRegressor(loss=loss, **options)


def _loss(model: Any, x: Floats, y: Floats, loss: str) -> float:
    """Return the mean loss of held-out rows; of words, of those that the trees have met."""
    if not hasattr(model, "classes_"):
        error = model.predict(x) - y
        return float((error**2).mean() if loss == "squared_error" else np.abs(error).mean())
    met = np.isin(y, model.classes_)
    p = model.predict_proba(x[met])[np.arange(met.sum()), np.searchsorted(model.classes_, y[met])]
    return float(-np.log(np.maximum(p, 1e-12)).mean())
