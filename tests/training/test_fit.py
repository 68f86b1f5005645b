"""Training: against an obvious loop, against exact entropies, and every way to end or to be wrong."""

from __future__ import annotations

import itertools
import math
import signal
import sys
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import naive
import numpy as np
import pytest
from called import called
from fits import assert_same, bits
from hypothesis import given, settings
from hypothesis import strategies as st
from installed import needs_numba
from numpy.typing import NDArray

from made_np import MADEDensity
from made_np.backends.memory import Host
from made_np.distributions.levels import DiscretizedLogistic
from made_np.distributions.plain import Categorical
from made_np.layers import dropout_mask
from made_np.model.gaps import observed_log_prob
from made_np.model.made import MADE
from made_np.optim import SGD, Adam
from made_np.schedules import ReduceOnPlateau, StepDecay, Warmup
from made_np.training import fit as train
from made_np.training import loop
from made_np.training.fit import EpochInfo, FitResult, fit

Array = NDArray[Any]


def naive_fit(
    made: MADE,
    x: Array,
    *,
    epochs: int,
    batch_size: int,
    lr: float,
    seed: int = 0,
    dropout: float = 0.0,
    input_dropout: float = 0.0,
    decay: float = 0.0,
    context: Array | None = None,
) -> Iterator[Array]:
    """Gradient descent in the plainest way; theta after each step."""
    rng = np.random.default_rng(seed)
    theta = made.init(rng, x)
    is_weight = np.array([made.layout.locate(k)[0] in "WU" for k in range(made.n_params)])
    step = 0
    for _ in range(epochs):
        order = list(rng.permutation(len(x)))
        while order:
            batch, order = order[:batch_size], order[batch_size:]
            shown, keeps = np.ones((len(batch), made.n_features)), None
            if input_dropout:
                shown = dropout_mask(rng, (len(batch), made.n_features), input_dropout, made.dtype)
            units = [
                shown[:, d] for d, output in enumerate(made.outputs.feature_outputs) for _ in range(output.n_inputs)
            ]
            units += [np.ones(len(batch)) for _ in range(made.n_context)]
            if dropout:
                shapes = [(len(batch), width) for width in made.hidden]
                keeps = [dropout_mask(rng, shape, dropout, made.dtype) for shape in shapes]
            _, grad = made.loss_and_grad(
                theta,
                x[batch],
                context=None if context is None else context[batch],
                mask_set=step if made.n_masks is None else step % made.n_masks,
                dropout=[np.stack(units, axis=1), *(keeps or [None] * len(made.hidden))],
            )
            theta = theta - lr * (grad + decay * is_weight * theta)
            step += 1
            yield theta


class TestSteps:
    @given(
        n=st.integers(1, 13),
        batch_size=st.integers(1, 15),
        epochs=st.integers(1, 3),
        n_masks=st.sampled_from([1, 3, None]),
        hidden=st.sampled_from([(5,), (4, 4), ()]),
        dropout=st.sampled_from([0.0, 0.4]),
        input_dropout=st.sampled_from([0.0, 0.3]),
        decay=st.sampled_from([0.0, 0.3]),
        mask_weights=st.booleans(),
        seed=st.integers(0, 99),
    )
    @settings(max_examples=60)
    def test_as_the_plain_loop_does_them(
        self,
        n: int,
        batch_size: int,
        epochs: int,
        n_masks: int | None,
        hidden: tuple[int, ...],
        dropout: float,
        input_dropout: float,
        decay: float,
        mask_weights: bool,
        seed: int,
    ) -> None:
        x = bits(n, 4, seed)
        made = MADE(4, hidden, order="random", n_masks=n_masks, mask_weights=mask_weights, dtype="float64")
        dropout = dropout if hidden else 0.0
        steps = naive_fit(
            made,
            x,
            epochs=epochs,
            batch_size=batch_size,
            lr=0.1,
            seed=seed,
            dropout=dropout,
            input_dropout=input_dropout,
            decay=decay,
        )
        result = fit(
            made,
            x,
            optimizer="sgd",
            learning_rate=0.1,
            batch_size=batch_size,
            max_epochs=epochs,
            dropout=dropout,
            input_dropout=input_dropout,
            weight_decay=decay,
            rng=seed,
        )
        *_, want = steps
        np.testing.assert_allclose(result.theta, want, rtol=1e-12, atol=1e-14)
        assert result.best_epoch == epochs
        assert result.stopped_by == "max_epochs"

    def test_train_loss_is_the_mean_over_rows_of_the_losses_on_the_way(self) -> None:
        x = bits(7)
        made = MADE(4, hidden=(5,), dtype="float64")
        start = made.init(np.random.default_rng(0), x)
        # a learning rate too small to matter: all batches see the same theta
        result = fit(made, x, theta=start, batch_size=3, max_epochs=2, learning_rate=1e-12)
        want = -made.log_prob(start, x).mean()
        np.testing.assert_allclose(result.history["train"], want, rtol=1e-9)

    def test_schedule_multiplies_the_learning_rate_of_each_step(self) -> None:
        asked = []

        def schedule(step: int, total_steps: int) -> float:
            asked.append((step, total_steps))
            return 1.0 / (1 + step)

        result = fit(
            MADE(4, hidden=(5,)),
            bits(10),
            batch_size=4,
            max_epochs=2,
            schedule=schedule,
            learning_rate=0.5,
        )
        assert asked[0] == (0, 1)  # looked at before any work
        assert asked[1:] == [(step, 6) for step in range(6)]
        assert result.history["learning_rate"] == [0.5 / 3, 0.5 / 6]

    def test_schedule_reaches_the_steps(self) -> None:
        made, x = MADE(4, hidden=(5,), dtype="float64"), bits(10)
        stopped = StepDecay(factor=1e-300, every=1)  # after the first step hardly anything
        theta = fit(made, x, batch_size=5, max_epochs=3, schedule=stopped, optimizer="sgd", learning_rate=0.1).theta
        first = next(naive_fit(made, x, epochs=1, batch_size=5, lr=0.1))
        np.testing.assert_allclose(theta, first, rtol=1e-14, atol=1e-200)

    def test_averaging_of_one_forgets_the_start_by_a_polynomial(self) -> None:
        made, x = MADE(4, hidden=(5,), dtype="float64"), bits(10)
        steps = list(naive_fit(made, x, epochs=3, batch_size=4, lr=0.1))
        shares = [math.comb(t + 7, 8) for t in range(1, len(steps) + 1)]  # t (t + 1) ... (t + 7), but for a factor
        result = fit(made, x, batch_size=4, max_epochs=3, optimizer="sgd", learning_rate=0.1, averaging=1.0)
        np.testing.assert_allclose(result.theta, np.average(steps, axis=0, weights=shares), rtol=1e-12)

    def test_averaging_becomes_exponential_once_that_forgets_faster(self) -> None:
        made, x = MADE(4, hidden=(5,), dtype="float64"), bits(10)
        steps = list(naive_fit(made, x, epochs=10, batch_size=4, lr=0.1))
        first, rest = steps[:28], steps[28:]  # 9 / (28 + 8) = 1 - 0.75
        want = np.average(first, axis=0, weights=[math.comb(t + 7, 8) for t in range(1, 29)])
        for theta in rest:
            want = 0.75 * want + 0.25 * theta
        assert rest
        result = fit(made, x, batch_size=4, max_epochs=10, optimizer="sgd", learning_rate=0.1, averaging=0.75)
        np.testing.assert_allclose(result.theta, want, rtol=1e-12)

    @pytest.mark.parametrize("averaging", [1.0, 0.97])
    def test_after_a_thousand_steps_one_in_eight_stands_for_all(self, averaging: float) -> None:
        made, x = MADE(4, hidden=(5,), dtype="float64"), bits(10)
        *_, last = steps = list(naive_fit(made, x, epochs=400, batch_size=4, lr=0.1))
        every, some = np.zeros_like(last), np.zeros_like(last)
        for t, theta in enumerate(steps, start=1):
            every += max(1 - averaging, 9 / (t + 8)) * (theta - every)
            if t <= 1000:
                some[:] = every
            elif t % 8 == 0:
                some += max(1 - averaging**8, 72 / (t + 8)) * (theta - some)
        options: dict[str, Any] = {"optimizer": "sgd", "learning_rate": 0.1, "averaging": averaging}
        theta = fit(made, x, batch_size=4, max_epochs=400, **options).theta
        np.testing.assert_allclose(theta, some, rtol=1e-9, atol=1e-12)
        assert np.linalg.norm(theta - every) < 0.2 * np.linalg.norm(last - every)

    def test_validation_now_and_then_and_at_the_end(self) -> None:
        made, x, valid = MADE(4, hidden=(5,)), bits(20), bits(9, seed=1)
        always = fit(made, x, valid=valid, max_epochs=8)
        result = fit(made, x, valid=valid, max_epochs=8, validate_every=3)
        want = [loss if epoch in (3, 6, 8) else math.nan for epoch, loss in enumerate(always.history["valid"], start=1)]
        np.testing.assert_array_equal(result.history["valid"], want)
        assert result.history["train"] == always.history["train"]
        assert result.best_epoch == 8
        assert result.best_valid == always.history["valid"][-1]

    def test_patience_ends_only_what_was_just_validated(self) -> None:
        made, x, valid = MADE(4, hidden=(5,)), np.ones((20, 4)), np.zeros((9, 4))  # what is learned is wrong for them
        options: dict[str, Any] = {"valid": valid, "max_epochs": 50, "learning_rate": 0.1, "patience": 4}
        assert len(fit(made, x, **options).history["epoch"]) == 4
        result = fit(made, x, validate_every=3, **options)
        assert (result.stopped_by, result.best_epoch, len(result.history["epoch"])) == ("patience", 0, 6)

    def test_a_plateau_is_one_of_validated_epochs(self) -> None:
        made, x, valid = MADE(4, hidden=(5,)), np.ones((20, 4)), np.zeros((9, 4))
        schedule = ReduceOnPlateau(factor=0.5, patience=1)
        rates = fit(made, x, valid=valid, max_epochs=7, validate_every=2, schedule=schedule).history["learning_rate"]
        np.testing.assert_allclose(rates, np.array([1, 1, 1, 1, 0.5, 0.5, 0.25]) * 1e-3)

    def test_the_average_is_what_validation_sees(self) -> None:
        made, x, valid = MADE(4, hidden=(5,)), bits(20), bits(9, seed=1)
        seen = []
        result = fit(
            made,
            x,
            valid=valid,
            max_epochs=3,
            averaging=0.9,
            callbacks=[lambda info: seen.append(info.theta.copy())],
        )
        want = [-made.log_prob(theta, valid).mean() for theta in seen]
        np.testing.assert_allclose(result.history["valid"], want, rtol=1e-6)
        np.testing.assert_array_equal(result.theta, seen[result.best_epoch - 1])

    def test_weight_decay_by_name_leaves_the_others(self) -> None:
        x = np.ones((4, 3), "uint8")
        made = MADE(3, hidden=(4,), direct=True, dtype="float64")
        start = np.full(made.n_params, 2.0)
        decayed, plain = (
            made.layout.views(
                fit(
                    made,
                    x,
                    theta=start,
                    optimizer="sgd",
                    learning_rate=0.1,
                    max_epochs=1,
                    weight_decay=decay,
                ).theta
            )
            for decay in ({"W1": 0.5, "W_direct": 1.0}, 0.0)
        )
        factors = {"W1": 0.5, "W_direct": 1.0}
        live = made.layout.views(naive.live(made, made.mask_sets[0]))
        for name, value in decayed.items():
            want = plain[name] - 0.1 * factors.get(name, 0.0) * 2.0
            np.testing.assert_allclose(value[live[name]], want[live[name]], rtol=1e-14)

    def test_input_dropout_hides_whole_features_and_never_the_context(self) -> None:
        outputs = [Categorical(3), "bernoulli", DiscretizedLogistic(3), Categorical(2)]
        made = MADE(4, (6,), outputs, n_context=2, direct=True, dtype="float64")
        y = np.random.default_rng(5).standard_normal((11, 2))
        arguments: dict[str, Any] = {"input_dropout": 0.4, "batch_size": 4}
        result = fit(made, bits(11), context=y, optimizer="sgd", learning_rate=0.1, max_epochs=2, **arguments)
        *_, want = naive_fit(made, bits(11), epochs=2, lr=0.1, context=y, **arguments)
        np.testing.assert_allclose(result.theta, want, rtol=1e-11, atol=1e-13)

    def test_context_goes_with_its_rows(self) -> None:
        made = MADE(3, hidden=(5,), n_context=2, dtype="float64")
        x, y = bits(11, 3), np.random.default_rng(5).standard_normal((11, 2))
        result = fit(made, x, context=y, optimizer="sgd", learning_rate=0.1, batch_size=4, max_epochs=2)
        *_, want = naive_fit(made, x, epochs=2, batch_size=4, lr=0.1, context=y)
        np.testing.assert_allclose(result.theta, want, rtol=1e-12)


class TestPlateau:
    def history(self, schedule: Any, **options: Any) -> dict[str, list[Any]]:
        """Twelve rows learnt by heart, so that validation gets worse and worse."""
        arguments = {"learning_rate": 0.03, "patience": 50, "max_epochs": 60, **options}
        return fit(
            MADE(6, hidden=(40,)), bits(12, 6), valid=bits(200, 6, seed=1), schedule=schedule, **arguments
        ).history

    def test_the_learning_rate_falls_where_the_validation_loss_does_not(self) -> None:
        schedule = ReduceOnPlateau(factor=0.25, patience=4, floor=0.0)
        history = self.history(schedule)
        want, best, waited, rate = [], math.inf, 0, 0.03
        for valid in history["valid"]:
            want.append(rate)  # what an epoch is trained with was known before its end
            waited = 0 if valid < best else waited + 1
            best = min(best, valid)
            if waited == 4:
                waited, rate = 0, rate / 4
        assert history["learning_rate"] == pytest.approx(want, rel=1e-12)
        assert len(set(want)) > 3
        assert self.history(schedule)["valid"] == history["valid"]  # the object has not remembered anything
        assert schedule == ReduceOnPlateau(factor=0.25, patience=4, floor=0.0)

    def test_after_a_warmup_too(self) -> None:
        history = self.history(Warmup(2, then=ReduceOnPlateau(0.5, 3)))
        assert history["learning_rate"][:3] == pytest.approx([0.01, 0.02, 0.03])
        assert history["learning_rate"][-1] < 0.02

    @pytest.mark.parametrize("schedule", ["plateau", Warmup(3, then=ReduceOnPlateau())])
    def test_needs_validation_rows(self, schedule: Any) -> None:
        with pytest.raises(ValueError, match="needs validation losses: give validation rows"):
            fit(MADE(4, hidden=(5,)), bits(20), schedule=schedule)


class TestLearning:
    def test_reaches_the_exact_entropy_of_a_table_of_three_features(self) -> None:
        p = np.array([0.02, 0.3, 0.05, 0.13, 0.2, 0.03, 0.17, 0.1])
        counts = np.round(p * 1000).astype(int)
        x = np.repeat((np.arange(8)[:, None] >> np.arange(3)) & 1, counts, axis=0)
        entropy = -(p * np.log(p)).sum()
        made = MADE(3, hidden=(16,))
        result = fit(made, x, learning_rate=0.01, max_epochs=60)
        reached = -float(made.log_prob(result.theta, x).mean())
        assert entropy - 1e-5 < reached < entropy + 0.01

    def test_learns_what_depends_on_the_context(self) -> None:
        y = np.repeat([0.0, 1.0], 500)[:, None]
        x = np.random.default_rng(0).random((1000, 1)) < 0.1 + 0.8 * y
        made = MADE(1, hidden=(8,), n_context=1)
        result = fit(made, x, context=y, valid=x, valid_context=y, learning_rate=0.02, max_epochs=40)
        entropy = -np.mean([q * np.log(q) + (1 - q) * np.log(1 - q) for q in (x[:500].mean(), x[500:].mean())])
        assert result.best_valid == pytest.approx(entropy, abs=0.01)

    def test_endless_masks_are_validated_as_a_mixture(self) -> None:
        made, x = MADE(4, hidden=(8,), order="random", n_masks=None), bits(50)
        result = fit(made, x, valid=x, max_epochs=2)
        want = -float(made.log_prob(result.theta, x, mask_set=None).mean())
        assert result.best_valid == pytest.approx(want, rel=1e-6)


class TestEarlyStopping:
    def overfit(self, **options: Any) -> tuple[MADE, Array, FitResult]:
        """Twelve rows learnt by heart, which validation rows notice."""
        made, valid = MADE(6, hidden=(40,)), bits(200, 6, seed=1)
        settings = {"learning_rate": 0.03, "patience": 5, "max_epochs": 500, **options}
        return made, valid, fit(made, bits(12, 6), valid=valid, **settings)

    def test_gives_the_best_theta_back(self) -> None:
        made, valid, result = self.overfit()
        history = result.history["valid"]
        assert result.stopped_by == "patience"
        assert result.best_valid == min(history) == history[result.best_epoch - 1]
        assert len(history) == result.best_epoch + 5
        own = -float(made.log_prob(result.theta, valid).mean(dtype="float64"))
        assert own == pytest.approx(result.best_valid, rel=1e-6)

    def test_patience_is_counted_in_epochs(self) -> None:
        _, _, long = self.overfit(patience=9)
        assert len(long.history["epoch"]) == long.best_epoch + 9

    def test_the_start_counts_as_well(self) -> None:
        made, x = MADE(4, hidden=(8,), dtype="float64"), bits(200)
        good = fit(made, x, learning_rate=0.01, max_epochs=60).theta
        result = fit(made, x, valid=x, theta=good, learning_rate=5.0, optimizer="sgd", patience=2)
        assert result.best_epoch == 0
        assert result.stopped_by == "patience"
        np.testing.assert_array_equal(result.theta, good)
        assert result.best_valid == pytest.approx(-made.log_prob(good, x).mean())

    def test_without_validation_rows_the_last_theta_comes_back(self) -> None:
        seen = []
        result = fit(
            MADE(4, hidden=(5,)),
            bits(20),
            max_epochs=4,
            patience=1,
            callbacks=[lambda info: seen.append(info.theta.copy())],
        )
        assert result.stopped_by == "max_epochs"
        assert result.best_epoch == 4
        assert math.isnan(result.best_valid)
        assert np.isnan(result.history["valid"]).all()
        np.testing.assert_array_equal(result.theta, seen[-1])


class TestHistoryAndCallbacks:
    def test_all_lists_have_an_entry_per_epoch(self) -> None:
        result = fit(MADE(4, hidden=(5,)), bits(20), valid=bits(5), max_epochs=3)
        assert list(result.history) == ["epoch", "train", "valid", "learning_rate", "seconds"]
        assert result.history["epoch"] == [1, 2, 3]
        assert {len(column) for column in result.history.values()} == {3}
        seconds = [0.0, *result.history["seconds"], result.seconds]
        assert seconds == sorted(seconds)
        assert result.history["learning_rate"] == [1e-3] * 3

    def test_callbacks_see_each_epoch(self) -> None:
        seen: list[EpochInfo] = []
        result = fit(MADE(4, hidden=(5,)), bits(20), valid=bits(5), max_epochs=3, callbacks=[seen.append])
        for name in ("epoch", "train", "valid", "seconds"):
            assert [getattr(info, name) for info in seen] == result.history[name]
        assert seen[-1].best_valid == result.best_valid
        assert not seen[-1].theta.flags.writeable

    @pytest.mark.parametrize("yes", [True, np.True_])
    def test_true_stops_once_all_were_called(self, yes: object) -> None:
        calls: list[str] = []

        def first(info: EpochInfo) -> object:
            calls.append("first")
            return yes if info.epoch == 2 else None

        def second(info: EpochInfo) -> object:
            calls.append("second")
            return "truthy, which is not enough"

        result = fit(MADE(4, hidden=(5,)), bits(20), max_epochs=9, callbacks=(first, second))
        assert result.stopped_by == "callback"
        assert result.history["epoch"] == [1, 2]
        assert calls == ["first", "second"] * 2

    def test_errors_in_callbacks_are_not_swallowed(self) -> None:
        with pytest.raises(ZeroDivisionError):
            fit(MADE(4, hidden=(5,)), bits(20), callbacks=[lambda info: 1 // 0])


class TestInterrupt:
    def test_ctrl_c_gives_the_best_theta_so_far(self) -> None:
        def press(info: EpochInfo) -> None:
            if info.epoch == 3:
                signal.raise_signal(signal.SIGINT)

        made, x, valid = MADE(4, hidden=(5,)), bits(20), bits(9, seed=1)
        result = fit(made, x, valid=valid, callbacks=[press])
        assert result.stopped_by == "interrupt"
        assert_same(result, fit(made, x, valid=valid, max_epochs=3))

    def test_within_an_epoch_the_steps_done_are_kept(self) -> None:
        def schedule(step: int, total_steps: int) -> float:
            if step == 7:
                raise KeyboardInterrupt
            return 1.0

        made, x = MADE(4, hidden=(5,), dtype="float64"), bits(20)
        result = fit(made, x, batch_size=4, schedule=schedule, optimizer="sgd", learning_rate=0.1)
        assert result.stopped_by == "interrupt"
        assert result.history["epoch"] == [1]
        assert result.best_epoch == 1
        steps = list(naive_fit(made, x, epochs=2, batch_size=4, lr=0.1))
        np.testing.assert_allclose(result.theta, steps[6], rtol=1e-12)

    def test_before_the_first_epoch_is_done(self) -> None:
        def schedule(step: int, total_steps: int) -> float:
            if step == 1:
                raise KeyboardInterrupt
            return 1.0

        made, x = MADE(4, hidden=(5,)), bits(20)
        start = made.init(np.random.default_rng(0), x)
        result = fit(made, x, valid=x, batch_size=4, schedule=schedule)
        assert (result.stopped_by, result.best_epoch) == ("interrupt", 0)
        assert result.history["epoch"] == []
        np.testing.assert_array_equal(result.theta, start)


class TestScheduleThatFails:
    made, x = MADE(4, hidden=(5,)), bits(20)

    def fit(self, schedule: Any, **options: Any) -> FitResult:
        return fit(self.made, self.x, batch_size=5, schedule=schedule, **{"max_epochs": 6, **options})

    @pytest.mark.parametrize("wrong", [None, math.nan, -1.0, "1", True, np.array(1.0), 10**400], ids=str)
    @pytest.mark.parametrize("with_valid", [True, False])
    def test_late_ends_the_run_and_keeps_what_was_learned(self, wrong: Any, with_valid: bool) -> None:
        options: dict[str, Any] = {"valid": self.x} if with_valid else {}
        with pytest.warns(RuntimeWarning, match=r"^schedule\(8, 24\)=.*: training stopped in epoch 3, and") as caught:
            result = self.fit(lambda step, total: wrong if step == 8 else 1.0, **options)
        assert caught[0].filename == __file__
        assert result.stopped_by == "schedule"
        assert_same(result, self.fit(None, max_epochs=2, **options))

    def test_within_an_epoch_keeps_the_steps_done(self) -> None:
        def stopped(step: int, total: int) -> float:
            if step == 6:
                raise KeyboardInterrupt
            return 1.0

        with pytest.warns(RuntimeWarning, match=r"schedule\(6, 24\)=None is a NoneType"):
            result = self.fit(lambda step, total: None if step == 6 else 1.0)
        assert_same(result, self.fit(stopped))

    def test_in_what_it_becomes(self) -> None:
        class Lost:
            def __call__(self, step: int, total_steps: int) -> float:
                return 1.0

            def after(self, valid: list[float]) -> Any:
                return self if len(valid) < 3 else "cosine"

        with pytest.warns(RuntimeWarning, match=r"schedule\.after\(valid\) gave 'cosine': .* in epoch 4"):
            result = self.fit(Lost(), valid=self.x)
        assert_same(result, self.fit(None, valid=self.x, max_epochs=3))

    def test_by_an_error_of_its_own_is_left_alone(self) -> None:
        with pytest.raises(ZeroDivisionError):
            self.fit(lambda step, total: 1 / (8 - step))

    @pytest.mark.parametrize("schedule", [lambda: 1.0, lambda step: 1.0, len, lambda step, total: 1 / step, dict])
    def test_at_once_is_refused(self, schedule: Any) -> None:
        with pytest.raises((TypeError, ValueError), match=r"^schedule"):
            self.fit(schedule)


class TestDivergence:
    made = MADE(4, hidden=(5,), output="gaussian")
    x = np.random.default_rng(0).standard_normal((40, 4))

    def diverge(self, **options: Any) -> FitResult:
        """Fit with a learning rate that explodes at the third epoch's first step out of four."""
        steps = []

        def jump(step: int, total_steps: int) -> float:
            steps.append(step)
            return 1e30 if step >= 8 else 1.0

        with pytest.warns(RuntimeWarning, match=r"not finite in epoch 3.*learning_rate below"):
            result = fit(self.made, self.x, batch_size=10, schedule=jump, **options)
        assert steps[-1] == 9  # the step after it is the first to meet the loss, and the last
        return result

    def test_with_validation_rows(self) -> None:
        result = self.diverge(valid=self.x)
        assert result.stopped_by == "diverged"
        assert result.history["epoch"] == [1, 2]
        assert_same(result, fit(self.made, self.x, valid=self.x, batch_size=10, max_epochs=2))

    def test_without_validation_rows_the_last_finite_epoch_comes_back(self) -> None:
        result = self.diverge()
        assert result.best_epoch == 2
        assert_same(result, fit(self.made, self.x, batch_size=10, max_epochs=2))

    def test_in_the_very_last_step(self) -> None:
        jump = lambda step, total: math.inf if step == 3 else 1.0  # noqa: E731
        with pytest.warns(RuntimeWarning, match=r"epoch 1: .* theta of epoch 0 .* below 0\.001") as caught:
            result = fit(self.made, self.x, batch_size=10, schedule=jump, max_epochs=1)
        assert np.isfinite(result.theta).all()
        assert caught[0].filename == __file__


class TestPromises:
    def test_same_rng_same_bits(self) -> None:
        made, x = MADE(4, hidden=(5, 5), order="random", n_masks=None), bits(30)
        options: dict[str, Any] = {"valid": bits(9), "max_epochs": 3, "dropout": 0.3, "input_dropout": 0.2}
        first = fit(made, x, rng=5, **options)
        assert_same(first, fit(made, x, rng=5, **options))
        assert_same(first, fit(made, x, rng=np.random.default_rng(5), **options))
        assert (first.theta != fit(made, x, rng=6, **options).theta).any()
        chance = [fit(made, x, rng=None, max_epochs=1).theta for _ in range(2)]
        assert (chance[0] != chance[1]).any()

    def test_global_random_state_is_left_alone(self) -> None:
        before = np.random.get_state()[1].copy()  # noqa: NPY002
        fit(MADE(4, hidden=(5,)), bits(20), max_epochs=1, dropout=0.2)
        np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002

    def test_inputs_are_only_read(self) -> None:
        made, x, y = MADE(4, hidden=(5,), n_context=1), bits(20), np.ones((20, 1))
        theta = made.init(0)
        kept = theta.copy()
        for array in (x, y, theta):
            array.flags.writeable = False
        result = fit(made, x, context=y, valid=x, valid_context=y, theta=theta, max_epochs=2, weight_decay=0.1)
        np.testing.assert_array_equal(theta, kept)
        assert not np.shares_memory(result.theta, theta)
        assert result.theta.flags.writeable
        result = fit(made, x, context=y, theta=theta, max_epochs=1, learning_rate=1e-30)
        assert not np.shares_memory(result.theta, theta)

    @pytest.mark.parametrize("kind", ["bool", ">i8", "float64", "F", "strided", "list"])
    def test_any_storage_of_the_same_rows(self, kind: str) -> None:
        x = bits(20)
        same: dict[str, Any] = {
            "F": np.asfortranarray(x),
            "strided": np.repeat(x, 2, axis=0)[::2],
            "list": x.tolist(),
        }
        made = MADE(4, hidden=(5,))
        other = same[kind] if kind in same else x.astype(kind)
        assert_same(fit(made, x, valid=x, max_epochs=2), fit(made, other, valid=other, max_epochs=2))

    def test_a_memory_mapped_table_is_never_copied_whole(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def schedule(step: int, total_steps: int) -> float:
            if step == 5:  # more steps would teach nothing more
                raise KeyboardInterrupt
            return 1.0

        monkeypatch.setattr(train, "AT_ONCE", 1 << 15)
        monkeypatch.setattr(Host, "at_once", 1 << 15)
        x = bits(100_000, 64)
        np.save(tmp_path / "x.npy", x)
        mapped, made = np.load(tmp_path / "x.npy", mmap_mode="r"), MADE(64, hidden=())
        tracemalloc.start()
        try:
            result = fit(made, mapped, batch_size=500, schedule=schedule)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 0.7 * x.nbytes
        assert_same(result, fit(made, x, batch_size=500, schedule=schedule))

    def test_rows_are_checked_beyond_the_first_piece(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Host, "at_once", 55)  # of the hidden layer's 5 units: 11 rows
        x = bits(100)
        x[57, 2] = 3
        with pytest.raises(ValueError, match=r"^x\[57, 2\]"):
            fit(MADE(4, hidden=(5,)), x)

    @pytest.mark.parametrize("hidden", [(), (3,)])
    def test_one_row_one_feature(self, hidden: tuple[int, ...]) -> None:
        result = fit(MADE(1, hidden=hidden), [[1]], valid=[[1]], max_epochs=3)
        assert len(result.history["epoch"]) == 3


class TestProgress:
    def test_a_bar_where_tqdm_is_installed(self, capsys: pytest.CaptureFixture[str]) -> None:
        pytest.importorskip("tqdm")
        fit(MADE(4, hidden=(5,)), bits(20), valid=bits(5), batch_size=5, max_epochs=3, progress=True)
        out, err = capsys.readouterr()
        assert out == ""
        assert "12/12" in err
        assert "epoch 3: train" in err

    def test_a_line_per_epoch_elsewhere(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "tqdm", None)  # what an import of a missing module meets
        result = fit(MADE(4, hidden=(5,)), bits(20), valid=bits(5), max_epochs=3, progress=True)
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == 3
        assert lines[-1].startswith(
            f"epoch 3: train {result.history['train'][-1]:.4f}, "
            f"valid {result.history['valid'][-1]:.4f}, best {result.best_valid:.4f} nats, "
        )

    def test_silent_by_default(self, capsys: pytest.CaptureFixture[str]) -> None:
        fit(MADE(4, hidden=(5,)), bits(20), max_epochs=2)
        assert capsys.readouterr() == ("", "")

    def test_the_bar_is_closed_after_an_error(self, capsys: pytest.CaptureFixture[str]) -> None:
        pytest.importorskip("tqdm")
        with pytest.raises(ZeroDivisionError) as caught:
            fit(MADE(4), bits(20), progress=True, callbacks=[lambda info: 1 // 0])
        # nothing has been collected yet: `caught` holds on to every frame
        assert capsys.readouterr().err.endswith("\n"), caught


NAN = math.nan
X = bits(6)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"x": X[:, :3]}, ValueError, r"x has shape \(6, 3\)"),
        ({"x": X[0]}, ValueError, "x is 1-dimensional"),
        ({"x": X[0, 0]}, ValueError, r"x has shape \(\)"),
        ({"x": X[:0]}, ValueError, "x has no rows"),
        ({"x": X[:0, :2]}, ValueError, r"x has shape \(0, 2\)"),
        ({"x": X * 2}, ValueError, "x"),
        ({"x": X * NAN}, ValueError, "NaN is not allowed"),
        ({"x": X.astype(str)}, TypeError, "x has dtype"),
        ({"valid": X[:, :3]}, ValueError, r"valid has shape \(6, 3\)"),
        ({"valid": X[:0]}, ValueError, "valid has no rows"),
        ({"valid": X + 1}, ValueError, "valid"),
        ({"context": X}, ValueError, "context is given, but"),
        ({"valid_context": X}, ValueError, "valid_context is given without valid"),
        ({"valid": X, "valid_context": X}, ValueError, "valid_context is given, but"),
        ({"theta": np.zeros(3, "float32")}, ValueError, r"theta has shape \(3,\)"),
        ({"theta": [0.0]}, TypeError, "theta is a list"),
        ({"optimizer": "adamm"}, ValueError, "optimizer='adamm' is unknown"),
        ({"optimizer": Adam}, TypeError, "optimizer="),
        ({"learning_rate": 0.0}, ValueError, r"learning_rate=0.0: give a number in \(0, inf\)"),
        ({"learning_rate": NAN}, ValueError, "learning_rate=nan"),
        ({"learning_rate": "fast"}, TypeError, "learning_rate='fast' is a str"),
        ({"learning_rate": True}, TypeError, "learning_rate=True is a bool"),
        ({"schedule": "cos"}, ValueError, "schedule='cos' is unknown"),
        ({"schedule": lambda step, total: "x"}, TypeError, "schedule"),
        ({"schedule": lambda step, total: -1.0}, ValueError, r"schedule\(0, 1\).*=-1.0"),
        ({"schedule": "plateau"}, ValueError, "needs validation losses"),
        ({"schedule": 0.5}, TypeError, "schedule=0.5 is neither"),
        ({"batch_size": 0}, ValueError, "batch_size=0"),
        ({"batch_size": 2.5}, TypeError, "batch_size=2.5"),
        ({"max_epochs": 0}, ValueError, "max_epochs=0"),
        ({"patience": 0}, ValueError, "patience=0"),
        ({"weight_decay": -0.1}, ValueError, r"weight_decay=-0.1: give a number in \[0, inf\)"),
        ({"weight_decay": "W0"}, TypeError, "weight_decay='W0'"),
        ({"weight_decay": {"W9": 0.1}}, ValueError, r"'W9', no parameter: use some of \['W0', 'W1'"),
        ({"weight_decay": {"b0": 0.1}}, ValueError, "names 'b0', a bias"),
        ({"weight_decay": {"W0": -1}}, ValueError, r"weight_decay\['W0'\]=-1"),
        ({"dropout": 1.0}, ValueError, r"dropout=1.0: give a number in \[0, 1\)"),
        ({"dropout": -0.1}, ValueError, "dropout=-0.1"),
        ({"input_dropout": 1.0}, ValueError, r"input_dropout=1.0: give a number in \[0, 1\)"),
        ({"input_dropout": "0.1"}, TypeError, "input_dropout='0.1' is a str"),
        ({"averaging": 1.1}, ValueError, r"averaging=1.1: give a number in \[0, 1\]"),
        ({"rng": -1}, ValueError, "rng=-1: give an integer >= 0"),
        ({"rng": "seed"}, TypeError, "rng='seed'"),
        ({"callbacks": print}, TypeError, "give a list of functions"),
        ({"callbacks": 3}, TypeError, "callbacks=3"),
        ({"callbacks": np.array(3)}, TypeError, "callbacks=an array"),
        ({"progress": "yes"}, TypeError, "progress='yes' is a str: give True or False"),
        ({"resume": None}, TypeError, "resume=None"),
        ({"checkpoint": 1}, TypeError, "checkpoint=1 is a int: give the path of a file"),
        ({"learning_rate": 10**400}, ValueError, "learning_rate=1000"),
        ({"learning_rate": "0.1"}, TypeError, "learning_rate='0.1' is a str"),
        ({"weight_decay": 1e39}, ValueError, r"weight_decay\['W0'\]=1e\+39"),
        ({"weight_decay": {None: 0.1}}, ValueError, "weight_decay names None, no parameter"),
        ({"max_epochs": 10**400}, ValueError, "max_epochs=1000.* is more than any machine can hold"),
        ({"rng": np.array([[0, 1]]).view(np.matrix)}, TypeError, "rng=an array"),
        ({"x": [[10**400, 0, 0, 0]]}, ValueError, r"x\[0, 0\] = 1000"),
        ({"valid": X, "context": None, "valid_context": 3}, ValueError, "valid_context is given"),
        ({"callbacks": [print, 3]}, TypeError, r"callbacks\[1\]=3 is a int, which cannot be called"),
        ({"made": "model"}, TypeError, "made is a str"),
    ],
    ids=called,
)
def test_bad_arguments_are_named_before_any_work(
    options: dict[str, Any], error: type[Exception], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(run: loop.Run, show: bool) -> str:
        raise AssertionError("work has started")

    monkeypatch.setattr(loop.Run, "train", work)
    options = {"made": MADE(4, hidden=(5,)), "x": X, **options}
    with pytest.raises(error, match=message):
        fit(options.pop("made"), options.pop("x"), **options)


def test_missing_context_is_named() -> None:
    made = MADE(4, hidden=(5,), n_context=1)
    with pytest.raises(ValueError, match="context is missing"):
        fit(made, X)
    with pytest.raises(ValueError, match="valid_context is missing"):
        fit(made, X, context=np.zeros((6, 1)), valid=X)
    with pytest.raises(ValueError, match="context has 5 rows"):
        fit(made, X, context=np.zeros((5, 1)))


def test_dropout_needs_a_hidden_layer() -> None:
    with pytest.raises(ValueError, match=r"dropout=0.5 needs a hidden layer"):
        fit(MADE(4, hidden=()), X, dropout=0.5)


def test_a_rule_of_ones_own_settings() -> None:
    made, x = MADE(4, hidden=(5,)), bits(20)
    heavy = fit(made, x, optimizer=SGD(momentum=0.9), max_epochs=3)
    assert (heavy.theta != fit(made, x, optimizer="sgd", max_epochs=3).theta).any()


@pytest.mark.parametrize(
    "wrong", [{"max_epochs": 0}, {"callbacks": [3]}, {"checkpoint": "missing/run.npz"}, {"resume": 2}]
)
def test_what_is_refused_has_drawn_nothing(wrong: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    with pytest.raises((TypeError, ValueError, OSError), match=next(iter(wrong))):
        fit(MADE(4, hidden=(5,)), X, rng=rng, **wrong)
    assert rng.bit_generator.state == before


def test_a_checkpoint_of_another_run_has_drawn_nothing(tmp_path: Path) -> None:
    fit(MADE(4, hidden=(5,)), X, max_epochs=1, rng=np.random.default_rng(0), checkpoint=tmp_path / "run.npz")
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    with pytest.raises(ValueError, match="is of another run"):
        fit(MADE(4, hidden=(5,)), X, max_epochs=1, batch_size=3, rng=rng, checkpoint=tmp_path / "run.npz")
    assert rng.bit_generator.state == before


def test_another_class_than_a_model_gets_the_way_out() -> None:
    with pytest.raises(
        TypeError, match=r"made is a MADEDensity .*give a made_np\.MADE, such as the made_ of a MADEDensity"
    ):
        fit(MADEDensity(), X)  # type: ignore[arg-type]


# ---------------------------------------------------------------------------------------------------- gaps


def test_a_table_with_gaps_trains_to_what_is_known_of_each_row() -> None:
    """Of two bits one is missing at random: each is learned from the rows that know it, a gap from none."""
    rng = np.random.default_rng(0)
    first = rng.random(4000) < 0.8
    x = np.stack([first, first ^ (rng.random(4000) < 0.1)], axis=1).astype(float)
    gappy = np.where(rng.random(x.shape) < [0.4, 0.3], np.nan, x)
    made = MADE(2, (8,), [Categorical(2), "bernoulli"])  # one-hot, so that a gap does not look like a 0
    result = fit(made, gappy, valid=gappy[:500], max_epochs=30, learning_rate=0.01, gaps="skip")
    known = gappy[~np.isnan(gappy[:, 0]), 0].mean()
    assert np.exp(made.log_prob(result.theta, [1, np.nan], gaps="skip")) == pytest.approx(known, abs=0.01)
    p = np.exp(made.feature_log_prob(result.theta, [[1, 1], [0, 0]]))[:, 1]
    np.testing.assert_allclose(p, 0.9, atol=0.03)
    assert result.best_valid == pytest.approx(-made.log_prob(result.theta, gappy[:500], gaps="skip").mean(), rel=1e-5)


def test_fit_refuses_gaps_unless_it_is_asked_to_skip_them() -> None:
    made = MADE(2, hidden=(3,))
    x = np.array([[0, 1], [1, np.nan]])
    with pytest.raises(ValueError, match=r"x\[1, 1\] = nan \(column 1\): NaN is not allowed here"):
        fit(made, x, max_epochs=1)
    with pytest.raises(ValueError, match=r"valid\[1, 1\] = nan"):
        fit(made, x[:1], valid=x, max_epochs=1)
    with pytest.raises(ValueError, match="gaps='drop' is unknown"):
        fit(made, x, gaps="drop")


def test_a_row_of_gaps_alone_changes_nothing_but_the_mean() -> None:
    made = MADE(3, hidden=(4,), dtype="float64")
    x = np.random.default_rng(0).integers(2, size=(6, 3)).astype(float)
    theta = made.init(0, x)
    empty = np.concatenate([x, np.full((6, 3), np.nan)])
    options = {"theta": theta, "max_epochs": 1, "batch_size": 12, "optimizer": "sgd", "gaps": "skip"}
    alone = fit(made, x, learning_rate=0.1, **options)
    beside = fit(made, empty, learning_rate=0.2, **options)
    np.testing.assert_allclose(beside.theta, alone.theta, rtol=1e-12)
    assert beside.history["train"][0] == pytest.approx(alone.history["train"][0] / 2)


# ------------------------------------------------------------------------------------------------- weights


def weighted_table() -> tuple[Array, Array]:
    """Rows of three bits, and small integers that they are weighted by."""
    rng = np.random.default_rng(0)
    return rng.integers(2, size=(60, 3)).astype(float), rng.integers(4, size=60)


@pytest.mark.parametrize("backend", ["numpy", pytest.param("numba", marks=needs_numba)])
def test_equal_weights_are_none(backend: str) -> None:
    x, _ = weighted_table()
    made = MADE(3, hidden=(4,), backend=backend)
    options = {"valid": x[:20], "max_epochs": 3, "batch_size": 16, "dropout": 0.2}
    want = fit(made, x, **options)
    for value in (1.0, 0.1, 1e308):
        got = fit(made, x, sample_weight=np.full(60, value), valid_weight=np.full(20, value), **options)
        np.testing.assert_array_equal(got.theta, want.theta)
        assert got.history["valid"] == want.history["valid"]
        assert got.history["train"] == want.history["train"]


@pytest.mark.parametrize("backend", ["numpy", pytest.param("numba", marks=needs_numba)])
@pytest.mark.parametrize("mask_weights", [False, True])
def test_a_row_of_weight_w_trains_as_w_rows_do(mask_weights: bool, backend: str) -> None:
    x, w = weighted_table()
    made = MADE(3, hidden=(4,), dtype="float64", backend=backend, mask_weights=mask_weights)
    options = {"theta": made.init(0), "max_epochs": 5, "optimizer": "sgd", "learning_rate": 0.5, "batch_size": 200}
    got = fit(made, x, sample_weight=w, valid=x, valid_weight=w, **options)
    want = fit(made, np.repeat(x, w, axis=0), valid=np.repeat(x, w, axis=0), **options)
    np.testing.assert_allclose(got.theta, want.theta, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(got.history["train"], want.history["train"], rtol=1e-9)
    np.testing.assert_allclose(got.history["valid"], want.history["valid"], rtol=1e-9)


def test_batches_of_weighted_rows_have_the_gradient_of_all_rows_on_average() -> None:
    """One tiny step after the other moves theta as one step on all rows does: whatever weights share a batch."""
    x, w = weighted_table()
    made = MADE(3, hidden=(4,), activation="tanh", dtype="float64")
    options = {"theta": made.init(0), "max_epochs": 1, "optimizer": "sgd", "sample_weight": w}
    small = fit(made, x, batch_size=4, learning_rate=1e-7, **options)
    whole = fit(made, x, batch_size=60, learning_rate=15e-7, **options)
    start = options["theta"]
    np.testing.assert_allclose(small.theta - start, whole.theta - start, rtol=1e-4, atol=1e-13)
    assert small.history["train"][0] == pytest.approx(whole.history["train"][0], rel=1e-5)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"sample_weight": np.zeros(60)}, "sample_weight is zero in every row"),
        ({"sample_weight": np.ones(59)}, r"sample_weight has shape \(59,\)"),
        ({"sample_weight": -np.ones(60)}, r"sample_weight\[0\] = -1"),
        ({"valid_weight": np.ones(60)}, "valid_weight is given without valid"),
    ],
)
def test_weights_that_cannot_be_meant(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fit(MADE(3, hidden=(4,)), weighted_table()[0], max_epochs=1, **given)


def test_a_checkpoint_knows_the_weights(tmp_path: Path) -> None:
    x, w = weighted_table()
    made = MADE(3, hidden=(4,))
    path = tmp_path / "run.npz"
    whole = fit(made, x, sample_weight=w, max_epochs=4)
    fit(made, x, sample_weight=w, max_epochs=2, checkpoint=path)
    np.testing.assert_array_equal(fit(made, x, sample_weight=w, max_epochs=4, checkpoint=path).theta, whole.theta)
    with pytest.raises(ValueError, match="sample_weight was"):
        fit(made, x, max_epochs=4, checkpoint=path)


# --------------------------------------------------------------------------------------------- home and paths


def test_a_model_of_a_home_order_learns_what_is_likely_and_what_fills_gaps_for_any_known_features() -> None:
    """Beside counts, for two bits: home alone would answer neither for feature 0 alone, nor fill feature 1 from it."""
    rng = np.random.default_rng(0)
    first = rng.random(4000) < 0.4
    x = np.stack([first, rng.random(4000) < np.where(first, 0.9, 0.2)], axis=1).astype(float)
    made = MADE(2, (16,), order=[1, 0], n_masks=None)
    result = fit(made, x, max_epochs=25, learning_rate=1e-2, schedule="cosine", averaging=0.99)
    every = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=float)
    joint = np.array([(x == row).all(axis=1).mean() for row in every])
    for known in itertools.product([False, True], repeat=2):
        some = np.array(known)
        p_known = np.exp(observed_log_prob(made, result.theta, np.where(some, every, np.nan)))
        counted = np.array([joint[(every == row)[:, some].all(axis=1)].sum() for row in every])
        np.testing.assert_allclose(p_known, counted, atol=0.02)
        nll = made.bound.for_known(known).nll(result.theta, every.astype("f4"), None)
        np.testing.assert_allclose(np.exp(-nll[:, ~some].sum(axis=1)), joint / counted, atol=0.03)


def test_a_run_of_a_model_with_paths_is_repeatable_and_visits_home_and_paths_in_turn() -> None:
    made = MADE(5, (8,), n_masks=None, seed=3)
    x = np.random.default_rng(0).integers(0, 2, (60, 5))
    one = fit(made, x, max_epochs=3, batch_size=20)
    np.testing.assert_array_equal(one.theta, fit(made, x, max_epochs=3, batch_size=20).theta)
    other = fit(replace(made, seed=4), x, max_epochs=3, batch_size=20)
    assert not np.array_equal(one.theta, other.theta)  # other paths
    # The validation loss is that of complete rows at home.
    valid = fit(made, x, valid=x, max_epochs=3, batch_size=20)
    assert valid.best_valid == pytest.approx(-made.log_prob(valid.theta, x).mean(), rel=1e-5)
