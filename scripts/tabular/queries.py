"""Range queries on adult: q-errors with their latency, beside peers, beside the floor of the generator."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from made_np import MADEDensity
from tabular.asked import Query, counts, draw_queries, fast, holds, percentiles, q_errors
from tabular.data import Floats, adult
from tabular.report import Report, watch
from tabular.settings import Settings

LEFT_OUT = ["fnlwgt", "education"]
QUERIES = 10_000
ALONE = 500
"""So many are asked one by one, for the latency."""
ENOUGH = 50
SMALL = 72_000
"""Bytes of a small model: 1.5 % of the table."""
WIDTHS = (96, 64, 48, 32, 24, 16, 8)

OF_TRAIN = (
    "99 % at most 2.5, max at most 15; 1 ms alone, 0.2 ms in batches. Naru: 1.09, 2.50, 4.00, 57 in 5-15 ms on a GPU"
)
OF_TEST = "1.05, 1.3, 1.5, 2"


def measure(settings: Settings) -> list[Report]:
    """Return q-errors against training rows, and against test rows of queries with hits enough."""
    train = adult("train").drop(columns=LEFT_OUT)
    test = adult("test").drop(columns=LEFT_OUT)
    queries = draw_queries(train, settings.few(QUERIES), np.random.default_rng(settings.seed))
    in_train = counts(train, queries)
    in_test = counts(test, queries)
    near = Report(f"{len(queries)} range queries of adult, against training rows", OF_TRAIN)
    far = Report(f"the same, against test rows, at least {ENOUGH} hits", OF_TEST)
    enough = in_test >= ENOUGH

    def add(who: str, shares: Floats, **cells: Any) -> None:
        near.add(who, **percentiles(q_errors(shares * len(train), in_train)), **cells)
        far.add(who, **percentiles(q_errors((shares * len(test))[enough], in_test[enough])))

    if settings.peers:
        pooled = (in_train + in_test) / (len(train) + len(test))
        drawn = np.random.default_rng(settings.seed).poisson(pooled * len(train))
        near.add("floor: a perfect model of the population", **percentiles(q_errors(pooled * len(train), drawn)))
        far.add("floor: counts of training rows", **_counted(in_train, in_test, len(train), len(test), enough))
        add("columns apart", _apart(train, queries))
        sample = train.sample(frac=0.01, random_state=settings.seed)
        add("1 % sample", counts(sample, queries) / len(sample))
    if settings.ours:
        for who, options in (("default", {}), ("small", {"hidden_layer_sizes": None})):
            model, seconds = _fitted(train, options, settings)
            with watch() as first:
                model.probability(queries[0])  # what is drawn once, for all questions
            with watch() as batch:
                shares = np.asarray(model.probability(queries), dtype=float)
            with watch() as alone:
                for query in queries[:ALONE]:
                    model.probability(query)
            add(
                f"ours, {who}",
                shares,
                kB=model.theta_.size * 4 / 1000,
                fit=seconds,
                first=first.seconds,
                alone=f"{1000 * alone.seconds / min(ALONE, len(queries)):.2f} ms",
                batch=f"{1000 * batch.seconds / len(queries):.3f} ms",
            )
    return [near, far]


def _counted(in_train: Floats, in_test: Floats, n_train: int, n_test: int, enough: Any) -> dict[str, float]:
    return percentiles(q_errors((in_train * n_test / n_train)[enough], in_test[enough]))


def _apart(train: pd.DataFrame, queries: list[Query]) -> Floats:
    """Return the product of the shares of each condition, as a planner takes it from exact counts of single values."""
    tables = {name: np.unique(fast(train[name]), return_counts=True) for name in train}
    found = []
    for query in queries:
        shares = [tables[name][1][holds(tables[name][0], condition)].sum() for name, condition in query.items()]
        found.append(np.prod(np.array(shares) / len(train)))
    return np.array(found)


def _fitted(train: pd.DataFrame, options: dict[str, Any], settings: Settings) -> tuple[MADEDensity, float]:
    """Return a fitted model and its seconds: the default, or one layer as wide as a small model may have."""
    for width in WIDTHS if options else (None,):
        chosen = {} if width is None else {"hidden_layer_sizes": (width,), "direct": False}
        with watch() as fit:
            model = MADEDensity(**settings.model_options(), **chosen)
            model.fit(train, **settings.fit_options())
        if width is None or model.theta_.size * 4 <= SMALL:
            break
    return model, fit.seconds
