"""MADEDensity: what it learns, scores, draws, fills, stores and refuses."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from small import PLAIN, small

import made_np
from made_np import MADE, Bernoulli, Categorical, DiscretizedLogistic, Gaussian, MADEDensity
from made_np.optim import SGD
from made_np.schedules import WarmRestarts

NAN = np.nan


def table(n: int = 150, seed: int = 0) -> Any:
    """A real, a binary, a coded and another real column that depend on each other."""
    rng = np.random.default_rng(seed)
    real = 170 + 12 * rng.standard_normal(n)
    binary = rng.random(n) < 1 / (1 + np.exp((real - 170) / 6))
    codes = rng.integers(0, 3, n) + 2 * binary
    return np.column_stack([real, binary, codes, real / 1000 + rng.normal(0, 0.005, n) - 0.01 * binary])


X = table()


@pytest.fixture(scope="module")
def fitted() -> MADEDensity:
    return small().fit(X)


@pytest.fixture(scope="module")
def endless() -> MADEDensity:
    return small(n_masks=None, order="random").fit(X)


# ---------------------------------------------------------------------------------------------- scores


def integral(density: Any, grid: Any) -> Any:
    """The trapezoidal rule on an even grid, over the last axis."""
    return (density.sum(axis=-1) - (density[..., 0] + density[..., -1]) / 2) * (grid[1] - grid[0])


def test_score_samples_is_log_prob_in_the_units_of_the_columns(fitted: MADEDensity) -> None:
    model = small(columns={0: "gaussian", 3: "gaussian"}).fit(X)
    assert model.columns_.outputs == (Gaussian(), Bernoulli(), Categorical(5), Gaussian())
    z = X.copy()
    z[:, [0, 3]] = (X[:, [0, 3]] - X[:, [0, 3]].mean(axis=0)) / X[:, [0, 3]].std(axis=0)
    known = 2 * np.log1p(-1 / 151)  # two discrete columns keep a mass for what fit has not seen
    by_hand = model.made_.log_prob(model.theta_, z) - np.log(X[:, [0, 3]].std(axis=0)).sum() + known
    scores = model.score_samples(X)
    assert scores.dtype == np.float64
    assert_allclose(scores, by_hand, rtol=1e-4, atol=1e-4)  # the model itself computes in float32
    assert_allclose(model.score(X), by_hand.mean(), rtol=1e-4)


def test_score_is_the_mean_not_the_sum(fitted: MADEDensity) -> None:
    assert fitted.score(X) == fitted.score_samples(X).mean()
    assert_allclose(fitted.score(np.vstack([X, X])), fitted.score(X), rtol=1e-12)


def test_the_density_of_one_real_column_integrates_to_1() -> None:
    x = 50 + 20 * np.random.default_rng(0).standard_normal((100, 1))
    model = small().fit(x)
    grid = np.linspace(-250, 350, 20_001)
    assert_allclose(integral(np.exp(model.score_samples(grid[:, None])), grid), 1, atol=1e-4)  # logistics have tails


def test_the_density_of_a_mixed_table_sums_to_1() -> None:
    x = X[:, [0, 1, 2]]
    model = small().fit(x)
    grid = np.linspace(-100, 440, 2001)
    rows = np.stack(np.meshgrid(grid, [0, 1], np.arange(5), indexing="ij"), axis=-1).reshape(-1, 3)
    density = np.exp(model.score_samples(rows)).reshape(2001, -1).sum(axis=1)
    others = 1 - (1 - 1 / 151) ** 2  # the mass of rows with a value that fit has not seen
    assert_allclose(integral(density, grid), 1 - others, atol=1e-5)  # logistics have tails
    unseen = np.stack([grid, np.full(2001, 7.0), np.full(2001, 0.5)], axis=1)
    assert_allclose(integral(np.exp(model.score_samples(unseen)), grid), (1 / 151) ** 2, atol=1e-6)


def test_a_row_is_scored_alike_alone_and_in_company(fitted: MADEDensity, endless: MADEDensity) -> None:
    for model in (fitted, endless):
        alone = np.concatenate([model.score_samples(row[None]) for row in X[:20]])
        assert_allclose(model.score_samples(X)[:20], alone, rtol=1e-11)


def test_fitting_brings_the_score_near_that_of_the_truth() -> None:
    rng = np.random.default_rng(0)

    def draw(n: int) -> Any:
        x = rng.standard_normal((n, 1)) * 3
        return np.hstack([x, 0.8 * x + rng.standard_normal((n, 1)) * 0.5])

    train, test = draw(2000), draw(4000)
    covariance = np.array([[9, 7.2], [7.2, 0.64 * 9 + 0.25]])
    exponent = np.einsum("ni,ij,nj->n", test, np.linalg.inv(covariance), test)
    truth = (-exponent / 2 - np.log(2 * np.pi) - np.log(np.linalg.det(covariance)) / 2).mean()
    model = small(hidden_layer_sizes=(32,), learning_rate=0.01, max_epochs=60).fit(train)
    assert truth - 0.05 < model.score(test) < truth + 0.02  # nats


# ---------------------------------------------------------------------------------------------- evaluate


def test_evaluate_agrees_with_score_row_by_row(fitted: MADEDensity, endless: MADEDensity) -> None:
    for model, n_mask_sets in ((fitted, 1), (endless, 32)):
        found = model.evaluate(X)
        assert_allclose(found.row_nll, -model.score_samples(X), rtol=1e-12)
        assert_allclose(found.nll, -model.score(X), rtol=1e-12)
        assert found.n_mask_sets == n_mask_sets
        assert found.stopped_by == model.stopped_by_ == "max_epochs"
    found = fitted.evaluate(X)
    assert_allclose(found.per_feature.sum(), found.nll, rtol=1e-12)


def test_evaluate_is_in_the_units_of_each_column(fitted: MADEDensity) -> None:
    per_unit = fitted.evaluate(X).per_feature
    in_mm = small().fit(X * [8, 1, 1, 1])
    assert_allclose(in_mm.evaluate(X * [8, 1, 1, 1]).per_feature - per_unit, [np.log(8), 0, 0, 0], atol=1e-5)


def test_evaluate_names_the_columns_of_a_data_frame() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=["height", "ill", "code", "weight"])
    found = small().fit(frame).evaluate(frame)
    assert found.names == ("height", "ill", "code", "weight")
    assert "weight" in str(found)
    assert "stopped by    max_epochs" in str(found)


def test_gaps_and_unseen_values_are_evaluated_as_they_are_scored(fitted: MADEDensity) -> None:
    rows = X.copy()
    rows[2, 3] = NAN  # the last one in the order
    rows[3, 2] = 77
    found = fitted.evaluate(rows)
    assert_allclose(found.row_nll, -fitted.score_samples(rows), rtol=1e-12)
    assert_allclose(found.per_feature.sum(), found.nll, rtol=1e-9)
    assert_allclose(found.row_nll[4:], fitted.evaluate(X).row_nll[4:], rtol=1e-9)


def test_evaluate_refuses_an_estimator_that_is_not_fitted() -> None:
    with pytest.raises(Exception, match="not fitted"):
        MADEDensity().evaluate(X)


# ---------------------------------------------------------------------------------------------- gaps


def test_a_gap_at_the_end_is_summed_or_integrated_out(fitted: MADEDensity) -> None:
    rows = np.repeat(X[:3], 4001, axis=0)
    grid = np.tile(np.linspace(-0.5, 0.9, 4001), 3)
    rows[:, 3] = grid
    density = np.exp(fitted.score_samples(rows)).reshape(3, -1)
    part = X[:3].copy()
    part[:, 3] = NAN
    assert_allclose(np.exp(fitted.score_samples(part)), integral(density, grid[:4001]), rtol=1e-6)
    assert_array_equal(fitted.score_samples(np.full((1, 4), NAN)), 0)


def test_an_endless_model_scores_and_fills_any_gaps(endless: MADEDensity) -> None:
    gaps = X[:40].copy()
    gaps[np.random.default_rng(1).random(gaps.shape) < 0.4] = NAN
    assert np.isfinite(endless.score_samples(gaps)).all()
    for filled in [endless.impute(gaps), *endless.impute(gaps, n_draws=2)]:
        assert_array_equal(np.where(np.isnan(gaps), NAN, filled), gaps)
        assert np.isfinite(filled).all()


@pytest.mark.parametrize("method", ["score_samples", "impute"])
def test_gaps_that_the_order_does_not_allow_are_refused_with_the_way_out(method: str, fitted: MADEDensity) -> None:
    row = X[:2].copy()
    row[1, [0, 2]] = NAN
    with pytest.raises(
        ValueError, match=r"X\[1\] has gaps in column 0, column 2: .*n_masks=None.*set order to one that begins"
    ):
        getattr(fitted, method)(row)


def test_completions_follow_the_conditionals() -> None:
    # x1 = x0 or its opposite: what is filled in must follow what is given.
    x0 = np.random.default_rng(0).integers(0, 2, 400)
    model = small(hidden_layer_sizes=(8,), learning_rate=0.1, max_epochs=60).fit(np.column_stack([x0, 1 - x0]))
    given = np.array([[0, NAN], [1, NAN]])
    assert_array_equal(model.impute(given), [[0, 1], [1, 0]])
    draws = model.impute(given, n_draws=50)
    assert draws.shape == (50, 2, 2)
    assert (draws == [[0, 1], [1, 0]]).mean() > 0.97


def test_drawn_completions_have_the_marginal_of_the_model(fitted: MADEDensity) -> None:
    draws = fitted.impute(np.full((1, 4), NAN), n_draws=3000, random_state=0)[:, 0]
    samples = fitted.sample(3000, random_state=1)
    assert_allclose(draws.mean(axis=0), samples.mean(axis=0), atol=4 * (X.std(axis=0) * (2 / 3000) ** 0.5).max())
    assert_allclose(draws[:, 0].std(), samples[:, 0].std(), rtol=0.1)
    assert set(np.unique(draws[:, 1])) == {0, 1}
    assert set(np.unique(draws[:, 2])) <= {0, 1, 2, 3, 4}


def test_what_is_given_stays_bit_by_bit(fitted: MADEDensity) -> None:
    gaps = X.copy()
    gaps[::2, 3] = NAN
    before = gaps.copy()
    filled = fitted.impute(gaps)
    assert_array_equal(filled[~np.isnan(gaps)], X[~np.isnan(gaps)])
    assert_array_equal(gaps, before)
    assert_array_equal(fitted.impute(X), X)
    assert_array_equal(fitted.impute(X, n_draws=2), [X, X])


# ---------------------------------------------------------------------------------------------- samples


def test_samples_are_rows_of_the_table(fitted: MADEDensity) -> None:
    rows = fitted.sample(2000)
    assert (rows.shape, rows.dtype) == ((2000, 4), np.float64)
    assert fitted.sample().shape == (1, 4)
    assert_allclose(rows[:, 0].mean(), 170, atol=6)
    assert_allclose(rows[:, 3].mean(), X[:, 3].mean(), atol=0.01)
    assert set(np.unique(rows[:, 1])) == {0, 1}
    assert set(np.unique(rows[:, 2])) <= {0, 1, 2, 3, 4}


def test_samples_repeat_themselves_with_the_random_state(fitted: MADEDensity) -> None:
    assert_array_equal(fitted.sample(9, random_state=3), fitted.sample(9, random_state=3))
    assert (fitted.sample(9, random_state=3) != fitted.sample(9, random_state=4)).any()
    assert_array_equal(fitted.sample(9), fitted.sample(9, random_state=0))  # that of the estimator
    rng = np.random.default_rng(0)
    assert (fitted.sample(9, random_state=rng) != fitted.sample(9, random_state=rng)).any()


@pytest.mark.parametrize(("n", "error"), [(0, ValueError), (-1, ValueError), (1.5, TypeError), ("3", TypeError)])
def test_a_number_of_samples_is_at_least_1(n: Any, error: type[Exception], fitted: MADEDensity) -> None:
    with pytest.raises(error, match="n_samples"):
        fitted.sample(n)
    with pytest.raises(error, match="n_draws"):
        fitted.impute(X, n_draws=n)


# ---------------------------------------------------------------------------------------------- fitting


def test_the_same_random_state_gives_the_same_bits_and_a_refit_forgets() -> None:
    model = small().fit(table(80, seed=5))
    scores = model.fit(X).score_samples(X)
    assert_array_equal(model.fit(X).score_samples(X), scores)
    assert_array_equal(small().fit(X).score_samples(X), scores)
    assert (small(random_state=1).fit(X).score_samples(X) != scores).any()


def test_fit_leaves_input_parameters_and_global_random_state_alone() -> None:
    x, before = X.copy(), str(np.random.get_state())  # noqa: NPY002
    x.flags.writeable = False
    model = small(random_state=None)
    params = model.get_params()
    model.fit(x, X_val=x).sample(3)
    assert model.get_params() == params
    assert str(np.random.get_state()) == before  # noqa: NPY002


def test_early_stopping_holds_rows_out_and_keeps_the_best() -> None:
    model = small(hidden_layer_sizes=(64,), learning_rate=0.05, max_epochs=300, n_iter_no_change=4).fit(X)
    valid = model.history_["valid"]
    assert model.stopped_by_ == "patience"
    assert model.n_iter_ == len(valid) == np.argmin(valid) + 1 + 4 < 300


def test_rows_for_validation_may_be_given() -> None:
    other = table(60, seed=9)
    other[:, 2] = np.minimum(other[:, 2], 4)
    model = small(early_stopping=False).fit(X, X_val=other)
    best = min(model.history_["valid"])
    # With early_stopping too, no further rows are held out.
    assert_array_equal(small().fit(X, X_val=other).theta_, model.theta_)
    assert_allclose(-model.score(other), best, rtol=1e-4)  # both are in the units of the columns


def test_without_early_stopping_nothing_is_held_out_and_all_epochs_are_done() -> None:
    model = small(early_stopping=False).fit(X)
    assert (model.n_iter_, model.stopped_by_) == (5, "max_epochs")
    assert np.isnan(model.history_["valid"]).all()


@pytest.mark.parametrize(("n", "held_out"), [(1, 0), (2, 1), (9, 1), (40, 8)])
def test_a_share_of_the_rows_is_held_out_at_least_one(n: int, held_out: int) -> None:
    sizes = []

    @dataclass(frozen=True)
    class Counting(SGD):
        def step(self, theta: Any, grad: Any, state: Any, learning_rate: float, decay: Any = None) -> None:
            sizes.append(1)
            super().step(theta, grad, state, learning_rate, decay)

    model = small(columns="gaussian", batch_size=1, optimizer=Counting(), validation_fraction=0.2, max_epochs=1)
    model.fit(X[:n])
    assert len(sizes) == n - held_out
    assert np.isnan(model.history_["valid"][0]) == (held_out == 0)


def test_warm_start_goes_on_and_keeps_the_columns() -> None:
    model = small(warm_start=True, early_stopping=False, learning_rate=0.05).fit(X)
    first, columns = model.history_["train"], model.columns_
    model.fit(X + np.array([1, 0, 0, 0]))
    assert model.columns_ == columns
    assert model.history_["train"][0] < first[-1] + 0.2 < first[0] - 0.2  # nats
    with pytest.raises(ValueError, match=r"hidden changed.*warm_start=False"):
        model.set_params(hidden_layer_sizes=(3,)).fit(X)
    assert model.set_params(warm_start=False).fit(X).made_.hidden == (3,)


def test_partial_fit_goes_on_and_keeps_the_columns() -> None:
    model = small().set_params(learning_rate=0.02, batch_size=20)
    scores = [model.partial_fit(part).score(X) for part in [X] * 8]
    assert scores[-1] > scores[0] + 0.1
    assert model.n_iter_ == 8
    assert model.history_["epoch"] == list(range(1, 9))
    columns = model.columns_
    assert model.partial_fit(X + np.array([5, 0, 0, 0])).columns_ == columns
    assert model.partial_fit([[170, 0, 9, 0.1]]).columns_ == columns  # what is unseen costs nothing, teaches nothing
    theta = small().fit(X)
    before = theta.theta_.copy()
    assert 0 < np.abs(theta.partial_fit(X).theta_ - before).max() < 0.05  # goes on from what fit learned


def test_partial_fit_on_all_rows_is_an_epoch_of_fit() -> None:
    # One batch holds all rows, so that the order they are dealt in does not matter.
    options = {"dtype": "float64", "batch_size": 1000, "n_masks": 2, "order": "random", "optimizer": "sgd"}
    wanted = small(early_stopping=False, **options).fit(X)
    model = small(**options)
    for _ in range(PLAIN["max_epochs"]):
        model.partial_fit(X)
    assert_allclose(model.theta_, wanted.theta_, rtol=1e-9, atol=1e-12)
    assert_allclose(model.history_["train"], wanted.history_["train"], rtol=1e-9)


@pytest.mark.parametrize(
    ("name", "value"),
    [("input_dropout", 0.3), ("averaging", 0.9), ("schedule", "linear"), ("schedule", WarmRestarts(2))],
)
def test_what_fit_offers_can_be_asked_for(name: str, value: Any, tmp_path: Path) -> None:
    options: dict[str, Any] = {"early_stopping": False, "batch_size": 20}
    model = small(**options, **{name: value}).fit(X)
    rng, rows = np.random.default_rng(0), model.columns_.encode(X)
    want = made_np.fit(model.made_, rows, rng=rng, max_epochs=5, batch_size=20, **{name: value}).theta
    assert_array_equal(model.theta_, want)
    assert (model.theta_ != small(**options).fit(X).theta_).any()
    model.save(tmp_path / "model.npz")
    assert MADEDensity.load(tmp_path / "model.npz").get_params() == model.get_params()


def test_partial_fit_drops_inputs() -> None:
    thetas = [small(input_dropout=rate).partial_fit(X).theta_ for rate in (0.0, 0.3)]
    assert (thetas[0] != thetas[1]).any()


def test_a_plateau_needs_rows_that_are_held_out() -> None:
    model = small(schedule="plateau")
    assert model.fit(X).n_iter_ == 5
    with pytest.raises(ValueError, match="needs validation losses"):
        model.set_params(early_stopping=False).fit(X)


def test_ctrl_c_keeps_what_is_there() -> None:
    @dataclass(frozen=True)
    class Interrupted(SGD):
        def step(self, theta: Any, grad: Any, state: Any, learning_rate: float, decay: Any = None) -> None:
            super().step(theta, grad, state, learning_rate, decay)
            if state["step"] == 5:
                raise KeyboardInterrupt

    model = small(columns="gaussian", optimizer=Interrupted()).fit(X)
    assert (model.stopped_by_, model.n_iter_) == ("interrupt", 2)
    assert np.isfinite(model.score(X))


def test_verbose_shows_progress(capfd: pytest.CaptureFixture[str]) -> None:
    small().fit(X)
    assert capfd.readouterr() == ("", "")
    small(verbose=1).fit(X)
    assert "nats" in capfd.readouterr().err


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dtype_is_that_of_the_parameters(dtype: str) -> None:
    model = small(dtype=dtype).fit(X)
    assert model.theta_.dtype == dtype
    assert model.score_samples(X).dtype == model.sample(2).dtype == np.float64


def test_the_parameters_reach_the_model() -> None:
    options = {"activation": "tanh", "order": [2, 0, 3, 1], "direct": True, "residual": True, "dtype": "float64"}
    made = small(hidden_layer_sizes=(6, 6), max_epochs=1, mask_weights=True, **options).fit(X).made_
    assert made.mask_weights
    assert (made.hidden, made.activation, made.direct, made.residual, made.dtype) == ((6, 6), "tanh", True, True, "f8")
    assert made.mask_sets[0].order.tolist() == [2, 0, 3, 1]
    assert small(n_masks=3, order="random").fit(X).made_.n_masks == 3
    weights = [np.abs(small(weight_decay=w).fit(X).theta_).sum() for w in (0, 5.0)]
    assert weights[1] < weights[0]
    assert (small(dropout=0.5).fit(X).theta_ != small().fit(X).theta_).any()


def test_without_hidden_layers_the_defaults_hold_too() -> None:
    for method in ("fit", "partial_fit"):
        linear = getattr(MADEDensity((), max_epochs=2, random_state=0), method)(X)
        assert linear.dropout == "auto"
        assert np.isfinite(linear.score(X))
    assert_array_equal(*(small(hidden_layer_sizes=(), direct=True, dropout=rate).fit(X).theta_ for rate in (0.0, 0.5)))


# ---------------------------------------------------------------------------------------------- order="found"


def test_an_order_is_found_in_the_rows_of_fit(tmp_path: Path) -> None:
    model = small(order="found").fit(X)
    found = made_np.find_order(X).tolist()
    assert found != [0, 1, 2, 3]
    assert list(model.made_.order) == found
    assert_array_equal(model.theta_, small(order=found).fit(X).theta_)
    model.save(tmp_path / "model.npz")
    again = MADEDensity.load(tmp_path / "model.npz")
    assert again.order == model.order == "found"
    assert list(again.made_.order) == found
    assert_array_equal(again.score_samples(X), model.score_samples(X))
    grey = X / X.max(axis=0)
    bits = small(order="found", binarize=0.9).fit(grey)
    assert list(bits.made_.order) == made_np.find_order(grey > 0.9).tolist()


def test_an_order_that_was_found_stays_while_learning_goes_on() -> None:
    other = X[:, [0, 1, 2, 0]]  # a copy of column 0 follows it
    assert made_np.find_order(other).tolist() != made_np.find_order(X).tolist()
    for method in ("fit", "partial_fit"):
        model = small(order="found", warm_start=True)
        for rows in (X, other):
            getattr(model, method)(rows)
            assert list(model.made_.order) == made_np.find_order(X).tolist()
        with pytest.raises(ValueError, match="n_masks=2"):
            model.set_params(n_masks=2).partial_fit(X)
    assert list(small(order="found").fit(X).fit(other).made_.order) == made_np.find_order(other).tolist()


def test_a_found_order_is_worth_having() -> None:
    # A code, its bits and their parity: from the code all is known to a linear model, which no parity leads to a bit.
    code = np.random.default_rng(0).integers(0, 8, 2000)
    bits = code[:, None] >> np.arange(3) & 1
    x = np.column_stack([bits.sum(axis=1) % 2, bits, code])
    options: dict[str, Any] = {"direct": True, "learning_rate": 0.05, "max_epochs": 40}
    orders = "found", "natural"
    found, natural = (small(hidden_layer_sizes=(), order=order, **options).fit(x).score(x) for order in orders)
    assert -np.log(8) - 0.05 < found < -np.log(8) + 0.01  # nats
    assert natural < found - 0.5


# ---------------------------------------------------------------------------------------------- unusual tables


@pytest.mark.parametrize(
    "x",
    [
        [[3.5]],
        [[1, 0.5, 2]],
        [[0], [1], [1]],
        np.column_stack([np.full((20, 3), 7.5), np.arange(20) % 3]),
        np.full((20, 2), 1),
        np.zeros((20, 2)),
        np.column_stack([np.full(20, 1e9), np.arange(20) / 7]),
        np.random.default_rng(0).normal(size=(20, 1)) * 1e-8,
        np.random.default_rng(0).normal(size=(20, 2)) * 1e150,
    ],
    ids=["one number", "one row", "one binary column", "constant", "ones", "zeros", "constant 1e9", "tiny", "huge"],
)
def test_small_constant_and_extreme_tables_work(x: Any) -> None:
    model = small().fit(x)
    assert np.isfinite(model.score_samples(x)).all()
    rows = model.sample(50)
    assert rows.shape == (50, np.shape(x)[1])
    assert np.isfinite(rows).all()
    within = 10 * np.std(x, axis=0) if len(x) > 1 else np.inf
    assert (np.abs(rows - np.mean(x, axis=0)) <= np.maximum(within, 1)).all()


def test_binarize_is_a_threshold_that_gaps_pass() -> None:
    grey = np.random.default_rng(0).random((60, 3))
    grey[:, 2] = grey[:, 0]
    model = small(binarize=0.5).fit(grey)
    bits = (grey > 0.5).astype(float)
    assert model.columns_.outputs == (Bernoulli(),) * 3
    assert_array_equal(model.score_samples(grey), model.score_samples(bits * 0.8))
    assert_array_equal(model.theta_, small().fit(bits).theta_)
    assert model.score_samples([[0.5, 1, 1]]) == model.score_samples([[0, 1, 1]])  # x > binarize
    given = np.array([[0.7, 0.2, NAN]])
    assert_array_equal(model.impute(given)[:, :2], [[1, 0]])
    assert model.impute(given)[0, 2] in (0, 1)
    assert model.score_samples(given) > model.score_samples([[0.7, 0.2, 0.9]])


def test_distributions_may_be_given_column_by_column() -> None:
    columns = ["gaussian", "bernoulli", Categorical(6), Gaussian(min_scale=0.1)]
    model = small(columns=columns).fit(X)
    assert model.columns_.outputs == (Gaussian(), Bernoulli(), Categorical(6), Gaussian(min_scale=0.1))
    assert np.isfinite(model.score_samples([[170, 0, 5, 0.2]])).all()
    grey = np.array([[0, 3], [0, 16]])
    assert small(columns="discretized_logistic").fit(grey).made_.output == DiscretizedLogistic(17)


# ---------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("params", "error", "words"),
    [
        ({"columns": "bernoulli"}, ValueError, r"X\[0, 0\] = .*column 0 .*0 or 1.*binarize"),
        ({"columns": "poisson"}, ValueError, "poisson"),
        ({"columns": ["auto"]}, ValueError, "columns lists 1 .*4 columns"),
        ({"hidden_layer_sizes": 5}, TypeError, "hidden_layer_sizes=5"),
        ({"hidden_layer_sizes": (5, 0)}, ValueError, r"hidden_layer_sizes\[1\]=0"),
        ({"activation": "x"}, ValueError, "activation='x'"),
        ({"order": [0, 0, 1, 2]}, ValueError, "order"),
        ({"order": "autto"}, ValueError, "order='autto' is unknown: of words it takes only .*random, found, auto"),
        ({"order": "found", "n_masks": 2}, ValueError, "order='found' is one order, and n_masks=2: set n_masks=1"),
        ({"order": "found", "n_masks": 3}, ValueError, "n_masks=3: set n_masks=1, or order='random'"),
        ({"answers": "any", "order": "random"}, ValueError, "answers='any' takes one home order"),
        ({"answers": "all"}, ValueError, "answers='all'"),
        ({"missing": "drop"}, ValueError, "missing='drop'"),
        ({"handle_unknown": "x"}, ValueError, "handle_unknown='x'"),
        ({"min_frequency": -1}, ValueError, "min_frequency=-1"),
        ({"n_masks": "many"}, ValueError, "n_masks='many' is unknown: of words it takes only auto"),
        ({"n_masks": 0}, ValueError, "n_masks=0"),
        ({"optimizer": "x"}, ValueError, "optimizer='x'"),
        ({"learning_rate": 0}, ValueError, "learning_rate=0"),
        ({"batch_size": 0}, ValueError, "batch_size=0"),
        ({"max_epochs": 0}, ValueError, "max_epochs=0"),
        ({"max_epochs": "all"}, ValueError, "max_epochs='all' is unknown"),
        ({"max_epochs": 2.5}, TypeError, "max_epochs=2.5"),
        ({"n_iter_no_change": "no"}, ValueError, "n_iter_no_change='no' is unknown"),
        ({"validation_fraction": 1.0}, ValueError, r"validation_fraction=1.0: give a number in \(0, 1\)"),
        ({"validation_fraction": "x"}, TypeError, "validation_fraction='x'"),
        ({"n_iter_no_change": 0}, ValueError, "n_iter_no_change=0"),
        ({"weight_decay": -1}, ValueError, "weight_decay=-1"),
        ({"weight_decay": "yes"}, ValueError, "weight_decay='yes' is unknown: of words it takes only auto"),
        ({"weight_decay": None}, TypeError, "weight_decay=None"),
        ({"weight_decay": {"W9": 0.1}}, ValueError, "weight_decay names 'W9'"),
        ({"dropout": 1}, ValueError, "dropout=1"),
        ({"input_dropout": 1}, ValueError, "input_dropout=1"),
        ({"averaging": 2}, ValueError, "averaging=2"),
        ({"schedule": "cos"}, ValueError, "schedule='cos'"),
        ({"random_state": "x"}, TypeError, "random_state='x'"),
        ({"dtype": "int"}, ValueError, "dtype='int'"),
        ({"backend": "x"}, ValueError, "x"),
        ({"binarize": "x"}, TypeError, "binarize='x'"),
    ],
)
def test_a_bad_parameter_is_refused_by_fit_and_named(params: Any, error: type[Exception], words: str) -> None:
    model = small(**params)
    with pytest.raises(error, match=words):
        model.fit(X)
    assert not hasattr(model, "theta_")
    assert not hasattr(model, "n_features_in_")


@pytest.mark.parametrize("bad", [X[:, :3], np.where(X[0] == X, np.inf, X), X * 1j])
def test_a_bad_table_is_refused_and_leaves_the_fitted_estimator_as_it_was(bad: Any, fitted: MADEDensity) -> None:
    before = fitted.score(X)
    for method in (fitted.score_samples, fitted.impute):
        with pytest.raises((TypeError, ValueError), match="X"):
            method(bad)
    if bad.dtype.kind != "f" or np.isinf(bad).any():
        with pytest.raises((TypeError, ValueError), match=r"X\[0, 0\] \(column 0\)"):
            fitted.fit(bad)
    with pytest.raises((TypeError, ValueError), match="X_val"):
        fitted.fit(X, X_val=bad)
    assert fitted.score(X) == before


def test_gaps_of_fit_cost_nothing() -> None:
    x = X.copy()
    x[3, 2] = NAN
    for method in ("fit", "partial_fit"):
        model = getattr(small(), method)(x)
        assert model.columns_.each[2].facts.n_gaps == 1
        assert np.isfinite(model.score_samples(X)).all()


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_a_minus_one_among_codes_is_pointed_out_where_fit_is_called(method: str) -> None:
    with pytest.warns(UserWarning, match=r"-1 among them in column 2 are taken as they are") as caught:
        getattr(small(), method)(X - [0, 0, 1, 0])
    assert [each.filename for each in caught] == [__file__]


def test_a_code_that_fit_has_not_seen_has_the_mass_of_others(fitted: MADEDensity) -> None:
    seen, unseen = fitted.score_samples([[170, 0, 2, 0.16], [170, 0, 7, 0.16]])
    assert unseen < seen - 2
    strict = small(handle_unknown="error").fit(X)
    with pytest.raises(ValueError, match=r"X\[0, 2\] = 7: column 2 .*0\.\.4.*Categorical\(n\)"):
        strict.score_samples([[170, 0, 7, 0.1]])


# ---------------------------------------------------------------------------------------------- files


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_is_saved_comes_back_bit_by_bit(dtype: str, tmp_path: Path) -> None:
    columns = ["gaussian", "auto", Categorical(6), "auto"]
    params: dict[str, Any] = {
        "columns": columns,
        "dtype": dtype,
        "order": np.array([3, 1, 0, 2]),
        "optimizer": SGD(momentum=0.9),
    }
    model = small(**params).fit(X)
    model.save(tmp_path / "model.npz")
    again = MADEDensity.load(tmp_path / "model.npz")
    assert repr(again) == repr(model.set_params(order=[3, 1, 0, 2]))
    assert again.made_ == model.made_
    assert again.columns_ == model.columns_
    assert again.history_ == model.history_
    assert (again.n_iter_, again.stopped_by_, again.n_features_in_) == (5, "max_epochs", 4)
    assert_array_equal(again.theta_, model.theta_)
    assert_array_equal(again.score_samples(X), model.score_samples(X))
    assert_array_equal(again.sample(9), model.sample(9))
    assert_array_equal(again.fit(X).theta_, model.fit(X).theta_)


def test_a_generator_is_stored_as_no_random_state(tmp_path: Path) -> None:
    model = small().set_params(random_state=np.random.default_rng(0)).fit(X)
    model.save(tmp_path / "model.npz")
    assert MADEDensity.load(tmp_path / "model.npz").random_state is None


def test_a_file_without_an_estimator_says_how_to_read_it(tmp_path: Path) -> None:
    made = MADE(3, hidden=(4,))
    made_np.save(tmp_path / "model.npz", made, made.init())
    with pytest.raises(ValueError, match=r"no MADEDensity: .*made_np\.load"):
        MADEDensity.load(tmp_path / "model.npz")
    with pytest.raises(ValueError, match="not fitted"):
        MADEDensity().save(tmp_path / "other.npz")
    assert not (tmp_path / "other.npz").exists()


# ---------------------------------------------------------------------------------------------- data frames


def test_data_frames_in_give_data_frames_out(tmp_path: Path) -> None:
    pd = pytest.importorskip("pandas")
    names = ["height", "likes", "colour", "other"]
    frame = pd.DataFrame(X, columns=names, index=np.arange(len(X)) + 1000)
    frame["likes"] = frame["likes"].astype(bool)
    frame["colour"] = frame["colour"].astype(int)
    model = small().fit(frame)
    assert model.feature_names_in_.tolist() == names
    assert_array_equal(model.theta_, small().fit(X).theta_)

    model.save(tmp_path / "model.npz")
    for each in (model, MADEDensity.load(tmp_path / "model.npz")):
        rows = each.sample(3)
        assert isinstance(rows, pd.DataFrame)
        assert list(rows.columns) == names
        assert len(each.sample(1)) == 1

    gaps = pd.DataFrame(X.copy(), columns=names, index=frame.index)
    gaps.loc[1003, "other"] = NAN
    filled = model.impute(gaps)
    assert list(filled.columns) == names
    assert filled.index.equals(gaps.index)
    assert not filled.isna().any(axis=None)
    assert [type(each) for each in model.impute(gaps, n_draws=2)] == [pd.DataFrame] * 2
    assert (model.score_samples(frame.assign(colour=8)) < model.score_samples(frame)).mean() > 0.9
    with pytest.raises(ValueError, match=r"gaps in column 0 \('height'\)"):
        model.impute(gaps.assign(height=NAN))
    assert not hasattr(model.fit(X), "feature_names_in_")


# ---------------------------------------------------------------------------------------------- no scikit-learn

WITHOUT = """
import sys, tempfile, warnings

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"sklearn", "pandas", "scipy", "tqdm", "joblib"}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Blocker())
warnings.simplefilter("error")
import numpy as np
from made_np import MADEDensity

def error(call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except Exception as caught:
        return caught
    raise SystemExit("nothing was raised")

class Frame:
    def __init__(self, array, columns):
        self.array, self.columns = array, columns
    def __array__(self, dtype=None, copy=None):
        return self.array

X = np.random.default_rng(0).normal(size=(50, 3))
model = MADEDensity((8,), order="natural", max_epochs=3, random_state=0)
assert isinstance(error(model.score, X), ValueError) and isinstance(error(model.sample), AttributeError)
assert "not fitted" in str(error(model.sample))
model.fit(X).partial_fit(X)
assert model.score_samples(X).shape == (50,) and model.sample(4).shape == (4, 3)
X[0, 2] = np.nan
assert np.isfinite(model.impute(X)).all() and np.isfinite(model.score(X))
assert "X has 2 features, but MADEDensity is expecting 3" in str(error(model.score, X[:, :2]))
named = MADEDensity((8,), max_epochs=1).fit(Frame(X[1:], ["a", "b", "c"]))
assert "X has 'c' as column 0, but fit saw 'a'" in str(error(named.score, Frame(X, ["c", "b", "a"])))
assert "X does not have valid feature names" in str(error(named.score, X))
assert list(named.sample(2)) == ["a", "b", "c"]  # a dict of columns, without pandas
with tempfile.TemporaryDirectory() as folder:
    model.save(folder + "/model.npz")
    assert (MADEDensity.load(folder + "/model.npz").sample(5) == model.sample(5)).all()
assert repr(model) == "MADEDensity(hidden_layer_sizes=(8,), max_epochs=3, order='natural', random_state=0)"
assert "sklearn" not in sys.modules
print("done")
"""


def test_everything_works_without_scikit_learn() -> None:
    root = Path(made_np.__file__).resolve().parents[1]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, env=environment)
    assert done.stdout == "done\n", done.stderr


def test_fitting_does_not_load_scikit_learn() -> None:
    code = "import sys, made_np; m = made_np.MADEDensity((4,), max_epochs=1).fit([[0.5], [1.5]]); m.score([[1]]); "
    code += "print('sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
