"""What a plan takes from the rows of a table: where straight lines tie columns together, they are sheared."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from rank_threads import on_ranks
from small import small

from made_np import MADE, MADEDensity, MixtureOfGaussians
from made_np.estimator import rehearsal
from made_np.estimator.found import ROWS, Found, natural_ties, straightened
from made_np.estimator.trials import HOMES, PATHS, SHEARED, Choice
from made_np.model.rows import Rows

RNG = np.random.default_rng(0)
LINES = RNG.standard_normal((400, 1)) + 0.1 * RNG.standard_normal((400, 3))
LOOSE = RNG.standard_normal((400, 3))
OPEN = Choice(HOMES, PATHS, 0.1)
MADE_3 = MADE(3, (8,), MixtureOfGaussians(2), direct=True)
OPEN_TO_ALL: dict[str, Any] = {"order": "auto", "n_masks": "auto", "direct": "auto"}
QUICK: dict[str, Any] = {**OPEN_TO_ALL, "columns": "real", "max_epochs": 3}


def chosen(x: Any, choice: Choice = OPEN, made: MADE = MADE_3) -> Choice:
    return straightened(choice, Found(lambda: np.arange(3), lambda: natural_ties(made, Rows(x))))


def test_columns_that_lines_tie_together_are_sheared_and_others_have_homes() -> None:
    assert chosen(LINES) == Choice(SHEARED, PATHS, 0.1)
    assert chosen(LOOSE) is OPEN


def test_what_is_set_stays() -> None:
    natural = Choice("natural", PATHS, 0.1)
    assert chosen(LINES, natural) is natural


def test_no_gaps_and_no_other_wires_and_no_few_rows_are_sheared() -> None:
    gappy = LINES.copy()
    gappy[3, 1] = np.nan
    assert chosen(gappy) is OPEN
    assert chosen(LINES, made=MADE(3, (8,), MixtureOfGaussians(2))) is OPEN
    assert chosen(LINES[: 3 * ROWS - 1]) is OPEN
    assert chosen(LINES[: 3 * ROWS]) is not OPEN


def test_a_fit_begins_at_the_gaussian_of_full_covariance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsal, "STEPS", 0)
    test = LINES[:50] + 0.0
    model = small(**{**QUICK, "learning_rate": 1e-7}).fit(LINES)
    normal = np.cov(LINES.T)
    off = test - LINES.mean(axis=0)
    wanted = -0.5 * (
        np.einsum("ni,ij,nj->n", off, np.linalg.inv(normal), off) + np.linalg.slogdet(2 * np.pi * normal)[1]
    )
    assert model.score(test) == pytest.approx(wanted.mean(), abs=0.5)  # independent columns are 4 nats away


def test_history_says_of_sheared_rows_what_scores_say_of_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsal, "STEPS", 0)
    model = small(**QUICK).fit(LINES, X_val=LINES[:60] + 0.01)
    assert model.score(LINES[:60] + 0.01) == pytest.approx(
        -min(model.history_["valid"]), abs=0.05
    )  # the reserve stays around 0


def test_such_a_model_answers_any_question() -> None:
    model = small(**QUICK).fit(LINES)
    assert model.made_.mask_sets.has_paths
    assert model.made_.order == "natural"
    filled = model.impute([[np.nan, np.nan, 1.0]], random_state=0)
    assert np.isfinite(filled).all()


def test_ranks_learn_what_one_process_learns() -> None:
    def fit(comm: Any) -> MADEDensity:
        own = LINES[:150] if comm.rank == 0 else LINES[150:]
        return small(**QUICK).fit(own, comm=comm)

    alone = small(**QUICK).fit(LINES)
    for model in on_ranks(2, fit):
        assert_allclose(model.score_samples(LINES), alone.score_samples(LINES), atol=0.05)


def test_paths_beside_home_find_what_a_line_says() -> None:
    model = small(**{**QUICK, "max_epochs": 60, "learning_rate": 5e-3}).fit(LINES)
    given = np.full((40, 3), np.nan)
    given[:, 2] = LINES[:40, 2]
    z = model.columns_.encode(np.tile(given, (20, 1)))
    drawn = model.columns_.decode(model.made_.sample(model.theta_, len(z), given=z, rng=0)).reshape(20, 40, 3)
    assert np.abs(drawn.mean(axis=0)[:, 0] - LINES[:40, 2]).mean() < 0.4  # 0.8 for who does not hear of it
