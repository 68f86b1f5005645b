"""Plans: the model and the training that parameters describe, with nothing left open."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from small import small

from made_np import MADEDensity
from made_np.columns.columns import Columns
from made_np.estimator import plan, rules
from made_np.estimator.plan import Facts, asked, choose, going_on
from made_np.estimator.trials import BOTH_WAYS, Choice

BITS = Columns.learn(np.random.default_rng(0).integers(0, 2, (50, 4)))
MIXED = Columns.learn(np.random.default_rng(0).normal(size=(50, 4)))
NATURAL = Choice("natural", 1, 0.1)
FACTS = Facts(BITS, 40_000, 36_000, 4_000)


def test_the_defaults_leave_nothing_open() -> None:
    found = choose(MADEDensity(), FACTS, Choice("found", 1, 3e-4), seed=5)
    assert found.made.hidden == rules.hidden_layer_sizes("auto", 40_000, 4, 1)
    assert found.made.order == (0, 1, 2, 3)  # until it has been looked for
    assert found.in_order([3, 1, 0, 2]).made.order == (3, 1, 0, 2)
    assert (found.made.seed, found.made.direct, found.weight_decay) == (5, True, 3e-4)
    options = found.options
    assert options.learning_rate == rules.learning_rate("auto", found.made.hidden, BITS.outputs)
    assert options.dropout == rules.LESS_DROPOUT  # of the rows that are learned from
    assert options.max_epochs == -(-rules.MAX_STEPS // 360)
    assert options.patience == rules.MIN_EPOCHS
    assert options.validate_every == rules.validate_every(1, 36_000, 4_000)
    assert options.batch_size == 100


def test_a_trial_is_narrow_short_and_at_a_constant_rate() -> None:
    trial = choose(MADEDensity(), Facts(BITS, 40_000, 50_000, 2_000), NATURAL, trial=True)
    assert trial.made.hidden == (rules.FEWEST,)
    assert trial.options.max_epochs == plan.TRIAL_STEPS // 500
    assert trial.options.schedule(0, 100) == trial.options.schedule(99, 100) == 1


def test_a_trial_of_a_large_model_has_fewer_steps_and_one_of_two_orders_twice_as_many() -> None:
    def steps(n_columns: int, n_masks: Any) -> int:
        columns = Columns.learn(np.random.default_rng(0).integers(0, 2, (50, n_columns)))
        facts = Facts(columns, 40_000, 1_000, 100)
        return 10 * choose(MADEDensity(), facts, Choice("natural", n_masks, 0.1), trial=True).options.max_epochs

    assert [steps(4, n_masks) for n_masks in (1, BOTH_WAYS)] == [plan.TRIAL_STEPS, 2 * plan.TRIAL_STEPS]
    n_params = 839 * 838 // 2 + 2 * 839 * rules.FEWEST + rules.FEWEST + 839
    assert steps(839, 1) == pytest.approx(plan.TRIAL_WORK / n_params, rel=0.5)
    assert steps(2_000, 1) == plan.FEWEST_TRIAL_STEPS


def test_a_batch_is_no_larger_than_the_table() -> None:
    assert choose(small(batch_size=10**9), Facts(BITS, 50, 45, 5), NATURAL).options.batch_size == 45


def test_a_single_column_has_one_order() -> None:
    one = Columns.learn(np.arange(4.0)[:, None])
    assert asked(MADEDensity(), one) == Choice("natural", "auto", "auto")
    assert asked(MADEDensity(), BITS) == Choice("auto", "auto", "auto")


def test_one_order_is_found_for_one_mask_set() -> None:
    with pytest.raises(ValueError, match="order='found' is one order, and n_masks=4: set n_masks=1"):
        choose(small(order="found"), FACTS, Choice("found", 4, 0.0))


@pytest.mark.parametrize(
    ("params", "changed"),
    [
        ({}, None),
        ({"hidden_layer_sizes": "auto"}, None),
        ({"hidden_layer_sizes": (3,)}, "hidden"),
        ({"direct": True}, "direct"),
    ],
)
def test_a_model_goes_on_as_the_model_it_is(params: dict[str, Any], changed: str | None) -> None:
    made = choose(small(), FACTS, NATURAL, seed=3).made
    if changed is None:
        assert going_on(small(**params), FACTS, NATURAL, made).made is made
        return
    with pytest.raises(ValueError, match=rf"cannot go on learning, since {changed} changed: .*warm_start=False"):
        going_on(small(**params), FACTS, NATURAL, made)


def test_real_columns_ask_for_other_rates() -> None:
    facts = Facts(MIXED, 1_000, 900, 100)
    options = choose(MADEDensity(), facts, NATURAL).options
    rate = rules.learning_rate("auto", (rules.FEWEST,), MIXED.outputs)
    assert (options.learning_rate, options.dropout) == (rate, rules.REAL_DROPOUT)
