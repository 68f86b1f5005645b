"""Rehearsal: a model of codes learns to answer any question from rows that it draws, and its answers add up."""

from __future__ import annotations

import gc
import itertools
import time
import weakref
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from rank_threads import on_ranks

from made_np import MADE, Categorical, Gaussian, MADEDensity
from made_np.estimator import rehearsal
from made_np.estimator.plan import Facts, choose
from made_np.estimator.rehearsal import at_home, rehearse, rehearses
from made_np.estimator.trials import PATHS, Choice
from made_np.model.gaps import observed_log_prob
from made_np.model.rows import Rows

Array = NDArray[Any]
SIZES = 3, 4, 3, 3


def table(n: int, seed: int = 0) -> Array:
    """Rows of four columns, each of which has to do with all before it."""
    rng = np.random.default_rng(seed)
    x = np.zeros((n, 4))
    x[:, 0] = rng.integers(0, 3, n)
    x[:, 1] = (x[:, 0] + rng.integers(0, 2, n)) % 4
    x[:, 2] = np.where(rng.random(n) < 0.7, (x[:, 0] * x[:, 1]) % 3, rng.integers(0, 3, n))
    x[:, 3] = np.where(rng.random(n) < 0.8, (x[:, 1] + x[:, 2]) % 3, rng.integers(0, 3, n))
    return x


def fitted(**options: Any) -> MADEDensity:
    given = {"columns": "categorical", "answers": "any", "hidden_layer_sizes": (64,), "random_state": 0, **options}
    return MADEDensity(**given).fit(table(600))


def apart(made: MADE, theta: Array) -> Array:
    """|log p(A) - log sum of home over the rest| in nats, for each value of each set of known columns."""
    rows = np.array(list(itertools.product(*map(range, SIZES))), dtype=float)
    home = made.log_prob(theta, rows)
    found = []
    for known in itertools.product([False, True], repeat=4):
        values, of = np.unique(np.where(known, rows, -1), axis=0, return_inverse=True)
        sums = np.full(len(values), -np.inf)
        np.logaddexp.at(sums, of.reshape(-1), home)
        found.append(np.abs(observed_log_prob(made, theta, np.where(values < 0, np.nan, values)) - sums))
    return np.concatenate(found)


def test_codes_with_one_home_are_rehearsed_and_nothing_else_is() -> None:
    codes = [Categorical(3)] * 3
    assert rehearses(MADE(3, (8,), codes, n_masks=None))
    assert not rehearses(MADE(3, (8,), codes))
    assert not rehearses(MADE(3, (8,), codes, n_masks=None, order="random"))
    assert not rehearses(MADE(3, (8,), codes, n_masks=None, order=[[0, 1, 2], [2, 1, 0]]))
    mixed = MADE(3, (8,), [*codes[:2], Gaussian()], n_masks=None)
    assert not rehearses(mixed)
    assert rehearses(mixed, is_sheared=True)


def test_home_alone_has_the_same_parameters() -> None:
    made = MADE(3, (8,), [Categorical(3)] * 3, n_masks=None, order=[2, 0, 1], dtype="float64")
    home = at_home(made)
    assert (home.n_masks, home.layout) == (1, made.layout)
    theta = made.init(0)
    x = np.array([[0, 1, 2], [2, 2, 0.0]])
    np.testing.assert_array_equal(home.log_prob(theta, x), made.log_prob(theta, x))
    other = replace(made, order="random")
    assert at_home(other) is other
    real = replace(made, output=[Gaussian()] * 3)
    assert at_home(real) is real
    assert at_home(real, is_sheared=True).n_masks == 1


def test_answers_add_up_far_better_than_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    without_trials = {"order": "natural", "weight_decay": 0.0}
    after = fitted(**without_trials)
    monkeypatch.setattr(rehearsal, "STEPS", 0)
    before = fitted(**without_trials)
    assert apart(after.made_, after.theta_).mean() < 0.15
    assert apart(before.made_, before.theta_).mean() > 0.3
    test = table(2000, seed=1)
    assert after.score(test) > before.score(test) - 0.02


def test_a_seed_says_it_again() -> None:
    np.testing.assert_array_equal(fitted(max_epochs=3).theta_, fitted(max_epochs=3).theta_)


def test_an_interrupted_fit_is_not_rehearsed(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*args: Any, **options: Any) -> Array:
        raise AssertionError("it was rehearsed")

    monkeypatch.setattr(rehearsal, "rehearse", never)
    with pytest.raises(AssertionError, match="it was rehearsed"):
        fitted(max_epochs=2)
    monkeypatch.setattr("made_np.training.loop.Run._epoch", _interrupted)
    assert fitted(max_epochs=2, order="natural", weight_decay=0.0).stopped_by_ == "interrupt"


def _interrupted(*args: Any) -> None:
    raise KeyboardInterrupt


def test_a_rehearsal_that_is_interrupted_says_so_and_keeps_what_was_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = fitted(max_epochs=2, order="natural", weight_decay=0.0)
    monkeypatch.setattr(rehearsal, "_drawn", _interrupted)
    ended = fitted(max_epochs=2, order="natural", weight_decay=0.0)
    assert (whole.stopped_by_, ended.stopped_by_) == ("max_epochs", "interrupt")
    x = table(100, seed=1)
    assert abs(ended.score(x) - whole.score(x)) < 0.5
    assert not np.array_equal(ended.theta_, whole.theta_)


def test_no_more_rows_are_drawn_than_half_of_the_time_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    made = MADE(2, (8,), [Categorical(3)] * 2, n_masks=None)
    monkeypatch.setattr(rehearsal, "AT_ONCE", 10)
    empty = Rows(np.empty((0, 2)))
    drawn = rehearsal._drawn(made, made.init(0), empty, np.dtype(np.uint8), 95, np.random.default_rng(0), 0.0)
    assert len(drawn) == 10
    drawn = rehearsal._drawn(made, made.init(0), empty, np.dtype(np.uint8), 95, np.random.default_rng(0), 1e12)
    assert len(drawn) == 95


def test_half_of_the_time_is_for_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    plan, _ = model()
    seen = []

    def noted(work: Any) -> Any:
        def does(made: MADE, first: Array, rows: Rows, last: Any, options: Any, *more: Any, **named: Any) -> Any:
            seen.append(options.max_seconds)
            return work(made, first, rows, last, options, *more, **named)

        return does

    monkeypatch.setattr(rehearsal, "imitate", noted(rehearsal.imitate))
    monkeypatch.setattr(rehearsal, "learn_paths", noted(rehearsal.learn_paths))

    def fit_rows(made: MADE, rows: Rows, valid: Any, options: Any, **more: Any) -> Any:
        seen.append(options.max_seconds)
        return fit(made, rows, valid, options, **more)

    fit = rehearsal.fit_rows
    monkeypatch.setattr(rehearsal, "fit_rows", fit_rows)
    home = rehearsal.fit_home(plan, Rows(table(60)), None, lambda: 100.0, rng=0)
    rehearsal.rehearsed(plan, home, np.dtype(np.uint8), 0, lambda: 100.0)
    first, second, third = seen
    assert first == 50
    assert 33 < second < 67
    assert 2 * third == pytest.approx(second)


def test_the_table_is_let_go_of_before_rows_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    held = []

    def fit_rows(made: MADE, rows: Rows, valid: Rows | None, *args: Any, **more: Any) -> Any:
        assert valid is not None
        held.extend(
            weakref.ref(array) for each in (rows, valid) for array in (each.x, each.x.base) if array is not None
        )
        return fit(made, rows, valid, *args, **more)

    def rehearse(plan: Any, theta: Array, *args: Any) -> tuple[Array, bool]:
        gc.collect()
        assert held
        assert not any(ref() is not None for ref in held)
        return theta, True

    fit = rehearsal.fit_rows
    monkeypatch.setattr(rehearsal, "fit_rows", fit_rows)
    monkeypatch.setattr(rehearsal, "rehearse", rehearse)
    density = MADEDensity((8,), answers="any", columns="categorical", order="natural", weight_decay=0.0, random_state=0)
    density.set_params(max_epochs=1).fit(table(600))


def test_it_ends_in_time() -> None:
    density = MADEDensity(answers="any", columns="categorical", order="natural", weight_decay=0.0, random_state=0)
    start = time.perf_counter()
    density.set_params(max_epochs=10**6, n_iter_no_change=10**6).fit(table(600), max_seconds=1.0)
    assert time.perf_counter() - start < 30  # a million epochs, or all steps of a rehearsal, take longer
    assert density.stopped_by_ == "max_seconds"


def model(**options: Any) -> tuple[Any, Array]:
    """A plan, with parameters that were never trained."""
    density = MADEDensity(answers="any", columns="categorical", hidden_layer_sizes=(8,), max_epochs=1, random_state=0)
    density.set_params(**options)
    columns = density.fit(table(60)).columns_
    plan = choose(density, Facts(columns, 60, 60), Choice("natural", PATHS, 0.1))
    return plan, plan.made.init(0)


@pytest.mark.parametrize("most", [1 << 26, 4 * 300])
def test_rows_are_drawn_from_home_no_more_than_memory_holds(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def noted(made: MADE, theta: Array, rows: Rows, n_steps: int, options: Any, *more: Any) -> Any:
        seen.append((made, rows, n_steps, options.batch_size))
        return theta, True

    plan, theta = model()
    monkeypatch.setattr(rehearsal, "imitate", noted)
    monkeypatch.setattr(rehearsal, "learn_paths", noted)
    monkeypatch.setattr(rehearsal, "MEMORY", most)
    rehearse(plan, theta, Rows(table(60)), np.dtype(np.uint8), 30, 0, None)
    (made, rows, n_home, batch), (_, others, n_paths, _) = seen
    assert made is plan.made
    assert others is rows
    assert rows.x.dtype == np.uint8
    assert (n_home, n_paths, batch) == (40, 20, rehearsal.BATCH)
    n = min(10 * rehearsal.BATCH, most // 4)
    assert len(rows) == n
    p = np.exp(plan.made.log_prob(theta, list(itertools.product(*map(range, SIZES))))).reshape(SIZES)
    for d, size in enumerate(SIZES):
        share = np.bincount(rows.x[:, d], minlength=size) / n
        want = p.sum(axis=tuple(k for k in range(4) if k != d))
        np.testing.assert_allclose(share, want, atol=4.5 / np.sqrt(n) / 2)


def test_drawn_rows_have_the_contexts_of_the_table_as_often_as_these_count() -> None:
    made = MADE(2, (8,), [Categorical(3)] * 2, n_masks=None, n_context=1)
    rows = Rows(np.zeros((3, 2)), np.array([[1.0], [5.0], [9.0]]), np.array([0.0, 0.75, 2.25]))
    drawn = rehearsal._drawn(made, made.init(0), rows, np.dtype(np.uint8), 4000, np.random.default_rng(0))
    values, counts = np.unique(drawn.context, return_counts=True)
    assert values.tolist() == [5, 9]
    assert counts[0] / 4000 == pytest.approx(0.25, abs=0.035)
    assert drawn.weights is None


def test_ranks_rehearse_as_one_process_does() -> None:
    x = np.column_stack([table(300), np.random.default_rng(1).integers(0, 2, 300)])
    options = {"columns": "categorical", "answers": "any", "hidden_layer_sizes": (8,), "context": [4], "max_epochs": 2}

    def density() -> MADEDensity:
        return MADEDensity(**options, order="natural", weight_decay=0.0, dtype="float64", random_state=0)

    alone = density().fit(x)
    cuts = [0, 110, 110, 300]

    def work(comm: Any) -> Array:
        return density().fit(x[cuts[comm.rank] : cuts[comm.rank + 1]], comm=comm).theta_

    first, *others = on_ranks(3, work)
    np.testing.assert_allclose(first, alone.theta_, rtol=1e-7, atol=1e-9)
    for other in others:
        np.testing.assert_array_equal(other, first)
