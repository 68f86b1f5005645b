"""A bad value is named by its place in what was given, however deep it lies and whichever block it is met in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import made_np
from made_np import MADE, MADEDensity
from made_np.backends.memory import Host
from made_np.columns.columns import Columns
from made_np.diagnostics import calibration, evaluate
from made_np.model.gaps import observed_log_prob
from made_np.table import table
from made_np.table.files import read_table

N = 300
ROW = 257
COLUMN = 2
BITS = np.random.default_rng(0).integers(0, 2, (N, 4)).astype(float)
CONTEXT = np.random.default_rng(1).standard_normal((N, 4))
MODEL = MADE(4, (5,), dtype="float64")
WITH_CONTEXT = MADE(4, (5,), n_context=4, dtype="float64")
THETA = MODEL.init(0)
THETA_WITH_CONTEXT = WITH_CONTEXT.init(0)


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Host, "at_once", 55)  # of the 5 hidden units (or 8 inputs): 11 rows, or 6
    monkeypatch.setattr(table, "AT_ONCE", 40)  # of the 4 columns: 10 rows


def fitted() -> MADEDensity:
    """An estimator of bits."""
    return MADEDensity((5,), max_epochs=1, order="natural", n_masks=1, weight_decay=0.0, random_state=0).fit(BITS)


def learn(density: MADEDensity, x: Any, **more: Any) -> None:
    """Fit an estimator anew."""
    density.set_params(columns="bernoulli").fit(x, **more)


MODELS: dict[str, Callable[[Any], Any]] = {
    "log_prob": lambda x: MODEL.log_prob(THETA, x),
    "feature_log_prob": lambda x: MODEL.feature_log_prob(THETA, x),
    "raw_outputs": lambda x: MODEL.raw_outputs(THETA, x),
    "loss_and_grad": lambda x: MODEL.loss_and_grad(THETA, x),
    "init": lambda x: MODEL.init(0, x),
    "fit": lambda x: made_np.fit(MODEL, x, max_epochs=1),
    "evaluate": lambda x: evaluate(MODEL, THETA, x),
    "calibration": lambda x: calibration(MODEL, THETA, x),
}
OTHERS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "valid": ("valid", lambda x: made_np.fit(MODEL, BITS, valid=x, max_epochs=1)),
    "given": ("given", lambda x: MODEL.sample(THETA, N, given=x)),
    "given means": ("given", lambda x: MODEL.fill_means(THETA, x)),
    "fit of an estimator": ("X", lambda x: learn(fitted(), x)),
    "X_val": ("X_val", lambda x: learn(fitted(), BITS, X_val=x)),
    "partial_fit": ("X", lambda x: fitted().partial_fit(x)),
    "score_samples": ("X", lambda x: fitted().score_samples(x)),
    "score": ("X", lambda x: fitted().score(x)),
    "estimator evaluate": ("X", lambda x: fitted().evaluate(x)),
    "impute": ("X", lambda x: fitted().impute(x)),
    "columns": ("X", lambda x: Columns.learn(BITS).encode(x)),
}
CALLS = {name: ("x", call) for name, call in MODELS.items()} | OTHERS


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("bad", [7.0, np.inf])
def test_the_place_is_that_in_the_whole(name: str, bad: float) -> None:
    what, call = CALLS[name]
    x = BITS.copy()
    x[ROW, COLUMN] = bad
    with pytest.raises(ValueError, match=rf"^{what}\[{ROW}, {COLUMN}\] .*{'7' if bad == 7 else 'inf'}"):
        call(x)


@pytest.mark.parametrize("name", MODELS)
def test_the_place_of_an_object_is_that_in_the_whole(name: str) -> None:
    x = BITS.astype(object)
    x[ROW, COLUMN] = "red"
    with pytest.raises(TypeError, match=rf"x\[{ROW}, {COLUMN}\] = 'red'"):
        MODELS[name](x)


@pytest.mark.parametrize("name", ["log_prob", "loss_and_grad", "fit", "evaluate", "sample"])
def test_context_is_named_by_its_place_too(name: str) -> None:
    y = CONTEXT.copy()
    y[ROW, COLUMN] = np.nan
    made = WITH_CONTEXT
    theta = THETA_WITH_CONTEXT
    calls: dict[str, Callable[[], Any]] = {
        "log_prob": lambda: made.log_prob(theta, BITS, context=y),
        "loss_and_grad": lambda: made.loss_and_grad(theta, BITS, context=y),
        "fit": lambda: made_np.fit(made, BITS, context=y, max_epochs=1),
        "evaluate": lambda: evaluate(made, theta, BITS, context=y),
        "sample": lambda: made.sample(theta, N, context=y, rng=0),
    }
    with pytest.raises(ValueError, match=rf"^context\[{ROW}, {COLUMN}\] = nan"):
        calls[name]()
    with pytest.raises(ValueError, match=rf"^valid_context\[{ROW}, {COLUMN}\] = nan"):
        made_np.fit(made, BITS, context=CONTEXT, valid=BITS, valid_context=y, max_epochs=1)


def test_gaps_that_no_order_allows_are_named_by_their_row() -> None:
    x = BITS.copy()
    x[ROW, 0] = np.nan
    with pytest.raises(ValueError, match=rf"^x\[{ROW}\] has gaps in feature 0"):
        observed_log_prob(MODEL, THETA, x)
    with pytest.raises(ValueError, match=rf"^X\[{ROW}\] has gaps in column 0"):
        fitted().score(x)


def test_rows_of_a_file_are_named_by_their_line(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = [",".join(f"{value:g}" for value in row) for row in BITS]
    rows[ROW] = "0,1,7,0"
    path.write_text("\n".join(["a,b,c,d", *rows]) + "\n", encoding="utf-8")
    read = read_table(path)
    columns = Columns.learn(BITS)

    def encode() -> None:
        for first, block in read.blocks():
            columns.encode(block, read.source.at(first))

    with pytest.raises(ValueError, match=rf"t\.csv, line {ROW + 2}, column c = 7: column 2 has Bernoulli values"):
        encode()
