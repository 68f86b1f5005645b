"""What it costs to learn: each value is looked at once, rows are held once, and few functions lie on the way."""

from __future__ import annotations

import sys
import tracemalloc
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from installed import each_backend
from small import PLAIN, small

import made_np
from made_np import Bernoulli, Categorical, Gaussian, MADEDensity
from made_np.backends.memory import Host
from made_np.estimator import fitted
from made_np.optim import SGD
from made_np.table import one_hot, table

ROOT = str(Path(made_np.__file__).parent)
RNG = np.random.default_rng(0)
MIXED = np.column_stack([RNG.normal(size=150), RNG.integers(0, 2, (150, 2)), RNG.integers(0, 5, 150)])

MOST_CALLS = 880
MOST_OF_A_COLUMN = 110
"""Of functions of made_np in a fit of one epoch, and for each column, whose dtype and values say what it is."""


class Begun(Exception):
    """The first step."""


@dataclass(frozen=True)
class Stopping(SGD):
    """An optimizer that makes no step."""

    def step(self, *args: Any, **options: Any) -> None:
        raise Begun


@pytest.mark.parametrize("early_stopping", [True, False])
@pytest.mark.parametrize("method", ["fit", "partial_fit", "X_val", "again"])
def test_each_value_is_tested_against_its_column_twice_at_most(
    method: str, early_stopping: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    tested: Counter[str] = Counter()
    columns = ["gaussian", "bernoulli", "bernoulli", "categorical"]
    density = small(columns=columns, early_stopping=early_stopping, warm_start=True, backend="numpy")
    if method == "again":
        density.fit(MIXED)
    for kind in (Bernoulli, Categorical, Gaussian):

        def invalid(self: Any, x: Any, wrapped: Any = kind.invalid) -> Any:
            tested[type(self).__name__] += np.size(x) if np.size(x) > 2 else 0  # of fewer the question is another
            return wrapped(self, x)

        monkeypatch.setattr(kind, "invalid", invalid)
    density.set_params(optimizer=Stopping())
    rows = len(MIXED) + 40 * (method == "X_val")
    more = {"X_val": MIXED[:40]} if method == "X_val" else {}
    with pytest.raises(Begun):
        getattr(density, "partial_fit" if method == "partial_fit" else "fit")(MIXED, **more)
    # Once where its column is learned, or where it might be unknown to it; once where it is encoded.
    for name, n_columns in (("Gaussian", 1), ("Bernoulli", 2), ("Categorical", 1)):
        assert n_columns * rows <= tested[name] <= 2 * n_columns * rows


@each_backend
@pytest.mark.parametrize("kind", ["uint8", "bool", "float64"])
def test_a_table_is_held_once(backend: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Host, "at_once", 1 << 13)
    for module in (fitted, one_hot, table):  # so that a small table has many blocks
        monkeypatch.setattr(module, "AT_ONCE", 1 << 13)
    X = RNG.integers(0, 2, (15_000, 64), dtype=np.uint8).astype(kind)
    density = MADEDensity(**{**PLAIN, "max_epochs": 1, "batch_size": 100, "backend": backend})
    density.fit(X[:500]).score_samples(X[:500])
    peaks = []
    for call in (density.fit, density.score_samples):
        tracemalloc.start()
        call(X)
        peaks.append(tracemalloc.get_traced_memory()[1] / X.nbytes)
        tracemalloc.stop()
    assert peaks[0] < 3
    assert peaks[1] < 1.5


def test_few_functions_lie_between_a_table_and_its_model() -> None:
    X = RNG.integers(0, 2, (100, 4)).astype(float)
    density = MADEDensity((8,), order="natural", n_masks=1, weight_decay=0.0, max_epochs=1, backend="numpy")
    density.fit(X)
    calls: Counter[str] = Counter()

    def count(frame: Any, event: str, _: Any) -> None:
        code = frame.f_code
        # Comprehensions are frames of their own in some releases of Python only.
        if event == "call" and code.co_filename.startswith(ROOT) and not code.co_name.startswith("<"):
            calls[code.co_qualname if hasattr(code, "co_qualname") else code.co_name] += 1

    sys.setprofile(count)
    try:
        density.fit(X)
    finally:
        sys.setprofile(None)
    assert calls.total() <= MOST_CALLS + 4 * MOST_OF_A_COLUMN, calls.most_common(30)
