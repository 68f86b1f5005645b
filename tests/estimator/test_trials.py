"""What "auto" stands for: the strategy as a function of losses, and what an estimator does with it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from small import PLAIN, small

from made_np import MADE, FitResult, MADEDensity, MixtureOfLogistics, find_order, storage
from made_np.estimator import learning, lesson, plan, rehearsal, rules
from made_np.estimator.rules import (
    DROPOUT,
    FEWEST,
    LESS_DROPOUT,
    RATE,
    REAL_DROPOUT,
    REAL_RATE,
    ROWS_PER_UNIT,
)
from made_np.estimator.trials import (
    BOTH_WAYS,
    LITTLE_DECAY,
    MANY,
    PATHS,
    Choice,
    Trial,
    best,
    little_decay,
    real_decay,
    try_out,
    without_trials,
)
from made_np.model.rows import Rows
from made_np.optim import SGD
from made_np.typing import Array

FIRST = LITTLE_DECAY
MORE = 3e-3
HALF = 9.5e-4
OPEN: dict[str, Any] = {"order": "auto", "n_masks": "auto", "weight_decay": "auto"}


def bits(n: int = 120, n_columns: int = 4, seed: int = 0) -> Any:
    """Bits that follow the last column, so that the order that is found is not the natural one."""
    rng = np.random.default_rng(seed)
    last = rng.integers(0, 2, n)
    flip = rng.random((n, n_columns - 1)) < np.linspace(0.3, 0.1, n_columns - 1)
    return np.column_stack([last[:, None] ^ flip, last]).astype(float)


X = bits()


# ---------------------------------------------------------------------------------------------- the strategy


def tried(asked: Choice, loss: Callable[[Choice], float]) -> list[Choice]:
    return [trial.choice for trial in try_out(asked, FIRST, loss)]


@pytest.mark.parametrize("winner", [1, MANY, BOTH_WAYS])
@pytest.mark.parametrize("order", ["found", "natural"])
@pytest.mark.parametrize("decay", [FIRST, MORE])
def test_each_question_is_asked_with_the_best_answer_so_far(order: str, winner: Any, decay: float) -> None:
    alone = Choice(order, 1, decay)
    mixtures = Choice("random", MANY, FIRST), replace(alone, n_masks=BOTH_WAYS)
    chosen = next(choice for choice in (alone, *mixtures) if choice.n_masks == winner)

    def loss(choice: Choice) -> float:
        worse = (choice.order != order) + abs(math.log(choice.weight_decay / decay))
        return -1.0 if choice == chosen else worse + (choice.n_masks != 1)

    trials = try_out(Choice("auto", "auto", "auto"), FIRST, loss)
    decays = (MORE, HALF) if decay == FIRST else (MORE, 10 * MORE, math.sqrt(10) * MORE)
    assert [trial.choice for trial in trials] == [
        Choice("found", 1, FIRST),
        Choice("natural", 1, FIRST),
        *(replace(alone, weight_decay=pytest.approx(each, rel=0.01)) for each in decays),
        *mixtures,
    ]
    assert [trial.valid for trial in trials] == [loss(trial.choice) for trial in trials]
    assert best(trials) == chosen


def test_decay_goes_on_while_more_is_better_then_half_a_step() -> None:
    asked = Choice("natural", 1, "auto")

    def steps(least: float, first: float = FIRST) -> tuple[list[float], float]:
        """Which decays are tried, and which is chosen, where this one would be the best."""
        trials = try_out(asked, first, lambda choice: abs(math.log(choice.weight_decay / least)))
        return [trial.choice.weight_decay for trial in trials], best(trials).weight_decay

    tried_, chosen = steps(1.0)
    assert tried_ == pytest.approx([3e-4, 3e-3, 3e-2, 1e-1])  # and not a step more
    assert chosen == 0.1
    tried_, chosen = steps(7e-3)
    assert tried_ == pytest.approx([3e-4, 3e-3, 3e-2, 9.5e-3])
    assert chosen == tried_[-1]
    tried_, chosen = steps(1e-9, 1e-5)
    assert tried_ == pytest.approx([1e-5, 1e-4, 3.2e-5])
    assert chosen == 1e-5
    equal = try_out(asked, FIRST, lambda choice: 1.0)
    assert (len(equal), best(equal).weight_decay) == (3, FIRST)


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        (Choice("auto", 1, 0.5), [Choice("found", 1, 0.5), Choice("natural", 1, 0.5)]),
        (
            Choice("auto", "auto", 0.5),
            [
                Choice("found", 1, 0.5),
                Choice("natural", 1, 0.5),
                Choice("random", MANY, 0.5),
                Choice("found", BOTH_WAYS, 0.5),
            ],
        ),
        *(
            (Choice(order, n, "auto"), [Choice(was, k, decay) for decay in (FIRST, MORE, HALF)])
            for order, n, was, k in (
                ("auto", None, "random", None),
                ("auto", 4, "random", 4),
                ("reverse", "auto", "reverse", 1),
                ((1, 0), "auto", (1, 0), 1),
            )
        ),
    ],
)
def test_what_is_given_is_never_changed(asked: Choice, wanted: list[Choice]) -> None:
    assert tried(asked, lambda choice: 0.0) == wanted


@pytest.mark.parametrize(
    "asked",
    [Choice("natural", 1, 0.0), Choice("found", "auto", 0.1), Choice("auto", 4, {"W0": 0.1}), Choice("auto", None, 0)],
)
def test_nothing_is_tried_where_nothing_is_to_be_chosen(asked: Choice) -> None:
    assert try_out(asked, FIRST, lambda choice: pytest.fail("it was")) == []


def test_a_loss_that_is_nan_loses() -> None:
    trials = try_out(Choice("auto", "auto", 0.0), FIRST, lambda choice: 2.0 if choice.order == "natural" else math.nan)
    assert best(trials) == Choice("natural", 1, 0.0)
    assert trials[0].valid == trials[2].valid == math.inf
    all_nan = try_out(Choice("auto", "auto", "auto"), FIRST, lambda choice: math.nan)
    assert best(all_nan) == Choice("found", 1, FIRST)


def test_without_trials_an_order_is_found_or_random_for_several_mask_sets() -> None:
    assert without_trials(Choice("auto", "auto", "auto"), FIRST) == Choice("found", 1, FIRST)
    assert without_trials(Choice("auto", 1, "auto"), FIRST) == Choice("found", 1, FIRST)
    for n_masks in (4, None):
        assert without_trials(Choice("auto", n_masks, 0.5), FIRST) == Choice("random", n_masks, 0.5)
    assert without_trials(Choice("found", "auto", 0.5), FIRST) == Choice("found", 1, 0.5)


# ---------------------------------------------------------------------------------------------- what is chosen


def as_params(model: MADEDensity) -> dict[str, Any]:
    """The parameters that set what was chosen."""
    choice = best(model.trials_)
    both = {"order": model.made_.order, "n_masks": 2} if choice.n_masks == BOTH_WAYS else {}
    return {**vars(choice), **both}


def test_the_chosen_model_is_the_one_with_the_choice_set() -> None:
    for changes in ({}, {"order": "reverse"}, {"n_masks": 3}, {"n_masks": None}, {"weight_decay": {"W0": 0.1}}):
        model = small(**{**OPEN, "dropout": 0.3, "schedule": "cosine", **changes}).fit(X)
        choice = best(model.trials_)
        again = small(**as_params(model), dropout=0.3, schedule="cosine").fit(X)
        assert_array_equal(again.theta_, model.theta_)
        assert again.made_ == model.made_
        assert again.trials_ == []
        assert again.weight_decay_ == model.weight_decay_ == choice.weight_decay


def test_the_decay_to_begin_with_falls_with_the_rows() -> None:
    assert little_decay(100, 4) == FIRST
    assert little_decay(10_000, 4) == 4 / 640_000
    x = np.random.default_rng(0).random((1_000, 2)) < 0.5
    assert small(weight_decay="auto", early_stopping=False, max_epochs=1).fit(x).weight_decay_ == 2 / 64_000
    tried_here = small(weight_decay="auto", max_epochs=1).fit(x).trials_
    assert [trial.choice.weight_decay for trial in tried_here][:2] == [2 / 64_000, 3.1e-4]


@pytest.mark.parametrize(
    ("name", "discrete", "real"), [("dropout", DROPOUT, REAL_DROPOUT), ("learning_rate", RATE, REAL_RATE)]
)
def test_dropout_and_rate_are_others_where_there_are_real_columns(name: str, discrete: float, real: float) -> None:
    numbers = np.random.default_rng(0).standard_normal((len(X), 3))
    some = ["bernoulli"] * 4 + ["gaussian"] * 3
    for x, columns, value in (
        (X, "auto", discrete),
        (np.column_stack([X, numbers]), some, real),
        (numbers, "gaussian", real if name == "dropout" else discrete),  # of reals alone, narrow layers learn fast
    ):
        options: dict[str, Any] = {"columns": columns, "max_epochs": 2}
        auto, given, other = (small(**{name: v}, **options).fit(x) for v in ("auto", value, discrete + real - value))
        assert_array_equal(auto.theta_, given.theta_)
        assert (auto.theta_ != other.theta_).any()
        auto, given = (small(**{name: v}, **options).partial_fit(x) for v in ("auto", value))
        assert_array_equal(auto.theta_, given.theta_)
    mixed = {"columns": MixtureOfLogistics(2), "max_epochs": 2}
    alone = real if name == "dropout" else discrete
    auto, given = (small(**mixed, **{name: v}).fit(numbers) for v in ("auto", alone))
    assert_array_equal(auto.theta_, given.theta_)


def test_many_rows_want_less_dropout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MANY_ROWS", 100)
    for n_rows, share in ((99, DROPOUT), (100, LESS_DROPOUT)):
        x = bits(n_rows)
        auto, given = (small(dropout=d, early_stopping=False).fit(x) for d in ("auto", share))
        assert_array_equal(auto.theta_, given.theta_)
        auto, given = (small(dropout=d).partial_fit(x) for d in ("auto", share))
        assert_array_equal(auto.theta_, given.theta_)


def test_many_units_want_a_smaller_rate() -> None:
    for sizes in ((), (7,), (FEWEST, 2), (4 * FEWEST,), (3, 4 * FEWEST, 2)):
        auto, given = (
            small(hidden_layer_sizes=sizes, learning_rate=rate, max_epochs=1).fit(X)
            for rate in ("auto", RATE if 4 * FEWEST not in sizes else RATE / 2)
        )
        assert_array_equal(auto.theta_, given.theta_)


def test_the_width_stays_while_learning_goes_on() -> None:
    x = np.random.default_rng(0).random((510 * ROWS_PER_UNIT, 2)) < 0.5
    model = small(hidden_layer_sizes="auto", max_epochs=1, warm_start=True).fit(x)
    assert model.made_.hidden == (510,)
    assert model.fit(x[:100]).partial_fit(x[:50]).made_.hidden == (510,)


def test_trials_are_reported_to_whom_it_may_concern(capsys: pytest.CaptureFixture[str]) -> None:
    model = small(**OPEN, verbose=1).fit(X)
    told = capsys.readouterr().err
    for trial in model.trials_:
        assert f"trial of {trial.choice}: {trial.valid:.4f} nats" in told
    small(**OPEN).fit(X)
    assert "trial" not in capsys.readouterr().err


def test_a_single_column_has_one_order() -> None:
    trials = small(**OPEN).fit(X[:, 1:2]).trials_
    assert {(trial.choice.order, trial.choice.n_masks) for trial in trials} == {("natural", 1)}


LINEAR: dict[str, Any] = {
    "hidden_layer_sizes": (),
    "direct": True,
    "learning_rate": 0.05,
    "max_epochs": 40,
    "weight_decay": 0.0,
}


def test_a_found_order_is_chosen_where_it_is_better() -> None:
    # A code, its bits and their parity: from the code all is known to a linear model, which no parity leads to a bit.
    code = np.random.default_rng(0).integers(0, 8, 1000)
    three = code[:, None] >> np.arange(3) & 1
    x = np.column_stack([three.sum(axis=1) % 2, three, code])
    model = small(**{**LINEAR, "order": "auto", "n_masks": "auto"}).fit(x)
    assert best(model.trials_) == Choice("found", PATHS, 0.0)
    assert list(model.made_.order) == find_order(x).tolist() != [0, 1, 2, 3, 4]


def test_the_natural_order_is_chosen_where_it_is_better() -> None:
    # A sum with four peaks is Gaussian once its two bits are known; from it both bits are known, so it is found first.
    rng = np.random.default_rng(0)
    two = rng.integers(0, 2, (1000, 2))
    x = np.column_stack([two, two @ [4, 8] + 0.3 * rng.standard_normal(1000)])
    assert find_order(x)[0] == 2
    columns = ["bernoulli", "bernoulli", "gaussian"]
    model = small(**{**LINEAR, "order": "auto", "n_masks": "auto"}, columns=columns).fit(x)
    assert best(model.trials_) == Choice("natural", PATHS, 0.0)
    assert model.made_.order == "natural"
    found = small(**{**LINEAR, "order": "found", "n_masks": "auto"}, columns=columns).fit(x)
    assert model.score(x) > found.score(x) + 0.5  # nats


def few_noisy_rows() -> Array:
    """Five columns, each twice with a tenth of the copies flipped, all in disorder; 60 rows."""
    rng = np.random.default_rng(0)
    half = rng.integers(0, 2, (60, 5))
    return np.hstack([half, half ^ (rng.random((60, 5)) < 0.1)])[:, rng.permutation(10)]


def few_rows_of_hidden_bits() -> Array:
    """Five bits that nobody sees, each told four times, a tenth of the time wrongly, all in disorder; 60 rows."""
    rng = np.random.default_rng(0)
    hidden = rng.integers(0, 2, (60, 5))
    in_disorder = rng.permutation(20)
    return np.hstack([hidden ^ (rng.random((60, 5)) < 0.1) for _ in range(4)])[:, in_disorder].astype(float)


FEW: dict[str, Any] = {"hidden_layer_sizes": (100,), "learning_rate": 0.02, "max_epochs": 60}


def test_a_mixture_over_random_orders_is_chosen_where_it_is_better() -> None:
    mixture = small(**{**OPEN, **FEW}).fit(few_rows_of_hidden_bits())
    assert (mixture.made_.n_masks, mixture.made_.order) == (MANY, "random")


def test_an_order_with_its_reverse_is_their_mixture(monkeypatch: pytest.MonkeyPatch) -> None:
    for order in ("found", "natural"):
        choice = Choice(order, BOTH_WAYS, 0.1)
        monkeypatch.setattr(learning, "try_out", lambda *_, choice=choice: [Trial(choice, 1.0)])
        made = small(**OPEN).fit(X).made_
        first = find_order(X).tolist() if order == "found" else [0, 1, 2, 3]
        assert np.array_equal(made.order, [first, first[::-1]])
        assert made.n_masks == 2


def test_more_weight_decay_is_chosen_for_few_noisy_rows() -> None:
    model = small(**FEW, weight_decay="auto").fit(few_noisy_rows())
    assert model.weight_decay_ > FIRST
    assert model.weight_decay_ == best(model.trials_).weight_decay
    little = small(**FEW, weight_decay=FIRST).fit(few_noisy_rows())
    assert np.abs(model.theta_).sum() < np.abs(little.theta_).sum()


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_without_held_out_rows_nothing_is_tried(method: str) -> None:
    model = getattr(small(**OPEN, early_stopping=method == "partial_fit"), method)(X)
    assert model.trials_ == []
    assert list(model.made_.order) == find_order(X).tolist() != [0, 1, 2, 3]
    assert (model.made_.n_masks, model.weight_decay_) == (1, FIRST)
    # With rows of its own it is tried.
    assert len(small(**OPEN, early_stopping=False).fit(X, X_val=bits(seed=1)).trials_) >= 4


@pytest.mark.parametrize("n_masks", [4, None])
def test_several_mask_sets_get_random_orders(n_masks: int | None) -> None:
    made = small(order="auto", n_masks=n_masks).fit(X).made_
    assert (made.order, made.n_masks) == ("random", n_masks)


def test_the_same_random_state_chooses_the_same() -> None:
    one, other = (small(**OPEN, dropout=0.3).fit(X) for _ in range(2))
    assert one.trials_ == other.trials_
    assert_array_equal(one.theta_, other.theta_)
    assert small(**OPEN, dropout=0.3, random_state=1).fit(X).trials_ != one.trials_


def test_an_order_is_found_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = []
    monkeypatch.setattr(lesson, "find_order", lambda x: looked_at.append(len(x)) or find_order(x))
    assert len(small(**OPEN).fit(X).trials_) >= 4
    assert looked_at == [len(X)]


# ---------------------------------------------------------------------------------------------- going on


def test_warm_start_goes_on_with_what_was_chosen() -> None:
    model = small(**OPEN, warm_start=True).fit(X)
    choice, trials, made = best(model.trials_), model.trials_, model.made_
    chosen = small(**as_params(model), warm_start=True).fit(X)
    other = bits(seed=3)
    for each in (model, chosen):
        each.fit(other).partial_fit(X)
    assert_array_equal(model.theta_, chosen.theta_)
    assert model.trials_ is trials
    assert model.made_ == made
    assert model.weight_decay_ == choice.weight_decay
    assert model.set_params(weight_decay=0.5).fit(X).weight_decay_ == 0.5
    assert model.set_params(weight_decay="auto").fit(X).weight_decay_ == 0.5
    with pytest.raises(ValueError, match="n_masks changed"):
        model.set_params(order="random", n_masks=7).fit(X)
    model.set_params(warm_start=False, **OPEN).fit(X)
    assert model.trials_ is not trials
    assert model.trials_ == trials


def test_partial_fit_goes_on_with_the_decay_of_fit() -> None:
    one, other = small(order="found", weight_decay="auto").fit(X), small(order="found").fit(X)
    assert one.partial_fit(X).weight_decay_ == best(one.trials_).weight_decay
    assert other.partial_fit(X).weight_decay_ == 0
    assert list(one.made_.order) == find_order(X).tolist()


def test_files_keep_what_was_tried_and_chosen(tmp_path: Path) -> None:
    model = small(**OPEN, warm_start=True).fit(X)
    model.trials_ += [Trial(Choice((3, 1, 0, 2), 1, {"W0": 0.1}), math.inf), Trial(Choice("random", None, 0.5), 99.5)]
    model.save(tmp_path / "model.npz")
    again = MADEDensity.load(tmp_path / "model.npz")
    assert again.trials_ == model.trials_
    assert again.weight_decay_ == model.weight_decay_ == best(model.trials_).weight_decay
    assert_array_equal(again.fit(X).theta_, model.fit(X).theta_)
    given = small(weight_decay={"W0": 0.1}).fit(X)
    given.save(tmp_path / "given.npz")
    assert MADEDensity.load(tmp_path / "given.npz").weight_decay_ == {"W0": 0.1}


def test_files_from_before_there_were_trials_go_on_as_they_would_have(tmp_path: Path) -> None:
    model = small(weight_decay=0.25, warm_start=True).fit(X)
    model.save(tmp_path / "new.npz")
    stored = storage.load(tmp_path / "new.npz")
    about = {k: v for k, v in stored.extra["estimator"].items() if k not in ("weight_decay", "trials")}
    about["params"] = {k: v for k, v in about["params"].items() if k not in ("averaging", "schedule")}
    storage.save(tmp_path / "old.npz", stored.made, stored.theta, extra={"estimator": about})
    again = MADEDensity.load(tmp_path / "old.npz")
    assert (again.weight_decay_, again.trials_) == (0.25, [])
    assert again.get_params() == model.get_params()
    assert_array_equal(again.fit(X).theta_, model.fit(X).theta_)


# ---------------------------------------------------------------------------------------------- when it goes wrong


@pytest.mark.parametrize(
    "params",
    [
        {"order": "autto"},
        {"weight_decay": "yes"},
        {"n_masks": 0},
        {"schedule": "cos"},
        {"max_epochs": "all"},
        {"n_iter_no_change": 0},
        {"learning_rate": -1},
    ],
)
def test_a_refused_parameter_leaves_an_earlier_fit_alone(params: dict[str, Any]) -> None:
    model = small(**OPEN).fit(X)
    theta, trials = model.theta_, model.trials_
    ((name, value),) = params.items()
    with pytest.raises(ValueError, match=f"{name}={value!r}"):
        model.set_params(**params).fit(X)
    assert model.theta_ is theta
    assert model.trials_ is trials


@dataclass(frozen=True)
class Counting(SGD):
    """Gradient descent that writes down its steps, and presses Ctrl-C at one of them."""

    steps: tuple[list[int], ...] = ([],)
    stop: int = -1

    def step(self, theta: Any, grad: Any, state: Any, learning_rate: float, decay: Any = None) -> None:
        self.steps[0].append(1)
        super().step(theta, grad, state, learning_rate, decay)
        if len(self.steps[0]) == self.stop:
            raise KeyboardInterrupt


def test_ctrl_c_during_trials_is_raised_and_leaves_an_earlier_fit_alone() -> None:
    model = small(**OPEN).fit(X)
    theta, trials = model.theta_, model.trials_
    with pytest.raises(KeyboardInterrupt):
        model.set_params(optimizer=Counting(steps=([],), stop=13)).fit(X)
    assert model.theta_ is theta
    assert model.trials_ is trials


def test_a_schedule_that_is_unknown_is_refused_before_any_work() -> None:
    counting = Counting(steps=([],))
    with pytest.raises(ValueError, match="schedule='cos'"):
        small(**OPEN, schedule="cos", optimizer=counting).fit(X)
    assert counting.steps[0] == []


def test_trials_that_diverge_say_nothing() -> None:
    x = np.random.default_rng(0).integers(0, 6, (60, 3))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = small(**OPEN, optimizer="sgd", learning_rate=1e12).fit(x)
    assert len(model.trials_) == 4
    assert model.stopped_by_ == "diverged"
    assert [str(each.message)[:26] for each in caught] == ["the loss was not finite in"]


def test_real_columns_have_several_homes_and_no_trials() -> None:
    x = np.random.default_rng(0).standard_normal((60, 4)).cumsum(axis=1)
    model = small(**OPEN, max_epochs=30).fit(x)
    assert model.trials_ == []
    assert model.weight_decay_ == real_decay(60, 4)
    assert model.made_.mask_sets.has_paths
    np.testing.assert_array_equal(model.made_.order, rules.homes(4, model.made_.seed))
    each = [model.made_.log_prob(model.theta_, x, mask_set=k) for k in model.made_.mask_sets.mixed]
    assert len(each) == 8
    assert np.abs(each[0] - each[1]).max() > 1e-3
    again = small(**OPEN, warm_start=True).fit(x).fit(x)
    np.testing.assert_array_equal(again.made_.order, model.made_.order)
    one = small(**OPEN | {"order": "natural"}).fit(x)  # who sets an order gets it
    assert one.made_.order == "natural"


# ---------------------------------------------------------------------------------------------- how long


@pytest.mark.parametrize(("batch_size", "per_epoch"), [(50, 1), (9, 6), (1, 50)])
def test_epochs_are_as_many_as_make_the_steps(monkeypatch: pytest.MonkeyPatch, batch_size: int, per_epoch: int) -> None:
    monkeypatch.setattr(rules, "FEWEST_STEPS", 200)
    monkeypatch.setattr(rules, "PATIENT_STEPS", 130)
    x, other = bits(50), 1 - bits(10)
    options = {"batch_size": batch_size, "n_iter_no_change": "auto", "learning_rate": 0.05}
    for most, work, steps in ((2_000, 0, 200), (220, 1e12, 220), (2_000, 240.5, 240)):
        monkeypatch.setattr(rules, "MAX_STEPS", most)
        model = small(**options, max_epochs=1, early_stopping=False).fit(x)
        monkeypatch.setattr(rules, "MAX_WORK", work * model.made_.n_params)
        model = small(**options, max_epochs="auto", early_stopping=False).fit(x)
        assert model.n_iter_ == max(rules.MIN_EPOCHS, math.ceil(steps / per_epoch))
    model = small(**options, max_epochs=10_000).fit(x, X_val=other)
    waited = model.n_iter_ - 1 - int(np.nanargmin(model.history_["valid"]))
    assert waited == max(rules.MIN_EPOCHS, math.ceil(130 / per_epoch))


def test_a_trial_is_short_and_sees_no_more_rows_than_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "TRIAL_STEPS", 6)
    monkeypatch.setattr(learning, "TRIAL_STEPS", 6)
    options: dict[str, Any] = {**PLAIN, "weight_decay": "auto", "batch_size": 10, "max_epochs": 2}
    for n, steps in ((40, 8), (400, 6)):  # two passes over 40 rows; 6 steps of one pass over 58 of 400
        counting = Counting(steps=([],))
        model = MADEDensity(**{**options, "optimizer": counting}).fit(bits(n), X_val=bits(20))
        assert len(counting.steps[0]) == len(model.trials_) * steps + 2 * n / 10


def test_a_trial_is_narrow_where_the_width_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    widths = []

    def fit(made: MADE, *args: Any, **kwargs: Any) -> FitResult:
        widths.append(made.hidden)
        return fit_rows(made, *args, **kwargs)

    fit_rows = learning.fit_rows
    for module in (learning, rehearsal):
        monkeypatch.setattr(module, "fit_rows", fit)
    x = bits(510 * ROWS_PER_UNIT)
    for asked, narrow, wide in (("auto", FEWEST, 510), ((16,), 16, 16)):
        widths.clear()
        model = small(hidden_layer_sizes=asked, weight_decay="auto", max_epochs=1).fit(x, X_val=bits(20))
        assert model.trials_
        assert widths == [(narrow,)] * len(model.trials_) + [(wide,)]


def test_a_trial_learns_from_rows_of_all_parts_of_the_table_and_is_scored_on_some(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = []

    def fit(made: MADE, rows: Rows, valid: Rows, *args: Any, **options: Any) -> FitResult:
        seen.append((rows.x, valid.x))
        return fit_rows(made, rows, valid, *args, **options)

    fit_rows = learning.fit_rows
    for module in (learning, rehearsal):
        monkeypatch.setattr(module, "fit_rows", fit)
    monkeypatch.setattr(plan, "TRIAL_STEPS", 6)
    monkeypatch.setattr(learning, "TRIAL_STEPS", 6)
    monkeypatch.setattr(learning, "TRIAL_ROWS", 30)
    x, valid = bits(400), bits(100, seed=1)
    small(weight_decay="auto", batch_size=10).fit(x, X_val=valid)
    *trials, (rows, scored) = seen
    assert_array_equal(rows, x)
    assert_array_equal(scored, valid)
    for rows, scored in trials:
        assert_array_equal(rows, x[::7])
        assert_array_equal(scored, valid[::4])
    assert trials


@pytest.mark.parametrize(("n_masks", "validated"), [(1, range(1, 11)), (4, [4, 8, 10]), (None, [10])])
def test_validation_costs_no_more_than_a_quarter_of_training(n_masks: int | None, validated: Any) -> None:
    # Of 40 rows a pass that learns costs 120 passes of a row, a validation of 30 rows 30 for each mask set.
    model = small(n_masks=n_masks, order="random", max_epochs=10).fit(bits(40), X_val=bits(30, seed=1))
    seen = [epoch for epoch, valid in enumerate(model.history_["valid"], start=1) if not math.isnan(valid)]
    assert seen == list(validated)
