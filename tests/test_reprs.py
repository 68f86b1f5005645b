"""At a prompt everything that is given back shows itself as a text that a person reads, and fits on a screen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import made_np
from made_np import MADE, testing
from made_np.datasets import Dataset

D = 300
X = (np.random.default_rng(0).random((50, D)) < 0.4).astype(float)
WIDE = MADE(D, hidden=(20,), order="random", n_masks=2, seed=1)
THETA = WIDE.init(rng=0)
REAL = MADE(D, hidden=(20,), output="gaussian")


def fitted() -> Any:
    return made_np.fit(WIDE, X, max_epochs=2, valid=X[:10])


def told() -> Any:
    """The last thing that a callback of a fit is told."""
    said: list[Any] = []
    made_np.fit(WIDE, X, max_epochs=1, callbacks=[said.append])
    return said[-1]


def stored(folder: Path) -> Any:
    made_np.save(folder / "m.npz", WIDE, THETA, extra={"a": list(range(500))}, arrays={"mean": X})
    return made_np.load(folder / "m.npz")


def wrong() -> testing.Report:
    return testing.check_gradient(lambda x: np.sum(x**2), lambda x: 3 * x, np.arange(1.0, 40.0))


def suite() -> testing.SuiteReport:
    return testing.suite(testing.Adapter(n_features=2, log_prob=lambda x: -np.abs(x).sum(axis=1)))


SHOWN: dict[str, Callable[[Path], Any]] = {
    "Report": lambda _: wrong(),
    "Failure": lambda _: wrong().failures[0],
    "SuiteReport": lambda _: suite(),
    "Result": lambda _: suite()["normalised"],
    "Evaluation": lambda _: made_np.evaluate(WIDE, THETA, X),
    "Difference": lambda _: made_np.evaluate(WIDE, THETA, X).difference(made_np.evaluate(WIDE, THETA, X)),
    "Calibration": lambda _: made_np.calibration(WIDE, THETA, X),
    "Reliability": lambda _: made_np.calibration(WIDE, THETA, X).reliability(),
    "Uniformity": lambda _: made_np.calibration(REAL, REAL.init(rng=0), X).uniformity(),
    "FitResult": lambda _: fitted(),
    "EpochInfo": lambda _: told(),
    "MADE": lambda _: WIDE,
    "MaskSet": lambda _: WIDE.mask_sets[1],
    "MaskSets": lambda _: WIDE.mask_sets,
    "Stored": stored,
    "Dataset": lambda _: Dataset("bits", X, X, X, "random bits", "nobody", "a generator"),
}
TEXTS = ("Report", "SuiteReport", "Result", "Failure", "Evaluation", "Difference", "Calibration", "Reliability")


@pytest.mark.parametrize("name", SHOWN)
def test_it_fits_on_a_screen(name: str, tmp_path: Path) -> None:
    shown = SHOWN[name](tmp_path)
    assert type(shown).__name__ == name
    lines = repr(shown).splitlines()
    assert 1 <= len(lines) <= 45, len(lines)
    assert len(repr(shown)) < 3500
    assert "array([" not in repr(shown)


@pytest.mark.parametrize("name", TEXTS)
def test_what_a_prompt_shows_is_what_print_writes(name: str, tmp_path: Path) -> None:
    shown = SHOWN[name](tmp_path)
    assert repr(shown) == str(shown)
    assert not repr(shown).startswith(f"{name}(")


def test_reports_say_what_their_fields_say() -> None:
    report = wrong()
    assert repr(report).startswith("check_gradient FAILED: 39 wrong; 39 checked")
    assert report.failures[0].where in repr(report)
    assert repr(report.failures[0]) == "x[38]: got 117, want 78, ratio 1.5, error 39"
    assert repr(testing.Failure("W0", "leaks", "no wire", hint="see masks")) == "W0: got leaks, want no wire; see masks"
    assert repr(suite()["masks"]) == "masks skipped (needs masks)"
    assert repr(suite()["normalised"]).startswith("normalised FAILED: 4 checked, ")


def test_a_fit_says_why_it_ended_what_it_kept_and_how_good_that_is() -> None:
    result = fitted()
    text = repr(result)
    assert f"{result.stopped_by}, after 2 epochs" in text
    assert f"of epoch {result.best_epoch}, {result.best_valid:.4f} nats per row on validation rows" in text
    assert f"{result.history['train'][-1]:.4f} nats per row in training" in text
    assert "validation" not in repr(made_np.fit(WIDE, X, max_epochs=1))
