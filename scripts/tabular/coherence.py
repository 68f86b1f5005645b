"""Do answers to one question agree? Marginals beside sums of joints, and two ways to one posterior."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd

from made_np import MADEDensity
from tabular.data import Floats, adult, some_rows
from tabular.report import Report
from tabular.settings import Settings

TRAIN = 4_000
PAIRS = 1_000
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
    model = MADEDensity(**settings.model_options()).fit(train, **settings.fit_options())
    rows = some_rows(adult("test"), PAIRS, settings.seed)
    questions = _questions(rows, train, settings)
    for n_draws in (None, "auto"):
        report.add(f"ours, n_draws={n_draws}, {settings.few(PAIRS)} pairs", **_apart(model, questions, n_draws))
    return [report]


def _apart(model: MADEDensity, questions: dict[str, pd.DataFrame], n_draws: str | None) -> dict[str, float]:
    """Return by how much the answers to these questions contradict each other, and what a score costs."""
    gaps = []
    below = []
    differences = []
    ratios = []
    seconds = 0.0
    n_scores = 0
    for target, rows in questions.items():
        levels = model.classes(target).tolist()
        begin = time.process_time()
        (marginal, error), (joint, errors) = _scores(model, rows, target, levels, n_draws)
        seconds += time.process_time() - begin
        n_scores += marginal.size + joint.size
        total = np.logaddexp.reduce(joint, axis=1)
        gaps.append(np.abs(marginal - total))
        likeliest = np.arange(len(joint)), joint.argmax(axis=1)
        stated = LARGE + SURE * np.hypot(error, errors[likeliest])
        below.append(marginal < joint[likeliest] - stated)
        posterior = model.predict_proba(rows, target, n_draws=n_draws)
        differences.append(np.abs(posterior - np.exp(joint - total[:, None])).max(axis=1))
        ratios.append(np.abs(posterior - np.exp(joint - marginal[:, None])).max(axis=1))
    apart = np.concatenate(gaps)
    return {
        "median": float(np.median(apart)),
        "99 %": float(np.percentile(apart, 99)),
        "max": float(apart.max()),
        "p(A) < p(A, B)": float(np.concatenate(below).mean()),
        "posteriors differ by": float(np.concatenate(differences).max()),
        "from p(A, B) / p(A), 99 %": float(np.percentile(np.concatenate(ratios), 99)),
        "CPU ms a score": 1000 * seconds / n_scores,
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
    model: MADEDensity, rows: pd.DataFrame, target: str, levels: list[Any], n_draws: str | None
) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """Return log p(A) (n,), and log p(A, B = level) (n, levels), each with its standard error."""
    many = pd.concat([rows] * len(levels), ignore_index=True)
    many[target] = np.repeat(np.array(levels, dtype=object), len(rows))
    joint = model.score_samples(many, n_draws=n_draws, return_std=True)
    shape = len(levels), len(rows)
    return model.score_samples(rows, n_draws=n_draws, return_std=True), tuple(part.reshape(shape).T for part in joint)
