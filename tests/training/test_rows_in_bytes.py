"""Rows held as bytes, or in a file, are turned into floats a few at a time: all of them would be 4 times as large."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import made_np
from made_np import MADE
from made_np.backends.memory import Host
from made_np.diagnostics import evaluate

BITS = (np.random.default_rng(0).random((20_000, 64), dtype=np.float32) < 0.3).astype(np.uint8)
MODEL = MADE(64, (8,), backend="numpy")
THETA = MODEL.init(0)
FEW_STEPS: dict[str, Any] = {"batch_size": 200, "max_epochs": 1}

CALLS: dict[str, Callable[[Any], Any]] = {
    "log_prob": lambda X: MODEL.log_prob(THETA, X),
    "evaluate": lambda X: evaluate(MODEL, THETA, X).row_nll,
    "fit": lambda X: made_np.fit(MODEL, X, **FEW_STEPS).theta,
    "fit with validation": lambda X: made_np.fit(MODEL, X, valid=X[::2], **FEW_STEPS).theta,
}


@pytest.mark.parametrize("name", CALLS)
def test_bytes_stay_bytes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Host, "at_once", 1 << 13)  # so that a small table has many blocks
    call = CALLS[name]
    call(BITS[:500])
    tracemalloc.start()
    try:
        call(BITS)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1.5 * BITS.nbytes


@pytest.mark.parametrize("name", CALLS)
def test_the_answer_is_that_of_floats(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Host, "at_once", 1 << 15)
    call = CALLS[name]
    some = BITS[:5_000]
    np.save(tmp_path / "x.npy", some)
    expected = call(some.astype(np.float64))
    for same in (some, some.astype(bool), np.load(tmp_path / "x.npy", mmap_mode="r"), np.asfortranarray(some)):
        assert_array_equal(call(same), expected)
