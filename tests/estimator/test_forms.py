"""Which coding a column gets: that of the smallest loss of held-out rows, if it is surely better than the first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from small import small

from made_np import MADEDensity
from made_np.estimator import forms, rehearsal
from made_np.estimator.forms import SURELY, _winner, _winners
from made_np.training.fit import fit_rows

RNG = np.random.default_rng(0)
SKEW = np.column_stack([np.exp(2 * RNG.normal(size=300)), RNG.integers(0, 2, 300)])
QUICK: dict[str, Any] = {"hidden_layer_sizes": (8,), "max_epochs": 10, "learning_rate": 0.01}


def test_the_cheapest_wins_if_it_surely_does() -> None:
    base = RNG.normal(size=(1, 400))
    noise = RNG.normal(size=(1, 400))
    assert _winner(np.concatenate([base, base - 1 + 0.1 * noise, base + 1])) == 1
    assert _winner(np.concatenate([base, base - 0.01 + noise])) == 0  # no more than SURELY standard errors
    assert _winner(np.concatenate([base, np.full((1, 400), np.nan)])) == 0
    assert SURELY > 1


def test_what_wins_has_no_rivals_and_is_what_is_fitted() -> None:
    model = small(**QUICK).fit(SKEW)
    assert all(not column.rivals for column in model.columns_.each)
    assert model.made_.outputs.feature_outputs == model.columns_.outputs
    again = small(**QUICK).fit(SKEW)
    assert again.columns_ == model.columns_
    assert_array_equal(again.theta_, model.theta_)


def test_the_loss_is_in_the_unit_of_the_column() -> None:
    """So that the choice does not change with it: in metres as in millimetres."""
    model, other = (small(**QUICK).fit(SKEW * [factor, 1]) for factor in (1, 1024))
    assert model.columns_.outputs == other.columns_.outputs
    gap = model.score(SKEW) - other.score(SKEW * [1024, 1])
    assert gap == pytest.approx(np.log(1024), abs=1e-3)


def test_without_held_out_rows_the_first_choice_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[int] = []
    monkeypatch.setattr(forms, "fit_rows", lambda *args, **options: begun.append(1))
    model = small(early_stopping=False, **QUICK).fit(SKEW)
    assert not begun
    assert model.columns_.each[0].rivals


def test_a_column_whose_distribution_is_said_has_no_rival(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[int] = []
    monkeypatch.setattr(forms, "fit_rows", lambda *args, **options: begun.append(1))
    small(columns=["gaussian", "bernoulli"], **QUICK).fit(SKEW)
    assert not begun


class Killed(Exception):
    """The process ends here."""


def test_a_fit_that_is_killed_goes_on_with_the_same_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = small(**QUICK).fit(SKEW)

    def dying(*args: Any, **options: Any) -> Any:
        if options.get("checkpoint") is not None:
            epochs = {"options": replace(args[3], max_epochs=4)}
            fit_rows(*args[:3], **{**options, **epochs})
            raise Killed
        return fit_rows(*args, **options)

    monkeypatch.setattr(rehearsal, "fit_rows", dying)
    with pytest.raises(Killed):
        small(**QUICK).fit(SKEW, checkpoint=tmp_path / "fit")
    monkeypatch.setattr(rehearsal, "fit_rows", fit_rows)
    again: MADEDensity = small(**QUICK).fit(SKEW, checkpoint=tmp_path / "fit")
    assert again.columns_ == whole.columns_
    assert_array_equal(again.theta_, whole.theta_)
    assert again.history_["valid"] == whole.history_["valid"]


def test_all_columns_are_coded_alike_where_that_is_surely_cheaper_in_sum() -> None:
    rows = np.random.default_rng(1).normal(size=(400, 1))
    noise = 5 * np.random.default_rng(2).normal(size=(400, 1)) * [1, -1]  # of each column, gone from the sum
    first = rows + np.zeros((400, 2))
    assert _winners(np.stack([first, first - 0.2 + noise]), 2) == [1, 1]
    assert _winners(np.stack([first, first + 0.2 + noise]), 2) == [0, 0]
    assert _winners(np.stack([first, first - [1, -1]]), 2) == [1, 0]
    assert _winners(np.stack([first, first - [1, -1]]), 1) == [0, 0]  # not one alone
