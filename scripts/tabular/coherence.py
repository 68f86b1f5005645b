"""Do answers to one question agree? Marginals beside sums of joints, and two ways to one posterior."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from made_np import MADEDensity
from tabular.data import Floats, adult, some_rows
from tabular.report import Report
from tabular.settings import Settings

TRAIN = 4_000
PAIRS = 1_000
DRAWS = 256
LARGE = 1e-6
"""Nats by which the marginal may lie below the joint through rounding."""
SURE = 3
"""Standard errors by which it may lie below, where answers have any."""
TARGET = (
    "|log p(A) - log sum p(A, B)| median .02, 99 % .2 nats; no p(A) < p(A, B) beyond the stated error; posteriors "
    "within .02"
)


def measure(settings: Settings) -> list[Report]:
    """Return how far log p(A) lies from log sum_B p(A, B): random rows and columns A, B one column of words."""
    report = Report("coherence on adult", TARGET)
    if not settings.ours:
        return [report]
    train = some_rows(adult("train"), TRAIN, settings.seed)
    model = MADEDensity(random_state=settings.seed).fit(train, **settings.fit_options())
    questions = _questions(some_rows(adult("test"), PAIRS, settings.seed), train, settings)
    report.add(f"ours, {settings.few(PAIRS)} pairs", **_apart(model, questions, None))
    some = _questions(
        some_rows(adult("test"), PAIRS, settings.seed), train, replace(settings, share=settings.share / 5)
    )
    report.add(f"ours, n_draws={DRAWS}, {settings.few(PAIRS // 5)} pairs", **_apart(model, some, DRAWS))
    return [report]


def _apart(model: MADEDensity, questions: dict[str, pd.DataFrame], n_draws: int | None) -> dict[str, float]:
    """Return by how much the answers to these questions contradict each other."""
    gaps = []
    below = []
    differences = []
    for target, rows in questions.items():
        levels = model.classes(target).tolist()
        (marginal, error), (joint, errors) = _scores(model, rows, target, levels, n_draws)
        total = np.logaddexp.reduce(joint, axis=1)
        gaps.append(np.abs(marginal - total))
        likeliest = np.arange(len(joint)), joint.argmax(axis=1)
        stated = LARGE + SURE * np.hypot(error, errors[likeliest])
        below.append(marginal < joint[likeliest] - stated)
        posterior = model.predict_proba(rows, target)
        differences.append(np.abs(posterior - np.exp(joint - total[:, None])).max(axis=1))
    apart = np.concatenate(gaps)
    return {
        "median": float(np.median(apart)),
        "99 %": float(np.percentile(apart, 99)),
        "max": float(apart.max()),
        "p(A) < p(A, B)": float(np.concatenate(below).mean()),
        "posteriors differ by": float(np.concatenate(differences).max()),
    }


def _questions(rows: pd.DataFrame, train: pd.DataFrame, settings: Settings) -> dict[str, pd.DataFrame]:
    """Return by B the rows in which A alone is known."""
    rng = np.random.default_rng(settings.seed)
    rows = rows.iloc[: settings.few(len(rows))]
    words = [name for name in train if not pd.api.types.is_numeric_dtype(train[name])]
    targets = rng.choice(words, size=len(rows))
    known = rng.random(rows.shape) < rng.random((len(rows), 1))
    known &= np.array(rows.columns)[None, :] != targets[:, None]
    rows = pd.DataFrame(
        {
            name: rows[name].astype(float if name not in words else object).where(known[:, j], None)
            for j, name in enumerate(rows)
        }
    )
    return {target: rows[targets == target].reset_index(drop=True) for target in dict.fromkeys(targets)}


def _scores(
    model: MADEDensity, rows: pd.DataFrame, target: str, levels: list[Any], n_draws: int | None
) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """Return log p(A) (n,), and log p(A, B = level) (n, levels), each with its standard error."""
    many = pd.concat([rows] * len(levels), ignore_index=True)
    many[target] = np.repeat(np.array(levels, dtype=object), len(rows))
    joint = model.score_samples(many, n_draws=n_draws, return_std=True)
    shape = len(levels), len(rows)
    return model.score_samples(rows, n_draws=n_draws, return_std=True), tuple(part.reshape(shape).T for part in joint)
