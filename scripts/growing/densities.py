"""How what is asked of densities grows with their tables: by rows, by columns, by words of a column."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np

import made_np
from growing.law import Call, Law
from growing.networks import bits, rng
from made_np import MADEDensity, MADEImputer, MADEOutlierDetector

QUICK: dict[str, Any] = {
    "hidden_layer_sizes": (16,),
    "order": "natural",
    "n_masks": None,
    "early_stopping": False,
    "weight_decay": 0.0,
    "dropout": 0.0,
    "max_epochs": 1,
    "random_state": 0,
}
"""Nothing left to choose; any gaps are answered."""

LEARNED = 500
"""Rows of the densities that are asked."""
EXACT = 13
"""So many columns of bits have too many states to be summed over; fewer are, which is faster than to draw rows."""


@cache
def frame(n: int) -> Any:
    """Return a table of pandas with words, counts, money, dates, gaps."""
    import pandas as pd

    draw = rng()
    city = draw.choice(["Bern", "Oslo", "Rome"], n)
    table = {
        "city": city,
        "age": draw.integers(18, 90, n),
        "size": draw.normal(size=n) + (city == "Bern"),
        "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(draw.integers(0, 900, n), unit="D"),
        "member": draw.random(n) < 0.3,
    }
    return pd.DataFrame(table)


@cache
def gaps(n: int) -> Any:
    """Return the same with gaps."""
    return frame(n).mask(rng().random((n, 5)) < 0.2)


def density(**options: Any) -> MADEDensity:
    """Return a density that has nothing to choose."""
    return MADEDensity(**{**QUICK, **options})


@cache
def learned() -> MADEDensity:
    """Return a density that has learned the table."""
    return density().fit(frame(LEARNED))


@cache
def plain() -> Any:
    """Return a frame of numbers for what takes no words."""
    return frame(LEARNED)[["age", "size"]].to_numpy(dtype=np.float64)


def numbers(n: int) -> Any:
    """Return rows of two columns of numbers."""
    return frame(n)[["age", "size"]].to_numpy(dtype=np.float64)


def rows(ask: Callable[[Any], Any], of: Callable[[int], Any] = frame, start: int = 100, most: int = 100_000) -> Law:
    """Return the law of a question about the rows of a table."""
    return Law("rows", lambda n: partial(ask, of(n)), start, most)


def columns(ask: Callable[[Any], Any], start: int = 10, most: int = 1000, power: float = 1.0, n: int = 200) -> Law:
    """Return the law of a question about a table of more columns of bits."""
    return Law("columns", lambda d: partial(ask, bits(n, d).astype(np.float64)), start, most, power)


def words(n_words: int, n: int = 20_000) -> Any:
    """Return a table in which a column has so many words."""
    import pandas as pd

    return pd.DataFrame({"word": [f"w{k % n_words}" for k in range(n)], "bit": np.arange(n) % 2})


def levels(ask: Callable[[Any], Any]) -> Law:
    """Return the law of what is done with a table of more words, whose rows are as many."""
    return Law("words", lambda n: partial(ask, words(n)), 50, 5000)


def _asked(n: int) -> Call:
    model = _wide()
    return partial(model.entropy, list(range(n)))


@cache
def _wide() -> MADEDensity:
    return density().fit(bits(LEARNED, 140).astype(float))


def _told(n: int) -> Call:
    model = _many_words()
    where = {"word": {f"w{k}" for k in range(n)}}
    return partial(model.probability, where)


@cache
def _many_words() -> MADEDensity:
    return density().fit(words(2000))


@cache
def _detector() -> MADEOutlierDetector:
    return MADEOutlierDetector(density()).fit(frame(LEARNED))


@cache
def _imputer() -> MADEImputer:
    return MADEImputer(density()).fit(plain())


@cache
def _numeric() -> MADEDensity:
    return density().fit(plain())


LAWS: dict[str, list[Law]] = {
    "estimator.density.MADEDensity.fit": [
        rows(lambda X: density().fit(X)),
        columns(lambda X: density().fit(X)),
        levels(lambda X: density(direct=False).fit(X)),
    ],
    "estimator.density.MADEDensity.partial_fit": [rows(lambda X: density().partial_fit(X))],
    "estimator.answers.Answers.evaluate": [rows(lambda X: learned().evaluate(X))],
    "estimator.answers.Answers.impute": [
        rows(lambda X: learned().impute(X, random_state=0), gaps, most=10_000),
        rows(lambda X: learned().impute(X, n_draws=5, random_state=0), gaps, most=10_000),
    ],
    "estimator.answers.Answers.sample": [
        rows(lambda n: learned().sample(n, random_state=0), int),
        rows(lambda X: learned().sample(given=X[["city", "age"]], random_state=0)),
    ],
    "estimator.answers.Answers.score": [rows(lambda X: learned().score(X))],
    "estimator.answers.Answers.score_samples": [
        rows(lambda X: learned().score_samples(X)),
        rows(lambda X: learned().score_samples(X), gaps),
    ],
    "estimator.questions.Questions.classes": [
        Law("words", lambda n: partial(density().fit(words(n)).classes, "word"), 50, 500)
    ],
    "estimator.questions.Questions.conditional": [
        rows(lambda X: learned().conditional("size", X).mean(), gaps, most=1000)
    ],
    "estimator.questions.Questions.entropy": [Law("columns asked", _asked, EXACT, 130)],
    "estimator.questions.Questions.explain": [rows(lambda X: learned().explain(X), most=1000)],
    "estimator.questions.Questions.mutual_information": [
        Law("columns asked", lambda n: partial(_wide().mutual_information, [0], list(range(1, n + 1))), EXACT, 130)
    ],
    "estimator.questions.Questions.predict": [rows(lambda X: learned().predict(X, "city"))],
    "estimator.questions.Questions.predict_proba": [rows(lambda X: learned().predict_proba(X, "city"))],
    "estimator.questions.Questions.probability": [Law("words in a condition", _told, 100, 1000)],
    "estimator.questions.Questions.score_columns": [rows(lambda X: learned().score_columns(X), gaps, most=10_000)],
    "estimator.imputer.MADEImputer.fit": [rows(lambda X: MADEImputer(density()).fit(X), numbers)],
    "estimator.imputer.MADEImputer.fit_transform": [rows(lambda X: MADEImputer(density()).fit_transform(X), numbers)],
    "estimator.imputer.MADEImputer.transform": [rows(lambda X: _imputer().transform(X), numbers)],
    "estimator.outliers.MADEOutlierDetector.fit": [rows(lambda X: MADEOutlierDetector(density()).fit(X))],
    "estimator.outliers.MADEOutlierDetector.fit_predict": [
        rows(lambda X: MADEOutlierDetector(density()).fit_predict(X))
    ],
    **{
        f"estimator.outliers.MADEOutlierDetector.{name}": [
            rows(lambda X, name=name: getattr(_detector(), name)(X))  # type: ignore[misc]
        ]
        for name in ("decision_function", "predict", "score_samples")
    },
    "columns.columns.Columns.encode": [rows(lambda x: _numeric().columns_.encode(x), numbers)],
    "columns.columns.Columns.decode": [
        rows(lambda z: _numeric().columns_.decode(z, rng()), lambda n: _numeric().columns_.encode(numbers(n)))
    ],
    "masks.found.find_order": [rows(made_np.find_order, bits), columns(made_np.find_order, power=2)],
    "comparison.comparing.compare": [
        rows(lambda X: made_np.compare(X, X.iloc[::-1], max_rows=len(X)), most=10_000),
        columns(lambda X: made_np.compare(X, X[::-1]), 5, 100, 2),
    ],
    "diagnostics.duel.compare_models": [rows(lambda X: made_np.compare_models(learned(), learned(), X))],
}
