"""Drawn problems of training that one process can solve, and many ranks together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from strategies import random_context, random_rows

import made_np
from made_np import MADE, FitResult
from made_np.optim import SGD, AdaGrad, Adam, AdamW
from made_np.ranks.comm import Comm

MODELS: tuple[dict[str, Any], ...] = (
    {},
    {"hidden": ()},
    {"hidden": (), "direct": True, "output": "gaussian"},
    {"hidden": (9, 9), "residual": True, "n_context": 2, "order": "random"},
    {"hidden": (12, 5), "order": "random", "n_masks": 3, "mask_weights": True, "direct": True},
    {"order": "random", "n_masks": None, "activation": "gelu"},
    {"n_masks": None, "hidden": (8, 8)},  # one home, with its paths
    {"n_masks": None, "order": [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0]], "output": "gaussian"},
    {"output": ["bernoulli", made_np.Categorical(3), "gaussian", made_np.MixtureOfLogistics(2), "bernoulli"]},
)


RULES = (Adam(eps=1e-3), AdamW(eps=1e-3), AdaGrad(eps=1e-4), SGD(0.5))
"""A small eps makes a step out of the rounding of a gradient that is 0, as it is where training starts."""


@dataclass(frozen=True)
class Problem:
    """Arguments of `fit` for the whole table."""

    made: MADE
    tables: dict[str, Any]
    """One entry per row of training."""
    valid_tables: dict[str, Any]
    """One entry per validation row."""
    options: dict[str, Any]

    def one(self, **more: Any) -> FitResult:
        """What one process makes of it."""
        return made_np.fit(self.made, **self.tables, **self.valid_tables, **{**self.options, **more})

    def share(self, comm: Comm, cuts: list[int], valid_cuts: list[int], **more: Any) -> FitResult:
        """What a rank makes of its share of the rows; rows ``cuts[k]..cuts[k+1]-1`` are those of rank k."""
        own = slice(cuts[comm.rank], cuts[comm.rank + 1])
        own_valid = slice(valid_cuts[comm.rank], valid_cuts[comm.rank + 1])
        tables = {name: table[own] for name, table in self.tables.items()}
        valid_tables = {name: table[own_valid] for name, table in self.valid_tables.items()}
        return made_np.fit(self.made, **tables, **valid_tables, comm=comm, **{**self.options, **more})

    def cuts(self, size: int, rng: np.random.Generator) -> tuple[list[int], list[int]]:
        """Unequal shares for so many ranks, of which some may be empty."""
        return cuts(len(self.tables["x"]), size, rng), cuts(len(self.valid_tables.get("valid", ())), size, rng)


def cuts(n: int, size: int, rng: np.random.Generator) -> list[int]:
    """Where the shares of ranks begin in n rows, and where the last one ends."""
    return [0, *sorted(rng.integers(0, n + 1, size - 1).tolist()), n]


def draw(seed: int, backend: str, dtype: str = "float64") -> Problem:
    """A problem with a bit of everything, of which each seed has another part."""
    rng = np.random.default_rng(seed)
    made = MADE(5, **{"hidden": (10,), "backend": backend, "dtype": dtype, **MODELS[seed % len(MODELS)]})
    n = int(rng.integers(20, 70))
    n_valid = int(rng.integers(2, 20))
    tables: dict[str, Any] = {"x": random_rows(made, n, rng)}
    valid_tables: dict[str, Any] = {"valid": random_rows(made, n_valid, rng)} if rng.random() < 0.7 else {}
    if made.n_context:
        tables["context"] = random_context(made, n, rng)
        if valid_tables:
            valid_tables["valid_context"] = random_context(made, n_valid, rng)
    if rng.random() < 0.5:
        tables["sample_weight"] = rng.random(n) + (rng.random(n) < 0.5)
        if valid_tables:
            valid_tables["valid_weight"] = rng.random(n_valid)
    if rng.random() < 0.3:
        tables["x"] = np.where(rng.random((n, 5)) < 0.1, np.nan, tables["x"])
    options: dict[str, Any] = {
        "optimizer": RULES[int(rng.integers(len(RULES)))],
        "learning_rate": 0.02,
        "schedule": [None, "cosine"][seed % 2],
        "batch_size": int(rng.integers(3, 30)),
        "max_epochs": int(rng.integers(3, 8)),
        "patience": int(rng.integers(1, 4)),
        "validate_every": int(rng.integers(1, 3)),
        "weight_decay": float(rng.choice([0.0, 0.01])),
        "dropout": 0.2 if made.hidden and rng.random() < 0.5 else 0.0,
        "input_dropout": 0.2 if rng.random() < 0.5 else 0.0,
        "averaging": 0.95 if rng.random() < 0.5 else 0.0,
        "gaps": "skip",
        "rng": int(rng.integers(1000)),
    }
    return Problem(made, tables, valid_tables, options)


def assert_same_result(got: FitResult, want: FitResult, *, exactly: bool = False) -> None:
    """Compare all but times: to rounding, or to the bit."""
    rtol, atol = (0.0, 0.0) if exactly else (1e-9, 1e-11)
    np.testing.assert_allclose(got.theta, want.theta, rtol=rtol, atol=atol)
    for name in ("epoch", "train", "valid", "learning_rate"):
        np.testing.assert_allclose(got.history[name], want.history[name], rtol=rtol, atol=atol, err_msg=name)
    assert (got.stopped_by, got.best_epoch) == (want.stopped_by, want.best_epoch)
    np.testing.assert_allclose(got.best_valid, want.best_valid, rtol=rtol, atol=atol)
