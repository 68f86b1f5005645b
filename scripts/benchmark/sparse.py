"""Training steps on rows of few ones, such as words or clicks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from benchmark.cases import Case, Settings, shape_of, train
from benchmark.report import Result, Target
from made_np import MADE

# Which set is like that, its features, its share of ones in percent. Hidden units, with direct wires, as the estimator
# has them with nothing set.
SETS = (("ad", 1556, 0.8), ("msweb", 294, 1.0), ("book", 500, 1.7))
HIDDEN = 1000
BATCH = 100
TARGETS = (Target("torch eager", 3.0),)


def sparse_cases(settings: Settings) -> Iterator[Case]:
    """Networks on rows with ones drawn at random, as many as three published sets have."""
    for name, n_features, percent in SETS:
        title = f"sparse step, like {name}, {shape_of(settings, n_features, (HIDDEN,))} B{BATCH}, {percent:g} % ones"
        yield Case(title, partial(_train, title, n_features, percent, settings))


def _train(title: str, n_features: int, percent: float, settings: Settings) -> Result:
    made = MADE(settings.width(n_features), (settings.width(HIDDEN),), direct=True)
    result = train(title, made, BATCH, TARGETS, settings, ones=percent / 100)
    return replace(result, work=None)  # of live multiply-adds it does but a part
